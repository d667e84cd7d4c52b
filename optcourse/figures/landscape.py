"""A loss landscape as marks: a shaded height map and its contour lines, computed once for each landscape and window."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from contourpy import contour_generator

from optcourse.figures.scene import Heat, Limits, Line, Mark


def landscape(
    value: Callable[[np.ndarray], np.ndarray],
    xlim: Limits,
    ylim: Limits,
    *,
    levels: int = 14,
    grid: int = 72,
    shade: bool = True,
) -> list[Mark]:
    """Marks of the landscape `value` (w of shape (2, ...) -> heights) over a window.

    Levels are spaced evenly in the square root of the height above the lowest point: a quadratic bowl then shows evenly
    spaced rings, and a steep wall does not swallow the floor.
    """
    x, y = np.linspace(*xlim, grid), np.linspace(*ylim, grid)
    height = np.asarray(value(np.stack(np.meshgrid(x, y))), dtype=float)
    low, high = float(height.min()), float(np.quantile(height, 0.98))
    root = np.sqrt(np.maximum(height - low, 0.0))
    top = np.sqrt(max(high - low, 1e-12))
    marks: list[Mark] = []
    if shade:
        marks.append(Heat(np.clip(root[::2, ::2], 0, top), (*xlim, *ylim), 0.0, float(top), role="contour"))
    lines = contour_generator(x, y, root)
    px, py = [], []
    for level in np.linspace(0, top, levels + 2)[1:-1]:
        for piece in lines.lines(level):
            px += [piece[:, 0], [np.nan]]
            py += [piece[:, 1], [np.nan]]
    if px:
        marks.append(Line(np.concatenate(px), np.concatenate(py), role="contour", width=1.0))
    return marks
