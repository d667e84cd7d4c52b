"""Numeric gradients: calls and exactness. The check: bugs that it finds, alarms that it must not give."""

import warnings

import numdifftools
import numpy as np
import pytest
import scipy.optimize
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from optcourse import gradients
from optcourse.data import load_digits
from optcourse.gradients import best_h, check_gradient, numeric_gradient
from optcourse.models import LinearRegression, SoftmaxRegression, TwoLayerNetwork
from optcourse.objectives import beale, rosenbrock


class Recorded:
    """A function that keeps every point it was called at."""

    def __init__(self, f):
        self.f, self.points = f, []

    def __call__(self, w):
        self.points.append(np.array(w))
        return self.f(w)


def wave(x):
    return np.exp(np.sin(x))


SLOPE_OF_WAVE = np.cos(1.0) * wave(1.0)


# Numeric gradients


@pytest.mark.parametrize("shape", [(), (1,), (7,), (3, 4), (2, 3, 2)])
@pytest.mark.parametrize(("scheme", "calls"), [("forward", "N + 1"), ("central", "2 N"), ("complex", "N")])
def test_number_of_calls_and_shape(scheme, calls, shape):
    w = np.random.default_rng(0).standard_normal(shape)
    f = Recorded(lambda w: (w * w * w).sum())
    gradient = numeric_gradient(f, w, scheme=scheme)
    assert len(f.points) == {"N + 1": w.size + 1, "2 N": 2 * w.size, "N": w.size}[calls]
    assert gradient.shape == shape and gradient.dtype == float
    np.testing.assert_allclose(gradient, 3 * w * w, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("scheme", ["forward", "central", "complex"])
def test_w_is_never_changed_and_integers_work(scheme):
    w = np.array([[1, 2], [3, 4]])
    w.setflags(write=False)
    gradient = numeric_gradient(lambda w: (w * w).sum(), w, scheme=scheme)
    np.testing.assert_allclose(gradient, 2.0 * w, rtol=1e-6)
    assert w.tolist() == [[1, 2], [3, 4]]
    np.testing.assert_allclose(numeric_gradient(lambda w: w * w, 3, scheme=scheme), 6.0, rtol=1e-6)


def test_f_may_change_what_it_gets():
    def f(w):
        w *= w
        return w.sum()

    np.testing.assert_allclose(numeric_gradient(f, [1.0, 2.0, 3.0]), [2.0, 4.0, 6.0], rtol=1e-9)


def test_only_one_entry_moves_at_a_time():
    f = Recorded(lambda w: w.sum())
    numeric_gradient(f, np.zeros(3), h=0.5)
    assert [p.tolist() for p in f.points] == [
        [0.5, 0, 0],
        [-0.5, 0, 0],
        [0, 0.5, 0],
        [0, -0.5, 0],
        [0, 0, 0.5],
        [0, 0, -0.5],
    ]


def test_the_step_divided_by_is_the_step_taken():
    """At w = 1000 an h of 1e-8 is rounded by a few percent: 2 x must still have slope 2."""
    for scheme in ("forward", "central"):
        assert numeric_gradient(lambda w: 2 * w, 1000.0, h=1e-8, scheme=scheme) == 2.0


def test_best_h_of_the_curriculum():
    assert best_h("forward") == pytest.approx(1.5e-8, rel=0.02)
    assert best_h("central") == pytest.approx(6.1e-6, rel=0.02)
    assert best_h("forward", np.float32) == pytest.approx(3.5e-4, rel=0.02)
    assert best_h("central", np.float32) == pytest.approx(4.9e-3, rel=0.02)


@pytest.mark.parametrize("scheme", ["forward", "central"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_best_h_is_within_a_decade_of_the_best_on_a_grid(scheme, dtype):
    steps = np.geomspace(1e-12 if dtype == np.float64 else 1e-6, 0.1, 400)
    points = np.linspace(0.5, 1.5, 20)
    errors = np.array(
        [
            [abs(numeric_gradient(wave, dtype(x), h=h, scheme=scheme) - np.cos(x) * wave(x)) for h in steps]
            for x in points
        ]
    )
    best = steps[np.median(errors, axis=0).argmin()]
    assert 0.1 < best_h(scheme, dtype) / best < 10


def test_errors_of_the_curriculum():
    """exp(sin x) at 1: forward is best at 1e-8, central far better at 1e-5 and far worse at 1e-12."""

    def errors(scheme):
        """Of the plain quotient with the nominal h, as the lecture writes it, at h = 1, 0.1, ... 1e-16."""
        h = 10.0 ** -np.arange(17)
        ahead, here, behind = wave(1.0 + h), wave(1.0), wave(1.0 - h)
        quotient = (ahead - here) / h if scheme == "forward" else (ahead - behind) / (2 * h)
        return np.abs(quotient - SLOPE_OF_WAVE)

    forward, central = errors("forward"), errors("central")
    assert forward.argmin() == 8 and 5e-9 < forward[8] < 2e-8
    assert central.argmin() == 5 and 5e-11 < central[5] < 1e-10
    assert 1e-5 < central[12] < 1e-4


@pytest.mark.parametrize("h", 10.0 ** -np.arange(8, 201, 16))
def test_the_complex_step_is_exact_from_1e_8_to_1e_200(h):
    assert abs(numeric_gradient(wave, 1.0, h=h, scheme="complex") - SLOPE_OF_WAVE) <= 4.5e-16


@pytest.mark.parametrize("objective", [rosenbrock(), beale()], ids=["rosenbrock", "beale"])
def test_against_scipy_and_numdifftools(objective):
    w = np.array([0.3, -0.7])
    exact = objective.gradient(w)
    ours = numeric_gradient(objective.value, w)
    np.testing.assert_allclose(ours, exact, rtol=5e-9)
    np.testing.assert_allclose(ours, numdifftools.Gradient(objective.value)(w), rtol=5e-9)
    np.testing.assert_allclose(ours, scipy.optimize.approx_fprime(w, objective.value), rtol=1e-5)
    complex_step = numeric_gradient(objective.value, w, scheme="complex")
    np.testing.assert_allclose(complex_step, exact, rtol=1e-14)


@given(hnp.arrays(float, hnp.array_shapes(max_side=4), elements=st.floats(-1e6, 1e6, allow_subnormal=False)))
def test_steps_grow_with_the_entries(w):
    gradient = numeric_gradient(lambda w: (w * w).sum(), w, scheme="complex")
    np.testing.assert_allclose(gradient, 2 * w, rtol=1e-14, atol=1e-280)
    one_by_one = [numeric_gradient(lambda x: x * x, x) for x in w.ravel()]
    np.testing.assert_allclose(one_by_one, 2 * w.ravel(), rtol=1e-8, atol=1e-8)


def test_float32_stays_float32():
    w = np.array([1.0, 2.0], dtype=np.float32)
    f = Recorded(lambda w: (w * w).sum())
    assert numeric_gradient(f, w).dtype == np.float32
    assert {point.dtype for point in f.points} == {np.dtype(np.float32)}


def test_a_lost_imaginary_part_is_an_error():
    def through_a_real_buffer(w):
        buffer = np.zeros(w.shape)
        buffer[...] = w * w
        return buffer.sum()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a learner's own filter must not switch it off
        with pytest.raises(np.exceptions.ComplexWarning):
            numeric_gradient(through_a_real_buffer, np.ones(2), scheme="complex")
    for f in (lambda w: np.abs(w).sum(), np.linalg.norm, lambda w: (w * w).sum().real):
        with pytest.raises(ValueError, match="throws the imaginary part away"):
            numeric_gradient(f, np.ones(2), scheme="complex")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"scheme": "backward"}, ValueError, "scheme must be one of forward, central, complex"),
        ({"h": 0.0}, ValueError, "h must be finite and > 0, got 0.0"),
        ({"h": -1e-5}, ValueError, "h must be finite and > 0"),
        ({"h": float("nan")}, ValueError, "h must be finite and > 0, got nan"),
        ({"h": 1e-20}, ValueError, "h is too small: added to"),
        ({"w": ["a"]}, TypeError, "w must hold real numbers"),
        ({"w": [1j]}, TypeError, "w must hold real numbers"),
        ({"f": lambda w: w}, ValueError, r"f must return one number, got an array of shape \(2,\)"),
        ({"f": lambda w: None}, TypeError, "f must return a real number, got None"),
        ({"f": lambda w: 1j}, TypeError, "f must return a real number"),
    ],
)
def test_bad_input_is_named(arguments, error, message):
    with pytest.raises(error, match=message):
        numeric_gradient(**{"f": lambda w: w.sum(), "w": [1.0, 2.0], **arguments})
    with pytest.raises(ValueError, match="scheme must be one of"):
        best_h("backward")


