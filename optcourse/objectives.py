"""Landscapes to walk on, as data: value, gradient, Hessian, minima, domain and start of each.

    bowl = quadratic(condition_number=100)
    bowl.value([1.0, 2.0]), bowl.gradient([1.0, 2.0]), bowl.minima

Points have their coordinates first: `w` has the shape (n, *batch), so a formula reads `x, y = w` and the
same line serves one point, a grid for a contour plot, or ten thousand walkers. A problem in one variable has
no coordinate axis: its `w` has the shape batch. Every formula works entry by entry (a batch equals its
single points to the last bit) and accepts complex numbers (so the complex step can check every gradient).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True, eq=False)
class Objective:
    """One landscape.

    name, description: for titles and for people.
    recipe: (name of the factory, its parameters): `build(recipe)` makes the same landscape again.
    ndim: the number of coordinates, 0 for a problem in one variable.
    minima: points (or numbers, when ndim is 0) where the gradient vanishes and the loss is locally smallest.
    domain: ((xlo, xhi), (ylo, yhi), ...), the part worth drawing; start: a good place to begin.
    batch_shape: the common shape of its parameters, () unless some are arrays.
    value_formula, gradient_formula, hessian_formula: the bare formulas, which trust their input.
    """

    name: str
    description: str
    recipe: tuple[str, dict]
    ndim: int
    value_formula: Callable[[np.ndarray], np.ndarray]
    gradient_formula: Callable[[np.ndarray], np.ndarray]
    hessian_formula: Callable[[np.ndarray], np.ndarray]
    minima: tuple
    domain: tuple[tuple[float, float], ...]
    start: float | tuple[float, ...]
    batch_shape: tuple[int, ...] = ()

    def value(self, w: ArrayLike) -> np.ndarray:
        """The loss at `w`: shape (n, *batch) gives shape batch."""
        return self.value_formula(self._point(w))

    def gradient(self, w: ArrayLike) -> np.ndarray:
        """The gradient at `w`, of the same shape as `w`."""
        return self.gradient_formula(self._point(w))

    def hessian(self, w: ArrayLike) -> np.ndarray:
        """The matrix of second derivatives at `w`: shape (n, n, *batch), or batch when ndim is 0."""
        return self.hessian_formula(self._point(w))

    def _point(self, w: ArrayLike) -> np.ndarray:
        w = np.asarray(w)
        if w.dtype.kind in "iu":
            w = w.astype(float)
        if w.dtype.kind not in "fc":
            raise TypeError(f"{self.name}: w must hold numbers, got dtype {w.dtype}")
        if self.ndim and w.shape[:1] != (self.ndim,):
            raise ValueError(
                f"{self.name}: w must have {self.ndim} coordinates on its first axis, got shape {w.shape}"
            )
        return w


FACTORIES: dict[str, Callable[..., Objective]] = {}


def factory(function: Callable[..., Objective]) -> Callable[..., Objective]:
    """Register a function that makes an Objective under the function's name, so that `build` finds it."""
    FACTORIES[function.__name__] = function
    return function


def build(recipe: tuple[str, dict]) -> Objective:
    """The objective of a recipe, e.g. ("quadratic", {"condition_number": 10.0}).

    Raises ValueError when there is no such landscape, TypeError when it has no such parameter.
    """
    if not (isinstance(recipe, tuple | list) and len(recipe) == 2):
        raise TypeError(f"a recipe is a pair (name, parameters), like ('beale', {{}}), got {recipe!r}")
    name, parameters = recipe
    if name not in FACTORIES:
        raise ValueError(f"no objective is called {name!r}; there are {', '.join(sorted(FACTORIES))}")
    return FACTORIES[name](**parameters)


def parameter(name: str, value: ArrayLike, low: float = -np.inf) -> np.ndarray:
    """A landscape's parameter as floats; raises ValueError unless it is finite and >= low."""
    array = np.asarray(value)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be a real number or an array of them, got {value!r}")
    array = array.astype(float)
    if not (np.isfinite(array).all() and (array >= low).all()):
        bound = "finite" if low == -np.inf else f"finite and >= {low:g}"
        raise ValueError(f"{name} must be {bound}, got {value!r}")
    return array[()]


# Bowls: one minimum, a constant Hessian


