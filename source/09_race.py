# %% [markdown] slideshow={"slide_type": "slide"}
# # 09 The race: choosing an optimizer
#
# Six algorithms, one network, real images. Which one is the best? By the end of this lesson you will not have a name to
# give. You will have something better: you can say what a comparison shows, what it hides, and how to make one that is fair.
# Then you build an optimizer of your own and it is put to the test.
#
# **After this lesson you can**
#
# - compare optimizers fairly: same tuning budget, same minibatches, several seeds, settings shown;
# - read a sensitivity curve, and choose a learning rate and a schedule from it;
# - say what every algorithm of the course keeps track of, and what that buys.
#
# **Questions to keep in mind**
#
# - How can a figure with honest numbers mislead you about two optimizers?
# - What does a learning rate of 0.001 mean, if you do not say for whom?
# - What can you see of a surface that has 1,210 dimensions?
#
# **You need** the algorithms of lessons [03](03_gradient_descent.ipynb) to [08](08_adam.ipynb).
# **Time:** about 90 minutes, in 3 parts.

# %% [markdown] slideshow={"slide_type": "notes"}
# 1 min. Warn them: they will not go home with a name.

# %% slideshow={"slide_type": "skip"}
import itertools

import numpy as np

from optcourse import audit, check, hints, predict, quiz, race
from optcourse.explorers.lesson_09 import (
    OWN,
    PRINCIPAL,
    RANDOM,
    RaceExplorer,
    ScheduleExplorer,
    SensitivityExplorer,
    SurfaceExplorer,
    shadow,
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The track
#
# The race is run on a small network with two layers: 64 pixels, 16 hidden units, 10 digits. It is small so that thousands of
# runs fit into a lesson. The images are real.

# %%
task = race.problem(seed=10)
print(f"weights and biases:       {task.model.num_parameters:,}")
print(f"digits to train on:       {race.NUM_TRAIN:,}")
print(f"digits held back:         {race.NUM_TEST}")
print(f"minibatch:                {race.BATCH_SIZE}")
print(
    f"gradient evaluations:     {race.NUM_STEPS}, which is {race.NUM_STEPS * race.BATCH_SIZE / race.NUM_TRAIN:.1f} epochs"
)
print(f"loss before any training: {task.model.value(task.start):.2f} (guessing gives {np.log(10):.2f})")

# %% [markdown]
# A **gradient evaluation** is one call of `compute_gradient` on one minibatch. It is the price of a step, whatever the
# algorithm then does with the gradient. A **seed** decides everything that is random: which digits are trained on, where
# the network starts, and the order of the minibatches.
#
# ## A picture before the rules
#
# The first race is run the way that many figures are made: everybody gets the same learning rate.

# %%
predict("09-same-rate")

# %%
RaceExplorer(rates="0.001 for all", show="all six (medians)")

# %% [markdown] tags=["spoken"]
# **Try this.** Predict first, then move, then look.
#
# 1. Set `learning rate` to *0.01 for all*, then *0.1 for all*, then *1 for all*. Who wins each time?
# 2. Is there an algorithm that never wins at any of the four?
# 3. On the right are digits that no gradient has seen. Is the order there the same?

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Same network, same data, same number of gradient evaluations. Vote: who wins with 0.001 for
# all?

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Go through the four rates: who wins depends on the number. *Ask:* which of these races would have stood in a
# paper?

# %% slideshow={"slide_type": "subslide"}
stored = race.load()
for rate in (0.001, 0.01, 0.1, 1.0):
    ends = {name: np.median(stored.curves(name, rate)[:, -1]) for name in race.OPTIMIZERS}
    order = sorted(ends, key=ends.get)
    print(f"learning_rate {rate:5}: " + "  <  ".join(f"{name} {ends[name]:.2f}" for name in order))

# %% [markdown] slideshow={"slide_type": "slide"}
# Four races, and the winner is whoever the number happened to suit. All these losses are true. None of them tells you which
# algorithm to choose.
#
# The reason is in the updates. SGD's step is `learning_rate * dw`: small where the gradient is small. Momentum's velocity
# sums up about ten gradients, so the same `learning_rate` takes it about ten times as far. RMSProp and Adam divide by the
# size of the gradient: each weight moves by about `learning_rate`, however small its gradient is. So the same number means
# three different things. How different? Commit before you see the tuned rates.

# %%
predict("09-ratio-of-rates")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Vote on the ratio of the rates. Then let the room say what was unfair before the next slide lists it.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What a fair race needs
#
# 1. **The same tuning budget.** Everybody tries the same number of settings on the same number of seeds.
# 2. **The same luck.** The same digits, the same start, the same minibatches in the same order. Then two algorithms can be
#    compared *seed by seed*: the race is **paired**.
# 3. **Several seeds**, with a band that shows how much they differ. One run may be luck.
# 4. **Fresh seeds for the race.** A setting that was chosen on some seeds is flattered by them.
# 5. **The settings are shown**, those that were tuned and those that were not.
# 6. **The cost is shown**, in gradient evaluations *and* in seconds.
#
# Here is what that means in this lesson:

# %%
print(f"learning rates tried by everybody: {len(race.RATES)}, from {race.RATES[0]:g} to {race.RATES[-1]:g}")
print(f"seeds for tuning: {race.TUNING_SEEDS}    seeds for the race: {race.RACE_SEEDS}")
print(f"trial runs for each algorithm: {len(race.RATES) * len(race.TUNING_SEEDS)}\n")
print("algorithm   best rate   left at the lecture's values")
for name in race.OPTIMIZERS:
    print(f"{name:9} {stored.best_rate(name):11g}   {race.SETTINGS[name]}")

# %% [markdown]
# The best rates lie inside the range that was tried. If one lay at the edge, the range would have to grow, for everybody.
#
# This is fair, but fairness has limits too. `rho`, `decay_rate`, `beta1` and `beta2` could have been tuned as well. With the
# same budget, there would have been fewer learning rates for those who have more to tune. Whoever has more knobs pays for
# them.

# %%
predict("09-tuned")

# %%
RaceExplorer()

# %% [markdown] tags=["spoken"]
# **Try this.**
#
# 1. Each curve is a median over seven seeds. The shaded bands go from quartile to quartile: a quarter of the seeds is above,
#    a quarter below. Which two bands overlap for most of the way?
# 2. Set `show` to all six. How far apart are the first and the last now, compared with the race at 0.001?
# 3. Look at the right side: who does best on digits that were held back? Is it who has the lowest training loss?
# 4. Switch the `x axis` to seconds. Does the order change?

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Same tuning budget, several seeds, medians. Let the room add what is missing before you show
# the list.

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. The tuned race. Show all six. *Ask* how far apart first and last are now, compared with
# before.

# %% slideshow={"slide_type": "subslide"}
print("algorithm   training loss   held-back loss   held-back digits read right")
for name in race.OPTIMIZERS:
    rate = stored.best_rate(name)
    train = np.median(stored.curves(name, rate)[:, -1])
    test = np.median(stored.test_losses(name, rate))
    print(f"{name:9} {train:15.3f} {test:16.3f} {np.median(stored.accuracies(name, rate)):20.1%}")

# %% [markdown]
# Nesterov is ahead here, and it is *not* the newest algorithm of the course. Adam has a lower training loss than SGD and a
# higher loss on the held-back digits. Are these properties of the algorithms, or the luck of a few seeds?
#
# ### Seed by seed
#
# The bands of AdaGrad and RMSProp overlap at every point of the race. That seems to say that the two cannot be told apart.
# But a band mixes two things: how the algorithms differ, and how the *seeds* differ, and a hard seed is hard for both. The
# race is paired, so take the difference on each seed:

# %%
print("last training loss on each seed")
for name, other in (("RMSProp", "AdaGrad"), ("Nesterov", "Momentum"), ("Adam", "SGD")):
    one, two = (stored.curves(each, stored.best_rate(each))[:, -1] for each in (name, other))
    print(f"{name:8}", *(f"{loss:6.3f}" for loss in one))
    print(
        f"{other:8}",
        *(f"{loss:6.3f}" for loss in two),
        f"   {name} is lower on {(one < two).sum()} of {len(one)}",
    )

# %% [markdown] slideshow={"slide_type": "subslide"}
# RMSProp ends lower than AdaGrad on all seven seeds, although their bands overlap all the way. If the two were equally good,
# each seed would be a toss of a coin, and all seven would fall on the same side only once in 64 tosses of seven. This is a
# **sign test**. Adam against SGD is another matter: four to three is what coins do.
#
# ### And if other seeds had done the tuning?
#
# The learning rates were chosen on three seeds. There are 120 ways to choose three of our ten seeds. Do all of them: tune on
# three, race on the seven others.

# %%


def race_after(tuning_seeds):
    """Every algorithm tuned on three seeds: its rate, and its last losses on the seven others, training and held back."""
    others = [seed for seed in race.SEEDS if seed not in tuning_seeds]
    results = {}
    for name in race.OPTIMIZERS:
        rate = stored.best_rate(name, seeds=tuning_seeds)
        results[name] = (
            rate,
            stored.curves(name, rate, seeds=others)[:, -1],
            stored.test_losses(name, rate, seeds=others),
        )
    return results


races = [race_after(tuning_seeds) for tuning_seeds in itertools.combinations(race.SEEDS, 3)]
for name in race.OPTIMIZERS:
    rates = [results[name][0] for results in races]
    first = sum(name == min(results, key=lambda other: np.median(results[other][1])) for results in races)
    chosen = ", ".join(f"{rate:g} in {rates.count(rate)}" for rate in sorted(set(rates)))
    print(f"{name:9} first in {first:3d} of {len(races)}   best rate: {chosen}")

print("\nLower on all seven other seeds, in at least nine of ten choices of the tuning seeds:")
for name, other in itertools.permutations(race.OPTIMIZERS, 2):
    for words, column in (("training loss", 1), ("held-back loss", 2)):
        wins = np.mean([(results[name][column] < results[other][column]).all() for results in races])
        if wins >= 0.9:
            print(f"  {name} before {other}, {words} ({wins:.0%})")
worse = sum(np.median(results["Adam"][2]) > np.median(results["SGD"][2]) for results in races)
print(f"\nAdam's median held-back loss above SGD's: in {worse} of {len(races)}")

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Bands mix the seeds' luck with the algorithms' difference; pairs do not. Then the table: only the pairs in it may be
# said.

# %% [markdown] slideshow={"slide_type": "subslide"}
# Read it as a referee would. "Nesterov is first" holds in 94 of the 120 choices: likely, but it is the luck of the draw in
# every fifth one. "Adam does worse than SGD on held-back digits" holds in 78 of 120. Look closer: our tuning seeds chose
# 0.0464 for Adam, and in all 30 choices that lead there it holds. The other 90 choose 0.0215, and among them it holds in 48,
# as a coin would. And on every one of the ten seeds 0.0215 has the lower held-back loss of the two. So the table above
# showed what 0.0464 does, not what Adam does. What you *may* say of this network stands in the list of pairs. It is shorter
# than what the first figure seemed to say, and it will still be true tomorrow.
#
# How soon is it good enough? Ask for the number of steps to a loss of 0.3:

# %%
for name in race.OPTIMIZERS:
    reached = stored.curves(name, stored.best_rate(name)) <= 0.3
    steps = [int(row.argmax()) * race.EVERY if row.any() else None for row in reached]
    print(f"{name:9} steps to 0.3 on each seed: {steps}")

# %% [markdown]
# AdaGrad and RMSProp do not get there on two of the seven seeds. A median of losses hides that; this list does not.
#
# ### Evaluations and seconds
#
# Adam does more arithmetic than SGD in each step. Does it matter? Your own machine says:

# %%
seconds = race.seconds_per_step()
for name, one in seconds.items():
    print(f"{name:9} {1e6 * one:6.0f} microseconds a step, {one / seconds['SGD']:.2f} times SGD's")

# %% [markdown]
# The gradient costs everybody the same. The larger the network and the minibatch, the larger its share of a step. So
# gradient evaluations are the fairer axis between machines, and seconds are what you wait. Show both.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Your turn: a fair sweep
#
# Tuning is a loop as well, and it can be done wrong in many ways. Write `fair_sweep`. You are given `train`: call it as
# `train(learning_rate, seed)`, and it trains once and returns the final loss. A run that was lost returns NaN ("not a
# number").
#
# - Run every learning rate with every seed, exactly once.
# - A NaN counts as worse than any number: as `np.inf`.
# - Return two things: the learning rate with the lowest **median** over the seeds, and an array of all the medians.


# %% tags=["exercise:09-fair-sweep"]
def fair_sweep(train, learning_rates, seeds):
    """Run every learning rate with every seed; return (best learning rate, medians)."""
    ### BEGIN SOLUTION
    medians = []
    for learning_rate in learning_rates:
        losses = np.array([train(learning_rate, seed) for seed in seeds])
        losses[np.isnan(losses)] = np.inf
        medians.append(np.median(losses))
    return learning_rates[np.argmin(medians)], np.array(medians)
    ### END SOLUTION


# %%
check("09-fair-sweep", fair_sweep)

# %%
hints("09-fair-sweep")

# %% [markdown]
# Here it is on the real network. Each number is the median of three runs of Momentum. Nothing is stored: they are trained now.


# %%
def train_momentum(learning_rate, seed):
    return race.losses_of(race.run("Momentum", learning_rate, seed)[-1:], seed)[0]


# Names that begin with _ are the lesson's own: they overwrite none of yours.
_result = fair_sweep(train_momentum, [0.01, 0.1, 1.0], list(race.TUNING_SEEDS))
if _result is None:
    print("fair_sweep is still blank: it returned nothing.")
else:
    print("best learning rate and medians:", _result)

# %% [markdown]
# Why the median and not the mean? One lost run has an infinite loss, and then the mean is infinite too, however good the
# others were. And why not the best seed? With enough seeds, every learning rate is lucky once.

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Tuning is a loop too. Median, not mean: one lost run has an infinite loss.

# %% [markdown] slideshow={"slide_type": "skip"}
# > **You may stop here.** You know what makes a comparison fair, and what may be said after one. What is left
# > is the learning rate itself, schedules, and an optimizer of your own. When you come back, run the cells
# > above once more (*Run*, *Run All Above Selected Cell*), and go on with *Sensitivity: how exactly must you
# > tune?*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Sensitivity: how exactly must you tune?
#
# A best learning rate is one number. Just as important is what happens beside it. Draw the final loss for every learning
# rate, and each algorithm makes a valley. A *wide* valley forgives a bad guess.

# %%
SensitivityExplorer()

# %% [markdown] tags=["spoken"]
# **Try this.**
#
# 1. Which of the three valleys lies farthest to the left? Which algorithm's learning rates are the largest?
# 2. Move `learning_rate` through Adam's valley and out on its right side. What do the runs on the right look like there?
# 3. Is the wall on the left or the wall on the right steeper? On which side would you rather be wrong?
# 4. Tick the tuning seeds. Which rate would you choose for Adam now, and which before?

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Walk through a valley and out on its right side. On which side would you rather be wrong?

# %% slideshow={"slide_type": "subslide"}
print("algorithm   best in the race   within twice of it")
for _name in race.OPTIMIZERS:
    _medians = np.median(stored.finals(_name), axis=1)
    _good = [rate for rate, loss in zip(race.RATES, _medians, strict=True) if loss < 2 * _medians.min()]
    print(f"{_name:9} {race.RATES[_medians.argmin()]:14g}          from {_good[0]:g} to {_good[-1]:g}")

# %% [markdown]
# Learning rates belong on a *logarithmic* scale: what matters is the factor between them. A good search begins with a
# factor of ten, finds the valley, and refines there. And the wall on the right is the dangerous one. With a learning rate ten
# times too large, three of the six end at 2.3 or above, where guessing is. They have learned nothing; AdaGrad and Adam
# end at 1.8 to 1.9, and only RMSProp below 1. With one ten times too small, all six are below 1.4 and on their way down.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Schedules: let the learning rate change
#
# Early in a run, long steps make fast progress. Late in a run, the noise of the minibatches keeps the walker from settling,
# and short steps help. A **schedule** gives each step $t$ its own factor: the learning rate used is
# $\alpha \cdot \text{factor}(t)$. Here $\alpha$ is `learning_rate`, and the factor usually lies between 0 and 1.
#
# - **constant**: the factor is 1. The lecture's loops.
# - **step**: multiply by 0.3 after each third of the run.
# - **cosine**: half a cosine wave, $\tfrac12\,(1 + \cos(\pi\, t / T))$, from 1 down to 0. $T$ is the number of steps.
# - **warm-up**: a line from nearly 0 up to 1 over the first steps. The start is the most dangerous place of a run: the
#   gradients are large and the moments still know nothing.

# %%
ScheduleExplorer()

# %% [markdown] tags=["spoken"]
# **Try this.**
#
# 1. Which schedule helps Adam most? What learning rate does it allow, compared with the constant one?
# 2. Set `learning_rate` to 0.01 for Adam. Which schedule is best now? (The others make every step shorter still.)
# 3. Go through the six algorithms. Is there one that a schedule does not help?

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Ask which algorithm a schedule helps most, then go through them.

# %% [markdown] slideshow={"slide_type": "subslide"}
# So the answer to "does a schedule help?" depends on the learning rate. A schedule has to be tuned *with* it. Compare one
# schedule with another only when each has had its own sweep. In the race above, the stored runs did that.


# %%
def tuned_losses(schedule):
    for name in race.OPTIMIZERS:
        rate = stored.best_rate(name, schedule)
        yield name, np.median(stored.curves(name, rate, schedule)[:, -1])


for _schedule in race.SCHEDULES:
    print(f"{_schedule:17}" + "   ".join(f"{name} {loss:.3f}" for name, loss in tuned_losses(_schedule)))

# %% [markdown] slideshow={"slide_type": "subslide"}
# Read the columns. With a constant learning rate, Nesterov is first. With warm-up and cosine, Adam is (and that holds for
# all 120 choices of the tuning seeds). The schedule decided the race as much as the algorithm did.
#
# ### Your turn: warm up, then cool down
#
# Write `warm_up_cosine`. It returns the factor at step `t` = 0, 1, 2, …
#
# - While `t` is below `num_warm_up`: a line that is `1/num_warm_up` at `t = 0` and 1 at `t = num_warm_up - 1`.
# - From then on: half a cosine wave over the steps that are left. It is 1 at `t = num_warm_up`, and it would be 0 at
#   `t = num_steps`.


# %% tags=["exercise:09-warm-up-cosine"]
def warm_up_cosine(t, num_steps, num_warm_up):
    """The factor on the learning rate at step t."""
    ### BEGIN SOLUTION
    if t < num_warm_up:
        return (t + 1) / num_warm_up
    progress = (t - num_warm_up) / (num_steps - num_warm_up)
    return 0.5 * (1 + np.cos(np.pi * progress))
    ### END SOLUTION


# %%
check("09-warm-up-cosine", warm_up_cosine)

# %%
hints("09-warm-up-cosine")

# %% [markdown]
# Your schedule in the picture: on the left, the orange diamonds are your function.

# %%
ScheduleExplorer(yours=warm_up_cosine, optimizer="SGD")

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The surface of the real network (deeper)
#
# In the lessons before, you saw the path on a landscape with two parameters. The network has 1,210. You cannot look at that
# surface, but you can cut it: choose a point and two directions, and draw the loss on the plane that they span. Which
# directions? That decides what you see.
#
# - **Principal directions**: the two in which the runs moved most. The plane is made for the paths, so it shows them well.
# - **Random directions**, *filter-normalised*: the weights into each unit are scaled to the length that they have in the
#   network. It shows how sharp the surface is around a point, in directions that nobody chose.
#
# A path is drawn by its **shadow**: the nearest point of the plane. The real point lies beside the plane, in the 1,208
# directions that are not drawn, and its loss is another one.

# %%
SurfaceExplorer()

# %% [markdown] tags=["spoken"]
# **Try this.**
#
# 1. Press *Play*. All six begin at the same square. Do they end in the same place?
# 2. Compare the two curves on the right. At the start, by how much is the loss at the shadow lower than the real one?
# 3. Go through the algorithms. Which one's movement does this plane hold least of?
# 4. Choose *principal directions of this run*. How much of the movement does it hold now?
# 5. Choose *random*. Where is the path? Read the share of the movement that this plane holds.

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. 1,210 dimensions, two on the screen. Choose *random*: the path is hardly more than a dot.
# Distrust pretty surfaces.

# %% slideshow={"slide_type": "subslide"}
for _plane in (PRINCIPAL, OWN, RANDOM):
    _held, _real, _on_plane = shadow(_plane, "SGD", 0)
    print(
        f"{_plane:32} holds {_held:6.2%} of SGD's movement; loss at the start {_real[0]:.2f}, shadow {_on_plane[0]:.2f}"
    )

# %% [markdown]
# A random plane holds one or two per cent of the movement at most, so the path is hardly more than a dot, although the run
# went far. This picture is honest about the surface around the end, and useless for the path. The principal plane is the
# other way round.
# When you meet a figure of a loss surface, ask which plane it is, and how much of the path lies in it.
#
# Notice also where the six runs end: at six different places, and every one of them is good. The network's surface has no
# single lowest point. You can rename its hidden units in any order and get the same network with other weights.

# %% [markdown] slideshow={"slide_type": "skip"}
# > **You may stop here.** You can choose a learning rate and a schedule, and you distrust pretty surfaces.
# > What is left is the whole course in one table, and an optimizer of your own. When you come back, run the
# > cells above once more (*Run*, *Run All Above Selected Cell*), and go on with *The whole course in one
# > table*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The whole course in one table
#
# The lecture ends with a table: what does each algorithm keep track of? You have written all five, so you can fill it in.
#
# | | first moments | second moments | *leaky* second moments | bias correction |
# |---|---|---|---|---|
# | SGD | ? | ? | ? | ? |
# | Momentum | ? | ? | ? | ? |
# | AdaGrad | ? | ? | ? | ? |
# | RMSProp | ? | ? | ? | ? |
# | Adam | ? | ? | ? | ? |
#
# A **first moment** gathers gradients, a **second moment** gathers their squares, entry by entry. **Leaky** means that what
# was gathered fades; a leaky second moment is a second moment too, so it gets a tick in both columns. Write each row as a list
# of four times `True` or `False`, in the order of the columns.

# %% tags=["exercise:09-comparison-table"]
sgd_tracks = ...
momentum_tracks = ...
adagrad_tracks = ...
rmsprop_tracks = ...
adam_tracks = ...
### BEGIN SOLUTION
sgd_tracks = [False, False, False, False]
momentum_tracks = [True, False, False, False]
adagrad_tracks = [False, True, False, False]
rmsprop_tracks = [False, True, True, False]
adam_tracks = [True, True, True, True]
### END SOLUTION

# %%
check("09-comparison-table", sgd_tracks, momentum_tracks, adagrad_tracks, rmsprop_tracks, adam_tracks)

# %%
hints("09-comparison-table")

# %% [markdown]
# What each column buys:
#
# - *First moments* average the noise away and carry the walker along flat valleys ([lesson 05](05_momentum.ipynb)).
# - *Second moments* give every weight a learning rate of its own ([lesson 06](06_adagrad.ipynb)).
# - *The leak* lets the walker go on when the sum would have stopped it ([lesson 07](07_rmsprop.ipynb)).
# - *Bias correction* makes the first steps as long as the later ones ([lesson 08](08_adam.ipynb)).

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Empty table on the board first. The room fills it: who remembers what?

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Your own implementations in the race
#
# Copy your functions from the earlier lessons into a cell here, run it, and put their names in the place of the dots. Each is
# run with the tuned learning rate on the first seed of the race. Its hyperparameters are found by name. What is still `...`
# is left out. The thin grey line is the course's run on the same seed: if your loop is right, your diamonds lie on it.

# %%
mine = {
    "SGD": ...,  # your gradient_descent of lesson 03
    "Momentum": ...,  # your momentum of lesson 05
    "Nesterov": ...,  # your nesterov of lesson 05
    "AdaGrad": ...,  # your adagrad of lesson 06
    "RMSProp": ...,  # your rmsprop of lesson 07
    "Adam": ...,  # your adam of lesson 08
}
RaceExplorer(yours=mine, show="all six (medians)")

# %% [markdown] slideshow={"slide_type": "notes"}
# 1 min. For a class that works with the notebooks: their own six functions run.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Capstone: an optimizer of your own
#
# Now everything together. Write `my_optimizer`. It is given
#
# - `compute_gradient`: call it as `compute_gradient(w)`. **Each call takes the next minibatch** of 32 digits, and counts;
# - `w`: the start, an array of 1,210 numbers, to be left as it is;
# - `num_evaluations`: how many calls you have. It is 200.
#
# Return a `w` whose loss on 500 held-back digits is at most **0.4**. There is no learning rate among the arguments: choose
# it, and everything else, yourself. Any algorithm of the course will do, or a mixture, or one that has no name yet.
#
# The check tries seeds that you have not seen: other digits, other starts, other minibatches. When a lecturer grades it, the
# seeds are others again. So do not tune until one seed works. Leave a margin.


# %% tags=["exercise:09-capstone"]
def my_optimizer(compute_gradient, w, num_evaluations):
    """Train with at most num_evaluations gradients; return the weights."""
    ### BEGIN SOLUTION
    w = np.array(w, dtype=float)
    for t in range(num_evaluations):
        learning_rate = 0.4 * min(1.0, 2 - 2 * t / num_evaluations)
        w -= learning_rate * compute_gradient(w)
    return w
    ### END SOLUTION


# %% [markdown]
# Your test bench: the held-back loss on seeds of your choice. Use it as often as you like before the check.


# %%
def try_on_seeds(optimizer, seeds, num_evaluations=200):
    for seed in seeds:
        task = race.problem(seed)
        batches = itertools.cycle(task.batches)
        w = optimizer(lambda w: task.model.gradient(w, next(batches)), np.array(task.start), num_evaluations)  # noqa: B023
        if w is None:
            print("my_optimizer is still blank: it returned nothing.")
            return
        print(f"seed {seed}: held-back loss {task.test.value(w):.3f}, {task.test.accuracy(w):.1%} read right")


try_on_seeds(my_optimizer, seeds=[20, 21, 22, 23, 24])

# %%
check("09-capstone", my_optimizer)

# %%
hints("09-capstone")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. The task for home. Show the bench, not a solution.

# %% [markdown] slideshow={"slide_type": "subslide"}
# And your optimizer in the race, this time with 300 evaluations, on the race's first seed:

# %%
RaceExplorer(yours=my_optimizer, show="SGD, Nesterov, Adam")

# %% [markdown] slideshow={"slide_type": "skip"}
# ### Deeper: may you say that yours is better?
#
# One lucky seed proves nothing. Neither does a rival that nobody has tuned. `audit` gives an optimizer of yours the whole
# trial of this lesson. Everybody is tuned on the same learning rates and the same seeds. Then all race on other seeds, pair
# by pair. Below the table it says what may be claimed, and what may not.
#
# It takes a function with a learning rate. Each call of `compute_gradient(w)` takes the next minibatch, and there are
# `num_steps` of them. Here it judges Nesterov's momentum with a rate that falls in a line to 0. Put an idea of your own in its
# place. Without `trials` and `seeds` it tries 16 rates and races on 20 seeds. You can stop it at any time: the runs that are
# done are kept, and `.go_on()` does the rest.


# %% slideshow={"slide_type": "skip"}
def _falling_nesterov(compute_gradient, w, learning_rate, num_steps):
    velocity = np.zeros_like(w)
    for _t in range(num_steps):
        dw = compute_gradient(w)
        velocity = 0.9 * velocity + dw
        w = w - learning_rate * (1 - _t / num_steps) * (dw + 0.9 * velocity)
    return w


audit(_falling_nesterov, trials=8, seeds=range(10, 20))

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Conventions
#
# | question | here | elsewhere |
# |---|---|---|
# | what is counted | gradient evaluations of a minibatch | steps, epochs, examples, seconds: read the axis |
# | when the schedule moves on | after each step: step $t$ has factor($t$), $t$ = 0, 1, … | after each epoch, in many scripts |
# | first factor of a warm-up | 1/`num_warm_up`, so the first step moves | 0 in some libraries: the first step does nothing |
# | end of the cosine | would be 0 at `num_steps`; the last step is just above | some reach 0 at the last step |
# | cosine in PyTorch | `schedules.cosine(T)` | `CosineAnnealingLR(T_max=T)`: the same numbers |
# | what a band is | quartiles over seeds | one standard deviation, or the standard error of the mean, which is smaller |
# | who is called tuned | the lowest median loss on seeds that do not race | the best of all runs, on the seeds that are shown |
#
# The course's tests hold the schedule of this lesson equal to PyTorch's.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## So which one?
#
# There is no best optimizer for all problems, but there is good advice.
#
# - **A new problem, little time:** Adam or AdamW at 0.001, then a sweep by factors of three around it. Second moments make
#   the first guess less important.
# - **Time to tune:** Momentum or Nesterov with a schedule is often as good, and sometimes better on held-back data.
# - **Rare features:** AdaGrad and its children, because rare weights keep a large learning rate.
# - **Always:** tune the learning rate first, on a logarithmic grid. Then the schedule. Then the rest, if you must.
# - **When somebody shows you a race:** ask for the tuning budget, the seeds and the settings.
#
# ## Key points
#
# - The same learning rate for everybody is not fair: it means another step length for each.
# - Fair by construction: equal tuning budget, same minibatches, several seeds, fresh seeds for the race, settings and costs
#   shown.
# - Where the luck is the same for all, compare seed by seed. Bands that overlap prove nothing. Say only what holds for other
#   tuning seeds too.
# - A sensitivity curve tells more than a best value. Its right wall is steep.
# - Schedules must be tuned together with the learning rate; warm-up allows larger ones.
# - A picture of a loss surface shows one plane. Ask how much of the path lies in it.
# - SGD keeps nothing, Momentum a first moment, AdaGrad a second one, RMSProp a leaky one, Adam both, and corrects their bias.

# %%
quiz("09")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Good advice instead of a winner. End with the quiz.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## References
#
# - D. Choi et al., *On Empirical Comparisons of Optimizers for Deep Learning* (2019): the ranking changes with the tuning.
# - R. Schmidt, F. Schneider, P. Hennig, *Descending through a Crowded Valley* (ICML 2021): fifteen optimizers, eight problems,
#   no clear winner.
# - H. Li et al., *Visualizing the Loss Landscape of Neural Nets* (NeurIPS 2018): filter-normalised and principal directions.
# - I. Loshchilov, F. Hutter, *SGDR: Stochastic Gradient Descent with Warm Restarts* (2017): the cosine schedule.
# - P. Goyal et al., *Accurate, Large Minibatch SGD* (2017): warm-up.
# - Michigan EECS 498-007, lecture 4: the table.
#
# ## What next
#
# This was the last lesson of part one. You have written every algorithm from the slope under your feet to Adam, and you know
# how to find out which one to use. Your capstone's score is in `optcourse progress`. Part two goes on after Adam:
# [11 Curvature](11_curvature.ipynb) asks what the second derivative buys. If you want to look something up:
# [03 Gradient descent](03_gradient_descent.ipynb) for the condition number, [05 Momentum](05_momentum.ipynb) for what a
# velocity does, [08 Adam](08_adam.ipynb) for the bias correction.
