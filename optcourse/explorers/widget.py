"""An explorer in a notebook: its messages go over a comm, and a reader without a kernel sees a still picture."""

from __future__ import annotations

import base64
import html
from typing import Any

import anywidget
import traitlets

from optcourse.explorers import stage
from optcourse.figures.encode import encode

STILL = "This is a still picture of a live figure. Open the notebook in JupyterLab and run this cell to move its sliders."


# anywidget (0.11) gives a figure two seconds to begin, and one that took longer never hears from its kernel. So what begins is
# short, and the figures of a page read their script once.
BEGIN = """
const read = (globalThis.optcourseScripts ??= new Map());

export default {
  async render(context) {
    const script = context.model.get("script");
    if (!read.has(script)) read.set(script, import(URL.createObjectURL(new Blob([script], { type: "text/javascript" }))));
    return (await read.get(script)).default.render(context);
  },
};
"""


class Shell(anywidget.AnyWidget):
    """Hands each message of the browser to its explorer, and carries the answer back."""

    _esm = BEGIN
    _css = stage.STYLE

    script = traitlets.Unicode(stage.SCRIPT.read_text(encoding="utf-8")).tag(sync=True)
    spec = traitlets.Dict().tag(sync=True)
    values = traitlets.Dict().tag(sync=True)
    first = traitlets.Dict().tag(sync=True)
    first_data = traitlets.Bytes().tag(sync=True)

    def __init__(self, explorer: Any) -> None:
        meta, data = encode([explorer.frame()])
        super().__init__(
            spec=explorer.spec,
            values=explorer.values,
            first={**meta, "values": explorer.values},
            first_data=data,
        )
        self.explorer = explorer
        self.on_msg(self._hear)

    def _hear(self, _widget: Any, message: Any, _buffers: list) -> None:
        self.tell(self.explorer.reply(message))

    def tell(self, answer: tuple[dict, bytes] | None) -> None:
        """Send the browser an answer, or a picture that it did not ask for; and what the values are now."""
        self.values = self.explorer.values
        if answer is not None:
            words, data = answer
            self.send(words, [data] if data else None)


def bundle(explorer: Any, **options: Any) -> tuple[dict, dict]:
    """The forms of a notebook's output: the live widget, a picture, its words."""
    from optcourse.explorers.still import picture

    shown = explorer.widget._repr_mimebundle_(**options)
    data, metadata = shown if isinstance(shown, tuple) else (shown, {})
    scene = explorer.frame()
    drawn = base64.b64encode(picture(scene)).decode()
    alt = html.escape(scene.says)
    return {
        **data,
        "text/plain": f"{explorer.title}: {scene.says}",
        "image/png": drawn,
        "text/html": f'<figure style="margin:0"><img alt="{alt}" style="max-width:100%" '
        f'src="data:image/png;base64,{drawn}"><figcaption>{STILL}</figcaption></figure>',
    }, metadata
