# %% [markdown] slideshow={"slide_type": "slide"}
# # 08 Adam
#
# You have met two good ideas. Momentum remembers *where to go*. RMSProp remembers *how steep* each direction is. Adam is
# both at once. It is the optimizer that most neural networks are trained with today.
#
# **After this lesson you can**
#
# - write Adam line by line and say which line comes from where;
# - explain bias correction, and what Adam does in its early steps without it;
# - tell weight decay in the gradient from decoupled weight decay, and choose.
#
# **Questions to keep in mind**
#
# - How long is Adam's first step, whatever the gradient?
# - What goes wrong when one line of Adam is wrong, and would you notice?
# - Is Adam always better than gradient descent?
#
# **You need** momentum ([lesson 05](05_momentum.ipynb)) and RMSProp ([lesson 07](07_rmsprop.ipynb)): a leaky mean, and
# division by a root. **Time:** about 135 minutes, in 5 parts.

# %% [markdown] slideshow={"slide_type": "notes"}
# 1 min. Two memories that they know already: where to go (momentum) and how steep (RMSProp). Today
# they meet.

# %% slideshow={"slide_type": "skip"}
import numpy as np

from optcourse import check, hints, predict, quiz
from optcourse.explorers.lesson_08 import (
    AdamExplorer,
    AllTogetherExplorer,
    BiasExplorer,
    DecayExplorer,
    DigitsExplorer,
    ErrorsExplorer,
    ReddiExplorer,
)
from optcourse.optimizers import AdamL2, AdamW

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A picture before a formula
#
# Below, Adam walks in the lecture's valley $0.1\,x^2 + 2\,y^2$. The valley is 20 times steeper along $y$ than along $x$.
# Gradient descent zig-zags here. What does Adam do?
#
# First commit to an answer. A guess is all you need.

# %%
predict("08-first-step")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. A number prediction: let the room agree on one, type it, show.

# %% [markdown] tags=["spoken"] slideshow={"slide_type": "subslide"}
# **Try this.** Predict first, then move, then look.
#
# 1. Go to step 0 and press ▶| a few times. The two entries of `dw` differ greatly. How far does each entry move?
# 2. Set `beta1` to 0. What becomes of the round trip past the minimum? (What is left is RMSProp, corrected.)
# 3. Set `beta1` back, and move `beta2` down to 0.5. Which bar follows the gradient more closely now?
# 4. Move `eps` up to 10 and beyond. Does the path turn into the one of plain momentum? Which entry gets slow first?
#
# (Leave *bias correction* on for now. You will switch it off below.)

# %% figure-slide="beta1 beta2 eps"
AdamExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Three pictures: the walk, the two memories, the length of each move. Step from 0 and read the
# right picture: every first move has the length of the learning rate.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The idea, in words
#
# Keep two memories for every entry of `w`:
#
# - `moment1`: a leaky mean of the **gradients**. It says where to go. Noise and zig-zags average out. This is momentum.
# - `moment2`: a leaky mean of the **squared gradients**. Its root says how large gradients usually are here. This is
#   RMSProp.
#
# Then step along the first, divided by the root of the second. An entry with huge gradients and an entry with tiny ones
# now move about equally far.
#
# A *leaky mean* keeps most of what it was and lets in a little of what is new. You know it from lesson 07.

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. First memory over the root of the second. Nothing else.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The formula
#
# The names, before they are used:
#
# - $w$: the parameters (`w`); $g$: the gradient at $w$ (`dw`); $\alpha$: the learning rate (`learning_rate`).
# - $m$: the first moment, the mean of gradients (`moment1`). Its leak is set by $\beta_1$ (read "beta one", `beta1`).
# - $v$: the second moment, the mean of squared gradients (`moment2`). Its leak is set by $\beta_2$ (`beta2`).
# - $\varepsilon$ (read "epsilon", `eps`): a tiny number that keeps the divisor above zero.
#
# $$m \leftarrow \beta_1 m + (1-\beta_1)\, g \qquad v \leftarrow \beta_2 v + (1-\beta_2)\, g^2 \qquad
# w \leftarrow w - \alpha\, \frac{m}{\sqrt{v} + \varepsilon}$$
#
# Squares, root and division are taken entry by entry. Both $m$ and $v$ start at zero.

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Let them name each part: momentum, RMSProp, division.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The lecture's pseudo-code
#
# The lecture calls it *almost* Adam. One thing is still missing. You will find out what.
#
# ```python
# moment1 = 0
# moment2 = 0
# for t in range(num_steps):
#     dw = compute_gradient(w)
#     moment1 = beta1 * moment1 + (1 - beta1) * dw
#     moment2 = beta2 * moment2 + (1 - beta2) * dw *dw
#     w -= learning_rate * moment1 / (moment2.sqrt() + 1e-7)
# ```
#
# | hyperparameter | question that it answers | usual value |
# |---|---|---|
# | `learning_rate` | about how far does an entry move in one step? | 0.001 |
# | `beta1` | how long is the memory for the direction? | 0.9 |
# | `beta2` | how long is the memory for the size? | 0.999 |
# | `eps` | from which size on is a gradient "nothing"? | 1e-8 (the lecture: 1e-7) |
#
# Both moments start at zero, and a leaky mean fills slowly. What does that do to the first steps? Commit to an answer.

