# %% [markdown] slideshow={"slide_type": "slide"}
# # 03 Gradient descent
#
# You stand on a hillside in fog. You feel the slope under your feet and nothing else. So you take a step downhill,
# feel again, and step again. That is gradient descent. Everything later in this course improves on this one loop.
#
# **After this lesson you can**
#
# - write gradient descent and say what its three hyperparameters do;
# - explain the *condition number* in your own words, and predict from it how many steps a run takes;
# - see from a picture whether a learning rate is too small, too large, or right.
#
# **Questions to keep in mind**
#
# - Why does a larger learning rate help at first and then ruin everything?
# - Why are some losses slow to descend whatever the learning rate?
# - Where does gradient descent end, and can it get stuck?
#
# **You need** derivatives, a little NumPy, and what a gradient is ([lesson 02](02_analytic_gradient.ipynb)).
# Eigenvalues are explained when they come. **Time:** about 105 minutes, in 3 parts.

# %% [markdown] slideshow={"slide_type": "notes"}
# 1 min. The fog again. Say that every later lesson repairs a fault of today's loop.

# %% slideshow={"slide_type": "skip"}
import numpy as np

from optcourse import check, hints, predict, quiz
from optcourse.explorers.lesson_03 import (
    BasinsExplorer,
    DigitsExplorer,
    LinkedBasesExplorer,
    ParabolaExplorer,
    SaddleExplorer,
    SweepExplorer,
    ValleyExplorer,
    digits_curvatures,
)
from optcourse.objectives import lecture_bowl, rosenbrock

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A picture before a formula
#
# Below, a valley is seen from above. Each thin line joins points of equal loss, like the height lines of a map. Where
# the lines are close together, the ground is steep. The star is the lowest point. The square is where the walker
# starts.
#
# Before you look, commit to an answer. A wrong guess costs nothing and makes the answer stick.

# %%
predict("03-larger-steps")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Hands up for each answer; type them in. Do not reveal yet: let the next figure do it, then
# come back with the back key.

# %% [markdown] tags=["spoken"] slideshow={"slide_type": "subslide"}
# **Try this.** Predict first, then move, then look.
#
# 1. Press *Play*. Which way does the walker go at first? Which way later?
# 2. Move `learning_rate` slowly to the right, up to 0.3. Does the walker get farther in the same 50 steps?
# 3. Move it on to 0.45, then past the tick *limit*. What changes in the picture?
# 4. Drag the square somewhere else (or type another start). Does the limit move?

# %%
ValleyExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 5 min. Press P to play. Then F, and move `learning_rate` slowly with the right arrow. Stop at 0.3:
# faster? Stop at 0.45: what has changed? Then one notch beyond the tick *limit*. Live, drag the
# square: the limit does not move. That is the question of the lecture.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The idea, in words
#
# The **gradient** of the loss at a point is an arrow: it points where the loss grows fastest, and it is longer where
# the ground is steeper. You want the loss to shrink. So you step *against* the gradient, and you do it many times.
#
# How far is one step? The gradient's length, times a number that you choose. This number is the **learning rate**: how
# much you trust the gradient. The gradient only describes the ground under your feet. A long step may land where the
# ground is quite different.

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Slope under your feet, nothing else. The learning rate is how far you trust it.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The formula
#
# The names, before they are used:
#
# - $w$: the parameters, a list of numbers. This is where you stand. In the code: `w`.
# - $L(w)$: the loss at $w$. This is your height.
# - $\nabla L(w)$: the gradient of the loss at $w$, one slope for each entry of $w$. In the code: `dw`.
# - $\alpha$: the learning rate, a positive number. In the code: `learning_rate`.
#
# One step of gradient descent is
#
# $$w \leftarrow w - \alpha \, \nabla L(w)$$
#
# The minus sign says *against the gradient*. The arrow $\leftarrow$ says that the new $w$ takes the place of the old one.

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Read it aloud from right to left. *Ask:* why minus?

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The lecture's pseudo-code
#
# ```python
# w = initialize_weights()
# for i in range(num_steps):
#     dw = compute_gradient(loss_fn, data, w)
#     w -= learning_rate * dw
# ```
#
# Three things are yours to choose. They are called **hyperparameters**, because the loop does not learn them:
#
# | hyperparameter | question that it answers |
# |---|---|
# | initialisation of `w` | where do you start? |
# | `num_steps` | how long do you walk? |
# | `learning_rate` | how far is a step? |
#
# Let us take three steps by hand, on the loss $0.1\,x^2 + 2\,y^2$. Here $w = (x, y)$ and the gradient is $(0.2\,x,\; 4\,y)$.