# The check


def quartic(w):
    return (w * w * w * w).sum()


def quartic_gradient(w):
    return 4 * w * w * w


W = np.random.default_rng(4).standard_normal((3, 4))


@pytest.mark.parametrize("fast", [False, True])
def test_a_right_gradient_passes(fast):
    report = check_gradient(quartic, quartic_gradient, W, fast=fast)
    assert report and report.ok and not report.notes
    assert abs(report.analytic - report.numeric) < (1e-13 if fast else 1e-8)
    assert str(report).startswith("The gradient is right:")
    assert check_gradient(quartic, quartic_gradient(W), W, fast=fast)


def test_a_right_gradient_is_reported_at_its_worst_direction(monkeypatch):
    errors = iter([0.2, 0.9, 0.5, 0.1, 0.8, 0.3, 0.4, 0.6, 0.7, 0.0])
    monkeypatch.setattr(gradients, "along", lambda *_: (10 * (error := next(errors)), 20 * error, error))
    report = check_gradient(quartic, quartic_gradient, W, fast=True)
    assert report.ok and (report.numeric, report.analytic) == (9.0, 18.0) and report.index is None


@pytest.mark.parametrize("fast", [False, True])
def test_the_worst_entry_is_named(fast):
    def wrong(w):
        dw = quartic_gradient(w)
        dw[1, 2] *= 1.5
        return dw

    report = check_gradient(quartic, wrong, W, fast=fast)
    assert not report
    assert report.index == (1, 2)
    exact = quartic_gradient(W)[1, 2]
    assert report.analytic == pytest.approx(1.5 * exact)
    assert report.numeric == pytest.approx(exact, rel=1e-6)
    assert report.relative_error == pytest.approx(1 / 3, rel=1e-6)
    assert "The gradient is wrong: at entry [1, 2] the analytic value is" in str(report)
    assert "a relative error of 0.33." in str(report)


