# %% [markdown] slideshow={"slide_type": "slide"}
# # 00 Start here: walking in fog
#
# Welcome. In this course you find out how neural networks are trained. You play with live pictures, you predict, and you
# write the algorithms yourself, each in a few lines of Python. This first lesson shows you the problem that all the others
# solve, and how the course works.
#
# **After this lesson you can**
#
# - say what it means to *train* a model, as a question about a landscape;
# - take one step downhill, and say what a *slope* and a *learning rate* are;
# - explain why nobody trains a network by trying out random steps.
#
# **Questions to keep in mind**
#
# - What can a walker in fog know, and what not?
# - Does downhill always lead to the lowest point?
# - Why does everything get harder with a thousand dimensions, and why does the slope still help?
#
# **You need** a little Python with NumPy arrays, and what a derivative is. Products of vectors are recalled where they
# come. The course follows a university lecture; where the text says "the lecture", you need not have heard it.
# **Time:** about 55 minutes, in 2 parts.
#
# **One thing to do now.** A notebook is a row of *cells*. Click on the cell below this text and press `Shift` + `Enter`: that
# runs it and goes on to the next. Do the same with every cell that you meet.

# %% [markdown] slideshow={"slide_type": "notes"}
# 1 min. Say what the whole course is: one walker in fog, and ever better rules for the next step.
# Nobody needs to write anything down yet.

# %% slideshow={"slide_type": "skip"}
import numpy as np

from optcourse import check, hints, predict, progress, quiz
from optcourse.data import load_digits
from optcourse.explorers.lesson_00 import DirectionsExplorer, DownhillExplorer, FogExplorer
from optcourse.models import SoftmaxRegression

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A walk in fog
#
# You stand on a hillside in thick fog. You want to get down to the lowest point of the whole land. You cannot see
# anything. But you can tell two things about the spot where you stand:
#
# - how **high** you are;
# - how the ground **slopes** under your feet: which way is down, and how steep it is.
#
# Before you walk, commit to an answer. A wrong guess costs nothing, and it makes the answer stick. Choose one, then press
# *Commit*.

# %%
predict("00-where-it-ends")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Read the question aloud. Ask for a show of hands for each answer and type the numbers in. Do
# not comment. Choose the answer with the most hands and show what comes out only after the next
# figure if you want suspense.

# %% [markdown] tags=["spoken"] slideshow={"slide_type": "subslide"}
# **Try this.** In the left picture you stand at the ring. The arrow points straight downhill. It is longer where the
# ground is steeper.
#
# 1. Click somewhere in the fog to step there. (Or type two numbers and press *Step there*.) Did you get lower? The sentence
#    above the picture and the curve on the right tell you.
# 2. You have 12 steps. Get as low as you can. Height 0 is the deepest point of the land. On the right, each line of the scale
#    is ten times lower than the one above it.
# 3. Satisfied? Tick *lift the fog*. You see the land from above: thin lines join places of equal height, and stars mark the
#    bottoms of hollows. The grey path is an algorithm, *gradient descent*, with as many steps as you took. Who is lower?
# 4. Put the fog back, choose landscape B, press *Walk again*. Then C and D. Which one is the hardest, and why?

# %%
FogExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 5 min. Let the room walk: somebody calls a direction, you click. Take all 12 steps, then lift the
# fog (third control). *Ask:* what did you use to decide? They will say height and slope: that is the
# whole course. Then landscape D.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What this has to do with training
#
# A model is full of numbers that can be changed. We put them all into one list and call it `w`, the **parameters** (or
# *weights*). For a reader of handwritten digits these are the strengths of its connections. The model starts with some `w`
# and makes mistakes. How bad they are, over all the examples, is one number: the **loss**. A large loss is a bad
# reader.
#
# So there is a landscape. A place in it is a choice of `w`. The height there is the loss. *Training means to find a low
# place.* Written as a formula:
#
# $$w^* = \arg\min_w L(w)$$
#
# Piece by piece:
#
# - $L(w)$ is the loss at the place $w$: a height.
# - $\min_w L(w)$ would be the smallest height that there is.
# - $\arg\min_w L(w)$ is the *place* where it is reached. "arg" is short for argument: what you put into the function.
# - $w^*$ (read "w star") is the name of that place. It is what we are looking for.
#
# A small example: $L(w) = (w-3)^2$, with a single parameter. Try some places, and look which is lowest:

# %%
places = np.linspace(0, 6, 13)
heights = (places - 3) ** 2
for place, height_there in zip(places, heights, strict=True):
    print(f"w = {place:3.1f}   L(w) = {height_there:5.2f}   " + "#" * int(4 * height_there))
print(f"smallest height: {heights.min():.0f}, reached at w = {places[heights.argmin()]:.0f}")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. The one sentence to stress: a place is a choice of all parameters at once, the height there
# is the loss. *Ask:* how many places would you have to try with 650 parameters, two values each? Then
# show the number of digits.

# %% [markdown] slideshow={"slide_type": "subslide"}
# Here trying out 13 places was enough. Why not always? Because there are too many places. The smallest model of this course
# that reads digits has 650 parameters. With only *two* tries for each of them, the number of places to visit is

# %%
print(f"2 to the power of 650, a number with {len(str(2**650))} digits")

# %% [markdown]
# Nobody will ever visit them all. So we are in fog: we can work out the loss and the slope at *one* place at a time, and must
# choose the next place from that.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The slope
#
# In one dimension, the slope is the derivative. It says by how much the height changes for each unit that you go to the
# right. A slope of 2: two up for one to the right. A slope of −4: four *down* for one to the right. A slope of 0: level ground.
#
# With more than one parameter there is one slope for each of them: "if I change this one a little and leave the others, by how
# much does the loss change?" All these slopes together, in a list as long as `w`, are called the **gradient**. Its name in
# formulas is $\nabla L(w)$ (read "the gradient of L at w"), and in the code `dw`.
#
# Two facts are all you need today:
#
# - The gradient points where the loss *grows* fastest. So *minus* the gradient points straight downhill.
# - The longer it is, the steeper the ground.
#
# ## One step
#
# To go down, step against the gradient. How far? The gradient's length, times a number that you choose. It is called the
# **learning rate**: $\alpha$ (read "alpha") in formulas, `learning_rate` in the code.
#
# $$w \leftarrow w - \alpha\, \nabla L(w)$$
#
# The arrow $\leftarrow$ says that the new place takes the old one's. Do this again and again: that is gradient descent, the
# grey path of the walk. Lesson 03 is about it, and all later lessons improve it.

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Draw the sign rule in the air: slope positive, so go left. *Ask:* the slope is −4, which way
# do you step? The minus sign in the formula is the answer.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Your turn: the first check
#
# In every lesson you write some code of your own. It goes where you see `...  # your code here`. Then you run the cell, and
# the cell with `check(...)` below it. The check tells you at once whether it is right. If not, it tries to tell you
# *what* is wrong. Try that too: give a wrong answer on purpose.
#
# The loss is $L(w) = (w-3)^2$, and you stand at $w = 1$. What is your `height`? What is the `slope` there? And where are you
# after one step with learning rate 0.25: what is `next_w`? Write three numbers (or let Python work them out).

# %% tags=["exercise:00-height-and-slope"]
height = slope = next_w = ...
### BEGIN SOLUTION
height = (1 - 3) ** 2
slope = 2 * (1 - 3)
next_w = 1 - 0.25 * slope
### END SOLUTION

# %%
check("00-height-and-slope", height, slope, next_w)

# %% [markdown]
# Stuck? Under each check there is a cell with three hints. Each is a little more concrete than the one before. Open one, try
# again, and only then open the next.

# %%
hints("00-height-and-slope")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Give them a minute with pen and paper: height, slope, next place. Then the next key shows
# answer and check.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Your turn: feel the slope
#
# What if nobody gives you the derivative? You can still feel the slope, like a walker with a stick. Measure the height where you
# stand, and once more a little ahead. The slope between the two places is
#
# $$\frac{\text{height ahead} - \text{height here}}{\text{distance between the two places}}$$
#
# You are given a function: call it as `height(w)` and you get the height at `w`. Write `slope_ahead`, which returns the slope
# between `w` and `w + h`. (The letter `h` is the usual name for such a small distance.)