# %%
w = np.array([-5.0, -2.0])
for step in range(1, 4):
    dw = np.array([0.2 * w[0], 4.0 * w[1]])
    w = w - 0.1 * dw
    print(f"step {step}: dw = ({dw[0]:.3f}, {dw[1]:.3f})  ->  w = ({w[0]:.3f}, {w[1]:.3f})")

# %% [markdown]
# Look at the two columns of `w`. The second number shrinks quickly: each step keeps 60 % of it. The first number hardly
# moves: each step keeps 98 %. The same loop, the same learning rate, and two very different speeds. The rest of this
# lesson is about these two numbers, 0.6 and 0.98.

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Three choices are ours. Then the three steps by hand: let them see that one column shrinks to
# 60 % each time and the other to 98 %. Ask where these numbers come from, and leave the question
# open.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Your turn: write the loop
#
# Write `gradient_descent`. You are given a function `compute_gradient`: call it as `compute_gradient(w)` and it
# returns the gradient at `w`, an array of the same shape.
#
# - Take exactly `num_steps` steps, each with the gradient at the *current* `w`.
# - Return the `w` where the walk ends.
# - Leave the caller's array as it was. It may hold whole numbers; your result holds floats.
#
# Not done yet? Go on reading. Everything below works with the course's own loop until yours is there.


# %% tags=["exercise:03-gradient-descent"]
def gradient_descent(compute_gradient, w, learning_rate, num_steps):
    """Take num_steps steps against the gradient; return where they end."""
    ### BEGIN SOLUTION
    w = np.array(w, dtype=float)
    for _ in range(num_steps):
        dw = compute_gradient(w)
        w -= learning_rate * dw
    return w
    ### END SOLUTION


# %%
check("03-gradient-descent", gradient_descent)

# %%
hints("03-gradient-descent")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. One minute in pairs. Most forget the copy: `w -= ...` would change the caller's array. The
# next key shows answer and check.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Your code in the picture
#
# This is the valley again, with your function beside the course's. When both agree, the orange crosses lie on the grey
# path. When your update is wrong, you see *how* it is wrong.

# %%
ValleyExplorer(yours=gradient_descent, learning_rate=0.45)

# %% [markdown] slideshow={"slide_type": "notes"}
# 1 min. The orange crosses lie on the grey path: the room's own code walks.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The condition number, step 1: one axis, one factor
#
# Let us find out where 0.6 and 0.98 came from. Take the smallest example: one parameter, and the parabola
#
# $$L(w) = \tfrac{1}{2} \lambda w^2$$
#
# The number $\lambda$ (read "lambda") is the **curvature**: how strongly the loss bends. It is the second derivative.
# Large $\lambda$: a narrow, steep bowl. Small $\lambda$: a wide, flat one. The slope at $w$ is $\lambda w$. Put it into
# one step:
#
# $$w \;\leftarrow\; w - \alpha \lambda w \;=\; (1 - \alpha\lambda)\, w$$
#
# So one step *multiplies $w$ by a fixed number*. Call it the **factor**: $1 - \alpha\lambda$. After $t$ steps, $w$ has
# been multiplied by it $t$ times. Now everything depends on the size of the factor:
#
# | factor $1 - \alpha\lambda$ | what you see |
# |---|---|
# | just below 1 | it crawls |
# | between 0 and 1 | it glides down |
# | 0, when $\alpha = 1/\lambda$ | it is there in one jump |
# | between −1 and 0 | it overshoots and zig-zags, but comes closer |
# | −1, when $\alpha = 2/\lambda$ | it jumps from side to side for ever |
# | below −1 | it runs away |
#
# It comes closer exactly when the factor lies between −1 and 1. In other words: when $0 < \alpha\lambda < 2$.

# %%
predict("03-largest-rate")

# %% [markdown] slideshow={"slide_type": "notes"}
# 5 min. The heart of the lecture: one step multiplies by a fixed number. Go down the table and let
# the room say what they would see before you read it. Then the question: they need the curvature of
# the parabola, not its coefficient.

# %% [markdown] tags=["spoken"] slideshow={"slide_type": "subslide"}
# **Try this.**
#
# 1. Leave the curvature at 4. Move `learning_rate` until the walker arrives in one jump. Which value is it?
# 2. Go on to the tick *limit*. Stay exactly on 0.5, then one notch beyond.
# 3. Halve the curvature. Where are the two ticks now?