@factory
def quadratic(
    condition_number: ArrayLike = 10.0, rotation: ArrayLike = 0.0, steepest: ArrayLike = 1.0
) -> Objective:
    """An elliptic bowl, w @ H @ w / 2, with minimum 0 at (0, 0).

    The Hessian H has the eigenvalues `steepest` / `condition_number` (along x) and `steepest` (along y),
    turned counter-clockwise by `rotation` (radians). So gradient descent is stable below 2 / steepest
    whatever the condition number. All three may be arrays that broadcast: then they are a batch of bowls.
    """
    kappa = parameter("condition_number", condition_number, low=1.0)
    angle = parameter("rotation", rotation)
    steep = parameter("steepest", steepest, low=0.0)
    flat = steep / kappa
    cos, sin = np.cos(angle), np.sin(angle)
    hxx = flat * cos * cos + steep * sin * sin
    hyy = flat * sin * sin + steep * cos * cos
    hxy = (flat - steep) * sin * cos

    def value(w):
        x, y = w
        return 0.5 * (hxx * x * x + hyy * y * y) + hxy * x * y

    def gradient(w):
        x, y = w
        return np.array([hxx * x + hxy * y, hxy * x + hyy * y])

    def hessian(w):
        one = np.ones(w.shape[1:], w.dtype)
        return np.array([[hxx * one, hxy * one], [hxy * one, hyy * one]])

    return Objective(
        name="quadratic bowl",
        description=f"An elliptic bowl with condition number {condition_number}.",
        recipe=(
            "quadratic",
            {"condition_number": condition_number, "rotation": rotation, "steepest": steepest},
        ),
        ndim=2,
        value_formula=value,
        gradient_formula=gradient,
        hessian_formula=hessian,
        minima=((0.0, 0.0),),
        domain=((-4.0, 4.0), (-4.0, 4.0)),
        start=(-3.0, 2.0),
        batch_shape=np.broadcast_shapes(kappa.shape, angle.shape, steep.shape),
    )


@factory
def lecture_bowl(rotation: ArrayLike = 0.0) -> Objective:
    """0.1 x² + 2 y²: condition number 20, best learning rate 2 / 4.2, stable below 0.5."""
    bowl = quadratic(condition_number=20.0, rotation=rotation, steepest=4.0)
    return Objective(
        **{
            **vars(bowl),
            "name": "lecture's bowl",
            "description": "0.1 x² + 2 y²: flat along x, steep along y.",
            "recipe": ("lecture_bowl", {"rotation": rotation}),
            "domain": ((-6.0, 6.0), (-3.5, 3.5)),
            "start": (-5.0, -2.0),
        }
    )


@factory
def bowl(eigenvalues: ArrayLike = (1.0, 0.1)) -> Objective:
    """A bowl in any number of dimensions: the sum of eigenvalues * w * w / 2, axes along the coordinates."""
    curvature = parameter("eigenvalues", eigenvalues, low=0.0)
    if curvature.ndim != 1 or curvature.size == 0:
        raise ValueError(f"eigenvalues must be a list of one or more numbers, got {eigenvalues!r}")
    n = curvature.size

    def along(w):
        return curvature.reshape(-1, *[1] * (w.ndim - 1))

    def value(w):
        terms = 0.5 * along(w) * w * w
        total = terms[0]
        for term in terms[1:]:  # in order: NumPy's sum pairs terms differently in a batch
            total = total + term
        return total

    def gradient(w):
        return along(w) * w

    def hessian(w):
        return np.diag(curvature).reshape(n, n, *[1] * (w.ndim - 1)) * np.ones_like(w[0])

    return Objective(
        name="bowl",
        description=f"A bowl in {n} dimensions.",
        recipe=("bowl", {"eigenvalues": tuple(float(c) for c in curvature)}),
        ndim=n,
        value_formula=value,
        gradient_formula=gradient,
        hessian_formula=hessian,
        minima=((0.0,) * n,),
        domain=((-2.0, 2.0),) * n,
        start=(1.0,) * n,
    )


# Saddles: the gradient vanishes at the origin, which is no minimum


