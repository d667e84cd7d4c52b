"""Browser and matplotlib draw the same picture of a scene: bands, levels and their labels, ticks, names at ends of lines."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.patches import FancyArrowPatch
from PIL import Image

from optcourse.descent import descend
from optcourse.explorers import parts
from optcourse.explorers.page import write_page
from optcourse.figures import Arrows, Band, Bars, Field, Line, Panel, Points, Run, Scene, layout, render
from optcourse.figures.field import band_colours, sample
from optcourse.figures.palette import RAMP
from optcourse.objectives import build, quadratic
from optcourse.optimizers import GradientDescent, Momentum
from tests.explorers.examples import _OneSlider

pytestmark = pytest.mark.browser
STAGE = "document.querySelector('.oc-explorer').parentElement.stage"
WINDOW = ((-4.0, 4.0), (-3.0, 3.0))
LANDS = {
    "valley": (quadratic(20.0, 0.4, 4.0), (-3.0, 1.4)),
    "himmelblau": (build(("himmelblau", {})), (-1.0, 2.5)),
    "saddle": (build(("saddle", {})), (1.5, 0.5)),
}


class Valley(_OneSlider):
    """Two runs in a landscape, with the arrows of the next step."""

    land, rate = "valley", 0.05

    def scene(self, amplitude) -> Scene:
        ground, start = LANDS[self.land]
        optimizers = {"momentum": Momentum(self.rate, 0.8), "gradient descent": GradientDescent(self.rate)}
        runs = {name: descend(ground, how, start, 30) for name, how in optimizers.items()}
        roles = {"momentum": "momentum", "gradient descent": "descent"}
        marks = [mark for name, run in runs.items() for mark in parts.run_marks(run, name, role=roles[name])]
        stars = parts.minimum_marks(ground) if ground.minima else []
        w, velocity = runs["momentum"].w.T, runs["momentum"].state["velocity"].T
        for part, role in (
            (-self.rate * 0.8 * velocity, "velocity"),
            (-self.rate * runs["momentum"].dw.T, "gradient"),
        ):
            marks.append(Arrows(*w, *part, role=role, label=role, by_step="at", run="momentum"))
        return Scene(
            [
                parts.plane_panel(ground, [*stars, *marks], "from above", window=WINDOW),
                parts.loss_panel([(run.loss, name, roles[name]) for name, run in runs.items()], 30),
            ],
            says="Two runs.",
            num_steps=30,
            focus="momentum",
        )  # fmt: skip


@pytest.fixture
def shown(page, tmp_path):
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))

    def show(explorer, **size):
        if size:
            page.set_viewport_size(size)
        page.goto(write_page(explorer, tmp_path / "page.html").as_uri())
        page.wait_for_function(f"{STAGE}?.panels.every((panel) => panel.view)")
        return page

    yield show
    assert errors == []


def seen(page, words: str):
    return json.loads(
        page.evaluate(f"JSON.stringify((() => {{ const stage = {STAGE}; return {words}; }})())")
    )


def view_in(page, scene: Scene, panel: int = 0) -> layout.View:
    box = seen(page, f"stage.panels[{panel}].view.box")
    return layout.view_of(scene.panels[panel], box["left"], box["top"], box["width"], box["height"])


@pytest.mark.parametrize("land", LANDS)
def test_levels_are_labelled_at_the_same_places(shown, land):
    explorer = type("Here", (Valley,), {"land": land})()
    page, scene = shown(explorer), explorer.frame()
    view = view_in(page, scene)
    assert seen(page, "stage.panels[0].view.xlim") == pytest.approx(view.xlim)
    theirs = [(label["x"], label["y"], label["level"]) for label in seen(page, "stage.panels[0].labels")]
    ours = render.labels_of(view, layout.grid_of(scene.panels[0].field, view))
    assert len(ours) >= 2 and [level for *_, level in theirs] == [level for *_, level in ours]
    np.testing.assert_allclose(theirs, ours, atol=0.01)
    for (x, y, level), (x1, y1, _) in zip(ours, ours[1:] + ours[:1], strict=True):
        at = sample(scene.panels[0].field, view.x(np.array([x])), view.y(np.array([y])))[0, 0]
        near = [
            sample(scene.panels[0].field, view.x(np.array([x + dx])), view.y(np.array([y + dy])))[0, 0]
            for dx in (-4, 4)
            for dy in (-4, 4)
        ]
        assert min(near) <= level <= max(near), (level, at)
        assert np.hypot(x - x1, y - y1) >= 24


def colours_in(picture: np.ndarray, view: layout.View, box: tuple[float, float, float, float]) -> np.ndarray:
    """What is seen at 30 by 30 places of a picture whose map stands at `box`."""
    left, top, width, height = box
    rows = (top + height * PLACES).astype(int)
    columns = (left + width * PLACES).astype(int)
    return picture[np.ix_(rows, columns)]


PLACES = np.linspace(0.08, 0.88, 30)


def right_share(picture, view, box, field: Field, theme: str) -> float:
    """The part of those places that has the colour of the band of the loss there."""
    x = view.xlim[0] + PLACES * (view.xlim[1] - view.xlim[0])
    y = view.ylim[1] - PLACES * (view.ylim[1] - view.ylim[0])
    bands = np.searchsorted(field.levels, sample(field, x, y))
    colours = [[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in band_colours(field, RAMP[theme])]
    wanted = np.array(colours)[bands]
    return float((np.abs(colours_in(picture, view, box) - wanted).max(axis=-1) <= 3).mean())


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_colour_is_the_same_loss_in_both_pictures(shown, theme):
    explorer = Valley()
    scene = explorer.frame()
    bare = replace(scene.panels[0], marks=[])
    explorer.scene = lambda amplitude: Scene([bare], says="A valley.")
    page = shown(explorer)
    page.emulate_media(color_scheme=theme)
    page.wait_for_selector(".oc-dark" if theme == "dark" else ".oc-explorer:not(.oc-dark)", state="attached")
    view = view_in(page, Scene([bare], says="A valley."))
    live = np.asarray(Image.open(io.BytesIO(page.locator(".oc-picture").screenshot())).convert("RGB")).astype(
        int
    )
    assert right_share(live, view, (view.left, view.top, view.width, view.height), bare.field, theme) > 0.9
    figure = render.draw(Scene([bare], says="A valley."), theme=theme)
    figure.canvas.draw()
    still = np.asarray(figure.canvas.buffer_rgba())[..., :3].astype(int)
    area = figure.axes[0].get_window_extent()
    box = (area.x0, still.shape[0] - area.y1, area.width, area.height)
    seen_there = layout.view_of(bare, *box)
    assert right_share(still, seen_there, box, bare.field, theme) > 0.9
    # The check bites: half a unit of loss more is another picture.
    wrong = replace(bare.field, values=np.asarray(bare.field.values) + 0.5)
    assert right_share(still, seen_there, box, wrong, theme) < 0.9


def test_ticks_and_names_at_the_ends_of_lines_are_the_same(shown):
    explorer = Valley()
    page, scene = shown(explorer), explorer.frame()
    page.evaluate(f"{STAGE}.go(9)")
    theirs = [(tag["lines"], tag["value"]) for tag in seen(page, "stage.panels[1].tags")]
    figure = render.draw(scene, step=9)
    words = [text.get_text() for text in figure.texts]
    for lines, value in theirs:
        assert value in words and all(line in words for line in lines), (lines, value, words)
    assert {" ".join(lines) for lines, _ in theirs} == {"momentum", "gradient descent"}
    assert "step →" in words and "9" in words and "w[0] →" in words and "↑ w[1]" in words
    tags = sorted((tag["y"], tag["tall"]) for tag in seen(page, "stage.panels[1].tags"))
    assert all(b[0] - a[0] >= (a[1] + b[1]) / 2 - 1e-6 for a, b in zip(tags, tags[1:], strict=False))
    assert any(text.startswith("arrows × ") for text in words)


@pytest.mark.parametrize("size", [(1300, 900), (620, 800), (375, 667)])
def test_two_levels_are_labelled_at_any_size_and_zoom(shown, size):
    for land in LANDS:
        page = shown(type("Here", (Valley,), {"land": land})(), width=size[0], height=size[1])
        few = seen(page, """[1, 2, 5, 12, 40].flatMap((k) => [[-1, 0.5], [0, 0], [2, 1.2], [3, -2]].map(([cx, cy]) => {
            stage.ui.zoom[0] = { k, cx, cy };
            stage.draw();
            const { labels, view } = stage.panels[0], [x0, y0] = [view.box.left, view.box.top];
            const [x1, y1] = [x0 + view.box.width, y0 + view.box.height];
            const out = labels.filter((p) => p.x < x0 + 14 || p.y < y0 + 10 || p.x > x1 - 14 || p.y > y1 - 24);
            return [k, cx, cy, labels.length, out.length];
        })).filter(([, , , count, out]) => count < 2 || out)""")  # fmt: skip
        assert few == [], land


def test_the_labels_do_not_hop_while_a_run_is_stepped_through(shown):
    page = shown(Valley())
    at = "stage.panels[0].labels.map((label) => [label.x, label.y])"
    before = seen(page, at)
    for step in (0, 7, 30):
        page.evaluate(f"{STAGE}.go({step})")
        assert seen(page, at) == before


def test_a_run_off_the_map_is_never_without_words(shown):
    """The arrow at the edge and its sentence are painted in the colour of limits, which nothing else here has."""
    page = shown(type("Away", (Valley,), {"rate": 0.9})())
    page.evaluate(f"{STAGE}.go(12)")
    live = np.asarray(
        Image.open(io.BytesIO(page.locator(".oc-picture").first.screenshot())).convert("RGB")
    ).astype(int)
    assert (np.abs(live - [0x8A, 0x1C, 0x1C]).max(axis=-1) < 12).sum() > 100


@pytest.mark.parametrize("longest", np.geomspace(1e-6, 39.9, 60))
def test_arrows_are_stretched_until_they_are_well_seen(longest):
    assert 40 <= render.stretched(longest) * longest <= 96
    assert render.stretched(40.0) == render.stretched(500.0) == 1


class Scatter(_OneSlider):
    """Two runs of ten steps and how widely each scatters; the first is in focus."""

    def scene(self, amplitude) -> Scene:
        t = np.arange(11.0)
        runs = [
            (Run(role, role, {"loss": np.full(11, low)}), low) for role, low in (("momentum", 2), ("adam", 6))
        ]
        bands = [Band(t, np.full(11, low), np.full(11, low + 2), role=run.role, run=run) for run, low in runs]
        axes = ("step", "loss", (0.0, 10.0), (0.0, 10.0))
        return Scene([Panel(*axes, bands)], says="Two bands.", num_steps=10, focus="momentum")


def test_a_band_is_shaded_alike_and_paler_where_its_run_is_not_in_focus(shown):
    page, scene = shown(Scatter()), Scatter().frame()
    painted = seen(page, """[3, 5, 7].map((y) => {
        const { view: { X, Y }, picture } = stage.panels[0], { ratio } = stage.painter;
        return [...picture.getContext("2d").getImageData(X(5.2) * ratio, Y(y) * ratio, 1, 1).data];
    })""")  # fmt: skip
    assert [pixel[3] for pixel in painted] == pytest.approx([0.28 * 255, 0, 0.12 * 255], abs=2)
    figure = render.draw(scene, step=3)
    figure.canvas.draw()
    still = np.asarray(figure.canvas.buffer_rgba())[..., :3].astype(int)
    for y, (*colour, alpha) in zip((3, 5, 7), painted, strict=True):
        column, row = figure.axes[0].transData.transform((5.2, y))
        wanted = alpha / 255 * np.array(colour) + (1 - alpha / 255) * 255
        assert still[round(still.shape[0] - row), round(column)] == pytest.approx(wanted, abs=6), y


@pytest.mark.parametrize("apart", [False, True])
def test_arrows_are_drawn_tip_to_tail_unless_each_stands_alone(shown, apart):
    class Two(Valley):
        def scene(self, amplitude) -> Scene:
            made = super().scene(amplitude)
            arrows = [m for m in made.panels[0].marks if isinstance(m, Arrows)]
            for one in arrows:
                one.apart = apart
            return made

    page, scene = shown(Two()), Two().frame()
    tails = seen(page, """(() => {
        const arrows = [], { painter } = stage, real = painter.arrow;
        painter.arrow = (context, ...how) => { arrows.push(how.slice(0, 2)); real.call(painter, context, ...how); };
        stage.go(4);
        delete painter.arrow;
        return arrows;
    })()""")  # fmt: skip
    (first, tip), (second, _) = tails
    assert second == pytest.approx(first if apart else tip)
    figure = render.draw(scene, step=4)
    drawn = [patch._posA_posB for patch in figure.axes[0].patches if isinstance(patch, FancyArrowPatch)]
    assert np.allclose(drawn[2][0], drawn[0][0] if apart else drawn[0][1])


def test_what_is_one_thing_is_named_on_the_picture_and_only_the_rest_has_a_key(shown):
    """A line and a single arrow on a map, a point for each x on a plot; a heap of points has a key below in both."""
    x, y = np.array([1.0, 2.0, 3.0]), np.array([2.0, 1.0, 3.0])
    on_map = [
        Line([-9, 9], [-1, 1], role="second", label="flat axis"),
        Arrows([-1.0], [1.0], [1.0], [0.5], role="gradient", label="downhill"),
        Points(y - 2, x - 2, role="neutral", label="a heap"),
    ]
    on_plot = [Points(x, y, role="path", label="measured"), Points(y, x, role="neutral", label="scattered")]
    scene = Scene(
        [
            parts.plane_panel(LANDS["valley"][0], on_map, "from above", window=WINDOW),
            Panel("x", "y", (0.0, 4.0), (0.0, 4.0), on_plot, "plot"),
        ],
        says="Names.",
    )
    explorer = Valley()
    explorer.scene = lambda amplitude: scene
    page = shown(explorer)
    keys = seen(
        page, "stage.frame.panels.map((panel) => stage.painter.legend(panel).map((mark) => mark.label))"
    )
    assert keys == [["a heap"], ["scattered"]]
    assert [tag["lines"] for tag in seen(page, "stage.panels[1].tags")] == [["measured"]]
    named = seen(page, """(() => {
        const said = [], words = stage.painter.words;
        stage.painter.words = function (context, text, ...more) {
            said.push(text);
            return words.call(this, context, text, ...more);
        };
        stage.draw();
        stage.painter.words = words;
        return said;
    })()""")  # fmt: skip
    still = [text.get_text() for text in render.draw(scene).texts]
    for words in ("flat axis", "downhill", "measured"):
        assert words in named and still.count(words) == 1, words
    assert "a heap" not in named and {"a heap", "scattered"} <= set(still)


class Twins(_OneSlider):
    """One run with two lines that begin alike, and with bars at each step."""

    def scene(self, amplitude) -> Scene:
        t = np.arange(11.0)
        moves = np.column_stack([1 - t / 10, 1 - t / 20])
        run = Run("Adam", "adam", {"moves": moves})
        lines = [
            Line(t, column, role="adam", label=name, run=run)
            for name, column in zip("ab", moves.T, strict=True)
        ]
        bars = [Bars([0.0], moves[:, 1:], role="adam", by_step="at", run=run)]
        return Scene(
            [
                Panel("step", "move", (0.0, 10.0), (0.0, 1.0), lines),
                Panel("entry", "move", (-1.0, 1.0), (0.0, 1.0), bars),
            ],
            says="Two lines.",
            num_steps=10,
        )


def test_each_line_of_a_run_says_its_own_value_and_its_bars_are_drawn(shown):
    page, scene = shown(Twins()), Twins().frame()
    page.evaluate(f"{STAGE}.go(5)")
    assert sorted((tag["lines"], tag["value"]) for tag in seen(page, "stage.panels[0].tags")) == [
        (["a"], "0.5"),
        (["b"], "0.75"),
    ]
    figure = render.draw(scene, step=5)
    assert {"0.5", "0.75"} <= {text.get_text() for text in figure.texts}
    painted = seen(page, """[0.7, 0.8].map((height) => {
        const { view: { X, Y }, picture } = stage.panels[1], { ratio } = stage.painter;
        return picture.getContext("2d").getImageData(X(0.1) * ratio, Y(height) * ratio, 1, 1).data[3];
    })""")  # fmt: skip
    assert painted == [255, 0]
    assert [bar.get_height() for bar in figure.axes[1].patches] == pytest.approx([0.75])
