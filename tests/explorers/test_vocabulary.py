"""The words that figures are written in: an axis that keeps marks drawable, runs in one batch, a learner's run."""

import textwrap
from pathlib import Path

import numpy as np
import pytest

from optcourse.descent import descend
from optcourse.explorers import digits, parts
from optcourse.explorers.axes import axis, log_axis, panel
from optcourse.explorers.controls import Toggle, integers, linear
from optcourse.explorers.parts import say
from optcourse.explorers.runs import RunExplorer, Stacked, first_steps
from optcourse.explorers.sweep import sweep
from optcourse.figures import Bars, Line, Panel, Points, Rule, Scene, Text
from optcourse.figures import scene as scene_module
from optcourse.figures.scene import run_name
from optcourse.objectives import lecture_bowl, parabola
from optcourse.optimizers import GradientDescent, Momentum


def test_an_axis_is_one_line_of_a_panel():
    ticks = [(1.0, "one")]
    made = panel(axis("step", 0, 9), log_axis("loss", 1e-3, 1.0, ticks=ticks), [], "falls", weight=2.0)
    assert made == Panel(
        "step", "loss", (0, 9), (1e-3, 1.0), [], "falls", yscale="log", yticks=ticks, weight=2.0
    )


def test_a_panel_clips_to_what_its_axes_keep_and_leaves_gaps_and_words_alone():
    loss = log_axis("loss", 1e-3, 1.0, keep=(1e-6, 1e3))
    line = Line([0.0, 1e9, 2.0, 3.0], [0.0, np.inf, np.nan, 0.5])
    words = Text(1.0, 1e9, "far")
    marks = [line, Bars([0.0], [1e9]), Rule("y", 0.0), Rule("x", 1e9), words]
    clipped = panel(axis("step", 0, 3), loss, marks).marks
    np.testing.assert_array_equal(clipped[0].y, [1e-6, 1e3, np.nan, 0.5])
    np.testing.assert_array_equal(clipped[0].x, line.x)
    assert (
        clipped[1].height == [1e3] and clipped[2].at == 1e-6 and clipped[3].at == 1e9 and clipped[4] is words
    )
    np.testing.assert_array_equal(line.y, [0.0, np.inf, np.nan, 0.5])  # the figure's own numbers stay


@pytest.mark.parametrize("ends", [log_axis("loss", 1e-3, 1e3), axis("w", -2.0, 2.0)])
def test_a_handle_stays_inside(ends):
    assert ends.inside(1.5) == 1.5
    assert ends.lo < ends.inside(-np.inf) < ends.inside(np.inf) < ends.hi


class Batched(RunExplorer):
    """Runs of different lengths, of two kinds that cannot share a batch."""

    controls = (linear("learning_rate", 0.1, 1.0, 0.1), integers("num_steps", 1, 9, 5), Toggle("double"))
    apart = ("double",)

    def runs(self, all_of):
        self.batches = [*getattr(self, "batches", ()), list(all_of.double)]
        rates = all_of.learning_rate * (2 if all_of.double[0] else 1)
        run = descend(parabola(), GradientDescent(rates), 1.0, int(max(all_of.num_steps)))
        return run, run.w * 2

    def picture(self, at, run, doubled):
        rate = at.learning_rate * (2 if at.double else 1)
        assert (
            run.num_steps == at.num_steps and len(run.w) == len(run.loss) == len(run.dw) == at.num_steps + 1
        )
        np.testing.assert_allclose(run.final, (1 - rate) ** at.num_steps, atol=1e-12)
        np.testing.assert_array_equal(doubled[: len(run.w)], 2 * run.w)
        return Scene([panel(axis("w", 0, 1), axis("loss", 0, 1), [])], says=repr(sorted(vars(at).items())))


def test_settings_run_in_one_batch_for_each_kind_and_come_back_in_order():
    explorer = Batched()
    explorer.batches = []
    settings = [{"learning_rate": 0.1 * (k + 1), "num_steps": 1 + k, "double": bool(k % 2)} for k in range(6)]
    scenes = explorer.scenes(settings)
    assert explorer.batches == [[False] * 3, [True] * 3]
    assert [scene.says for scene in scenes] == [repr(sorted(s.items())) for s in settings]


def test_the_first_steps_of_a_run_are_the_shorter_run():
    long, short = (descend(lecture_bowl(), GradientDescent(0.1), (1.0, 2.0), n) for n in (9, 4))
    cut = first_steps(long, 4)
    for name in ("w", "loss", "dw", "final", "num_steps"):
        np.testing.assert_array_equal(getattr(cut, name), getattr(short, name))


