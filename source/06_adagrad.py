# %% [markdown] slideshow={"slide_type": "slide"}
# # 06 AdaGrad
#
# One learning rate has to serve every parameter. That was the trouble in lesson 03: the steep direction sets the limit,
# and the flat one crawls. Momentum softened it. AdaGrad goes at it directly: *every parameter gets a learning rate of
# its own*, and the slopes themselves decide how large it is.
#
# **After this lesson you can**
#
# - write AdaGrad, and say what `grad_squared` remembers;
# - predict how long its steps are, and why they become shorter and shorter;
# - say where it shines (rare features) and where it fails (turned valleys, long runs).
#
# **Questions to keep in mind**
#
# - How can an algorithm know which direction is steep, when it only sees slopes?
# - What is the price of never forgetting?
# - Why does it matter which directions you call coordinates?
#
# **You need** gradient descent and the condition number ([lesson 03](03_gradient_descent.ipynb)), and minibatches
# ([lesson 04](04_sgd.ipynb)). **Time:** about 80 minutes, in 2 parts.

# %% [markdown] slideshow={"slide_type": "notes"}
# 1 min. One learning rate for all parameters was the trouble of lesson 03. Today every parameter gets
# its own.

# %% slideshow={"slide_type": "skip"}
import numpy as np

from optcourse import check, descend, hints, predict, quiz
from optcourse.explorers.lesson_06 import (
    DigitsExplorer,
    LettersExplorer,
    PathExplorer,
    RotationExplorer,
    StallExplorer,
    digits_run,
    letters_run,
    speech,
)
from optcourse.objectives import lecture_bowl
from optcourse.optimizers import AdaGrad, GradientDescent

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A picture before a formula
#
# The valley is the one of lesson 03, $0.1\,x^2 + 2\,y^2$: flat along one axis, steep along the other. Two walkers set off
# from the square. One is gradient descent with its best learning rate (dotted). The other is AdaGrad (solid). The bars in
# the middle are what each coordinate's slope is multiplied by at the moment. For gradient descent that is one number for
# both coordinates, the dotted line.
#
# Commit to an answer first.

# %%
predict("06-two-slopes")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Vote before the figure.

# %% [markdown] tags=["spoken"] slideshow={"slide_type": "subslide"}
# **Try this.** Predict, then move, then look.
#
# 1. Move the step slider back to 0 and go forward one step at a time. Along which direction does AdaGrad's first step go?
#    How does that differ from the dotted one?
# 2. Watch the two bars. Do they ever grow?
# 3. Raise `condition_number` to 100. Which of the two bars reacts?
# 4. Now look at the loss on the right. Is AdaGrad the faster one here? Raise `learning_rate`, and look again.

# %%
PathExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Ask which of the two coordinates takes the longer first step. They are equal: let the room be
# surprised, then ask why.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The idea, in words
#
# A parameter whose slopes have been large so far is on steep ground: be careful with it. A parameter whose slopes have
# been small is on flat ground: be bold with it.
#
# So keep one number for each parameter that says how large its slopes have been so far. Add up the *squares* of its
# slopes, so that plus and minus do not cancel. Take the root, so that the number has the size of a slope again. Then
# divide each step by it. Large slopes are divided by much, small slopes by little.

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Steep for a long time: small steps. Flat: large ones.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The formula
#
# The names, before they are used:
#
# - $w$: the parameters. $\alpha$: the learning rate, `learning_rate` in the code.
# - $g$: the gradient at the current $w$, one slope for each parameter. In the code: `dw`.
# - $s$: the sum of squares, one number for each parameter. In the code: `grad_squared`. It starts at zero.
# - $\varepsilon$ (read "epsilon"): a tiny positive number, so that nothing is divided by zero. In the code: `eps`.
#
# One step of AdaGrad is
#
# $$s \leftarrow s + g \cdot g \qquad\qquad w \leftarrow w - \frac{\alpha \, g}{\sqrt{s} + \varepsilon}$$
#
# Everything in it is done **entry by entry**: product, root and division. Parameter number 7 only ever meets its own
# slopes.
#
# The slope $g$ is multiplied by $\alpha / (\sqrt{s} + \varepsilon)$. We call this the **effective learning rate** of a
# parameter. Those were the bars.

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Square, add, divide by the root. Ask for the units of the quotient.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## The lecture's pseudo-code
#
# ```python
# grad_squared = 0
# for t in range(num_steps):
#     dw = compute_gradient(w)
#     grad_squared += dw * dw
#     w -= learning_rate * dw / (grad_squared.sqrt() + 1e-7)
# ```
#
# The hyperparameters are those of gradient descent (start, `num_steps`, `learning_rate`) and `eps`, which is 1e-7 here.
# AdaGrad stands for *adaptive gradient*.
#
# Three steps by hand, on $0.1\,x^2 + 2\,y^2$, whose gradient is $(0.2\,x,\; 4\,y)$:

# %%
w = np.array([-5.0, -2.0])
grad_squared = np.zeros(2)
for step in range(1, 4):
    dw = np.array([0.2 * w[0], 4.0 * w[1]])
    grad_squared = grad_squared + dw * dw
    effective = 0.4 / (np.sqrt(grad_squared) + 1e-7)
    w = w - effective * dw
    print(
        f"step {step}: dw = ({dw[0]:.3f}, {dw[1]:.3f})  grad_squared = ({grad_squared[0]:.2f}, {grad_squared[1]:.2f})  "
        f"effective = ({effective[0]:.3f}, {effective[1]:.3f})  ->  w = ({w[0]:.3f}, {w[1]:.3f})"
    )

# %% [markdown]
# Look at the first line. The slopes are −1 and −8, yet both entries of `w` move by the same 0.4, the learning rate. At
# the first step the sum holds one square, and its root is the size of the slope itself: what is left of the slope is its
# sign. From then on each parameter has its own history. Look at *effective*: it falls in every line, and it was never
# the same for both.

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. By hand: the first step is the learning rate itself, whatever the slope.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Your turn: write AdaGrad
#
# You are given `compute_gradient`: call it as `compute_gradient(w)`, and it returns the gradient at `w`, an array shaped
# like `w`.
#
# - Take exactly `num_steps` steps. `grad_squared` starts at zero and has the shape of `w`.
# - `eps` is added *after* the root, as in the lecture.
# - Return the `w` where the walk ends. Leave the caller's array as it was; it may hold whole numbers.
#
# Not done yet? Go on reading. Everything below works with the course's own loop until yours is there.


# %% tags=["exercise:06-adagrad"]
def adagrad(compute_gradient, w, learning_rate, num_steps, eps):
    """Take num_steps steps of AdaGrad; return where they end."""
    ### BEGIN SOLUTION
    w = np.array(w, dtype=float)
    grad_squared = np.zeros_like(w)
    for _ in range(num_steps):
        dw = compute_gradient(w)
        grad_squared += dw * dw
        w -= learning_rate * dw / (np.sqrt(grad_squared) + eps)
    return w
    ### END SOLUTION


# %%
check("06-adagrad", adagrad)

# %%
hints("06-adagrad")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Two lines more than gradient descent. `eps` stands outside the root here.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Your code in the picture
#
# The same valley, with your function beside the course's. When both agree, the orange dashes lie on the path of AdaGrad.

# %% [markdown] tags=["spoken"]
# **Try this.** Move `eps` up, far beyond 1e-7. At which value does the path begin to change? Compare it with the size of
# $\sqrt{s}$: the line of values below the picture shows `grad_squared`. At `eps` = 100 the higher bar
# is only a third higher than the other one.
# Which algorithm is this, then? (Raise `learning_rate` as well, or you will not see it move.)

# %%
PathExplorer(yours=adagrad)

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Raise `eps` far beyond 1e-7: when does it begin to matter?

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Why progress stops
#
# The sum $s$ only ever grows. Squares are never negative, and nothing is ever taken away. So the effective learning rate
# only ever falls.

# %%
predict("06-hundredth-step")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Let them commit to the length of the hundredth step. The sum only grows.

