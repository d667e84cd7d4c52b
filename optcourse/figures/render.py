"""Scenes drawn by matplotlib: the still picture of a saved notebook, print, and the tests' second opinion.

The same picture as the browser's (`explorers/stage/painter.js`): bands and lines of a landscape with their labels, the runs with
one in focus, names at the ends of lines. Lengths are CSS pixels, 100 to an inch; `layout` says where things stand.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product

import numpy as np
from contourpy import contour_generator
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch
from matplotlib.patheffects import Normal, Stroke
from matplotlib.textpath import TextPath

from optcourse.figures import layout
from optcourse.figures import scene as s
from optcourse.figures.field import band_colours, ladder, lines_of
from optcourse.figures.numbers import number
from optcourse.figures.palette import DASHES, HEATS, RAMP, ROLES, SURFACES

DPI = 100
POINT = 72 / DPI  # of a pixel, in points
HEIGHT = 0.42  # of a map, for its figure's width
MAP_SHARE = 1.42  # of the width, for a plot's 1
TITLE, GAP = 30, 20  # px: above each panel, and between two
TICK, NAME, LABEL = 11.5, 12.0, 12.5  # px of words in a picture
LONGEST_VALUE = "0.000946"  # no value at the end of a line is written wider
SPECK = 14  # px: a closed line that is smaller both ways is left out

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
    "times": "X",
    "bar": [(-1, -0.4), (1, -0.4), (1, 0.4), (-1, 0.4), (-1, -0.4)],
    "none": "",
}


def draw(scene: s.Scene, *, step: int | None = None, theme: str = "light", width: float = 9.0) -> Figure:
    """A matplotlib figure of the scene at a step (the last, if none is given). `width` in inches; theme "light" or "dark"."""
    across = width * DPI
    shares = [panel.weight * (MAP_SHARE if layout.is_map(panel) else 1.0) for panel in scene.panels]
    unit = (across - GAP * (len(shares) - 1)) / sum(shares)
    height = max(260.0, HEIGHT * across)
    keys = max((len(_keyed(panel)) for panel in scene.panels), default=0)
    whole = TITLE + height + 18 * keys
    figure = Figure(figsize=(width, whole / DPI), dpi=DPI, facecolor=SURFACES[theme]["background"])
    FigureCanvasAgg(figure)
    left = 0.0
    for panel, share in zip(scene.panels, shares, strict=True):
        at = _At(scene, panel, scene.num_steps if step is None else step, theme)
        _Picture(figure, at, left, unit * share, height, whole).paint()
        left += unit * share + GAP
    return figure


def png(scene: s.Scene, *, dpi: int = DPI, **options) -> bytes:
    """The scene as a PNG picture."""
    buffer = io.BytesIO()
    draw(scene, **options).savefig(buffer, format="png", dpi=dpi)
    return buffer.getvalue()


def pixels(scene: s.Scene, **options) -> np.ndarray:
    """The scene as (rows, columns, 4) red, green, blue and opacity from 0 to 255."""
    canvas = draw(scene, **options).canvas
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())


@dataclass
class _At:
    """What is drawn: a panel of a scene at a step, in a theme."""

    scene: s.Scene
    panel: s.Panel
    step: int | None
    theme: str
    tone: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.tone = SURFACES[self.theme]

    def colour(self, role: str) -> str:
        return ROLES[role].dark if self.theme == "dark" else ROLES[role].light

    def entries(self, mark: s.Mark) -> slice:
        if mark.by_step is None or self.step is None:
            return slice(None)
        return slice(0, self.step + 1) if mark.by_step == "upto" else slice(self.step, self.step + 1)


@lru_cache(maxsize=2000)
def _text_width(words: str, size: float, bold: bool) -> float:
    """In pixels."""
    if not words.strip():
        return 0.0
    # The outlines of letters; what they stand apart comes on top. Their outermost points are points of the path, and looking
    # for those of each curve takes thirty times as long. Where a letter closes, its path has no point.
    font = FontProperties(weight="bold" if bold else "normal")
    path = TextPath((0, 0), words, size=size, prop=font)
    return 1.04 * float(np.ptp(path.vertices[path.codes != path.CLOSEPOLY, 0]))


class _Picture:
    """One panel, painted into its part of the figure."""

    def __init__(
        self, figure: Figure, at: _At, left: float, width: float, height: float, whole: float
    ) -> None:
        self.figure, self.at, self.whole = figure, at, whole
        self.area = (left, TITLE, width, height)
        self.is_map = layout.is_map(at.panel)
        self.order = 2.0
        self.ink: np.ndarray | None = None  # where lines are, and names: no other name stands there

    def paint(self) -> None:
        left, top, width, height = self.area
        tags = [] if self.is_map else self.tags()
        room = (0.0, 0.0, 0.0, 0.0) if self.is_map else self.room(tags)
        self.view = layout.view_of(
            self.at.panel,
            left + room[0],
            top + room[1],
            width - room[0] - room[2],
            height - room[1] - room[3],
        )
        self.ax = self.axes()
        self.title()
        if self.at.panel.field is not None:
            self.landscape()
        if not self.is_map:
            self.grid()
        self.marks()
        (self.plane_axes if self.is_map else self.plot_axes)()
        self.end_names(tags)
        self.keys()

    # Where things stand ---------------------------------------------------------------------------------------------------

    def axes(self) -> Axes:
        view, panel = self.view, self.at.panel
        across = self.figure.get_figwidth() * DPI
        box = (
            view.left / across,
            1 - (view.top + view.height) / self.whole,
            view.width / across,
            view.height / self.whole,
        )
        ax = self.figure.add_axes(box, facecolor=self.at.tone["background"])
        ax.set(xscale=panel.xscale, yscale=panel.yscale, xlim=view.xlim, ylim=view.ylim)
        ax.set(xticks=[], yticks=[], xlabel=panel.xlabel, ylabel=panel.ylabel)
        ax.minorticks_off()  # nobody sees them, and a logarithmic axis has hundreds
        ax.tick_params(which="both", length=0, labelleft=False, labelbottom=False)
        # The words stand elsewhere; the axis keeps them for whoever asks what it shows.
        ax.xaxis.label.set_visible(False)
        ax.yaxis.label.set_visible(False)
        for spine in ax.spines.values():
            spine.set_visible(False)
        return ax

    def room(self, tags: list[dict]) -> tuple[float, float, float, float]:
        right = max(tag["width"] for tag in tags) + 26 if tags else 14.0
        self.beside = _text_width(f"{self.at.panel.xlabel} →", NAME, False) + 18 <= right
        bottom = 24.0 + (0 if self.beside else 17)
        left, top, width, height = self.area
        draft = layout.view_of(self.at.panel, left, top, width - right, height - bottom - 8)
        ticks = layout.ticks_of(draft)[1]
        return 10 + max([16.0, *(_text_width(words, TICK, False) for _, words in ticks)]), 8.0, right, bottom

    def words(self, text: str, x: float, y: float, colour: str, *, size: float = NAME, bold: bool = False,
              ha: str = "left", va: str = "center", halo: str | None = None) -> None:  # fmt: skip
        """Words at a place in the figure, in pixels."""
        across = self.figure.get_figwidth() * DPI
        effects = [Stroke(linewidth=3.5 * POINT, foreground=halo), Normal()] if halo else None
        self.figure.text(
            x / across, 1 - y / self.whole, text, color=colour, fontsize=size * POINT, ha=ha, va=va,
            weight="bold" if bold else "normal", path_effects=effects,
        )  # fmt: skip

    def place(self, x: float, y: float) -> tuple[float, float]:
        """The pixels of a value, on whatever axes; or of many, given as two arrays."""
        across, up = self.ax.transLimits.transform(self.ax.transScale.transform(np.stack([x, y], axis=-1))).T
        return self.view.left + across * self.view.width, self.view.top + (1 - up) * self.view.height

    def inside(self, x: float, y: float) -> bool:
        return self.view.holds(x, y)

    def title(self) -> None:
        left, top, panel = self.area[0], self.area[1] - 13, self.at.panel
        words = _cut(panel.title or panel.ylabel, self.area[2], 14, True)
        self.words(words, left, top, self.at.tone["text"], size=14, bold=True)
        begun = _text_width(words, 14, True) + 9
        encoded = _cut(layout.encoded_in(panel), self.area[2] - begun, 13, False)
        self.words(encoded, left + begun, top, self.at.tone["axis"], size=13)

    # The landscape --------------------------------------------------------------------------------------------------------

    def landscape(self) -> None:
        given, view, theme = self.at.panel.field, self.view, self.at.theme
        grid = layout.grid_of(given, view)
        levels = list(given.levels or ladder(given.values))
        rows, columns = grid.values.shape
        px, py = grid.left + layout.CELL * np.arange(columns), grid.top + layout.CELL * np.arange(rows)
        colours = band_colours(given, RAMP[theme])
        if given.bands:
            edges = [-np.inf, *levels, np.inf]
            low, high = float(grid.values.min()), float(grid.values.max())
            cuts = [max(min(e, high + 1), low - 1) for e in edges]
            seen = [(a, b, c) for a, b, c in zip(cuts, cuts[1:], colours, strict=False) if a < b]
            self.ax.contourf(
                view.x(px), view.y(py), grid.values, levels=[seen[0][0], *(b for _, b, _ in seen)],
                colors=[c for *_, c in seen], zorder=0.4,
            )  # fmt: skip
        lines = contour_generator(px, py, grid.values)
        kept = []
        for level in lines_of(given, grid.low, grid.high):
            for piece in lines.lines(level):
                if (np.ptp(piece, axis=0) >= SPECK).any():
                    kept.append(np.column_stack([view.x(piece[:, 0]), view.y(piece[:, 1])]))
        self.ax.add_collection(
            LineCollection(kept, colors=[_css(self.at.tone["isoline"])], linewidths=POINT, zorder=0.6)
        )
        self.labels(given, grid, levels, colours)

    def labels(
        self, given: s.Field, grid: layout.Grid, levels: Sequence[float], colours: Sequence[str]
    ) -> None:
        for x, y, level in labels_of(self.view, grid):
            halo = colours[int(np.searchsorted(levels, level))] if given.bands else self.at.tone["casing"]
            self.words(number(level, 4), x, y, self.at.tone["level"], size=TICK, ha="center", halo=halo)

    # The marks ------------------------------------------------------------------------------------------------------------

    def marks(self) -> None:
        panel, focus = self.at.panel, self.at.scene.in_focus
        own = sorted((m for m in panel.marks if s.run_name(m)), key=lambda m: s.run_name(m) == focus)
        loose = [m for m in panel.marks if not s.run_name(m) and not self.is_step(m)]
        marked = {s.run_name(m) for m in own if isinstance(m, s.Points) and m.by_step == "at"}
        for mark in loose:
            if not isinstance(mark, s.Points | s.Arrows | s.Text):
                self.one(mark)
        for mark in own:
            if isinstance(mark, s.Band):
                self.band(mark, s.run_name(mark) == focus)
            elif isinstance(mark, s.Line):
                self.run(mark, s.run_name(mark) == focus)
            elif not isinstance(mark, s.Arrows) and not (isinstance(mark, s.Points) and mark.by_step == "at"):
                self.one(mark)
        self.cursor()
        for mark in own:
            on_line = isinstance(mark, s.Line) and s.run_name(mark) not in marked and mark.dash is None
            if on_line or (isinstance(mark, s.Points) and mark.by_step == "at"):
                self.here(mark, s.run_name(mark) == focus)
        for mark in loose:
            if isinstance(mark, s.Points | s.Arrows | s.Text):
                self.one(mark)
            self.named(mark)
        self.step_arrows()

    def is_step(self, mark: s.Mark) -> bool:
        return isinstance(mark, s.Arrows) and mark.by_step == "at" and any(m.run for m in self.at.panel.marks)

    def one(self, mark: s.Mark) -> None:
        self.order += 0.01
        _DRAW[type(mark)](self, mark, self.order)

    def band(self, mark: s.Band, focus: bool) -> None:
        self.order += 0.01
        self.ax.fill_between(
            np.asarray(mark.x, float), np.asarray(mark.y, float), np.asarray(mark.top, float),
            color=self.at.colour(mark.role), alpha=0.28 if focus else 0.12, linewidth=0, zorder=self.order,
        )  # fmt: skip

    def run(self, mark: s.Line, focus: bool) -> None:
        """Where a run has been, and, faint, where it will go."""
        x, y = np.asarray(mark.x, float), np.asarray(mark.y, float)
        here = len(x) - 1 if self.at.step is None else min(self.at.step, len(x) - 1)
        colour, self.order = self.at.colour(mark.role), self.order + 0.01
        dash = "solid" if focus and mark.dash is None else _dash(mark)
        many = len(self.at.scene.runs) > 4 and not focus
        if here < len(x) - 1:
            alpha = (0.38 if focus else 0.22) if self.is_map else 0.32
            self.ax.plot(
                x[here:],
                y[here:],
                color=colour,
                linestyle=dash,
                linewidth=1.4 * POINT,
                alpha=alpha,
                zorder=self.order,
            )
        past = slice(0, here + 1)
        if self.is_map:
            self.ax.plot(
                x[past],
                y[past],
                color=self.at.tone["casing"],
                linewidth=(5.5 if focus else 4) * POINT,
                alpha=0.85 if focus else 0.5,
                zorder=self.order,
            )
        wide = (2.6 if self.is_map else 2.8) if focus else 1.7
        self.ax.plot(
            x[past], y[past], color=colour, linestyle=dash, linewidth=wide * POINT, zorder=self.order,
            alpha=1.0 if focus else 0.45 if many else 0.85, label=mark.label or None,
        )  # fmt: skip
        if self.is_map and focus:
            self.beads(mark, x[:here], y[:here], 6.0)
        elif not self.is_map and beads(mark):
            every = max(1, len(x) // 5)
            self.beads(mark, x[every // 2 :: every], y[every // 2 :: every], 6.0)

    def beads(self, mark: s.Line, x: np.ndarray, y: np.ndarray, size: float) -> None:
        kept, last = [], (np.nan, np.nan)
        for k in range(len(x)):
            at = self.place(x[k], y[k])
            if not np.hypot(at[0] - last[0], at[1] - last[1]) < 8:
                kept.append(k)
                last = at
        self.ax.plot(
            x[kept], y[kept], linestyle="none", marker=_MARKERS[ROLES[mark.role].shape], markersize=size * POINT,
            markerfacecolor=self.at.tone["casing"], markeredgecolor=self.at.colour(mark.role), markeredgewidth=1.6 * POINT,
            zorder=self.order,
        )  # fmt: skip

    def here(self, mark: s.Line | s.Points, focus: bool) -> None:
        x, y = np.atleast_1d(np.asarray(mark.x, float)), np.atleast_1d(np.asarray(mark.y, float))
        k = len(x) - 1 if self.at.step is None else self.at.step
        if k < len(x):
            size = (15.0 if focus else 10.0) if self.is_map else (12.0 if focus else 8.4)
            self.stamp(
                x[k : k + 1],
                y[k : k + 1],
                getattr(mark, "shape", None) or ROLES[mark.role].shape,
                size,
                mark.role,
                4.0,
                whole=not self.is_map and self.inside(*self.place(x[k], y[k])),
            )

    def stamp(
        self,
        x: np.ndarray,
        y: np.ndarray,
        shape: str,
        size: float,
        role: str,
        order: float,
        alpha: float = 1.0,
        label: str = "",
        whole: bool = False,
    ) -> None:
        colour, casing = self.at.colour(role), self.at.tone["casing"]
        hollow = (
            {"markerfacecolor": casing, "markeredgecolor": colour, "markeredgewidth": 1.8 * POINT}
            if shape == "ring"
            else {
                "markeredgecolor": colour if shape in ("cross", "plus") else casing,
                "markeredgewidth": (2.0 if shape in ("cross", "plus") else 1.2) * POINT,
            }
        )
        across = size * (1.6 if shape == "star" else 1.0) * POINT
        self.ax.plot(
            x, y, linestyle="none", color=colour, marker=_MARKERS[shape], markersize=across, alpha=alpha, zorder=order,
            label=label or None, clip_on=not whole, **hollow,
        )  # fmt: skip

    def cursor(self) -> None:
        """The x of the step that is shown, where the panel goes over it."""
        self.step_x = None
        panel, step = self.at.panel, self.at.step
        if self.is_map or step is None:
            return
        # The run in focus knows best.
        marks = sorted(panel.marks, key=lambda m: s.run_name(m) != (self.at.scene.in_focus or None))
        steps = [m for m in marks if isinstance(m, s.Line) and (m.run or m.by_step)]
        steps += [m for m in marks if isinstance(m, s.Points) and m.by_step == "at"]
        for mark in steps:
            x = np.atleast_1d(np.asarray(mark.x, float))
            if len(x) > step and rises(x) and panel.xlim[0] <= x[step] <= panel.xlim[1]:
                self.step_x = float(x[step])
                self.ax.axvline(self.step_x, color=self.at.tone["text"], linewidth=POINT, zorder=3.9)
                return

    def step_arrows(self) -> None:
        """The parts of the next step of the run in focus, tip to tail and named, stretched until the longest is well seen."""
        scene, panel, step = self.at.scene, self.at.panel, self.at.step
        mine = [
            m for m in panel.marks if self.is_step(m) and (s.run_name(m) or scene.in_focus) == scene.in_focus
        ]
        parts = []
        for mark in mine if step is not None else []:
            x, y, u, v = (np.atleast_1d(np.asarray(a, float)) for a in (mark.x, mark.y, mark.u, mark.v))
            k = min(step, len(x) - 1)
            if np.isfinite([x[k], y[k], u[k], v[k]]).all():
                parts.append((mark, np.array([x[k], y[k]]), np.array([u[k], v[k]])))
        if not parts:
            return
        length = [np.hypot(*np.subtract(self.place(*(at + by)), self.place(*at))) for _, at, by in parts]
        longest = max(length)
        if not 1e-9 < longest < 1e4:
            return
        times, tail = stretched(longest), parts[0][1]
        for mark, at, by in parts:
            tail = at if mark.apart else tail
            tip = tail + times * by
            if np.hypot(*np.subtract(self.place(*tip), self.place(*tail))) >= 2:
                self.arrow(tail, tip, mark.role, 3.2, 5.0)
                a, b = np.array(self.place(*tail)), np.array(self.place(*tip))
                middle, lean = (a + b) / 2, np.arctan2(*(b - a)[::-1]) - np.pi / 2
                middle = middle + 12 * np.array([np.cos(lean), np.sin(lean)])
                if np.hypot(*np.subtract(self.place(*tip), self.place(*tail))) >= 12 and self.inside(*middle):
                    self.words(
                        mark.label or mark.role, *middle, self.at.colour(mark.role), size=LABEL, bold=True,
                        ha="left" if np.cos(lean) > 0.3 else "right" if np.cos(lean) < -0.3 else "center",
                        halo=self.at.tone["casing"],
                    )  # fmt: skip
            tail = tip
        if times != 1:
            right, bottom = self.view.left + self.view.width, self.view.top + self.view.height
            self.words(
                f"arrows × {number(times, 2)}",
                right - 9,
                bottom - 27,
                self.at.tone["level"],
                size=TICK,
                ha="right",
                va="bottom",
            )

    def arrow(
        self,
        tail: Sequence[float],
        tip: Sequence[float],
        role: str,
        width: float,
        order: float,
        alpha: float = 1.0,
    ) -> None:
        for wide, colour in ((width + 3, self.at.tone["casing"]), (width, self.at.colour(role))):
            patch = FancyArrowPatch(
                tail, tip, arrowstyle="-|>,head_length=3.75,head_width=2", mutation_scale=1.7 if wide > width else 1.3,
                color=colour, linewidth=wide * 0.8 * POINT, shrinkA=0, shrinkB=0, zorder=order, alpha=alpha,
            )  # fmt: skip
            self.ax.add_patch(patch)

    def named(self, mark: s.Mark) -> None:
        """The name of a mark that is one thing at one place."""
        label = mark.label or ("start" if _is_grip(mark) else "")
        ended = not self.is_map and _is_ended(mark)
        if (
            not label
            or s.run_name(mark)
            or not _is_named(mark, self.is_map)
            or ended
            or _is_star(mark, self.at.panel)
        ):
            return
        halo = self.at.tone["casing" if self.is_map else "background"]
        colour = self.at.tone["text"] if mark.role in ("good", "bad") else self.at.colour(mark.role)
        if isinstance(mark, s.Points):
            x, y = (np.atleast_1d(np.asarray(a, float))[self.at.entries(mark)] for a in (mark.x, mark.y))
            if len(x) and self.inside(*self.place(x[0], y[0])):
                at, far = self.place(x[0], y[0]), mark.size / 2 + (16 if mark.drag else 11)
                side = far + _text_width(label, NAME, False) / 2 - 3
                around = [(0, -far), (0, far), (side, 0), (-side, 0), *product((side, -side), (-far, far))]
                place = self.clear_of(label, [(at[0] + dx, at[1] + dy) for dx, dy in around])
                self.words(label, *place, colour, ha="center", halo=halo)
        elif isinstance(mark, s.Line):
            x, y = (np.asarray(a, float)[self.at.entries(mark)] for a in (mark.x, mark.y))
            if (at := self.last_on_map(x, y)) is not None:
                side = _text_width(label, NAME, False) / 2 + 8
                around = [(0, -11), (0, 11), *product((side, -side), (0, -9, 9))]
                place = self.clear_of(label, [(at[0] + dx, at[1] + dy) for dx, dy in around])
                self.words(label, *place, colour, ha="center", halo=halo)
        elif isinstance(mark, s.Arrows):
            x, y, u, v = (
                float(np.atleast_1d(np.asarray(a, float))[self.at.entries(mark)][0])
                for a in (mark.x, mark.y, mark.u, mark.v)
            )
            if u or v:
                (x0, y0), (x1, y1) = self.place(x, y), self.place(x + u, y + v)
                lean = np.arctan2(y1 - y0, x1 - x0)
                side = _text_width(label, NAME, False) / 2 + 8
                self.words(
                    label, x1 + side * np.cos(lean), y1 + 13 * np.sin(lean), colour, ha="center", halo=halo
                )
        elif isinstance(mark, s.Rule | s.Span):
            value = mark.at if isinstance(mark, s.Rule) else mark.lo
            at = self.place(value, self.view.ylim[0])[0] + 6 if mark.axis == "x" else self.view.left + 6
            row = [
                m
                for m in self.at.panel.marks
                if isinstance(m, s.Rule | s.Span) and m.label and m.axis == mark.axis
            ].index(mark)
            self.words(label, at, self.view.top + 9 + 16 * row, colour, halo=halo)

    def clear_of(self, label: str, places: Sequence[tuple[float, float]]) -> tuple[float, float]:
        """The first of some places at which a name meets no line, arrow or other name of a map; the first of all elsewhere."""
        if not self.is_map:
            return places[0]
        half = _text_width(label, NAME, False) / 2 + 1
        self.ink = self.inked() if self.ink is None else self.ink

        def clear(x: float, y: float) -> bool:
            off = np.abs(self.ink - (x, y))
            return (
                self.inside(x - half, y)
                and self.inside(x + half, y)
                and not (off < (half, 7)).all(axis=1).any()
            )

        found = next((place for place in places if clear(*place)), places[0])
        name = np.column_stack([np.linspace(-half, half, 15) + found[0], np.full(15, found[1])])
        self.ink = np.concatenate([self.ink, name])
        return found

    def inked(self) -> np.ndarray:
        """Places along all lines and arrows, some pixels apart."""
        drawn = [np.empty((0, 2))]
        for mark in self.at.panel.marks:
            if not isinstance(mark, s.Line | s.Arrows):
                continue
            x, y = (np.atleast_1d(np.asarray(a, float)) for a in (mark.x, mark.y))
            if isinstance(mark, s.Arrows):
                tips = x + mark.u, y + mark.v
            else:
                x, y, tips = x[:-1], y[:-1], (x[1:], y[1:])
            for a, b in zip(np.transpose(self.place(x, y)), np.transpose(self.place(*tips)), strict=True):
                if np.isfinite([a, b]).all():
                    parts = min(400, 1 + int(np.hypot(*(b - a)) / 4))
                    drawn.append(a + np.linspace(0, 1, parts + 1)[:, None] * (b - a))
        return np.concatenate(drawn)

    def last_on_map(self, x: np.ndarray, y: np.ndarray) -> tuple[float, float] | None:
        """The last place of a line at which its name has room."""
        places = np.array([self.place(*p) for p in zip(x, y, strict=True)])
        for a, b in zip(places[:0:-1], places[-2::-1], strict=True):
            for part in np.linspace(0, 1, 61):
                at = a + part * (b - a)
                if self.view.holds(at[0] - 40, at[1] - 20) and self.view.holds(at[0] + 40, at[1] + 30):
                    return float(at[0]), float(at[1])
        return None

    # Axes -----------------------------------------------------------------------------------------------------------------

    def grid(self) -> None:
        for value, _ in layout.ticks_of(self.view)[1]:
            self.ax.axhline(value, color=self.at.tone["grid"], linewidth=POINT, zorder=0.2)

    def plot_axes(self) -> None:
        view, tone = self.view, self.at.tone
        right, bottom = view.left + view.width, view.top + view.height
        across, up = layout.ticks_of(view)
        for value, words in up:
            self.words(
                words, view.left - 7, self.place(view.xlim[0], value)[1], tone["axis"], size=TICK, ha="right"
            )
        now = None if self.step_x is None else self.place(self.step_x, view.ylim[0])[0]
        free = -np.inf
        for value, words in across:
            x, half = self.place(value, view.ylim[0])[0], _text_width(words, TICK, False) / 2
            if x - half < free or (now is not None and abs(x - now) < 16 + half):
                continue
            self.words(words, x, bottom + 6, tone["axis"], size=TICK, ha="center", va="top")
            free = x + half + (2 if self.at.panel.xticks else 6)
        if now is not None:
            self.words(
                number(self.step_x),
                now,
                bottom + 6,
                tone["text"],
                size=TICK,
                bold=True,
                ha="center",
                va="top",
            )
        name = f"{self.at.panel.xlabel} →"
        if self.beside:
            self.words(name, right + 17, bottom + 6, tone["text"], va="top")
        else:
            self.words(name, right, bottom + 23, tone["text"], ha="right", va="top")

    def plane_axes(self) -> None:
        view, tone, panel = self.view, self.at.tone, self.at.panel
        right, bottom = view.left + view.width, view.top + view.height
        halo = None if panel.field is not None and panel.field.bands else tone["casing"]
        across, up = layout.ticks_of(view)
        name = f"{panel.xlabel} →"
        free = right - _text_width(name, NAME, False) - 18
        for value, words in across:
            x, half = self.place(value, view.ylim[0])[0], _text_width(words, TICK, False) / 2
            if view.left + 26 <= x - half and x + half <= free:
                self.tick([x, x], [bottom, bottom - 5])
                self.words(
                    words, x, bottom - 8, tone["level"], size=TICK, ha="center", va="bottom", halo=halo
                )
        for value, words in up:
            y = self.place(view.xlim[0], value)[1]
            if view.top + 28 <= y <= bottom - 26:
                self.tick([view.left, view.left + 5], [y, y])
                self.words(words, view.left + 9, y, tone["level"], size=TICK, halo=halo)
        self.words(name, right - 9, bottom - 8, tone["text"], ha="right", va="bottom", halo=halo)
        self.words(f"↑ {panel.ylabel}", view.left + 9, view.top + 15, tone["text"], halo=halo)

    def tick(self, x: Sequence[float], y: Sequence[float]) -> None:
        at = self.ax.transAxes
        across = [(v - self.view.left) / self.view.width for v in x]
        up = [1 - (v - self.view.top) / self.view.height for v in y]
        self.ax.plot(across, up, color=self.at.tone["level"], linewidth=POINT, transform=at, zorder=6)

    # Names ----------------------------------------------------------------------------------------------------------------

    def tags(self) -> list[dict]:
        """What stands at the right of a plot: the name of each line, and the value of each run at the step."""
        scene, found = self.at.scene, {}
        most = max(72.0, min(150.0, 0.36 * self.area[2]))
        runs = {run.name: run for run in scene.runs}
        marks = sorted(self.at.panel.marks, key=lambda m: not s.run_name(m))
        for mark in marks:
            if not mark.label or not _is_ended(mark) or mark.label in found:
                continue
            name = s.run_name(mark)
            bold = bool(name) and name == scene.in_focus
            lines = _broken(mark.label, most, bold)
            value = (
                number(_value(runs.get(name), mark, self.at.step))
                if name and isinstance(mark, s.Line)
                else ""
            )
            value_width = _text_width(LONGEST_VALUE, NAME, False) * bool(value)
            width = max([*(_text_width(line, LABEL, bold) for line in lines), value_width])
            found[mark.label] = {"mark": mark, "lines": lines, "value": value, "bold": bold, "width": width}
        return self.fitting(list(found.values()))

    def fitting(self, tags: list[dict]) -> list[dict]:
        for tag in tags:
            tag["tall"] = 16 * (len(tag["lines"]) + bool(tag["value"]))
        space = self.area[3] - 40
        if sum(tag["tall"] for tag in tags) > space:
            for tag in tags:
                if tag["value"] and not tag["bold"]:
                    tag.update(value="", tall=tag["tall"] - 16)
        while sum(tag["tall"] for tag in tags) > space and any(not tag["bold"] for tag in tags):
            tags.remove(next(tag for tag in reversed(tags) if not tag["bold"]))
        return tags

    def end_names(self, tags: list[dict]) -> None:
        view = self.view
        right, low = view.left + view.width, view.top + view.height
        ends = []
        for tag in tags:
            mark = tag["mark"]
            x, y = (
                (right, self.place(view.xlim[0], mark.at)[1])
                if isinstance(mark, s.Rule)
                else self.end_of(mark)
            )
            ends.append((x, float(np.clip(low if np.isnan(y) else y, view.top - 4, low + 2))))
        middles = layout.apart([y for _, y in ends], [tag["tall"] for tag in tags], view.top, low)
        for tag, (x, at), y in zip(tags, ends, middles, strict=True):
            colour = self.at.colour(tag["mark"].role)
            if x < right - 4:
                self.stroke([x + 4, right], [at, at], colour, (0, (1, 4)))
            self.stroke([right + 3, right + 13], [at, y], colour, "solid")
            top = y - (tag["tall"] - 16) / 2
            for line in tag["lines"]:
                self.words(line, right + 17, top, colour, size=LABEL, bold=tag["bold"])
                top += 15
            self.words(tag["value"], right + 17, top, self.at.tone["axis"])

    def end_of(self, mark: s.Line) -> tuple[float, float]:
        x, y = np.asarray(mark.x, float), np.asarray(mark.y, float)
        lo, hi = self.at.panel.xlim
        seen = np.flatnonzero((x >= lo) & (x <= hi * (1 + 1e-9)) & ~np.isnan(y))
        return self.place(x[seen[-1]], y[seen[-1]]) if len(seen) else (self.view.left, np.nan)

    def stroke(self, x: Sequence[float], y: Sequence[float], colour: str, dash) -> None:
        across = self.figure.get_figwidth() * DPI
        self.figure.add_artist(
            Line2D(
                [v / across for v in x],
                [1 - v / self.whole for v in y],
                color=colour,
                linewidth=POINT,
                alpha=0.6,
                linestyle=dash,
            )
        )

    def keys(self) -> None:
        """Below the panel, what has no name on the picture."""
        y = self.area[1] + self.area[3] + 9
        for mark in _keyed(self.at.panel):
            across = self.figure.get_figwidth() * DPI
            x = self.area[0]
            if isinstance(mark, s.Line | s.Rule | s.Arrows):
                self.stroke([x, x + 28], [y, y], self.at.colour(mark.role), _dash(mark))
            else:
                shape = getattr(mark, "shape", None) or ROLES[mark.role].shape
                self.figure.add_artist(
                    Line2D(
                        [(x + 14) / across],
                        [1 - y / self.whole],
                        color=self.at.colour(mark.role),
                        marker=_MARKERS["square" if isinstance(mark, s.Bars | s.Span | s.Heat) else shape],
                        markersize=8 * POINT,
                    )
                )
            self.words(mark.label, x + 36, y, self.at.tone["axis"])
            y += 18


def labels_of(view: layout.View, grid: layout.Grid) -> list[tuple[float, float, float]]:
    """(x, y, level) of each level that is written on a map: off its stars, its start and its single points."""
    panel = view.panel
    spots = [
        (mark.role, view.place(float(x), float(y)))
        for mark in panel.marks
        if isinstance(mark, s.Points) and not mark.by_step and not s.run_name(mark) and np.size(mark.x) <= 12
        for x, y in zip(np.atleast_1d(mark.x), np.atleast_1d(mark.y), strict=True)
    ]
    stars = [at for role, at in spots if role == "optimum" and view.holds(*at)]
    paths = [mark for mark in panel.marks if isinstance(mark, s.Line) and mark.run]
    begins = [view.place(float(path.x[0]), float(path.y[0])) for path in paths[:1]]
    start = next((at for role, at in spots if role == "start"), next(iter(begins), None))
    avoid = [(x, y, 0.0) for _, (x, y) in spots]
    if start:
        avoid += [(*start, 0.0), (start[0], start[1] - 22, 4.0)]
    return layout.level_labels(grid, panel.field, view, next(iter(stars), None), start, avoid)


def stretched(longest: float) -> float:
    """By how much arrows are stretched: until the longest is 40 to 96 px, and never shrunk."""
    if longest >= 40:
        return 1.0
    steps = [m * 10.0**e for e in range(9) for m in (1, 1.5, 2, 3, 5, 7)]
    return max([1.0, *(m for m in steps if m * longest <= 96)])


def beads(mark: s.Line) -> bool:
    """Whether a line carries a few of its role's shapes, because its dash does not tell it apart."""
    return mark.role == "yours" or mark.dash not in (None, ROLES[mark.role].dash)