# %%
ParabolaExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Arrive in one jump; then exactly on the limit; then one notch beyond. Halve the curvature and
# ask where the ticks go.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Step 2: two axes, but only one learning rate
#
# The valley $0.1\,x^2 + 2\,y^2$ is two parabolas at once. Along $x$ the curvature is 0.2. Along $y$ it is 4. Each axis
# has its own factor, but the learning rate $\alpha$ is *the same for both*:

# %%
# Names that begin with _ are the lesson's own: they overwrite none of yours.
flat, steep = 0.2, 4.0
print("learning_rate   factor along x (flat)   factor along y (steep)")
for _rate in (0.02, 0.1, 0.25, 0.4, 2 / (flat + steep), 0.5, 0.55):
    print(f"{_rate:13.3f} {1 - _rate * flat:23.3f} {1 - _rate * steep:24.3f}")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Read the table from top to bottom. *Ask:* which axis sets the limit, which one pays?

# %% [markdown] slideshow={"slide_type": "subslide"}
# Read the table from top to bottom.
#
# - With a **small** learning rate both factors are below 1, but the flat one is very close to 1. The walker crawls along
#   the flat axis.
# - At 0.25 the steep axis is home in one step (factor 0). The flat axis still keeps 95 % at each step.
# - With a **large** learning rate the steep factor comes close to −1. The walker zig-zags across the steep axis.
# - At 0.5 the steep factor is −1. That is the limit, however well the flat axis would do with more.
#
# So the *steep* axis sets the largest learning rate, and the *flat* axis has to live with it. At the limit $2/4 = 0.5$
# the flat factor is $1 - 0.5 \cdot 0.2 = 0.9$. No learning rate makes this valley fast. The more the two curvatures
# differ, the worse it gets. That is why their ratio has a name.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Why does it not walk straight to the minimum?
#
# The gradient is *local*. It says where the loss grows fastest right here, and in a long valley that is almost straight
# across, towards the nearer wall. The minimum lies somewhere else: along the valley. Measure the angle between the two
# directions, at the same point of a valley and of a round bowl:


# %%
def angle_to_minimum(name, w, downhill):
    to_minimum = -w
    cosine = downhill @ to_minimum / (np.linalg.norm(downhill) * np.linalg.norm(to_minimum))
    angle = np.degrees(np.arccos(min(cosine, 1.0)))
    print(
        f"{name:24s} downhill = ({downhill[0]:.0f}, {downhill[1]:.0f}), {angle:.0f} degrees away from the minimum"
    )


_w = np.array([-5.0, -2.0])
angle_to_minimum("valley 0.1 x² + 2 y²", _w, downhill=-np.array([0.2 * _w[0], 4 * _w[1]]))
angle_to_minimum("round bowl 2 x² + 2 y²", _w, downhill=-4 * _w)

# %% [markdown]
# In the round bowl, downhill *is* the way to the minimum. In the valley it is far off. So the walker mostly goes to and
# fro between the walls, and gets ahead along the valley only a little at each step.

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. A common surprise: downhill is not towards the minimum. Point at the two angles.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Step 3: the condition number
#
# > The **condition number** $\kappa$ (read "kappa") of a loss is its largest curvature divided by its smallest curvature.
#
# For our valley: $\kappa = 4 / 0.2 = 20$. A perfectly round bowl has $\kappa = 1$. Nothing is rounder, so $\kappa$ is
# never below 1.
#
# With more than one parameter, all second derivatives together form a square table, the **Hessian** $H$. Its entry in row
# $i$ and column $j$ says how the slope of entry $i$ changes when you move along entry $j$. Its **eigenvalues** are the
# curvatures along special directions, the *axes* of the valley; these directions are its **eigenvectors**. So
#
# $$\kappa = \frac{\lambda_{\text{largest}}}{\lambda_{\text{smallest}}}$$
#
# The lecture says "ratio of the largest to the smallest *singular value* of the Hessian". It is the same: a Hessian is
# symmetric, and the singular values of a symmetric matrix are its eigenvalues without their signs. At a minimum with
# curvature in all directions the eigenvalues are positive, so nothing changes at all.

