"""The live figure: controls, a function from their values to a scene, and the conversation with the browser.

A lesson's explorer subclasses `Explorer`, lists its `controls`, and writes `scene(**values)`; or `scenes(list of values)`,
where one batched `descend` answers a whole slider at once. Everything else is here: the table of frames that is sent ahead,
single frames where no table covers a value, the static picture with its words, and the one plain sentence when
something raises.
"""

from __future__ import annotations

import base64
import html
import itertools
import json
import logging
import os
import pathlib
import weakref
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import anywidget
import numpy as np
import traitlets

from optcourse.explorers.controls import Control, Range
from optcourse.figures.encode import encode
from optcourse.figures.palette import DASHES, HEATS, ROLES, SURFACES
from optcourse.figures.scene import Scene

log = logging.getLogger("optcourse")
HERE = pathlib.Path(__file__).parent
STILL = "This is a still picture of a live figure. Open the notebook in JupyterLab and run this cell to move its sliders."
TABLE_BYTES = 3_000_000  # a larger table is not sent; single frames answer instead
EXPLORER_MIME = "application/vnd.optcourse.explorer+json"
Values = dict[str, Any]

# the control sweep finds every explorer of a notebook here
living: weakref.WeakSet[Explorer] = weakref.WeakSet()


class Explorer(anywidget.AnyWidget):
    """A live figure with its controls. `Explorer(learning_rate=0.3)` starts at values other than the defaults.

    `yours` is the learner's own function, drawn beside the reference by the explorers that can use it.
    Raises ValueError for an unknown control or a value that it cannot take.
    """

    _esm = HERE / "stage.js"
    _css = HERE / "stage.css"
    title: ClassVar[str] = ""
    controls: ClassVar[Sequence[Control]] = ()
    height: ClassVar[int] = 360  # of the drawing, in CSS pixels, at full width

    spec = traitlets.Dict().tag(sync=True)
    values = traitlets.Dict().tag(sync=True)
    first = traitlets.Dict().tag(sync=True)
    first_data = traitlets.Bytes().tag(sync=True)

    def __init__(self, *, yours: Any = None, **initial: Any) -> None:
        self.yours = yours
        self._by_name = {c.name: c for c in self.controls}
        values = {c.name: c.default for c in self.controls}
        for name, value in initial.items():
            values[name] = self._control(name).accept(value)
        meta, data = encode([self._checked(values)])
        super().__init__(spec=self._spec(values), values=values, first=meta, first_data=data)
        self.on_msg(self._answer)
        living.add(self)

    # What a lesson writes -------------------------------------------------------------------------------------------

    def scene(self, **values: Any) -> Scene:
        """The scene for one setting of the controls."""
        return self.scenes([values])[0]

    def scenes(self, settings: Sequence[Values]) -> list[Scene]:
        """The scenes for many settings; override to compute them in one batch."""
        if type(self).scene is Explorer.scene:
            raise NotImplementedError(f"{type(self).__name__} must define scene() or scenes()")
        return [self.scene(**values) for values in settings]

    # What a person at the keyboard can use --------------------------------------------------------------------------

    def set(self, **values: Any) -> None:
        """Move controls from Python, as if a person had moved them."""
        merged = {**self.values, **{name: self._control(name).accept(v) for name, v in values.items()}}
        scene = self._checked(merged)
        self.values = merged
        self._send_frame(merged, scene)

    def frame(self, **values: Any) -> Scene:
        """The scene that is shown for these values (the current ones where none is given)."""
        return self._checked({**self.values, **{n: self._control(n).accept(v) for n, v in values.items()}})

    def describe(self) -> str:
        """What is seen now, in words."""
        return self.frame().says

    # The conversation with the browser ------------------------------------------------------------------------------

    def table(self, name: str, others: Values) -> tuple[dict, bytes]:
        """Every frame of one slider, the other controls staying where they are: (message, bytes)."""
        control = self._control(name)
        if not control.table:
            raise ValueError(f"{name} has no table of frames")
        settings = [{**others, name: control.accept(value)} for value in control.values]
        meta, data = encode(self.scenes(settings))
        return {"kind": "table", "control": name, "values": list(control.values), **meta}, data

    def _answer(self, _widget: Any, message: dict, _buffers: list) -> None:
        """Answer the browser. Whatever raises is logged and shown in the figure; with OPTCOURSE_STRICT=1 it is raised too."""
        try:
            values = {name: self._control(name).accept(v) for name, v in message["values"].items()}
            if message["kind"] == "table":
                reply, data = self.table(message["control"], values)
                fits = len(data) <= TABLE_BYTES
                self.send({**(reply if fits else {"kind": "no-table", "control": message["control"]}), "key": message["key"]},
                          [data] if fits else None)  # fmt: skip
            elif message["kind"] == "values":
                # the browser drew these from a table; the kernel only needs to know
                self.values = values
            else:
                scene = self._checked(values)
                self.values = values
                self._send_frame(values, scene, key=message["key"])
        except Exception as error:
            log.exception("explorer %s failed at %s", type(self).__name__, message.get("values"))
            self.send(
                {"kind": "error", "key": message.get("key"), "sentence": self._sentence(error, message)}
            )
            if os.environ.get("OPTCOURSE_STRICT") == "1":
                raise

    def _send_frame(self, values: Values, scene: Scene, key: Any = None) -> None:
        meta, data = encode([scene])
        self.send({"kind": "frame", "values": values, "key": key, **meta}, [data])

    def _sentence(self, error: Exception, message: dict) -> str:
        shown = ", ".join(f"{k} = {_brief(v)}" for k, v in message.get("values", {}).items())
        reason = f"{type(error).__name__}: {error}"
        return (
            f"This picture could not be drawn for {shown}: {reason}. It still shows the last one that could."
        )

    def _checked(self, values: Values) -> Scene:
        scene = self.scene(**values)
        if problems := scene.problems():
            raise ValueError(f"{type(self).__name__} at {values}: " + "; ".join(problems))
        return scene

    def _control(self, name: str) -> Control:
        if name not in self._by_name:
            raise ValueError(
                f"{type(self).__name__} has no control {name!r}; it has {', '.join(self._by_name) or 'none'}"
            )
        return self._by_name[name]

    def _spec(self, initial: Values) -> dict:
        return {
            "title": self.title,
            "initial": initial,
            "height": self.height,
            "controls": [_control_spec(c) for c in self.controls],
            "roles": {name: list(role) for name, role in ROLES.items()},
            "dashes": {name: list(d) for name, d in DASHES.items()},
            "heats": {name: [list(light), list(dark)] for name, (light, dark) in HEATS.items()},
            "surfaces": SURFACES,
        }

    # Without a browser ----------------------------------------------------------------------------------------------

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """The live widget, and beside it a picture and words for whoever reads without a kernel."""
        # pages and slides: alive by tables, see publishing.execution
        if os.environ.get("OPTCOURSE_SAVED_PAGES") == "1":
            from optcourse.explorers.page import packed

            return {EXPLORER_MIME: packed(self), "text/plain": f"{self.title}: {self.describe()}"}
        from optcourse.figures.render import png

        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        scene = self.frame()
        picture = base64.b64encode(png(scene)).decode()
        alt = html.escape(scene.says)
        return {
            **data,
            "text/plain": f"{self.title}: {scene.says}",
            "image/png": picture,
            "text/html": f'<figure style="margin:0"><img alt="{alt}" style="max-width:100%" '
            f'src="data:image/png;base64,{picture}"><figcaption>{STILL}</figcaption></figure>',
        }, metadata

    # The sweep ------------------------------------------------------------------------------------------------------

    def settings_to_sweep(
        self, rng: np.random.Generator, *, singles: int = 2, pairs: int = 12
    ) -> Iterator[Values]:
        """Every control at its ends, middle and some random values, alone; then random pairs of them."""
        current = dict(self.values)
        tried = {c.name: _sweep_values(c, rng, singles) for c in self.controls}
        for name, values in tried.items():
            for value in values:
                yield {**current, name: value}
        couples = [
            {**current, a: x, b: y}
            for a, b in itertools.combinations(tried, 2)
            for x, y in itertools.product(tried[a], tried[b])
        ]
        for index in rng.permutation(len(couples))[:pairs]:
            yield couples[index]

    def sweep(self, rng: np.random.Generator, **how: int) -> int:
        """Draw every setting of the sweep, encode it, and compare every table with single frames.

        Returns how many settings were drawn; raises AssertionError at the first that fails, naming the setting.
        """
        count = 0
        for values in self.settings_to_sweep(rng, **how):
            try:
                scene = self._checked({n: self._control(n).accept(v) for n, v in values.items()})
                json.dumps(encode([scene])[0], allow_nan=False)
                if scene.narration is not None:
                    for step in (0, scene.num_steps):
                        scene.narration.at(step)
            except Exception as error:
                raise AssertionError(
                    f"{type(self).__name__} fails at {values}: {type(error).__name__}: {error}"
                ) from error
            count += 1
        for control in self.controls:
            if control.table:
                self._sweep_table(control, rng)
        return count

    def _sweep_table(self, control: Control, rng: np.random.Generator) -> None:
        """The frame in a table is the frame that its value has alone, number for number and word for word."""
        settings = [{**self.values, control.name: control.accept(value)} for value in control.values]
        together = self.scenes(settings)
        size = len(encode(together)[1])
        assert size <= TABLE_BYTES, (
            f"{type(self).__name__}: the table of {control.name} has {size} bytes, over {TABLE_BYTES}"
        )
        for index in {0, len(settings) - 1, int(rng.integers(len(settings)))}:
            # as a person's own choice is drawn: accepted first
            alone = encode([self.frame(**settings[index])])
            assert encode([together[index]]) == alone, (
                f"{type(self).__name__}: {control.name} = {control.values[index]} gives another picture in a table than alone"
            )


def _control_spec(control: Control) -> dict:
    spec = {
        "kind": control.kind,
        "name": control.name,
        "label": control.label or control.name,
        "default": control.default,
        "values": list(control.values),
        "table": control.table,
    }
    for extra in ("unit", "whole", "xlim", "ylim", "step", "longest"):
        if hasattr(control, extra):
            spec[extra] = getattr(control, extra)
    return spec


def _sweep_values(control: Control, rng: np.random.Generator, singles: int) -> list:
    values = control.values
    if not isinstance(control, Range):
        return list(values)
    picks = {0, len(values) // 2, len(values) - 1, *rng.integers(len(values), size=singles).tolist()}
    return [values[i] for i in sorted(picks)]


def _brief(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "(" + ", ".join(_brief(v) for v in value) + ")"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