# %%
predict("08-early-steps")

# %% [markdown]
# Now three steps by hand, for one entry of `w` whose gradient is always 5:

# %%
moment1 = moment2 = 0.0
for t in (1, 2, 3):
    moment1 = 0.9 * moment1 + 0.1 * 5
    moment2 = 0.999 * moment2 + 0.001 * 5 * 5
    move = moment1 / np.sqrt(moment2)
    print(
        f"step {t}: moment1 = {moment1:.3f}, root of moment2 = {np.sqrt(moment2):.4f}, move = {move:.3f} learning rates"
    )

# %% [markdown]
# Keep these numbers in mind. The gradient is 5, and yet `moment1` is 0.5 after the first step. And the moves are three to
# five learning rates long. We come back to that.

# %% [markdown] slideshow={"slide_type": "notes"}
# 5 min. *Almost* is the word to stress. Vote: too short, right, too long? Most texts have it the wrong way round.
# Then look at the three moves of the example: the gradient is always 5, and the moves are three to five learning
# rates long. Why?

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Your turn: almost Adam
#
# Write `adam_almost`. As in all lessons, `compute_gradient(w)` gives the gradient at `w`.
#
# - Two memories, zeros of the shape of `w`, made before the loop.
# - Exactly `num_steps` rounds: gradient, both moments, one step.
# - `eps` is added *after* the root, below the line.
# - Return the last `w`; leave the caller's array as it was. It may hold whole numbers.


# %% tags=["exercise:08-adam-almost"]
def adam_almost(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps):
    """RMSProp + momentum: num_steps steps; return where they end."""
    ### BEGIN SOLUTION
    w = np.array(w, dtype=float)
    moment1 = np.zeros_like(w)
    moment2 = np.zeros_like(w)
    for _ in range(num_steps):
        dw = compute_gradient(w)
        moment1 = beta1 * moment1 + (1 - beta1) * dw
        moment2 = beta2 * moment2 + (1 - beta2) * dw * dw
        w -= learning_rate * moment1 / (np.sqrt(moment2) + eps)
    return w
    ### END SOLUTION


# %%
check("08-adam-almost", adam_almost)

# %%
hints("08-adam-almost")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. They have written both halves before. The next key shows the answer.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Your code in the picture
#
# The same valley, without bias correction. The orange dashes are yours.

# %% figure-slide="bias_correction beta1 beta2"
AdamExplorer(yours=adam_almost, bias_correction=False)

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Look at the length of the first moves in the right picture.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What "almost" costs
#
# The first step of your example was 3.16 times too long, and the third one longer still. How far does it go?

# %%
predict("08-peak")

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. A number prediction. Then the table, slowly: the divisor has the longer memory.

# %% [markdown] slideshow={"slide_type": "subslide"}
# Let the gradient be the same $g$ at every step. How full is each memory after $t$ steps? At each step the distance
# between the mean and $g$ shrinks to $\beta$ of what it was. It starts at $g$. So after $t$ steps it is $\beta^t g$, and
# the mean itself is
#
# $$m_t = (1 - \beta_1^t)\, g \qquad\qquad v_t = (1 - \beta_2^t)\, g^2$$
#
# The step is the quotient, so compared with what it should be, it is
#
# $$\frac{1 - \beta_1^t}{\sqrt{1 - \beta_2^t}} \quad\text{times as long.}$$
#
# With $\beta_1 = 0.9$ and $\beta_2 = 0.999$:

# %%
# Names that begin with _ are the lesson's own: they overwrite none of yours.
print("step t   moment1 is at   root of moment2 is at   the step is too long by")
for _t in (1, 2, 5, 10, 12, 20, 50, 100, 1000, 5000):
    _part1, _part2 = 1 - 0.9**_t, np.sqrt(1 - 0.999**_t)
    print(f"{_t:6d} {_part1:14.1%} {_part2:20.1%} {_part1 / _part2:20.2f} times")

