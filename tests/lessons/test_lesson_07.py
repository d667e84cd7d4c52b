"""What lesson 07 says is so: every number in its prose, its conventions, and its explorers."""

import numpy as np
import pytest

from optcourse import theory
from optcourse.descent import descend
from optcourse.exercises import lesson_07
from optcourse.explorers import lesson_07 as explorers
from optcourse.explorers.sweep import sweep
from optcourse.objectives import cliff, quadratic
from optcourse.optimizers import AdaGrad, RMSProp, RMSPropEpsInside


def test_the_first_step_is_ten_times_the_learning_rate():
    bowl = quadratic(1.0)
    trace = descend(bowl, RMSProp(1.0, 0.99, 0.0), (30.0, 30.0), 1)
    assert trace.w[0] - trace.w[1] == pytest.approx([10.0, 10.0])
    assert theory.rmsprop_step(1.0, 0.99, 1) == pytest.approx(10.0)


def test_the_window_is_not_the_half_life():
    assert theory.averaging_window(0.9) == pytest.approx(10)
    assert theory.half_life(0.9) == pytest.approx(6.58, abs=0.005)
    assert 0.9 ** theory.averaging_window(0.9) == pytest.approx(1 / np.e, abs=0.03)


def test_rmsprop_forgets_the_cliff_and_adagrad_does_not():
    far = lesson_07.cliff_distances()
    assert far[0] > 1 > far[1]
    floor = np.abs(cliff().gradient(np.array([[-1.0, 2.0], [4.0, -4.0]])))
    assert floor.max() <= 0.4 + 1e-12  # "on the floor slopes are below 0.4"


def test_eps_inside_or_outside_agree_until_gradients_are_as_small_as_its_root():
    for size, differ in ((1.0, False), (1e-4, True)):
        start = (size, size)
        runs = [descend(quadratic(1.0), o(1e-6, 0.9, 1e-7), start, 20).w for o in (RMSProp, RMSPropEpsInside)]
        moved = [np.abs(run[-1] - run[0]).max() for run in runs]
        assert (abs(moved[0] / moved[1] - 1) > 0.1) == differ


def test_the_memory_of_the_wall_is_paid_for_on_the_floor():
    """Prompt of the cliff: at 0.99 the wall is left sooner, and the floor takes longer than at 0.9."""
    short, long = (descend(cliff(), RMSProp(0.1, d, 1e-7), (3.8, 3.0), 100) for d in (0.9, 0.99))
    assert np.argmax(long.w[:, 0] < 2) < np.argmax(short.w[:, 0] < 2)
    assert long.loss[-1] > 3 * short.loss[-1]
    equal = descend(cliff(), RMSProp(0.1, 0.0, 0.0), (3.8, 3.0), 20)
    assert np.abs(np.diff(equal.w[:5], axis=0)) == pytest.approx(0.1)


def test_near_the_minimum_its_steps_grow_back():
    trace = descend(quadratic(20.0), RMSProp(0.15, 0.9, 1e-7), (-3.0, 2.0), 600)
    assert np.linalg.norm(trace.w[60]) < 1e-12
    assert np.abs(trace.w[599:, 0]) == pytest.approx(0.075, rel=1e-3)
    assert trace.w[599, 0] * trace.w[600, 0] < 0  # from side to side, a whole learning rate at a time
    assert [abs(g) for g in trace.dw[0]] == pytest.approx([0.15, 2.0])
    assert np.diag(quadratic(20.0).hessian(np.zeros(2)))[0] == pytest.approx(0.05)
    rate = 0.15 / np.sqrt(trace.state["grad_squared"][:, 0][60:71])
    assert rate[0] < 40 < rate[-1] and abs(trace.w[100, 0]) > 1e6 * abs(trace.w[60, 0])
    settles = descend(quadratic(20.0), RMSProp(1.0, 0.9, 1e-7), (-3.0, 2.0), 60)
    assert np.abs(settles.w[-8:]).max() > 0.5


def test_the_weight_at_the_end_of_the_window_and_the_half_lives_to_half_a_step():
    for decay in (0.9, 0.99, 0.999):
        assert 0.34 < decay ** (1 / (1 - decay)) < 0.37  # "about a third"
    for decay in (0.9, 0.95):  # the memory explorer's prompt: steps to half a step, after gradients of 10
        steps = np.log(3 / 99) / np.log(decay)
        assert steps < 100 and steps / theory.half_life(decay) == pytest.approx(5.04, abs=0.01)
    assert np.log(3 / 99) / np.log(0.99) > 100


def test_on_digits_rmsprop_is_ahead_at_small_learning_rates_and_jumps_at_large_ones():
    def loss(learning_rate):
        lines = explorers.DigitsExplorer().scene(learning_rate, 0.9).panels[0].marks
        return {line.label: np.asarray(line.y) for line in lines if getattr(line, "label", "")}

    small, large = loss(0.01), loss(1.0)
    assert small["RMSProp"][-1] < 0.3 * min(small["AdaGrad"][-1], small["gradient descent"][-1])
    assert large["RMSProp"][:10].max() > 3 * large["AdaGrad"][:10].max()


def test_the_learners_code_runs_on_digits():
    shown = explorers.DigitsExplorer(yours=lesson_07.rmsprop).scene(0.02, 0.9)
    lines = {m.label: np.asarray(m.y) for m in shown.panels[0].marks if getattr(m, "label", "")}
    np.testing.assert_allclose(lines["your code"], lines["RMSProp"], rtol=1e-9)


def test_the_convention_box_against_torch():
    torch = pytest.importorskip("torch")
    bowl = quadratic(10.0)
    w = torch.tensor([-3.0, 2.0], dtype=torch.float64, requires_grad=True)
    rmsprop = torch.optim.RMSprop([w], lr=0.05, alpha=0.9, eps=1e-3)
    for _ in range(30):
        w.grad = torch.from_numpy(bowl.gradient(w.detach().numpy()))
        rmsprop.step()
    ours = descend(bowl, RMSProp(0.05, 0.9, 1e-3), (-3.0, 2.0), 30).final
    np.testing.assert_allclose(ours, w.detach().numpy(), rtol=1e-12)
    defaults = torch.optim.RMSprop([w]).defaults
    assert defaults["alpha"] == RMSProp().decay_rate == 0.99 and defaults["eps"] == 1e-8


def test_adagrads_rates_only_fall_and_rmsprops_rise_again():
    bowl = quadratic(20.0)
    for optimizer, rises in ((AdaGrad(0.15, 1e-7), False), (RMSProp(0.15, 0.9, 1e-7), True)):
        memory = descend(bowl, optimizer, (-3.0, 2.0), 60).state["grad_squared"][1:]
        assert bool((np.diff(memory, axis=0) < 0).any()) == rises


def test_the_learners_code_is_drawn_and_its_error_is_said():
    shown = explorers.RMSPropExplorer(yours=lesson_07.rmsprop).frame()
    assert any(mark.role == "yours" for mark in shown.panels[0].marks)

    def broken(compute_gradient, w, learning_rate, num_steps, decay_rate, eps):
        return compute_gradient(w) / nothing  # noqa: F821

    assert "nothing" in explorers.CliffExplorer(yours=broken).frame().notice