def test_the_criterion_is_torch_s():
    """|analytic - numeric| <= atol + rtol * |numeric|."""
    w = np.array([1.0])
    for factor, ok in ((1.0009, True), (1.0012, False)):
        assert check_gradient(quartic, lambda w, k=factor: k * quartic_gradient(w), w).ok == ok
    for offset, ok in ((9e-6, True), (1.2e-5, False)):
        assert check_gradient(lambda w: 0.0 * w.sum(), np.array([offset]), w).ok == ok
    assert not check_gradient(quartic, 1.0009 * quartic_gradient(w), w, rtol=1e-4)


@pytest.mark.parametrize("fast", [False, True])
def test_zero_over_zero_is_no_error(fast):
    report = check_gradient(quartic, quartic_gradient, np.zeros(3), fast=fast)
    assert report.ok and report.relative_error == 0.0
    assert "(both are zero)" in str(report)


def test_float32_fails_a_right_gradient_and_says_why():
    report = check_gradient(quartic, quartic_gradient, W.astype(np.float32))
    assert not report.ok
    assert "w is float32: differences need float64" in str(report)


@pytest.mark.parametrize("fast", [False, True])
def test_a_gradient_that_changes_w_fails(fast):
    def in_place(w):
        dw = quartic_gradient(w)
        w += 1.0
        return dw

    w = W.copy()
    report = check_gradient(quartic, in_place, w, fast=fast)
    assert not report.ok and "It changed w while computing" in str(report)
    assert np.array_equal(w, W)


