"""A figure that does not move: its picture, what is seen on it in words, and the setting it was drawn at.

For paper, for a reader without scripts or without a kernel, and in the place of a live figure until that is there.
"""

from __future__ import annotations

import base64
import html
import io
from typing import Any

from PIL import Image, PngImagePlugin, UnidentifiedImageError

from optcourse.figures.render import pixels
from optcourse.figures.scene import Scene

WORDS = ("Title", "Description", "Setting")  # under PNG's own names where it has one


def picture(scene: Scene, theme: str = "light", words: dict[str, str] | None = None) -> bytes:
    """The scene as a small PNG, in the size of the page's column: 128 colours are enough for lines and bands.

    `words` are carried in the file.
    """
    drawn = Image.fromarray(pixels(scene, theme=theme)).convert("RGB")
    small = drawn.quantize(128, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    kept = io.BytesIO()
    carried = PngImagePlugin.PngInfo()
    for name, text in (words or {}).items():
        carried.add_text(name, text)
    small.save(kept, "png", optimize=True, pnginfo=carried)
    return kept.getvalue()


def words_of(explorer: Any) -> dict[str, str]:
    """What a picture of a figure cannot say itself."""
    return dict(zip(WORDS, (explorer.title, explorer.frame().says, setting(explorer)), strict=True))


def words_in(data: bytes) -> dict[str, str]:
    """The words that a picture carries; none where it is no picture of ours."""
    try:
        with Image.open(io.BytesIO(data)) as kept:
            return {name: text for name, text in getattr(kept, "text", {}).items() if name in WORDS}
    except UnidentifiedImageError:
        return {}


def setting(explorer: Any) -> str:
    """What the controls say, in words: `learning_rate 0.1 · num_steps 50`."""
    return " · ".join(
        f"{control.label or control.name} {_said(explorer.values[control.name])}"
        for control in explorer.controls
    )


def still(explorer: Any) -> dict:
    """The picture, its size, its words and its setting, as JSON can hold them."""
    scene = explorer.frame()
    data = picture(scene)
    with Image.open(io.BytesIO(data)) as drawn:
        width, height = drawn.size
    return {
        "png": base64.b64encode(data).decode(),
        "width": width,
        "height": height,
        "title": explorer.title,
        "says": scene.says,
        "setting": setting(explorer),
    }


def still_html(kept: dict, source: str = "") -> str:
    """A still as HTML. `source` is where its picture lies; it stands in the page if none is given.

    The words stand below the picture; in its place stands what it is, so that whoever does not see it reads them once.
    """
    where = source or f"data:image/png;base64,{kept['png']}"
    shape = f'width="{kept["width"]}" height="{kept["height"]}" style="max-width:100%;height:auto"'
    return (
        f'<div class="oc-still"><img src="{where}" alt="{html.escape(kept["title"])}" {shape} loading="lazy">'
        f"<p>{html.escape(kept['says'])}</p><p><small>{html.escape(kept['setting'])}</small></p></div>"
    )


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list | tuple):
        return "(" + ", ".join(_said(part) for part in value) + ")"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
