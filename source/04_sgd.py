# %% [markdown] slideshow={"slide_type": "slide"}
# # 04 Stochastic gradient descent
#
# Gradient descent reads all the data before it takes one step. That is like asking every person in a city
# before you turn a corner. Ask a few dozen instead: the answer is a little wrong, and you get it at once.
# This idea trains almost every neural network there is.
#
# **After this lesson you can**
#
# - say what a minibatch estimates, and how wrong the estimate is;
# - draw minibatches properly, and write stochastic gradient descent (SGD);
# - name the three problems of SGD, and see each one in a picture.
#
# **Questions to keep in mind**
#
# - How can a step with a *wrong* gradient be better than a step with the right one?
# - How large should a minibatch be?
# - Why does SGD never quite settle at the minimum?
#
# **You need** [lesson 03](03_gradient_descent.ipynb): the loop, the learning rate, the condition number. Mean
# and variance are recalled when they come. **Time:** about 85 minutes, in 3 parts.

# %% [markdown] slideshow={"slide_type": "notes"}
# 1 min. Asking every person in a city, or asking a few. That is today.

# %% slideshow={"slide_type": "skip"}
import numpy as np

from optcourse import check, data, hints, models, predict, quiz, theory
from optcourse.explorers.lesson_04 import (
    BatchSizesExplorer,
    EscapeExplorer,
    GradientCloudExplorer,
    MinibatchPathExplorer,
    NoiseFloorExplorer,
    SeedBandExplorer,
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A picture before a formula
#
# The data are real: images of handwritten digits, 8 by 8 pixels each. Some are held back for a test at the
# end; the rest train the model (softmax regression, 650 weights). How many are there?

# %%
train_set, test_set = data.train_test_split(data.load_digits(), np.random.default_rng(0))
N = len(train_set)
print(f"{N} training images, {len(test_set)} test images")

# %% [markdown] slideshow={"slide_type": "subslide"}
# Before you look: commit to an answer. A wrong guess costs nothing.

# %%
predict("04-one-pass")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Hands up, then on. Come back to it after the figure.

# %% [markdown] slideshow={"slide_type": "subslide"}
# Below, the same five runs are drawn three times. Only the clock differs. On the left it counts **steps**. In
# the middle it counts **epochs**: an epoch is as much work as one pass over all the training images. On the
# right it counts **seconds**, measured on the machine that this notebook runs on, so that panel looks a
# little different for everyone.

# %% [markdown] tags=["spoken"]
# **Try this.** Predict first, then move, then look.
#
# 1. On the left: does the batch size matter much, step by step?
# 2. In the middle: who is ahead after one epoch? Why is it the same five runs, and yet such a different
#    order?
# 3. On the right: a batch of 16 costs four times the arithmetic of a batch of 4. Does it cost four times the
#    seconds?
# 4. Raise `learning_rate` to 2. Which run becomes the most ragged at its end, and why that one?

# %%
BatchSizesExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 5 min. Three clocks, the same five runs. Left, middle, right: ask each time who is ahead. The right
# clock is why everybody uses minibatches of a few dozen.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The idea: a sum is an expectation
#
# The loss of a model is a mean over all examples. So its gradient is a mean over all examples too. The names:
#
# - $N$: the number of training examples. $L_i(w)$: the loss on example number $i$ alone.
# - $L(w)$: the loss on all the data; $\nabla L(w)$: its gradient. We call it the **true gradient**.
#
# $$\nabla L(w) = \frac{1}{N} \sum_{i=1}^{N} \nabla L_i(w)$$
#
# Now read the same formula in another way. Pick an example $i$ by chance, each one equally likely. Its
# gradient $\nabla L_i(w)$ is then a random arrow. What is it on average? Each example has the chance $1/N$,
# so the average is exactly the sum above. In the language of probability it is an **expectation**, written
# $\mathbb{E}$:
#
# $$\nabla L(w) = \mathbb{E}_i \left[ \nabla L_i(w) \right]$$

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. The loss is a mean, so its gradient is a mean, so a sample estimates it. Monte Carlo, as in a
# poll.

# %% [markdown] slideshow={"slide_type": "subslide"}
# How do you find an average that is too expensive to compute? You take a sample. This is how polls work, and it
# is called the **Monte Carlo** method, after the casino. (The lecture notes spell it "Monto Carlo".) A random
# sample of $B$ examples is a **minibatch**, and $B$ is its **batch size**; common sizes are 32, 64 and 128. (Where
# the lecture speaks of Monte Carlo, it calls the size of the sample $N$. Here $N$ is the number of all examples.)
# In the code a minibatch is an array of indices, `minibatch`, and
#
# $$\texttt{dw} = \frac{1}{B} \sum_{i \,\in\, \text{minibatch}} \nabla L_i(w) \;\approx\; \nabla L(w)$$
#
# On average this estimate is right: nothing pulls it to one side. (One says that it is **unbiased**.) Check
# it on the digits: one minibatch is far off, and the mean of many comes closer and closer.

# %%
model = models.SoftmaxRegression(train_set.X, train_set.y)
w = model.initial()
true_gradient = model.gradient(w)
rng = np.random.default_rng(0)
minibatches = data.sample_with_replacement(N, 32, rng, 2000)
estimates = np.array([model.gradient(w, minibatch) for minibatch in minibatches])
for count in (1, 10, 100, 1000, 2000):
    error = np.linalg.norm(estimates[:count].mean(axis=0) - true_gradient) / np.linalg.norm(true_gradient)
    print(f"mean of {count:4d} minibatch gradients: {error:6.1%} away from the true one")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How wrong is a minibatch?
#
# To *see* gradients we need a problem with two weights. Here is a real one. For each digit, add up the ink in
# the upper half and the ink in the lower half. From these two numbers, guess whether the digit is a six
# (linear regression; both numbers are centred and scaled). A six has little ink above and much below.

# %%
predict("04-four-times-the-batch")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Vote: four times the batch, how much less error? Most say a quarter. It depends on what is
# called error: variance or its root.

# %% [markdown] slideshow={"slide_type": "subslide"}
# On the left, all arrows are gradients at one and the same $w$. The thick one is the true gradient; each thin
# one comes from a minibatch. In the middle: the angles between them. On the right: how much the thin arrows
# vary, at every batch size.

# %% [markdown] tags=["spoken"]
# **Try this.**
#
# 1. Move `batch_size` from 1 to 1438. When do almost all arrows point roughly the right way?
# 2. Set it to 8 and switch *w is* to *near the minimum*. The cloud is still half as wide, but the true
#    gradient has shrunk to a tenth. What does that do to the angles?
# 3. Switch to *without replacement* and go to 1438 again. What happens to the cloud at the very end, and why?
# 4. On the right the points fall on a straight line. Both axes are logarithmic. Ten times the batch: how much
#    less variance?

# %%
GradientCloudExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. `batch_size` from 1 to the end. Then *near the minimum*: the cloud has hardly shrunk, but the
# true gradient is not. Let somebody say what that means for the last steps of a run.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### The law behind the line
#
# The **variance** of a random number is the mean of its squared distance from its own mean. Its root is the
# **standard deviation**, the typical distance. Write $\sigma^2$ ("sigma squared") for the variance of one
# entry of $\nabla L_i(w)$ over the $N$ examples. Then the same entry of a minibatch's gradient has the
# variance
#
# $$\frac{\sigma^2}{B} \;\;\text{(with replacement)} \qquad
# \frac{\sigma^2}{B} \cdot \frac{N - B}{N - 1} \;\;\text{(without replacement)}$$
#
# *With replacement* means that each example goes back into the hat before the next is drawn, so one can come
# twice. *Without replacement* means that it stays out. Then a minibatch of all $N$ examples has no variance
# left: it *is* the true gradient, and the factor $(N - B)/(N - 1)$ is 0. At $B = 1$ the factor is 1: with one
# draw there is nothing to put back.
#
# The variance falls with $B$, so the standard deviation falls with $\sqrt{B}$ only. **Four times the work
# buys half the error.** This is why minibatches stay small.

# %%
print("   B   with replacement   without   steps in an epoch")
for B in (1, 32, 64, 128, 512, N):
    with_replacement = theory.minibatch_variance(1.0, B)
    without = theory.minibatch_variance(1.0, B, N)
    print(f"{B:4d} {with_replacement:15.4f} σ² {without:8.4f} σ² {-(-N // B):12d}")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Read the law aloud: one over B. Without replacement the cloud closes at the end, because the
# sample is the whole.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Your turn: measure the noise
#
# You are given `gradients`: one row for each example, one column for each weight. Return the variance of the
# minibatch gradient, one number for each weight, for both ways of drawing. Take $\sigma^2$ over these rows,
# divided by their number $N$ (what NumPy does when nobody asks for something else).


# %% tags=["exercise:04-gradient-variance"]
def gradient_variance(gradients, batch_size, replace):
    """The variance of each entry of the mean gradient of batch_size of the rows; replace is True or False."""
    ### BEGIN SOLUTION
    variance = np.var(gradients, axis=0) / batch_size
    if not replace:
        num_examples = len(gradients)
        variance = variance * (num_examples - batch_size) / (num_examples - 1)
    return variance
    ### END SOLUTION


# %%
check("04-gradient-variance", gradient_variance)

# %%
hints("04-gradient-variance")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. A mean of squared lengths. The next key shows it.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How to draw a minibatch
#
# There are two customs. Drawing **with replacement** is what the theory likes: every minibatch is independent
# of the others. Drawing **epoch by epoch** is what people do: put all indices into a random order, cut it
# into minibatches, use each one once; then draw a new order. So in every epoch each example comes exactly
# once.
#
# Does the difference matter? Make as many draws with replacement as there are examples. Some examples come
# twice or more. How many never come?

# %%
predict("04-missed-in-an-epoch")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Vote: what part of the images is missed in an epoch drawn with replacement? Then the limit of
# the formula.

# %% [markdown] slideshow={"slide_type": "subslide"}
# One draw misses a given example with the chance $1 - 1/N$. An epoch has $N$ draws that do not know of each
# other, so all of them miss it with the chance
#
# $$\left(1 - \frac{1}{N}\right)^N \;\approx\; \frac{1}{e} \;\approx\; 0.368$$

# %%
# Names that begin with _ are the lesson's own: they overwrite none of yours.
_drawn = np.random.default_rng(1).integers(N, size=N)
print(f"one epoch of draws with replacement misses {1 - len(np.unique(_drawn)) / N:.1%} of the images")
print(f"the formula: {theory.missed_probability(N):.4f};  1 / e = {np.exp(-1):.4f}")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Your turn: minibatches, epoch by epoch
#
# Return a **list** of minibatches, each an array of indices.
#
# - Make `num_epochs` epochs, one after the other, in one flat list.
# - In each epoch every index from 0 to `num_examples - 1` comes exactly once, in a *new* order.
# - Draw the order with `rng.permutation(num_examples)`, once an epoch. `rng` is a NumPy Generator; whoever
#   hands over one with the same seed gets the same minibatches, and can repeat your run.
# - Keep the last minibatch of an epoch, even when it is smaller than `batch_size`.


# %% tags=["exercise:04-epoch-batches"]
def epoch_batches(num_examples, batch_size, rng, num_epochs):
    """A list of minibatches (arrays of indices) for num_epochs epochs."""
    ### BEGIN SOLUTION
    batches = []
    for _ in range(num_epochs):
        order = rng.permutation(num_examples)
        for first in range(0, num_examples, batch_size):
            batches.append(order[first : first + batch_size])
    return batches
    ### END SOLUTION


# %%
check("04-epoch-batches", epoch_batches)

# %%
hints("04-epoch-batches")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Shuffle, cut. Two traps: the last, smaller batch, and a fresh shuffle for each epoch.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### From the failure gallery: the last minibatch (deeper)
#
# This happened while the lesson was written. Somebody took the training set to have 1437 images and asked for
# "full" batches of 1437. It has 1438. So every epoch had *two* minibatches: one with 1437 images, and one
# with a **single** image:


# %%
def show_steps(batch_size):
    w = model.initial()
    losses, lengths = [], []
    for minibatch in data.epoch_batches(N, batch_size, np.random.default_rng(0), 6):
        losses.append(model.value(w))
        step = 0.5 * model.gradient(w, minibatch)
        lengths.append(np.linalg.norm(step))
        w = w - step
    print(f"batch size {batch_size}: training loss before each step", np.round(losses[:6], 2))
    print(f"{'length of each step':>48}", np.round(lengths[:6], 2))


show_steps(batch_size=N)
show_steps(batch_size=N - 1)

# %% [markdown]
# The second step has one image behind it, and it is 8 times as long as the first, which has 1437. The
# gradients of many images point in many directions and cancel in part; with a single one nothing cancels. The
# steps after that spend their length on mending the harm.
#
# Keep the last minibatch: dropping it means that some images are left out of the epoch. But choose the batch
# size so that what is left over is not tiny.

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. A true story. Ask what a last minibatch of one image does to the path.

# %% [markdown] slideshow={"slide_type": "skip"}
# > **You may stop here.** You know what a minibatch estimates, how wrong it is, and how to draw one. What is
# > left is the algorithm, and its three problems. When you come back, run the cells above once more (*Run*,
# > *Run All Above Selected Cell*), and go on with *The lecture's pseudo-code*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The lecture's pseudo-code
#
# ```python
# w = initialize_weights()
# for i in range(num_steps):
#     minibatch = sampled_data(data, batch_size)
#     dw = compute_gradient(loss_fn, minibatch, w)
#     w -= learning_rate * dw
# ```
#
# One line is new. In a formula: $w \leftarrow w - \alpha \cdot \texttt{dw}$, where `dw` is now the
# minibatch's gradient and $\alpha$ is `learning_rate` as before. The hyperparameters are those of gradient
# descent, and two more:
#
# | hyperparameter | question that it answers | new in SGD? |
# |---|---|---|
# | initialisation of `w` | where do you start? | as before |
# | `num_steps` | how long do you walk? | as before |
# | `learning_rate` | how far is a step? | as before |
# | `batch_size` | how many examples does a step look at? | new |
# | data sampling | how are they drawn: with or without replacement, in which order? | new |

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. One line is new. Let them find it.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Your turn: write SGD
#
# You are given two functions. `sampled_data(batch_size)` draws a fresh minibatch, an array of indices, each
# time that you call it. `compute_gradient(w, minibatch)` returns the *mean* gradient of these examples at
# `w`.
#
# - Take exactly `num_steps` steps, each with a fresh minibatch.
# - Return the `w` where the walk ends. Leave the caller's array as it was; it may hold whole numbers, your
#   result holds floats.


# %% tags=["exercise:04-sgd"]
def sgd(compute_gradient, w, learning_rate, num_steps, batch_size, sampled_data):
    """Take num_steps steps, each against the gradient of a fresh minibatch; return where they end."""
    ### BEGIN SOLUTION
    w = np.array(w, dtype=float)
    for _ in range(num_steps):
        minibatch = sampled_data(batch_size)
        dw = compute_gradient(w, minibatch)
        w -= learning_rate * dw
    return w
    ### END SOLUTION


# %%
check("04-sgd", sgd)

# %%
hints("04-sgd")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. The loop of lesson 03 with a fresh draw inside.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Your code in the picture
#
# The two-weight problem again (is it a six?), now with the whole walk. The dashed path is batch gradient
# descent, which uses all images at every step. The solid one is SGD. Your `sgd` gets the same minibatches, so
# its crosses must lie on the solid path.

# %% [markdown] tags=["spoken"]
# **Try this.**
#
# 1. Set `batch_size` to 1, then 8, 64, 1438. When does the path become smooth?
# 2. Read the bill in the sentence above the picture: how many gradients of single images did each walker compute?
# 3. With `batch_size` 8, move `learning_rate` up and down. Near the minimum, which rate wanders more? Which
#    one gets there sooner?
# 4. Change `seed`. At the beginning all seeds go roughly the same way. And at the end?

# %% tags=["cover"]
MinibatchPathExplorer(yours=sgd)

# %% [markdown]
# And your `sgd` on the digits with all 650 weights: 45 steps with minibatches of 64, beside the runs from the
# beginning.

# %%
BatchSizesExplorer(yours=sgd)

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Sizes 1, 8, 64, all. Read the bill under the picture: gradients of single images.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Three problems of SGD
#
# SGD is cheap, and it works. But it has three problems. The next lessons are the story of how they were
# tamed.
#
# 1. **A high condition number**: crawl along the flat axis, or zig-zag across the steep one.
# 2. **Local minima and saddle points**: the slope is zero, and the minimum is somewhere else.
# 3. **Noise**: a minibatch's gradient may not point where the true one does.
#
# The first two are inherited from gradient descent. The third is the price of the minibatch.

# %% [markdown] slideshow={"slide_type": "notes"}
# 1 min. The lecture's three. Say that each of them gets its own picture, and that lesson 05 comes
# back to all three.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Problem 1: the condition number, now with noise
#
# This is the lecture's valley $0.1\,x^2 + 2\,y^2$ from [lesson 03](03_gradient_descent.ipynb); its condition
# number is 20. To each gradient we add random noise with standard deviation $\sigma$ ("noise" below), the
# same on both axes. One run proves little when chance plays a part. So there are 64 seeds at once: the dots
# on the left are where they end. On the right, the **median** is the middle one of the 64 losses, and half of
# them lie between the two **quartiles**.

# %% [markdown] tags=["spoken"]
# **Try this.**
#
# 1. Set the noise to 0. Crawl or zig-zag: find both with `learning_rate`, as in lesson 03.
# 2. Set the noise back to 1. The loss falls at first as if there were no noise. And then?
# 3. Halve `learning_rate`. What happens to the floor? What happens to the way down?
# 4. Look at the dots at the end. In which direction is the cloud long: along the flat axis or across it?

# %%
SeedBandExplorer()

# %% [markdown]
# So noise makes the old dilemma worse. A small learning rate means a low floor and a slow walk along the flat
# axis. A large one means a fast walk and a high floor. And the flat axis pulls back weakly, so there the
# cloud is wide.

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. The valley of lesson 03 with noise. Move the noise first, then the learning rate: what was a
# line is now a band.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Problem 2: saddle points and local minima
#
# A start exactly on the ridge of a saddle never leaves it: the slope across the ridge is exactly 0 ([lesson
# 03](03_gradient_descent.ipynb)). What does noise do there? And in a local minimum?

# %% [markdown] tags=["spoken"]
# **Try this.**
#
# 1. The saddle, noise 0: press *Play*. Then the smallest noise on the slider. How long until half of the
#    seeds have left?
# 2. Make the noise 100 times larger. By how many steps do they leave earlier? Is that much or little?
# 3. Now the *ravine with hollows*, noise 0. Where do all walkers stop?
# 4. Raise the noise to 2, 4, 8, and `learning_rate` to 0.1. Do they reach the lowest hollow, the one in the
#    middle? Do they stay there?

# %%
EscapeExplorer()

# %% [markdown]
# Noise is not only a nuisance. It cures the saddle, because any kick will do: the saddle's own slope does the
# rest. Against local minima it helps by chance, with no memory of where it came from, and what carries a
# walker in can carry it out again.

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Noise is not only bad: it leaves saddles. Play both, and let the room say which one noise
# helps.

# %% [markdown] slideshow={"slide_type": "skip"}
# > **You may stop here.** You can write SGD, and you have seen two of its three problems. What is left is
# > noise, and training on real digits. When you come back, run the cells above once more (*Run*, *Run All
# > Above Selected Cell*), and go on with *Problem 3: noise*.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Problem 3: noise
#
# Look at the end of a run alone. Take one parameter and the parabola $\tfrac{1}{2} \lambda w^2$ with
# curvature $\lambda$. At the minimum the true gradient is 0, but a minibatch's is not. A step of SGD, with
# noise of standard deviation $\sigma$, does two things:
#
# $$w \;\leftarrow\; \underbrace{(1 - \alpha\lambda)\, w}_{\text{pulls it in}} \;-\;
# \underbrace{\alpha \cdot \text{noise}}_{\text{kicks it out}}$$
#
# In the long run both balance, and $w$ forms a cloud around the minimum. How wide is it? One step multiplies
# the variance $V$ of $w$ by $(1 - \alpha\lambda)^2$ and adds $\alpha^2\sigma^2$. When the cloud no longer
# changes, $V = (1 - \alpha\lambda)^2\, V + \alpha^2 \sigma^2$. Solve for $V$:
#
# $$V = \frac{\alpha\,\sigma^2}{\lambda\,(2 - \alpha\lambda)}$$
#
# This is the **noise floor**. For small $\alpha$ it is close to $\alpha\sigma^2 / 2\lambda$: half the
# learning rate, half the variance.

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Near the minimum noise wins. Halve the learning rate and read the floor. *Ask* what that
# suggests for the end of a run.

# %% [markdown] tags=["spoken"] slideshow={"slide_type": "subslide"}
# **Try this.**
#
# 1. Compare the measured variance with the formula, at `learning_rate` 0.1 and at 1.9.
# 2. Double the noise. Is the cloud twice as wide? And its variance?
# 3. Switch *falling rate* on: step $t$ then uses $\alpha / (1 + t/20)$. What happens to the cloud? (The
#    sum of all learning rates must still be infinite, or the walker may stop before it arrives: Robbins and
#    Monro, 1951.)
# 4. `rho` belongs to *momentum*, the next lesson. Leave it at 0 for now.

# %%
NoiseFloorExplorer()

# %%
print(f"learning rate 0.1, σ = λ = 1: variance of w = {theory.noise_floor(0.1):.3f} in the long run")

# %% [markdown]
# Two cures, then: a **smaller learning rate** (at the end of the run) and a **larger batch** (it divides
# $\sigma^2$). Both cost time.

# %% [markdown] slideshow={"slide_type": "subslide"}
# **Your turn: three numbers.**
#
# 1. `missed`: 1438 draws with replacement from 1438 images. What is the chance that a given image is never
#    drawn?
# 2. `floor`: SGD on $w^2/2$ with `learning_rate` 0.1 and noise of variance 1. What is the variance of $w$ in
#    the long run? (Two digits are enough, here and for the chance.)
# 3. `batch_size`: at 32, the gradient has some standard deviation. At which batch size is it half of that
#    (drawn with replacement)?

# %% tags=["exercise:04-noise-numbers"]
missed = ...  # a chance, between 0 and 1
floor = ...  # a variance
batch_size = ...  # a number of examples
### BEGIN SOLUTION
missed = (1 - 1 / 1438) ** 1438
floor = 0.1 / (2 - 0.1)
batch_size = 4 * 32
### END SOLUTION

# %%
check("04-noise-numbers", missed, floor, batch_size)

# %%
hints("04-noise-numbers")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Real data: train on the digits
#
# Now put it together. Write `train`: start at `w` (650 weights, all zero at first), use minibatches, return
# the trained weights.
#
# - `compute_gradient(w, minibatch)` gives the mean gradient of softmax regression; `minibatch` holds indices
#   from 0 to `num_examples - 1`.
# - **You** choose the batch size, the learning rate, the number of epochs, the way to draw. Draw with `rng`, so that
#   the same `rng` gives the same weights.
# - The goal: at least **93 %** right answers on test images that your function never sees.
# - The budget: **10 passes** over the training images. A minibatch of 32 costs 32; ten passes are 14,380.
#
# The explorer of batch sizes above is your map. You can call your own `epoch_batches`. The check trains on
# two other splits of the data, and on one of them once more with the same `rng`.


# %% tags=["exercise:04-train-digits"]
def train(compute_gradient, w, num_examples, rng):
    """Train within 10 passes over the data; return the weights."""
    ### BEGIN SOLUTION
    w = np.array(w, dtype=float)
    for minibatch in epoch_batches(num_examples, 32, rng, 10):
        w -= 0.5 * compute_gradient(w, minibatch)
    return w
    ### END SOLUTION


# %%
check("04-train-digits", train)

# %%
hints("04-train-digits")

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Everything together. The next key shows the answer; then look at the numbers of the last
# cell.

# %% [markdown] slideshow={"slide_type": "subslide"}
# And what would batch gradient descent make of the same budget? Ten passes are ten steps. Here it gets the
# best learning rate out of five:


# %%
def accuracy_after(batches, learning_rate):
    w = model.initial()
    for minibatch in batches:
        w = w - learning_rate * model.gradient(w, minibatch)
    return model.accuracy(w, test_set.X, test_set.y)


_best = max((accuracy_after([np.arange(N)] * 10, rate), rate) for rate in (0.1, 0.2, 0.5, 1.0, 2.0))
print(f"ten exact steps, best rate {_best[1]}: {_best[0]:.1%} of the test images read right")
_rough = accuracy_after(data.epoch_batches(N, 32, np.random.default_rng(0), 10), 0.5)
print(f"ten epochs of 45 rough steps, rate 0.5:  {_rough:.1%}")

# %% [markdown]
# The exact steps even had help: their learning rate was picked *by the test images*, which nobody may do in
# earnest. The rough steps came with one rate and are ahead all the same.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Conventions: where books and libraries differ
#
# | question | this course | elsewhere |
# |---|---|---|
# | What is "SGD"? | any batch size below $N$ | strictly, one example a step; "minibatch gradient descent" for the rest |
# | Mean or sum over the minibatch? | the mean | torch: the mean, unless `reduction="sum"`; then divide the rate by $B$ |
# | The last, smaller minibatch | kept | torch's `DataLoader` keeps it (`drop_last=False`); many training scripts drop it |
# | A new order in each epoch? | yes | torch's `DataLoader` does not shuffle unless you say `shuffle=True` |
# | Where does the randomness come from? | a Generator that you hand over | often one global seed for everything |
# | `torch.optim.SGD` | the update alone | it does not draw minibatches; whatever gradient it is given, it uses |
#
# The project's tests compare the rows about torch with torch itself.

# %% [markdown] slideshow={"slide_type": "notes"}
# 1 min. With or without replacement, mean or sum, epoch or step: three words to check in every paper.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Key points
#
# - The gradient of the loss is a mean over all examples, an **expectation**. A minibatch estimates it:
#   **Monte Carlo**.
# - The estimate is right on average. Its variance is $\sigma^2/B$ with replacement, times $(N-B)/(N-1)$
#   without. Four times the work, half the error.
# - Drawing with replacement misses 0.368 of the examples in an epoch. Epoch by epoch, each comes once.
# - Many rough steps beat one exact step, as long as the noise is not the main thing: far from the minimum.
# - Three problems: **condition number**, **local minima and saddle points**, **noise**. Noise frees you from
#   saddles and keeps you from settling.
# - With a constant learning rate SGD ends in a cloud of variance $\alpha\sigma^2 / (\lambda(2 -
#   \alpha\lambda))$. A smaller rate or a larger batch shrinks it.

# %%
quiz("04")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Then the quiz.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## References
#
# - H. Robbins, S. Monro, *A Stochastic Approximation Method*, Annals of Mathematical Statistics 22 (1951):
#   where it began.
# - W. G. Cochran, *Sampling Techniques* (1977), section 2.5: the factor $(N - B)/(N - 1)$.
# - G. Goh, *Why Momentum Really Works*, Distill (2017): noise and curvature, with pictures.
# - Stanford CS231n, course notes on optimization; Michigan EECS 498-007, lecture 4, which these lessons
#   follow.
# - E. Alpaydin, C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI Machine Learning Repository
#   (1998): the data.
#
# ## What next
#
# Three problems, and one idea that helps with each of them: let the walker have a velocity. Go on with [05
# Momentum](05_momentum.ipynb).
