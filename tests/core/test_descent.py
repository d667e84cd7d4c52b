"""The loop: what it records, batches equal to single runs bit for bit, paths that run away, bad input."""

import itertools
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optcourse import optimizers, schedules
from optcourse.data import epoch_batches, load_digits
from optcourse.descent import RECORDABLE, Trace, descend
from optcourse.models import LinearRegression, SoftmaxRegression, TwoLayerNetwork
from optcourse.objectives import bowl, build, himmelblau, lecture_bowl, parabola, quadratic, rosenbrock
from optcourse.optimizers import (
    AdaGrad,
    Adam,
    AdamW,
    AMSGrad,
    GradientDescent,
    Momentum,
    Nesterov,
    NesterovLookAhead,
    RMSProp,
)

CLASSES = [
    cls
    for cls in vars(optimizers).values()
    if isinstance(cls, type) and issubclass(cls, optimizers.Optimizer) and cls is not optimizers.Optimizer
]
PROBLEMS = ["rosenbrock", "ravine", "styblinski_tang", "cliff", "two_basins", "heavy_ball_cycle"]


def arrays_of(trace):
    return {"final": trace.final, "w": trace.w, "loss": trace.loss, "dw": trace.dw, **trace.state}


def assert_same(one: Trace, other: Trace):
    for name, array in arrays_of(one).items():
        assert np.array_equal(array, arrays_of(other)[name], equal_nan=True), name
    assert one.state.keys() == other.state.keys()
    assert np.array_equal(one.diverged, other.diverged)
    assert np.array_equal(one.diverged_at, other.diverged_at)


# What is recorded


def test_the_trace_is_the_textbook_loop():
    objective, learning_rate, rho = lecture_bowl(), 0.1, 0.7
    trace = descend(objective, Momentum(learning_rate, rho), [-5, -2], 25)
    w, velocity = np.array([-5.0, -2.0]), np.zeros(2)
    for t in range(26):
        dw = objective.gradient(w)
        assert np.array_equal(trace.w[t], w)
        assert np.array_equal(trace.dw[t], dw)
        assert np.array_equal(trace.state["velocity"][t], velocity)
        assert trace.loss[t] == objective.value(w)
        if t < 25:
            velocity = rho * velocity + dw
            w = w - learning_rate * velocity
    assert np.array_equal(trace.final, w)
    assert trace.num_steps == 25
    assert not trace.diverged and trace.diverged_at == -1


def test_look_ahead_is_judged_at_w_and_takes_its_gradient_ahead():
    objective = rosenbrock()
    trace = descend(objective, NesterovLookAhead(1e-3, 0.9), [-1.2, 1.0], 10)
    for t in range(11):
        ahead = trace.w[t] - 1e-3 * 0.9 * trace.state["velocity"][t]
        assert np.array_equal(trace.dw[t], objective.gradient(ahead))
        assert trace.loss[t] == objective.value(trace.w[t])


@pytest.mark.parametrize(
    ("optimizer", "names"),
    [
        (GradientDescent(), set()),
        (Momentum(), {"velocity"}),
        (AdaGrad(), {"grad_squared"}),
        (Adam(), {"moment1", "moment2"}),
        (AMSGrad(), {"moment1", "moment2", "max_moment2"}),
    ],
)
def test_state_has_the_names_of_the_lecture(optimizer, names):
    assert descend(rosenbrock(), optimizer, [0, 0], 3).state.keys() == names


def test_no_steps_records_the_start_alone():
    trace = descend(lecture_bowl(), Adam(), [1, 2], 0)
    assert trace.w.tolist() == [[1.0, 2.0]]
    assert trace.loss.shape == (1,) and trace.final.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    "kept", list(itertools.chain(*(itertools.combinations(RECORDABLE, k) for k in range(5))))
)
def test_record_keeps_what_it_is_told_and_changes_nothing_else(kept):
    whole = descend(rosenbrock(), Adam([0.1, 0.01]), [-1.2, 1.0], 20)
    part = descend(rosenbrock(), Adam([0.1, 0.01]), [-1.2, 1.0], 20, record=kept)
    assert np.array_equal(part.final, whole.final)
    for name in ("w", "loss", "dw"):
        if name in kept:
            assert np.array_equal(getattr(part, name), getattr(whole, name))
        else:
            assert getattr(part, name) is None
    assert part.state.keys() == (whole.state.keys() if "state" in kept else set())


