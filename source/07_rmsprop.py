# %% [markdown] slideshow={"slide_type": "slide"}
# # 07 RMSProp
#
# AdaGrad gives every coordinate its own learning rate. But what it has met once, it divides by for ever. RMSProp changes
# one line of it. What that line does, for good and for bad, is the subject of this lesson.
#
# **After this lesson you can**
#
# - write RMSProp and say what its `decay_rate` does;
# - say how long its memory is, in two ways that are often mixed up;
# - read an update that somebody wrote down wrong, and say what it lost.
#
# **Questions to keep in mind**
#
# - What should an optimizer forget, and how fast?
# - How long is the very first step of RMSProp, and why?
# - Does it matter where `eps` stands?
#
# **You need** AdaGrad ([lesson 06](06_adagrad.ipynb)). **Time:** about 65 minutes, in 2 parts.

# %% [markdown] slideshow={"slide_type": "notes"}
# 1 min. AdaGrad never forgets. What if it did, a little, at each step?

# %% slideshow={"slide_type": "skip"}
import numpy as np

from optcourse import check, descend, hints, predict, quiz
from optcourse.explorers.lesson_07 import (
    CliffExplorer,
    DigitsExplorer,
    EpsExplorer,
    MemoryExplorer,
    RMSPropExplorer,
)
from optcourse.objectives import cliff, quadratic
from optcourse.optimizers import AdaGrad, RMSProp
from optcourse.theory import half_life, rmsprop_step

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A picture before a formula
#
# Think of a landscape in two parts. On the right a steep wall, below it a floor that is almost flat. A walker starts
# high on the wall. Commit to an answer first.

# %%
predict("07-after-the-cliff")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Vote: what happens after the cliff?

# %% [markdown] tags=["spoken"] slideshow={"slide_type": "subslide"}
# **Try this.**
#
# 1. Press *Play*. Where is AdaGrad when RMSProp has left the wall?
# 2. Move `decay_rate` up to 0.99. RMSProp jumps down the wall in a few steps, and then needs *longer* on the floor
#    than before. What does it still remember there? (Why its first steps are so long, comes below.)
# 3. Move `decay_rate` down to 0. Every step is now equally long. What has become of the memory?
# 4. Drag the start onto the floor, so that nobody ever meets the wall. What is left of the difference?

# %%
CliffExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Go down the cliff with both. Ask who still moves afterwards, and why.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The idea, in words
#
# AdaGrad adds every squared gradient to `grad_squared` and divides the step by its root. What it met once, it divides by
# for ever. On the wall the squares are huge. So on the floor, where slopes are small, its steps are tiny.
#
# RMSProp keeps a **leaky mean** in place of the sum. In every step a little of the old content leaks out, and a little of
# the new square is filled in. Think of a bucket with a hole: after a while, its content tells you about the recent rain, not
# about all the rain there ever was.
#
# ## The formula
#
# The names: $w$ are the parameters, `w`. $\nabla L$ is the gradient, `dw`. $\alpha$ is `learning_rate`. New are
#
# - $s$, the memory: `grad_squared`, one number for each coordinate;
# - $\rho$, the part of the memory that is kept in a step: `decay_rate`, between 0 and 1;
# - $\varepsilon$, a tiny number that keeps the divisor above zero: `eps`.
#
# One step is
#
# $$ s \leftarrow \rho\, s + (1 - \rho)\, (\nabla L)^2, \qquad
# w \leftarrow w - \alpha\, \frac{\nabla L}{\sqrt{s} + \varepsilon} $$
#
# The weights $\rho$ and $1 - \rho$ add up to 1. So $s$ is a mean, and its root is as large as a typical recent
# gradient. Dividing
# by it gives a step of about $\alpha$ in every coordinate, whatever the slope. The name says it: *root mean square*.

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. A fading mean of squares. The sum becomes an average, so it can fall again.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The lecture's pseudo-code, and what it lost
#
# In the lecture notes, RMSProp is written like this:
#
# ```text
# grad_squared = 0
# for t in range(num_steps):
#     dw = compute_gradient(w)
#     grad_squared = decay_rate * grad_squared + (1 - decay_rate) * dw * dw
#     w = -= learning_rate * dw
# ```
#
# Two things got lost on the way to paper, both in the last line. One of them Python tells you at once. The other one runs,
# and is no RMSProp. It happens to everybody who writes, so it pays to read an update slowly: *which of the names that
# were prepared is never used?*
#
# **Your turn.** Repair the update, as a single step. You get `w`, `dw` and the memory so far, and return two things:
# the new `w`
# and the new `grad_squared`. Do not change the arrays that you are given.


