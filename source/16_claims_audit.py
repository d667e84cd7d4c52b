# %% [markdown] slideshow={"slide_type": "slide"}
# # 16 The claims audit: race II
#
# "Our optimizer beats Adam." [Lesson 09](09_race.ipynb) made one race fair. Here you take claims of papers, and the course's
# own, and ask of each: does it hold here, does it fail here, or can it not be told?
#
# **After this lesson you can**
#
# - say what a claim leaves open: tuned on what, how much, judged by what, on how many seeds;
# - compute how often chance alone would give such a result;
# - audit a race that somebody else ran, and an optimizer of your own.
#
# **Questions to keep in mind**
#
# - Can the same runs prove that X is better and that X is worse?
# - How many seeds are enough?
# - What does a claim on a large network say about a small one?
#
# **You need** [lesson 09](09_race.ipynb) (a fair race). **Time:** about 60 minutes, in 2 parts.

# %% [markdown] slideshow={"slide_type": "notes"}
# 1 min. Ask the room for the last "X beats Adam" that they read. Write it on the board; it is audited at the end.

# %% slideshow={"slide_type": "skip"}
import math

import numpy as np

from optcourse import audit, check, hints, predict, quiz, race_two
from optcourse.explorers.lesson_16 import (
    BudgetExplorer,
    ClaimExplorer,
    CriterionExplorer,
    PairsExplorer,
    PodiumExplorer,
    TargetExplorer,
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A picture before a formula
#
# The track is that of lesson 09: a network of 1,210 weights, real digits, minibatches of 32, 300 steps of one gradient each. The
# field has grown: ten optimizers, each tried with 16 learning rates and three schedules, so 48 settings; all else (momentum,
# decay) is as their authors begin. Three seeds tune, twenty others race.

# %%
predict("16-held-back")

# %%
predict("16-tuned-on-held-back")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Two predictions. Make them say a number of seeds aloud before the picture.

# %% [markdown] tags=["spoken"] slideshow={"slide_type": "subslide"}
# **Try this.** Each row is an optimizer; a small dot is a seed, the large one their median.
#
# 1. Look at Muon on both sides. It is first by training loss, and not among the first three by held-back loss.
# 2. Set `tuned on` to *held-back*. No run has changed, only the choice among them. Who is first on the right now?

# %%
PodiumExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. The same runs, another podium. *Ask:* which of these pictures would have stood in the paper?

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The idea, in words
#
# > **"X beats Y" is half a sentence. The other half says: judged by what, tuned on what, with which budget, on which seeds, of
# > which problem.**
#
# A different second half can turn the first half round, with the very same runs.
#
# ## The formula
#
# Let $\ell_{s,j}$ be the loss of setting $s$ on tuning seed $j$. Tuning chooses the setting with the lowest median:
#
# $$s^\star = \arg\min_s \; \operatorname{median}_j \; \ell_{s,j}$$
#
# There are two $\ell$ to choose by: the loss on the training digits, and the loss on digits held back. The name for what you
# choose by is the **criterion**.

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Four blanks in every claim. Write them on the board, and fill them in for the first claim of the day.

# %% [markdown] slideshow={"slide_type": "subslide"}
# **Your turn.** Write the choice. `tuning` holds two tables, `tuning["training"]` and `tuning["held-back"]`, each with a row
# for each setting and a column for each tuning seed.


# %% tags=["exercise:16-choose"]
def choose(tuning, criterion):
    """The row with the lowest median over the seeds, in the table that the criterion names."""
    ### BEGIN SOLUTION
    return np.argmin(np.median(tuning[criterion], axis=1))
    ### END SOLUTION


# %%
check("16-choose", choose)

# %%
hints("16-choose")

# %% [markdown] tags=["spoken"] slideshow={"slide_type": "subslide"}
# **Try this.** On the left all 48 settings of one optimizer; the ring is chosen by training loss, the square by held-back loss.
#
# 1. Muon's ring lies to the left of its square, and above it. For which of the others does the criterion matter?

# %%
CriterionExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. The lowest training loss and the lowest held-back loss are two settings. A paper has to say which one it took.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Is it chance?
#
# The race is paired: on each seed both have the same digits, start and minibatches. If two optimizers were equally good, each
# seed would be a fair coin. Of $n$ coins, how often do the fewer sides come up $k$ times or less? Both ways round, that is the
# $p$ of the **sign test**:
#
# $$p = 2 \sum_{i=0}^{k} \binom{n}{i} \, 2^{-n} \qquad (\text{at most } 1)$$
#
# Equal pairs say nothing: they are dropped. By custom something is shown where $p < 0.05$. By hand, for five wins of five:

# %%
print(f"5 of 5: 2 · 1/32 = {2 / 2**5}")

# %%
predict("16-how-many-seeds")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Five seeds, all won, and nothing is shown. Let that sink in. *Ask:* how many had the paper on the board?

# %% [markdown] slideshow={"slide_type": "subslide"}
# **Your turn.** `a` and `b` are arrays with a loss for each seed; `math.comb(n, i)` counts.


# %% tags=["exercise:16-sign-test"]
def sign_test(a, b):
    """How often fair coins fall as unevenly as a < b against a > b: the two-sided p."""
    ### BEGIN SOLUTION
    lower, higher = int(np.sum(a < b)), int(np.sum(a > b))
    n, k = lower + higher, min(lower, higher)
    return min(1.0, 2 * sum(math.comb(n, i) for i in range(k + 1)) / 2**n)
    ### END SOLUTION


# %%
check("16-sign-test", sign_test)

# %%
hints("16-sign-test")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Your code in the picture

# %% [markdown] tags=["spoken"]
# **Try this.** On the left the pairs, on the right what fair coins do. Your own p stands above it.
#
# 1. Muon is ahead on 8 of 20. Set `loss` to *training*: now it wins them all.
# 2. Lower `seeds` to 5. It still wins them all. What does p say?

# %%
PairsExplorer(yours=sign_test)

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Do the third by voting first. p says that it is no chance; it does not say that it is much.

# %% [markdown]
# Why pairs? The difference of Adam's and Nesterov's held-back losses (their logarithms) scatters by 0.18 from seed to seed. If
# their seeds were not the same it would be 0.37: a hard seed is hard for both, and the pair takes it out. But all seeds draw
# from the same 1,797 digits: p speaks of other seeds, not of other data.

# %% [markdown] slideshow={"slide_type": "skip"}
# > **You may stop here.** You can choose by a criterion, and say whether chance explains a result. What is left: targets,
# > budgets, eight claims, and an audit of your own. When you come back, run the cells above once more (*Run*, *Run All Above
# > Selected Cell*), and go on with *Who is there first?*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Who is there first?
#
# Many comparisons ask something else: the number of steps to a **target**, a loss that is good enough.

# %%
predict("16-sprint")

# %% [markdown]
# **Your turn.** `curves` has a row for each seed: the losses on the way. Return for each row the first place with a loss
# at or below the target, and −1 where there is none. A curve may rise again.


# %% tags=["exercise:16-steps-to-target"]
def steps_to_target(curves, target):
    """For each row the first index with a loss <= target; -1: never."""
    ### BEGIN SOLUTION
    reached = curves <= target
    return np.where(reached.any(axis=1), reached.argmax(axis=1), -1)
    ### END SOLUTION


# %%
check("16-steps-to-target", steps_to_target)

# %%
hints("16-steps-to-target")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Your code in the picture

# %% [markdown] tags=["spoken"]
# **Try this.** All are tuned on training loss. On the right the crosses are your own `steps_to_target`.
#
# 1. At a target of 0.3 Schedule-Free is there first. Lower `target` to 0.05, then to 0.01. Who never comes there?

# %%
TargetExplorer(yours=steps_to_target)

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. The target decides. A mean over those who arrived leaves out those who never did.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What does tuning cost?
#
# A paper shows the best of 48 settings. You will try four. What can you expect? Draw $k$ of $n$ settings, without putting any
# back, and keep the best. The $i$-th lowest ($i = 0, 1, \dots$) is the best if it is drawn and the $k-1$ others are
# among the $n-1-i$ above it:
#
# $$\text{expected best of } k \;=\; \sum_{i=0}^{n-1} \frac{\binom{n-1-i}{k-1}}{\binom{n}{k}} \; \ell_{(i)}$$
#
# By hand: losses 1, 2, 6 and $k = 2$. The three pairs have the lowest 1, 1, 2: on average 4/3.

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Do the three pairs on the board. Then: what is it for k = 1, and for k = n?

# %% [markdown]
# **Your turn.**


# %% tags=["exercise:16-expected-best"]
def expected_best(values, k):
    """The mean of the lowest of k values, over all ways to draw k of them."""
    ### BEGIN SOLUTION
    ordered, n = np.sort(values), len(values)
    chances = [math.comb(n - 1 - i, k - 1) / math.comb(n, k) for i in range(n)]
    return np.dot(chances, ordered)
    ### END SOLUTION


# %%
check("16-expected-best", expected_best)

# %%
hints("16-expected-best")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Your code in the picture

# %% [markdown] tags=["spoken"]
# **Try this.** The diamonds are your own `expected_best`.
#
# 1. With 4 settings tried, Muon is the last of the four. And with 16? And by `loss` *training*, with 4?

# %%
BudgetExplorer(yours=expected_best)

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. The best of 48 and the best of four have other names. Ask what budget the students themselves have.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Eight claims
#
# Two are the course's own, six from papers. Each is put as one comparison that our track can make, with its blanks filled in.
# **The rule:** a claim *holds here* if the sign test shows it (p < 0.05) in at least nine of ten choices of the tuning seeds,
# any three of eight. It *fails here* if the opposite is shown as often. Otherwise it *cannot be told*.

# %% [markdown] tags=["spoken"]
# **Try this.** On the left each seed has its pair. On the right is the number of seeds on which the first is ahead, for each of
# the 56 choices. The sentence below counts the choices that show it. Go through the eight: which verdicts depend on who tuned?

# %%
ClaimExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 6 min. Let the room vote on each claim before you move the slider: holds, fails, cannot be told.

# %% [markdown]
# **Your turn.** The verdict on each: `"holds"`, `"fails"` or `"cannot be told"`.

# %% tags=["exercise:16-claims"]
claim_1 = ...
claim_2 = ...
claim_3 = ...
claim_4 = ...
claim_5 = ...
claim_6 = ...
claim_7 = ...
claim_8 = ...
### BEGIN SOLUTION
claim_1 = claim_3 = claim_7 = claim_8 = "holds"
claim_2 = claim_4 = claim_5 = "cannot be told"
claim_6 = "fails"
### END SOLUTION

# %%
check("16-claims", claim_1, claim_2, claim_3, claim_4, claim_5, claim_6, claim_7, claim_8)

# %%
hints("16-claims")

# %% [markdown] slideshow={"slide_type": "subslide"}
# *Fails here* does not say that a paper is wrong. Its blanks were others: Lion's authors found it best with batches of 4,096,
# AdamW with 256 (on ImageNet); ours are 32, and Lion has no decay here. A blank filled in otherwise is another claim: against
# Adam with *any* schedule, Schedule-Free is ahead on 9 of 20. And eight claims are eight chances to be fooled: of eight mere
# coins, one or more passes in three of ten audits. Where each must have p < 0.05/8, claims 1, 6 and 8 keep their verdicts, 3
# and 7 do not.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Capstone: audit a race that you have not seen
#
# Somebody claims that `a` is lower than `b`, and sends four tables: the tuning of each, a row for each setting and a
# column for each tuning seed; and their race, the same rows, a column for each seed of the race.
#
# - Choose a setting for each by the lowest median over **all** tuning seeds, and compare the two rows of the race by `sign_test`.
# - Do it again with each tuning seed **left out** in turn, of both tables.
# - Return `"holds"` if every time p < 0.05 and `a` is the lower one, `"fails"` if every time p < 0.05 and `b` is, and else
#   `"cannot be told"`.
#
# `np.delete(table, k, axis=1)` leaves column `k` out. The check brings races that are in no figure.


# %% tags=["exercise:16-capstone"]
def audit_claim(tuning_a, race_a, tuning_b, race_b):
    """holds, fails or cannot be told: is a lower than b, whichever tuning seed is left out?"""
    verdicts = set()
    for left_out in [[], *range(tuning_a.shape[1])]:  # [] leaves none out
        ### BEGIN SOLUTION
        a = race_a[np.argmin(np.median(np.delete(tuning_a, left_out, axis=1), axis=1))]
        b = race_b[np.argmin(np.median(np.delete(tuning_b, left_out, axis=1), axis=1))]
        ahead = "holds" if np.sum(a < b) > np.sum(a > b) else "fails"
        verdicts.add(ahead if sign_test(a, b) < 0.05 else "cannot be told")
        ### END SOLUTION
    return min(verdicts, default=None) if len(verdicts) < 2 else "cannot be told"  # one for all, or none


# %%
check("16-capstone", audit_claim)

# %%
hints("16-capstone")

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. The task for home. An auditor decides the rule before looking at the numbers.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### On real data: the race that no figure shows
#
# A smaller network (8 hidden units), minibatches of 16, a constant rate. Who has a lower held-back loss than Adam?


# %%
def audit_unseen(judge):
    tables = race_two.load_unseen()["held-back"]
    adam = tables[list(race_two.OPTIMIZERS).index("Adam")]
    for name, table in zip(race_two.OPTIMIZERS, tables, strict=True):
        print(f"{name:13} {judge(table[:, :4], table[:, 4:], adam[:, :4], adam[:, 4:]) or 'still blank'}")


audit_unseen(audit_claim)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## An optimizer of your own, audited
#
# `audit` does all of this with a function of yours, and says which sentences may be claimed. Put your own step in the place of
# this one, a momentum that gives only its sign. Stop it when you like: `found.go_on()` does the rest.


# %%
def my_optimizer(compute_gradient, w, learning_rate, num_steps):
    velocity = np.zeros_like(w)
    for _ in range(num_steps):
        velocity = 0.9 * velocity + 0.1 * compute_gradient(w)
        w = w - learning_rate * np.sign(velocity)
    return w


found = audit(my_optimizer, trials=8, seeds=range(10, 20))
found

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Somebody in the room has an idea: type it in and let it run. Read only the sentences below the table.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## When the data are bad, and conventions
#
# | question | here | elsewhere |
# |---|---|---|
# | a rate kills the run | it counts as a very large loss | NaN, which is dropped and flatters |
# | p of the sign test | two-sided, equal pairs dropped | `scipy.stats.binomtest`: the same |
# | expected best | without replacement | Dodge and others (2019): with replacement, higher |
# | steps to a target | in tens | AlgoPerf: time to a held-back target |
# | the runs | kept; `race_two.run_again("Muon", seed=10, progress=tqdm)` | |

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Key points
#
# - A claim has blanks: judged by what, tuned on what, with which budget, on which seeds, of which problem.
# - The same runs can put an optimizer first or in the middle. The criterion decides.
# - Compare pair by pair. Six seeds of six are the fewest that show anything at p < 0.05.
# - Who is first at a target need not be first at the end; the best of 4 settings need not be the best of 48.
# - Say only what holds for other tuning seeds, too. Often that is: it cannot be told.

# %%
quiz("16")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Audit the claim on the board. Then the quiz.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## References
#
# - D. Kingma, J. Ba, *Adam: A Method for Stochastic Optimization* (2015).
# - A. Wilson et al., *The Marginal Value of Adaptive Gradient Methods in Machine Learning* (2017).
# - I. Loshchilov, F. Hutter, *Decoupled Weight Decay Regularization* (2019).
# - D. Choi et al., *On Empirical Comparisons of Optimizers for Deep Learning* (2019): what is tuned decides the ranking.
# - R. Schmidt et al., *Descending through a Crowded Valley* (2021): fifteen optimizers, none ahead on all tasks.
# - J. Dodge et al., *Show Your Work: Improved Reporting of Experimental Results* (2019): the expected best.
# - X. Chen et al., *Symbolic Discovery of Optimization Algorithms* (2023): Lion. Batch sizes: README of google/automl/lion.
# - G. Dahl et al., *Benchmarking Neural Network Training Algorithms* (2023): AlgoPerf, targets.
# - K. Jordan et al., *Muon: An optimizer for hidden layers in neural networks* (2024).
# - A. Defazio et al., *The Road Less Scheduled* (2024): Schedule-Free.
#
# ## What next
#
# This was the last lesson. The next claim that you read is your next exercise. [The glossary](99_glossary.ipynb) has all words.