# Batches


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_seven_starts_and_five_rates_equal_35_runs_bit_for_bit(cls, name):
    """One of the rates runs away: it must not disturb the others either."""
    objective = build((name, {}))
    low, high = np.array(objective.domain).T
    starts = np.random.default_rng(0).uniform(low, high, (7, 1, len(low)))
    if objective.ndim == 0:
        starts = starts[..., 0]
    rates = np.array([1e-3, 0.01, 0.1, 0.5, 40.0])
    together = descend(objective, cls(rates), starts, 60)
    assert together.loss.shape == (61, 7, 5)
    for i, j in np.ndindex(7, 5):
        assert_same(together[i, j], descend(objective, cls(rates[j]), starts[i, 0], 60))


def test_every_hyperparameter_may_be_an_array():
    settings = {
        "learning_rate": np.array([0.1, 0.01])[:, None, None],
        "beta1": np.array([0.0, 0.5, 0.9])[:, None],
        "beta2": np.array([0.9, 0.99, 0.999, 0.5]),
        "eps": np.array([1e-8, 1e-3])[:, None, None],
        "weight_decay": 0.1,
    }
    together = descend(rosenbrock(), AdamW(**settings), [-1.2, 1.0], 80)
    assert together.w.shape == (81, 2, 3, 4, 2)
    full = {name: np.broadcast_to(value, (2, 3, 4)) for name, value in settings.items()}
    for index in np.ndindex(2, 3, 4):
        one = AdamW(**{name: float(value[index]) for name, value in full.items()})
        assert_same(together[index], descend(rosenbrock(), one, [-1.2, 1.0], 80))


def test_objective_parameters_broadcast_too():
    kappa = np.array([1.0, 10.0, 100.0])
    together = descend(quadratic(kappa), Nesterov([[0.1], [1.0]], 0.9), [-3, 2], 50)
    assert together.w.shape == (51, 2, 3, 2)
    for i, j in np.ndindex(2, 3):
        assert_same(together[i, j], descend(quadratic(kappa[j]), Nesterov([0.1, 1.0][i], 0.9), [-3, 2], 50))


@given(
    batch=st.lists(st.integers(0, 3), max_size=3).map(tuple),
    n=st.integers(0, 4),
    num_steps=st.integers(0, 5),
    dtype=st.sampled_from([np.float64, np.float32, np.int64, np.int8, np.uint16]),
    rates=st.sampled_from([(), (1,), (3, 1)]),
    which=st.sampled_from(CLASSES),
)
@settings(max_examples=150, deadline=None)
def test_shapes_and_dtypes(batch, n, num_steps, dtype, rates, which):
    objective = bowl(np.arange(1.0, n + 1)) if n else parabola()
    point = (n,) if n else ()
    start = np.ones((*batch, *point), dtype=dtype)
    start.setflags(write=False)
    try:
        full = np.broadcast_shapes(batch, rates)
    except ValueError:
        full = None
    if full is None:
        with pytest.raises(ValueError, match="do not broadcast against each other: start .*, learning_rate"):
            descend(objective, which(np.full(rates, 0.1)), start, num_steps)
        return
    trace = descend(objective, which(np.full(rates, 0.1)), start, num_steps)
    rows = num_steps + 1
    assert trace.w.shape == trace.dw.shape == (rows, *full, *point)
    assert trace.loss.shape == (rows, *full)
    assert trace.final.shape == (*full, *point)
    assert np.shape(trace.diverged) == np.shape(trace.diverged_at) == full
    for array in arrays_of(trace).values():
        assert array.dtype == np.float64
    assert not trace.diverged.any()
    assert np.array_equal(trace.w[0], np.ones((*full, *point)))


def test_selecting_in_the_batch():
    trace = descend(rosenbrock(), Adam(np.geomspace(1e-3, 0.1, 5)), np.zeros((4, 1, 2)), 10)
    assert trace[1].w.shape == (11, 5, 2)
    assert trace[1, 2].w.shape == (11, 2)
    assert trace[:, 3].loss.shape == (11, 4)
    assert trace[1, 2].num_steps == 10
    assert trace[trace.loss[-1] < trace.loss[0]].final.shape[1:] == (2,)
    assert np.array_equal(trace[2, 4].state["moment1"], trace.state["moment1"][:, 2, 4])
    with pytest.raises(IndexError):
        trace[4]


def test_steps_to():
    trace = descend(parabola(), GradientDescent([0.1, 0.5, 0.0]), 2.0, 100)
    steps = trace.steps_to(0.02)  # from 2 to 0.2: a factor of 10
    assert steps.tolist() == [22, 4, -1]
    assert trace[1].steps_to(0.02) == 4
    assert trace.steps_to(3.0).tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match="steps_to needs the loss"):
        descend(parabola(), GradientDescent(), 2.0, 3, record=("w",)).steps_to(1.0)


