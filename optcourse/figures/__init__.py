"""Pure drawing: scenes as data (`scene`), their matplotlib renderer (`render`) and their encoding for the browser."""

from optcourse.figures.scene import (
    Arrows,
    Band,
    Bars,
    Field,
    Heat,
    Line,
    Narration,
    Panel,
    Points,
    Rule,
    Run,
    Scene,
    Span,
    Text,
)

__all__ = [
    "Arrows", "Band", "Bars", "Field", "Heat", "Line", "Narration", "Panel", "Points", "Rule", "Run", "Scene", "Span", "Text",
]  # fmt: skip
