"""Each optimizer against a plain transcription of its formula in Python floats: equal to the last bit."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from optcourse import after_adam, optimizers
from optcourse.after_adam import Lion, MatrixOptimizer, ScheduleFreeAdam, ScheduleFreeSGD, SignDescent
from optcourse.descent import descend
from optcourse.objectives import bowl, build, rosenbrock
from optcourse.optimizers import (
    SGD,
    AdaGrad,
    Adam,
    AdamAlmost,
    AdamL2,
    AdamW,
    AMSGrad,
    AveragedMomentum,
    GradientDescent,
    Momentum,
    Nesterov,
    NesterovLookAhead,
    RMSProp,
    RMSPropEpsInside,
    SutskeverMomentum,
)

# Transcriptions: one step of one coordinate, (w, dw, memory, t, hyperparameters) -> w, memory.


def plain_gradient_descent(w, dw, memory, t, a):
    return w - a * dw, memory


def plain_momentum(w, dw, memory, t, a, rho):
    v = rho * memory.get("v", 0.0) + dw
    return w - a * v, {"v": v}


def plain_nesterov(w, dw, memory, t, a, rho):
    v = rho * memory.get("v", 0.0) + dw
    return w - a * (dw + rho * v), {"v": v}


def plain_sutskever(w, dw, memory, t, a, rho):
    v = rho * memory.get("v", 0.0) - a * dw
    return w + v, {"v": v}


def plain_averaged(w, dw, memory, t, a, rho):
    v = rho * memory.get("v", 0.0) + (1 - rho) * dw
    return w - a * v, {"v": v}


def plain_adagrad(w, dw, memory, t, a, eps):
    s = memory.get("s", 0.0) + dw * dw
    return w - a * dw / (math.sqrt(s) + eps), {"s": s}


def plain_rmsprop(w, dw, memory, t, a, decay, eps):
    s = decay * memory.get("s", 0.0) + (1 - decay) * dw * dw
    return w - a * dw / (math.sqrt(s) + eps), {"s": s}


def plain_rmsprop_eps_inside(w, dw, memory, t, a, decay, eps):
    s = decay * memory.get("s", 0.0) + (1 - decay) * dw * dw
    return w - a * dw / math.sqrt(s + eps), {"s": s}


def moments(dw, memory, b1, b2):
    m = b1 * memory.get("m", 0.0) + (1 - b1) * dw
    v = b2 * memory.get("v", 0.0) + (1 - b2) * dw * dw
    return m, v


def plain_adam_almost(w, dw, memory, t, a, b1, b2, eps):
    m, v = moments(dw, memory, b1, b2)
    return w - a * m / (math.sqrt(v) + eps), {"m": m, "v": v}


def plain_adam(w, dw, memory, t, a, b1, b2, eps):
    m, v = moments(dw, memory, b1, b2)
    return w - a * (m / (1 - b1**t)) / (math.sqrt(v / (1 - b2**t)) + eps), {"m": m, "v": v}


def plain_amsgrad(w, dw, memory, t, a, b1, b2, eps):
    m, v = moments(dw, memory, b1, b2)
    largest = max(memory.get("largest", 0.0), v)
    w = w - a * (m / (1 - b1**t)) / (math.sqrt(largest / (1 - b2**t)) + eps)
    return w, {"m": m, "v": v, "largest": largest}


def plain_adamw(w, dw, memory, t, a, b1, b2, eps, decay):
    return plain_adam(w - a * decay * w, dw, memory, t, a, b1, b2, eps)


def plain_adam_l2(w, dw, memory, t, a, b1, b2, eps, decay):
    return plain_adam(w, dw + decay * w, memory, t, a, b1, b2, eps)


def sign(number):
    return (number > 0) - (number < 0)


def plain_sign_descent(w, dw, memory, t, a):
    return w - a * sign(dw), memory


def plain_lion(w, dw, memory, t, a, b1, b2):
    m = memory.get("m", 0.0)
    return w - a * sign(b1 * m + (1 - b1) * dw), {"m": b2 * m + (1 - b2) * dw}


def plain_schedule_free(w, dw, memory, t, a, b1):
    fast = memory.get("fast", w) - a * dw
    return (1 - 1 / t) * w + 1 / t * fast, {"fast": fast}


def plain_schedule_free_adam(w, dw, memory, t, a, b1, b2, eps):
    v = b2 * memory.get("v", 0.0) + (1 - b2) * dw * dw
    fast = memory.get("fast", w) - a * dw / (math.sqrt(v / (1 - b2**t)) + eps)
    return (1 - 1 / t) * w + 1 / t * fast, {"fast": fast, "v": v}


# Where the next gradient is asked, where it is not at w: (w, memory, hyperparameters) of one coordinate.
POINTS = {
    NesterovLookAhead: lambda w, memory, a, rho: w - a * rho * memory.get("v", 0.0),
    ScheduleFreeSGD: lambda w, memory, a, b1: (1 - b1) * memory.get("fast", w) + b1 * w,
    ScheduleFreeAdam: lambda w, memory, a, b1, b2, eps: (1 - b1) * memory.get("fast", w) + b1 * w,
}

# class, its transcription, hyperparameters in the order of the fields
TABLE = [
    (GradientDescent, plain_gradient_descent, (1e-3,)),
    (SGD, plain_gradient_descent, (1e-3,)),
    (Momentum, plain_momentum, (4e-4, 0.85)),
    (NesterovLookAhead, plain_momentum, (4e-4, 0.85)),
    (Nesterov, plain_nesterov, (4e-4, 0.85)),
    (SutskeverMomentum, plain_sutskever, (4e-4, 0.85)),
    (AveragedMomentum, plain_averaged, (4e-3, 0.85)),
    (AdaGrad, plain_adagrad, (0.3, 1e-7)),
    (RMSProp, plain_rmsprop, (0.01, 0.93, 1e-7)),
    (RMSPropEpsInside, plain_rmsprop_eps_inside, (0.01, 0.93, 1e-3)),
    (AdamAlmost, plain_adam_almost, (0.02, 0.83, 0.96, 1e-7)),
    (Adam, plain_adam, (0.02, 0.83, 0.96, 1e-8)),
    (AMSGrad, plain_amsgrad, (0.02, 0.83, 0.96, 1e-8)),
    (AdamW, plain_adamw, (0.02, 0.83, 0.96, 1e-8, 0.1)),
    (SignDescent, plain_sign_descent, (1e-3,)),
    (Lion, plain_lion, (1e-3, 0.83, 0.96)),
    (ScheduleFreeSGD, plain_schedule_free, (1e-3, 0.85)),
    (ScheduleFreeAdam, plain_schedule_free_adam, (0.02, 0.83, 0.96, 1e-8)),
    (AdamL2, plain_adam_l2, (0.02, 0.83, 0.96, 1e-8, 0.1)),
]
IDS = [row[0].__name__ for row in TABLE]
CLASSES = [row[0] for row in TABLE]


def plain_run(cls, plain, hyperparameters, objective, start, num_steps):
    w, memories, path = list(start), [{} for _ in start], [list(start)]
    for t in range(1, num_steps + 1):
        point = w
        if cls in POINTS:
            asked = POINTS[cls]
            point = [asked(c, memory, *hyperparameters) for c, memory in zip(w, memories, strict=True)]
        dw = [float(slope) for slope in objective.gradient(point)]
        for i in range(len(w)):
            w[i], memories[i] = plain(w[i], dw[i], memories[i], t, *hyperparameters)
        path.append(list(w))
    return path


@pytest.mark.parametrize(("cls", "plain", "hyperparameters"), TABLE, ids=IDS)
@pytest.mark.parametrize("recipe", [("rosenbrock", {}), ("bowl", {"eigenvalues": [3.0, 1.0, 0.01]})])
def test_equals_the_plain_transcription_to_the_last_bit(cls, plain, hyperparameters, recipe):
    objective = build(recipe)
    start = (-1.2, 1.0, 0.3)[: objective.ndim]
    trace = descend(objective, cls(*hyperparameters), start, 300)
    assert trace.w.tolist() == plain_run(cls, plain, hyperparameters, objective, start, 300)


def test_the_table_has_every_optimizer():
    public = {
        cls
        for module in (optimizers, after_adam)
        for cls in vars(module).values()
        if isinstance(cls, type) and issubclass(cls, optimizers.Optimizer) and cls is not optimizers.Optimizer
    }
    # Those that see a matrix as a whole have no formula of single numbers: test_after_adam.py.
    assert {cls for cls in public if not issubclass(cls, MatrixOptimizer)} == set(CLASSES)


@pytest.mark.parametrize(("cls", "plain", "hyperparameters"), TABLE, ids=IDS)
def test_the_docstring_is_the_update_line_for_line(cls, plain, hyperparameters):
    """Run the formula of the docstring itself: what learners read is what is computed."""
    lines = [line.strip() for line in cls.__doc__.splitlines()]
    formula = [line for line in lines if " = " in line or " += " in line or " -= " in line]
    formula = [line for line in formula if not line.endswith((".", ",", ";")) and ":" not in line]
    names = dict(zip((f.name for f in dataclasses.fields(cls)), hyperparameters, strict=True))
    objective = rosenbrock()
    w = np.array([-1.2, 1.0])
    scope = {"w": w, "t": 0, "sqrt": np.sqrt, "max": np.maximum, "gradient": objective.gradient, **names}
    scope |= dict.fromkeys(
        ("velocity", "grad_squared", "moment1", "moment2", "max_moment2"), np.zeros_like(w)
    )
    scope |= {"fast": w, "sign": np.sign}
    code = compile("\n".join(formula), cls.__name__, "exec")
    for _ in range(40):
        scope["dw"] = objective.gradient(scope["w"])
        scope = {name: np.copy(v) if isinstance(v, np.ndarray) else v for name, v in scope.items()}
        exec(code, scope)
    trace = descend(objective, cls(*hyperparameters), [-1.2, 1.0], 40)
    np.testing.assert_allclose(trace.final, scope["w"], rtol=1e-13)


@pytest.mark.parametrize("cls", CLASSES, ids=IDS)
def test_finds_the_minimum_of_a_bowl(cls):
    rate = 0.5 if cls is not AdaGrad else 2.0
    decays = [f.name for f in dataclasses.fields(cls) if f.name == "weight_decay"]
    optimizer = cls(rate, **dict.fromkeys(decays, 0.0))
    fading = descend(bowl([1.0, 0.3]), optimizer, [2.0, -1.0], 3000, schedule=lambda t: 0.995**t)
    # The mean of all places remembers the far ones.
    near = 1e-2 if issubclass(cls, ScheduleFreeSGD) else 1e-3
    np.testing.assert_allclose(fading.final, 0.0, atol=near)


# Hyperparameters


@pytest.mark.parametrize("cls", CLASSES, ids=IDS)
def test_bad_hyperparameters_are_named_at_the_door(cls):
    for field in dataclasses.fields(cls):
        for bad in (-1e-3, float("nan"), float("inf"), [0.1, -0.1]):
            with pytest.raises(ValueError, match=rf"{cls.__name__}: {field.name} must be .*, got"):
                cls(**{field.name: bad})
        for bad in ("0.1", None, 1j, True):
            with pytest.raises(TypeError, match=rf"{cls.__name__}: {field.name} must be a real number"):
                cls(**{field.name: bad})


@pytest.mark.parametrize(
    ("cls", "name"),
    [(Momentum, "rho"), (RMSProp, "decay_rate"), (Adam, "beta1"), (Adam, "beta2")],
)
def test_a_decay_of_one_is_refused(cls, name):
    with pytest.raises(ValueError, match=rf"{name} must be >= 0 and < 1, got 1.0"):
        cls(**{name: 1})


@pytest.mark.parametrize("cls", CLASSES, ids=IDS)
def test_every_hyperparameter_says_what_its_slider_needs(cls):
    for field in dataclasses.fields(cls):
        low, high = field.metadata["range"]
        assert low < high
        assert field.metadata["label"]
        assert field.metadata["scale"] in ("log", "linear")
        assert low > 0 or field.metadata["scale"] == "linear"
        assert low <= field.default <= high
        cls(**{field.name: [low, high]})  # the whole slider is allowed


def test_the_defaults_are_the_ones_of_the_lecture():
    """Written out, so that they hold where there is no torch to compare with."""
    adam = {"learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
    rmsprop = {"learning_rate": 0.01, "decay_rate": 0.99, "eps": 1e-7}
    momentum = {"learning_rate": 0.01, "rho": 0.9}
    decayed = {**adam, "weight_decay": 0.01}
    wanted = {
        **dict.fromkeys(("GradientDescent", "SGD"), {"learning_rate": 0.01}),
        **dict.fromkeys(("Momentum", "NesterovLookAhead", "Nesterov"), momentum),
        **dict.fromkeys(("SutskeverMomentum", "AveragedMomentum"), momentum),
        "AdaGrad": {"learning_rate": 0.01, "eps": 1e-7},
        **dict.fromkeys(("RMSProp", "RMSPropEpsInside"), rmsprop),
        "AdamAlmost": {**adam, "eps": 1e-7},
        **dict.fromkeys(("Adam", "AMSGrad"), adam),
        **dict.fromkeys(("AdamW", "AdamL2"), decayed),
    }
    for name, defaults in wanted.items():
        cls = getattr(optimizers, name)
        assert {field.name: field.default for field in dataclasses.fields(cls)} == defaults, name
    assert {cls.__name__ for cls in CLASSES if cls.__module__ == optimizers.__name__} <= wanted.keys()


def test_hyperparameters_are_frozen_floats_or_read_only_arrays():
    rates = np.array([1, 2])
    optimizer = GradientDescent(rates)
    rates[0] = 100
    assert optimizer.learning_rate.tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        optimizer.learning_rate[0] = 5
    with pytest.raises(dataclasses.FrozenInstanceError):
        optimizer.learning_rate = 5
    assert repr(GradientDescent(np.float32(0.5))) == "GradientDescent(learning_rate=0.5)"
    assert GradientDescent(1) == GradientDescent(1.0)


# State and shapes


@pytest.mark.parametrize("cls", CLASSES, ids=IDS)
@given(shape=hnp.array_shapes(min_dims=0, max_dims=3, max_side=4), seed=st.integers(0, 1000))
def test_a_step_changes_w_in_place_and_leaves_dw_alone(cls, shape, seed):
    rng = np.random.default_rng(seed)
    w, dw = np.array(rng.standard_normal(shape)), np.array(rng.standard_normal(shape))
    optimizer = cls()
    before, slope = w.copy(), dw.copy()
    state = optimizer.init(w)
    for name, value in vars(state).items():
        at_rest = before if name == "fast" else np.zeros(shape)
        assert (name == "t" and value == 0) or np.array_equal(value, at_rest)
    same = w
    optimizer.step(w, dw, state)
    assert same is w and w.shape == shape and w.dtype == float
    assert np.array_equal(dw, slope)
    assert not np.array_equal(w, before)
    for name, value in vars(state).items():
        assert name == "t" or np.shape(value) == shape


@pytest.mark.parametrize("cls", CLASSES, ids=IDS)
def test_two_runs_share_no_state(cls):
    optimizer, w = cls(), np.ones(3)
    first, second = optimizer.init(w), optimizer.init(w)
    optimizer.step(w.copy(), np.ones(3), first)
    at_rest = {name: w if name == "fast" else 0 for name in vars(second)}
    assert all(np.all(value == at_rest[name]) for name, value in vars(second).items())
    assert np.array_equal(optimizer.gradient_point(w, second), w)


def test_power_of_an_array_has_the_bits_of_its_entries():
    base = np.random.default_rng(0).uniform(0, 1, (50, 20))
    for t in (1, 2, 3, 10, 1000):
        entries = [[b**t for b in row] for row in base.tolist()]
        assert optimizers.power(base, t).tolist() == entries
    assert optimizers.power(0.9, 3) == 0.9**3


def test_the_file_goes_from_the_simplest_to_the_most_complex():
    """The sequence of the course first, then the variants that its conventions boxes compare."""
    names = [name for name, cls in vars(optimizers).items() if cls in CLASSES]
    course = "GradientDescent SGD Momentum NesterovLookAhead Nesterov AdaGrad RMSProp AdamAlmost Adam"
    course += " AMSGrad AdamW"
    variants = "SutskeverMomentum AveragedMomentum RMSPropEpsInside AdamL2"
    assert names == course.split() + variants.split()
    names = [
        name
        for name, cls in vars(after_adam).items()
        if cls in CLASSES and cls not in vars(optimizers).values()
    ]
    assert names == "SignDescent Lion ScheduleFreeSGD ScheduleFreeAdam".split()