# %% [markdown] slideshow={"slide_type": "subslide"}
# Read the table slowly; many texts have it the wrong way round. *Both* moments are too small. But the one **below** the
# line has the longer memory, so it is too small for much longer. A small divisor makes a long step. **Without correction
# the early steps are too long, not too short**: 3.16 times at the first step, 6.5 times at the tenth. It takes thousands
# of steps until that has died away.
#
# These are the steps that start from random weights, where long jumps do most harm.

# %% [markdown] tags=["spoken"] slideshow={"slide_type": "subslide"}
# **Try this.**
#
# 1. Which of the two memories on the left is full first? Move `beta2` down to 0.9: what happens to the peak?
# 2. Set `beta1` to 0. Where is the peak now? (This is RMSProp, whose first step you computed in lesson 07.)
# 3. Find betas for which the uncorrected step is too *short* at first. What must hold between them?
# 4. Choose *noisy* gradients. Is the story still the same?

# %%
BiasExplorer()

# %% [markdown]
# **Your turn: find the worst step.** For any `beta1` and `beta2`, return the pair `(t, ratio)`: the step at which the
# uncorrected step is most too long, and by what factor. Count steps from 1. Search 1 to 20,000.


# %% tags=["exercise:08-uncorrected-peak"]
def uncorrected_peak(beta1, beta2):
    """(t, ratio) where (1 - beta1^t) / sqrt(1 - beta2^t) is largest."""
    ### BEGIN SOLUTION
    t = np.arange(1, 20_000)
    ratio = (1 - beta1**t) / np.sqrt(1 - beta2**t)
    return int(t[ratio.argmax()]), float(ratio.max())
    ### END SOLUTION


# %%
check("08-uncorrected-peak", uncorrected_peak)

# %%
hints("08-uncorrected-peak")

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Which memory is full first? Lower `beta2` to 0.9: the peak goes. `beta1` 0 is RMSProp.

# %% [markdown] slideshow={"slide_type": "skip"}
# > **You may stop here.** You can write almost-Adam, and you know what its early steps get wrong. What is left
# > is the cure, errors that are in print, and weight decay. When you come back, run the cells above once more
# > (*Run*, *Run All Above Selected Cell*), and go on with *Bias correction*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Bias correction
#
# You know exactly how full each memory is: $1 - \beta^t$. So divide by that. What comes out is right from the first step.
# The corrected moments get names of their own, with a hat in formulas and `unbiased1`, `unbiased2` in the code:
#
# $$\hat m = \frac{m}{1 - \beta_1^t} \qquad \hat v = \frac{v}{1 - \beta_2^t} \qquad
# w \leftarrow w - \alpha\, \frac{\hat m}{\sqrt{\hat v} + \varepsilon} \qquad t = 1, 2, 3, \dots$$
#
# - $t$ is the number of the step. It is 1 in the first step: with 0 you would divide by zero.
# - $m$ and $v$ themselves stay uncorrected. The next round continues with them.
# - When $t$ is large, $\beta^t$ is nearly zero and the correction does nothing.
#
# It is called *bias* correction because a mean that starts at zero is biased towards zero.

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. We know exactly how full the memory is, so divide by that. *Ask:* what is the correction at
# step 1, and at step 10,000?

# %% [markdown] slideshow={"slide_type": "subslide"}
# **Your turn: the first step.** Put $t = 1$ and one gradient `dw` into these formulas, on paper. Almost everything cancels.
# Write the function that returns what the first step *adds* to `w`.


# %% tags=["exercise:08-first-step"]
def first_step(dw, learning_rate, eps):
    """What Adam's first step adds to w."""
    ### BEGIN SOLUTION
    dw = np.asarray(dw, dtype=float)
    return -learning_rate * dw / (np.abs(dw) + eps)
    ### END SOLUTION


# %%
check("08-first-step", first_step)

# %%
hints("08-first-step")

# %% [markdown]
# So the first step is about the learning rate times the *sign* of the gradient, in every entry. That is why a learning
# rate for Adam can be read as a distance: "a weight may move by about 0.001 in a step". And multiplying the whole loss
# by 1,000 changes nothing, as long as `eps` is tiny against the gradients.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Your turn: Adam
#
# Take your `adam_almost` and add the correction. Everything else stays.


# %% tags=["exercise:08-adam"]
def adam(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps):
    """Adam: num_steps steps; return where they end."""
    ### BEGIN SOLUTION
    w = np.array(w, dtype=float)
    moment1 = np.zeros_like(w)
    moment2 = np.zeros_like(w)
    for t in range(1, num_steps + 1):
        dw = compute_gradient(w)
        moment1 = beta1 * moment1 + (1 - beta1) * dw
        moment2 = beta2 * moment2 + (1 - beta2) * dw * dw
        unbiased1 = moment1 / (1 - beta1**t)
        unbiased2 = moment2 / (1 - beta2**t)
        w -= learning_rate * unbiased1 / (np.sqrt(unbiased2) + eps)
    return w
    ### END SOLUTION