@factory
def saddle() -> Objective:
    """x² - y²: down to the saddle along x, away from it along y. There is no minimum."""

    def value(w):
        x, y = w
        return x * x - y * y

    def gradient(w):
        x, y = w
        return np.array([2.0 * x, -2.0 * y])

    def hessian(w):
        one = np.ones_like(w[0])
        return np.array([[2.0 * one, 0.0 * one], [0.0 * one, -2.0 * one]])

    return Objective(
        name="saddle",
        description="x² - y²: a valley along x, a ridge along y.",
        recipe=("saddle", {}),
        ndim=2,
        value_formula=value,
        gradient_formula=gradient,
        hessian_formula=hessian,
        minima=(),
        domain=((-2.0, 2.0), (-2.0, 2.0)),
        start=(-1.5, 1e-6),
    )


@factory
def monkey_saddle() -> Objective:
    """x³ - 3 x y²: three valleys (the tail needs one) meet at a point where even the Hessian vanishes."""

    def value(w):
        x, y = w
        return x * x * x - 3.0 * x * y * y

    def gradient(w):
        x, y = w
        return np.array([3.0 * x * x - 3.0 * y * y, -6.0 * x * y])

    def hessian(w):
        x, y = w
        return np.array([[6.0 * x, -6.0 * y], [-6.0 * y, -6.0 * x]])

    return Objective(
        name="monkey saddle",
        description="x³ - 3 x y²: three valleys and three ridges meet at the origin.",
        recipe=("monkey_saddle", {}),
        ndim=2,
        value_formula=value,
        gradient_formula=gradient,
        hessian_formula=hessian,
        minima=(),
        domain=((-2.0, 2.0), (-2.0, 2.0)),
        start=(1.5, 0.01),
    )


# Valleys and many minima


@factory
def rosenbrock() -> Objective:
    """(1 - x)² + 100 (y - x²)²: a bent valley with a nearly flat floor. Minimum 0 at (1, 1)."""

    def value(w):
        x, y = w
        return (1.0 - x) * (1.0 - x) + 100.0 * (y - x * x) * (y - x * x)

    def gradient(w):
        x, y = w
        off_floor = y - x * x
        return np.array([-2.0 * (1.0 - x) - 400.0 * x * off_floor, 200.0 * off_floor])

    def hessian(w):
        x, y = w
        return np.array(
            [[2.0 - 400.0 * (y - 3.0 * x * x), -400.0 * x], [-400.0 * x, 200.0 * np.ones_like(x)]]
        )

    return Objective(
        name="Rosenbrock's valley",
        description="(1 - x)² + 100 (y - x²)²: a bent valley with a nearly flat floor.",
        recipe=("rosenbrock", {}),
        ndim=2,
        value_formula=value,
        gradient_formula=gradient,
        hessian_formula=hessian,
        minima=((1.0, 1.0),),
        domain=((-2.0, 2.0), (-1.0, 3.0)),
        start=(-1.2, 1.0),
    )


@factory
def beale() -> Objective:
    """Beale's function: flat plains, steep corners. Minimum 0 at (3, 0.5)."""

    def residuals(x, y):
        return 1.5 - x + x * y, 2.25 - x + x * y * y, 2.625 - x + x * y * y * y

    def value(w):
        r1, r2, r3 = residuals(*w)
        return r1 * r1 + r2 * r2 + r3 * r3

    def gradient(w):
        x, y = w
        r1, r2, r3 = residuals(x, y)
        dx = 2.0 * r1 * (y - 1.0) + 2.0 * r2 * (y * y - 1.0) + 2.0 * r3 * (y * y * y - 1.0)
        dy = 2.0 * r1 * x + 4.0 * r2 * x * y + 6.0 * r3 * x * y * y
        return np.array([dx, dy])

    def hessian(w):
        x, y = w
        r1, r2, r3 = residuals(x, y)
        a1, a2, a3 = y - 1.0, y * y - 1.0, y * y * y - 1.0
        b1, b2, b3 = x, 2.0 * x * y, 3.0 * x * y * y
        hxx = 2.0 * (a1 * a1 + a2 * a2 + a3 * a3)
        hxy = 2.0 * (a1 * b1 + a2 * b2 + a3 * b3) + 2.0 * r1 + 4.0 * r2 * y + 6.0 * r3 * y * y
        hyy = 2.0 * (b1 * b1 + b2 * b2 + b3 * b3) + 4.0 * r2 * x + 12.0 * r3 * x * y
        return np.array([[hxx, hxy], [hxy, hyy]])

    return Objective(
        name="Beale's function",
        description="Flat plains with steep corners, and one minimum.",
        recipe=("beale", {}),
        ndim=2,
        value_formula=value,
        gradient_formula=gradient,
        hessian_formula=hessian,
        minima=((3.0, 0.5),),
        domain=((-4.5, 4.5), (-4.5, 4.5)),
        start=(1.0, 1.5),
    )