# Paths that run away


def test_a_diverging_path_is_frozen_and_flagged_without_a_warning():
    trace = descend(rosenbrock(), GradientDescent([1e-3, 1.0]), [-1.2, 1.0], 50)
    assert trace.diverged.tolist() == [False, True]
    first = trace.diverged_at[1]
    assert trace.diverged_at[0] == -1
    assert np.isfinite(trace.w[:first, 1]).all() and np.isfinite(trace.loss[:first, 1]).all()
    bad = np.append(trace.w[first, 1], trace.loss[first, 1])
    assert not np.isfinite(bad).all()
    for array in (trace.w, trace.dw):
        rows = array[first:, 1]
        assert np.array_equal(rows, np.broadcast_to(rows[0], rows.shape), equal_nan=True)
    assert np.array_equal(trace.final[1], trace.w[-1, 1], equal_nan=True)


def test_a_loss_that_overflows_counts_before_w_does():
    trace = descend(parabola(), GradientDescent(3.0), 1e100, 1000)  # factor -2 a step
    assert trace.diverged
    assert np.isfinite(trace.w[trace.diverged_at]) and np.isinf(trace.loss[trace.diverged_at])
    largest = np.finfo(float).max
    assert trace.diverged_at == np.ceil(np.log(largest / (0.5 * 1e100**2)) / np.log(4))


@pytest.mark.parametrize("record", [("w",), ("w", "loss"), ("loss",)])
def test_one_coordinate_that_runs_away_is_enough(record):
    trace = descend(bowl([100.0, 1.0]), GradientDescent([0.001, 0.5]), [1.0, 1.0], 400, record=record)
    assert trace.diverged.tolist() == [False, True]
    whole = descend(bowl([100.0, 1.0]), GradientDescent([0.001, 0.5]), [1.0, 1.0], 400)
    assert np.isfinite(whole.w[whole.diverged_at[1], 1]).tolist()[1]
    if "loss" in record:
        assert trace.diverged_at[1] == whole.diverged_at[1]
    else:
        # The steep coordinate is multiplied by 1 - 0.5 * 100 = -49 at each step.
        assert trace.diverged_at[1] == np.ceil(np.log(np.finfo(float).max) / np.log(49))


def test_without_a_record_divergence_is_noticed_at_the_end():
    trace = descend(rosenbrock(), GradientDescent([1e-3, 1.0]), [-1.2, 1.0], 50, record=())
    assert trace.diverged.tolist() == [False, True]
    assert trace.diverged_at.tolist() == [-1, 50]


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_a_gradient_of_nan_freezes_its_own_path_only(cls):
    def gradient(w):
        dw = rosenbrock().gradient(w)
        dw[:, 1] = np.nan
        return dw

    starts = np.array([[0.0, 0.0], [0.5, 0.5], [-1.0, 1.0]])
    trace = descend(rosenbrock(), cls(1e-3), starts, 20, gradient=gradient)
    assert trace.diverged.tolist() == [False, True, False]
    clean = descend(rosenbrock(), cls(1e-3), starts, 20)
    assert np.array_equal(trace.w[:, [0, 2]], clean.w[:, [0, 2]])


def test_the_caller_s_error_settings_are_left_alone():
    before = np.geterr()
    descend(rosenbrock(), GradientDescent(1.0), [-1.2, 1.0], 50)
    assert np.geterr() == before


# Gradients that are not the objective's own


def test_a_given_gradient_gets_copies_with_coordinates_first():
    seen = []

    def gradient(w):
        seen.append(w.shape)
        slope = w.copy()
        w[...] = 1e9  # changes its input: no harm
        return slope

    trace = descend(bowl([1.0, 1.0, 1.0]), GradientDescent([0.5, 0.5]), np.ones(3), 3, gradient=gradient)
    assert seen == [(3, 2)] * 4
    assert trace.final.tolist() == [[0.125] * 3] * 2


def test_a_gradient_that_returns_its_input_or_integers_is_copied():
    for optimizer in (AdamW(0.1), Momentum(0.1)):
        trace = descend(bowl([1.0, 1.0]), optimizer, [2.0, 1.0], 5, gradient=lambda w: w)
        assert np.array_equal(trace.w, descend(bowl([1.0, 1.0]), optimizer, [2.0, 1.0], 5).w)
    trace = descend(parabola(), GradientDescent(0.5), 3.0, 2, gradient=lambda w: 1)
    assert trace.w.tolist() == [3.0, 2.5, 2.0]