# %%
check("08-adam", adam)

# %%
hints("08-adam")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Two lines more. `t` counts from 1: ask what happens at 0.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Your code in the picture
#
# The ochre path is the course's Adam, the dashes are yours. Switch *bias correction* off: the course's becomes
# almost-Adam, and you see at a glance how much your correction changes.

# %%
AdamExplorer(yours=adam)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Where eps stands (deeper)
#
# Three places for one tiny number, all in use somewhere. As long as gradients are large against it, nobody notices. Let
# the first gradient be as small as `eps` itself, $10^{-6}$:


# %%
def first_steps(dw, eps, beta1=0.9, beta2=0.999):
    m, v = (1 - beta1) * dw, (1 - beta2) * dw * dw
    after = m / (1 - beta1) / (np.sqrt(v / (1 - beta2)) + eps)
    before = np.sqrt(1 - beta2) / (1 - beta1) * m / (np.sqrt(v) + eps)
    inside = m / (1 - beta1) / np.sqrt(v / (1 - beta2) + eps)
    print(f"after the correction, outside the root (here, the paper, PyTorch): {after:.4f} learning rates")
    print(f"before the correction (the paper's short form, Keras):             {before:.4f} learning rates")
    print(f"inside the root (some texts):                                      {inside:.4f} learning rates")


first_steps(dw=1e-6, eps=1e-6)

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Three places, all in use. Nobody notices until gradients are tiny.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Find the error
#
# The next five texts have errors that are really in print: in books, posts and repositories. Each has **one** wrong line.
# Before you look for them, a question. Many wrong Adams *work*. They are only worse, and nobody knows why.

# %%
predict("08-frozen-t")

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Five texts as they are in print. In pairs, one minute each.

# %% [markdown] slideshow={"slide_type": "subslide"}
# Where nothing else is said, both moments start as zeros.
#
# **Text A**
#
# ```text
# 1  t = 1
# 2  for step in range(num_steps):
# 3      dw = compute_gradient(w)
# 4      moment1 = beta1 * moment1 + (1 - beta1) * dw
# 5      moment2 = beta2 * moment2 + (1 - beta2) * dw * dw
# 6      unbiased1, unbiased2 = moment1 / (1 - beta1**t), moment2 / (1 - beta2**t)
# 7      w = w - learning_rate * unbiased1 / (np.sqrt(unbiased2) + eps)
# 8      t + 1
# ```
#
# **Text B**
#
# ```text
# 1  for t in range(1, num_steps + 1):
# 2      dw = compute_gradient(w)
# 3      moment1 = beta1 * moment1 + (1 - beta1) * dw
# 4      moment2 = beta2 * moment2 + (1 - beta2) * dw * dw
# 5      unbiased1, unbiased2 = moment1 / (1 - beta1**t), moment2 / (1 - beta2**t)
# 6      w -= learning_rate * unbiased1 / np.sqrt(unbiased2) + eps
# ```
#
# **Text C**
#
# ```text
# 1  for t in range(1, num_steps + 1):
# 2      dw = compute_gradient(w)
# 3      moment1 = beta1 * moment1 + (1 - beta1) * dw
# 4      moment2 = beta2 * moment2 + (1 - beta2) * dw * dw
# 5      unbiased1, unbiased2 = moment1 * (1 - beta1**t), moment2 * (1 - beta2**t)
# 6      w = w - learning_rate * unbiased1 / (np.sqrt(unbiased2) + eps)
# ```
#
# **Text D** (about `beta1 = 0.9`, `beta2 = 0.999`)
#
# ```text
# 1  Both moments are initialised with zeros.
# 2  So in the first steps both are smaller than they should be.
# 3  The second one needs longer to fill, since beta2 is closer to 1.
# 4  Without correction the optimizer is therefore slow to start: its first steps are too short.
# ```
#
# **Text E**
#
# ```text
# 1  moment1 = np.zeros_like(w)
# 2  moment2 = rng.normal(size=w.shape)
# 3  for t in range(1, num_steps + 1):
# 4      dw = compute_gradient(w)
# 5      moment1 = beta1 * moment1 + (1 - beta1) * dw
# 6      moment2 = beta2 * moment2 + (1 - beta2) * dw * dw
# 7      unbiased1, unbiased2 = moment1 / (1 - beta1**t), moment2 / (1 - beta2**t)
# 8      w = w - learning_rate * unbiased1 / (np.sqrt(unbiased2) + eps)
# ```
#
# **Your turn.** Give the number of the wrong line of each text.

