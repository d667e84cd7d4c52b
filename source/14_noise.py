# %% [markdown] slideshow={"slide_type": "slide"}
# # 14 Noise: batch size, clipping, averaging
#
# [Lesson 04](04_sgd.ipynb) showed that a minibatch is cheap, and noisy. How large a batch is worth its price? And what can
# be done about the noise without paying for it: cut off what is too long, and average what is left.
#
# **After this lesson you can**
#
# - measure how noisy a gradient is, also without the gradients of single examples;
# - say up to which batch size a larger batch saves steps, and what it costs;
# - clip a gradient without turning it, and say what clipping does to a mean;
# - average the weights of a run, and say when that is worth it.
#
# **Questions to keep in mind**
#
# - Why do ten times larger batches not make training ten times shorter?
# - What is lost when a gradient is clipped?
# - What does an average know that the last weights do not?
#
# **You need** [lesson 04](04_sgd.ipynb) (minibatches) and [lesson 07](07_rmsprop.ipynb) (the fading mean). Lesson 13 is not
# needed. **Time:** about 60 minutes, in 2 parts.

# %% [markdown] slideshow={"slide_type": "notes"}
# 1 min. Ask who has chosen a batch size, and why that one. Most answers are about memory. Today: about noise.

# %% slideshow={"slide_type": "skip"}
import numpy as np