# %% tags=["exercise:07-repair"]
def rmsprop_step_repaired(w, dw, grad_squared, learning_rate, decay_rate, eps):
    """One step of RMSProp: return the new w and the new grad_squared."""
    ### BEGIN SOLUTION
    grad_squared = decay_rate * grad_squared + (1 - decay_rate) * dw * dw
    w = w - learning_rate * dw / (np.sqrt(grad_squared) + eps)
    return w, grad_squared
    ### END SOLUTION


# %%
check("07-repair", rmsprop_step_repaired)

# %%
hints("07-repair")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. The notes have lost half a line. Give the room a minute to find it. Then the next key.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three steps by hand
#
# A gradient of 2 in every step, `learning_rate` 0.1, `decay_rate` 0.9. Watch the memory fill up towards $2^2 = 4$.


# %%
def three_steps(w, dw):
    grad_squared = 0.0
    for t in range(1, 4):
        grad_squared = 0.9 * grad_squared + (1 - 0.9) * dw * dw
        step = 0.1 * dw / (np.sqrt(grad_squared) + 1e-7)
        w -= step
        print(f"step {t}: grad_squared = {grad_squared:.3f}   step = {step:.3f}   w = {w:.3f}")


three_steps(w=5.0, dw=2.0)

# %% [markdown]
# The steps are longer than `learning_rate`, and they shrink. Hold that thought: first, a prediction about it.

# %%
predict("07-first-step")

# %% [markdown]
# Under a steady gradient, step $t$ is $\alpha / \sqrt{1 - \rho^t}$. The memory starts at zero and has seen little, so
# the divisor is too
# small at first. Here is the length of step $t$, in units of `learning_rate`:

# %%
# Names that begin with _ are the lesson's own: they overwrite none of yours.
print("t       " + "".join(f"{t:8d}" for t in (1, 2, 5, 10, 100, 1000)))
for _decay_rate in (0.9, 0.99, 0.999):
    _lengths = [float(rmsprop_step(1.0, _decay_rate, t)) for t in (1, 2, 5, 10, 100, 1000)]
    print(f"{_decay_rate:<8}" + "".join(f"{length:8.2f}" for length in _lengths))

# %% [markdown]
# A long memory makes a long first step. Adam, in the [next lesson](08_adam.ipynb), repairs exactly this.

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Let them predict the length of the first step. It is longer than a learning rate: the memory
# begins empty. That returns as bias correction in lesson 08.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How long is the memory?
#
# A square that is $k$ steps old has the weight $(1 - \rho)\rho^k$. There are two usual ways to turn that into a
# number of steps:
#
# - the **averaging window** $\dfrac{1}{1 - \rho}$: if all weights were as large as the newest, so many of them would add
#   up to 1;
# - the **half-life** $\dfrac{\ln \frac12}{\ln \rho}$: after that many steps the weight has halved.
#
# They are not the same. At the end of the window the weight has fallen further than to a half: to about a third.

# %%
for _decay_rate in (0.9, 0.99, 0.999):
    print(
        f"decay_rate {_decay_rate}: window {1 / (1 - _decay_rate):6.0f} steps, half-life {half_life(_decay_rate):7.2f} steps,"
        f" weight at the end of the window {_decay_rate ** (1 / (1 - _decay_rate)):.2f} of the first"
    )

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Window and half-life, as for momentum.