# %% [markdown] slideshow={"slide_type": "subslide"}
# How fast does it fall? Take the plainest case: the slope is the same $g$ at every step. After $t$ steps the sum is
# $s = t \, g^2$, and its root is $\sqrt{t}\,|g|$. So step number $t$ is (leaving $\varepsilon$ aside)
#
# $$\frac{\alpha \, g}{\sqrt{t}\,|g|} \;=\; \pm\frac{\alpha}{\sqrt{t}}$$
#
# Two things are remarkable. The size of the slope has *cancelled*: steep or gentle, the step has the same length. And the
# steps shrink like $1/\sqrt{t}$: the fourth is half as long as the first, the hundredth a tenth.
#
# The whole way is the sum of the steps. It does not stop growing, but it grows more and more slowly, about like
# $2\alpha\sqrt{t}$. For twice the way you need four times the steps.

# %%
# Names that begin with _ are the lesson's own: they overwrite none of yours.
print("      t   step length   way walked   2·α·√t   way if no step shrank")
for _t in (1, 4, 100, 10_000):
    _way = np.sum(0.4 / np.sqrt(np.arange(1, _t + 1)))
    print(f"{_t:7,d} {0.4 / np.sqrt(_t):13.4f} {_way:12.3f} {2 * 0.4 * np.sqrt(_t):8.1f} {0.4 * _t:23.1f}")

# %% [markdown] tags=["spoken"] slideshow={"slide_type": "subslide"}
# **Try this.** Both axes of both pictures are logarithmic, so $1/\sqrt{t}$ is a straight line.
#
# 1. Move `gradient` from its left end to its right end. What changes? Now set `eps` to 1e-4 and try the
#    left end again.
# 2. Set `burst` to 10: the first ten slopes are ten times larger. What happens at step 11? When has AdaGrad forgotten the
#    burst?
# 3. Set `burst` to 100. How long are the steps now, compared with the line $\alpha/\sqrt{t}$?
# 4. Raise `learning_rate` until the last step is as long as it was without a burst. What does that do to the first steps?

# %% figure-slide="gradient burst learning_rate"
StallExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Both axes are logarithmic, so one over the root of t is a straight line. Point at its slope.

# %% [markdown] slideshow={"slide_type": "subslide"}
# The burst is what the lecture means by "*the `grad_squared` may end up too big to make progress before we get to the
# bottom*". A run often begins on steep ground and then comes to a gentle slope. AdaGrad has written down the steep ground
# for ever. On the gentle slope it walks as if it were still up there.
#
# On a plain bowl without noise the slopes themselves go to zero. Then the sum stops growing, and AdaGrad does arrive, if
# you give it time. How much time depends on the learning rate:

# %%
print("learning_rate   loss after 100 steps   after 1,000   after 10,000")
for _rate in (0.05, 0.4, 2.0):
    _run = descend(lecture_bowl(), AdaGrad(_rate), (-5.0, -2.0), 10_000, record=("w", "loss"))
    print(f"{_rate:13g} {_run.loss[100]:22.2g} {_run.loss[1000]:13.2g} {_run.loss[10_000]:14.2g}")

# %% [markdown]
# With 0.05 most of the way is still ahead after 100 steps, and each step is shorter than the one before. With
# minibatches the slopes never go to zero at all (lesson 04: noise), and then the sum grows for ever.

# %% [markdown] slideshow={"slide_type": "slide"}
# **Your turn: predict the step.** The gradient is the same array `dw` at every step, and `eps` is 0. What does step number
# `t` add to `w`? The first step has `t = 1`. Mind the sign. You need no loop.


# %% tags=["exercise:06-equal-gradients"]
def equal_gradient_step(learning_rate, dw, t):
    """What AdaGrad's step number t adds to w, when the gradient has been dw at every step."""
    ### BEGIN SOLUTION
    return -learning_rate * np.sign(dw) / np.sqrt(t)
    ### END SOLUTION


# %%
check("06-equal-gradients", equal_gradient_step)

