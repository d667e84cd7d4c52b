"""Muon, Shampoo and the geometry below them: definitions, the facts of lesson 15, bad input."""

import numpy as np
import pytest

from optcourse import race
from optcourse.after_adam import (
    CUBIC,
    Muon,
    Shampoo,
    SignDescent,
    matrices_of,
    newton_schulz,
    orthogonal_factor,
    steepest,
)
from optcourse.descent import descend
from optcourse.models import SoftmaxRegression
from optcourse.objectives import rosenbrock
from optcourse.optimizers import Adam

LENGTHS = {
    "frobenius": np.linalg.norm,
    "entry": lambda D: np.abs(D).max(),
    "spectral": lambda D: np.linalg.norm(D, 2),
}
DUALS = {
    "frobenius": np.linalg.norm,
    "entry": lambda G: np.abs(G).sum(),
    "spectral": lambda G: np.linalg.svd(G, compute_uv=False).sum(),
}


class Bowl:
    """½ tr (W - target)ᵀ C (W - target) over a flat W."""

    def __init__(self, seed: int, rows: int, columns: int):
        rng = np.random.default_rng(seed)
        self.target = rng.standard_normal((rows, columns))
        turn = np.linalg.qr(rng.standard_normal((rows, rows)))[0]
        self.C = turn @ np.diag(np.geomspace(1, 1e-3, rows)) @ turn.T
        self.ndim, self.shape = rows * columns, (rows, columns)

    def value(self, w):
        off = w.reshape(self.shape) - self.target
        return 0.5 * float((off * (self.C @ off)).sum())

    def gradient(self, w):
        return (self.C @ (w.reshape(self.shape) - self.target)).ravel()


def whole(rows, columns):
    return ((0, rows, columns),)


@pytest.mark.parametrize("norm", LENGTHS)
@pytest.mark.parametrize("seed", range(10))
def test_the_steepest_step_has_length_one_and_nothing_of_that_length_is_steeper(norm, seed):
    rng = np.random.default_rng(seed)
    G = rng.standard_normal((5, 8))
    D = steepest(G, norm)
    assert LENGTHS[norm](D) == pytest.approx(1, rel=1e-12)
    assert (G * D).sum() == pytest.approx(DUALS[norm](G), rel=1e-12)
    for _ in range(50):
        other = rng.standard_normal(G.shape)
        assert (G * other).sum() / LENGTHS[norm](other) <= (G * D).sum() + 1e-12


@pytest.mark.parametrize("norm", LENGTHS)
def test_zeros_stay_zeros(norm):
    assert not steepest(np.zeros((3, 4)), norm).any()
    assert not newton_schulz(np.zeros((3, 4))).any()


def test_rank_one_has_one_direction():
    G = np.outer([1.0, -2.0, 0.5], [3.0, 0.1])
    D = orthogonal_factor(G)
    np.testing.assert_allclose(np.linalg.svd(D, compute_uv=False), [1, 0], atol=1e-12)
    np.testing.assert_allclose(D, G / np.linalg.norm(G), atol=1e-12)


