# %% [markdown] slideshow={"slide_type": "slide"}
# # 01 Numeric gradient
#
# A neural network learns by walking downhill on its loss. To walk downhill you must know which way the ground
# slopes. In this lesson you find the slope in the most direct way there is: you take a small step, look how the
# loss has changed, and step back.
#
# **You need** Python with NumPy arrays, and what a slope is. Taylor's formula and complex numbers each come once, with
# what you need of them. **Time:** about 65 minutes, in 2 parts.

# %% [markdown] slideshow={"slide_type": "notes"}
# 1 min. Promise: at the end they can differentiate anything that they can evaluate, and know why
# nobody trains a large network so.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## What this lesson is about
#
# Afterwards you can
#
# - compute the gradient of any loss from its values alone;
# - say what that costs, and why nobody trains large networks this way;
# - choose the step `h`, and explain why a smaller one is not always better.
#
# Three questions to keep in mind:
#
# 1. How many times must the loss be computed for one gradient?
# 2. How wrong is the result?
# 3. If it is slow and wrong, what is it good for?

# %% [markdown] slideshow={"slide_type": "notes"}
# 1 min. Leave the three questions on the screen and do not answer them.

# %% slideshow={"slide_type": "skip"}
import time

import numpy as np

from optcourse import check, hints, predict, quiz
from optcourse.data import load_digits
from optcourse.explorers.lesson_01 import Bill, EntryByEntry, NumericDescent, VCurveLab
from optcourse.gradients import numeric_gradient as library_gradient
from optcourse.models import SoftmaxRegression, TwoLayerNetwork
from optcourse.objectives import lecture_bowl

digits = load_digits()

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A picture before a formula
#
# You stand on a curve and want to know how steep it is. You look at two points near you and draw the straight line
# through them. That line is called a **secant**. The line that only touches the curve where you stand is the
# **tangent**, and its slope is the one that you want.
#
# The two points lie at a distance `h` to the left and to the right of you. The closer they are, the better the
# secant fits the tangent. Is that so? Commit to an answer before you see the picture.

# %%
predict("01-smaller-h")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Let them vote: is a smaller `h` always better? Most rooms say yes.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### The V-curve lab
#
# On the left: the curve, the tangent (dashed grey), and the line with the numeric slope (blue). On the right: the
# error of that slope for *every* `h`, from 1 down to 1e-16, which is 0.0000000000000001. Both axes of the right
# picture are logarithmic: equal distances are equal factors. An error of exactly zero is drawn at the lower edge.

# %% [markdown] tags=["spoken"]
# **Try this.**
#
# 1. Pull `h` slowly to the left. The secant turns into the tangent, and the point on the right slides down.
# 2. Before you go on: will it slide down for ever? Now pull `h` all the way to 1e-16, and look at the blue line on
#    the left.
# 3. Choose the scheme `forward`. Is the bottom of the V deeper or less deep? Where does it lie?
# 4. Choose the number type `float32`, which has half the bits. What happens to the V?

# %% figure-slide="h scheme dtype"
VCurveLab()

# %% [markdown] slideshow={"slide_type": "notes"}
# 6 min. Pull `h` slowly to the left and wait at 1e-5: many expect the error to go on falling. At
# 1e-16 ask why the blue line lies flat (nothing has changed in the last digit). Then `forward`, then
# `float32`.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The idea
#
# Call the loss $L$. It takes the weights `w`, an array of numbers, and gives one number: how badly the model does.
# The **gradient** `dw` is an array shaped like `w`. Its entry $i$ says by how much the loss grows when entry $i$ of
# `w` grows a little and the others stay.
#
# That sentence is already a recipe: **move one entry by `h`, see by how much the loss changes, divide by `h`, put
# the entry back. Then the next entry.**
#
# In the formulas, $e_i$ means "one in entry $i$, zero elsewhere", so $w + h\,e_i$ is `w` with entry $i$ moved by $h$.
#
# | scheme | formula for entry $i$ | evaluations for N entries |
# |---|---|---|
# | **forward** difference | $\dfrac{L(w + h\,e_i) - L(w)}{h}$ | N + 1 |
# | **central** difference | $\dfrac{L(w + h\,e_i) - L(w - h\,e_i)}{2h}$ | 2N |
#
# Forward needs one more value, $L(w)$ itself, and shares it among all entries. Central needs two values for each.

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Say the recipe with your hands: move one entry, look, put it back.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### The lecture's loop
#
# ```text
# initialise w, compute the loss
# repeat:
#     dw = 0
#     for each entry of w:
#         perturb this entry by h, compute the loss again
#         dw at this entry = change of the loss / h
#         put the entry back
#     w = w - learning_rate * dw
#     compute the new loss
# ```
#
# `learning_rate` says how far to step; formulas write it $\alpha$ (alpha). Lesson 03 is about how to choose it. It has
# nothing to do with `h`: `h` is for *measuring* the slope, `learning_rate` is for *walking*.

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Go through it line by line. *Ask:* how many times is the loss computed in one round?

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Watch it, one evaluation at a time
#
# Here is a real loss. A small model tells handwritten ones from zeros by the ink in the columns of the image. Its
# `w` has a few entries. Press ▶, or step with the arrows. Each step is **one** evaluation of the loss.

