"""Landscapes: derivatives by the complex step, minima that are minima, batches equal to single points."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optcourse import objectives
from optcourse.gradients import numeric_gradient
from optcourse.objectives import FACTORIES, bowl, build, lecture_bowl, parabola, quadratic, rosenbrock

EVERY = [
    *(build((name, {})) for name in sorted(FACTORIES)),
    quadratic(condition_number=37.0, rotation=0.7, steepest=3.0),
    lecture_bowl(rotation=-1.1),
    bowl([5.0, 0.0, 1.0, 2.0]),
    parabola(curvature=4.0),
]
each = pytest.mark.parametrize("objective", EVERY, ids=lambda o: f"{o.recipe[0]}{len(o.recipe[1]) or ''}")


def points(objective, count, seed=0):
    """(count, n) points of the domain, or (count,) when ndim is 0."""
    low, high = np.array(objective.domain).T
    drawn = np.random.default_rng(seed).uniform(low, high, (count, len(low)))
    return drawn if objective.ndim else drawn[:, 0]


@each
def test_gradient_by_the_complex_step(objective):
    for point in points(objective, 20):
        exact = numeric_gradient(objective.value, point, scheme="complex")
        np.testing.assert_allclose(objective.gradient(point), exact, rtol=1e-13, atol=1e-12)


@each
def test_hessian_by_the_complex_step(objective):
    for point in points(objective, 20):
        if objective.ndim == 0:
            exact = numeric_gradient(objective.gradient, point, scheme="complex")
        else:
            exact = [
                numeric_gradient(lambda w, i=i: objective.gradient(w)[i], point, scheme="complex")
                for i in range(objective.ndim)
            ]
        np.testing.assert_allclose(objective.hessian(point), exact, rtol=1e-13, atol=1e-12)


@each
def test_minima_are_minima(objective):
    for minimum in objective.minima:
        np.testing.assert_allclose(objective.gradient(minimum), 0.0, atol=2e-13)
        hessian = np.atleast_2d(objective.hessian(minimum))
        assert (np.linalg.eigvalsh(hessian) >= 0).all()
        here = objective.value(minimum)
        around = np.asarray(minimum) + 1e-3 * np.random.default_rng(1).standard_normal(
            (50, *np.shape(minimum))
        )
        assert all(objective.value(point) >= here for point in around)


@each
def test_all_minima_of_the_domain_are_listed(objective):
    """Newton's method from a grid finds no other one."""
    if objective.ndim > 2 or not objective.minima:
        return
    low, high = np.array(objective.domain).T
    found = []
    for point in points(objective, 300, seed=2):
        w = np.array(point)
        with np.errstate(all="ignore"):
            for _ in range(60):
                hessian, slope = np.atleast_2d(objective.hessian(w)), np.atleast_1d(objective.gradient(w))
                if not np.isfinite(slope).all() or np.linalg.cond(hessian) > 1e12:
                    break
                w = w - np.linalg.solve(hessian, slope).reshape(w.shape)
        if not np.isfinite(w).all() or (w < low).any() or (w > high).any():
            continue
        settled = np.abs(objective.gradient(w)).max() < 1e-10
        if settled and (np.linalg.eigvalsh(np.atleast_2d(objective.hessian(w))) > 1e-6).all():
            found.append(w)
    for w in found:
        distances = [np.abs(w - np.asarray(minimum)).max() for minimum in objective.minima]
        assert min(distances) < 1e-6, f"another minimum at {w}"


@pytest.mark.parametrize(
    ("name", "lowest"),
    [("rosenbrock", 0.0), ("beale", 0.0), ("himmelblau", 0.0), ("styblinski_tang", -78.33233140754282)],
)
def test_known_values(name, lowest):
    objective = build((name, {}))
    assert min(objective.value(m) for m in objective.minima) == pytest.approx(lowest, abs=1e-12)


def test_styblinski_tang_ravine_and_two_basins_have_one_lowest_minimum():
    for name in ("styblinski_tang", "ravine", "two_basins"):
        objective = build((name, {}))
        values = sorted(float(objective.value(m)) for m in objective.minima)
        assert values[0] < values[1] - 0.1


def test_saddles_are_saddles():
    for name in ("saddle", "monkey_saddle"):
        objective = build((name, {}))
        assert not objective.gradient([0.0, 0.0]).any()
        values = [objective.value(w) for w in ([0.1, 0.0], [-0.1, 0.0], [0.0, 0.1], [0.1, 0.1], [-0.1, 0.1])]
        assert min(values) < 0 < max(values)
    assert np.linalg.eigvalsh(build(("saddle", {})).hessian([0.3, 0.2])).tolist() == [-2.0, 2.0]


@given(st.floats(1, 1e6), st.floats(-7, 7), st.floats(0.1, 100))
def test_quadratic_has_the_condition_number_it_was_asked_for(kappa, rotation, steepest):
    flat, steep = np.linalg.eigvalsh(quadratic(kappa, rotation, steepest).hessian([0.0, 0.0]))
    assert steep == pytest.approx(steepest, rel=1e-9)
    assert flat == pytest.approx(steepest / kappa, rel=1e-9, abs=1e-9 * steepest)


def test_rotation_turns_the_bowl_counter_clockwise():
    turned = quadratic(10, rotation=np.pi / 6)
    flat_axis = np.array([np.cos(np.pi / 6), np.sin(np.pi / 6)])
    assert turned.value(flat_axis) == pytest.approx(0.05)
    assert turned.value([-flat_axis[1], flat_axis[0]]) == pytest.approx(0.5)