# %% [markdown] tags=["spoken"] slideshow={"slide_type": "subslide"}
# **Try this.** On the left, the weights; on the right, gradients were loud for a long time and have now become 1.
#
# 1. Set `decay_rate` to 0.9. Read off the half-life where the curve crosses the dotted line.
# 2. How many steps until RMSProp takes half a step again? Now make the past ten times louder (100). Does it take ten times
#    as long to forget? (Each half-life halves the rest, so no.)
# 3. Put the past back to 10, and move `decay_rate` to 0.95. How many steps now until half a step, and how many half-lives
#    is that? Count it for 0.9 too. And for 0.99: will the picture be wide enough?

# %%
MemoryExplorer()

# %% [markdown]
# **Your turn.** You want a memory whose weights halve every `half_life` steps. Which `decay_rate` has it?


# %% tags=["exercise:07-choose-decay"]
def choose_decay(half_life):
    """The decay_rate at which the weight of a past square halves every half_life steps."""
    ### BEGIN SOLUTION
    return 0.5 ** (1 / half_life)
    ### END SOLUTION


# %%
check("07-choose-decay", choose_decay)

# %%
hints("07-choose-decay")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Move the decay rate: when does the average forget the loud past?

# %% [markdown] slideshow={"slide_type": "skip"}
# > **You may stop here.** You know what RMSProp's one line does, and how long its memory is. What is left is
# > the whole loop, and what it forgets too well. When you come back, run the cells above once more (*Run*,
# > *Run All Above Selected Cell*), and go on with *Your turn: write RMSProp*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Your turn: write RMSProp
#
# The whole loop now. You are given `compute_gradient`; call it as `compute_gradient(w)`.
#
# - `grad_squared` starts at zero, one entry for each entry of `w`.
# - Take exactly `num_steps` steps and return the last `w`.
# - Leave the caller's array as it is. It may hold whole numbers; your result holds floats.


# %% tags=["exercise:07-rmsprop"]
def rmsprop(compute_gradient, w, learning_rate, num_steps, decay_rate, eps):
    """Take num_steps steps of RMSProp; return where they end."""
    ### BEGIN SOLUTION
    w = np.array(w, dtype=float)
    grad_squared = np.zeros_like(w)
    for _ in range(num_steps):
        dw = compute_gradient(w)
        grad_squared = decay_rate * grad_squared + (1 - decay_rate) * dw * dw
        w -= learning_rate * dw / (np.sqrt(grad_squared) + eps)
    return w
    ### END SOLUTION


# %%
check("07-rmsprop", rmsprop)

# %%
hints("07-rmsprop")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. One line differs from AdaGrad.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Your code in the picture
#
# A narrow valley. RMSProp is in focus, AdaGrad beside it, and your function is an orange, dashed line. On the right, the
# number that multiplies `dw` in each coordinate: `learning_rate / (√grad_squared + eps)`.
#
# 1. Step through the run with the arrow buttons and read the numbers of each update.
# 2. At the first step both coordinates move equally far, although the slopes are $-0.15$ and $2$. Where in the formula does
#    that come from?
# 3. AdaGrad's curves on the right only fall. RMSProp's rise again when the gradients become small. Why?
# 4. Set `learning_rate` to 1. Does RMSProp settle within the 60 steps?
# 5. Raise `eps` to 1. Which coordinate suffers most, and why? (Compare it with the size of its slopes.)

# %% tags=["cover"]
RMSPropExplorer(yours=rmsprop)

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Compare with AdaGrad on the same valley.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Failure gallery: the minimum that it does not keep
#
# In the picture RMSProp came so close to the minimum that no eye can tell the difference. Let it walk on.

# %%
predict("07-walks-on")

# %%
_run = descend(quadratic(20.0), RMSProp(learning_rate=0.15, decay_rate=0.9, eps=1e-7), (-3.0, 2.0), 600)
for _t in (10, 60, 70, 80, 100, 200, 599, 600):
    _rate = 0.15 / (np.sqrt(_run.state["grad_squared"][_t, 0]) + 1e-7)
    print(f"step {_t:3d}: w[0] = {_run.w[_t, 0]:9.2g}   effective learning rate of w[0] = {_rate:9.3g}")

