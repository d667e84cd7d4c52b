"""Lesson 12: what its text states, what its explorers draw, and what its learners' code does there."""

from pathlib import Path

import numpy as np
import pytest

from optcourse import autodiff, curvature
from optcourse.autodiff import Dual, Var, written
from optcourse.data import load_digits
from optcourse.exercises import lesson_12 as exercises
from optcourse.explorers import lesson_12 as lesson
from optcourse.figures import Arrows, Text
from optcourse.models import SoftmaxRegression, TwoLayerNetwork
from optcourse.objectives import himmelblau
from tests.explorers.words import plain

SOURCE = Path(__file__).parents[2] / "source" / "12_automatic_differentiation.py"
SEEDS = pytest.mark.parametrize("seed", range(10))


# -- the facts of the text; tests/core/test_autodiff.py has those of the tape ------------------------------------


def test_pairs_and_the_complex_step_are_exact(solved):
    pairs, steps, formula = solved["slopes_of_exp_sin"]()
    assert len(pairs) == 61 and np.abs(pairs - formula).max() < 4e-16 and np.abs(steps - formula).max() < 4e-16
    x = Dual(3.0, 1.0)
    assert x * x + x == Dual(12.0, 7.0)
    assert abs(Dual(-2.0, 1.0)).slope == -1 and exercises.imaginary_part_of_the_size() == 0


def test_nested_pairs_give_two(solved):
    assert solved["slope"](lambda x: x * solved["slope"](lambda y: x + y, 1.0), 1.0) == 2


def test_an_if_can_hide_a_slope():
    def same(x):
        return Dual(0.0) if x.value == 0 else x

    assert same(Dual(2.0, 1.0)).slope == 1 and same(Dual(0.0, 1.0)).slope == 0


def counted_runs(num_inputs: int) -> tuple[int, np.ndarray]:
    """The gradient of a sum of squares by pairs, and how often the program ran."""
    runs, w, found = 0, np.arange(1.0, num_inputs + 1), []
    for k in range(num_inputs):
        runs += 1
        total = Dual(0.0)
        for i, value in enumerate(w):
            entry = Dual(value, float(i == k))
            total = total + entry * entry
        found.append(total.slope)
    return runs, np.array(found)


def test_passes_are_those_that_the_modes_take():
    runs, slopes = counted_runs(7)
    assert runs == autodiff.passes(7)["forward"]
    w = Var(np.arange(1.0, 8))
    autodiff.backward((w * w).sum())
    assert autodiff.passes(7)["reverse"] == 1 and np.array_equal(w.grad, slopes)
    assert autodiff.passes(1210) == {"central differences": 2420, "forward": 1210, "reverse": 1}
    assert exercises.which_passes() == 3 and autodiff.passes(10, 1000)["forward"] < autodiff.passes(10, 1000)["reverse"]


def test_the_tape_of_the_text_is_what_the_course_writes(solved):
    x = Var(3.0)
    taped = written(x * x + x)
    by_text, by_course = (solved["backward"](tape) for tape in (solved["tape"], taped))
    assert [float(v) for v, _ in solved["tape"]] == [float(v) for v, _ in taped]
    assert [float(g) for g in by_text] == [float(g) for g in by_course] == [7.0, 1.0, 1.0]


def test_pulls_of_twenty_doublings():
    tape, calls = exercises.doublings(20), 0
    for _, made_of in tape:
        calls += len(made_of)
    assert calls == 40 and exercises.which_pulls() == 1
    paths = [1]
    for _ in range(20):
        paths.append(2 * paths[-1])
    assert sum(paths[1:]) == 2_097_150


@SEEDS
def test_the_tape_against_the_gradients_by_hand(solved, seed):
    """Less than 1e-15 of the largest entry, on 200 digits; with the learner's own two functions."""
    some, rng = load_digits()[:200], np.random.default_rng(seed)
    softmax, network = SoftmaxRegression(some.X, some.y, regularization=1e-3), TwoLayerNetwork(some.X, some.y, 16, regularization=1e-3)
    assert (softmax.num_parameters, network.num_parameters) == (650, 1210)
    for name, model in zip(lesson.MODELS, (softmax, network), strict=True):
        w = model.initial(rng)
        found, loss = lesson.tape_gradient(name, w, model, some, solved["backward"], solved["unbroadcast"])
        by_hand = model.gradient(w)
        assert np.abs(found - by_hand).max() < 1e-15 * np.abs(by_hand).max()
        assert loss == pytest.approx(model.value(w), rel=1e-12)