# %% tags=["exercise:08-find-the-error"]
line_a = line_b = line_c = line_d = line_e = ...
### BEGIN SOLUTION
line_a = 8
line_b = 6
line_c = 5
line_d = 4
line_e = 2
### END SOLUTION

# %%
check("08-find-the-error", line_a, line_b, line_c, line_d, line_e)

# %%
hints("08-find-the-error")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Failure gallery: what these errors do

# %% [markdown] tags=["spoken"]
# **Try this.** Choose an error. Before you look at the red path: will it arrive, wander, or break?
#
# 1. *t never counts up*: compare the two losses. Would you have found this error by looking at the red curve alone?
# 2. *eps added to the parameters*: at `eps` = 1e-8 you see nothing. Move `eps` up. Where does the walker settle?
# 3. *second moment begins at random*: from which step on is there nothing to draw, and why?
# 4. *correction multiplied*: how long is the first step, in learning rates? Can you compute it? (0.1 · 0.1 over 0.001.)

# %%
ErrorsExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Choose an error, ask *arrive, wander, or break?*, then show. The counter that stands still is
# the one to remember: its loss curve looks innocent.

# %% [markdown] slideshow={"slide_type": "skip"}
# > **You may stop here.** You can write Adam, and find errors in somebody else's. What is left is a check of
# > your own, weight decay, a problem that defeats Adam, and a comparison. When you come back, run the cells
# > above once more (*Run*, *Run All Above Selected Cell*), and go on with *A check that finds them*. Or leave
# > that out and go on with *Weight decay: L2 or decoupled?*.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## A check that finds them (deeper)
#
# How would *you* find out whether somebody's Adam is right? The checks of this course do it for yours. Now you write one:
# `check_adam(adam)` is handed a function `adam` and returns True if it is right, False if not. It may call it as often as it
# likes, with gradients, starts and settings of its own.
#
# It is tried on wrong Adams, each with one error, and on right ones. It must say False of *every* wrong one and True of
# *every* right one. What you may rely on:
#
# - `adam` takes what yours takes, in that order: `compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps`.
# - `compute_gradient` and `w` are yours to choose. `w` is an array of floats, or of whole numbers; a right Adam copes with both.
# - A right Adam may be written in another style. It may loop over the entries, count otherwise, add in another order (then it
#   differs from yours in the tenth digit or later), and return an array or a list. It asks for one gradient a step, at the
#   present `w`.
# - Each error shows within 30 steps at some setting, in the third digit or earlier. At others it may not show: an Adam whose
#   `beta1` is always 0.9 is right where you ask for 0.9.
# - A wrong Adam returns numbers, too (`nan`, not a number, may be among them), and never changes the `w` that it is given.
# - All walks of one check together may have 1,000 steps, and `w` 100 entries. A hundred steps are plenty.
#
# Grading tries other wrong Adams, and right ones in other styles.


# %% tags=["exercise:08-check-adam"]
own_adam = adam  # inside `check_adam` the name `adam` means the one that is handed in


def check_adam(adam):
    """True if `adam` steps as the formulas say, False if it does not."""
    ### BEGIN SOLUTION

    def compute_gradient(w):
        return np.array([1.0, 8.0]) * (w - np.array([0.5, -1.5]))

    start = np.array([3, -2])
    for num_steps in (1, 5, 25):
        for learning_rate, beta1, beta2, eps in ((0.1, 0.9, 0.999, 1e-8), (0.3, 0.7, 0.95, 0.2)):
            settings = learning_rate, num_steps, beta1, beta2, eps
            right = own_adam(compute_gradient, start, *settings)
            given = adam(compute_gradient, start, *settings)
            if not np.allclose(given, right):
                return False
    return True
    ### END SOLUTION


# %%
check("08-check-adam", check_adam)

# %%
hints("08-check-adam")

# %% [markdown] slideshow={"slide_type": "skip"}
# > **You may stop here.** You can tell a right Adam from a wrong one without reading it. What is left is weight
# > decay, a problem that defeats Adam, and a comparison. When you come back, run the cells above once more
# > (*Run*, *Run All Above Selected Cell*), and go on with *Weight decay: L2 or decoupled?*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Weight decay: L2 or decoupled?
#
# Large weights often mean that a model has learned its training data by heart. So people let weights shrink a little at
# each step. There are two ways to do it. The number $\lambda$ (read "lambda", `weight_decay`) says how much.
#
# - **L2**: add $\tfrac{\lambda}{2} w^2$ to the loss, that is, add $\lambda w$ to the gradient: $g \leftarrow g + \lambda w$.
# - **Decoupled**: leave the gradient alone. Shrink the weights directly: $w \leftarrow w - \alpha \lambda w$, then take
#   the step.
#
# For gradient descent both are the same. For Adam they are not.

