# %% [markdown] slideshow={"slide_type": "slide"}
# # 05 Momentum
#
# Gradient descent has no memory. At each step it looks at the slope and forgets it. Momentum remembers: it
# gives the walker a velocity, like a heavy ball that rolls downhill. It is one extra line of code, and in a
# long narrow valley it saves most of the steps.
#
# **After this lesson you can**
#
# - write momentum and Nesterov's momentum, and say what velocity and friction do;
# - explain, for each of the three problems of SGD, why momentum helps, and where it does not;
# - choose a learning rate and `rho` for a known valley, and translate them between three conventions.
#
# **Questions to keep in mind**
#
# - Why does adding up gradients help along the valley, and not make things worse across it?
# - Why does a run with momentum ripple, and what makes the ripples die out?
# - When can momentum fail where gradient descent does not?
#
# **You need** [lesson 03](03_gradient_descent.ipynb) (condition number, factor of a step) and
# [lesson 04](04_sgd.ipynb) (minibatch noise). **Time:** about 100 minutes, in 3 parts.

# %% [markdown] slideshow={"slide_type": "notes"}
# 1 min. Recall the zig-zag of lesson 03: half of every step is taken back by the next. Today: use
# that.

# %% slideshow={"slide_type": "skip"}
import numpy as np

from optcourse import check, descend, hints, objectives, optimizers, predict, quiz, theory
from optcourse.explorers.lesson_05 import (
    CycleExplorer,
    DigitsExplorer,
    EscapeExplorer,
    MemoryExplorer,
    NoiseExplorer,
    PathExplorer,
    PhaseExplorer,
    RateMapExplorer,
    digits_run,
)
from optcourse.objectives import heavy_ball_cycle, quadratic
from optcourse.optimizers import Momentum

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A picture before a formula
#
# A velocity starts at 0. At each step it keeps a share `rho` of itself, and the gradient is added. Predict
# two things.

# %%
predict("05-two-pushes")

# %%
predict("05-zig-zag")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Two predictions, by hands. No comment between them.

# %% [markdown] tags=["spoken"] slideshow={"slide_type": "subslide"}
# **Try this.** Predict first, then move, then look. There is no landscape here: the gradients are given.
#
# 1. `steady`: press *Play*. Move `rho` to 0.5, to 0 and to 0.95. Where does the velocity level off?
# 2. `flipping`: the gradients are as large as before. How large does the velocity get?
# 3. `noisy`: every gradient is 0.5 plus noise. Which line is calmer, for its size?
# 4. `steady, then none`: the push ends at step 30. How long does the ball coast on?

# %%
MemoryExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Go through the four patterns. *Ask* each time before you choose the next: how large does the
# velocity get? Steady push: ten times. Flipping push: about half.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The idea, in words
#
# This picture holds the whole secret of momentum:
#
# > **What agrees adds up. What flips cancels.**
#
# Gradients that point the same way, step after step, build up speed. Gradients that change sign at each
# step take back what the one before gave. Nothing decides this: adding does it.
#
# - The **velocity** is a sum of all past gradients, in which older ones count less.
# - The number `rho` (in formulas $\rho$, between 0 and 1) is the share of the velocity that survives a step.
# - What does not survive, $1 - \rho$, is the **friction**. `rho = 0.9` means: friction takes a tenth at
#   each step.
#
# Without friction ($\rho = 1$) a ball in a bowl would swing for ever. With full friction ($\rho = 0$) there
# is no memory, and you have plain gradient descent again.

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. One sentence for the board: what agrees adds up, what flips cancels.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The formula
#
# - $v$: the velocity, one number for each entry of $w$. It starts at 0. In the code: `velocity`.
# - $\rho$: the share that is kept. In the code: `rho`. (Books also write $\beta$ or $\mu$.)
# - $\alpha$: the learning rate. In the code: `learning_rate`.
#
# $$v \leftarrow \rho\, v + \nabla L(w) \qquad\qquad w \leftarrow w - \alpha\, v$$
#
# The velocity points *uphill*, like the gradients it is made of. The minus sign in the second line turns it
# round.
#
# Write out the first line a few times, and you see the sum, with $g_t$ for the gradient of step $t$:
#
# $$v_t = g_t + \rho\, g_{t-1} + \rho^2 g_{t-2} + \rho^3 g_{t-3} + \dots$$

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Two lines. The velocity points uphill; the minus sits in the second line.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The pseudo-code
#
# ```python
# velocity = 0
# for t in range(num_steps):
#     dw = compute_gradient(w)
#     velocity = rho * velocity + dw
#     w -= learning_rate * velocity
# ```
#
# Six steps by hand, on the lecture's valley $0.1\,x^2 + 2\,y^2$ with gradient $(0.2\,x,\; 4\,y)$:

# %%
w, v = np.array([-5.0, -1.0]), np.zeros(2)
for step in range(1, 7):
    slope = np.array([0.2 * w[0], 4.0 * w[1]])
    v = 0.8 * v + slope
    w = w - 0.3 * v
    print(f"step {step}: dw = {slope.round(3)}  velocity = {v.round(3)}  ->  w = {w.round(3)}")

# %% [markdown]
# Look at the first entry. All slopes have the same sign, and the velocity grows larger than any of them.
# Now look at the second entry. The slope changes sign again and again, and new slopes push against the
# velocity of the old ones.
#
# Why do slopes flip on the steep axis and not on the flat one? A slope points away from the floor, on
# whichever side you stand. On the flat axis a step covers a small part of the way: you stay on one side, and
# all slopes agree. On the steep axis a step jumps *over* the floor to the other side, and there the slope
# points the other way. The same `learning_rate` is small for one axis and large for the other.

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Look at the two columns: one grows, one fights itself. Nothing decides this; adding does it.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Your turn: write momentum
#
# - The velocity begins at zeros, one for each entry of `w`.
# - In each round: get the gradient at the current `w`, bring the velocity up to date, *then* move `w` with
#   it.
# - Return the final `w`. Leave the caller's array as it was; it may hold whole numbers.


# %% tags=["exercise:05-momentum"]
def momentum(compute_gradient, w, learning_rate, num_steps, rho):
    """Take num_steps steps with a velocity that keeps the share rho; return where they end."""
    ### BEGIN SOLUTION
    w = np.array(w, dtype=float)
    velocity = np.zeros_like(w)
    for _ in range(num_steps):
        dw = compute_gradient(w)
        velocity = rho * velocity + dw
        w -= learning_rate * velocity
    return w
    ### END SOLUTION


# %%
check("05-momentum", momentum)

# %%
hints("05-momentum")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. One more variable than in lesson 03. Order matters: velocity first, then the step.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Your code in the picture
#
# Blue is momentum, gradient descent is beside it, and your code is orange. (All use the whole gradient here.
# Noise comes below.) Two arrows make the next step: what is left of the velocity, and the new gradient. Set
# the step slider to see them.

# %% [markdown] tags=["spoken"]
# **Try this.**
#
# 1. Go step by step. When do the two arrows agree, when do they pull against each other?
# 2. Set `rho` to 0. What becomes of the blue path?
# 3. Set `rho` to 0.95. Where does the walker overshoot?
# 4. Set `learning_rate` to 0.7. Gradient descent is beyond its limit 0.5. And momentum?
# 5. Move both sliders to *best*. How steep does the loss curve get?

# %% tags=["cover"]
PathExplorer(yours=momentum)

# %% [markdown] slideshow={"slide_type": "notes"}
# 5 min. Step with the full stop key and read the two arrows. `rho` 0, then 0.95. Then `learning_rate`
# 0.7: gradient descent is gone, momentum is not. Why? Leave it open for the map.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How long is the memory?
#
# The weights of past gradients are $1, \rho, \rho^2, \dots$ Two numbers describe such a memory. They are
# often mixed up.
#
# - The **averaging window** $\dfrac{1}{1-\rho}$: the sum of all weights. It is also the **top speed** under
#   a steady gradient of 1: there $v = \rho v + 1$.
# - The **half-life** $\dfrac{\ln(1/2)}{\ln \rho}$: after so many steps a gradient counts half.
#
# The first asks how much is remembered *in all*, the second how fast a *single* gradient fades. The window is
# the larger of the two: at `rho = 0.9`, a gradient that is a whole window old (10 steps) still counts
# $0.9^{10} = 0.35$, less than half.
#
# So with a steady gradient, once the velocity has built up, momentum moves like gradient descent with the
# learning rate $\dfrac{\alpha}{1 - \rho}$. That is the **effective learning rate**. At `rho = 0.9` it is ten
# times $\alpha$.
#
# **Your turn.** Three numbers for `rho = 0.9`.

# %% tags=["exercise:05-memory"]
window = half_life = top_speed = ...
### BEGIN SOLUTION
window = 1 / (1 - 0.9)
half_life = np.log(1 / 2) / np.log(0.9)
top_speed = 1 / (1 - 0.9)
### END SOLUTION

# %%
check("05-memory", window, half_life, top_speed)

# %%
hints("05-memory")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Two numbers that are often mixed up: window and half-life. Ask for both at 0.9.