def rises(x: np.ndarray) -> bool:
    """Whether a line goes from left to right, as a function of x."""
    known = np.asarray(x, float)
    known = known[~np.isnan(known)]
    return known.size > 1 and bool((np.diff(known) >= 0).all())


def _dash(mark: s.Mark):
    dash = DASHES[getattr(mark, "dash", None) or ROLES[mark.role].dash]
    return (0, tuple(d / 1.5 for d in dash)) if dash else "solid"


def _css(colour: str) -> tuple[float, ...]:
    return to_rgba(colour)


def _is_ended(mark: s.Mark) -> bool:
    """Its name stands at its right end."""
    if isinstance(mark, s.Rule):
        return mark.axis == "y"
    return (isinstance(mark, s.Line) or _is_series(mark)) and rises(np.atleast_1d(mark.x))


def _is_series(mark: s.Mark) -> bool:
    """A point for each x."""
    return isinstance(mark, s.Points) and mark.by_step != "at" and np.size(mark.x) > 2


def _is_named(mark: s.Mark, on_map: bool) -> bool:
    """Its name stands on the picture."""
    if isinstance(mark, s.Points):
        return mark.by_step == "at" or np.size(mark.x) == 1 or (not on_map and _is_ended(mark))
    if isinstance(mark, s.Line):
        return on_map or _is_ended(mark)
    if isinstance(mark, s.Arrows):
        return mark.by_step == "at" or np.size(mark.x) == 1
    return isinstance(mark, s.Rule | s.Span) and (mark.axis == "x" or not on_map)