# %%
predict("08-weight-decay")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Vote before the figure.

# %% [markdown] tags=["spoken"] slideshow={"slide_type": "subslide"}
# **Try this.** One weight starts at 1. Its gradients have a random sign, so they lead nowhere. Only the decay should
# matter.
#
# 1. Drag the probe on the right from tiny gradients to huge ones. Which of the two curves on the left moves?
# 2. Set `weight_decay` to 1. What does L2 do to weights with tiny gradients?
# 3. Change the *seed*. Both curves move a little, since random signs do not cancel exactly. Is AdamW's still flat?

# %%
DecayExplorer()


# %%
def left_of_a_weight(optimizer, scale):
    w = np.array([1.0])
    state = optimizer.init(w)
    for sign in np.random.default_rng(0).choice([-1, 1], 1000):
        optimizer.step(w, scale * sign * np.ones(1), state)
    return w[0]


print("size of gradients   left by L2   left by AdamW")
for _scale in (1e-3, 1.0, 100.0):
    _by_l2 = left_of_a_weight(AdamL2(1e-3, weight_decay=0.1), _scale)
    _by_adamw = left_of_a_weight(AdamW(1e-3, weight_decay=0.1), _scale)
    print(f"{_scale:17g} {_by_l2:12.3f} {_by_adamw:15.3f}")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Drag the probe from tiny to huge gradients: one curve moves, the other does not. That is the
# W in AdamW.

# %% [markdown] slideshow={"slide_type": "subslide"}
# Why 0.833 under AdamW? Decay alone would leave $(1 - 0.001 \cdot 0.1)^{1000} = 0.905$ of the weight. The rest is the work
# of the steps: the signs of this seed do not cancel exactly, and the steps took another 0.07. With other seeds they take
# less, or give something back. The *decay* is the same in all three rows.
#
# Under L2 the decay goes through both moments. It is divided by the size of the gradients like everything else. So a
# weight with large gradients hardly decays, and a weight with tiny gradients decays like mad. Decoupled, every weight loses
# the same share. This is **AdamW**.
#
# **Your turn.** Write `adamw`: your `adam` with one line more. The order: the gradient at `w`; then the decay; then Adam's
# step.


# %% tags=["exercise:08-adamw"]
def adamw(compute_gradient, w, learning_rate, num_steps, beta1, beta2, eps, weight_decay):
    """Adam with decoupled weight decay; return where the steps end."""
    ### BEGIN SOLUTION
    w = np.array(w, dtype=float)
    moment1 = np.zeros_like(w)
    moment2 = np.zeros_like(w)
    for t in range(1, num_steps + 1):
        dw = compute_gradient(w)
        w -= learning_rate * weight_decay * w
        moment1 = beta1 * moment1 + (1 - beta1) * dw
        moment2 = beta2 * moment2 + (1 - beta2) * dw * dw
        unbiased1 = moment1 / (1 - beta1**t)
        unbiased2 = moment2 / (1 - beta2**t)
        w -= learning_rate * unbiased1 / (np.sqrt(unbiased2) + eps)
    return w
    ### END SOLUTION


# %%
check("08-adamw", adamw)

# %%
hints("08-adamw")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Failure gallery: three gradients (deeper)
#
# Does Adam always arrive, if you wait long enough and let the learning rate shrink? The paper of 2015
# had a proof. In 2018 Reddi, Kale and Kumar looked at it again, and wrote down three gradients.

# %%
predict("08-reddi")

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Vote. Then the sequence of three gradients: their sum says left, Adam goes right. A proof
# that convergence is not for free.

# %% [markdown] slideshow={"slide_type": "subslide"}
# The walk stays on $[-1, 1]$. The gradients come in rounds: $C, -1, -1, C, -1, -1, \dots$ with $C = 3$. In each round they
# add up to $+1$. So over a round the loss falls towards $-1$, and that is where one should go.
#
# But look at the divisor. There is no momentum, and $\beta_2 = 1/(1 + C^2)$ is small: `moment2` is nearly the last squared
# gradient. When the large gradient comes, the divisor is large at once. The step is about one learning rate. When a small
# gradient comes, the divisor has forgotten. The step is *also* about one learning rate, the other way. Two against one.
#
# **AMSGrad** divides by the root of the *largest* `moment2` so far. It does not forget, and goes the right way.