# %% [markdown] slideshow={"slide_type": "skip"}
# > **You may stop here.** You can write momentum, and you know how long its memory is. What is left is why it
# > helps, problem by problem, and Nesterov. When you come back, run the cells above once more (*Run*, *Run All
# > Above Selected Cell*), and go on with *The three problems of SGD, one at a time*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The three problems of SGD, one at a time
#
# "Momentum helps with the problems of SGD." Which ones, why, and how much? We look at each by itself:
#
# 1. the high condition number,
# 2. local minima and saddles,
# 3. noise.
#
# Commit to two answers before you read on.

# %%
predict("05-steps")

# %%
predict("05-noise")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Let the room name the three from the last lecture before they stand there. Then two predictions: let
# the room agree on a number, type it, show; vote on the noise. Many say that momentum removes noise.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Problem 1: the condition number
#
# In lesson 03, a valley was several separate parabolas, each with curvature $\lambda$ and one factor $1 -
# \alpha\lambda$. With momentum there are *two* numbers on each axis, position and velocity. A step makes new
# ones from the old ones, with four numbers in a table, a *matrix*:
#
# $$\begin{pmatrix} w \\ v \end{pmatrix} \leftarrow
# \begin{pmatrix} 1 - \alpha\lambda & -\alpha\rho \\ \lambda & \rho \end{pmatrix}
# \begin{pmatrix} w \\ v \end{pmatrix}$$
#
# (Read the second row first: $v \leftarrow \lambda w + \rho v$. Then the first: $w - \alpha$ times this.)
# A matrix of this size has two *eigenvalues*, the factors by which it stretches its own directions. They take
# the place of the one factor $1 - \alpha\lambda$:

# %%


def step_matrix(curvature, learning_rate, rho):
    """One step of momentum on one axis: (w, velocity) becomes the next (w, velocity)."""
    return np.array([[1 - learning_rate * curvature, -learning_rate * rho], [curvature, rho]])


# Names that begin with _ are the lesson's own: they overwrite none of yours.
for _curvature in (0.2, 4.0):
    _factors = np.linalg.eigvals(step_matrix(_curvature, 0.1, 0.8))
    print(f"curvature {_curvature}: factors {_factors.round(3)}, of size {np.abs(_factors).round(3)}")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Two numbers on each axis, so two factors. Read the sizes in the print: they are what counts. Who does
# not know complex numbers needs one thing only: turning and shrinking at once.

# %% [markdown] slideshow={"slide_type": "subslide"}
# A `j` in a factor says that it is a **complex number**. You need only one thing about those: to multiply by
# one turns an arrow and changes its length, both at once. The walker is the shadow of such an arrow on its
# axis. So it swings to and fro, and its swings shrink by the factor's *size* at each step.
#
# In formulas, the two factors $z$ are the roots of
#
# $$z^2 - (1 + \rho - \alpha\lambda)\,z + \rho = 0$$
#
# (Where it comes from: $w_{t+1} = w_t - \alpha\lambda w_t + \rho\,(w_t - w_{t-1})$. Put in $w_t = z^t$.)
# In the long run the larger factor decides. Call its size the **rate**.
#
# - **Complex regime.** If the roots are complex, the run *ripples*. Their product is $\rho$ and they have
#   the same size, so $|z| = \sqrt\rho$. *The learning rate and the curvature have dropped out:* all
#   axes in this regime shrink equally fast!
# - **Too much friction.** With real roots between 0 and 1 the run creeps home: monotone decay.
# - **Critical damping**, between the two: $\rho = (1 - \sqrt{\alpha\lambda})^2$. For this learning rate
#   nothing is faster.
# - **No free speed.** The product of the two roots is $\rho$, so the larger one is never below $\sqrt\rho$.
#   Whatever the learning rate, `rho = 0.9` shrinks no axis by more than the factor 0.949 a step.
# - **Stability**: it settles for $0 < \alpha\lambda < 2 + 2\rho$. Gradient descent has 2. Momentum allows
#   nearly twice that.

# %% [markdown] tags=["spoken"]
# **Try this.** The map has one run for each pair $(\alpha\lambda, \rho)$: 7,200 runs, *measured*. Dark
# blue is fast; brown runs away. Drag the probe.
#
# 1. Find *ripples*, *monotone decay*, *one-step*, *oscillation* and *divergence*. Where on the map is each?
#    (*One-step* is a small spot on the bottom edge: where would gradient descent jump home at once?)
# 2. Inside the U, move the probe left and right. Does the rate change? Now up and down.
# 3. Cross the dotted line. Did the theory draw it in the right place?
# 4. Put the probe on the bottom edge, $\rho = 0$. Which algorithm is this? Where is its limit?
# 5. Choose *Nesterov* (its formula comes below). What happened to the boundary?