# %% tags=["exercise:00-slope-from-two-heights"]
def slope_ahead(height, w, h):
    """The slope of the ground between w and w + h."""
    ### BEGIN SOLUTION
    return (height(w + h) - height(w)) / h
    ### END SOLUTION


# %%
check("00-slope-from-two-heights", slope_ahead)

# %%
hints("00-slope-from-two-heights")

# %% [markdown]
# How good is it? [Lesson 01](01_numeric_gradient.ipynb) answers that, and it has a surprise: a smaller `h` is not always better.

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Ask for the formula in words before you show the code: rise over run. Say that lesson 01 is
# about how small the run may be.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Your turn: take a step
#
# Now the formula of above, as code. You get the place `w`, the gradient `dw` there, and the `learning_rate`. Both `w` and
# `dw` are NumPy arrays of the same length, and NumPy works on all entries at once. They may hold whole numbers. Return the
# new place, and leave the arrays that you were given as they are.


# %% tags=["exercise:00-take-a-step"]
def take_step(w, dw, learning_rate):
    """Where you are after one step against the gradient."""
    ### BEGIN SOLUTION
    return w - learning_rate * dw
    ### END SOLUTION


# %%
check("00-take-a-step", take_step)

# %%
hints("00-take-a-step")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. One line of code. *Ask:* what if the minus were a plus?

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Your code in the picture
#
# Below, gradient descent walks without fog. As soon as your `take_step` is written, it walks too, in orange: the course calls
# it again and again. If your step were wrong, you would see *how* it is wrong.

# %% [markdown] tags=["spoken"]
# **Try this.** Predict first, then move, then look.
#
# 1. Press *Play*. Then go back and forth with the small buttons. The line below the picture has the numbers of each step: the
#    place `w`, the loss (the height above the deepest point), the gradient.
# 2. Drag the start to other places. Which star is reached? Which one is the deepest?
# 3. Move `learning_rate` slowly to the right. What happens at first, and what in the end?
# 4. Choose landscape B, with `learning_rate` near 0.4. Why does the walker not go straight to the star?

# %% tags=["cover"]
DownhillExplorer(yours=take_step)

# %% [markdown] slideshow={"slide_type": "notes"}
# 5 min. `F` gives you the first slider. Press *Play* first (Esc, then P). Then raise the learning
# rate slowly, and stop when somebody gasps. Landscape B near 0.4 is the cliff-hanger for lesson 03.

# %% [markdown] slideshow={"slide_type": "skip"}
# > **You may stop here.** You know what training means, and you have taken your first steps. What is left is
# > why the slope is needed at all, the same with real data, and how the course works. When you come back, run
# > the cells above once more (*Run*, *Run All Above Selected Cell*), and go on with *Why not try random
# > directions?*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Why not try random directions?
#
# The gradient has to be worked out, and that is work. Could you not choose a direction at random, go there if it leads down, and
# otherwise choose another one? In the plane this is not bad at all.

# %%
predict("00-half-go-down")

# %% [markdown]
# To compare directions, we use the **cosine** of the angle between a direction and minus the gradient. It says what part
# of a step of length 1 goes straight downhill:
#
# | cosine | the step goes |
# |---|---|
# | 1 | straight down |
# | 0.5 | half of its length down, the rest sideways |
# | 0 | only sideways: nothing is gained |
# | −1 | straight up |

# %%
predict("00-thousand-dimensions")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Hands up for each answer, then show it. In the plane half of all directions go down: random
# is not bad at all. Leave the second question for after the definition of the cosine.