# %% [markdown] tags=["spoken"]
# **Try this.** Look at the bars on the right: three moves and their sum. Is there any `C` on the slider with which Adam
# turns round? Does a smaller learning rate save it? Does a start close to −1?

# %%
ReddiExplorer()

# %% [markdown]
# **Your turn: the sequence.** Write the walk. Here is all that it does: `t` counts from 1; the gradient is `C` when
# `t % 3 == 1`, else −1; `moment2` starts at 0 and leaks with $\beta_2 = 1/(1+C^2)$; no momentum, no correction, no
# `eps`; the learning rate of step `t` is `learning_rate / sqrt(t)`; after each step `w` is cut back to $[-1, 1]$. If
# `keep_largest` is True, divide by the root of the largest `moment2` so far, the present one included.

# %% slideshow={"slide_type": "skip"}
import math


# %% tags=["exercise:08-reddi"]
def reddi_walk(w, learning_rate, num_steps, C, keep_largest):
    """Where the walk is after num_steps steps: a number."""
    ### BEGIN SOLUTION
    beta2 = 1 / (1 + C * C)
    moment2 = largest = 0.0
    for t in range(1, num_steps + 1):
        dw = C if t % 3 == 1 else -1.0
        moment2 = beta2 * moment2 + (1 - beta2) * dw * dw
        largest = max(largest, moment2)
        divisor = math.sqrt(largest if keep_largest else moment2)
        w = w - learning_rate / math.sqrt(t) * dw / divisor
        w = min(max(w, -1.0), 1.0)
    return w
    ### END SOLUTION


# %%
check("08-reddi", reddi_walk)

# %%
hints("08-reddi")

# %% [markdown]
# With learning rate 0.1, around step 9,000, Adam goes back and forth between +0.999 and +1. AMSGrad does so between −1
# and −0.9993; at step 9,002 it stands at −0.9996. Why is Adam used all the same? Because gradients like these are rare in
# practice, and with the usual $\beta_2 = 0.999$ the divisor forgets slowly:
# over a thousand steps, not over one.

# %% [markdown] slideshow={"slide_type": "skip"}
# > **You may stop here.** You have written every optimizer of the course. What is left is to compare them, on
# > landscapes and on digits. When you come back, run the cells above once more (*Run*, *Run All Above Selected
# > Cell*), and go on with *All together*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## All together
#
# Every optimizer of the course, on one landscape, from one start. Comparing them is easily unfair: whoever got the better
# learning rate wins. So each one is **tuned on the same number of trial runs**, and its learning rate stands beside its name
# (the line of values has the second hyperparameter of the one in focus). An optimizer with a second hyperparameter has
# fewer learning rates to try, because its runs are shared. A run that leaves the map does not count.

# %% [markdown] tags=["spoken"]
# **Try this.**
#
# 1. Press *Play* on Rosenbrock. Who is ahead after 10 steps, and who after 100?
# 2. Change the landscape. Is there one winner? Compare the bowl with the bowl turned by 45°: who loses most by the turn?
# 3. Give each 6 trial runs, then 12, 24 and 48. Who wins on Rosenbrock each time? What does that say about tables in
#    papers?
# 4. Switch *tune each one* off: now all share one learning rate, *rate if untuned*. Move it. Can you make your favourite
#    win?

# %% figure-slide="landscape trial_runs tuned"
AllTogetherExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Play on Rosenbrock. Then change the landscape: is there one winner? Turn the bowl and see who
# loses most.

# %% [markdown] slideshow={"slide_type": "subslide"}
# There is no winner for all landscapes. AdaGrad and RMSProp look like magic on the bowl whose axes are the coordinate axes,
# since they scale each coordinate by itself: at each of the four budgets one of the two wins there. Turn the bowl, and most
# of the magic is gone. On Rosenbrock there is a different winner at each budget. Which one comes first depends on which
# learning rates happened to be tried, and that is no property of an optimizer. A fair comparison needs more than one
# number; [lesson 09](09_race.ipynb) makes one.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## On real data
#
# 1,797 images of handwritten digits, and a network with two layers. Every step uses a minibatch of 64 images, the same for
# all. On the right: the loss after 100 steps for every learning rate. The dashes are your own `adam` (once it is there).

# %% [markdown] tags=["spoken"]
# **Try this.**
#
# 1. At the learning rate 0.01, all three start together. Which one comes down first?
# 2. Go to 0.001. Almost-Adam is far ahead of Adam. Why? Think of the table of early steps.
# 3. Go to 0.1. Who is in trouble, and why is it the same reason?
# 4. Look at the right picture. For how many of the learning rates does Adam end below 1? And SGD?

