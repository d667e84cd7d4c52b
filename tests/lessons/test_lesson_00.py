"""Lesson 00: what its text states, what its explorers draw, and that its own answers earn full marks."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest

from optcourse import data, exercises, theory
from optcourse.checking.check import check_exercise
from optcourse.descent import descend
from optcourse.explorers import lesson_00 as lesson
from optcourse.explorers.sweep import sweep
from optcourse.optimizers import GradientDescent
from tests.explorers.words import plain

SOURCE = Path(__file__).parents[2] / "source" / "00_start_here.py"
EXPLORERS = (lesson.FogExplorer, lesson.DirectionsExplorer, lesson.DownhillExplorer)
MODULE = exercises.module("00")


# -- the answers ---------------------------------------------------------------------------------------------------------


# -- the numbers of the text ---------------------------------------------------------------------------------------------


def test_the_mean_cosine():
    assert np.sqrt(2 / (np.pi * 1000)) == pytest.approx(0.025, abs=5e-4)
    assert theory.expected_cosine(1000) == pytest.approx(0.025, abs=5e-4)
    assert theory.expected_cosine(2) == pytest.approx(0.64, abs=5e-3)
    random = np.random.default_rng(1).normal(size=(2000, 1000))
    measured = MODULE.mean_cosine(random, np.arange(1000.0))
    assert measured == pytest.approx(theory.expected_cosine(1000), rel=0.05)
    assert theory.expected_cosine(400) / theory.expected_cosine(1600) == pytest.approx(2, rel=1e-3)


def test_the_predictions_are_computed_and_come_out_as_the_text_says():
    answers = {prediction.id: prediction.answer() for prediction in MODULE.PREDICTIONS}
    assert answers == {"00-where-it-ends": 1, "00-half-go-down": 50, "00-thousand-dimensions": 3}


def test_the_quiz_numbers():
    loss = lambda w: (w - 3) ** 2 + 5  # noqa: E731
    assert (loss(3), loss(0), loss(8)) == (5, 14, 30)
    assert MODULE.take_step(2, -6, 0.5) == 5


def test_the_digits_are_as_many_as_the_text_says_and_the_gradient_beats_every_random_step(solved, capsys):
    solved["compare_steps"](100)
    [images, parameters, _, down, number, best, gradient, *_] = re.findall(
        r"-?\d+(?:\.\d+)?", capsys.readouterr().out
    )
    assert int(images) == len(data.load_digits()) == 1797 and int(parameters) == 650
    assert float(gradient) < 5 * float(best) < 0
    assert 35 <= int(down) <= 65 and int(number) == 100


# -- the landscapes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", lesson.LANDS)
def test_every_landscape_is_counted_from_its_deepest_point_and_can_be_walked(name):
    land = lesson.LANDS[name]
    grid = np.stack(
        np.meshgrid(np.linspace(*lesson.XLIM, 101), np.linspace(*lesson.YLIM, 101), indexing="ij")
    )
    assert land.height(grid).min() == pytest.approx(0, abs=0.05) and land.height(grid).min() > -1e-6
    heights = land.height(
        descend(land.objective, GradientDescent(land.learning_rate), lesson.START, lesson.LONGEST).w.T
    )
    assert np.all(np.diff(heights) < 0)  # its own learning rate goes down at every step
    assert heights[0] < lesson.HEIGHTS[1]


def test_downhill_misses_the_deepest_hollow_of_c_and_d_and_finds_that_of_a_and_b():
    for name, land in lesson.LANDS.items():
        end = descend(land.objective, GradientDescent(land.learning_rate), lesson.START, 300).final
        assert (land.height(end) < 0.01) == (name in "AB")


def test_in_the_valley_downhill_is_not_the_way_to_the_star():
    for name, least, most in (("A", 0, 1), ("B", 45, 90)):
        downhill = -lesson.LANDS[name].objective.gradient(np.array(lesson.START))
        there = -np.array(lesson.START)
        cosine = downhill @ there / np.linalg.norm(downhill) / np.linalg.norm(there)
        assert least <= np.degrees(np.arccos(min(cosine, 1.0))) <= most


def test_a_larger_learning_rate_helps_first_and_ruins_later_on_c():
    ends = [lesson.DownhillExplorer(learning_rate=rate).describe() for rate in (0.005, 0.02, 1.0)]
    assert "not level" in ends[0] and "not the deepest" in ends[1] and "jumps out" in ends[2]


# -- explorers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("explorer", EXPLORERS, ids=lambda e: e.__name__)
def test_the_words_change_with_every_control(explorer):
    figure = explorer()
    for control in figure.controls:
        said = [figure.frame(**{control.name: value}).says for value in control.values]
        assert len(set(said)) > 1, f"{control.name} changes no word"


WALK = (lesson.START, (-3.0, 3.0), (-1.0, 1.0), (0.0, 0.5))


@pytest.mark.parametrize("name", lesson.LANDS)
def test_the_fog_hides_everything_but_height_and_slope(name):
    """Nothing in a fogged scene depends on the landscape except heights at places walked and the slope here."""
    figure = lesson.FogExplorer(landscape=name, walk=WALK)
    scene = figure.frame()
    kinds = [type(mark).__name__ for mark in scene.panels[0].marks]
    assert kinds == ["Heat", *3 * ["Arrows"], "Line", "Points", "Points", "Arrows", "Text"]
    assert scene.panels[0].field is None
    others = [
        lesson.FogExplorer(landscape=other, walk=WALK).frame().panels[0].marks[0] for other in lesson.LANDS
    ]
    assert all(np.array_equal(scene.panels[0].marks[0].values, other.values) for other in others)
    land = lesson.LANDS[name]
    slope = land.objective.gradient(np.array(WALK[-1]))
    for before, mark in zip(WALK, scene.panels[0].marks[1:4], strict=False):  # where the walker has been
        assert (mark.x[0], mark.y[0]) == before and mark.alpha < 1
    arrow = scene.panels[0].marks[7]
    assert np.dot([arrow.u[0], arrow.v[0]], slope) == pytest.approx(
        -np.hypot(arrow.u[0], arrow.v[0]) * np.hypot(*slope)
    )
    assert f"height {land.height(np.array(WALK[-1])):.3g}" in scene.panels[0].marks[8].text
    assert land.words not in scene.says and land.words in figure.frame(lift_the_fog=True).says


def test_gradient_descent_walks_as_many_steps_as_the_learner_from_the_same_start():
    scene = lesson.FogExplorer(landscape="D", walk=WALK, lift_the_fog=True).frame()
    path = next(mark for mark in scene.panels[0].marks if mark.label == "gradient descent")
    land = lesson.LANDS["D"]
    expected = descend(land.objective, GradientDescent(land.learning_rate), WALK[0], 3).w
    np.testing.assert_array_equal(np.column_stack([path.x, path.y]), expected)
    mine, theirs = land.height(np.array(WALK[-1])), land.height(expected[-1])
    numbers = re.search(
        r"stand at height ([\d.e+-]+), and .* at height ([\d.e+-]+)\. (.*) lower", plain(scene.says)
    )
    assert float(numbers[1]) == pytest.approx(mine, rel=0.01)
    assert float(numbers[2]) == pytest.approx(theirs, rel=0.01)
    assert numbers[3] == ("You are" if mine < theirs else "Gradient descent is")


def test_the_words_about_a_walk():
    says = lesson.FogExplorer(walk=(lesson.START, (0.0, 0.0))).describe()
    assert "Step 1 of 12 took you down by 11.3, to height 0." in says and "level" in says
    assert "took you up" in lesson.FogExplorer(walk=(lesson.START, (-6.0, 6.0))).describe()
    assert "not taken a step" in lesson.FogExplorer(lift_the_fog=True).describe()
    assert "a draw" in lesson.compared(1.0, 1.001, 1, 0.1) and "1 step you" in lesson.compared(
        1.0, 2.0, 1, 0.1
    )


def right(w, dw, learning_rate):
    return w - learning_rate * dw


def wrong(w, dw, learning_rate):
    raise RuntimeError("boom")


def blank(w, dw, learning_rate): ...


def test_your_code_in_the_picture():
    def roles(function):
        scene = lesson.DownhillExplorer(yours=function).frame()
        return {mark.role for panel in scene.panels for mark in panel.marks}, scene.notice

    assert "yours" in roles(right)[0] and not roles(right)[1]
    assert "boom" in roles(wrong)[1] and "yours" not in roles(wrong)[0]
    assert roles(blank) == roles(None)


def test_your_path_is_the_reference_path_when_the_step_is_right():
    scene = lesson.DownhillExplorer(yours=right).frame()
    paths = {mark.label: mark for mark in scene.panels[0].marks if type(mark).__name__ == "Line"}
    np.testing.assert_allclose(paths["your take_step"].x, paths["gradient descent"].x)
    np.testing.assert_allclose(paths["your take_step"].y, paths["gradient descent"].y)


@pytest.mark.parametrize("dimension", lesson.DIMENSIONS)
def test_directions_are_100_of_length_one_and_agree_with_theory(dimension):
    along, aside = lesson.directions(dimension, 0)
    assert len(along) == 100
    np.testing.assert_allclose(np.hypot(along, aside), 1)
    sizes = [np.abs(lesson.directions(dimension, seed)[0]).mean() for seed in range(10)]
    assert np.mean(sizes) == pytest.approx(theory.expected_cosine(dimension), rel=0.08)