def _is_grip(mark: s.Mark) -> bool:
    return isinstance(mark, s.Points) and mark.role == "start" and mark.drag is not None


def _is_star(mark: s.Mark, panel: s.Panel) -> bool:
    return panel.field is not None and mark.role == "optimum" and mark.label == "minimum"


def _keyed(panel: s.Panel) -> list[s.Mark]:
    """The marks that need a key below their panel: all others are named on the picture."""
    on_map, found = layout.is_map(panel), {}
    for mark in panel.marks:
        if mark.label and not s.run_name(mark) and not _is_named(mark, on_map) and not _is_star(mark, panel):
            found.setdefault(mark.label, mark)
    return list(found.values())


def _cut(words: str, most: float, size: float, bold: bool) -> str:
    """As much of some words as the room takes: a title never runs into the next panel's."""
    if _text_width(words, size, bold) <= most:
        return words
    kept = next((n for n in range(len(words), 2, -1) if _text_width(f"{words[:n]}…", size, bold) <= most), 0)
    return f"{words[:kept].rstrip()}…" if kept else ""


def _broken(words: str, most: float, bold: bool) -> list[str]:
    lines: list[str] = []
    for word in words.split(" "):
        if lines and _text_width(f"{lines[-1]} {word}", LABEL, bold) <= most:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _value(run: s.Run | None, mark: s.Line, step: int | None) -> float:
    """The run's own number where its axis clips what is drawn."""
    y = np.asarray(mark.y, float)
    k = len(y) - 1 if step is None else min(step, len(y) - 1)
    columns = (
        [np.reshape(np.asarray(values, float), (len(values), -1)).T for values in run.quantities.values()]
        if run
        else []
    )
    known = [one for some in columns for one in some if one.shape == y.shape and abs(one[0]) == abs(y[0])]
    if not known or any(abs(one[k]) == abs(y[k]) for one in known):
        return float(y[k])
    return float(known[0][k])