# %%
hints("06-equal-gradients")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Equal gradients: what is left of `dw` in the step? Nothing but its sign. The next key shows
# it.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Where it shines: rare features
#
# Now a real text: Abraham Lincoln's address at Gettysburg (1863). Reduced to small letters and blanks, it has 1,420
# characters of 24 kinds. The task: given a letter, say which letter comes next.
#
# The model is a table with one row for each letter. Row "t" holds a score for each letter that may follow a "t"; softmax
# makes probabilities of the scores, as in lesson 02. This is softmax regression on **one-hot** features: feature number
# $k$ is 1 when the letter is the $k$-th of the alphabet, and 0 otherwise.
#
# The blank occurs 271 times, the "k" 3 times, the "q" once. Only one minibatch of 64 letters in eight
# holds a "k". In the others its row has a gradient of exactly zero, and does not move. When such a letter finally comes,
# you want a *large* step: who knows when the next one comes.

# %%
_text = speech()
print(f"{len(_text.codes):,} characters of {_text.size} kinds, the most frequent first:")
print(
    "  ".join(
        f"{'blank' if a == ' ' else a}:{int(n)}" for a, n in zip(_text.alphabet, _text.counts, strict=True)
    )
)

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Rare letters get rare gradients, and so large steps. This is what the paper was written for.

# %% [markdown] slideshow={"slide_type": "subslide"}
# SGD gives all rows the same learning rate. AdaGrad's sums grow only when a letter occurs. So rows of rare letters keep
# their large effective learning rates until they have been used.

# %% [markdown] tags=["spoken"]
# **Try this.** The right picture shows how much is still to be learned: the loss above the lowest that any table can
# reach. Solid: the 12 most frequent characters. Dotted: the 12 rare ones.
#
# 1. Press *Play*. Which bars fall first? Which bar waits longest?
# 2. Find the learning rate of SGD that serves the rare letters best. What does it do to the frequent ones?
# 3. Find the best learning rate of AdaGrad. Is there one that is good for both groups?

# %%
LettersExplorer()

# %% [markdown]
# How well can each do, at its own best learning rate? A fair comparison gives both the same number of tries: here each is
# run with 25 learning rates over three decades, with the same minibatches, and the best mean of both groups counts.


# %%
def best_on_letters(name, optimizer, rates):
    ends = [[curve[-1] for curve in letters_run(optimizer, float(rate))[:2]] for rate in rates]
    best = int(np.argmin(np.mean(ends, axis=1)))
    frequent, rare = ends[best]
    print(
        f"{name:8s} best learning rate {rates[best]:6.2f}: still to be learned {frequent:.3f} (frequent), {rare:.3f} (rare)"
    )


best_on_letters("SGD", GradientDescent, np.geomspace(0.2, 200, 25))
best_on_letters("AdaGrad", AdaGrad, np.geomspace(0.02, 20, 25))

# %% [markdown]
# AdaGrad leaves less than half as much to learn in both groups. This is what it was made for: text, clicks, anything
# with many features that are nearly always zero.

# %% [markdown] slideshow={"slide_type": "skip"}
# > **You may stop here.** You can write AdaGrad, and you know why it stalls and where it shines. What is left
# > is where it fails, and three programs with errors. When you come back, run the cells above once more
# > (*Run*, *Run All Above Selected Cell*), and go on with *Failure gallery: the same valley, turned*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Failure gallery: the same valley, turned
#
# AdaGrad treats each *coordinate* by itself. But who says that the steep direction is a coordinate? Turn the valley by 45
# degrees, and turn the start with it. For a walker nothing has changed: the same hills, seen from another side.

# %%
predict("06-turned")

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Vote: does turning the valley matter? For gradient descent it did not. Now turn it.

# %% [markdown] tags=["spoken"] slideshow={"slide_type": "subslide"}
# **Try this.**
#
# 1. Drag the round probe on the right. Where is AdaGrad good, where is it bad? (At this start a small turn even helps. That
#    is luck; another start would be less lucky.)
# 2. At 45 degrees, raise `learning_rate`. It helps. Does it bring back what the turn has cost?
# 3. Set `condition_number` to 1: a round bowl, in which no direction is special. Does AdaGrad still mind the turn?