# %% [markdown]
# Near the minimum the gradients are tiny, so the memory fades and the effective learning rate *rises*. Along `w[0]` the
# valley has curvature 0.05, and anything above $2 / 0.05 = 40$ is too large ([lesson 03](03_gradient_descent.ipynb)).
# Beyond that the distance grows at every step, until the gradients are felt again. In the end the rate stays at that very
# limit, and `w[0]` jumps from one side to the other, always a full `learning_rate` at a time. RMSProp forgets what it
# should; it also forgets to be careful. The cure is a learning rate that falls during the run: [the race](09_race.ipynb)
# has such schedules.

# %% [markdown]
# And the cliff once more, with your code on it:

# %%
CliffExplorer(yours=rmsprop)

# %% [markdown]
# The numbers behind it, after 200 steps:

# %%
for _optimizer in (
    AdaGrad(learning_rate=0.1, eps=1e-7),
    RMSProp(learning_rate=0.1, decay_rate=0.9, eps=1e-7),
):
    _run = descend(cliff(), _optimizer, (3.8, 3.0), 200)
    print(f"{type(_optimizer).__name__:8} ends {np.linalg.norm(_run.final):.2f} away from the minimum")

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Vote, then look: in the valley the steps do not shrink by themselves. Ask what would help: a
# learning rate that falls.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The effective learning rate
#
# What multiplies `dw` in a step is $\dfrac{\alpha}{\sqrt{s} + \varepsilon}$: the **effective learning rate**. Every
# coordinate has its own.
#
# **Your turn.** You are given all the gradients so far, one row a step, the oldest first. Return the effective
# learning rate of each
# coordinate in the last step.


# %% tags=["exercise:07-effective-rate"]
def effective_learning_rate(gradients, learning_rate, decay_rate, eps):
    """learning_rate / (sqrt(grad_squared) + eps) after the last row of gradients, one number a column."""
    ### BEGIN SOLUTION
    grad_squared = np.zeros(np.shape(gradients)[1])
    for dw in np.array(gradients, dtype=float):
        grad_squared = decay_rate * grad_squared + (1 - decay_rate) * dw * dw
    return learning_rate / (np.sqrt(grad_squared) + eps)
    ### END SOLUTION


# %%
check("07-effective-rate", effective_learning_rate)

# %%
hints("07-effective-rate")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. One number for each parameter. It is the same idea that people mean by *adaptive*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Find the error: are these two equal?
#
# These two lines can both be found in print, and now and then one is given as only another way of writing the other:
#
# $$ \text{outside:}\quad w \leftarrow w - \alpha\, \frac{\nabla L}{\sqrt{s} + \varepsilon} \qquad\qquad
# \text{inside:}\quad w \leftarrow w - \alpha\, \frac{\nabla L}{\sqrt{s + \varepsilon}} $$
#
# The lecture and PyTorch have the first. Both are sound: nothing is divided by zero. The error would be the word
# *equal*. Commit to an answer, then look.

# %%
predict("07-two-places")

# %% [markdown] tags=["spoken"]
# **Try this.**
#
# 1. Set `eps` to 1e-7. At which size of the gradient does the step begin to shrink, in each of the two?
# 2. Which of them leaves a parameter with tiny gradients almost where it was?
# 3. Which `eps` inside would act at the same size as 1e-7 outside? (The slider does not reach that far down.)

# %%
EpsExplorer()

# %% [markdown]
# They agree as long as gradients are much larger than $\sqrt\varepsilon$. Below that they part.
#
# **Your turn.** A parameter has had the gradient `dw` at every step for so long that the memory has settled:
# `grad_squared` is the square of `dw`. How long is the next step, with `eps` outside the root and with `eps` inside?
# Return both lengths, in this order. A length has no sign.