def test_settings_lie_side_by_side():
    all_of = Stacked([{"start": (1.0, 2.0)}, {"start": (3.0, 4.0)}])
    np.testing.assert_array_equal(all_of.start, [[1.0, 2.0], [3.0, 4.0]])
    assert len(all_of) == 2


def walk(compute_gradient, w, learning_rate):
    for _ in range(3):
        w = w - learning_rate * compute_gradient(w)
    return w


def test_a_learners_run_is_its_path_its_losses_and_one_sentence():
    bowl = lecture_bowl()
    own = parts.learners_run(walk, bowl, (1.0, 2.0), "mine", learning_rate=0.1)
    ((losses, label, role),) = own.losses(above=1.0)
    assert (label, role, own.notice, len(own.path)) == ("mine", "yours", "", 2)
    trace = descend(bowl, GradientDescent(0.1), (1.0, 2.0), 3)
    np.testing.assert_allclose(losses, trace.loss - 1.0)
    assert own.line()[0].label == "mine"


def blank(compute_gradient, w, learning_rate): ...


@pytest.mark.parametrize("yours", [None, ..., blank])
def test_nothing_is_drawn_while_there_is_no_code(yours):
    own = parts.learners_run(yours, lecture_bowl(), (1.0, 2.0), learning_rate=0.1)
    assert (own.path, own.losses(), own.line(), own.notice) == ((), [], [], "")


def test_what_a_learners_code_does_wrong_is_a_sentence():
    def wrong(compute_gradient, w, learning_rate):
        raise ValueError("mine")

    own = parts.learners_run(wrong, lecture_bowl(), (1.0, 2.0), learning_rate=0.1)
    assert "mine" in own.notice and own.losses() == []


def test_a_run_on_the_digits_that_went_away_is_drawn_far_up():
    def away(compute_gradient, w, learning_rate):
        return w * np.nan

    model, _ = digits.softmax()
    start = np.zeros(model.num_parameters)
    own = digits.learners_run(away, model, start, model, learning_rate=0.1)
    assert own.loss.tolist() == [digits.FAR] and own.path == ()


def test_the_example_at_the_head_of_scene_is_a_whole_figure():
    head = scene_module.__doc__
    example = head[head.index("    bowl = ") : head.index("- The landscape")]
    names = {
        "parts": parts,
        "descend": descend,
        "lecture_bowl": lecture_bowl,
        "Momentum": Momentum,
        "Scene": Scene,
    }
    exec(textwrap.dedent(example).replace("\nScene(", "\nscene = Scene("), names)
    scene = names["scene"]
    (run,) = scene.runs
    assert scene.problems() == [] and scene.in_focus == run.name == "momentum"
    assert list(run.quantities) == ["w", "loss", "gradient", "velocity"]
    assert scene.panels[0].field is not None and all(mark.run for mark in scene.panels[1].marks)


def test_lines_called_like_a_run_and_the_points_on_them_belong_to_it():
    run = descend(lecture_bowl(), GradientDescent(0.1), (1.0, 2.0), 4)
    line, here = Line(*run.w.T, label="descent", role="second"), Points(*run.w.T, role="second", by_step="at")
    other = Line([0, 1], [0, 1], role="second", label="theory")
    over_rates = Line([0.1, 1.0], [3.0, 4.0], role="third", label="descent")
    scene = Scene(
        [
            panel(axis("x", 0, 1), axis("y", 0, 1), [line, here, other, over_rates]),
            parts.loss_panel([(run.loss, "descent", "second")], 4),
        ],
        says="One run.",
        num_steps=4,
    )
    assert [run_name(mark) for mark in scene.panels[0].marks] == ["descent", "descent", "", ""]
    assert scene.problems() == [] and line.run == ""  # the figure's own marks stay
    scene.panels[0].marks[0].run = "nobody"
    assert any("'nobody'" in problem for problem in scene.problems())


def test_the_example_in_the_design_page_is_a_figure_whose_every_control_moves():
    page = (Path(__file__).parents[2] / "docs" / "design.md").read_text(encoding="utf-8")
    example = page[page.index("    class ParabolaExplorer") : page.index("`runs` computes all")]
    names = dict(globals()) | {"say": say}
    exec(textwrap.dedent(example), names)
    explorer = names["ParabolaExplorer"]()
    assert explorer.describe() == "With learning rate 0.1 w ends at 9.14·10⁻⁵."
    assert sweep(explorer, np.random.default_rng(0)) > 10