# %%
RotationExplorer()

# %% [markdown] slideshow={"slide_type": "subslide"}
# Why? Lying straight, the valley has one steep coordinate and one flat one. AdaGrad makes the steps of the first small and
# leaves those of the second large: in effect it makes the valley rounder. At 45 degrees *both* coordinates point half up the
# steep wall. Both sums grow large, both effective learning rates become small, and the flat direction, which lies between
# the coordinates, suffers. Look at the two bars below: they are close to each other. AdaGrad is then little
# more than gradient descent with a small learning rate that shrinks.
#
# Gradient descent does not care. It follows an arrow, and the arrow turns with the valley. One says: gradient descent is
# **rotation invariant**, AdaGrad is not. Neither are the algorithms of the next lessons, RMSProp and Adam, which scale
# coordinates in the same way.

# %% figure-slide="rotation learning_rate condition_number"
PathExplorer(yours=adagrad, rotation=45.0)

# %% [markdown] slideshow={"slide_type": "slide"}
# **Your turn: turn a landscape.** To run the experiment yourself you need the gradient of a turned landscape. Let $R$ be
# the matrix that turns the plane counter-clockwise by an angle $\varphi$ (read "phi"):
#
# $$R = \begin{pmatrix} \cos\varphi & -\sin\varphi \\ \sin\varphi & \cos\varphi \end{pmatrix}$$
#
# Its transpose $R^\top$ turns back. The turned landscape has at $w$ the height that the old one has at $R^\top w$: what lies
# at $w$ now was there before. Which arrow belongs there? Ask at the old place, and turn the arrow that you get.
#
# One number to test with: the gradient $(0.2\,x,\; 4\,y)$, turned by 90 degrees (`np.pi / 2`), at $w = (1, 2)$. The old
# place is $R^\top w = (2, -1)$. The arrow there is $(0.4, -4)$. Turned, it is $(4, 0.4)$.


# %% tags=["exercise:06-turned-gradient"]
def turned_gradient(compute_gradient, w, angle):
    """The gradient at w of the landscape turned counter-clockwise by angle (radians)."""
    ### BEGIN SOLUTION
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]])
    return turn @ compute_gradient(turn.T @ w)
    ### END SOLUTION


# %%
check("06-turned-gradient", turned_gradient)

# %%
hints("06-turned-gradient")

# %% [markdown]
# **Your turn: the rotation experiment.** With your own `adagrad` and `turned_gradient`:
#
# - `loss_straight`: on `bowl`, from `start`, 100 steps, learning rate 0.4, eps 1e-7. The loss at the end.
# - `loss_turned`: the same with the landscape *and* the start turned by 45 degrees.

# %%
bowl = lecture_bowl()  # 0.1 x² + 2 y²: bowl.gradient(w) and bowl.value(w)
start = np.array([-5.0, -2.0])
angle = np.radians(45)
turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

# %% tags=["exercise:06-rotation-experiment"]
loss_straight = loss_turned = ...
### BEGIN SOLUTION
end = adagrad(bowl.gradient, start, 0.4, 100, 1e-7)
loss_straight = bowl.value(end)
end = adagrad(lambda w: turned_gradient(bowl.gradient, w, angle), turn @ start, 0.4, 100, 1e-7)
loss_turned = bowl.value(turn.T @ end)
### END SOLUTION

# %%
check("06-rotation-experiment", loss_straight, loss_turned)

# %%
hints("06-rotation-experiment")

# %% [markdown]
# The loss after 100 steps is 0.016 in the straight valley and 0.51 in the turned one: more than thirty times as high, for
# the same hills. The authors of AdaGrad knew. Their paper has a second version that keeps a whole table of products
# $g_i g_j$ in place of the squares alone; it is rotation invariant. But for a million parameters the table has a million
# million entries, so nearly everybody uses the version that you wrote.

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. For a class with time: turn in, take the slope, turn back. Otherwise go on to the numbers.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## On real digits
#
# Back to the 1,797 handwritten digits, softmax regression, minibatches of 64 images. Pixels are features too, and some are
# rare: corners hardly ever have ink. On the right, each dot is a pixel.