@pytest.mark.parametrize("fast", [False, True])
def test_nan_is_never_right(fast):
    dw = quartic_gradient(W)
    dw[2, 0] = np.nan
    report = check_gradient(quartic, dw, W, fast=fast)
    assert not report.ok and report.index == (2, 0)


def test_a_kink_gives_half_to_differences_and_no_alarm_to_the_complex_step():
    def relu_sum(w):
        return (w * (w.real > 0)).sum()

    w = np.array([1.0, 0.0, -1.0])
    assert numeric_gradient(relu_sum, w)[1] == pytest.approx(0.5, rel=1e-9)
    assert not check_gradient(relu_sum, np.array([1.0, 0.0, 0.0]), w)
    assert check_gradient(relu_sum, np.array([1.0, 0.0, 0.0]), w, fast=True)


def test_abs_makes_the_fast_check_fall_back():
    """abs throws imaginary parts away: the complex step alone would call the right gradient wrong, and the
    wrong one, from which the term is missing, right."""

    def f(w):
        return (w * w).sum() + np.abs(w).sum()

    right = check_gradient(f, lambda w: 2 * w + np.sign(w), W, fast=True)
    assert right.ok and "abs, norm or float" in str(right)
    assert not check_gradient(f, lambda w: 2 * w, W, fast=True)
    assert check_gradient(np.linalg.norm, lambda w: w / np.linalg.norm(w), W, fast=True)


def test_num_evaluations():
    assert check_gradient(quartic, quartic_gradient, W).num_evaluations == 24
    assert check_gradient(quartic, quartic_gradient, W, fast=True).num_evaluations == 13


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"gradient": np.zeros(3)}, ValueError, r"must have the shape of w, \(3, 4\), but it has \(3,\)"),
        ({"gradient": lambda w: None}, ValueError, r"but it has \(\)"),
        ({"gradient": lambda w: 1j * w}, TypeError, "the gradient must hold real numbers"),
        ({"w": np.full((3, 4), np.nan)}, ValueError, "w must be finite"),
        ({"f": lambda w: w}, ValueError, "f must return one number"),
    ],
)
def test_bad_input_of_the_check_is_named(arguments, error, message):
    with pytest.raises(error, match=message):
        check_gradient(**{"f": quartic, "gradient": quartic_gradient, "w": W, **arguments})


# The network of 4,810 parameters, and bugs that people plant in it


@pytest.fixture(scope="module")
def network():
    digits = load_digits()[:64]
    model = TwoLayerNetwork(digits.X, digits.y, num_hidden=64, regularization=0.01)
    w = model.initial(np.random.default_rng(0))
    return model, w + 0.01 * np.random.default_rng(1).standard_normal(w.shape)


