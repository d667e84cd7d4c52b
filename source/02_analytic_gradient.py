# %% [markdown] slideshow={"slide_type": "slide"}
# # 02 Analytic gradient and the gradient check
#
# In lesson 01 you found the gradient by trying: move one weight a little, look at the loss, move it back. That
# works for every loss, and it is far too slow for a network. Now you *compute* the gradient, with the chain rule,
# all weights at once. This is backpropagation. It is exact, it is fast, and it is error-prone. So you also build
# the tool that finds the errors.
#
# **After this lesson you can**
#
# - follow values forward and gradients backward through any small network;
# - write the gradient of softmax with cross-entropy, of ReLU, and of a two-layer network;
# - write a gradient check, read what it says, and know when not to believe it.
#
# **Questions to keep in mind**
#
# - Why does one backward pass give *all* the gradients, when a numeric gradient needs two losses for each weight?
# - If the training loss falls, is the gradient right?
# - When does a right gradient fail the check, and when does a wrong one pass?
#
# **You need** the numeric gradient ([lesson 01](01_numeric_gradient.ipynb)), the derivatives of a product, of $e^x$ and
# of $\log x$, and matrix products in NumPy. **Time:** about 105 minutes, in 3 parts.

# %% [markdown] slideshow={"slide_type": "notes"}
# 1 min. Recall the bill of lesson 01: two losses for every weight. Today: all slopes for the price of
# a few losses.

# %% slideshow={"slide_type": "skip"}
import numpy as np

from optcourse import check, hints, predict, quiz
from optcourse.data import load_digits

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A picture before a formula
#
# The numeric gradient costs two losses for each parameter. What can a way that computes *all* slopes at once cost? Commit
# to an answer.

# %%
predict("02-evaluations")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. They count, they commit, you show.

# %% [markdown] slideshow={"slide_type": "subslide"}
# Here is the cheap way, drawn. This network is so small that you can check every number in your head. It has one
# input $x$, four parameters (two weights and two *biases*, which are added) and one output, the *score* $s$. The loss
# compares the score with the target $y = 1$.
#
# Blue numbers are **values**. They are computed from left to right. Green numbers are **gradients**: how much the
# loss grows when that value grows a little. They are computed from right to left.

# %% [markdown] tags=["spoken"]
# **Try this.** Predict first, then move, then look.
#
# 1. Move `step` to 0. Then take one step at a time. Before each of the steps 1 to 6, compute the next blue number.
# 2. Go on with steps 7 to 12. Look only at the node and its two neighbours. That is all that each step needs.
# 3. Leave `step` at 12 and move `input x` down to −1. The gradients of three parameters become 0. Which node shut them
#    off?

# %%
import time

from optcourse import gradients
from optcourse.explorers.lesson_02 import CheckExplorer, GraphExplorer, KinkExplorer, LearningExplorer
from optcourse.models import TwoLayerNetwork

GraphExplorer(step=12)

# %% [markdown] slideshow={"slide_type": "notes"}
# 6 min. Put `step` to 0. The room computes each blue number before you take the step. Then backwards:
# only the node and its two neighbours matter. Last, move `x` to −1 and ask which node shut three
# weights off.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The idea, in words
#
# A network is a chain of small operations: multiply, add, cut off at zero. For each of them you know two things by
# heart: what comes out, and how strongly the output answers when an input moves. The second is the **local
# derivative**.
#
# Now move an early weight a little. The first operation passes the movement on, times its local derivative. The
# next one passes that on, times its own. At the end the loss moves by the product of all of them. This is the
# **chain rule**.
#
# Start the product at the *loss* and walk back. Then each step reuses what the step before has found. One walk serves
# all the weights. That is all there is to **backpropagation**:
#
# 1. **Forward:** compute every value, and keep it.
# 2. **Backward:** begin with 1 at the loss. At each node: the gradient that comes back, times the local derivative.

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Local slopes, multiplied along the way back. Say *chain rule* only after the picture.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The formula
#
# The names first. $L$ is the loss. $z$ is what an operation gives, and $x$ one of the things it is given. Then
# $\partial L / \partial z$ (read "the slope of $L$ by $z$") comes back from the right; in code it is called `dz`.
#
# $$\frac{\partial L}{\partial x} = \frac{\partial L}{\partial z} \cdot \frac{\partial z}{\partial x}
# \qquad\text{in code: } \texttt{dx = dz * local}$$
#
# Three operations are enough for the tiny network:
#
# | forward | backward | in words |
# |---|---|---|
# | `z = a + b` | `da = dz`, `db = dz` | a sum hands its gradient on to both |
# | `z = a * b` | `da = dz * b`, `db = dz * a` | a product swaps its factors |
# | `z = max(a, 0)` | `da = dz` if `a > 0`, else `0` | ReLU is a gate: open or shut |
#
# And one rule for a value that is used in *several* places: its gradients **add up**.

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. One line, read aloud: the slope at the output, times the local slope. *Ask:* what if a value
# is used twice? (Its slopes add.)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Pseudo-code, then Python
#
# The lecture's words are: use backpropagation, and check the implementation with the numerical gradient.
#
# ```python
# values = forward(w, data)            # left to right, keep everything
# dw = backward(values)                # right to left
# assert check_gradient(loss, dw, w)   # once, before you train
# ```
#
# For the tiny network this is Python, line by line. Read the second half from the bottom of the first half upwards.

