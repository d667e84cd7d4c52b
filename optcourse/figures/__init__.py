"""Pure drawing: scenes as data (`scene`), their matplotlib renderer (`render`) and their encoding for the browser."""

from optcourse.figures.landscape import landscape
from optcourse.figures.scene import (
    Arrows,
    Bars,
    Heat,
    Line,
    Narration,
    Panel,
    Points,
    Rule,
    Scene,
    Span,
    Text,
)

__all__ = [
    "Arrows", "Bars", "Heat", "Line", "Narration", "Panel", "Points", "Rule", "Scene", "Span", "Text", "landscape",
]  # fmt: skip