def planted_bugs(model, w):
    """name -> a wrong gradient at w."""
    X, N = model.X1[:, :-1], len(model.X1)
    W1, b1, W2, b2 = model.unpack(w)
    before = X @ W1 + b1
    hidden = np.maximum(before, 0)
    scores = hidden @ W2 + b2
    probabilities = np.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    dscores = (probabilities - model.targets) / N
    regularization = model.regularization

    def flat(dscores=dscores, mask=before > 0, decay1=regularization, decay2=regularization, **changes):
        dbefore = (dscores @ W2.T) * mask
        parts = {
            "W1": X.T @ dbefore + decay1 * W1,
            "b1": dbefore.sum(axis=0),
            "W2": hidden.T @ dscores + decay2 * W2,
            "b2": dscores.sum(axis=0),
        }
        parts |= {name: change(parts[name]) for name, change in changes.items()}
        return np.concatenate([part.ravel() for part in parts.values()])

    def one_entry(part):
        part = part.copy()
        part.flat[part.size // 2] *= 1.001
        return part

    right = flat()
    np.testing.assert_allclose(right, model.gradient(w), rtol=1e-12, atol=1e-16)
    yield "factor 1.001", 1.001 * right
    yield "factor 1.001 in one weight", flat(W1=one_entry)
    yield "sign flipped", -right
    yield "divided by N twice", flat(dscores / N)
    yield "not divided by N", flat(dscores * N)
    yield "ReLU forgotten", flat(mask=1.0)
    yield "ReLU of the wrong sign", flat(mask=before < 0)
    yield "regularization forgotten", flat(decay1=0.0, decay2=0.0)
    yield "regularization doubled", flat(decay1=2 * regularization, decay2=2 * regularization)
    yield "regularization of one layer forgotten", flat(decay2=0.0)
    yield "biases forgotten", flat(b1=np.zeros_like, b2=np.zeros_like)
    yield "biases averaged instead of summed", flat(b1=lambda b: b / N)
    yield "softmax without the -1", flat(probabilities / N)
    yield "second layer transposed", flat(W2=lambda W: W.reshape(W.shape[::-1]).T)
    yield "examples of the last row forgotten", flat(W1=lambda W: W - np.outer(X[-1], (dscores @ W2.T)[-1]))


def test_fifteen_of_fifteen_bugs_are_caught(network):
    model, w = network
    bugs = dict(planted_bugs(model, w))
    assert len(bugs) == 15
    caught = {name for name, wrong in bugs.items() if not check_gradient(model.value, wrong, w, fast=True)}
    assert caught == set(bugs)


def test_the_wrong_weight_is_named(network):
    model, w = network
    right, wrong = model.gradient(w), dict(planted_bugs(model, w))["factor 1.001 in one weight"]
    report = check_gradient(model.value, wrong, w, fast=True)
    assert report.index == (int(np.abs(wrong - right).argmax()),)
    assert report.relative_error == pytest.approx(1e-3, rel=0.01)


def test_no_false_alarm_on_models_and_kinks(network):
    model, w = network
    for seed in range(20):
        assert check_gradient(model.value, model.gradient, w, fast=True, rng=np.random.default_rng(seed))
    kinked = w.copy()
    model.unpack(kinked)[0][:, :32] = 0.0  # half of the hidden units sit exactly on their kink
    model.unpack(kinked)[1][:32] = 0.0
    assert check_gradient(model.value, model.gradient, kinked, fast=True)
    assert not check_gradient(
        lambda u: model.value(np.concatenate([u, kinked[200:]])), model.gradient(kinked)[:200], kinked[:200]
    )
    for other in (
        SoftmaxRegression(model.X1[:, :-1], model.y, regularization=0.1),
        LinearRegression(model.X1[:, :-1], model.y, regularization=0.1),
    ):
        start = other.initial(np.random.default_rng(0))
        assert check_gradient(other.value, other.gradient, start, fast=True)
        assert check_gradient(other.value, other.gradient, start)


def test_4810_parameters_take_few_evaluations(network):
    """The milliseconds are in benchmarks/: what makes them few is this."""
    model, w = network
    assert w.size == 4810
    report = check_gradient(model.value, model.gradient, w, fast=True)
    assert report and report.num_evaluations < 20


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"eps": -1e-6}, ValueError, "eps must be finite and > 0"),
        ({"atol": -1.0}, ValueError, "atol must be >= 0"),
        ({"rtol": np.nan}, ValueError, "rtol must be >= 0"),
        ({"w": []}, ValueError, "at least one entry"),
        ({"w": [1.0, np.nan]}, ValueError, r"entry \[1\] is nan"),
    ],
)
def test_bad_arguments_of_the_check_are_named(changes, error, message):
    arguments = {"f": lambda w: (w * w).sum(), "gradient": lambda w: 2 * w, "w": [1.0, 2.0]} | changes
    with pytest.raises(error, match=message):
        check_gradient(**arguments)