# %%
x, y = 1.5, 1.0
w1, b1, w2, b2 = 2.0, -1.0, 2.0, -1.0

product1 = w1 * x
before = product1 + b1
hidden = max(before, 0.0)
product2 = w2 * hidden
score = product2 + b2
loss = 0.5 * (score - y) ** 2

dscore = score - y  # the slope of ½ (score − y)² by score
db2 = dproduct2 = dscore  # a sum hands on
dw2, dhidden = dproduct2 * hidden, dproduct2 * w2  # a product swaps
dbefore = dhidden if before > 0 else 0.0  # a gate
db1 = dproduct1 = dbefore  # a sum hands on
dw1 = dproduct1 * x  # a product swaps

print(f"loss {loss:g}; dw1 = {dw1:g}, db1 = {db1:g}, dw2 = {dw2:g}, db2 = {db2:g}")

# %% [markdown]
# Compare with the picture above: the same numbers.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Your turn: walk back once
#
# The same network with other numbers: $x = 3$, $w_1 = 4$, $b_1 = -5$, $w_2 = 0.5$, $b_2 = 1$, and the target $y = 2.5$.
# On paper, go forward to the score. Then go back, value by value. What are the slopes of the loss by the score, by `w2`, by
# the hidden value, and by `w1`?

# %% tags=["exercise:02-walk-back"]
back_score = back_w2 = back_hidden = back_w1 = ...
### BEGIN SOLUTION
# forward: 12, 7, 7, 3.5, score 4.5
back_score = 4.5 - 2.5
back_w2 = back_score * 7
back_hidden = back_score * 0.5
back_w1 = back_hidden * 3
### END SOLUTION

# %%
check("02-walk-back", back_score, back_w2, back_hidden, back_w1)

# %%
hints("02-walk-back")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. On paper, in pairs: forward first, then back, one node at a time.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Plant an error, and see what the check sees
#
# The bars on the right of the explorer are a **gradient check**: each analytic gradient is compared with a numeric
# one. The height is the **relative error**, on a logarithmic scale:
#
# $$\text{relative error} = \frac{|\,\text{analytic} - \text{numeric}\,|}{\max(|\text{analytic}|,\ |\text{numeric}|)}$$
#
# When both are 0, this is 0/0. Then nothing is wrong, and we call the relative error 0.

# %% [markdown] tags=["spoken"]
# **Try this.** The factor "score → hidden" is now 1.1 times as large as it should be.
#
# 1. Which weights have a wrong gradient, and which are right? Where do the wrong ones sit in the graph?
# 2. Move the size of the error, `delta`, towards 0. At which value does the check stop complaining?
# 3. Plant the error in another factor. Can you tell from the bars alone where it is?
# 4. Move `input x` down to −1, so that the gate is shut. Does the check still catch the error?

# %% figure-slide="wrong_factor delta x"
GraphExplorer(wrong_factor="score → hidden", delta=0.1)