def test_a_thousand_digits_and_twenty_steps(solved):
    """S of the curriculum: the course's weights to 1e-12."""
    some = load_digits()[np.random.default_rng(0).permutation(1797)[:1000]]
    model = SoftmaxRegression(some.X, some.y, regularization=1e-3)
    w = by_hand = np.zeros(650)
    for _ in range(20):
        w = w - 0.5 * lesson.tape_gradient(lesson.MODELS[0], w, model, some, solved["backward"], solved["unbroadcast"])[0]
        by_hand = by_hand - 0.5 * model.gradient(by_hand)
    assert np.abs(w - by_hand).max() < 1e-12 and model.value(w) < 1.2


@pytest.mark.parametrize("way", lesson.MODELS)
def test_twenty_steps_in_the_picture(solved, way):
    shown = lesson.TrainingExplorer(model=way, yours=solved["backward"], your_unbroadcast=solved["unbroadcast"]).frame()
    assert not shown.notice and shown.pin[1] < 1e-12
    own = next(m for m in shown.panels[1].marks if m.label == "your code")
    assert np.max(own.y) < 1e-12


def test_a_mean_is_divided_already():
    """The quiz: the gradient by a bias is the sum over the rows, and not their mean."""
    some = load_digits()[:32]
    model = SoftmaxRegression(some.X, some.y)
    w = np.zeros((65, 10))
    scores, bias = some.X @ w[:-1], Var(w[-1])
    total = Var(scores) + bias
    loss = (total.exp().sum(axis=1).log().sum() - (total * np.eye(10)[some.y]).sum()) * (1 / 32)
    autodiff.backward(loss)
    assert np.allclose(bias.grad, total.grad.sum(axis=0)) and np.allclose(bias.grad, model.gradient(w.ravel())[-10:])


def test_what_a_gradient_says_on_the_way_is_a_sentence(solved):
    said = {}
    for name in ("made_of_itself", "shapes_that_do_not_fit", "not_a_number"):
        with pytest.raises(ValueError) as caught:
            solved[name]()
        said[name] = str(caught.value)
    assert "leads back to itself" in said["made_of_itself"]
    assert "(32, 10) and (32,) do not fit" in said["shapes_that_do_not_fit"]
    assert "was the first, made of [ 2.  -0.3]" in said["not_a_number"]


def test_differences_of_gradients_step_over_a_kink(solved):
    assert solved["off_by"](1e-4) > 1 and 1e-12 < solved["off_by"](1e-6) < 2e-10


def test_a_product_is_that_of_another_tool(solved):
    """The network of the text: what jax 0.10.2 gives for it, forward over reverse (and torch 2.13.0 gives the same)."""
    digits, rng = load_digits()[:200], np.random.default_rng(0)
    model = TwoLayerNetwork(digits.X, digits.y, 16)
    w, v = model.initial(rng), rng.standard_normal(model.num_parameters)
    Hv = solved["hvp"](model.gradient, w, v)
    assert np.linalg.norm(Hv) == pytest.approx(3.8780781787237615, rel=1e-13)
    assert Hv @ np.cos(np.arange(1210)) == pytest.approx(-0.3002570950012623, rel=1e-12)


def test_what_a_product_costs():
    """One gradient, with complex numbers: two numbers for each one."""
    asked = []
    solved_hvp = exercises.hvp(lambda w: (asked.append(w.dtype), 2 * w)[1], np.ones(3), np.ones(3))
    assert asked == [np.complex128] and solved_hvp == pytest.approx(2.0)
    assert (10**6) ** 2 == 10**12


def test_the_learners_functions_are_the_courses(solved):
    rng = np.random.default_rng(0)
    for case in exercises.dual_cases(rng):
        a, b = case.args
        made = Dual(*a) * Dual(*b)
        assert solved["dual_multiply"](a, b) == pytest.approx((made.value, made.slope))
    for case in exercises.unbroadcast_cases(rng):
        assert np.allclose(solved["unbroadcast"](*case.args), autodiff.unbroadcast(*case.args), rtol=1e-14)
    hill, w, v = himmelblau(), rng.normal(size=2), rng.normal(size=2)
    assert solved["hvp"](hill.gradient, w, v) == pytest.approx(curvature.hvp(hill.gradient, w, v), rel=1e-14)


def test_conventions_of_the_course():
    assert Dual(0.0, 1.0).__abs__().slope == 1
    x = Var(0.0)
    autodiff.backward(x.relu())
    assert x.grad == 0
    many = Var(np.ones(3))
    autodiff.backward(many * 2.0)
    assert many.grad.tolist() == [2, 2, 2]