def test_a_gradient_of_the_wrong_shape_is_refused():
    with pytest.raises(ValueError, match=r"must have the shape of w, \(2,\), but it has \(1,\)"):
        descend(rosenbrock(), GradientDescent(), [0, 0], 3, gradient=lambda w: w[:1])
    with pytest.raises(ValueError, match=r"must have the shape of w, \(2, 4\), but it has \(2,\)"):
        descend(rosenbrock(), GradientDescent(), np.zeros((4, 2)), 3, gradient=lambda w: np.zeros(2))


def test_an_exception_of_the_gradient_comes_through():
    def gradient(w):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        descend(rosenbrock(), GradientDescent(), [0, 0], 3, gradient=gradient)


def test_noise_as_minibatches_of_an_objective():
    """With gradient=, an Objective can be given minibatches; the loss stays the objective's."""
    noise = np.random.default_rng(0).standard_normal((11, 2))
    bowl2 = bowl([1.0, 1.0])
    trace = descend(
        bowl2, GradientDescent(0.1), [1, 1], 10, gradient=lambda w, kick: w + kick, minibatches=noise
    )
    assert np.array_equal(trace.dw[:10], trace.w[:10] + noise[:10])
    assert np.array_equal(trace.loss, [bowl2.value(w) for w in trace.w])


# Models and minibatches


@pytest.fixture(scope="module")
def digits():
    return load_digits()[:200]


def test_a_model_on_minibatches(digits):
    model = SoftmaxRegression(digits.X, digits.y)
    batches = list(epoch_batches(200, 64, np.random.default_rng(3)))
    w = model.initial(np.random.default_rng(0))
    trace = descend(model, Momentum(0.5), w, 4, minibatches=batches)
    for t in range(4):
        assert np.array_equal(trace.dw[t], model.gradient(trace.w[t], batches[t]))
        assert trace.loss[t] == pytest.approx(model.value(trace.w[t], batches[t]), rel=1e-14)
    assert np.array_equal(trace.dw[4], model.gradient(trace.w[4], batches[3]))
    assert model.value(trace.final) < model.value(w)


def test_no_minibatch_more_than_the_steps_is_drawn(digits):
    model = SoftmaxRegression(digits.X, digits.y)
    drawn = itertools.count()
    descend(
        model,
        GradientDescent(0.1),
        model.initial(),
        5,
        minibatches=(np.array([next(drawn)]) for _ in iter(int, 1)),
    )
    assert next(drawn) == 5


def test_a_model_in_a_batch_equals_single_runs(digits):
    model = TwoLayerNetwork(digits.X, digits.y, num_hidden=5)
    w = model.initial(np.random.default_rng(0))
    rates = [0.01, 0.1, 0.5]

    def batches():
        return epoch_batches(200, 32, np.random.default_rng(1), num_epochs=None)

    together = descend(model, NesterovLookAhead(rates), w, 12, minibatches=batches())
    for i, rate in enumerate(rates):
        assert_same(together[i], descend(model, NesterovLookAhead(rate), w, 12, minibatches=batches()))


def test_full_batch_gradient_descent_reaches_the_least_squares_solution(digits):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 3))
    y = X @ [1.0, -2.0, 0.5] + 3.0
    model = LinearRegression(X, y)
    trace = descend(model, GradientDescent(0.5), model.initial(), 400)
    np.testing.assert_allclose(trace.final, [1.0, -2.0, 0.5, 3.0], rtol=1e-12)
    assert (np.diff(trace.loss) <= 1e-16).all()


# Schedules and bounds


def test_a_schedule_multiplies_the_learning_rate_of_each_step():
    rates = []

    class Spy(GradientDescent):
        def step(self, w, dw, state):
            rates.append(self.learning_rate)
            super().step(w, dw, state)

    optimizer = Spy(0.4)
    descend(parabola(), optimizer, 1.0, 4, schedule=schedules.exponential(0.5))
    assert rates == [0.4, 0.2, 0.1, 0.05]
    assert optimizer.learning_rate == 0.4


def test_a_schedule_with_a_batch_of_rates():
    schedule = schedules.cosine(30)
    together = descend(rosenbrock(), RMSProp([0.1, 0.01]), [0, 0], 30, schedule=schedule)
    for i, rate in enumerate((0.1, 0.01)):
        assert_same(together[i], descend(rosenbrock(), RMSProp(rate), [0, 0], 30, schedule=schedule))


def test_bounds_keep_w_inside():
    trace = descend(quadratic(10), GradientDescent(3.0), [-3, 2], 50, bounds=(-3.5, 3.5))
    assert np.abs(trace.w).max() == 3.5 and not trace.diverged


# What it costs