# %% [markdown]
# Two lessons to keep:
#
# - An error spoils everything *behind* it on the way back. The last gradient that is right tells you where to look.
# - A check sees only what a gradient flows through. Behind a shut gate it is blind. So check with data and weights
#   for which many gates are open.

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. *Ask* which bars will disagree before you point at them. Lower `delta` until the check is
# content: so a check has a resolution. Then `x` to −1: a shut gate hides the error.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## From numbers to arrays: linear regression
#
# Real data come as a table `X`: one row for each of $N$ examples, one column for each input. The scores are a matrix
# product. For **linear regression** the loss is half the mean squared error:
#
# $$L(w) = \frac{1}{2N} \sum_{i=1}^{N} \left( x_i \cdot w - y_i \right)^2$$
#
# Here $x_i$ is row $i$ of `X`, and $y_i$ its target. Forward, and then backward:
#
# | forward | backward |
# |---|---|
# | `residual = X @ w - y` | `dw = X.T @ dresidual` |
# | `loss = 0.5 * (residual * residual).mean()` | `dresidual = residual / N` |
#
# The rule for a matrix product `Z = A @ B` is the product rule again. An entry of `Z` is a sum of products, $Z_{ij} =
# \sum_k A_{ik} B_{kj}$. So $A_{ik}$ gets back $dZ_{ij} B_{kj}$ from each $j$, and adds these up:
#
# $$\texttt{dA = dZ @ B.T} \qquad \texttt{dB = A.T @ dZ}$$
#
# The shapes remind you of the order, as long as no matrix is square. With square ones a wrong order fits as well; only
# the rule decides, and the check.

# %%
# Names that begin with _ are the lesson's own: they overwrite none of yours.
_rng = np.random.default_rng(0)
_table, _target = _rng.normal(size=(20, 3)), _rng.normal(size=20)


def regression_loss(w):
    residual = _table @ w - _target
    return 0.5 * (residual * residual).mean()


def regression_gradient(w):
    residual = _table @ w - _target
    return _table.T @ residual / len(_target)


_w = _rng.normal(size=3)
print("analytic:", regression_gradient(_w))
print("numeric: ", gradients.numeric_gradient(regression_loss, _w))

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Only one thing to stress: the shapes remind you where the transpose goes, unless a matrix is square.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Softmax and cross-entropy
#
# A classifier gives one score for each class. **Softmax** turns the scores of an example into probabilities: all
# positive, and their sum is 1. Write $s_c$ for the score of class $c$, and $p_c$ for its probability:
#
# $$p_c = \frac{e^{s_c}}{\sum_k e^{s_k}}$$
#
# The **cross-entropy** of the example is $-\log p_y$, where $y$ is the right class: small when the right class is
# likely. The loss is the mean over $N$ examples.
#
# Its gradient is short. Put $p_y$ in: $-\log p_y = -s_y + \log \sum_k e^{s_k}$. Take the slope by $s_c$. The second
# term gives $e^{s_c} / \sum_k e^{s_k}$, and that is $p_c$. The first term gives $-1$ for the right class and 0 for
# the others. So
#
# $$\frac{\partial L}{\partial s_c} = \frac{1}{N} \left( p_c - [c = y] \right)$$
#
# where $[c = y]$ is 1 for the right class and 0 for all others. In words: *what you said, minus what is true*.
#
# One warning. $e^{800}$ is too large for a float. Softmax does not change when the same number is taken off all
# scores of an example. So take off the largest one first: then no exponent is above 0.
#
# Two pieces of NumPy help with tables of scores. Here they are on a table of 3 examples and 2 classes:

# %%
_scores = np.array([[1.0, 4.0], [5.0, 2.0], [3.0, 3.0]])
_right_class = np.array([1, 1, 0])
print("largest of each row, as a list:  ", _scores.max(axis=1))
print("the same as a column (keepdims): ", _scores.max(axis=1, keepdims=True).tolist())
print("so it can be taken off each row: ", (_scores - _scores.max(axis=1, keepdims=True)).tolist())
print("entry (i, right_class[i]) of all:", _scores[np.arange(3), _right_class])

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. The gradient is *probabilities minus truth*, divided by N. Let them say it in words.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Your turn: the gradient of softmax and cross-entropy
#
# Write `softmax_gradient(scores, y)`.
#
# - `scores` has the shape (examples, classes). `y` holds the number of the right class of each example.
# - Return the gradient of the *mean* cross-entropy, an array shaped like `scores`.
# - It must work for scores as large as 2000, and for whole numbers. Leave `scores` as they were.


# %% tags=["exercise:02-softmax-gradient"]
def softmax_gradient(scores, y):
    """The gradient of the mean cross-entropy by the scores."""
    ### BEGIN SOLUTION
    shifted = scores - scores.max(axis=1, keepdims=True)
    p = np.exp(shifted)
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    return p / len(y)
    ### END SOLUTION


# %%
check("02-softmax-gradient", softmax_gradient)

