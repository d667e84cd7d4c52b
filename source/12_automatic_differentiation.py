# %% [markdown] slideshow={"slide_type": "slide"}
# # 12 Automatic differentiation: who wrote that gradient?
#
# In lesson 02 you wrote gradients by hand, line for line, and a check found the slips. Nobody does that for a network of
# today: one calls `loss.backward()`, and the gradient is there, exact to rounding. Who wrote it? The program did, while it ran.
#
# **After this lesson you can**
#
# - carry a slope through any program with pairs of numbers, and say what that costs;
# - read a tape backward, and say how gradients get lost on the way;
# - multiply by a Hessian that nobody has ever written down.
#
# **Questions to keep in mind**
#
# - Why does one pass back give all slopes at once?
# - What becomes of a value that is used twice?
# - What is the price?
#
# **You need** [lesson 01](01_numeric_gradient.ipynb) (the complex step) and [lesson 02](02_analytic_gradient.ipynb) (the chain
# rule). **Time:** about 60 minutes, in 2 parts.

# %% [markdown] slideshow={"slide_type": "notes"}
# 1 min. Ask who has called backward() and knows what it does. Today they write it: six lines.

# %% slideshow={"slide_type": "skip"}
import numpy as np

from optcourse import autodiff, check, curvature, data, hints, models, predict, quiz
from optcourse.autodiff import Dual, Var
from optcourse.explorers.lesson_12 import (
    DualExplorer,
    PassesExplorer,
    ProductExplorer,
    TapeExplorer,
    TrainingExplorer,
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A picture before a formula

# %%
predict("12-passes")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Let them commit. The answer comes in the second half; forward comes first.

# %% [markdown] tags=["spoken"] slideshow={"slide_type": "subslide"}
# **Try this.** Each entry of the graph carries a pair: a value, and how fast it changes with `x`.
#
# 1. Move `operations done` from 0 to 2. What does each operation do to the second number?
# 2. Find the `x` with slope 0. How does the picture on the right show it?
# 3. Choose `exp(sin x)`. By which number does its second operation multiply the slope?

# %%
DualExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Step through. *Ask* before the +: where do the 2 and the 1 come from?

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The idea, in words
#
# > **Every operation knows its own slope. Send it along with the number.**
#
# A program, however long, is a row of small operations: +, ×, exp. The slope of each is known. So let two numbers travel
# in place of one. No formula for the whole is ever made, and nothing is subtracted. Loops and `if`s need no rule: what ran is
# what is differentiated. (So an `if` can hide a slope: `0.0 if x.value == 0 else x` has none at 0.)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The formula
#
# Write the pair as $a + a'd$, where $d$ is a new kind of number with $d^2 = 0$: a **dual number**. Multiply out, and the rules
# of calculus appear:
#
# $$(a + a'd)(b + b'd) = ab + (a'b + ab')\,d \qquad\qquad f(a + a'd) = f(a) + f'(a)\,a'\,d$$
#
# The input begins as $x + 1d$. At the end, what stands before $d$ is the derivative. For $x \cdot x + x$ at 3:

# %%
Dual(3.0, 1.0) * Dual(3.0, 1.0) + Dual(3.0, 1.0)

# %% [markdown]
# **Your turn.** Multiply two pairs `a` and `b`; `a[0]` is the value, `a[1]` the slope.


# %% tags=["exercise:12-dual-multiply"]
def dual_multiply(a, b):
    """The pair (value, slope) of the product of two pairs."""
    ### BEGIN SOLUTION
    return a[0] * b[0], a[1] * b[0] + a[0] * b[1]
    ### END SOLUTION


# %%
check("12-dual-multiply", dual_multiply)

# %%
hints("12-dual-multiply")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. On the board: multiply out, strike d². The product rule is what is left. Nobody had to know it.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Your code in the picture

# %%
DualExplorer(program="x·sin x", x=2.0, yours=dual_multiply)

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Beside the complex step
#
# The complex step of lesson 01 does nearly the same: $10^{-30}i$ plays the part of $d$, and its square is too small to be seen.
# Nearly.

# %%
predict("12-complex-abs")


# %%
def slopes_of_exp_sin():
    """The slope of exp(sin x) on 61 points of [-3, 3]: by pairs, by the complex step, and by the formula."""
    x = np.linspace(-3, 3, 61)
    pairs = np.array([float(Dual(v, 1.0).sin().exp().slope) for v in x])
    return pairs, np.exp(np.sin(x + 1e-30j)).imag / 1e-30, np.cos(x) * np.exp(np.sin(x))


_pairs, _steps, _formula = slopes_of_exp_sin()
print(
    f"exp(sin x): pairs off by {np.abs(_pairs - _formula).max():.1g}, complex step by {np.abs(_steps - _formula).max():.1g}"
)
print("|x| at -2: pair", abs(Dual(-2.0, 1.0)).slope, "  complex step", np.abs(-2 + 1e-30j).imag / 1e-30)

# %% [markdown]
# Both are exact to rounding. But the complex step borrows complex numbers, which have a meaning of their own: the size of one
# is real. A pair has no other meaning than value and slope.

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. The complex step is a trick that works in nearly all of NumPy; pairs are the thing itself.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Failure gallery: two derivatives, one $d$
#
# The derivative of $x \cdot \frac{d}{dy}(x + y)$ by $x$ is 1, since the inner slope is 1 everywhere. With pairs inside of
# pairs:


# %%
def slope(f, at):
    """The slope of f by pairs."""
    return f(Dual(at, 1.0)).slope


print(slope(lambda x: x * slope(lambda y: x + y, 1.0), 1.0))

# %% [markdown]
# 2. Inside, `x` still carries the $d$ of the outer derivative, and the inner one takes it for its own. So each derivative must
# have a $d$ of its own: the tools of today give it one.

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. For those who know it: perturbation confusion. One kind of d for two questions.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What it costs
#
# A pair has room for *one* slope: that by the input which began with slope 1. For a gradient of 1,210 weights the program runs
# 1,210 times. (Central differences: 2,420 times, and not exact.)
#
# Pairs are called the *forward mode*. The *reverse mode* comes in the second part: one walk back over the operations that
# ran, for all slopes at once. It costs no more than a few times the program itself; there is a theorem, with a factor of
# about five. But it needs memory for all values on the way. *Checkpoints* save some: keep every tenth value, and compute
# those between once more when their turn comes.

# %% [markdown] tags=["spoken"]
# **Try this.**
#
# 1. Move `inputs` from 1 to a million. Which line does not care?
# 2. Set `inputs` to 10 and `outputs` to 1000. Which mode is cheaper now?
# 3. Move `operations`. What does the reverse mode pay with?

# %%
PassesExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. A loss is one number, weights are many: so backward. The bill comes on the right: memory.

# %% [markdown] slideshow={"slide_type": "skip"}
# > **You may stop here.** You can differentiate any program forward. What is left is the way back: all slopes in one pass. When
# > you come back, run the cells above once more (*Run*, *Run All Above Selected Cell*), and go on with *Backward: the tape*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Backward: the tape
#
# > **Write down each operation while it runs. Then read the list from its end, and let every entry hand its gradient on.**
#
# The list is the **tape**. What an entry hands on to a value that it was made of is a **pull**: its own gradient, times its
# slope by that value.

# %%
predict("12-pulls")

# %% [markdown] tags=["spoken"] slideshow={"slide_type": "subslide"}
# **Try this.** Values stand above the entries, gradients below: the derivative of the result by that entry.
#
# 1. Set `step` to 3, so that all is written. Then go on, one by one. Which entry gets three pulls?
# 2. Choose `the last one counts`, which is `=` for `+=` in the code. What is the derivative now?
# 3. Choose `a second call, not from 0`. What is it then, and why?
# 4. Choose `added up`, and `y = y + y, 4 times`. How many pulls are handed on, and what is the derivative?

# %%
TapeExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Step back slowly. A ring is a value that is used twice: there two pulls meet, and they add up.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### The formula
#
# - $\bar v_k$: the **gradient** of entry $k$, the derivative of the result by it. The last entry's is 1.
#
# Entry $j$ hands a pull to each entry $k$ that it was made of. Where pulls meet, they add up:
#
# $$\bar v_k = \sum_{j\ \text{made of}\ k} \bar v_j \, \frac{\partial v_j}{\partial v_k}$$
#
# All $j$ come later on the tape than $k$. So from the end to the beginning, each $\bar v_k$ is complete when its turn comes.
# Here is the whole tape of $x \cdot x + x$ at 3, one line for each entry: its value, and to whom it hands what.

# %%
tape = [
    (3.0, []),
    (9.0, [(0, lambda g: g * 3.0), (0, lambda g: g * 3.0)]),
    (12.0, [(1, lambda g: g), (0, lambda g: g)]),
]

# %% [markdown]
# **Your turn.** Return a list with the gradient of each entry. (A value may be an array; its gradient has the same shape.)


# %% tags=["exercise:12-backward"]
def backward(tape):
    """The derivative of the last entry by every entry of the tape."""
    ### BEGIN SOLUTION
    grads = [np.zeros_like(value, dtype=float) for value, _ in tape]
    grads[-1] = np.ones_like(tape[-1][0], dtype=float)
    for k in reversed(range(len(tape))):
        for number, pull in tape[k][1]:
            grads[number] = grads[number] + pull(grads[k])
    return grads
    ### END SOLUTION


# %%
check("12-backward", backward)

# %%
hints("12-backward")

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Six lines, and it is what every framework does. *Ask*: why from the end? Because all pulls must have come.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Your code in the picture

# %%
TapeExplorer(program="diamond", x=1.0, yours=backward)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Failure gallery: how a gradient gets lost
#
# The silent ones you have seen: `=` for `+=` gives 3 in place of 7, and a second call that does not begin at 0 gives 14. Others
# are told, if somebody looks. `Var` is the course's tape: an array that writes down what is done to it.


# %%
def made_of_itself():
    a = Var(1.0)
    b = a + 1.0
    a.parents = ((b, lambda g: g),)
    autodiff.backward(b)


def shapes_that_do_not_fit():
    Var(np.ones((32, 10))) + Var(np.ones(32))


def not_a_number():
    with np.errstate(invalid="ignore"):
        autodiff.backward(Var([2.0, -0.3]).log().sum())


for _failure in (made_of_itself, shapes_that_do_not_fit, not_a_number):
    try:
        _failure()
    except ValueError as _error:
        print(f"{_failure.__name__}: {_error}\n")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. The last one is worth gold in practice: not that it is NaN, but where it came up first.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Arrays: what was repeated is added up
#
# In `scores + bias` NumPy repeats the bias for every row, without a word. The pull that comes back has the shape of the scores,
# (32, 10); the bias has (10,). It was used 32 times, so its 32 pulls add up.
#
# **Your turn.** NumPy repeats in two ways: it adds axes in front, and it stretches axes of length 1. Sum over both.


# %% tags=["exercise:12-unbroadcast"]
def unbroadcast(g, shape):
    """The gradient by an array of this shape, from g, the gradient by all its repetitions."""
    ### BEGIN SOLUTION
    summed = g.sum(axis=tuple(range(g.ndim - len(shape))))
    for axis, size in enumerate(shape):
        if size == 1:
            summed = summed.sum(axis=axis, keepdims=True)
    return summed
    ### END SOLUTION


# %%
check("12-unbroadcast", unbroadcast)

# %%
hints("12-unbroadcast")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Repetition is fan-out in disguise. The mean is the mistake that people make here.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## On real data
#
# `Var` writes the tape of a whole training step: `@`, `+`, ReLU, exp, log, sum. With the way back it is 40 lines of code,
# beside the sorting of its entries (Python's own `graphlib` does that) and what it says when something does not fit. Its
# gradient of softmax regression (650 weights) and of a network (1,210 weights) on 200 digits differs from those that lesson 02
# wrote by hand by less than $10^{-15}$ of the largest entry, for ten seeds. Now your two functions read the tape.

# %% [markdown] tags=["spoken"]
# **Try this.** The right picture shows how far the weights are from those of the gradient by hand.
#
# 1. Choose `network`. Does the distance stay below the line?
# 2. Choose `the last one counts`. What does the loss do?

# %%
TrainingExplorer(yours=backward, your_unbroadcast=unbroadcast)

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Your six lines train a network, and nobody has written its gradient. That is who wrote it.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Forward over backward: a Hessian that nobody writes down
#
# - $H$: the Hessian, all second derivatives. $Hv$ says how the *gradient* changes when $w$ moves along $v$.
#
# A gradient is a program, too. So send a slope through *it*, forward, in the one direction $v$: by the complex step that is
#
# $$Hv = \frac{\mathrm{Im}\ \nabla L(w + 10^{-30} i\, v)}{10^{-30}}$$
#
# It costs one gradient, in complex numbers, however many weights there are. The Hessian itself of a network with a million
# weights would have $10^{12}$ entries. (Nothing on the way may throw the imaginary part away, as `abs` does.)
#
# **Your turn.** `gradient` takes complex arrays; `.imag` is the imaginary part of one.


# %% tags=["exercise:12-hvp"]
def hvp(gradient, w, v):
    """The Hessian at w times v, from one call of gradient."""
    ### BEGIN SOLUTION
    return gradient(w + 1e-30j * v).imag / 1e-30
    ### END SOLUTION


# %%
check("12-hvp", hvp)

# %%
hints("12-hvp")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. One direction, forward, through a program that went backward. This is how lesson 13 measures sharpness.

# %% [markdown] tags=["spoken"] slideshow={"slide_type": "subslide"}
# **Try this.** At each turn the direction of $Hv$ becomes the next $v$.
#
# 1. Play. Where does $v$ turn to?
# 2. Move `angle of v` to 30. Why does it not turn?
# 3. Choose `Himmelblau` and move `w`. Where does $Hv$ point *against* $v$?

# %%
ProductExplorer(yours=hvp)

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. The turning has a name, power iteration: it finds the steepest axis with products alone.

# %% [markdown] slideshow={"slide_type": "subslide"}
# Why not a difference of two gradients? A network with ReLU, 200 digits:


# %%
def off_by(h):
    """How far a central difference of gradients is from H v, over the length of H v."""
    digits, rng = data.load_digits()[:200], np.random.default_rng(0)
    model = models.TwoLayerNetwork(digits.X, digits.y, 16)
    w, v = model.initial(rng), rng.standard_normal(model.num_parameters)
    exact = curvature.hvp(model.gradient, w, v)
    return np.linalg.norm(
        (model.gradient(w + h * v) - model.gradient(w - h * v)) / (2 * h) - exact
    ) / np.linalg.norm(exact)


for _h in (1e-6, 1e-4):
    print(f"h = {_h:g}: off by {off_by(_h):.1g} times the length of Hv")

# %% [markdown]
# At $10^{-4}$ it steps over a kink of the ReLU, and is wrong by more than $Hv$ is long. At $10^{-6}$ it is right to ten digits
# here, and nobody tells you which it is. The complex step has no such choice. (And no kink: it sees the piece on which `w`
# lies, and nothing of the jump beside it.)

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Conventions
#
# | question | here | elsewhere |
# |---|---|---|
# | a second call of `backward` | begins at 0 | torch adds to `.grad` until `zero_grad`: $x\cdot x + x$ at 3 gives 7, then 14 |
# | the same tape twice | may be read again | torch throws it away and raises, unless `retain_graph=True` |
# | slope of ReLU at 0 | 0 | 0 in torch and `jax.nn.relu`; ½ for `maximum(x, 0)` in both, and in autograd |
# | slope of $\lvert x\rvert$ at 0 | 1 for a pair | 0 in torch and autograd, 1 in jax |
# | a result that is an array | the derivative of its sum | torch raises unless it is one number |
# | names | pull, pair | vector-Jacobian product (VJP) back, Jacobian-vector product (JVP) forward |

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Key points
#
# - A program is a row of operations, and each one knows its slope. No difference, no formula for the whole.
# - Forward: pairs. One pass for each input, and twice the memory of the program.
# - Backward: a tape. One pass for each *output*, and the whole way forward in memory, or checkpoints of it.
# - Pulls that meet add up: a value used twice, a bias repeated for each row.
# - An entry hands on when all of its pulls have come: 40 pulls for 20 doublings, not 2,097,150.
# - Forward over backward gives $Hv$ for one gradient in complex numbers, and no $H$ is ever made.

# %%
quiz("12")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Then the quiz.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## References
#
# - A. Griewank, A. Walther, *Evaluating Derivatives* (2008): the book; with the theorem on the cost, and checkpoints.
# - A. Baydin et al., *Automatic Differentiation in Machine Learning: a Survey* (2018).
# - B. Pearlmutter, *Fast Exact Multiplication by the Hessian* (1994).
# - J. Siskind, B. Pearlmutter, *Nesting forward-mode AD in a functional framework* (2008): one $d$ for each derivative.
#
# ## What next
#
# Gradients come by themselves, and so do products with the Hessian. [13 The edge of stability](13_edge_of_stability.ipynb)
# takes these products along a run, and finds who decides how sharp a place training ends at.