# %%
RateMapExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 5 min. Drag the probe (live), or move it with the arrows. Find all five kinds of motion. Then along
# the bottom edge: that is gradient descent, and there is its limit.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### The best settings
#
# Now take a valley with curvatures from $\lambda_1$ (flattest) to $\lambda_n$ (steepest). It lies on the
# map as a horizontal stretch, from $\alpha\lambda_1$ to $\alpha\lambda_n$. We want the whole stretch inside
# the U, as low on the map as possible, because inside the U the rate is $\sqrt\rho$. So both ends touch
# the U's rim. The rim is $\sqrt\rho = |1 - \sqrt{\alpha\lambda}|$: it holds the *root* of the curvature,
# and so the ratio of the two ends enters by its root too. That is where $\sqrt\kappa$ comes from:
#
# $$\alpha^* = \left(\frac{2}{\sqrt{\lambda_1} + \sqrt{\lambda_n}}\right)^2 \qquad
# \rho^* = \left(\frac{\sqrt\kappa - 1}{\sqrt\kappa + 1}\right)^2 \qquad
# \text{rate} = \sqrt{\rho^*} = \frac{\sqrt\kappa - 1}{\sqrt\kappa + 1}$$
#
# Compare with gradient descent: $(\kappa - 1)/(\kappa + 1)$. The only change is a root. **Momentum replaces
# $\kappa$ by $\sqrt\kappa$.** Count the steps to a millionth of the first distance, from the rates and in a run:

# %%


def steps_of_a_run(condition_number):
    """Momentum's steps from rest at (1, 1), at its best setting, until a millionth of the distance is left."""
    learning_rate, rho = theory.best_momentum(1 / condition_number, 1.0)
    walk = descend(quadratic(condition_number), Momentum(learning_rate, rho), (1.0, 1.0), 1100)
    distance = np.linalg.norm(walk.w, axis=1)
    return int(np.argmax(distance <= 1e-6 * distance[0]))