# %%
hints("02-softmax-gradient")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Two traps: the mean over examples, and large scores. The next key shows the answer.

# %% [markdown] slideshow={"slide_type": "skip"}
# > **You may stop here.** You can go backward through sums, products and softmax. What is left is a whole
# > network, and the check that finds errors. When you come back, run the cells above once more (*Run*, *Run
# > All Above Selected Cell*), and go on with *ReLU: a gate*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## ReLU: a gate
#
# $\text{ReLU}(a) = \max(a, 0)$. Where $a$ is positive, the output moves exactly as $a$ does: the gate is open. Where
# $a$ is negative, the output stays at 0 whatever $a$ does: the gate is shut.
#
# At $a = 0$ there is a kink, and no slope at all. Everybody who computes has to choose. The course chooses 0, as
# torch does.
#
# What does a *numeric* gradient say there? Commit, then look.

# %%
predict("02-kink")

# %% [markdown] tags=["spoken"]
# **Try this.**
#
# 1. `x` is 0. Make `h` smaller, down to 0.001. Does the numeric slope move?
# 2. Set `x` to 0.1. For which `h` is the numeric slope exactly 1?
# 3. Switch to the forward scheme at `x` = 0. Which value now?

# %%
KinkExplorer()

# %% [markdown]
# So a *right* gradient fails the check when the difference reaches across a kink, or when one of its two points stands
# on it (the forward difference at `x` = 0). The remedy: a smaller `h` (the
# shaded band is `h` wide to each side), or another point. With random weights you hardly ever stand exactly on a
# kink. With weights or biases that are all 0 you may well.

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Vote first. In the figure, make `h` smaller at `x` = 0: the numeric slope does not move. Then
# `x` = 0.1.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Your turn: ReLU, backwards
#
# Write `relu_backward(dout, before)`.
#
# - `before` is what went into ReLU. `dout` is the gradient of the loss by what came out. Both have the same shape:
#   a row, a table, or any other.
# - Return the gradient by `before`. Where `before` is exactly 0, it is 0.
# - Leave both arrays as they were.


# %% tags=["exercise:02-relu-backward"]
def relu_backward(dout, before):
    """The gradient by ReLU's input, from the gradient by its output."""
    ### BEGIN SOLUTION
    return dout * (before > 0)
    ### END SOLUTION


# %%
check("02-relu-backward", relu_backward)

# %%
hints("02-relu-backward")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A two-layer network
#
# Put the pieces in a row. $D$ inputs, $H$ hidden units, $C$ classes, $N$ examples:
#
# | forward | shape |
# |---|---|
# | `before = X @ W1 + b1` | (N, H) |
# | `hidden = np.maximum(before, 0)` | (N, H) |
# | `scores = hidden @ W2 + b2` | (N, C) |
# | `loss` = mean cross-entropy of softmax(`scores`) with `y` | one number |
#
# `W1` has the shape (D, H), `b1` (H,), `W2` (H, C), `b2` (C,).
#
# Walk back through the rows, from the last to the first. You know a rule for each of them. One is new: `b1` is
# added to *every* row. A value that is used $N$ times gets $N$ gradients, and they add up. So the gradient of a
# bias is a sum over the examples.

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Draw the four arrows backwards on the board while the slide stands.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Your turn: the whole backward pass
#
# Write `two_layer_backward(X, y, W1, b1, W2, b2)`.
#
# - Compute the forward pass, then go back.
# - Return `dW1, db1, dW2, db2`, in this order, each shaped like its weights.
# - The relative error must stay below 1e-7, and no input may be changed.
#
# Once their checks pass, call your `softmax_gradient` and `relu_backward`.


# %% tags=["exercise:02-two-layer-backward"]
def two_layer_backward(X, y, W1, b1, W2, b2):
    """The gradients (dW1, db1, dW2, db2) of the mean cross-entropy."""
    ### BEGIN SOLUTION
    before = X @ W1 + b1
    hidden = np.maximum(before, 0)
    scores = hidden @ W2 + b2
    dscores = softmax_gradient(scores, y)
    dW2 = hidden.T @ dscores
    db2 = dscores.sum(axis=0)
    dhidden = dscores @ W2.T
    dbefore = relu_backward(dhidden, before)
    dW1 = X.T @ dbefore
    db1 = dbefore.sum(axis=0)
    return dW1, db1, dW2, db2
    ### END SOLUTION


