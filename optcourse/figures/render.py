"""Scenes drawn by matplotlib: the static picture of a saved notebook, print, and the tests' second opinion."""

from __future__ import annotations

import io

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from optcourse.figures import scene as s
from optcourse.figures.palette import DASHES, HEATS, ROLES, SURFACES

_MARKERS = {
    "circle": "o",
    "square": "s",
    "triangle": "^",
    "down": "v",
    "cross": "x",
    "plus": "+",
    "diamond": "D",
    "star": "*",
    "ring": "o",
    "bar": [(-1, -0.4), (1, -0.4), (1, 0.4), (-1, 0.4), (-1, -0.4)],
    "none": "",
}


def draw(scene: s.Scene, *, step: int | None = None, theme: str = "light", width: float = 9.0) -> Figure:
    """A matplotlib figure of the scene at a step (the last, if none is given). `width` in inches; theme "light" or "dark"."""
    step = scene.num_steps if step is None else step
    surface = SURFACES[theme]
    figure = Figure(
        figsize=(width, 3.9 if len(scene.panels) > 1 else 4.4),
        layout="constrained",
        facecolor=surface["background"],
    )
    FigureCanvasAgg(figure)
    axes = figure.subplots(
        1, len(scene.panels), squeeze=False, gridspec_kw={"width_ratios": [p.weight for p in scene.panels]}
    )[0]
    for ax, panel in zip(axes, scene.panels, strict=True):
        _draw_panel(ax, panel, step, theme)
    return figure


def png(scene: s.Scene, *, dpi: int = 100, **options) -> bytes:
    """The scene as a PNG picture."""
    buffer = io.BytesIO()
    draw(scene, **options).savefig(buffer, format="png", dpi=dpi)
    return buffer.getvalue()


def _draw_panel(ax: Axes, panel: s.Panel, step: int | None, theme: str) -> None:
    surface = SURFACES[theme]
    ax.set(xscale=panel.xscale, yscale=panel.yscale, xlim=panel.xlim, ylim=panel.ylim)
    ax.set_xlabel(panel.xlabel, color=surface["text"])
    ax.set_ylabel(panel.ylabel, color=surface["text"])
    ax.set_title(panel.title, color=surface["text"], fontsize=11)
    ax.set_facecolor(surface["background"])
    ax.grid(color=surface["grid"], linewidth=0.8, zorder=0)
    ax.set_axisbelow(True)
    ax.tick_params(colors=surface["axis"])
    for spine in ax.spines.values():
        spine.set_color(surface["axis"])
    if panel.equal:
        ax.set_aspect("equal", adjustable="box")
    for axis, ticks in (("x", panel.xticks), ("y", panel.yticks)):
        if ticks is not None:
            getattr(ax, f"set_{axis}ticks")([t for t, _ in ticks], [words for _, words in ticks], minor=False)
    strong = any(isinstance(m, s.Heat) and m.colors != "terrain" for m in panel.marks)
    for order, mark in enumerate(panel.marks):
        _DRAW[type(mark)](ax, mark, step, _style(mark, theme), 2 + order * 0.01)
    if strong:  # strong colours behind: lines get a pale edge
        for line in ax.lines:
            pale = patheffects.Stroke(linewidth=line.get_linewidth() + 2, foreground=surface["background"])
            line.set_path_effects([pale, patheffects.Normal()])
    handles, labels = ax.get_legend_handles_labels()
    if labels:
        ax.legend(
            handles, labels, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, frameon=False,
            labelcolor=surface["text"],
        )  # fmt: skip


def _style(mark: s.Mark, theme: str) -> dict:
    role = ROLES[mark.role]
    dash = DASHES[getattr(mark, "dash", None) or role.dash]
    shape = getattr(mark, "shape", None) or role.shape
    return {
        "color": role.dark if theme == "dark" else role.light,
        "linestyle": (0, tuple(d / 1.5 for d in dash)) if dash else "solid",
        "marker": _MARKERS[shape],
        "hollow": {"markerfacecolor": SURFACES[theme]["background"], "markeredgewidth": 1.8}
        if shape == "ring"
        else {},
        "theme": theme,
        "hatch": role.hatch * 2,
        "pale": SURFACES[theme]["background"],
        "edge": ROLES["limit"].dark if theme == "dark" else ROLES["limit"].light,
    }


def _slice(mark: s.Mark, step: int | None) -> slice:
    if mark.by_step is None or step is None:
        return slice(None)
    return slice(0, step + 1) if mark.by_step == "upto" else slice(step, step + 1)


