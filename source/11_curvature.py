# %% [markdown] slideshow={"slide_type": "slide"}
# # 11 Curvature: the second derivative as a map
#
# A gradient says which way is down, and not how far. The second derivative knows how far: it says where the parabola
# that fits here is flat. What does that buy? And why are networks not trained so?
#
# **After this lesson you can**
#
# - write Newton's step, and say when it leads up;
# - make a safe direction of any Hessian, and choose a step length by trying;
# - write L-BFGS, which never sees a Hessian, and say what it gains, and what noise does to it.
#
# **Questions to keep in mind**
#
# - Why does Newton's step not care about the condition number?
# - What is flat, and not low?
# - How much of the gain is left when momentum is tuned?
#
# **You need** [lesson 03](03_gradient_descent.ipynb) (curvature, condition number) and [lesson 05](05_momentum.ipynb).
# Part two begins here; part one is whole without it. **Time:** about 60 minutes, in 2 parts.

# %% [markdown] slideshow={"slide_type": "notes"}
# 1 min. Gradient descent asks for a learning rate because a slope alone knows no distance. Today: who knows the distance.

# %% slideshow={"slide_type": "skip"}
import numpy as np

from optcourse import check, curvature, data, hints, models, objectives, predict, quiz
from optcourse.explorers.lesson_11 import (
    CoordinatesExplorer,
    FlatOrLowExplorer,
    MemoryExplorer,
    StepExplorer,
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A picture before a formula

# %%
predict("11-newton-steps")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. A number: let the room agree on one. Remind them of lesson 03: gradient descent needs about as many steps as the
# condition number.

# %% [markdown] tags=["spoken"] slideshow={"slide_type": "subslide"}
# **Try this.** The dashed rings are levels of the parabola that fits at the square; its flat place is the cross.
#
# 1. Drag the square. When do the rings become open curves? Where does the step go then?
# 2. Find a start from which the first step goes *up*.
# 3. Set *curvature* to `absolute`, then to `damped` with a large `amount`. Which way does the first step turn?
# 4. Choose `trust radius`. What does `amount` mean now?
# 5. Set `as it is` again, with halving on, and the start (−0.5, 3). What does the sentence say, and why?

# %%
StepExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Drag slowly across the map. *Ask:* what is the cross, a bottom or a pass? The rings tell.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The idea, in words
#
# > **Put a parabola on the loss: same height, same slope, same bend. Go to where it is flat.**
#
# Where the loss is a parabola itself, one step ends it, however long and narrow the valley is. Elsewhere the parabola is
# only a guess, and the step must be checked.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The formula
#
# - $H$: the **Hessian**, the table of all second derivatives. It is a map: it takes a move $p$ and gives $Hp$, by which
#   that move changes the gradient. In the code: `H`.
#
# After a move $p$ the parabola's gradient is $\nabla L(w) + Hp$. It is zero at **Newton's step**:
#
# $$H p = -\nabla L(w) \qquad\qquad w \leftarrow w + p$$
#
# There is no learning rate. On an axis with curvature $\lambda$ and slope $g$ it is $p = -g/\lambda$: short where the
# valley is steep, long where it is flat. So $\kappa$ drops out. (In floating point a trace is left: the error after one
# step is up to about $\kappa$ roundings.) One step by hand:

# %%
print(
    "dw = (0.2, 4), curvatures 0.2 and 4:", -np.array([0.2, 4.0]) / np.array([0.2, 4.0]), "whatever kappa is"
)

# %% [markdown]
# **Your turn.** Write Newton's step for any gradient `dw` and Hessian `H`. (`np.linalg.solve(A, b)` finds the `x` with
# `A @ x` equal to `b`.)


# %% tags=["exercise:11-newton-step"]
def newton_step(dw, H):
    """The move p from w to where the parabola with gradient dw and Hessian H is flat."""
    ### BEGIN SOLUTION
    return np.linalg.solve(H, -dw)
    ### END SOLUTION


# %%
check("11-newton-step", newton_step)

# %%
hints("11-newton-step")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. The map is the word to stress: H takes a move and says how the gradient changes. Newton asks the map backwards.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Your code in the picture
#
# Rosenbrock's curved valley, from its classical start. Look at the loss after the second step. It is worth it: after 7
# steps the gradient is below $10^{-10}$.

# %%
StepExplorer(landscape="Rosenbrock", start=(-1.2, 1.0), num_steps=7, yours=newton_step)

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Step through. 24, 4.7, 1,412, 0.06: the second step goes far up, and the next one repairs it.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Other coordinates
#
# Gradient descent changes its path when you measure one weight in other units. Does Newton's method?

# %% [markdown] tags=["spoken"]
# **Try this.** On the right, the same landscape in sheared coordinates $u$, with $w = Au$.
#
# 1. Move `shear`. Which two paths on the left stay together, and which part?
# 2. Is there a `shear` at which gradient descent in $u$ is better than in $w$?

# %%
CoordinatesExplorer()

# %% [markdown] slideshow={"slide_type": "skip"}
# So it is for every *linear* change of coordinates. (What makes Newton's step safe, below, gives this up: a smallest
# curvature is a number in some unit.)

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Left: both Newtons are one path. That is what it means not to care about linear coordinates, and so about kappa.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Failure gallery: flat is not low
#
# Newton's step looks for a flat place. A saddle is flat, and so is the top of a hill.

# %%
predict("11-flat-or-low")

# %% [markdown] tags=["spoken"]
# **Try this.** Each of 1,681 starts on Himmelblau's function is coloured by the minimum that it reaches; grey ones, with
# crosses in them, end on a saddle or on the top.
#
# 1. Choose `as it is`, and drag the start into the grey. Where does its path end?
# 2. Choose `damped`, and raise `amount`, which is added to both curvatures. When is the grey gone?
# 3. Choose `absolute`. How many starts reach a minimum, for each `amount`?

# %%
FlatOrLowExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Plain Newton: 978 of 1,681. Then the absolute value of the curvatures, and all arrive.

# %% [markdown] slideshow={"slide_type": "subslide"}
# A negative curvature turns the step round: $-g/\lambda$ then leads *up* that axis. The cure keeps the length and turns
# the sign. Split $H = V \,\mathrm{diag}(\lambda)\, V^\top$, with the axes in the columns of $V$, and walk along each axis by
#
# $$-\frac{g_i}{\max(|\lambda_i|,\ \mathtt{floor})} \qquad g = V^\top \nabla L(w), \qquad\text{and back: } p = V(\dots)$$
#
# The floor keeps steps short where the loss hardly bends. Such a $p$ always leads down, unless the gradient is 0:
# $\nabla L \cdot p < 0$. That is the *direction*. A step along it may still be too long.
#
# **Your turn.** `np.linalg.eigh(H)` gives the curvatures and `V`.


# %% tags=["exercise:11-safe-direction"]
def safe_direction(dw, H, floor):
    """Newton's step with every curvature taken as positive, and as floor at least."""
    ### BEGIN SOLUTION
    values, V = np.linalg.eigh(H)
    return -V @ ((V.T @ dw) / np.maximum(np.abs(values), floor))
    ### END SOLUTION


# %%
check("11-safe-direction", safe_direction)

# %%
hints("11-safe-direction")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Into the Hessian's own axes, divide, back again. The absolute value is the whole idea.

# %%
FlatOrLowExplorer(curvature="absolute", amount=1e-3, yours=safe_direction)

# %% [markdown] slideshow={"slide_type": "skip"}
# > **You may stop here.** You can write Newton's step and make it safe. What is left is how far to go, and what to do when
# > there is no room for a Hessian. When you come back, run the cells above once more (*Run*, *Run All Above Selected Cell*),
# > and go on with *How far: try, then halve*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How far: try, then halve
#
# A direction that leads down may still be too long. So try step length 1, then 1/2, 1/4 …, and take the first that lowers the
# loss *enough*: by at least a small share $c$ of what the slope promises. With the slope $s = \nabla L \cdot p < 0$ this is
# **Armijo's condition**:
#
# $$L(w + \text{step}\cdot p) \le L(w) + c \cdot \text{step} \cdot s \qquad c = 10^{-4}$$
#
# **Your turn.** Return the step length. (`value` gives the loss. If that is smooth, and `p` leads down, there is one.)


# %% tags=["exercise:11-backtracking"]
def backtracking(value, w, p, slope):
    """The first of 1, 1/2, 1/4 … that lowers the loss enough along p; slope is dw @ p, below 0."""
    ### BEGIN SOLUTION
    here, step = value(w), 1.0
    while value(w + step * p) > here + 1e-4 * step * slope:
        step /= 2
    return step
    ### END SOLUTION


# %%
check("11-backtracking", backtracking)

# %%
hints("11-backtracking")


# %%
def on_rosenbrock(line_search):
    """The losses of Newton's method, with or without a search for the step length."""
    valley, w, losses = objectives.rosenbrock(), np.array([-1.2, 1.0]), []
    while np.linalg.norm(dw := valley.gradient(w)) > 1e-10:
        p = curvature.newton_step(dw, valley.hessian(w))
        losses.append(float(valley.value(w)))
        w = w + (curvature.backtracking(valley.value, w, p, dw @ p) if line_search else 1.0) * p
    return losses


for _search in (False, True):
    _losses = on_rosenbrock(_search)
    print(f"line search {_search!s:5}: {len(_losses)} steps, losses {np.round(_losses[:5], 2)} …")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. With the search: 22 steps, and never up. Safety costs steps here. It is the price of a promise.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The price, and L-BFGS
#
# A Hessian of $N$ weights has $N^2$ numbers of 8 bytes: 11.7 MB for the 1,210 weights of a small network, $8\cdot 10^{18}$
# bytes for a billion. And solving with it takes about $N^3/3$ multiplications. (Products $Hv$ need no table, as
# [lesson 12](12_automatic_differentiation.ipynb) shows. *Hessian-free* methods make each step from many of them.)
#
# But a run *shows* the map at work. Between two points, $w$ changed by $s$ and the gradient by $y$, so $Hs \approx y$.
# **L-BFGS** keeps the last few pairs and builds from them something that behaves like $H^{-1}$: it gives exactly $s$ for
# the newest $y$. Two loops over the pairs, and no table:
#
# 1. $q = \nabla L$. From the newest pair to the oldest: $a_i = s_i\cdot q \,/\, s_i\cdot y_i$, then $q \leftarrow q - a_i y_i$.
# 2. $r = \gamma\, q$ with $\gamma = s\cdot y \,/\, y\cdot y$ of the newest pair.
# 3. From the oldest to the newest: $r \leftarrow r + s_i\,(a_i - y_i\cdot r \,/\, s_i\cdot y_i)$.
#
# **Your turn.** `s` and `y` hold one pair in each row, the oldest first. Return $r$; the step is $-r$.


# %% tags=["exercise:11-two-loop"]
def two_loop(dw, s, y):
    """L-BFGS: nearly the inverse Hessian times dw, from the last changes of w (s) and of dw (y)."""
    ### BEGIN SOLUTION
    q = np.array(dw, dtype=float)
    shares = np.zeros(len(s))
    for k in reversed(range(len(s))):
        shares[k] = s[k] @ q / (s[k] @ y[k])
        q -= shares[k] * y[k]
    r = s[-1] @ y[-1] / (y[-1] @ y[-1]) * q
    for k in range(len(s)):
        r += s[k] * (shares[k] - y[k] @ r / (s[k] @ y[k]))
    return r
    ### END SOLUTION


# %%
check("11-two-loop", two_loop)

# %%
hints("11-two-loop")

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Not the algebra. The property: what it has seen, it explains. Ask for its answer to the newest y: it is s.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## On real data
#
# Softmax regression on 1,000 digits: 650 weights, regularization 0.001, all images at each step. How close to the lowest
# loss does each method come (the *gap*), for so many gradients? Gradient descent gets the best of 4 learning rates,
# momentum the best of 6 settings, chosen *on this very run*, for a gap of 0.001. L-BFGS remembers 10 pairs, and has nothing
# else to tune.

# %%
predict("11-gradients")

# %% [markdown] tags=["spoken"]
# **Try this.** The dashes are your own `two_loop`.
#
# 1. Move `memory` from 1 to 30. Where does more stop helping?
# 2. Compare L-BFGS with momentum at a gap of 0.001, then at 0.000001.
# 3. Move `seed`. Which order is the same for all ten?

# %%
MemoryExplorer(yours=two_loop)

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Newton: 3 steps. L-BFGS beats gradient descent 8 to 11 times; tuned momentum only 1.6 to 2.0 times.

# %% [markdown] slideshow={"slide_type": "subslide"}
# Be precise about what is gained. Newton needs 3 steps, each with a table of 650². To a gap of 0.001 L-BFGS needs 37 to 52
# evaluations (loss and gradient at a point) over ten seeds, gradient descent 8 to 11 times as many. Momentum needs only 1.6
# to 2.0 times as many, if somebody has tuned it, for this gap. To 0.000001 the best of the same six settings needs 3.0 to 3.7
# times as many; settings that were tuned for *that* gap on a finer grid 1.5 to 2.1 times (seeds 0, 1 and 9). That nobody has
# to is most of what L-BFGS gives.
#
# ## Why networks are not trained so
#
# Minibatches. A pair $(s, y)$ says how the gradient changed *because $w$ moved*. Take $y$ from two different minibatches, and
# it says mostly that the minibatches differ. (And each of them shows little of $H$: of 650 directions, 32 digits give softmax
# regression at zero a bend along $9\cdot 32 = 288$.)


# %%
def off_by(seed, same_batch):
    """|y - exact y| / |exact y| after 200 steps of SGD on softmax regression; the median of 25 draws."""
    rng = np.random.default_rng(seed)
    some = data.load_digits()[rng.permutation(1797)[:1000]]
    model, w = models.SoftmaxRegression(some.X, some.y, regularization=1e-3), np.zeros(650)
    for _ in range(200):
        w -= 0.5 * model.gradient(w, rng.integers(1000, size=32))
    errors = []
    for _ in range(25):
        first, second = rng.integers(1000, size=(2, 32))
        before = model.gradient(w, first)
        s = -0.1 * before
        exact = model.gradient(w + s) - model.gradient(w)
        y = model.gradient(w + s, first if same_batch else second) - before
        errors.append(np.linalg.norm(y - exact) / np.linalg.norm(exact))
    return np.median(errors)


print(f"y from two minibatches of 32: off by {off_by(0, False):.0f} times its length")
print(f"y from the same minibatch:    off by {off_by(0, True):.2f} times its length")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. This is the sentence to take home: the difference of two noisy gradients is noise.

# %% [markdown] slideshow={"slide_type": "subslide"}
# And saddles. At the start of a network with 16 tanh units (tanh bends smoothly where ReLU has a kink; 300 digits), more than
# a third of all curvatures are negative. Most of these are small, and the smaller ones give the longer steps:


# %%
def one_step(seed):
    """Negative curvatures at the start of a small network, and its loss before and after one step of two kinds."""
    rng = np.random.default_rng(seed)
    some = data.load_digits()[rng.permutation(1797)[:300]]
    model = models.TanhNetwork(some.X, some.y, num_hidden=16)
    w = model.initial(rng)
    H, dw = curvature.hessian(model.gradient, w), model.gradient(w)
    values, V = np.linalg.eigh((H + H.T) / 2)
    safe = -V @ ((V.T @ dw) / (np.abs(values) + 0.1))
    losses = [model.value(w + p) for p in (0 * w, -np.linalg.pinv(H, hermitian=True) @ dw, safe)]
    return int((values < -1e-12).sum()), losses


_negative, (_before, _newton, _safe) = one_step(0)
print(f"{_negative} of 1,210 curvatures are negative; the loss is {_before:.2f}")
print(f"after Newton's step: {_newton:.2f}; with |curvatures| + 0.1: {_safe:.2f}")

# %% [markdown]
# The **Gauss-Newton** matrix leaves out the part of $H$ that can be negative. Five steps with it, each curvature raised by 0.1,
# reach a loss below 0.5 for five seeds; five of gradient descent, at the best of four rates, stay above 1.5. That is per
# *step*: it pays for each one with a table, or with many products. ([Adam](08_adam.ipynb) divides axis by axis, too: by the
# size of the gradients, which is cheap, and is not the bend.)

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. More than a third of all directions bends down. Newton goes up; the absolute value goes down.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Conventions
#
# | question | here | elsewhere |
# |---|---|---|
# | sign of `newton_step` | the move itself, $-H^{-1}\nabla L$ | some return $H^{-1}\nabla L$, to be subtracted |
# | what `two_loop` returns | $H^{-1}\nabla L$, as in Nocedal and Wright | the move, with the minus, in many codes |
# | first scale of L-BFGS | $s\cdot y / y\cdot y$ of the newest pair | 1 in `scipy.optimize.LbfgsInvHessProduct` |
# | line search | Armijo alone; a pair with $s\cdot y \le 0$ is skipped | strong Wolfe, which keeps $s\cdot y > 0$ |
# | what is counted | points looked at, a loss and a gradient each | iterations: read the axis |

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Key points
#
# - $H$ is a map from moves to changes of the gradient. Newton's step asks it backwards: $Hp = -\nabla L$.
# - On a parabola one step is enough, whatever $\kappa$ and whatever the (linear) coordinates.
# - Flat is not low: from 1,681 starts 978 reach a minimum of Himmelblau's function. With $|\lambda|$ all do.
# - Backtracking halves the step until the loss falls enough. Then it never goes up.
# - L-BFGS learns the map from changes that it has seen. Against momentum that is tuned for this problem and gap it gains a
#   factor of 1.6 to 2.0; and nothing has to be tuned.
# - It needs gradients that differ because $w$ moved. Minibatches break that; and $N^2$ numbers break Newton.

# %%
quiz("11")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Then the quiz.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## References
#
# - J. Nocedal, S. Wright, *Numerical Optimization* (2006), chapters 3, 6 and 7.
# - Y. Dauphin et al., *Identifying and attacking the saddle point problem* (2014): the absolute value.
# - J. Martens, *Deep learning via Hessian-free optimization* (2010): steps from products $Hv$ alone.
# - N. Schraudolph, J. Yu, S. Günter, *A Stochastic Quasi-Newton Method for Online Convex Optimization* (2007): both
#   gradients of a pair from one minibatch.
#
# ## What next
#
# So far you were given second derivatives. [12 Automatic differentiation](12_automatic_differentiation.ipynb) takes derivatives
# of any program, and multiplies by a Hessian that nobody has written down.