@pytest.mark.parametrize("optimizer", [GradientDescent(1e-4), Momentum(1e-5), Adam(0.01)])
@pytest.mark.parametrize("record", [RECORDABLE, ("w", "loss")])
def test_peak_memory_is_the_history_and_little_more(optimizer, record):
    starts = np.random.default_rng(0).standard_normal((5000, 2))
    descend(rosenbrock(), optimizer, starts[:5], 5)
    tracemalloc.start()
    trace = descend(rosenbrock(), optimizer, starts, 200, record=record)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    history = sum(a.nbytes for name, a in arrays_of(trace).items() if a is not None and name != "final")
    assert peak <= 1.1 * history


# The door


def test_the_start_is_never_changed():
    start = np.array([-1.2, 1.0])
    trace = descend(rosenbrock(), Adam(0.1), start, 5)
    assert start.tolist() == [-1.2, 1.0]
    trace.w[...] = 0.0
    assert start.tolist() == [-1.2, 1.0]


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        (
            {"start": [1.0, 2.0, 3.0]},
            ValueError,
            r"start must have 2 coordinates on its last axis, .* \(3,\)",
        ),
        ({"start": 1.0}, ValueError, r"2 coordinates on its last axis, got shape \(\)"),
        ({"start": [1.0, float("nan")]}, ValueError, "start must be finite"),
        ({"start": ["a", "b"]}, TypeError, "start must hold real numbers"),
        ({"start": [1j, 0]}, TypeError, "start must hold real numbers"),
        ({"start": [[1, 2], [3]]}, ValueError, "regular array"),
        ({"num_steps": -1}, ValueError, "num_steps must be 0 or more, got -1"),
        ({"num_steps": 2.5}, TypeError, "num_steps must be a whole number, got 2.5"),
        ({"num_steps": True}, TypeError, "num_steps must be a whole number"),
        ({"optimizer": "adam"}, TypeError, "optimizer must be one of optcourse.optimizers, .* got 'adam'"),
        ({"optimizer": Adam}, TypeError, "optimizer must be one of optcourse.optimizers"),
        (
            {"optimizer": Momentum([0.1, 0.2], [0.1, 0.2, 0.3])},
            ValueError,
            r"do not broadcast against each other: learning_rate \(2,\), rho \(3,\)",
        ),
        ({"record": ("w", "velocity")}, ValueError, "record may hold w, loss, dw, state, got 'velocity'"),
        ({"minibatches": [1, 2, 3]}, ValueError, "has no minibatches; pass gradient="),
        (
            {"schedule": lambda t: 1.0 - t},
            ValueError,
            "the factor at step 2 must be finite and >= 0, got -1.0",
        ),
        ({"schedule": lambda t: None}, TypeError, "the factor at step 0 must be a real number"),
        ({"bounds": (1.0, -1.0)}, ValueError, "bounds must be .* low < high"),
    ],
)
def test_bad_input_is_named(changes, error, message):
    arguments = {
        "objective": rosenbrock(),
        "optimizer": GradientDescent(1e-4),
        "start": [0, 0],
        "num_steps": 5,
        **changes,
    }
    with pytest.raises(error, match=message):
        descend(**arguments)


def test_minibatches_that_run_out_are_named(digits):
    model = SoftmaxRegression(digits.X, digits.y)
    with pytest.raises(ValueError, match="minibatches ran out after 3 steps"):
        descend(model, GradientDescent(), model.initial(), 5, minibatches=[[0], [1], [2]])


def test_any_object_with_value_gradient_and_ndim_will_do():
    mine = SimpleNamespace(ndim=1, value=lambda w: (w * w)[0], gradient=lambda w: 2 * w)
    trace = descend(mine, GradientDescent([0.25, 0.5]), [3.0], 2)
    assert trace.w.tolist() == [[[3.0], [3.0]], [[1.5], [0.0]], [[0.75], [0.0]]]
    assert trace.loss.tolist() == [[9.0, 9.0], [2.25, 0.0], [0.5625, 0.0]]


@pytest.mark.parametrize(
    ("objective", "changes", "message"),
    [
        (himmelblau, {}, "parentheses"),
        (himmelblau(), {"schedule": 0.5}, "schedule must be a function"),
        (himmelblau(), {"gradient": np.zeros(2)}, "gradient must be a function"),
        (himmelblau(), {"gradient": lambda w: None}, "got None"),
        (himmelblau(), {"gradient": lambda w: 1j * w}, "real numbers"),
    ],
)
def test_what_is_no_landscape_or_no_function_is_named(objective, changes, message):
    with pytest.raises(TypeError, match=message):
        descend(objective, GradientDescent(0.01), (1, 2), 3, **changes)