# -- the tapes of the cases --------------------------------------------------------------------------------------


def test_tapes_of_the_cases_are_true():
    """Each entry of a case's tape moves the last one as the reference says: by a difference, through the pulls' own slopes."""
    for case in exercises.backward_cases(np.random.default_rng(3)):
        tape = case.args[0]
        if any(np.ndim(value) for value, _ in tape):
            continue
        built = [(value, [(number, pull.build()) for number, pull in made]) for value, made in tape]
        grads = exercises.backward(built)
        paths = np.zeros(len(tape))
        paths[-1] = 1
        for k in range(len(tape))[::-1]:
            for number, pull in tape[k][1]:
                paths[number] += paths[k] * pull.by
        assert np.allclose(np.array(grads, dtype=float), paths)


def test_the_tape_of_a_layer_is_the_courses():
    [tape] = next(c for c in exercises.backward_cases(np.random.default_rng(4)) if "bias" in c.label).args
    built = [(value, [(number, pull.build()) for number, pull in made]) for value, made in tape]
    grads = exercises.backward(built)
    X, W, bias = (Var(tape[k][0]) for k in range(3))
    scores = X @ W + bias
    autodiff.backward((scores * scores).sum())
    for k, part in enumerate((X, W, bias)):
        assert np.allclose(grads[k], part.grad, rtol=1e-12)


# -- the explorers -----------------------------------------------------------------------------------------------


def words(scene, panel: int = 0, role: str = "gradient") -> list[str]:
    return [m.text for m in scene.panels[panel].marks if isinstance(m, Text) and m.role == role]


def mark(scene, label: str, panel: int):
    return next(m for m in scene.panels[panel].marks if getattr(m, "label", "") == label)


@pytest.mark.parametrize("program", lesson.PROGRAMS)
def test_pairs_of_the_picture_are_slopes(program):
    ops = lesson.PROGRAMS[program]
    for x in (-2.0, 0.4, 1.5):
        made = lesson.run_forward(ops, Dual(x, 1.0))[-1]
        ahead, behind = (lesson.run_forward(ops, x + h)[-1] for h in (1e-6, -1e-6))
        assert made.slope == pytest.approx((ahead - behind) / 2e-6, rel=1e-6, abs=1e-8)
    assert words(lesson.DualExplorer(program=program, step=0).frame(), role="path") == ["(1, 1)"]


def test_what_the_pairs_show():
    """Slope 0 at -0.5, where the line lies flat; exp multiplies by its value; |x| at -2: -1 and 0."""
    flat = lesson.DualExplorer(x=-0.5).frame()
    assert flat.pin[1] == 0 and np.ptp(mark(flat, "slope of the pair", 1).y) == 0
    told = [lesson.DualExplorer(step=k).describe() for k in (1, 2)]
    assert "its slope 1 · 1 + 1 · 1 = 2" in told[0] and "its slope 2 + 1 = 3" in told[1]
    grown = lesson.DualExplorer(program="exp(sin x)", x=1.0).describe()
    assert f"its value is {lesson.say(np.exp(np.sin(1)))}, its slope {lesson.say(np.exp(np.sin(1)))} ·" in grown
    size = lesson.DualExplorer(program="|x|", x=-2.0).frame()
    assert "is -1. The complex step gives 0." in plain(size.says)
    assert np.ptp(mark(size, "complex step", 1).y) == 0 < np.ptp(mark(size, "slope of the pair", 1).y)


def test_what_the_price_shows():
    one = lesson.PassesExplorer().frame()
    assert np.ptp(mark(one, "reverse", 0).y) == 0 < np.ptp(mark(one, "forward", 0).y)
    assert "The reverse mode is cheaper" in one.says
    assert "The forward mode is cheaper" in lesson.PassesExplorer(num_inputs=10, num_outputs=1000).describe()
    assert "reverse mode 100,000" in lesson.PassesExplorer(operations=1e5).describe()


@pytest.mark.parametrize("program", lesson.TAPES)
def test_the_tape_of_the_picture_is_right(program):
    ops = lesson.TAPES[program]
    for x in (-1.3, 0.7, 2.0):
        assert lesson.pulled(ops, x)[-1] == pytest.approx(lesson.numeric_by_entry(ops, x), rel=1e-5, abs=1e-6)