def test_adam_without_memory_is_sign_descent():
    plain = descend(rosenbrock(), SignDescent(1e-3), [-1.2, 1.0], 200)
    adam = descend(rosenbrock(), Adam(1e-3, 0.0, 0.0, 0.0), [-1.2, 1.0], 200)
    np.testing.assert_allclose(adam.w, plain.w, rtol=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_shampoo_without_memory_is_the_orthogonal_factor(seed):
    bowl = Bowl(seed, 6, 4)
    step = descend(bowl, Shampoo(1.0, matrices=whole(6, 4)), np.zeros(24), 1).final
    G = bowl.gradient(np.zeros(24)).reshape(6, 4)
    np.testing.assert_allclose(-step.reshape(6, 4), orthogonal_factor(G), atol=1e-9)


# Newton-Schulz


def scalars(values, **more):
    """What the iteration makes of singular values: those of a diagonal matrix of length 1."""
    values = np.asarray(values, dtype=float)
    padded = np.append(values, np.sqrt(max(0.0, 1 - (values**2).sum())))
    turned = newton_schulz(np.diag(padded), **more)
    return np.diag(turned)[: len(values)]


def test_where_five_steps_bring_a_singular_value():
    fine = np.geomspace(0.01, 1.0, 400)
    reached = np.array([scalars([s])[0] for s in fine])
    assert 0.67 < reached.min() < 0.69 and 1.125 < reached.max() < 1.145
    lower = np.array([scalars([s])[0] for s in np.geomspace(0.002, 1.0, 400)])
    assert 0.67 < lower.min() < 0.69 and 1.19 < lower.max() < 1.21
    assert scalars([0.001])[0] == pytest.approx(0.47, abs=0.01)
    assert scalars([0.0])[0] == 0.0


def test_more_steps_never_reach_one_but_the_cubic_does():
    for num_steps in (5, 10, 20, 50):
        reached = np.array([scalars([s], num_steps=num_steps)[0] for s in np.geomspace(0.02, 1, 60)])
        assert np.abs(reached - 1).max() > 0.1
    assert scalars([0.001], num_steps=20, coefficients=CUBIC)[0] == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_it_turns_with_the_matrix_and_the_sign_does_not(seed):
    rng = np.random.default_rng(seed)
    G = rng.standard_normal((16, 10))
    Q, P = (np.linalg.qr(rng.standard_normal((n, n)))[0] for n in (16, 10))
    np.testing.assert_allclose(newton_schulz(Q @ G @ P), Q @ newton_schulz(G) @ P, atol=1e-13)
    off = np.linalg.norm(np.sign(Q @ G @ P) - Q @ np.sign(G) @ P)
    assert off > 0.7 * np.linalg.norm(np.sign(G))


def test_batches_are_their_matrices_one_by_one():
    batch = np.random.default_rng(0).standard_normal((3, 2, 5, 4))
    turned = newton_schulz(batch)
    for index in np.ndindex(3, 2):
        np.testing.assert_allclose(turned[index], newton_schulz(batch[index]), atol=1e-14)


# The optimizers


def plain_muon(w, gradient, shape, learning_rate, rho, num_steps):
    velocity = np.zeros(shape)
    for _ in range(num_steps):
        G = gradient(w.ravel()).reshape(shape)
        velocity = rho * velocity + G
        step = newton_schulz(G + rho * velocity)
        w = w - learning_rate * max(1, shape[0] / shape[1]) ** 0.5 * step
    return w


@pytest.mark.parametrize("shape", [(6, 4), (4, 6)])
def test_muon_is_its_formula(shape):
    bowl = Bowl(3, *shape)
    run = descend(bowl, Muon(0.03, rho=0.9, matrices=whole(*shape)), np.zeros(24), 25)
    expected = plain_muon(np.zeros(shape), bowl.gradient, shape, 0.03, 0.9, 25)
    np.testing.assert_allclose(run.final.reshape(shape), expected, atol=1e-14)


def test_a_batch_of_rates_is_its_single_runs():
    rates = np.array([0.01, 0.1])
    bowl = Bowl(3, 4, 6)
    batched = Batched(bowl)
    together = descend(batched, Muon(rates, matrices=whole(4, 6)), np.zeros(24), 10)
    for place, rate in enumerate(rates):
        alone = descend(bowl, Muon(rate, matrices=whole(4, 6)), np.zeros(24), 10)
        np.testing.assert_allclose(together.final[place], alone.final, atol=1e-14)


class Batched:
    def __init__(self, one):
        self.one, self.ndim = one, one.ndim

    def value(self, w):
        return np.array([self.one.value(column) for column in w.T])

    def gradient(self, w):
        return np.stack([self.one.gradient(column) for column in w.T], axis=1)


def test_what_lies_in_no_matrix_is_adams_at_a_tenth_of_the_rate():
    task = race.problem(0)
    muon = Muon(0.02, matrices=matrices_of(task.model))
    dw = task.model.gradient(task.start)
    w, by_adam = task.start.copy(), task.start.copy()
    muon.step(w, dw, muon.init(w))
    adam = Adam(0.002)
    adam.step(by_adam, dw, adam.init(w))
    weights1, biases1, weights2, biases2 = task.model.unpack(w)
    np.testing.assert_array_equal(biases1, task.model.unpack(by_adam)[1])
    np.testing.assert_array_equal(biases2, task.model.unpack(by_adam)[3])
    assert not np.allclose(weights1, task.model.unpack(by_adam)[0])


def test_matrices_of_a_model_are_its_weights_without_the_biases():
    model = race.problem(0).model
    assert matrices_of(model) == ((0, 64, 16), (65 * 16, 16, 10))
    digits = SoftmaxRegression(np.ones((3, 5)), [0, 1, 2], num_classes=3)
    assert matrices_of(digits) == ((0, 5, 3),)


@pytest.mark.parametrize(("cls", "rate"), [(Muon, 0.05), (Shampoo, 0.5)])
def test_a_run_goes_down_and_is_recorded(cls, rate):
    bowl = Bowl(0, 6, 4)
    run = descend(bowl, cls(rate, matrices=whole(6, 4)), np.zeros(24), 100)
    assert run.loss[-1] < 0.05 * run.loss[0]
    assert ("velocity" in run.state) == (cls is Muon)
    assert set(run.state) <= {"velocity", "moment1", "moment2", "outside"}


@pytest.mark.parametrize("seed", range(10))
def test_on_a_stiff_bowl_equal_singular_values_go_far(seed):
    """The race (★) of lesson 15: best of 25 rates, with a line down to 0 for all but gradient descent."""
    bowl = Bowl(seed, 20, 20)
    left = {}
    for name, direction, fading in (
        ("gradient descent", lambda G: G, False),
        ("sign", np.sign, True),
        ("length", lambda G: steepest(G, "frobenius"), True),
        ("spectral", orthogonal_factor, True),
    ):
        best = np.inf
        for rate in np.geomspace(1e-3, 2.0, 25):
            W = np.zeros((20, 20))
            for t in range(100):
                G = bowl.C @ (W - bowl.target)
                W = W - rate * (1 - t / 100 if fading else 1) * direction(G)
            best = min(best, bowl.value(W.ravel()))
        left[name] = best
    assert left["spectral"] * 1000 <= left["gradient descent"]
    assert left["spectral"] == min(left.values())


@pytest.mark.parametrize("cls", [Muon, Shampoo])
def test_a_network_of_two_layers_is_trained(cls):
    """Shampoo keeps a list of matrices of different sizes: no array is made of it."""
    task = race.problem(0)
    run = descend(task.model, cls(0.05, matrices=matrices_of(task.model)), task.start, 20)
    assert run.loss[-1] < run.loss[0] and not run.diverged


@pytest.mark.parametrize("cls", [Muon, Shampoo])
def test_a_gradient_that_is_not_finite_is_a_lost_run(cls):
    class Broken(Bowl):
        def gradient(self, w):
            return np.where(np.abs(w).max() > 0, np.nan, 1.0) * super().gradient(w)

    run = descend(Broken(0, 4, 3), cls(0.05, matrices=whole(4, 3)), np.zeros(12), 5)
    assert run.diverged and run.diverged_at == 2


@pytest.mark.parametrize("size", [1e200, 1e-200])
def test_huge_and_tiny_gradients_keep_their_direction(size):
    G = np.random.default_rng(0).standard_normal((4, 6))
    np.testing.assert_allclose(newton_schulz(size * G), newton_schulz(G), rtol=1e-10)
    for norm in LENGTHS:
        np.testing.assert_allclose(steepest(size * G, norm), steepest(G, norm), rtol=1e-10, atol=1e-14)


# torch's Muon computes in bfloat16


@pytest.mark.parametrize("shape", [(32, 20), (20, 32)])
def test_torchs_muon_within_the_precision_of_its_numbers(shape, torch):
    bowl = Bowl(3, *shape)
    W = torch.zeros(shape, dtype=torch.float32, requires_grad=True)
    theirs = torch.optim.Muon([W], lr=0.02, momentum=0.9, weight_decay=0.0, nesterov=True)
    ours = descend(bowl, Muon(0.02, rho=0.9, matrices=whole(*shape)), np.zeros(640), 20).w
    for t in range(1, 21):
        W.grad = torch.from_numpy(bowl.gradient(W.detach().numpy().ravel()).reshape(shape)).float()
        theirs.step()
        # bfloat16 has two to three digits.
        np.testing.assert_allclose(W.detach().numpy().ravel(), ours[t], atol=8e-3)


# Bad input


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"norm must be one of frobenius, entry, spectral, got 'nuclear'"):
        steepest(np.eye(2), "nuclear")
    with pytest.raises(ValueError, match=r"G must be a finite matrix, got shape \(3,\)"):
        steepest(np.ones(3))
    with pytest.raises(ValueError, match=r"G must be a finite matrix"):
        newton_schulz([[np.nan, 1.0]])
    with pytest.raises(ValueError, match=r"Muon: matrices must say where they lie"):
        Muon(0.1)
    with pytest.raises(ValueError, match=r"Muon: w has 20 entries, but its matrices end at entry 24"):
        descend(Bowl(0, 5, 4), Muon(0.1, matrices=whole(6, 4)), np.zeros(20), 1)
    with pytest.raises(
        ValueError, match=r"Shampoo: a matrix of 3000 x 1 needs roots of 3000 x 3000 .* Muon needs none"
    ):
        Shampoo(0.1, matrices=whole(3000, 1)).init(np.zeros(3000))
    with pytest.raises(ValueError, match=r"Shampoo runs one start at a time"):
        descend(Batched(Bowl(0, 4, 5)), Shampoo([0.1, 0.2], matrices=whole(4, 5)), np.zeros(20), 1)
    with pytest.raises(ValueError, match=r"Muon: rho must be >= 0 and < 1"):
        Muon(0.1, rho=1.0, matrices=whole(2, 2))