# %% [markdown] tags=["spoken"]
# **Try this.**
#
# 1. Step through it once. Which entry is moved (left)? When does a new bar of `dw` appear (right)?
# 2. Before you move the slider: how many evaluations do 9 entries need? Then try.
# 3. Choose `forward`. Look at the first evaluation, and at how far the bars are from the crosses of the analytic
#    gradient. Then make `h` small.
# 4. Go back to `central`. Its bars hit the crosses for every `h`. This loss is a parabola in every entry, and for a
#    parabola the central difference is exact.

# %%
EntryByEntry()

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Step with the full stop key. Count aloud with the room. Before you move the number of
# entries: how many evaluations do nine entries need?

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Your turn: the numeric gradient
#
# Write `numeric_gradient(f, w, h)` with central differences.
#
# - `f(w)` gives the loss, one number. It needs an array shaped like `w`.
# - `w` may have any shape: one entry, a table, a block. It may hold whole numbers, such as `np.array([1, 2, 3])`.
# - Return an array of floats, shaped like `w`.
# - Call `f` exactly 2N times for N entries.
# - Leave the caller's `w` as it was.
#
# Two tools that help: `np.ndindex(w.shape)` runs through all indices of an array of any shape, and
# `np.array(w, dtype=float)` makes a copy that holds floats.


# %% tags=["exercise:01-numeric-gradient", "points:4"]
def numeric_gradient(f, w, h):
    """The gradient of f at w by central differences: an array of floats shaped like w."""
    ### BEGIN SOLUTION
    w = np.array(w, dtype=float)  # our own copy, and floats: 3 + 0.001 would be cut to 3 in whole numbers
    dw = np.zeros_like(w)
    for i in np.ndindex(w.shape):
        here = w[i]
        w[i] = here + h
        ahead = f(w)
        w[i] = here - h
        behind = f(w)
        w[i] = here  # the very number that was there: w[i] += h would be off by rounding
        dw[i] = (ahead - behind) / (2 * h)
    return dw
    ### END SOLUTION


# %%
check("01-numeric-gradient", numeric_gradient)

# %%
hints("01-numeric-gradient")

# %% [markdown]
# ### Your code in the picture
#
# The same lab, with the errors of *your* function as crosses, one for each power of ten. While your function is
# blank, no crosses are drawn. If a cross is far off the blue curve, your function is central differences of
# something else. Which function of the lab is the hardest for it?

# %% figure-slide="h scheme dtype"
VCurveLab(yours=numeric_gradient, h=1e-5)

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Ask what goes wrong if the entry is not put back exactly. The next key shows the answer.

# %% [markdown] slideshow={"slide_type": "skip"}
# > **You may stop here.** You can compute the gradient of any loss from its values. What is left is how wrong
# > the result is, what it costs, and a walk on real data. When you come back, run the cells above once more
# > (*Run*, *Run All Above Selected Cell*), and go on with *Approximate: two errors, one V*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Approximate: two errors, one V
#
# **The first error is truncation.** A straight line through two points is not the curve. Taylor's formula says how
# large the gap is. Write $f'$, $f''$, $f'''$ for the slope of $f$, the slope of its slope, and once more:
#
# $$\frac{f(x+h) - f(x)}{h} = f'(x) + \frac{h}{2} f''(x) + \dots
# \qquad
# \frac{f(x+h) - f(x-h)}{2h} = f'(x) + \frac{h^2}{6} f'''(x) + \dots$$
#
# The forward error falls with $h$. The central error falls with $h^2$: a ten times smaller `h` is a hundred times
# better. On logarithmic axes these are straight lines with slopes 1 and 2, the right arm of the V.
#
# **The second error is rounding.** A float64 holds about 16 digits. When `h` is tiny, the two values agree in nearly
# all of their digits, and the subtraction leaves only the last few, which are noise. This is called **cancellation**.
# The noise has the size of ε (epsilon), the distance from 1 to the next number that the type can hold. It is divided
# by `h`, so this error *grows* as ε/h: the left arm of the V.

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Two enemies: the curve is no straight line (truncation), and numbers have only so many digits
# (round-off). One falls with `h`, the other rises: so there is a best `h`.