@factory
def himmelblau() -> Objective:
    """(x² + y - 11)² + (x + y² - 7)²: four minima of equal depth 0."""

    def value(w):
        x, y = w
        p, q = x * x + y - 11.0, x + y * y - 7.0
        return p * p + q * q

    def gradient(w):
        x, y = w
        p, q = x * x + y - 11.0, x + y * y - 7.0
        return np.array([4.0 * x * p + 2.0 * q, 2.0 * p + 4.0 * y * q])

    def hessian(w):
        x, y = w
        hxx = 12.0 * x * x + 4.0 * y - 42.0
        hyy = 4.0 * x + 12.0 * y * y - 26.0
        hxy = 4.0 * (x + y)
        return np.array([[hxx, hxy], [hxy, hyy]])

    return Objective(
        name="Himmelblau's function",
        description="(x² + y - 11)² + (x + y² - 7)²: four minima of equal depth.",
        recipe=("himmelblau", {}),
        ndim=2,
        value_formula=value,
        gradient_formula=gradient,
        hessian_formula=hessian,
        minima=(
            (3.0, 2.0),
            (-2.805118086952745, 3.131312518250573),
            (-3.779310253377747, -3.2831859912861696),
            (3.5844283403304917, -1.8481265269644036),
        ),
        domain=((-5.0, 5.0), (-5.0, 5.0)),
        start=(0.0, 0.0),
    )


@factory
def styblinski_tang() -> Objective:
    """The sum of (c⁴ - 16 c² + 5 c) / 2 over both coordinates c: four minima, one of them the lowest."""
    deep, shallow = -2.903534027771177, 2.7468027709908367

    def value(w):
        x, y = w
        return 0.5 * (x * (x * (x * x - 16.0) + 5.0) + y * (y * (y * y - 16.0) + 5.0))

    def gradient(w):
        x, y = w
        return np.array([2.0 * x * x * x - 16.0 * x + 2.5, 2.0 * y * y * y - 16.0 * y + 2.5])

    def hessian(w):
        x, y = w
        zero = np.zeros_like(x)
        return np.array([[6.0 * x * x - 16.0, zero], [zero, 6.0 * y * y - 16.0]])

    return Objective(
        name="Styblinski-Tang function",
        description="Four basins; the lowest is at lower left.",
        recipe=("styblinski_tang", {}),
        ndim=2,
        value_formula=value,
        gradient_formula=gradient,
        hessian_formula=hessian,
        minima=((deep, deep), (deep, shallow), (shallow, deep), (shallow, shallow)),
        domain=((-4.0, 4.0), (-4.0, 4.0)),
        start=(0.5, -0.5),
    )


@factory
def ravine() -> Objective:
    """x² / 20 + 0.4 (1 - cos 3x) + 2 y²: a steep-sided ravine whose floor is rippled.

    Ripples catch a walker who only follows the slope. The lowest minimum is 0 at (0, 0).
    """
    ripples = (0.0, 2.0375217356071915, 4.073347709771954)

    def value(w):
        x, y = w
        return 0.05 * x * x + 0.4 * (1.0 - np.cos(3.0 * x)) + 2.0 * y * y

    def gradient(w):
        x, y = w
        return np.array([0.1 * x + 1.2 * np.sin(3.0 * x), 4.0 * y])

    def hessian(w):
        x, y = w
        zero = np.zeros_like(x)
        return np.array([[0.1 + 3.6 * np.cos(3.0 * x), zero], [zero, 4.0 + zero]])

    return Objective(
        name="rippled ravine",
        description="A steep ravine with a rippled floor: local minima on the way to the lowest one.",
        recipe=("ravine", {}),
        ndim=2,
        value_formula=value,
        gradient_formula=gradient,
        hessian_formula=hessian,
        minima=tuple((sign * x, 0.0) for x in ripples for sign in ((1.0,) if x == 0.0 else (1.0, -1.0))),
        domain=((-5.0, 5.0), (-2.0, 2.0)),
        start=(-4.5, 1.5),
    )