# %%
H = lecture_bowl().hessian(np.zeros(2))
print("Hessian:\n", H + 0.0)
print("eigenvalues:    ", np.linalg.eigvalsh(H))
print("singular values:", np.linalg.svd(H, compute_uv=False))
print("condition number:", np.linalg.cond(H))

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Now the name. It answers the lecture notes' question marks. Say both words, eigenvalue and
# singular value, and why they agree here.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### What the condition number looks like
#
# Walk from the minimum along an axis with curvature $\lambda$ until the loss has risen to some height $h$. You need
# $\tfrac{1}{2}\lambda r^2 = h$, so you get as far as $r = \sqrt{2h/\lambda}$. A strong curvature means a short axis:
# the axes of the ellipses are as long as $1/\sqrt{\lambda}$. Therefore
#
# $$\frac{\text{length of the ellipse}}{\text{width of the ellipse}} = \sqrt{\kappa}$$
#
# With $\kappa = 100$ the ellipses are 10 times longer than wide. You can see the condition number on any contour plot:
# estimate length over width, and square it.

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Length over width, squared. Let them read one off the valley of the first figure.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### What changes it, and what does not
#
# - **Turning** the valley does not. The ellipses keep their shape.
# - **Multiplying the loss** by 10 does not. All curvatures grow by 10, and their ratio stays. (The right learning rate
#   does change: it becomes 10 times smaller.) So a *steep* loss need not be a badly conditioned one.
# - **Another learning rate, another start, more steps** do not. The condition number belongs to the loss. The
#   hyperparameters are your answer to it.
# - **Changing the units of one parameter** does. Measure $x$ in other units, and the flat axis is no longer that flat.
#   This is why people scale and centre their data. You will see it on real digits below.
#
# And when the smallest curvature is 0? Then $\kappa$ is infinite. Along that axis the loss is the same everywhere: the
# factor is exactly 1, and the walker stays where it began on that axis. There is nothing to gain there either.

# %%
_turn = np.array([[np.cos(0.5), -np.sin(0.5)], [np.sin(0.5), np.cos(0.5)]])
_rescale = np.diag([np.sqrt(20), 1.0])  # one new unit of x is √20 old ones
print(f"as it was:          {np.linalg.cond(H):.4g}")
print(f"turned:             {np.linalg.cond(_turn @ H @ _turn.T):.4g}")
print(f"loss times 10:      {np.linalg.cond(10 * H):.4g}")
print(f"new units for x:    {np.linalg.cond(_rescale @ H @ _rescale):.4g}")

# %% [markdown]
# **Your turn: read a Hessian.** For the loss $0.1\,x^2 + 2\,y^2$ write down three numbers: its condition number, the
# learning rate from which on gradient descent no longer settles, and how many times longer than wide its ellipses are
# (two digits of the last one are enough).

# %% tags=["exercise:03-read-a-hessian"]
kappa = ...  # largest curvature over smallest
limit = ...  # from this learning rate on it no longer settles
axis_ratio = ...  # length over width of the ellipses
### BEGIN SOLUTION
kappa = 4 / 0.2
limit = 2 / 4
axis_ratio = np.sqrt(kappa)
### END SOLUTION

# %%
check("03-read-a-hessian", kappa, limit, axis_ratio)

# %%
hints("03-read-a-hessian")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. *Ask* for each line before it stands there: turned? times ten? other units? Only the last one
# changes it.

# %% [markdown] slideshow={"slide_type": "skip"}
# > **You may stop here.** You can write gradient descent, and you know what the condition number is. What is
# > left is how fast it can be, and what happens beyond parabolas. When you come back, run the cells above once
# > more (*Run*, *Run All Above Selected Cell*), and go on with *Step 4: in its own axes, every valley is
# > separate parabolas*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Step 4: in its own axes, every valley is separate parabolas
#
# Turn the valley, and the path in $w$ looks tangled: every step changes both coordinates. But look at the same run along
# the valley's own axes, the eigenvectors. There each coordinate is multiplied by its own factor, and the two never meet:
#
# $$c_i \leftarrow (1 - \alpha \lambda_i)\, c_i$$
#
# Here $c_i$ is how far you are from the minimum along axis $i$, and $\lambda_i$ is the curvature along it. With $n$
# parameters, gradient descent on a quadratic is $n$ separate sequences, each with its own factor.

# %% [markdown] tags=["spoken"]
# **Try this.** The left and the middle picture show the same run. Drag the square in either: the other one follows.
#
# 1. Drag the start, in the middle picture, onto the dashed flat axis. What becomes of the zig-zag in the left picture?
# 2. Drag it onto the steep axis. How many of the two sequences on the right are left?
# 3. Move `rotation`. Which of the three pictures changes? Do the slopes of the lines on the right change?
# 4. Move `learning_rate` to *best α\**. What do the two lines on the right do?