# %% slideshow={"slide_type": "subslide"}
def compare_schemes(f, x, exact):
    for h in (1e-1, 1e-3, 1e-5, 1e-8, 1e-10, 1e-12, 1e-14, 1e-200):
        forward = (f(x + h) - f(x)) / h
        central = (f(x + h) - f(x - h)) / (2 * h)
        complex_step = f(x + 1j * h).imag / h
        errors = [abs(slope - exact) for slope in (forward, central, complex_step)]
        print(f"{h:8.0e}   {errors[0]:8.1e}   {errors[1]:8.1e}   {errors[2]:8.1e}")


print("f(x) = exp(sin x) at x = 1.      errors of the slope")
print("    h       forward    central    complex step")
compare_schemes(lambda x: np.exp(np.sin(x)), x=1.0, exact=np.cos(1.0) * np.exp(np.sin(1.0)))

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Where is the bottom?
#
# The sum of both errors is near its smallest where the two arms cross. Leave out the constants, for a function and
# an `x` of ordinary size:
#
# - forward: $h = \varepsilon / h$, so $h = \sqrt{\varepsilon}$;
# - central: $h^2 = \varepsilon / h$, so $h = \sqrt[3]{\varepsilon}$.

# %%
# Names that begin with _ are the lesson's own: they overwrite none of yours.
for _dtype in ("float64", "float32"):
    _eps = np.finfo(_dtype).eps
    print(f"{_dtype}: eps = {_eps:.1e}   root = {_eps**0.5:.1e}   cube root = {np.cbrt(_eps):.1e}")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Your turn: the best h
#
# Write `best_h(scheme, dtype)`. `scheme` is `"forward"` or `"central"`; `dtype` is `"float64"`, `"float32"` or
# `"float16"`. Within a factor of ten is right: the bottom of the V is wide.


# %% tags=["exercise:01-best-h", "points:2"]
def best_h(scheme, dtype):
    """A step near the bottom of the V, for w and f of order 1."""
    ### BEGIN SOLUTION
    smallest = np.finfo(dtype).eps
    if scheme == "forward":
        return smallest ** (1 / 2)
    return smallest ** (1 / 3)
    ### END SOLUTION


# %%
check("01-best-h", best_h)

# %%
hints("01-best-h")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Let them find the minimum of the sum of the two errors; it is one derivative.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### A third way: the complex step (deeper)
#
# In the last column of the table above, `h = 0.1` is still too large: a truncation of the size $h^2$. From 1e-8 on the
# column is exact, and it stays so down to `h = 1e-200`. How? Move `x` in the *imaginary* direction, by $i h$. Here $i$ is
# the number whose square is −1, in Python `1j`. Then $i h$ takes the place of $h$ in Taylor's formula. Its square is real,
# so the slope stands alone in the imaginary part, up to the size $h^3$:
#
# $$f(x + i h) = f(x) + i h\, f'(x) - \dots \qquad\text{so}\qquad f'(x) \approx \frac{\operatorname{Im} f(x + i h)}{h}$$
#
# Nothing is subtracted, so nothing cancels, and N evaluations are enough. There is a price: `f` must be **analytic**,
# which means that it is made of sums, products, `exp`, `sin` and the like. `abs` and comparisons break it, and often
# without any message.

# %% [markdown] tags=["spoken"]
# **Try this in the lab above.** Choose `complex` and pull `h` through its whole range. Then choose the function
# `|x|`, and read the sentence under the picture.

# %%
_point = 1 + 1e-200j
_exact = np.cos(1.0) * np.exp(np.sin(1.0))
print("complex step, exp(sin x):", np.exp(np.sin(_point)).imag / 1e-200, "  exact:", _exact)
print("complex step, |x| at 1:  ", np.abs(_point).imag / 1e-200, "  exact: 1.0")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. For the curious. No difference, so no cancellation. Skip it when time is short.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Slow: what one gradient costs

# %%
predict("01-evaluations")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Let them commit to a number, then show. The factor two for each weight is the whole point.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Measured
#
# Three losses: a plane with 2 weights; softmax regression on digits, 650 weights; a network with one hidden layer, 4,810
# weights. The digits are 8×8 images of handwritten numbers. There are 1,797 of them in the course; the first 100 are
# enough to measure time. The cell counts the calls and reads the clock.
#
# It uses a numeric gradient from the course's library, so that it works before yours does.