@factory
def cliff() -> Objective:
    """x² / 20 + y² / 20, and 10 (x - 2)² more where x > 2: steep at first, nearly flat afterwards.

    A walker from the right meets huge gradients, then small ones: AdaGrad never forgets the first. Minimum 0
    at (0, 0).
    """

    def wall(x):
        return np.where(x.real > 2.0, x - 2.0, 0.0)

    def value(w):
        x, y = w
        return 0.05 * (x * x + y * y) + 10.0 * wall(x) * wall(x)

    def gradient(w):
        x, y = w
        return np.array([0.1 * x + 20.0 * wall(x), 0.1 * y])

    def hessian(w):
        x, y = w
        zero = np.zeros_like(x)
        return np.array([[0.1 + np.where(x.real > 2.0, 20.0, zero), zero], [zero, 0.1 + zero]])

    return Objective(
        name="cliff",
        description="A steep wall on the right, a nearly flat bowl below it.",
        recipe=("cliff", {}),
        ndim=2,
        value_formula=value,
        gradient_formula=gradient,
        hessian_formula=hessian,
        minima=((0.0, 0.0),),
        domain=((-4.0, 4.0), (-4.0, 4.0)),
        start=(3.5, 2.5),
    )


# One variable


@factory
def parabola(curvature: ArrayLike = 1.0) -> Objective:
    """curvature * w² / 2, in one variable: where every closed form is easiest to see. Minimum 0 at 0."""
    bend = parameter("curvature", curvature, low=0.0)
    return Objective(
        name="parabola",
        description=f"A parabola with curvature {curvature}.",
        recipe=("parabola", {"curvature": curvature}),
        ndim=0,
        value_formula=lambda w: 0.5 * bend * w * w,
        gradient_formula=lambda w: bend * w,
        hessian_formula=lambda w: bend * np.ones_like(w),
        minima=(0.0,),
        domain=((-3.0, 3.0),),
        start=2.0,
        batch_shape=bend.shape,
    )


@factory
def two_basins() -> Objective:
    """(w² - 1)² + 0.3 w, in one variable: a shallow basin on the right, the deep one on the left."""
    return Objective(
        name="two basins",
        description="A shallow basin on the right, a deeper one on the left.",
        recipe=("two_basins", {}),
        ndim=0,
        value_formula=lambda w: (w * w - 1.0) * (w * w - 1.0) + 0.3 * w,
        gradient_formula=lambda w: 4.0 * w * (w * w - 1.0) + 0.3,
        hessian_formula=lambda w: 12.0 * w * w - 4.0,
        minima=(-1.0355787140888537, 0.9601495555191055),
        domain=((-1.8, 1.8),),
        start=1.7,
    )


@factory
def heavy_ball_cycle() -> Objective:
    """Strongly convex, in one variable, and yet Polyak's momentum can circle on it for ever. Minimum 0 at 0.

    The slope is 25 w below 1, w + 24 between 1 and 2, 25 w - 24 above. With learning rate 1/9 and rho = 4/9
    from 3.3 the path ends in a cycle of three points. Reference: Lessard, Recht, Packard (2016), section 4.6.
    """

    def value(w):
        left, right = w.real < 1.0, w.real >= 2.0
        middle = 0.5 * w * w + 24.0 * w - 12.0
        return np.where(left, 12.5 * w * w, np.where(right, 12.5 * w * w - 24.0 * w + 36.0, middle))

    def gradient(w):
        left, right = w.real < 1.0, w.real >= 2.0
        return np.where(left, 25.0 * w, np.where(right, 25.0 * w - 24.0, w + 24.0))

    def hessian(w):
        return np.where((w.real < 1.0) | (w.real >= 2.0), 25.0, np.ones_like(w))

    return Objective(
        name="heavy-ball cycle",
        description="Strongly convex, but momentum can circle on it for ever.",
        recipe=("heavy_ball_cycle", {}),
        ndim=0,
        value_formula=value,
        gradient_formula=gradient,
        hessian_formula=hessian,
        minima=(0.0,),
        domain=((-3.5, 3.5),),
        start=3.3,
    )