# %% [markdown] tags=["spoken"]
# **Try this.**
#
# 1. The dots at the far left are pixels that almost never have ink. How much larger is their effective learning rate than
#    that of the busy ones?
# 2. Give SGD the learning rate 5, and AdaGrad 1. Who is ahead now?
# 3. Look at the first few minibatches with AdaGrad at 1 and more. Why does the loss rise at first?

# %%
DigitsExplorer(yours=adagrad)


# %%
def losses_on_digits(name, optimizer, rates):
    losses = [digits_run(optimizer, rate)[0][-1] for rate in rates]
    print(f"{name:8s}", "  ".join(f"{loss:.3f}" for loss in losses), f"  best: {min(losses):.3f}")


print("loss on the test images after 100 minibatches, for learning rates from small to large")
losses_on_digits("SGD", GradientDescent, (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0))
losses_on_digits("AdaGrad", AdaGrad, (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0))

# %% [markdown]
# At their best learning rates the two end at practically the same loss here. AdaGrad is no magic: the rare pixels hardly
# matter for reading digits, so learning them faster gains little. On the letters above, the rare features were part of
# the task. *An optimizer is good or bad for a problem*, not in itself.

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Read the two curves, and the sentence under them.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Find the error
#
# These three versions of AdaGrad's two lines have all been printed somewhere, or typed by somebody. Each is off in one
# place.
#
# ```python
# # A
# grad_squared = dw * dw
# w -= learning_rate * dw / (np.sqrt(grad_squared) + eps)
#
# # B
# grad_squared += dw * dw
# w -= learning_rate * dw / np.sqrt(grad_squared + eps)
#
# # C
# grad_squared += dw * dw
# w -= learning_rate * dw / np.sqrt(grad_squared) + eps
# ```
#
# The cell below tries them: learning rate 0.4, and the same slope at every step. In the last two columns `eps` is 0.01, so
# large that you can see what it does.


# %%
def length_of_step(version, slope, t, learning_rate=0.4, eps=1e-7):
    """By how much step number t lowers w, when the slope is the same at every step."""
    grad_squared = slope * slope if version == "A" else t * slope * slope
    return {
        "A": learning_rate * slope / (np.sqrt(grad_squared) + eps),
        "B": learning_rate * slope / np.sqrt(grad_squared + eps),
        "C": learning_rate * slope / np.sqrt(grad_squared) + eps,
    }[version]


print("version   slope 1: step 1    step 4   step 100   slope 1e-6   eps 0.01: slope 1    slope -1")
for _version in "ABC":
    _shown = [length_of_step(_version, slope, t) for slope, t in ((1, 1), (1, 4), (1, 100), (1e-6, 1))]
    _shown += [length_of_step(_version, slope, 1, eps=0.01) for slope in (1, -1)]
    print("   {}    {:15.4f} {:9.4f} {:10.4f} {:12.4f} {:19.4f} {:11.4f}".format(_version, *_shown))

# %% [markdown]
# Which version belongs to which symptom? Answer with a letter, "A", "B" or "C".
#
# - `never_shrinks`: every step is as long as the first.
# - `drifts`: every entry moves a little at every step, always the same way, besides its own step. So it goes farther with
#   one sign of the slope than with the other.
# - `shy`: where slopes are tiny, steps are far too short.

# %% tags=["exercise:06-find-the-error"]
never_shrinks = drifts = shy = ...
### BEGIN SOLUTION
never_shrinks = "A"
drifts = "C"
shy = "B"
### END SOLUTION

# %%
check("06-find-the-error", never_shrinks, drifts, shy)

# %%
hints("06-find-the-error")