# %% [markdown] tags=["spoken"] slideshow={"slide_type": "subslide"}
# **Try this.** On the left: 100 random directions, and minus the gradient as the thick arrow to the right. A direction in 1,000
# dimensions cannot be drawn. But its part along minus the gradient can, and how much is left over for the sides.
#
# 1. Move `dimension` to the right. What becomes of the fan of arrows?
# 2. Look at the *best* of the 100 on the right, the triangles. How much of its length goes downhill in 1,000 dimensions?
# 3. Move `seed` for another 100 directions. Where does chance matter more, on the left end or on the right end?

# %%
DirectionsExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Set `dimension` to 2, then let it grow in silence. *Ask:* what has become of the best of 100?

# %% [markdown] slideshow={"slide_type": "subslide"}
# The dashed line is a formula. In $d$ dimensions the mean size of the cosine is close to
#
# $$\mathrm{E}\,|\cos| \approx \sqrt{\frac{2}{\pi d}}$$
#
# Here $\mathrm{E}$ stands for the mean over all directions (the *expectation*), and the bars $|\;|$ for the size without
# its sign. In 1,000 dimensions:

# %%
print(f"sqrt(2 / (pi d)) at d = 1000: {np.sqrt(2 / (np.pi * 1000)):.3f}")
print(f"and at d = 1,000,000:         {np.sqrt(2 / (np.pi * 1_000_000)):.5f}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# Four times the dimensions, half the cosine. And real networks have millions of parameters. There a random step goes almost
# exactly sideways. The gradient does not care: it has *all* its entries right, however many there are. That is why this
# whole course is about gradients.
#
# **Your turn.** Measure it yourself. `directions` is a table with one direction in each row. `downhill` is the direction to
# compare with. Their lengths may be anything but 0. Return the mean size of the cosine over all rows. You need this:
#
# - the cosine of two directions is their dot product, divided by both lengths;
# - `directions @ downhill` are the dot products of all rows with `downhill`;
# - `np.linalg.norm(downhill)` is a length, and `np.linalg.norm(directions, axis=1)` the lengths of all rows.


# %% tags=["exercise:00-mean-cosine"]
def mean_cosine(directions, downhill):
    """The mean, over the rows of directions, of |cos| of the angle to downhill."""
    ### BEGIN SOLUTION
    cosines = directions @ downhill / (np.linalg.norm(directions, axis=1) * np.linalg.norm(downhill))
    return np.mean(np.abs(cosines))
    ### END SOLUTION


# %%
check("00-mean-cosine", mean_cosine)

# %%
hints("00-mean-cosine")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The same with real data
#
# Here is a real landscape: a model with 650 parameters that reads 1,797 real images of handwritten digits. (You will meet it
# again; today it is a black box with a height and a gradient.) From one starting place we try 100 random steps and one
# step against the gradient, all of the same length.


# %%
def compare_steps(num_random):
    digits = load_digits()
    model = SoftmaxRegression(digits.X, digits.y)
    rng = np.random.default_rng(0)
    w = model.initial(rng)
    dw = model.gradient(w)
    loss_here = model.value(w)
    step = 0.5 * dw

    changes = []
    for _ in range(num_random):
        direction = rng.normal(size=w.size)
        direction *= np.linalg.norm(step) / np.linalg.norm(direction)
        changes.append(model.value(w + direction) - loss_here)
    gradient_change = model.value(w - step) - loss_here

    print(f"{len(digits)} images, {w.size} parameters, loss at the start: {loss_here:.3f}")
    print(f"random steps that go down:      {sum(c < 0 for c in changes)} of {len(changes)}")
    print(f"best random step:               {min(changes):+.4f}")
    print(f"one step against the gradient:  {gradient_change:+.4f}")
    print(f"that is {gradient_change / min(changes):.0f} times as much as the best of {len(changes)}")


compare_steps(100)

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. The punch line: in 650 dimensions, one step against the gradient beats 100 random ones.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How the course works
#
# You have used nearly everything already. Here it is in one place.
#
# **Live pictures.** Drag the sliders, or click on one and use the arrow keys. You can also type a value into its box. Where a
# picture has a square for the start, you can drag that too. *Play* runs a walk step by step. Under each picture a
# sentence says what is seen now. Without a running kernel you see a still picture with the same sentence.
#
# **Predictions.** First guess, then look. A prediction can be made only once, so that it means something. It is no exam: nobody
# but you sees it.
#
# **Checks.** Run them as often as you like. "Not started" means that the three dots are still there, and nothing is wrong with
# that: leave out what you like, and go on. All pictures work with the course's own code until yours is there.
#
# **Parts.** A lesson takes from one to two hours. "You may stop here" says where to take a break. A heading that ends with
# *(deeper)* can be left out at first: nothing that comes later needs it. Lessons 00 to 09 are part one, whole by itself;
# from 11 on, part two asks what came after Adam.
#
# **Hints.** Three for each exercise, opened one at a time. They cost no points.
#
# **Progress.** What you have done is kept in the folder `.optcourse` beside the lessons, on your computer and nowhere else.
# To see it, run this cell. In a terminal, `python3 course.py progress` shows the same.

# %%
progress()

# %% [markdown] slideshow={"slide_type": "notes"}
# 1 min. Only for a class that works with the notebooks: predict, move, write, check.

# %% [markdown] slideshow={"slide_type": "skip"}
# ### Two ways to reset
#
# - **A picture** got into a strange state: press *Reset* below it. All its sliders go back to where they began.
# - **A whole lesson** got into a strange state. First try the menu *Kernel → Restart Kernel and Run All Cells*: this keeps your
#   code and forgets everything else. If you want the lesson as it was on the first day, type this in a terminal, in the
#   course's folder (with the number of the lesson that you mean):
#
#   ```
#   python3 course.py build 00 --force
#   ```
#
#   Your old notebook is not lost: a copy with today's date is kept in the folder `backups`. Your progress stays too.
#
# ### When you are stuck
#
# 1. Read the sentence of the check once more. It names the mistake whenever it can, and the line.
# 2. Open one hint. Try again.
# 3. Put numbers in: take a `w` with two entries, and follow your code by hand, line by line.
# 4. Look at your code in the picture. Which step is the first one that goes another way?
# 5. Still stuck? Skip it. No later lesson needs your code of an earlier one. And `solutions/` has all the answers.
#
# A word or a symbol that you do not know? The [glossary](99_glossary.ipynb) has them all.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Conventions
#
# Books and libraries disagree on many small things. Every lesson has a box like this one, so that you are not surprised.
#
# | here | elsewhere |
# |---|---|
# | $w$, parameters or weights | $\theta$, $x$, $\beta$ |
# | loss $L$ | cost $J$, objective $f$, error $E$ |
# | learning rate $\alpha$, `learning_rate` | $\eta$, $\gamma$, step size, `lr` (in PyTorch) |
# | gradient `dw` | `w.grad` (in PyTorch), $g$ |
# | training *minimises* a loss | some texts *maximise* a score: the same with the sign turned |

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Key points
#
# - Training means: find $w^* = \arg\min_w L(w)$, the place where the loss is lowest.
# - We are in fog. At one place at a time we can know the loss and its slopes, the gradient.
# - A step against the gradient, $w \leftarrow w - \alpha \nabla L(w)$, goes downhill, if it is short enough.
# - Downhill ends where the ground is level. That need not be the deepest point.
# - In many dimensions a random step goes almost only sideways: $\mathrm{E}|\cos| \approx \sqrt{2/(\pi d)}$. The gradient is
#   worth its price.

# %%
quiz("00")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Let the room say each point before you read it. The quiz is one question a slide: keys 1 to 4
# choose, and every choice gets a reason.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## References
#
# - Michigan EECS 498-007, lecture 4, and the CS231n notes on optimization: the walker in the fog, and where this course's
#   lectures come from.
# - G. Goh, *Why Momentum Really Works*, Distill (2017), <https://distill.pub/2017/momentum/>: what a lesson with sliders can be.
# - Digits: E. Alpaydin, C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI Machine Learning Repository (1998).
#
# ## What next
#
# You took slopes for granted today. Where do they come from? [01 Numeric gradient](01_numeric_gradient.ipynb) measures
# them with a stick, as you did with `slope_ahead`, and finds out what that costs.