# %%
LinkedBasesExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Live: drag the start onto the dashed flat axis in the middle picture. The zig-zag is gone.
# Onto the steep one: one sequence is left. Then `rotation`: only the left picture turns.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Step 5: the best learning rate
#
# In the long run the slowest axis decides, the one whose factor is largest in size. Make $\alpha$ larger: the flat
# factor $1 - \alpha\lambda_1$ gets smaller, and the flat axis faster. But the steep factor $1 - \alpha\lambda_n$ moves
# towards −1, and the steep axis gets slower. ($\lambda_1$ is the smallest curvature, $\lambda_n$ the largest.) The best
# compromise is where both have the same size:
#
# $$1 - \alpha\lambda_1 = -(1 - \alpha\lambda_n) \quad\Longrightarrow\quad \alpha^* = \frac{2}{\lambda_1 + \lambda_n}$$
#
# There each step multiplies the distance to the minimum by
#
# $$1 - \alpha^*\lambda_1 = \frac{\lambda_n - \lambda_1}{\lambda_n + \lambda_1} = \frac{\kappa - 1}{\kappa + 1}$$
#
# This is the whole answer to "how fast can gradient descent be?". Only $\kappa$ is left in it.

# %%
_best = 2 / (flat + steep)
print(
    f"best learning rate: {_best:.5f}   factor: {1 - _best * flat:.5f}   and (κ−1)/(κ+1): {(20 - 1) / (20 + 1):.5f}"
)

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Both factors of the same size: one equation. What is left is the condition number alone.

# %% [markdown] slideshow={"slide_type": "subslide"}
# Does a real run do what the formula says? Here is the valley of the beginning once more, with the theory switched on. The
# two thin lines on the right are the parts of the loss that the two axes predict. The words above the picture compare the
# factor that was *measured* in the last step with the one that was predicted.

# %% [markdown] tags=["spoken"]
# **Try this.**
#
# 1. Which of the two lines does the loss follow at first, and which one later?
# 2. Move `learning_rate` to *best α\**. What do the two lines do there? And a little to the left or right of it?
# 3. Raise `condition_number`. What happens to the best slope that you can get?
# 4. Type 0 as the second number of `start`, and put `learning_rate` beyond the limit. Why does it not run away?

# %% figure-slide="learning_rate condition_number theory"
ValleyExplorer(theory=True, learning_rate=0.3, yours=gradient_descent)

# %% [markdown]
# Did a notch to the left of *best α\** win? In 50 steps from $(-3, 2)$ it does: at 0.457 the loss ends at 6.2e-5, at
# α\* at 4.0e-4. α\* is the best rate *in the long run and for the worst start*: there no axis shrinks more slowly than
# any other. A run of 50 steps has a start, and the loss counts what is left on the steep axis 20 times. So a rate that is
# faster on the steep axis and a little slower on the flat one can end lower. After 200 steps the two are nearly equal.
#
# **Your turn.** Given any Hessian `H`, return the best learning rate. Turned valleys are among the cases.


# %% tags=["exercise:03-best-learning-rate"]
def best_learning_rate(H):
    """The learning rate that shrinks the slowest axis of a quadratic with Hessian H fastest."""
    ### BEGIN SOLUTION
    eigenvalues = np.linalg.eigvalsh(np.array(H, dtype=float))
    return 2 / (eigenvalues[0] + eigenvalues[-1])
    ### END SOLUTION


# %%
check("03-best-learning-rate", best_learning_rate)

# %%
hints("03-best-learning-rate")

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Two lines, one for each axis. *Ask* which one the loss follows at first, and which one later.
# Then move to the tick *best*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Step 6: the price in steps

# %%
predict("03-narrower-valley")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Hands up: 10 times the condition number, how many times the steps? Then the table on the next
# slides.

# %% [markdown] slideshow={"slide_type": "subslide"}
# At the best learning rate, $t$ steps multiply the distance by $\left(\frac{\kappa-1}{\kappa+1}\right)^t$. Let us ask for a
# millionth of the distance, and count:

# %%
print("condition number   factor per step   steps to a millionth")
for _kappa in (1.5, 10, 20, 100, 1000):
    _rate = (_kappa - 1) / (_kappa + 1)
    print(f"{_kappa:16g} {_rate:17.5f} {int(np.ceil(np.log(1e-6) / np.log(_rate))):22,d}")

# %% [markdown]
# Ten times the condition number, about ten times the steps. For large $\kappa$ the number of steps is close to
# $\tfrac{\kappa}{2} \ln(1/\text{tolerance})$. *The condition number is the price of gradient descent.*
#
# **Your turn.** Write the function that makes the last column of this table: the smallest whole number of steps after
# which the distance is at most `tolerance` times what it was, at the best learning rate. `condition_number` is above 1.

# %% slideshow={"slide_type": "skip"}
import math