def _line(at: _Picture, m: s.Line, order: float) -> None:
    part = at.at.entries(m)
    x, y = np.asarray(m.x, float), np.asarray(m.y, float)
    every = max(1, len(np.atleast_1d(x)) // 5)
    casing = (
        [Stroke(linewidth=(m.width + 3) * POINT, foreground=at.at.tone["casing"], alpha=0.7), Normal()]
        if at.is_map
        else None
    )
    at.ax.plot(
        x[part], y[part], color=at.at.colour(m.role), linestyle=_dash(m), linewidth=m.width * POINT, alpha=m.alpha,
        label=m.label or None, zorder=order, path_effects=casing,
    )  # fmt: skip
    if m.marker:
        at.beads(m, x[part], y[part], 5.0)
    elif beads(m):
        at.beads(m, x[part][every // 2 :: every], y[part][every // 2 :: every], 7.0)


def _points(at: _Picture, m: s.Points, order: float) -> None:
    part = at.at.entries(m)
    x, y = (np.atleast_1d(np.asarray(a, float))[part] for a in (m.x, m.y))
    at.stamp(x, y, m.shape or ROLES[m.role].shape, m.size, m.role, order, m.alpha, m.label)


def _arrows(at: _Picture, m: s.Arrows, order: float) -> None:
    part = at.at.entries(m)
    x, y, u, v = (np.atleast_1d(np.asarray(a, float))[part] for a in (m.x, m.y, m.u, m.v))
    if len(x) > 40:
        at.ax.quiver(
            x, y, u, v, color=at.at.colour(m.role), angles="xy", scale_units="xy", scale=1, width=1.2 / at.view.width,
            alpha=m.alpha, zorder=order,
        )  # fmt: skip
        return
    for x0, y0, du, dv in zip(x, y, u, v, strict=True):
        if np.isfinite([x0, y0, du, dv]).all() and (du or dv):
            at.arrow((x0, y0), (x0 + du, y0 + dv), m.role, m.width, order, m.alpha)


def _bars(at: _Picture, m: s.Bars, order: float) -> None:
    height = np.asarray(m.height, float)
    if m.by_step == "at":
        height = height[min(at.at.step or 0, len(height) - 1)]
    at.ax.bar(
        np.asarray(m.x, float), height - m.base, m.width, bottom=m.base, facecolor=at.at.colour(m.role), alpha=m.alpha,
        label=m.label or None, zorder=order, hatch=ROLES[m.role].hatch * 2, edgecolor=at.at.tone["background"], linewidth=0,
    )  # fmt: skip


def _span(at: _Picture, m: s.Span, order: float) -> None:
    (at.ax.axvspan if m.axis == "x" else at.ax.axhspan)(
        m.lo, m.hi, facecolor=at.at.colour(m.role), alpha=m.alpha, label=m.label or None, zorder=0.5, linewidth=0.8,
        hatch=ROLES[m.role].hatch, edgecolor=at.at.colour("limit"),
    )  # fmt: skip


def _rule(at: _Picture, m: s.Rule, order: float) -> None:
    (at.ax.axvline if m.axis == "x" else at.ax.axhline)(
        m.at, color=at.at.colour(m.role), linestyle=_dash(m), linewidth=1.6 * POINT, alpha=m.alpha, label=m.label or None,
        zorder=order,
    )  # fmt: skip


def _text(at: _Picture, m: s.Text, order: float) -> None:
    x, y = at.place(m.x, m.y)
    if at.inside(x, y):
        halo = at.at.tone["casing" if at.is_map else "background"]
        at.words(m.text, x, y - m.above - 4, at.at.colour(m.role), ha=m.align, halo=halo)


def _heat(at: _Picture, m: s.Heat, order: float) -> None:
    stops = HEATS[m.colors][at.at.theme == "dark"]
    at.ax.imshow(
        np.asarray(m.values, float), extent=m.extent, origin="lower", vmin=m.lo, vmax=m.hi, zorder=0.3, alpha=m.alpha,
        cmap=LinearSegmentedColormap.from_list(m.colors, stops), aspect="auto",
        interpolation="bilinear" if m.smooth else "nearest",
    )  # fmt: skip
    at.ax.set(xlim=at.view.xlim, ylim=at.view.ylim)


_DRAW = {
    s.Line: _line, s.Points: _points, s.Arrows: _arrows, s.Bars: _bars, s.Span: _span, s.Rule: _rule, s.Text: _text,
    s.Heat: _heat, s.Band: lambda at, mark, order: at.band(mark, focus=True),
}  # fmt: skip