# %% tags=["exercise:07-two-places-for-eps"]
def two_step_lengths(dw, learning_rate, eps):
    """The length of a step once grad_squared has settled: (eps outside the root, eps inside the root)."""
    ### BEGIN SOLUTION
    grad_squared = dw * dw
    outside = learning_rate * np.abs(dw) / (np.sqrt(grad_squared) + eps)
    inside = learning_rate * np.abs(dw) / np.sqrt(grad_squared + eps)
    return outside, inside
    ### END SOLUTION


# %%
check("07-two-places-for-eps", two_step_lengths)

# %%
hints("07-two-places-for-eps")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. `eps` inside or outside of the root. Vote, then move the slider to tiny gradients.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The same on real data
#
# Softmax regression on 600 real images of digits, 650 parameters, all at the same learning rate. Your own `rmsprop` is
# the orange line.
#
# 1. At small learning rates RMSProp is far ahead: every parameter moves by about `learning_rate`, also those whose
#    gradients are tiny.
# 2. Raise `learning_rate` to 0.1 and on to 1. Whose loss jumps up in the first steps, and by how much?
# 3. Is a comparison at *equal learning rate* fair? (The number means something else for each of them. [The
#    race](09_race.ipynb) tunes all
#    of them on the same budget.)

# %%
DigitsExplorer(yours=rmsprop)

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Read the curves; compare with the stall of lesson 06.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Conventions
#
# | question | here | elsewhere |
# |---|---|---|
# | where `eps` stands | outside the root (lecture, PyTorch) | inside: Keras 3.15, optax 0.2.8 unless told otherwise, some books |
# | value of `eps` | 1e-7 (lecture) | 1e-8 in PyTorch |
# | name of `decay_rate` | `decay_rate` (lecture) | `alpha` in PyTorch, `rho` in Keras, $\gamma$ or $\beta$ in books |
# | its default | 0.99, as in PyTorch | 0.9 in Hinton's lecture and in Keras |
# | where the memory starts | 0 (lecture, PyTorch) | 1 in HIPS autograd: small gradients then begin with short steps |
# | centred version | no | `centered=True` in PyTorch also subtracts the squared mean of the gradient |
#
# The course's tests run this loop and PyTorch's side by side, with every hyperparameter given. What is said of Keras and optax
# was read in their sources, at the versions named.

# %% [markdown] slideshow={"slide_type": "skip"}
# **The same in a library** (PyTorch 2.13, optax 0.2.8, Keras 3.15; `params` are the model's parameters):
#
# ```python
# torch.optim.RMSprop(params, lr=0.01, alpha=0.99)
# optax.rmsprop(0.01, decay=0.99, eps_in_sqrt=False)
# keras.optimizers.RMSprop(0.01, rho=0.99)
# ```

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Key points
#
# - RMSProp is AdaGrad with a leak: $s \leftarrow \rho s + (1-\rho)(\nabla L)^2$, and the step is divided by
#   $\sqrt s + \varepsilon$.
# - It forgets. After a steep stretch its steps grow back; AdaGrad's do not.
# - The half-life of the memory is $\ln\frac12 / \ln\rho$; the averaging window is $1/(1-\rho)$. They are different numbers.
# - The memory starts at zero, so the first steps are too long: ten times `learning_rate` at `decay_rate` 0.99.
# - It does not settle at a constant learning rate: near the minimum its steps grow until they are about `learning_rate` long.
# - `eps` inside the root acts on gradients as small as $\sqrt\varepsilon$; outside, only on gradients as small as
#   $\varepsilon$. The two are not equal.

# %%
quiz("07")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Then the quiz.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## References
#
# - T. Tieleman, G. Hinton, *Lecture 6.5: RMSProp*, Coursera: Neural Networks for Machine Learning (2012): where it was first
#   shown, on a slide.
# - J. Duchi, E. Hazan, Y. Singer, *Adaptive Subgradient Methods for Online Learning and Stochastic Optimization*, JMLR 12
#   (2011): AdaGrad.
# - Michigan EECS 498-007, lecture 4; the CS231n notes on optimization.
#
# ## What next
#
# RMSProp scales the step. Momentum smooths its direction. Both at once, and with the first steps repaired, is
# [08 Adam](08_adam.ipynb).