# %%
DigitsExplorer(yours=adam)

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. At 0.001 almost-Adam is ahead; at 0.1 it is in trouble. Same reason: its first hundred steps
# are too long.

# %% [markdown] slideshow={"slide_type": "subslide"}
# Almost-Adam is Adam with a learning rate that is secretly several times larger during the first hundred steps. Where the
# learning rate is too small, that helps. Where it is large, it ruins the run. The correction does not make Adam stronger.
# It makes `learning_rate` *mean the same* from the first step to the last.
#
# SGD can do well here too, with a learning rate about ten times larger. The two scales have nothing to do with each
# other: one multiplies a gradient, the other is nearly a distance. People say that Adam does well over a wider range of
# learning rates. Here it ends below 1 from 0.003 to 0.1, a factor of 30, and SGD from 0.1 to 1, a factor of 10. Do not
# take that for a law: in the race of lesson 09 the ranges are about equally wide.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Conventions
#
# When your numbers differ from a book's, look here.
#
# | question | here | elsewhere |
# |---|---|---|
# | place of `eps` | after correction and root (paper, PyTorch) | before correction (Keras 3.15); inside the root (some texts) |
# | default `eps` | 1e-8 for Adam (paper, PyTorch), 1e-7 for almost-Adam (the lecture) | 1e-7 in Keras 3.15 |
# | other defaults | learning rate 0.001, betas 0.9 and 0.999: as in PyTorch | – |
# | first $t$ | 1 | a loop from 0 with `t + 1` in the power: the same |
# | decay of AdamW | multiplied by the learning rate (PyTorch) | a schedule factor instead (Loshchilov and Hutter) |
# | `weight_decay` of `torch.optim.Adam` | `AdamL2` in this course | L2, unless `decoupled_weight_decay=True` (PyTorch 2.13) |
# | default `weight_decay` | 0.01 for AdamW (PyTorch) | 0.0001 in optax 0.2.8, 0.004 in Keras 3.15; 0 for their Adam |
# | AMSGrad | maximum first, then correction (PyTorch) | no correction (paper); correction first (optax) |
#
# The course's tests run PyTorch on the same gradients and check its rows. What is said of Keras and optax was read in their
# sources, at the versions named.

# %% [markdown] slideshow={"slide_type": "skip"}
# **The same in a library** (PyTorch 2.13, optax 0.2.8, Keras 3.15; `params` are the model's parameters):
#
# ```python
# torch.optim.Adam(params, lr=0.001)
# torch.optim.AdamW(params, lr=0.001, weight_decay=0.01)
# optax.adam(0.001)
# optax.adamw(0.001, weight_decay=0.01)
# keras.optimizers.Adam(0.001)
# keras.optimizers.AdamW(0.001, weight_decay=0.01)
# ```

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Key points
#
# - Adam = momentum (`moment1`, where to go) + RMSProp (`moment2`, how far) + bias correction.
# - Both moments start at zero. Without correction the early steps are too **long**: 3.16 times at $t = 1$, about 6.5 times
#   around $t = 10$. Dividing each moment by $1 - \beta^t$ mends it.
# - The first step is nearly learning rate times sign. Scaling the loss changes nothing.
# - `eps` stands below the line, after the root. It is never added to the parameters.
# - AdamW shrinks every weight by the same share. L2 inside Adam does not.
# - Adam need not converge: a divisor that forgets can weigh rare large gradients too little.
# - A wrong Adam often still works, only worse. Check it against numbers, not against hope.

# %%
quiz("08")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Then the quiz.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## References
#
# - D. P. Kingma, J. Ba, *Adam: A Method for Stochastic Optimization*, ICLR (2015), <https://arxiv.org/abs/1412.6980>.
# - I. Loshchilov, F. Hutter, *Decoupled Weight Decay Regularization*, ICLR (2019), <https://arxiv.org/abs/1711.05101>.
# - S. J. Reddi, S. Kale, S. Kumar, *On the Convergence of Adam and Beyond*, ICLR (2018),
#   <https://arxiv.org/abs/1904.09237>.
# - D. Choi et al., *On Empirical Comparisons of Optimizers for Deep Learning* (2019), <https://arxiv.org/abs/1910.05446>.
# - Michigan EECS 498-007, lecture 4; the CS231n notes on optimization: where this lecture comes from.
# - Digits: E. Alpaydin, C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI Machine Learning Repository (1998).
#
# ## What next
#
# You have every optimizer of the course in your own code. [09 The race](09_race.ipynb) puts them on one real problem and
# asks the question that is left: which one, with which settings, and how would you know?
