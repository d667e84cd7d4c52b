"""What lesson 07 says is so: every number in its prose, its conventions, and its explorers."""

import numpy as np
import pytest

from optcourse import theory
from optcourse.descent import descend
from optcourse.exercises import lesson_07
from optcourse.explorers import lesson_07 as explorers
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


@pytest.mark.parametrize(
    "name", ["CliffExplorer", "DigitsExplorer", "EpsExplorer", "MemoryExplorer", "RMSPropExplorer"]
)
def test_every_control_of_every_explorer(name):
    getattr(explorers, name)().sweep(np.random.default_rng(1))