from optcourse import check, data, edge_runs, hints, noise, noise_runs, predict, quiz
from optcourse.explorers.lesson_14 import (
    AveragesExplorer,
    BatchSizeExplorer,
    CliffExplorer,
    ClippedMeanExplorer,
    NoiseAlongExplorer,
    NoisyBowlExplorer,
    TwoBatchesExplorer,
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A picture before a formula
#
# The network is the one of [lesson 09](09_race.ipynb): 64 pixels, 16 hidden units, 10 scores, 1,000 digits. It is trained by
# SGD until its loss on all of these digits is 0.3. For each batch size ten rates were tried, and the best one is shown.

# %%
predict("14-batch")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Let them vote. Ten rates a batch size: nobody is allowed to say that the large batch had the wrong rate.

# %% [markdown] tags=["spoken"] slideshow={"slide_type": "subslide"}
# **Try this.** On the left what one waits for, on the right what one pays for.
#
# 1. Move `batch_size` from 2 to 32, then from 32 to 1,000. Where do the steps fall fast, and where hardly any more?
# 2. Look at the right picture. How many times as many examples does a batch of 16 need as one of 2? And one of 1,000?
# 3. The thin line is one rate for all sizes. Move `learning_rate` up: small batches do not arrive any more.

# %%
BatchSizeExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Two prices: time, if a large batch runs in parallel; work, if it does not. The best size depends on which one pays.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The idea, in words
#
# > **A minibatch's gradient is slope plus noise. A larger batch has less noise; it has no more slope.**
#
# Where noise is most of the gradient, twice the batch is nearly worth twice the steps. Where slope is most of it, a larger
# batch measures more exactly what is known already.
#
# ## The formula
#
# Let $g$ be the mean of all examples' gradients, and $\Sigma$ their covariance. Its trace $\operatorname{tr}\Sigma$ is the mean
# squared distance of an example's gradient from $g$. A batch of $B$ examples, drawn with replacement, has the gradient $g_B$.
# On average over all such batches (that is what E says):
#
# $$\mathrm{E}\,|g_B|^2 \;=\; \underbrace{|g|^2}_{\text{slope}} + \underbrace{\frac{\operatorname{tr}\Sigma}{B}}_{\text{noise}}
# \qquad\qquad B_{\text{noise}} = \frac{\operatorname{tr}\Sigma}{|g|^2}$$
#
# At $B_{\text{noise}}$, the **noise scale**, both parts are equal. Two examples by hand, with the gradients 1 and 3:

# %%
_dws = np.array([[1.0], [3.0]])
_g = _dws.mean(axis=0)
print(f"slope {_g @ _g:.0f}, noise {((_dws - _g) ** 2).sum(axis=1).mean():.0f}: the noise scale is 1/4")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Write the two gradients on the board. Mean 2, squared 4; distances −1 and 1, mean square 1.

# %% [markdown] slideshow={"slide_type": "subslide"}
# **Your turn.** `per_example` has one row for each example: its gradient.


# %% tags=["exercise:14-noise-scale"]
def noise_scale(per_example):
    """tr Σ / |g|² of the gradients of all examples, (examples, n)."""
    ### BEGIN SOLUTION
    g = per_example.mean(axis=0)
    noise = ((per_example - g) ** 2).sum(axis=1).mean()
    return noise / (g @ g)
    ### END SOLUTION


# %%
check("14-noise-scale", noise_scale)

# %%
hints("14-noise-scale")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Your code in the picture

# %% [markdown] tags=["spoken"]
# **Try this.** Gradient descent at rate 0.1. Your `noise_scale` is asked at three of its steps.
#
# 1. Move `step`. On the right, where do slope and noise cross?
# 2. The noise scale grows along the run, for every `seed`. Which of the two parts falls faster?

# %%
NoiseAlongExplorer(yours=noise_scale)

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Late in training the slope is small, and the examples still disagree. So a batch may grow while training goes on.

# %% [markdown] slideshow={"slide_type": "slide"}
# ### What theory says, and what it leaves out
#
# McCandlish and others (2018) take one step on a parabola, with the best rate for its batch. If it bends alike in all
# directions, the step gains $1 / (1 + B_{\text{noise}}/B)$ of what one without noise gains. So a run should need
#
# $$\text{steps} = S\left(1 + \frac{C}{B}\right), \qquad \text{examples} = B \cdot \text{steps} = S\,(B + C)$$
#
# with a *critical batch size* $C$ near the noise scale. Below $C$ a larger batch saves steps for the same work. Above, it saves
# little and costs much. Tick $S(1 + C/B)$ in the first figure: the shape is right, with a $C$ of about 20. The noise scale is
# several times larger for most of the way, and grows. Shallue and others (2019) saw the same shape on many tasks, with a very
# different $C$.
# Theory leaves out that the curvature differs from axis to axis, that the place moves, and that rates were only tried in
# factors of two. The noise scale is an order of magnitude, at best.

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. The shape is a success, the number is not. Say both.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Without the gradients of single examples
#
# A large network never holds them. But it has gradients of batches, and their squared lengths at *two* sizes $b < B$ are two
# equations for two unknowns:
#
# $$|g|^2 \approx \frac{B\,|g_B|^2 - b\,|g_b|^2}{B - b} \qquad\qquad
# \operatorname{tr}\Sigma \approx \frac{|g_b|^2 - |g_B|^2}{1/b - 1/B}$$
#
# Both are right on average. Their quotient is not, so: **average first, then divide.**
#
# **Your turn.** `small` and `large` are squared lengths, many of each.


# %% tags=["exercise:14-noise-scale-from-two"]
def noise_scale_from_two(small, large, b, B):
    """tr Σ / |g|² from squared lengths of gradients: `small` on batches of b, `large` on batches of B."""
    ### BEGIN SOLUTION
    small, large = np.mean(small), np.mean(large)
    slope = (B * large - b * small) / (B - b)
    noise = (small - large) / (1 / b - 1 / B)
    return noise / slope
    ### END SOLUTION


# %%
check("14-noise-scale-from-two", noise_scale_from_two)

# %%
hints("14-noise-scale-from-two")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Where the two sizes come from in practice: eight machines have eight small batches and one large one.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Your code in the picture

# %% [markdown] tags=["spoken"]
# **Try this.** Each pair is a batch of 16 and one of 128. On the right, what single pairs say of $|g|^2$.
#
# 1. Move `pairs` from 1 to 4,000. How many does it take until the estimate is within a tenth?
# 2. At step 300 some pairs say that a squared length is negative. The mean of the ratios never settles.

# %%
TwoBatchesExplorer(yours=noise_scale_from_two)

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Dividing by what may be nearly zero: one bad pair ruins a thousand good ones.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Twice the batch, twice the rate?
#
# A rule of thumb: with a $k$ times larger batch, take a $k$ times larger rate (Goyal and others, 2017). The reason: $k$ small
# steps on small batches come to one large step on all of them, *as long as the gradient does not change on the way*. How
# far apart do they end, as a part of that large step?


# %%
for _rate in (0.01, 0.1):
    print(f"rate {_rate}:", *(f"{k} steps {noise_runs.scaling_gap(0, _rate, k):.0%} " for k in (2, 8, 16)))

# %% [markdown]
# At a small rate the rule is good, at a large one it is not. The best rates of the first figure grow more slowly than the
# batch: from 2 to 1,000 examples, 500 times, the best rate grows 8 times.

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. A rule with a condition. The condition is the sentence in italics.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Failure gallery: what a batch size cannot do

# %%
try:
    next(data.epoch_batches(1000, 1024, np.random.default_rng(0)))
except ValueError as _error:
    print("a batch larger than the data:", _error)


# %%
for _rate in (0.5, 4.0):
    _loss, _dead = noise_runs.dead_units(_rate)
    print(f"rate {_rate}: loss {_loss:.2f} after 300 steps; {_dead} of 16 hidden units get no gradient")

# %% [markdown]
# The second run is not infinite. It is dead: long steps have pushed each hidden unit below zero for every digit, ReLU gives
# no slope there, and no later step can bring it back. The loss stays at about $\ln 10 = 2.30$, that of guessing.

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. A run can be lost without a single NaN. Look at the loss of guessing before you look for a bug.

# %% [markdown] slideshow={"slide_type": "skip"}
# > **You may stop here.** You can measure noise, and price a batch. What is left: clipping, and averaging. When you come
# > back, run the cells above once more (*Run*, *Run All Above Selected Cell*), and go on with *Clipping*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Clipping
#
# A single gradient can be so long that its step throws the run far away. The remedy is older than Adam: if it is longer
# than a limit, shorten it to the limit.
#
# $$\text{clip}(dw) = dw \cdot \min\left(1, \frac{\texttt{limit}}{|dw|}\right)$$
#
# Its direction stays. **Your turn.**


# %% tags=["exercise:14-clip-by-norm"]
def clip_by_norm(dw, limit):
    """dw, shortened to the length `limit` if it is longer."""
    ### BEGIN SOLUTION
    length = np.linalg.norm(dw)
    return dw * (limit / length) if length > limit else dw
    ### END SOLUTION


# %%
check("14-clip-by-norm", clip_by_norm)

# %%
hints("14-clip-by-norm")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Ask what happens to a gradient of zero. A division by its length would be the end of the run.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Your code in the picture

# %% [markdown] tags=["spoken"]
# **Try this.** Right of the dotted line a wall rises; left of it the ground is nearly flat. The dashes are your own code, which
# always clips.
#
# 1. Not clipped, at rate 1, the first step lands at −26.85, far to the left.
# 2. Choose `its length`. No step goes further out than the start, and the run arrives in 31 steps in place of 51.
# 3. Choose `each entry`. How does the first step turn?
# 4. Not clipped, set `learning_rate` to 10. The run is thrown further than ever, and arrives in 2 steps: luck of a parabola.

# %%
CliffExplorer(yours=clip_by_norm)

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. On this wall nobody dies: behind it is a bowl. The next cell has a network that does die.

# %% [markdown] slideshow={"slide_type": "subslide"}
# A network whose start is too sharp ([lesson 13](13_edge_of_stability.ipynb) has it) is not thrown, but killed:


# %%
for _words, _rescue in (("not clipped", 0), ("clipped at 1", edge_runs.CLIPPED)):
    _losses = [edge_runs.hot_run(0, 0.3, _rescue, _steps) for _steps in (0, 10, 60)]
    print(f"{_words}: loss", *(f"{_loss:.3g}" for _loss in _losses), "after 0, 10, 60 steps")
try:
    noise.clip_by_norm(np.array([np.inf, 1.0]), 1.0)
except ValueError as _error:
    print("clipped too late:", _error)

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Clipping has to come before the overflow. A gradient that is infinite has no direction to keep.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What is lost

# %%
predict("14-clipped-mean")

# %% [markdown] tags=["spoken"] slideshow={"slide_type": "subslide"}
# **Try this.** Nine examples say "up, by 1", one says "down, by 19". Their mean is −1.
#
# 1. Lower `limit` from 25 to 1. When does the mean of the clipped change its sign?
# 2. At limit 1, look at the right picture: there the mean of each batch is clipped. The larger the batch, the nearer to −1.

# %%
ClippedMeanExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Clipping single examples asks each for its vote; the majority wins. Private training does exactly this, and pays.

# %% [markdown] slideshow={"slide_type": "subslide"}
# Clipping keeps the direction of *one* gradient. It does not keep the direction of a *mean*: rare, loud examples lose their
# weight. With one step a batch that is often wanted. Where each example is clipped by itself (training that must keep
# examples private does so), know what you pay.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Averaging
#
# Near a minimum, SGD jitters around it. Its last weights are one draw from the jitter. The mean of many is nearer. Two
# averages are usual: the mean of all weights so far (Polyak), and the fading mean of lesson 07, here with $d$ for `decay`:
#
# $$\bar w_0 = w_0, \qquad \bar w_t = d\,\bar w_{t-1} + (1-d)\,w_t$$
#
# It is computed beside the run. The run itself never sees it.

# %%
predict("14-averaged")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. The last sentence is the point: no gradient is ever taken at the average.

# %% [markdown] slideshow={"slide_type": "subslide"}
# **Your turn.** `points` has one row for each step, the start first. Give the average after each step.


# %% tags=["exercise:14-ema"]
def ema(points, decay):
    """The moving average of a run's points (steps, n), which begins at the first of them."""
    ### BEGIN SOLUTION
    means = np.array(points, dtype=float)
    for t in range(1, len(points)):
        means[t] = decay * means[t - 1] + (1 - decay) * points[t]
    return means
    ### END SOLUTION


# %%
check("14-ema", ema)

# %%
hints("14-ema")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Your code in the picture

# %% [markdown] tags=["spoken"]
# **Try this.** A bowl with curvature 1, and gradients with noise of deviation 1. The walk starts at 3.
#
# 1. Move `decay` from 0 to 0.99. The jitter of the average shrinks, and its memory of the start grows.
# 2. Choose `mean of all`. After 300 steps it still remembers the start.
# 3. Lower `learning_rate` instead, with decay 0. What does less jitter cost there?

# %%
NoisyBowlExplorer(yours=ema)

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Averaging buys the quiet of a small rate at the speed of a large one, as long as the start is forgotten.

# %% [markdown] slideshow={"slide_type": "subslide"}
# In this bowl the last weights have the variance $\alpha / (2 - \alpha)$: so large is their mean $w^2$, once the start is
# forgotten. The moving average leaves of it the part
#
# $$\frac{(1-d)(1+\varphi d)}{(1+d)(1-\varphi d)}, \qquad \varphi = 1 - \alpha$$
#
# At rate 0.1: 0.0526, and with decay 0.9 and 0.99 only 0.0264 and 0.0046. The mean of all loses noise as $1/t$, once the start
# is forgotten. Theory leaves out that the bowl of a network is neither round nor still: the average of a moving place lags.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## On real data

# %% [markdown] tags=["spoken"]
# **Try this.** The network of lesson 09, 300 steps, 20 seeds. Decay and rates were not tuned for these seeds.
#
# 1. With momentum, compare the average to the last weights and to a rate that comes down (*cosine*).
# 2. Look at the held-back loss. For how many seeds is the average still lower?
# 3. Choose `SGD, rate 1`. Now the cooled rate wins for most seeds: the rate was too hot, and an average cannot cool it.

# %%
AveragesExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Read the sentence below the figure aloud: which run, which loss, how many seeds. No more may be claimed.

# %% [markdown] slideshow={"slide_type": "subslide"}
# Say what was compared: one network, one constant rate for each run, a cosine that starts at *that same* rate. A cosine with a
# rate of its own may do better. Averaging is no proof against a wrong rate; it is nearly free, and it can be stopped at any
# step, where a cosine must know the last one in advance.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Conventions
#
# | question | here | elsewhere |
# |---|---|---|
# | $\Sigma$ | mean over all examples, divided by $N$ | a sample of the examples: divided by $N-1$ |
# | batches in the formula | with replacement | without: noise times $(N-B)/(N-1)$, none at $B = N$ |
# | clipped is | the whole gradient, all weights as one vector | by layer; by entry (torch's `clip_grad_value_`) |
# | at the limit | divided by $\lvert dw\rvert$ | torch 2.13.0's `clip_grad_norm_`: by $\lvert dw\rvert + 10^{-6}$, in place |
# | the moving average begins | at the first weights | at zero, with Adam's correction; or later in the run |
# | which weights are averaged | all | with batch normalisation its statistics are computed anew |
# | the runs | kept; `noise_runs.steps_to_target(0, 32, 0.5)` does one again | |

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Key points
#
# - A minibatch's gradient is slope plus noise; at the noise scale $\operatorname{tr}\Sigma/|g|^2$ both are equal.
# - Larger batches save steps up to a critical size. Beyond it they cost examples and save hardly any steps.
# - Two batch sizes measure the noise scale: average first, then divide.
# - Clipping keeps a step from throwing the run away. It keeps the direction of one gradient, not that of a mean.
# - Averaged weights have less jitter than the last ones. They do not cool a rate that is too hot.

# %%
quiz("14")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Then the quiz.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## References
#
# - S. McCandlish, J. Kaplan, D. Amodei, OpenAI Dota Team, *An Empirical Model of Large-Batch Training* (2018).
# - P. Goyal and others, *Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour* (2017): with a warm-up of the rate.
# - C. J. Shallue, J. Lee, J. Antognini, J. Sohl-Dickstein, R. Frostig, G. E. Dahl, *Measuring the Effects of Data Parallelism on
#   Neural Network Training* (2019).
# - R. Pascanu, T. Mikolov, Y. Bengio, *On the difficulty of training Recurrent Neural Networks* (2013): clipping.
# - M. Abadi and others, *Deep Learning with Differential Privacy* (2016): each example clipped.
# - B. T. Polyak, A. B. Juditsky, *Acceleration of Stochastic Approximation by Averaging* (1992).
#
# ## What next
#
# How long a gradient is, was one question. Another: what is a *step of length 1*, if weights are tables?
# [Lesson 15](15_other_norms.ipynb) answers it.