# %%
check("02-two-layer-backward", two_layer_backward)

# %%
hints("02-two-layer-backward")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Exact and fast: the bill
#
# How much faster is it? This cell measures on your machine: a network with 64 inputs, 16 hidden units and 10 classes,
# on 200 real digits.


# %%
def seconds(function, *args):
    """The mean of as many runs as fit into 10 ms, and of one at least: some clocks are too slow for a single one."""
    runs, began = 0, time.perf_counter()
    while (passed := time.perf_counter() - began) < 0.01:
        function(*args)
        runs += 1
    return passed / runs


def compare_costs(model):
    weights = model.initial(np.random.default_rng(0))
    one_loss = seconds(model.value, weights)
    analytic = seconds(model.gradient, weights)
    numeric = seconds(gradients.numeric_gradient, model.value, weights)
    print(f"{model.num_parameters:,} weights")
    print(f"one loss          {one_loss * 1e3:9.3f} ms")
    print(f"analytic gradient {analytic * 1e3:9.3f} ms, as long as {analytic / one_loss:.1f} losses")
    print(f"numeric gradient  {numeric * 1e3:9.3f} ms, as long as {numeric / one_loss:,.0f} losses")


compare_costs(TwoLayerNetwork(load_digits().X[:200], load_digits().y[:200], num_hidden=16))

# %% [markdown]
# The analytic gradient costs a few losses, however many weights there are. The numeric one costs two losses for
# each weight. So you always *train* with the analytic gradient.

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Read the two times aloud, and the ratio. It grows with the number of weights.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Error-prone: why a falling loss proves nothing
#
# Suppose that you train with a wrong gradient. Would you notice? Commit first.

# %%
predict("02-wrong-gradient")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. A prediction that many get wrong. Do not correct; go on to the figure.

# %% [markdown] slideshow={"slide_type": "subslide"}
# These are real digits: 100 images of handwritten numbers, 8 × 8 pixels each, and a network with 12 hidden units. The
# blue curve uses the right gradient. The other has a mistake.

# %% [markdown] tags=["spoken"]
# **Try this.**
#
# 1. Go through the mistakes. Which of them would you notice from the loss alone?
# 2. "Biases forgotten": look at the loss, then at the bars. What does the check say that the loss does not?
# 3. Move `learning_rate`. Could a somewhat smaller learning rate explain the wrong curve as well?

# %%
LearningExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Go through the mistakes one at a time. *Ask* each time: would you have noticed? Stop at the
# forgotten biases: the loss looks fine, the bars do not.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Your code in the picture
#
# The same training, and a third curve from your `two_layer_backward`. When it is right, the orange curve lies on the
# blue one. (As long as yours is blank, it is not drawn.)
#
# Does the orange curve lie on the blue one *only* when yours is right? Try it: divide your `db2` by `len(y)` once more,
# run its cell, and run this one again. Look at the curve, then at the orange bars.

# %%
LearningExplorer(yours=two_layer_backward, mistake="dW2 divided by N twice")

# %% [markdown] slideshow={"slide_type": "skip"}
# > **You may stop here.** You have a backward pass for a network, and you know why a falling loss proves
# > nothing. What is left is the check, when not to believe it, and three bugs to find. When you come back, run
# > the cells above once more (*Run*, *Run All Above Selected Cell*), and go on with *The gradient check*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The gradient check
#
# So in practice: **always use the analytic gradient, and check it with the numeric one.** Once, on a small network,
# before you train. When are two numbers equal enough? The rule of `torch.autograd.gradcheck`, entry by entry:
#
# $$|\,\text{analytic} - \text{numeric}\,| \;\le\; \texttt{atol} + \texttt{rtol} \cdot |\,\text{numeric}\,|$$
#
# `rtol` (relative tolerance, 1e-3) is for entries of ordinary size. `atol` (absolute tolerance, 1e-5) is for
# entries near 0, where rounding is larger than the entry. The step is `eps` = 1e-6, and the numbers are float64
# ("double precision").
#
# What a relative error means, in float64 and with central differences:
#
# | relative error | it means |
# |---|---|
# | above 1e-2 | the gradient is almost surely wrong |
# | about 1e-4 | acceptable where kinks are near; too much for a smooth loss |
# | below 1e-7 | good |

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Their rule for life: analytic in practice, numeric to check, once, on a small network, in
# float64.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Your turn: write the check
#
# Write `check_gradient(f, gradient, w, eps, atol, rtol)`. `f(w)` gives one number. `gradient(w)` gives an array
# shaped like `w`, which has one axis.
#
# - The numeric gradient is the central difference with step `eps`.
# - `ok` is True when *every* entry obeys the rule above. A gradient that holds nan is never right.
# - `worst` is the index of the entry where |analytic − numeric| is largest *compared with what is allowed there*:
#   divide by `atol + rtol * |numeric|`.
# - Return `ok, worst, numeric, analytic, relative_error`, the last three at entry `worst`. When both values there
#   are 0, the relative error is `0.0`.
# - `w` may hold whole numbers, and must be the same afterwards.