def test_lecture_bowl_is_the_curriculum_s():
    w = np.random.default_rng(0).standard_normal((2, 100))
    np.testing.assert_allclose(lecture_bowl().value(w), 0.1 * w[0] ** 2 + 2 * w[1] ** 2, rtol=1e-14)


def test_the_heavy_ball_s_slope_is_continuous_and_its_loss_strongly_convex():
    objective = build(("heavy_ball_cycle", {}))
    for kink in (1.0, 2.0):
        left, right = kink - 1e-12, kink + 1e-12
        assert objective.value(left) == pytest.approx(objective.value(right), abs=1e-9)
        assert objective.gradient(left) == pytest.approx(objective.gradient(right), abs=1e-9)
    assert set(np.unique(objective.hessian(np.linspace(-4, 4, 999)))) == {1.0, 25.0}


@each
def test_a_batch_equals_its_points_to_the_last_bit(objective):
    many = points(objective, 60)
    batch = many.T.reshape(*many.shape[1:], 12, 5).copy()
    for function in (objective.value, objective.gradient, objective.hessian):
        single = np.array([function(point) for point in many])
        together = np.moveaxis(function(batch).reshape(*single.shape[1:], 60), -1, 0)
        assert np.array_equal(together, single)


@each
def test_shapes(objective):
    axes = (objective.ndim,) if objective.ndim else ()
    for batch in ((), (3,), (2, 3), (0,)):
        w = np.ones((*axes, *batch))
        assert np.shape(objective.value(w)) == batch
        assert np.shape(objective.gradient(w)) == w.shape
        assert np.shape(objective.hessian(w)) == (*axes, *axes, *batch)


@each
def test_the_description_of_a_landscape_is_complete(objective):
    assert objective.name and objective.description
    assert len(objective.domain) == max(1, objective.ndim)
    assert all(low < high for low, high in objective.domain)
    inside = zip(np.atleast_1d(objective.start), objective.domain, strict=True)
    assert all(low <= c <= high for c, (low, high) in inside)
    for minimum in objective.minima:
        assert np.shape(minimum) == ((objective.ndim,) if objective.ndim else ())


@each
def test_a_recipe_survives_json_and_makes_the_same_landscape(objective):
    name, parameters = json.loads(json.dumps(objective.recipe))
    again = build((name, parameters))
    for point in points(objective, 5):
        assert again.value(point) == objective.value(point)


def test_parameters_may_be_arrays():
    kappa = np.array([1.0, 10.0, 100.0])
    bowls = quadratic(condition_number=kappa[:, None], rotation=[0.0, 0.5])
    assert bowls.batch_shape == (3, 2)
    w = np.ones((2, 3, 2))
    for i, j in np.ndindex(3, 2):
        one = quadratic(condition_number=kappa[i], rotation=[0.0, 0.5][j])
        assert bowls.value(w)[i, j] == one.value([1.0, 1.0])
        assert np.array_equal(bowls.gradient(w)[:, i, j], one.gradient([1.0, 1.0]))
        assert np.array_equal(bowls.hessian(w)[..., i, j], one.hessian([1.0, 1.0]))


def test_integers_and_lists_are_computed_in_float64():
    big = 100_000  # its fourth power does not fit into 64 bits
    assert rosenbrock().value([big, 1]) == rosenbrock().value([float(big), 1.0])
    integers = np.array([2, 3])
    assert rosenbrock().gradient(integers).dtype == np.float64
    assert integers.tolist() == [2, 3]
    assert rosenbrock().value(np.ones(2, dtype=np.float32)).dtype == np.float32


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"Rosenbrock's valley: w must have 2 coordinates .* shape \(3,\)"):
        rosenbrock().value([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=r"shape \(\)"):
        rosenbrock().gradient(1.0)
    with pytest.raises(TypeError, match="must hold numbers"):
        rosenbrock().value(["a", "b"])
    with pytest.raises(ValueError, match="no objective is called 'rosenbrook'; there are beale, "):
        build(("rosenbrook", {}))
    with pytest.raises(TypeError, match="condition"):
        build(("quadratic", {"condition": 3}))
    with pytest.raises(ValueError, match="condition_number must be finite and >= 1, got 0.5"):
        quadratic(0.5)
    with pytest.raises(ValueError, match="rotation must be finite, got nan"):
        quadratic(2, rotation=float("nan"))
    with pytest.raises(TypeError, match="steepest must be a real number"):
        quadratic(2, steepest="a")
    with pytest.raises(ValueError, match="eigenvalues must be a list of one or more"):
        bowl([])
    with pytest.raises(ValueError, match="eigenvalues must be finite and >= 0"):
        bowl([1.0, -1.0])


def test_every_factory_is_registered():
    made = {
        name
        for name, function in vars(objectives).items()
        if callable(function)
        and getattr(function, "__annotations__", {}).get("return") is objectives.Objective
    }
    assert made - {"build"} == set(FACTORIES)
    assert {"quadratic", "lecture_bowl", "saddle", "monkey_saddle", "rosenbrock", "beale"} < set(FACTORIES)
    assert {"himmelblau", "styblinski_tang", "ravine", "two_basins", "heavy_ball_cycle"} < set(FACTORIES)