def test_what_the_tape_shows():
    """All is written at 3; three pulls at x; 3, 14, and 16 by 8 pulls."""
    tape = lesson.TapeExplorer()
    assert len(words(tape.frame(step=3), role="path")) == 3 and words(tape.frame(step=3)) == []
    pulls = [m for m in tape.frame().panels[0].marks if isinstance(m, Arrows)]
    x = lesson.X.at[0]
    assert sum(abs(float((m.x + m.u)[0]) - x) < 0.5 for m in pulls) == 3
    assert tape.frame().pin[1] == 7 and "which is right" in tape.describe()
    assert tape.frame(pulls="the last one counts").pin[1] == 3
    assert tape.frame(pulls="a second call, not from 0").pin[1] == 14
    assert "wrong: the central difference gives 7" in tape.frame(pulls="front to back").says
    doubled = tape.frame(program="y = y + y, 4 times")
    assert doubled.pin[1] == 16 and "8 pulls were handed on" in doubled.says


def test_what_the_product_shows():
    """v turns to the steepest axis; at a right angle to it, it stays; where a curvature is negative, Hv points against v."""
    turning = lesson.ProductExplorer()
    off = mark(turning.frame(), "v off the steepest axis", 1).y
    assert off[0] > 70 and off[-1] < 1e-5 and (np.diff(off) < 0).all()
    stays = mark(turning.frame(angle=30.0), "v off the steepest axis", 1).y
    assert np.min(stays) > 89.9
    v, Hv = (mark(turning.frame(landscape="Himmelblau", w=(0.0, 0.0)), name, 0) for name in ("v", "Hv"))
    assert v.u[0] * Hv.u[0] + v.v[0] * Hv.v[0] < 0


def test_what_the_predictions_play_answers_them():
    """One pass back for 1,210 inputs; the complex step on |x| is flat; two pulls for each doubling."""
    asked = {p.id: p.watch for p in exercises.PREDICTIONS}
    told = {name: getattr(lesson, watch.figure)(**watch.after).describe() for name, watch in asked.items()}
    assert "the reverse mode 1." in told["12-passes"]
    assert "the slope of |x| at 1 is 1. The complex step gives 0." in told["12-complex-abs"]
    assert "8 pulls were handed on" in told["12-pulls"]


def test_the_loss_stays_where_a_pull_is_lost():
    lost = lesson.TrainingExplorer(pulls="the last one counts").frame()
    curves = {m.label: m.y for m in lost.panels[0].marks if m.label}
    assert np.ptp(curves["the tape"]) < 1e-6 and curves["by hand"][-1] < 1.2 < 2.3 < curves["by hand"][0] + 0.01


def test_the_learners_code_is_in_the_picture(solved):
    pairs = lesson.DualExplorer(program="x·sin x", x=2.0, yours=solved["dual_multiply"]).frame()
    own, course = (mark(pairs, name, 1) for name in ("your code", "slope of the pair"))
    assert np.allclose(own.y, course.y) and not pairs.notice
    tape = lesson.TapeExplorer(program="diamond", x=1.0, yours=solved["backward"]).frame()
    own, course = (mark(tape, name, 1) for name in ("your code", "the tape"))
    assert np.allclose(own.height, course.height) and not tape.notice
    product = lesson.ProductExplorer(yours=solved["hvp"]).frame()
    own, course = (mark(product, name, 0) for name in ("your code", "Hv"))
    assert np.allclose(own.u, course.u) and not product.notice


def test_wrong_code_in_the_picture_is_a_sentence():
    def raises(tape):
        return tape[100]

    def blank(tape): ...

    assert "raises" in lesson.TapeExplorer(yours=raises).frame().notice
    assert "raises" in lesson.TrainingExplorer(yours=raises).frame().notice
    assert lesson.TapeExplorer(yours=blank).frame().notice == lesson.TrainingExplorer(yours=blank).frame().notice == ""
    assert "one gradient for each entry" in lesson.TapeExplorer(yours=lambda tape: [1.0]).frame().notice
    for wrong in (lambda a, b: 1.0, lambda a, b: (1.0, 2.0, 3.0), lambda a, b: "left"):
        assert "a pair: the value, and the slope" in lesson.DualExplorer(yours=wrong).frame().notice
    assert "one gradient for each entry" in lesson.TapeExplorer(yours=lambda tape: 1.0).frame().notice
    for wrong in (lambda *_: "left", lambda *_: np.ones(3), lambda *_: 1 / 0):
        assert lesson.ProductExplorer(yours=wrong).frame().notice
    assert lesson.TrainingExplorer(yours=lambda tape: [0.0]).frame().notice
    shown = lesson.ProductExplorer(yours=lambda gradient, w, v: gradient(w) * np.nan).frame()
    assert not shown.problems()