def beads(mark: s.Line) -> bool:
    """Whether a line carries a few of its role's shapes, because its dash does not tell it apart."""
    return mark.role == "yours" or mark.dash not in (None, ROLES[mark.role].dash)


def _line(ax: Axes, m: s.Line, step: int | None, style: dict, order: float) -> None:
    part = _slice(m, step)
    every = max(1, len(np.atleast_1d(m.x)) // 5)
    ax.plot(
        np.asarray(m.x, float)[part], np.asarray(m.y, float)[part], color=style["color"], linestyle=style["linestyle"],
        linewidth=m.width * 0.75, alpha=m.alpha, label=m.label or None, zorder=order,
        marker=style["marker"] if m.marker or beads(m) else None, markersize=3.5 if m.marker else 5,
        markevery=None if m.marker else (every // 2, every), **style["hollow"],
    )  # fmt: skip


def _points(ax: Axes, m: s.Points, step: int | None, style: dict, order: float) -> None:
    part = _slice(m, step)
    ax.plot(
        np.atleast_1d(np.asarray(m.x, float))[part], np.atleast_1d(np.asarray(m.y, float))[part], linestyle="none",
        color=style["color"], marker=style["marker"], markersize=m.size * 0.75, alpha=m.alpha, label=m.label or None,
        zorder=order, **style["hollow"],
    )  # fmt: skip


def _arrows(ax: Axes, m: s.Arrows, step: int | None, style: dict, order: float) -> None:
    part = _slice(m, step)
    x, y, u, v = (np.atleast_1d(np.asarray(a, float))[part] for a in (m.x, m.y, m.u, m.v))
    for x0, y0, du, dv in zip(x, y, u, v, strict=True):
        if np.isfinite([x0, y0, du, dv]).all():
            ax.annotate(
                "", (x0 + du, y0 + dv), (x0, y0), zorder=order, annotation_clip=False,
                arrowprops={"arrowstyle": "->", "color": style["color"], "lw": m.width * 0.8, "alpha": m.alpha,
                            "shrinkA": 0, "shrinkB": 0},
            ).set_clip_on(True)  # fmt: skip
    if m.label:
        ax.plot(
            [], [], color=style["color"], marker=">", markersize=5, linewidth=m.width * 0.8, label=m.label
        )


def _bars(ax: Axes, m: s.Bars, step: int | None, style: dict, order: float) -> None:
    height = np.asarray(m.height, float)
    if m.by_step == "at":
        height = height[min(step or 0, len(height) - 1)]
    ax.bar(
        np.asarray(m.x, float), height - m.base, m.width, bottom=m.base, facecolor=style["color"], alpha=m.alpha,
        label=m.label or None, zorder=order, hatch=style["hatch"], edgecolor=style["pale"], linewidth=0,
    )  # fmt: skip


def _span(ax: Axes, m: s.Span, step: int | None, style: dict, order: float) -> None:
    (ax.axvspan if m.axis == "x" else ax.axhspan)(
        m.lo, m.hi, facecolor=style["color"], alpha=m.alpha, label=m.label or None, zorder=0.5, linewidth=0.8,
        hatch=style["hatch"][:1], edgecolor=style["edge"],
    )  # fmt: skip


def _rule(ax: Axes, m: s.Rule, step: int | None, style: dict, order: float) -> None:
    (ax.axvline if m.axis == "x" else ax.axhline)(
        m.at, color=style["color"], linestyle=style["linestyle"], linewidth=1.4, alpha=m.alpha, label=m.label or None,
        zorder=order,
    )  # fmt: skip


def _text(ax: Axes, m: s.Text, step: int | None, style: dict, order: float) -> None:
    ax.annotate(
        m.text, (m.x, m.y), xytext=(0, m.above * 0.75), textcoords="offset points", ha=m.align, fontsize=9,
        color=style["color"], zorder=order, annotation_clip=True,
    )  # fmt: skip


def _heat(ax: Axes, m: s.Heat, step: int | None, style: dict, order: float) -> None:
    stops = HEATS[m.colors][style["theme"] == "dark"]
    aspect = ax.get_aspect()
    ax.imshow(
        np.asarray(m.values, float), extent=m.extent, origin="lower", vmin=m.lo, vmax=m.hi, zorder=0.4, alpha=m.alpha,
        cmap=LinearSegmentedColormap.from_list(m.colors, stops), aspect="auto",
        interpolation="bilinear" if m.smooth else "nearest",
    )  # fmt: skip
    ax.set_aspect(aspect)


_DRAW = {
    s.Line: _line, s.Points: _points, s.Arrows: _arrows, s.Bars: _bars, s.Span: _span, s.Rule: _rule, s.Text: _text,
    s.Heat: _heat,
}  # fmt: skip