# %%
def measure(name, model, start):
    calls = 0

    def counted(w):
        nonlocal calls
        calls += 1
        return model.value(w)

    begin = time.perf_counter()
    library_gradient(counted, start, scheme="central")
    numeric_seconds = time.perf_counter() - begin
    runs, begin = 0, time.perf_counter()
    while time.perf_counter() - begin < 0.02:  # one run alone is too quick for some clocks
        model.gradient(start)
        runs += 1
    analytic_seconds = (time.perf_counter() - begin) / runs
    print(
        f"{name:8} N = {start.size:5,}   evaluations = {calls:5,}   numeric {numeric_seconds * 1000:9.2f} ms   "
        f"analytic {analytic_seconds * 1000:7.3f} ms   {numeric_seconds / analytic_seconds:8,.0f} times slower"
    )


_few, _rng = digits[:100], np.random.default_rng(0)
_softmax, _network = SoftmaxRegression(_few.X, _few.y), TwoLayerNetwork(_few.X, _few.y)
measure("plane", lecture_bowl(), np.array([-5.0, -2.0]))
measure("softmax", _softmax, _softmax.initial(_rng))
measure("network", _network, _network.initial(_rng))

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### The bill
#
# Read off your machine's time for one evaluation (numeric milliseconds divided by evaluations) and set the second slider
# to it.

# %% [markdown] tags=["spoken"]
# **Try this.** How long does *one* gradient take for ResNet-50, a well-known image network with about 25.6 million
# parameters? Guess first. Then remember that training takes many thousands of gradients.

# %%
Bill()

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Ask for a guess for ResNet-50 before you move the slider. Then multiply by the number of
# steps of a training run.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Walking with measured slopes
#
# Does the error matter for the walk? Here gradient descent goes down with numeric slopes (blue), beside the same walk
# with exact ones (grey). First a prediction.

# %%
predict("01-forward-shift")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. The forward slope is shifted by a known amount. Ask where the walk will end before the
# figure.

# %% [markdown] tags=["spoken"] slideshow={"slide_type": "subslide"}
# **Try this.**
#
# 1. It begins with forward differences and a huge `h` of 0.5. Set `num_steps` to 60 and `learning_rate` to 0.45. Look
#    where the walk comes to rest: not at the star, but beside it, by −h/2 in each direction.
# 2. Make `h` smaller until you cannot tell the two walks apart. A rough slope is good enough to walk.
# 3. Choose `central` and a large `h`. On a bowl it is exact. On Himmelblau it is not.
# 4. Pull `h` below 1e-15. What does the walk do at 1e-16, and why? The sentence above the picture tells you.
#
# Your `numeric_gradient` walks along in its own colour. It is central, so on a bowl it stays on the grey path even where
# the forward walk does not.

# %% figure-slide="h num_steps learning_rate"
NumericDescent(yours=numeric_gradient)

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Begin with the huge `h`, raise `num_steps`, and ask why it does not end at the star. Then
# make `h` smaller until nobody can tell the paths apart: a rough slope is good enough to walk.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Your turn: the whole loop, on real data
#
# Write the lecture's loop, whole: `numeric_descent(f, w, learning_rate, num_steps, h)`.
#
# - Begin with the loss at the start.
# - Then, `num_steps` times: the gradient by your `numeric_gradient(f, w, h)`, the update, the new loss.
# - Return `w, losses`. `losses` holds `num_steps + 1` numbers: the loss at the start and after every step.
# - It calls your `numeric_gradient` from above, so finish that one first.
# - `f` is called num_steps · 2N + num_steps + 1 times. The caller's `w` stays as it was, and may hold whole numbers.


# %% tags=["exercise:01-numeric-descent", "points:3"]
def numeric_descent(f, w, learning_rate, num_steps, h):
    """Gradient descent with numeric gradients: the last w, and the loss at every point of the walk."""
    ### BEGIN SOLUTION
    w = np.array(w, dtype=float)
    losses = [f(w)]
    for _ in range(num_steps):
        dw = numeric_gradient(f, w, h)
        w -= learning_rate * dw
        losses.append(f(w))
    return w, losses
    ### END SOLUTION


# %%
check("01-numeric-descent", numeric_descent)

# %%
hints("01-numeric-descent")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. The lecture's first algorithm, whole. *Ask:* what does a step cost here?

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Train a real model with it
#
# Softmax regression gives each of the ten digits a score: a weighted sum of the 64 pixels and a constant. That makes
# 10 · 64 + 10 = 650 weights. The loss is low when the right digit has the highest score by far. You train on 200 images
# and test on 1,000 others. Twenty steps are 26,021 evaluations of the loss; that takes a few seconds.
#
# The next cell works once your check has passed.