# %% tags=["exercise:03-steps-needed"]
def steps_needed(condition_number, tolerance):
    """Steps until the distance is at most tolerance times the first one, at the best learning rate."""
    ### BEGIN SOLUTION
    rate = (condition_number - 1) / (condition_number + 1)
    return math.ceil(math.log(tolerance) / math.log(rate))
    ### END SOLUTION


# %%
check("03-steps-needed", steps_needed)

# %%
hints("03-steps-needed")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Every learning rate at once
#
# In practice nobody tells you the eigenvalues. What people do: try many learning rates. The left picture is the result of
# 121 runs, one for each learning rate. The probe is one of them; drag it along, and the right picture shows its path.

# %% [markdown] tags=["spoken"]
# **Try this.**
#
# 1. Drag the probe from left to right. Where does the path crawl, where does it zig-zag?
# 2. Raise `condition_number`. What becomes of the good learning rates?
# 3. Set `num_steps` to 2, then to 200. Is the best learning rate of a *short* run the α\* of the long run?
# 4. How far is it from the best learning rate to ruin? What does that say about "a bit more, to be faster"?

# %%
SweepExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Drag the probe from left to right. The sentence to take home: half the best rate costs twice
# the steps, a few per cent beyond the limit cost everything.

# %% [markdown] slideshow={"slide_type": "subslide"}
# The curve falls slowly on the left and rises like a wall on the right. Half the best learning rate costs you about twice
# the steps. A few per cent over the limit costs you everything. When you search, search on a logarithmic grid, and stay
# on the left side of the wall.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Explain it back
#
# Before you go on, say it in your own words, aloud or in writing. Then compare.
#
# > A loss bends strongly in some directions and weakly in others. The condition number is the ratio of the strongest to
# > the weakest bending. One learning rate has to serve all directions. The strongest bending limits it: beyond
# > $2/\lambda_{\text{largest}}$ the walker jumps ever farther from wall to wall. At such a learning rate the weakest
# > direction hardly moves. So the number of steps grows in proportion to the condition number, even with the best
# > learning rate. A round bowl has 1 and can be done in one step. A long narrow valley has a large one and takes very
# > many steps.
#
# What can be done about it? Three things, all in this course: make the loss rounder (scale and centre the data, below);
# remember the way you came, so that the zig-zag cancels ([momentum](05_momentum.ipynb)); or give each parameter its own
# learning rate ([AdaGrad](06_adagrad.ipynb) and what follows it).

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Switch the screen black (B). In pairs, one minute each: explain the condition number without
# the words eigenvalue and Hessian. Then compare.

# %% [markdown] slideshow={"slide_type": "skip"}
# > **You may stop here.** You know the price of gradient descent: its steps grow in proportion to the
# > condition number. What is left are landscapes that are no parabolas, and real data. When you come back, run
# > the cells above once more (*Run*, *Run All Above Selected Cell*), and go on with *Beyond parabolas*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Beyond parabolas
#
# Real losses are not quadratic, but close to a point each is nearly so, with the Hessian *there*. So the condition number
# changes from place to place. Rosenbrock's famous valley is bent and has a floor that is almost flat:

# %%
for _point in ((-1.2, 1.0), (0.0, 0.0), (1.0, 1.0)):
    _H = rosenbrock().hessian(np.array(_point))
    print(
        f"at {_point}: curvatures {np.linalg.eigvalsh(_H).round(3)}, condition number {np.linalg.cond(_H):,.0f}"
    )

# %% [markdown]
# At its minimum $(1, 1)$ the condition number is above 2,500. Now you know why this function is in every textbook, and why
# gradient descent takes thousands of steps on it.

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Real losses are no parabolas, but near a minimum they look like one. So the rule holds at the
# end of the walk, not on the way.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Where does it end? Basins
#
# With several minima, gradient descent reaches *one* of them. Which one depends on where it starts. The starts that lead
# to the same minimum form its **basin**. In the picture, every start is coloured by the minimum that it reaches.

# %% [markdown] tags=["spoken"]
# **Try this.**
#
# 1. Drag the start across a border between two colours. How far apart are the two ends?
# 2. With `Himmelblau`, raise `learning_rate` notch by notch. What happens to the borders? Which minimum loses its
#    starts first? (Its curvature is the largest: the limit $2/\lambda$ holds for each minimum by itself.)
# 3. Choose `Styblinski-Tang`. The deepest minimum is A. How large a share of all starts misses it?

# %%
BasinsExplorer(yours=gradient_descent)

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Choose the learning rates one after the other and let the room watch the borders of the
# basins.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The saddle that holds on
#
# At a minimum the slope is zero. But a slope of zero is not always a minimum. On $x^2 - y^2$ the origin is a **saddle**:
# the loss rises along $x$ and falls along $y$. One axis has a *negative* curvature.