# %% [markdown]
# One of them is a convention that serious libraries use on purpose, and not a slip at all. Which one? The next box tells.

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. In pairs: three programs, three errors. Which one never shrinks, which one drifts, which one
# is shy?

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Conventions
#
# | question | lecture and this course | PyTorch | elsewhere |
# |---|---|---|---|
# | where is $\varepsilon$? | outside: $\sqrt{s} + \varepsilon$ | outside | inside, $\sqrt{s + \varepsilon}$: Keras 3, D2L |
# | how large is it? | 1e-7 | 1e-10 | 1e-7 (Keras 3), 1e-6 (D2L) |
# | where does the sum start? | 0 | 0 (`initial_accumulator_value`) | 0.1 (Keras 3) |
# | learning rate if you say nothing | 0.01 | 0.01 | 0.001 (Keras 3) |
# | does $\alpha$ shrink besides? | no | no (`lr_decay=0`) | |
#
# (D2L is *Dive into Deep Learning*, see the references.)
#
# What difference does it make? With slopes near 1, none that you could see. With slopes of a millionth, $\sqrt{s}$ is about
# 1e-6, and $\sqrt{10^{-7}}$ is about 3e-4. Inside the root, $\varepsilon$ then makes the first step some 300 times shorter.
# A sum that starts at 0.1 goes much further: it is as if each parameter had already seen a slope of 0.3. So *the same
# name with the same numbers need not be the same algorithm*. When you compare libraries, say every hyperparameter.
#
# The course's tests compare the update with PyTorch's own, step by step, and the defaults too.

# %% slideshow={"slide_type": "skip"}
_slope, _rate = 1e-6, 0.4
print(f"first step, slope {_slope:g}:")
print(f"  eps 1e-7 outside (lecture):  {_rate * _slope / (_slope + 1e-7):.4f}")
print(f"  eps 1e-10 outside (PyTorch): {_rate * _slope / (_slope + 1e-10):.4f}")
print(f"  eps 1e-7 inside:             {_rate * _slope / np.sqrt(_slope**2 + 1e-7):.6f}")
print(f"  sum starts at 0.1 (Keras):   {_rate * _slope / np.sqrt(0.1 + _slope**2 + 1e-7):.8f}")

# %% [markdown] slideshow={"slide_type": "skip"}
# **The same in a library** (PyTorch 2.13, optax 0.2.8, Keras 3.15; `params` are the model's parameters):
#
# ```python
# torch.optim.Adagrad(params, lr=0.4)
# optax.adagrad(0.4, initial_accumulator_value=0.0)
# keras.optimizers.Adagrad(0.4, initial_accumulator_value=0.0)
# ```

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Key points
#
# - AdaGrad keeps `grad_squared`, the sum of squared slopes, for each parameter, and divides each step by its root. Every
#   parameter has its own effective learning rate.
# - The first step has the length of the learning rate along every coordinate, whatever the slope. Under equal slopes, step
#   $t$ is $\alpha/\sqrt{t}$ long.
# - `grad_squared` only grows, so effective learning rates only fall. What was steep once is never forgotten, and progress
#   can stop before the bottom.
# - Rare features keep large steps until they have been seen. On text this is worth a lot.
# - It scales coordinates, not directions: turned by 45 degrees, the same valley is much harder.
# - `eps` stands outside the root here and in PyTorch. Elsewhere it may stand inside, and the sum may start at 0.1.

# %%
quiz("06")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Then the quiz. Point forward: forget a little, and it is RMSProp.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## References
#
# - J. Duchi, E. Hazan, Y. Singer, *Adaptive Subgradient Methods for Online Learning and Stochastic Optimization*, JMLR 12
#   (2011): the paper, with both versions.
# - A. Zhang, Z. Lipton, M. Li, A. Smola, *Dive into Deep Learning*, chapter 12: the same valley, with $\varepsilon$ inside the
#   root.
# - Michigan EECS 498-007, lecture 4; the CS231n notes on optimization: where this lecture comes from.
# - The speech: A. Lincoln, Gettysburg, 19 November 1863, in the wording of the Bliss copy.
#
# ## What next
#
# AdaGrad's trouble is that it never forgets. Let the sum leak a little at every step, and steep ground of long ago fades
# away. That is one changed line, and it is [07 RMSProp](07_rmsprop.ipynb).