# %% tags=["exercise:02-check-gradient"]
def check_gradient(f, gradient, w, eps=1e-6, atol=1e-5, rtol=1e-3):
    """Compare with central differences: (ok, worst, numeric, analytic, relative_error)."""
    ### BEGIN SOLUTION
    w = np.array(w, dtype=float)
    analytic = np.asarray(gradient(w.copy()))
    numeric = np.zeros_like(w)
    for i in range(len(w)):
        ahead, behind = w.copy(), w.copy()
        ahead[i] += eps
        behind[i] -= eps
        numeric[i] = (f(ahead) - f(behind)) / (2 * eps)
    error = np.abs(analytic - numeric)
    allowed = atol + rtol * np.abs(numeric)
    ok = bool(np.all(error <= allowed))
    worst = int(np.argmax(error / allowed))
    largest = max(abs(analytic[worst]), abs(numeric[worst]))
    relative_error = 0.0 if largest == 0 else error[worst] / largest
    return ok, worst, numeric[worst], analytic[worst], relative_error
    ### END SOLUTION


# %%
_verdict = check("02-check-gradient", check_gradient)
_verdict

# %%
hints("02-check-gradient")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What the check can see, and what it cannot
#
# A real network again: 64 inputs, 6 hidden units, 10 classes, 30 real digits. Each dot on the right is one entry of
# the gradient, five for each parameter. Three dots lie on the floor of the picture: hidden unit 3 is shut for all
# 30 digits, so both gradients are 0. That is the 0/0 case.
#
# The orange crosses are the entries of *your* `two_layer_backward`, once it is there.

# %% [markdown] tags=["spoken"]
# **Try this.**
#
# 1. An error of 1 % is planted in `W1`. Make `delta` smaller. From which size on does the check pass a wrong
#    gradient?
# 2. Set "plant an error" to *none* and move `step h` to both ends. Where is the numeric gradient at its best?
# 3. What goes wrong at the left end? And at the right end? (Lesson 01 had names for both.)

# %%
CheckExplorer(yours=two_layer_backward, wrong_parameter="W1", delta=0.01)

# %% [markdown]
# At the left end it is rounding. At the right end it is truncation, as in lesson 01, and something worse: *gates*. A
# step of 0.01 in an entry of `W1` or `b1` opens or shuts a hidden unit for some image. The worst entry of the two is
# then 100 % off. With all gates held as they were, it would be 0.007 % off. Between `W2`, `b2` and the loss there is
# no gate, so there you see truncation alone.

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Lower `delta`: when does a wrong gradient pass? Set the error to none and move `h` to both
# ends.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Failure gallery
#
# Three settings in which the check says the opposite of the truth. Each is the explorer above, at another setting.
#
# ### 1. A right gradient fails: float32
#
# float32 keeps about seven digits. With a step of 1e-6 the two losses agree in nearly all of them. What is left of
# their difference is rounding. **Try this:** nothing is planted here. Move `h` until the check is at its best. Is
# its best good enough? Then switch the precision to float64.

# %% figure-slide="h dtype wrong_parameter"
CheckExplorer(dtype="float32")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. The alarm that is none: float32. Move `h` and find its best.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### 2. A wrong gradient passes: regularization masks it
#
# Regularization adds $\tfrac{1}{2} \cdot \texttt{regularization} \cdot w^2$ to the loss for every entry $w$ of `W1` and
# `W2` (biases are left alone), and $\texttt{regularization} \cdot w$ to its gradient. That part is hard to get
# wrong. When it is large, a relative tolerance of 1e-3 covers all of the data gradient beside it. The data gradient of
# `W2` here is 1.5 times too large. **Try this:** lower `regularization` until the check wakes up. *Always check once with
# regularization 0.*