print("condition number   gradient descent, by its rate   momentum, by its rate   momentum, a run")
for _kappa in (10.0, 100.0, 1000.0, 10_000.0):
    _plain = theory.steps_to(theory.gradient_descent_rate(_kappa), 1e-6)
    _momentum = theory.steps_to(theory.best_momentum_rate(_kappa), 1e-6)
    print(f"{_kappa:16,.0f} {_plain:31,d} {_momentum:23,d} {steps_of_a_run(_kappa):17,d}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# Why does the run need more steps than its rate says? Exactly at the best setting the two roots on an axis
# are *one* number, a **double root**. Then what is left after $t$ steps goes like $t\, z^t$ and not like
# $z^t$. The factor $t$ costs a quarter more at $\kappa = 10$ and half more at 10,000. A rate alone says how
# fast the end of a run is, not how long the whole run takes.
#
# Where does the gain come from? Not from the learning rate: at $\kappa = 100$ momentum's best is 3.31, only
# 1.67 times gradient descent's best. It is the *build-up along the flat axis*: there the pushes agree, and
# they add up.
#
# And the best setting has a price. It stands at the cliff: $\alpha^*$ is $\kappa/(\kappa+1)$ of the limit
# $(2 + 2\rho)/\lambda_n$. At $\kappa = 100$ that is 99 per cent. Half a per cent more, and the run needs 263
# steps in place of 93. One per cent more stands on the limit, and nothing settles. In practice, stay below.
#
# So what limits `rho`? Two things pull at it:
#
# - *Too small*: the flat end of the stretch slips out of the U. Old pushes are forgotten before they have
#   added up, and the walker creeps along the valley.
# - *Too large*: every axis ripples, and ripples shrink only by $\sqrt\rho$ a step. At $\rho = 1$ nothing is
#   lost and they never die out. With noise there is a second reason: the effective learning rate
#   $\alpha/(1-\rho)$ grows with `rho`, and the scatter with it.

# %%
print("rho      factor per step, at best   steps to a millionth, at best")
for _rho in (0.5, 0.9, 0.99, 0.999):
    print(f"{_rho:<8} {np.sqrt(_rho):25.4f} {theory.steps_to(np.sqrt(_rho), 1e-6):31,d}")

# %% [markdown]
# A valley with a large condition number needs a large `rho` all the same: it pays this price, and gradient
# descent would pay more.
#
# **Your turn.** Return the best `(learning_rate, rho)` for any Hessian `H`.


# %% tags=["exercise:05-best-momentum"]
def best_momentum(H):
    """The pair (learning_rate, rho) with which momentum shrinks the slowest axis of H fastest."""
    ### BEGIN SOLUTION
    eigenvalues = np.linalg.eigvalsh(np.array(H, dtype=float))
    flat, steep = np.sqrt(eigenvalues[0]), np.sqrt(eigenvalues[-1])
    return (2 / (flat + steep)) ** 2, ((steep - flat) / (steep + flat)) ** 2
    ### END SOLUTION


# %%
check("05-best-momentum", best_momentum)

# %%
hints("05-best-momentum")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Not the algebra: the picture. The stretch between the two ends must fit into the U. From that
# comes the root of the condition number.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### The phase portrait (deeper)
#
# Position to the right, velocity upwards: every step is a point, a run is a curve, and the star is rest in
# the minimum.

# %% [markdown] tags=["spoken"]
# **Try this.**
#
# 1. With `rho = 0.9` it spirals. Lower `rho` to the tick *critical*. What becomes of the spiral?
# 2. Go on to 0. It takes longer again: overdamped.
# 3. Drag the square. Give the ball a velocity at the start. Does it first run away from the minimum?

# %%
PhaseExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Spiral, critical, overdamped: lower `rho` slowly through the tick.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Problem 2: saddles and shallow minima
#
# Where the gradient is zero, gradient descent stops. A ball that comes from a slope still has *velocity*
# there, and rolls on. Beyond the bottom of a hollow the slopes push back, and friction takes its share. If
# the hollow is shallow, all that is less than the velocity it brings along, and it comes over the far rim.

# %% [markdown] tags=["spoken"]
# **Try this.**
#
# 1. `shallow minimum`: press *Play*. Lower `rho` in small steps. From where on is the ball caught?
# 2. Keep `rho = 0.9` and lower the learning rate. Does it still roll through?
# 3. `saddle`: both start a millionth off the ridge. How many steps does momentum take to leave? (Gradient
#    descent needs 698, as in lesson 03. The picture ends at 300.) Then set `rho` to 0.

# %%
EscapeExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Play with `rho` 0.9, then lower it until the ball is caught. *Ask:* is rolling on always
# good?

# %% [markdown] slideshow={"slide_type": "subslide"}
# Two different things help here. In the hollow it is the velocity from before. On the saddle it is growth:
# away from the ridge all gradients agree, so they add up. With $\alpha = 0.01$ one step of gradient descent
# multiplies the distance by 1.02. With $\rho = 0.9$ it is the larger root of the same equation, with
# $\lambda = -2$:

# %%
_growth = float(theory.momentum_rate(0.01, 0.9, -2.0))
print(f"factor per step: gradient descent 1.02, momentum {_growth:.4f}")
print(
    f"to grow a million times: {np.log(1e6) / np.log(1.02):.0f} steps against {np.log(1e6) / np.log(_growth):.0f}"
)

# %% [markdown]
# It is no guarantee. Exactly on the ridge the gradient along the way out is 0, and so is its sum: it never
# leaves. A deep hollow catches the ball. And a ball that is too fast may roll out of a *good* minimum too.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Problem 3: noise
#
# A minibatch gradient is the true gradient plus noise. In the velocity, the true part agrees from step to
# step and adds up. The noise points elsewhere each time and cancels in part. So the velocity points in a
# steadier direction than one gradient.

# %% [markdown] tags=["spoken"]
# **Try this.** Both walkers get the same noise. SGD gets the effective learning rate $\alpha/(1-\rho)$: under
# a steady slope both move equally fast, once the velocity has built up.
#
# 1. Compare the two lines on the right during the first 40 steps. Which one stays lower?
# 2. Compare the paths on the way down. Which one is smoother?
# 3. Near the minimum there is hardly any true slope left, so neither arrow means much. How widely does each
#    walker scatter there? (The sentence below the picture has the numbers, from steps 200 to 600: at step 60
#    SGD is still on its way.)
# 4. Now switch *equal speed* off: SGD gets the same $\alpha$. Set `learning_rate` to about 0.05, so that SGD
#    arrives, too. Who scatters more now, and who is faster?

# %%
NoiseExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. At the effective learning rate the direction is steadier, and the scatter in the end is about the
# same. Switch *equal speed* off to see the difference that people usually see.

# %% [markdown] slideshow={"slide_type": "subslide"}
# Be precise about what is gained. On the parabola with curvature $\lambda$ and noise of variance
# $\sigma^2$, the long-run variance of $w$ is
#
# $$\frac{\alpha\sigma^2 (1+\rho)}{(1-\rho)\,\lambda\,\bigl(2(1+\rho) - \alpha\lambda\bigr)}$$

# %%
print(f"SGD,      alpha = 0.1            : {float(theory.noise_floor(0.1, 0.0)):.3f}")
print(
    f"momentum, alpha = 0.1,  rho = 0.9: {float(theory.noise_floor(0.1, 0.9)):.3f}   the same alpha: ten times faster, and wider"
)
print(
    f"momentum, alpha = 0.01, rho = 0.9: {float(theory.noise_floor(0.01, 0.9)):.3f}   as fast as SGD: about the same"
)

# %% [markdown]
# So momentum does *not* remove noise. At the same effective learning rate, the direction of each step is
# steadier, and the scatter in the end is about the same. At the same $\alpha$, the scatter is larger. To
# scatter less, lower the learning rate or take larger batches.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### Explain it back
#
# Say it in your own words, then compare.
#
# > Momentum moves with a velocity: a sum of past gradients in which older ones fade, by the factor $\rho$
# > each step. *Condition number:* along the valley gradients agree and add up: this build-up is the gain.
# > Across it they flip and cancel, so it does no harm there. The price falls from $\kappa$ to $\sqrt\kappa$.
# > *Saddles and shallow minima:* the velocity from before carries on where the gradient is zero. *Noise:*
# > the velocity averages about $1/(1-\rho)$ gradients, so its direction is steadier; the scatter in the end
# > depends on the effective learning rate $\alpha/(1-\rho)$.

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Black screen (B), pairs, one minute each. Then compare with the text.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### The three problems in one table
#
# | problem | why momentum helps | by how much | where it does not |
# |---|---|---|---|
# | condition number | pushes along the floor add up | $\kappa$ becomes $\sqrt\kappa$ | beyond the cliff, off parabolas |
# | saddle | pushes away from the ridge add up | 140 steps, not 698 | exactly on the ridge |
# | shallow minimum | the velocity from before carries on | it rolls through | in a deep hollow |
# | noise | the velocity averages $1/(1-\rho)$ gradients | a steadier direction | the scatter in the end |
#
# (The saddle: $\alpha = 0.01$, $\rho = 0.9$. "Off parabolas" comes below, in the failure gallery.)

# %% [markdown] slideshow={"slide_type": "skip"}
# > **You may stop here.** You know what momentum does for each of the three problems, and what it does not.
# > What is left is Nesterov, a failure, and the conventions. When you come back, run the cells above once more
# > (*Run*, *Run All Above Selected Cell*), and go on with *Nesterov: look before you leap*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Nesterov: look before you leap
#
# Momentum adds the gradient at $w$. But the old velocity will carry $w$ on, whatever the gradient says. So
# look at the place where it will carry you, and take the gradient *there*:
#
# $$v \leftarrow \rho\, v + \nabla L(w - \alpha\rho\, v) \qquad\qquad w \leftarrow w - \alpha\, v$$
#
# If the velocity is about to overshoot, the gradient ahead pushes back one step earlier. It acts like a
# brake.
#
# **Your turn.** Write this **look-ahead form**. Return $w$, not the point ahead of it.


# %% tags=["exercise:05-nesterov"]
def nesterov(compute_gradient, w, learning_rate, num_steps, rho):
    """Momentum whose gradient is computed where the velocity is about to carry w."""
    ### BEGIN SOLUTION
    w = np.array(w, dtype=float)
    velocity = np.zeros_like(w)
    for _ in range(num_steps):
        dw = compute_gradient(w - learning_rate * rho * velocity)
        velocity = rho * velocity + dw
        w -= learning_rate * velocity
    return w
    ### END SOLUTION


# %%
check("05-nesterov", nesterov)

# %%
hints("05-nesterov")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Look where the velocity will carry you, and take the slope there. It brakes one step earlier.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### The form of PyTorch (deeper)
#
# A library wants to compute the gradient at the `w` that it stores. So PyTorch stores the *look-ahead
# point* and calls that `w`. With $g = \nabla L(w)$ at this stored point:
#
# $$v \leftarrow \rho\, v + g \qquad\qquad w \leftarrow w - \alpha\,(g + \rho\, v)$$
#
# Same gradients, same velocities, other point: stored $w$ = look-ahead $w$ $-\;\alpha\rho\, v$. See for
# yourself:

# %%
_bowl = objectives.lecture_bowl()
_look_ahead = descend(_bowl, optimizers.NesterovLookAhead(0.1, 0.9), (-5.0, -1.0), 20)
_stored = descend(_bowl, optimizers.Nesterov(0.1, 0.9), (-5.0, -1.0), 20)
_shifted = _look_ahead.w - 0.1 * 0.9 * _look_ahead.state["velocity"]
print("largest difference of the two w:              ", np.abs(_stored.w - _look_ahead.w).max().round(3))
print("largest difference after shifting by the rule:", np.abs(_stored.w - _shifted).max())

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Only for those who will read library code: another point is stored, the walk is the same.

# %% [markdown] slideshow={"slide_type": "subslide"}
# The look ahead has a price. Nesterov's method is stable only for
#
# $$0 < \alpha\lambda < \frac{2 + 2\rho}{1 + 2\rho}$$

# %%
for _rho in (0.0, 0.5, 0.9):
    print(
        f"rho = {_rho}: momentum settles up to {float(theory.momentum_limit(_rho)):.3f}, "
        f"Nesterov up to {float(theory.nesterov_limit(_rho)):.3f}"
    )

# %% [markdown]
# A learning rate that is right for momentum may make Nesterov run away. In return, it ripples less, and it
# has a guarantee that the heavy ball lacks. That comes next.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Failure gallery: the heavy ball that circles for ever
#
# The theory above is for parabolas. This function is no parabola, but it is as tame as can be: one minimum
# at 0, and its curvature is always 1 or 25. Its slope has two kinks:
#
# $$f'(w) = \begin{cases} 25\,w & w < 1 \\ w + 24 & 1 \le w < 2 \\ 25\,w - 24 & w \ge 2 \end{cases}$$
#
# The best settings for curvatures 1 to 25 are $\alpha = (2/(1+5))^2 = 1/9$ and $\rho = (4/6)^2 = 4/9$.
# Start at 3.3. Gradient descent and Nesterov run beside it at their own usual settings ($\alpha = 1/25$;
# Nesterov's $\rho = 2/3$).

# %% [markdown] tags=["spoken"]
# **Try this.** 1. Watch where momentum is after 60 steps. 2. Move the start. Which starts circle? 3. Lower
# the learning rate.

# %%
CycleExplorer()

# %% [markdown]
# **Your turn.** Find the three points of the cycle, from low to high, with your own `momentum`.

# %% tags=["exercise:05-heavy-ball-cycle"]
slope = heavy_ball_cycle().gradient
low = middle = high = ...
### BEGIN SOLUTION
points = [momentum(slope, np.array([3.3]), 1 / 9, num_steps, 4 / 9)[0] for num_steps in (300, 301, 302)]
low, middle, high = sorted(points)
### END SOLUTION

# %%
check("05-heavy-ball-cycle", low, middle, high)

# %%
hints("05-heavy-ball-cycle")

# %% [markdown]
# The lesson of the cycle: "best" was computed for parabolas. On other functions the best setting of a
# parabola has no guarantee.

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Best settings for parabolas, on something that is no parabola. Play to step 60 and wait. It
# never arrives.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## On real data
#
# Softmax regression on real digits, minibatches of 64 images, 150 steps: the setting of lesson 04, with a
# velocity. The orange line is your own `momentum`, training a model on real images.

# %% [markdown] tags=["spoken"]
# **Try this.**
#
# 1. At `learning_rate` 0.1, compare `rho` 0.9 with SGD.
# 2. Is the gain more than a larger learning rate? Set `rho` to 0 and `learning_rate` to 1.0, the effective
#    one. Compare the losses.
# 3. Raise both. When does it start to swing?

# %%
DigitsExplorer(yours=momentum)

# %%
for _rate, _rho in ((0.1, 0.0), (0.1, 0.9), (1.0, 0.0)):
    _loss, _accuracy = digits_run(_rate, _rho, 150)
    print(
        f"learning_rate {_rate}, rho {_rho}: loss {_loss[-1]:.3f}, {_accuracy:.1%} of the test images read right"
    )

# %% [markdown]
# An honest comparison: most of the gain here comes from the larger *effective* learning rate. SGD with ten
# times the learning rate gets about as far. Momentum shows its strength where the steep directions forbid
# such a learning rate.

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Be honest: most of the gain here is a larger effective learning rate. Set `rho` to 0 and the
# rate to 1.0 and compare.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Conventions: three momentums with one name
#
# | name here | velocity | update | used by |
# |---|---|---|---|
# | `lecture` | $v = \rho v + dw$ | $w \leftarrow w - \alpha v$ | this course, `torch.optim.SGD` |
# | `sutskever` | $v = \rho v - \alpha\, dw$ | $w \leftarrow w + v$ | Sutskever et al. (2013), Keras |
# | `average` | $v = \rho v + (1-\rho)\, dw$ | $w \leftarrow w - \alpha v$ | moving average (EMA), Adam's first moment |
#
# Follow one gradient: it moves `w` at once by $\alpha$, $\alpha$ and $\alpha(1-\rho)$ times itself; later
# by $\rho$ times the step before, in all three. So after rescaling $\alpha$ they walk the *same path*, **as
# long as $\alpha$ is constant**. Change $\alpha$ in the middle of a run, and they part: in `lecture` and
# `average` the new $\alpha$ also applies to the old velocity, in `sutskever` only to new gradients.
#
# To translate, ask what has to stay the same: how far a gradient moves `w` at once. `rho` stays as it is.

# %%


def a_tenth_from_step_10(t):
    return 1.0 if t < 10 else 0.1


def compare_conventions(words, schedule):
    ends = [
        descend(objectives.lecture_bowl(), optimizer, (-5.0, -1.0), 15, schedule=schedule).final
        for optimizer in (
            optimizers.Momentum(0.1, 0.8),
            optimizers.SutskeverMomentum(0.1, 0.8),
            optimizers.AveragedMomentum(0.1 / (1 - 0.8), 0.8),
        )
    ]
    print(f"{words}: lecture {ends[0].round(4)}, sutskever {ends[1].round(4)}, average {ends[2].round(4)}")


compare_conventions("constant learning rate", None)
compare_conventions("a tenth from step 10 on", a_tenth_from_step_10)

# %% [markdown]
# **Your turn.** Convert settings. The names are `"lecture"`, `"sutskever"` and `"average"`. Return the pair
# `(learning_rate, rho)`.


# %% tags=["exercise:05-convert"]
def convert(learning_rate, rho, source, target):
    """The (learning_rate, rho) of the convention target that walk the same path as those of source."""
    ### BEGIN SOLUTION
    weight = {"lecture": 1.0, "sutskever": 1.0, "average": 1 - rho}
    return learning_rate * weight[source] / weight[target], rho
    ### END SOLUTION


# %%
check("05-convert", convert)

# %%
hints("05-convert")

# %% [markdown] slideshow={"slide_type": "notes"}
# 1 min. One name, three formulas. Worth a photo by whoever uses a library.

# %% [markdown] slideshow={"slide_type": "skip"}
# **The same in a library** (PyTorch 2.13, optax 0.2.8, Keras 3.15; `params` are the model's parameters):
#
# ```python
# torch.optim.SGD(params, lr=0.1, momentum=0.9)  # nesterov=True for Nesterov's
# optax.sgd(0.1, momentum=0.9)
# keras.optimizers.SGD(0.1, momentum=0.9)
# ```

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Key points
#
# - $v \leftarrow \rho v + dw$, then $w \leftarrow w - \alpha v$. What agrees adds up, what flips cancels.
#   Friction is $1 - \rho$.
# - Window and top speed $1/(1-\rho)$: 10 at 0.9. Half-life $\ln\frac12/\ln\rho$: 6.58 at 0.9. Effective
#   learning rate: $\alpha/(1-\rho)$.
# - Stable for $0 < \alpha\lambda < 2 + 2\rho$. In the complex regime it ripples, and the rate is $\sqrt\rho$.
# - Best: $\alpha = (2/(\sqrt{\lambda_1}+\sqrt{\lambda_n}))^2$, $\rho =
#   ((\sqrt\kappa-1)/(\sqrt\kappa+1))^2$. $\kappa$ becomes $\sqrt\kappa$. At $\kappa = 100$: 69 steps by the
#   rate, 93 in a run, where gradient descent needs 691. The best rate is $\kappa/(\kappa+1)$ of the limit.
# - Saddles and shallow minima: velocity carries on. Noise: a steadier direction, but no smaller scatter at
#   the same effective learning rate.
# - Nesterov takes the gradient ahead. Its range is smaller: 1.357 against 3.8 at $\rho = 0.9$.
# - Off parabolas, the heavy ball can circle for ever.
# - Three conventions share one name. `lecture` and `sutskever` take the same learning rate; from `average` to
#   them, multiply it by $1-\rho$, and the other way divide by it. `rho` stays.

# %%
quiz("05")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Then the quiz.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## References
#
# - G. Goh, *Why Momentum Really Works*, Distill (2017), <https://distill.pub/2017/momentum/>.
# - B. Polyak, *Some methods of speeding up the convergence of iteration methods* (1964): the heavy ball and
#   its best settings.
# - Y. Nesterov, *A method of solving a convex programming problem with convergence rate O(1/k²)* (1983).
# - I. Sutskever, J. Martens, G. Dahl, G. Hinton, *On the importance of initialization and momentum in deep
#   learning* (2013).
# - L. Lessard, B. Recht, A. Packard, *Analysis and Design of Optimization Algorithms via Integral Quadratic
#   Constraints* (2016): the cycle.
#
# ## What next
#
# Momentum still has one learning rate for all directions. The next idea gives each parameter its own:
# [06 AdaGrad](06_adagrad.ipynb).