# %%
predict("03-saddle")

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Vote, then play. From exactly on the ridge it never leaves; from a millionth beside it, it
# takes long. *Ask* what the loss curve looks like meanwhile: like convergence.

# %% [markdown] slideshow={"slide_type": "subslide"}
# The factor still explains it. Along $y$ the curvature is $-2$, so each step multiplies $y$ by $1 + 2\alpha$. That is more
# than 1: the walker moves *away* from the ridge $y = 0$, slowly at first. Starting at distance $|y_0|$, it has left the
# saddle ($|y| \ge 1$) after
#
# $$t = \left\lceil \frac{\ln(1/|y_0|)}{\ln(1 + 2\alpha)} \right\rceil \quad\text{steps.}$$
#
# The brackets $\lceil\;\rceil$ mean: round up. And if $y_0$ is *exactly* zero? Then the slope along $y$ is exactly zero,
# and every multiple of zero is zero. The walker never leaves.

# %% [markdown] tags=["spoken"]
# **Try this.**
#
# 1. Halve the distance of the start several times. Does the number of steps double, or does it grow by a fixed amount?
# 2. Switch on *start exactly on the ridge*. Give it the largest learning rate. Does it help?

# %%
SaddleExplorer()

# %% [markdown]
# **Your turn.** Count the steps for any `y0` between −1 and 1 (negative ones and 0 too) and any learning rate. If it never
# leaves, the answer is `math.inf`, which is Python's infinity.


# %% tags=["exercise:03-saddle-steps"]
def saddle_steps(y0, learning_rate):
    """Steps of gradient descent on x² − y² until |y| is at least 1; math.inf if that never happens."""
    ### BEGIN SOLUTION
    if y0 == 0:
        return math.inf
    return math.ceil(math.log(1 / abs(y0)) / math.log(1 + 2 * learning_rate))
    ### END SOLUTION


# %%
check("03-saddle-steps", saddle_steps)

# %%
hints("03-saddle-steps")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## On real data: batch gradient descent
#
# Now the real thing. 1,797 images of handwritten digits, 8 by 8 pixels each. The model is *softmax regression*: one weight
# for each pixel and class, 650 numbers in all. The loss is the mean over **all** training images of "minus the logarithm of
# the probability given to the right digit".
#
# The gradient of a mean is the mean of the gradients. So every single step needs the gradient of *every* training image.
# One step costs a whole **pass** over the data. This is called **batch gradient descent**, and it is expensive: with a
# million images, a million gradients for one step.

# %% [markdown] tags=["spoken"]
# **Try this.**
#
# 1. Play with `learning_rate`. At 0.5, how many images does the model read right after 60 passes?
# 2. Go up to 3, then to 5. The loss is not a parabola, so it does not run away for good. What does it do?
# 3. On the right, each square is one curvature of this loss at the start. Roughly, what is the condition number?
# 4. Switch on *subtract the mean image first*, and try 10. Why can the learning rate now be so much larger?

# %%
DigitsExplorer(yours=gradient_descent)

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. The same story with 1,797 images. Why does subtracting the mean image help? Because the
# steepest direction was *all images have ink in the middle*.

# %% [markdown] slideshow={"slide_type": "subslide"}
# Once your `gradient_descent` is written, the orange dashes are *your* loop, training a model on real images. Nothing has
# to be changed for that.


# %%
def show_curvatures(words, centred):
    curvatures = digits_curvatures(centred)
    used = curvatures[curvatures > 1e-9]
    print(
        f"{words}: largest curvature {used[0]:.3f}, limit 2/λ = {2 / used[0]:.2f}, smallest {used[-1]:.1e}, "
        f"condition number {used[0] / used[-1]:,.0f}"
    )


show_curvatures("as they are", centred=False)
show_curvatures("mean image subtracted", centred=True)

# %% [markdown]
# Real losses look like this: a few steep directions, many flat ones, and a condition number in the millions. The steepest
# direction here is "all images have ink in the middle". It says nothing about *which* digit it is, and yet it sets the
# limit for all the others. Subtract the mean image, and it is gone: the limit is many times higher. That is what scaling
# and centring the data is for.
#
# And the millions? The flattest directions are pixels that are nearly always blank. They hardly matter for reading
# digits, so nobody waits for them. In practice one stops long before the last axis has arrived.