# %% figure-slide="regularization wrong_parameter delta"
CheckExplorer(wrong_parameter="W2", delta=0.5, regularization=1000.0)

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Lower `regularization` until the check wakes up.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### 3. A wrong gradient passes: tiny initial weights hide it
#
# The gradient of `W1` has `W2` as a factor. When all weights start near 0, it is tiny: smaller than `atol`. Then the
# rule lets *everything* pass, even an error by a factor 2. Look at the left picture: the dots of `W1` have moved to
# the left of the dotted line. **Try this:** raise the initial weights until the check fails, as it should.

# %% figure-slide="initial_scale wrong_parameter delta"
CheckExplorer(wrong_parameter="W1", delta=1.0, initial_scale=1e-4)

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Raise the initial weights until the check fails, as it should.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Your turn: find the bug
#
# Three backward passes, each with an error in the gradient of **one** parameter. First the setting: a network with
# 8 hidden units, on 40 real digits.

# %%
_images, _labels = load_digits().X[:40], load_digits().y[:40]


def start_weights(initial_scale=1.0):
    """Random weights of both signs for a 64-8-10 network."""
    rng = np.random.default_rng(3)
    shapes = {"W1": (64, 8), "b1": (8,), "W2": (8, 10), "b2": (10,)}
    sizes = {"W1": 0.2, "b1": 0.2, "W2": 0.6, "b2": 0.2}
    return {
        name: initial_scale * sizes[name] * rng.choice([-1.0, 1.0], shape) * rng.uniform(0.7, 1.3, shape)
        for name, shape in shapes.items()
    }


def network_forward(X, W1, b1, W2, b2):
    before = X @ W1 + b1
    hidden = np.maximum(before, 0)
    powers = np.exp(hidden @ W2 + b2)
    return before, hidden, powers / powers.sum(axis=1, keepdims=True)


def network_loss(weights, regularization):
    likely = network_forward(_images, **weights)[2][np.arange(len(_labels)), _labels]
    penalty = (weights["W1"] ** 2).sum() + (weights["W2"] ** 2).sum()
    return -np.log(likely).mean() + 0.5 * regularization * penalty


# %% [markdown]
# Now the three suspects. You may read them. Reading alone is how these errors were missed.


# %%
def backward_a(X, y, W1, b1, W2, b2):
    before, hidden, probabilities = network_forward(X, W1, b1, W2, b2)
    dscores = (probabilities - np.eye(10)[y]) / len(y)
    dhidden = dscores @ W2.T
    dbefore = dhidden * (before > 0)
    return X.T @ dbefore, dbefore.sum(axis=0), hidden.T @ dscores, dscores.mean(axis=0)


def backward_b(X, y, W1, b1, W2, b2):
    before, hidden, probabilities = network_forward(X, W1, b1, W2, b2)
    dscores = (probabilities - np.eye(10)[y]) / len(y)
    dhidden = dscores @ W2.T
    dbefore = dhidden * (before > 0)
    return X.T @ dbefore, dbefore.sum(axis=0), hidden.T @ dscores / len(y), dscores.sum(axis=0)


def backward_c(X, y, W1, b1, W2, b2):
    before, hidden, probabilities = network_forward(X, W1, b1, W2, b2)
    dscores = (probabilities - np.eye(10)[y]) / len(y)
    dhidden = dscores @ W2.T
    dbefore = dhidden * (before > 0)
    return X.T @ dhidden, dbefore.sum(axis=0), hidden.T @ dscores, dscores.sum(axis=0)


# %% [markdown]
# `report` runs a gradient check for each parameter: yours, when it has passed above, else the course's.


# %%
def _course_check(f, gradient, w):
    found = gradients.check_gradient(f, gradient, w)
    return bool(found), found.index[0], found.numeric, found.analytic, found.relative_error


_checker = check_gradient if _verdict.passed else _course_check


def report(backward, regularization=0.0, initial_scale=1.0):
    """One line for each parameter: does it pass, and how wrong is its worst entry?"""
    weights = start_weights(initial_scale)
    found = dict(zip(weights, backward(_images, _labels, **weights), strict=True))
    for name, w in weights.items():
        analytic = found[name] + (regularization * w if name in ("W1", "W2") else 0)

        def loss_by(flat, name=name, shape=w.shape):
            return network_loss({**weights, name: flat.reshape(shape)}, regularization)

        ok, _, numeric, value, error = _checker(loss_by, lambda flat, a=analytic: a.ravel(), w.ravel())
        word = "passes" if ok else "FAILS "
        print(f"{name}  {word}  analytic {value:11.4g}  numeric {numeric:11.4g}  relative error {error:8.1e}")