# %%
def train_on_digits():
    train, test = digits[:200], digits[797:]
    model = SoftmaxRegression(train.X, train.y)
    start = model.initial()

    begin = time.perf_counter()
    w, losses = numeric_descent(model.value, start, learning_rate=1.0, num_steps=20, h=1e-5)
    seconds = time.perf_counter() - begin
    print(f"your loop: {seconds:.2f} s for 20 steps, loss {losses[0]:.3f} → {losses[-1]:.3f}")
    print(f"right on {model.accuracy(w, test.X, test.y):.1%} of 1,000 digits that it has never seen")

    begin = time.perf_counter()
    exact_w = start.copy()
    for _ in range(20):
        exact_w -= 1.0 * model.gradient(exact_w)
    print(f"the same with the analytic gradient: {(time.perf_counter() - begin) * 1000:.1f} ms")
    print(f"largest difference between the two w: {np.abs(w - exact_w).max():.1e}")


if check("01-numeric-descent", numeric_descent).passed:
    train_on_digits()
else:
    print("Finish numeric_descent above first, then run this cell again.")

# %% [markdown]
# You have trained a classifier without any derivative. The two results agree to many digits, and the analytic one took
# milliseconds. That is the whole story of this lesson: **numeric gradients are slow, approximate, and right.** An
# analytic gradient is fast and exact, if you have made no mistake in deriving it. So you use the one to check the other.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Conventions: what others do
#
# | where | scheme | step | what to know |
# |---|---|---|---|
# | this course, `gradients.numeric_gradient` | central | ∛ε, for an entry above 1 times its size | yours uses `h` as it is |
# | `torch.autograd.gradcheck` | central | `eps=1e-6` | fixed; wants double precision |
# | `scipy.optimize.approx_fprime` | forward | about 1.5e-8 (the root of ε) | N + 1 evaluations |
# | CS231n's `eval_numerical_gradient` | central | `h=1e-5` | moves the entry in place, and restores it |
#
# One more detail. `w + h` is rounded, so the distance that was really moved is `(w + h) - w`, which may differ from `h`
# in its last digits. Careful libraries divide by that. The straight line `2 * w` shows it best: there is no truncation, and
# doubling is exact, so all of the error comes from `h`. With other functions the rounding of `f` itself remains.

# %%
_x, _h = 1.0, 1e-8
_moved = (_x + _h) - _x
_difference = 2 * (_x + _h) - 2 * _x
print(f"h = {_h:.10e}, really moved by {_moved:.10e}")
print(f"slope of 2x, divided by h:                  {_difference / _h:.10f}")
print(f"slope of 2x, divided by the distance moved: {_difference / _moved:.10f}")

# %% [markdown] slideshow={"slide_type": "notes"}
# 1 min. For whoever uses a library: same idea, other step sizes. Skip it when time is short.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Key points
#
# - A numeric gradient needs values only: move one entry, look at the loss, put it back.
# - **Slow:** N + 1 evaluations (forward) or 2N (central) for one gradient.
# - **Approximate:** truncation falls with `h` (forward) or `h²` (central), rounding grows as ε/h. Together they make a V.
# - The bottom lies near √ε for forward and ∛ε for central differences: 1.5e-8 and 6.1e-6 in float64, 3.5e-4 and 4.9e-3 in
#   float32.
# - The complex step has no rounding arm, but needs an analytic function.
# - In practice: train with the analytic gradient, check it with the numeric one.

# %%
quiz("01")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Then the quiz. Point forward: exact and fast is the next lesson.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## References
#
# - Michigan EECS 498-007, lecture 4, *Optimization*: the lecture that this course follows.
# - CS231n notes, *Optimization: Stochastic Gradient Descent* and *Neural Networks Part 3* (gradient checks).
# - Nocedal and Wright, *Numerical Optimization*, second edition (2006), section 8.1: finite differences.
# - Squire and Trapp, *Using Complex Variables to Estimate Derivatives of Real Functions*, SIAM Review 40 (1998).
# - Griewank and Walther, *Evaluating Derivatives* (2008): why an analytic gradient costs only a few evaluations.
#
# ## What next
#
# [02 Analytic gradient](02_analytic_gradient.ipynb) derives the gradient with the chain rule, and uses what you wrote here to
# catch its mistakes. The loop itself, and how to choose the learning rate, is the subject of
# [03 Gradient descent](03_gradient_descent.ipynb).