# %% [markdown] slideshow={"slide_type": "slide"}
# **Your turn: a pass in chunks.** Often the data does not fit into memory. Then a pass is made in chunks. You get
# `compute_gradient(w, batch)`: `batch` is an array of indices, and what comes back is the *mean* gradient over these
# examples. Only `chunk_size` examples fit at once, and the last chunk may be smaller.
#
# Make every step with the gradient of the mean over all `num_examples` examples, and call `compute_gradient` once a
# chunk. Return the final `w`; leave the caller's array as it was.


# %% tags=["exercise:03-batch-gradient-descent"]
def batch_gradient_descent(compute_gradient, w, learning_rate, num_steps, num_examples, chunk_size):
    """Gradient descent whose every step is a pass over all examples, chunk by chunk."""
    ### BEGIN SOLUTION
    w = np.array(w, dtype=float)
    for _ in range(num_steps):
        dw = np.zeros_like(w)
        for first in range(0, num_examples, chunk_size):
            batch = np.arange(first, min(first + chunk_size, num_examples))
            dw += compute_gradient(w, batch) * len(batch) / num_examples
        w -= learning_rate * dw
    return w
    ### END SOLUTION


# %%
check("03-batch-gradient-descent", batch_gradient_descent)

# %%
hints("03-batch-gradient-descent")

# %% [markdown]
# If you were tempted to move `w` after each chunk instead of after each pass: hold that thought. It is the next lesson.

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. If somebody wants to move `w` after each chunk: that is the next lecture. Stop there.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Conventions
#
# People agree on gradient descent, but not on everything around it. When your numbers differ from a book's, look here.
#
# | question | here | elsewhere |
# |---|---|---|
# | name of $\alpha$ | learning rate | step size; written $\eta$, $\gamma$, `lr` |
# | loss over the data | the **mean** over examples | the **sum**: gradients $N$ times larger, learning rate $N$ times smaller |
# | curvature $\lambda$ | the second derivative: the loss is $\tfrac12\lambda w^2$ | the factor of $w^2$: half of our $\lambda$ |
# | "rate" of convergence | factor of the *distance*: $\frac{\kappa-1}{\kappa+1}$ | factor of the *loss*: the square of it |
# | in PyTorch | `GradientDescent` | `torch.optim.SGD`; given the whole batch's gradient it *is* this loop, to the last bit |
# | direction | always down | `maximize=True` in PyTorch walks up |
#
# The course's tests compare the loop with PyTorch's, and check each of these rows.

# %% [markdown] slideshow={"slide_type": "skip"}
# **The same in a library** (PyTorch 2.13, optax 0.2.8, Keras 3.15; `params` are the model's parameters):
#
# ```python
# torch.optim.SGD(params, lr=0.1)
# optax.sgd(0.1)
# keras.optimizers.SGD(0.1)
# ```

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Key points
#
# - Gradient descent: $w \leftarrow w - \alpha \nabla L(w)$, many times. You choose the start, the number of steps and the
#   learning rate.
# - Along each axis of a quadratic, one step multiplies the distance by $1 - \alpha\lambda$. It settles when
#   $0 < \alpha\lambda < 2$ for *every* curvature, so the largest curvature sets the limit $2/\lambda_{\text{largest}}$.
# - The condition number $\kappa$ is the largest curvature over the smallest. Best learning rate:
#   $2/(\lambda_1 + \lambda_n)$; factor per step: $(\kappa-1)/(\kappa+1)$; number of steps: proportional to $\kappa$.
# - Too small: it crawls along the flat axis. Too large: it zig-zags across the steep one, then runs away.
# - The start decides which minimum is reached. Saddles are left slowly, and from exactly on the ridge never.
# - Batch gradient descent computes every example's gradient for every step.

# %%
quiz("03")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Let the room finish each sentence. Then the quiz, by hands.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## References
#
# - G. Goh, *Why Momentum Really Works*, Distill (2017), <https://distill.pub/2017/momentum/>: the eigenbasis picture, with
#   sliders.
# - L. Lessard, B. Recht, A. Packard, *Analysis and Design of Optimization Algorithms via Integral Quadratic Constraints*,
#   SIAM J. Optim. 26 (2016).
# - S. Boyd, L. Vandenberghe, *Convex Optimization*, section 9.3 (2004): gradient descent and the condition number.
# - Michigan EECS 498-007, lecture 4; the CS231n notes on optimization: where this lecture comes from.
# - Digits: E. Alpaydin, C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI Machine Learning Repository (1998).
#
# ## What next
#
# A step that needs every image is a step that you can rarely afford. [04 Stochastic gradient descent](04_sgd.ipynb) takes
# a handful of images instead, and pays with noise. What to do about the condition number comes in
# [05 Momentum](05_momentum.ipynb).