print("A")
report(backward_a)
print("B, with strong regularization")
report(backward_b, regularization=1000.0)
print("C, with tiny initial weights")
report(backward_c, initial_scale=3e-5)

# %% [markdown]
# A is caught. B and C pass, and both are wrong. Change the settings of `report` in the next cell, and run it until
# they fail. Then write down the names. (In C, do not trust the relative error of `b1`. With weights this small its
# numbers are rounding, and a *right* backward pass shows the same error there.)

# %%
report(backward_b, regularization=1000.0)

# %% tags=["exercise:02-find-the-bug"]
wrong_in_a = ...  # "W1", "b1", "W2" or "b2"
wrong_in_b = ...
wrong_in_c = ...
### BEGIN SOLUTION
wrong_in_a, wrong_in_b, wrong_in_c = "b2", "W2", "W1"
### END SOLUTION

# %%
check("02-find-the-bug", wrong_in_a, wrong_in_b, wrong_in_c)

# %%
hints("02-find-the-bug")

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. In pairs: read the three suspects and guess, then let the checks speak. Reading alone is how
# these errors were missed.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Conventions: where libraries differ
#
# | question | here | elsewhere |
# |---|---|---|
# | slope of ReLU at 0 | 0 | torch: 0. A central difference: 0.5. Any value between 0 and 1 is defensible |
# | loss over a batch | mean | torch: mean by default, `reduction="sum"` on request; then the gradient is $N$ times larger |
# | half in front of the square | $\tfrac{1}{2}$ mean | torch's `mse_loss`: no half, so its gradient is twice ours |
# | equal enough | `atol + rtol * abs(numeric)` | torch `gradcheck`: the same; it warns unless inputs are float64 |
# | what is reported | the worst entry | SciPy's `check_grad`: the length of the difference, no tolerance |
# | relative error | divide by the larger of the two | some texts divide by the sum: half of ours where the two are nearly equal |
#
# The tests of this lesson compare the first four lines with torch.
#
# The course's own check, `optcourse.gradients.check_gradient`, has the same rule. It also has a `fast` mode: ten
# random directions by the complex step of lesson 01. That checks thousands of weights in milliseconds, and a kink
# does it no harm. The step goes in the imaginary direction. On which side of a kink a unit stands is told by the real
# part, and that does not move at all. (In lesson 01 the complex step failed on `abs`, which throws the imaginary part
# away. The course's networks compare real parts and keep the rest.)

# %%
_model = TwoLayerNetwork(load_digits().X[:100], load_digits().y[:100], num_hidden=64)
_weights = _model.initial(np.random.default_rng(1))
_found = gradients.check_gradient(_model.value, _model.gradient, _weights, fast=True)
print(f"{_model.num_parameters:,} weights, {_found.num_evaluations} evaluations of the loss")
print(_found)

# %% [markdown] slideshow={"slide_type": "notes"}
# 1 min. Ask only one thing: mean or sum over the examples? It changes every gradient by a factor N.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Key points
#
# - Backpropagation is the chain rule from the loss backwards. One pass gives all gradients, for the price of a few
#   losses.
# - A sum hands on, a product swaps, ReLU is a gate, and what is used several times adds up.
# - Softmax with cross-entropy: what you said, minus what is true, divided by $N$.
# - A falling loss does not prove that the gradient is right. The gradient check does, entry by entry.
# - Check in float64, with ordinary weights, away from kinks, and once without regularization.

# %%
quiz("02")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Then the quiz.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## References
#
# - D. Rumelhart, G. Hinton, R. Williams, *Learning representations by back-propagating errors*, Nature 323 (1986).
# - A. Griewank, A. Walther, *Evaluating Derivatives*, 2nd edition (2008): why the price is a few evaluations.
# - CS231n, *Neural Networks Part 3: Gradient checks*,
#   [cs231n.github.io/neural-networks-3](https://cs231n.github.io/neural-networks-3/).
# - PyTorch,
#   [torch.autograd.gradcheck](https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html).
# - Michigan EECS 498-007, lectures 4 and 6.
#
# ## What next
#
# You can now find the slope of a network, fast, and know that it is right. Next you walk down it:
# [03 Gradient descent](03_gradient_descent.ipynb).
