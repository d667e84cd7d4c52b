"""Scenes as data: what is refused, and what travels to the browser."""

from dataclasses import replace

import numpy as np
import pytest

from optcourse.figures.encode import encode
from optcourse.figures.render import draw, png
from optcourse.figures.scene import Line, Narration, Panel, Points, Scene
from tests.explorers.examples import EveryMark


def scene_of(*marks, says="A picture.", num_steps=None, **panel):
    limits = {"xlim": (0, 1), "ylim": (0, 1), **panel}
    return Scene([Panel("x", "y", marks=marks, **limits)], says=says, num_steps=num_steps)


@pytest.mark.parametrize(
    ("scene", "words"),
    [
        (scene_of(says=" "), "does not say"),
        (scene_of(xlim=(1, 1)), "limits"),
        (scene_of(ylim=(0, np.nan)), "limits"),
        (scene_of(yscale="log"), "logarithmic"),
        (scene_of(Line([0, 1], [0, 1, 2])), "different lengths"),
        (scene_of(Line([0, 1], [0, 1], role="pink")), "unknown role"),
        (scene_of(Line([0, 1], [0, 1], dash="wavy")), "unknown dash"),
        (scene_of(Points([0], [0], shape="heart")), "unknown shape"),
        (scene_of(Line([0, 1], [0, 1], by_step="upto")), "no num_steps"),
        (replace(scene_of(), pin=("ends at", np.inf)), "'ends at', is no finite number: inf"),
    ],
)
def test_an_unreadable_scene_is_named(scene, words):
    assert any(words in problem for problem in scene.problems()), scene.problems()


def test_a_readable_scene_has_no_problems():
    assert EveryMark().frame().problems() == []


def test_equal_arrays_marks_and_panels_travel_once():
    x = np.linspace(0, 1, 1000)
    still = Line(x, x)
    scenes = [scene_of(still, Line(x, x * k, role="second")) for k in range(5)]
    meta, data = encode(scenes)
    assert len(data) == 5 * 4000 + 4000 - 4000  # x, four other slopes; x * 1 is x
    assert len(meta["panels"]) == 1 and len(meta["frames"]) == 5 and len(meta["marks"]) == 6


def decode_arrays(meta: dict, data: bytes) -> list[np.ndarray]:
    """The arrays of a payload, as the browser reads them."""
    return [
        np.frombuffer(data, dtype="<" + dtype, count=int(np.prod(shape)), offset=offset).reshape(shape)
        for offset, dtype, shape in meta["arrays"]
    ]


def test_numbers_arrive_as_float32_and_extreme_ones_as_float64():
    """A float32 travels with 16 of its 24 digits: the last byte is nothing, and half of what is sent is saved."""
    x = np.array([0.1, 0.2, np.nan, np.inf, -np.inf, 0.0, -1e38, 65_535.0, 3.0])
    meta, data = encode([scene_of(Line(x, x), Line([1e-200, 1e-100, 1.0, *x[3:]], x))])
    arrays = decode_arrays(meta, data)
    np.testing.assert_allclose(arrays[0], x, rtol=2**-16)
    np.testing.assert_array_equal(arrays[0][2:6], x[2:6])
    np.testing.assert_array_equal(arrays[0][-2:], x[-2:])
    assert not (arrays[0].view(np.uint32) & 0xFF).any()
    np.testing.assert_array_equal(arrays[1], [1e-200, 1e-100, 1.0, *x[3:]])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_matplotlib_draws_every_mark(theme):
    figure = draw(EveryMark().frame(), step=7, theme=theme)
    assert [ax.get_xlabel() for ax in figure.axes] == ["x", "n"]
    assert len(png(EveryMark().frame(), theme=theme)) > 10_000


def test_narration_fills_in_the_numbers_of_the_step():
    narration = Narration("step {t}: {0:.3g} and {1:d}", [[0.12345, 3], [1e-9, 4]], last="done")
    assert narration.at(0) == "step 0: 0.123 and 3"
    assert narration.at(1) == "step 1: 1.0·10⁻⁹ and 4"
    assert narration.at(2) == "done"
