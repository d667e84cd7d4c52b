# %% [markdown] slideshow={"slide_type": "slide"}
# # 15 After Adam: one idea, another norm
#
# Sign descent, Lion, Shampoo, Muon: each has its own paper, its own formula, its own fame. They share one idea. A step
# should be as steep as its length allows. They differ in what *length* is.
#
# **After this lesson you can**
#
# - find the steepest step for three kinds of length, and say which optimizer takes it;
# - write Muon, Lion and Schedule-Free;
# - say what a turned problem does to each of them.
#
# **Questions to keep in mind**
#
# - Gradient descent is "steepest" descent. Measured with which ruler?
# - Who knows the axes of the weights?
# - Is the newest one the best one?
#
# **You need** [lesson 08](08_adam.ipynb) (Adam). **Time:** about 60 minutes, in 2 parts.

# %% [markdown] slideshow={"slide_type": "notes"}
# 1 min. Ask who has heard of Muon, and what it does. Today: one idea under all the names.

# %% slideshow={"slide_type": "skip"}
import numpy as np

from optcourse import after_adam, check, hints, norm_runs, predict, quiz, race
from optcourse.descent import descend
from optcourse.explorers.lesson_15 import BallExplorer, RatesExplorer, SchulzExplorer, TurnExplorer
from optcourse.objectives import rosenbrock
from optcourse.optimizers import Adam

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A picture before a formula
#
# A matrix takes the unit circle to an ellipse. The half axes of the ellipse are the matrix's **singular values**: how strongly it
# stretches, direction by direction. A layer's weights are a matrix, so its gradient is one, too, and so is a step.

# %%
predict("15-singular-values")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Draw the ellipse. A larger matrix has one half axis for each of its dimensions.

# %% [markdown] tags=["spoken"] slideshow={"slide_type": "subslide"}
# **Try this.** On the left are all steps of length 1, by two rulers, and the best of each: its thin line is as far along `dw` as
# that ruler lets you go. On the right are three steps for a gradient *matrix* G, drawn as their ellipses.
#
# 1. Drag the arrow. One step follows it; the other one jumps from corner to corner.
# 2. Move `turn`. One of the three stays a circle: it moves equally far in all directions. `sign G` changes its shape.

# %% tags=["cover"]
BallExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Drag slowly past an axis: the sign jumps. *Ask:* which of the two balls has corners, and why does that matter?

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The idea, in words
#
# > **Of all steps of length 1, take the steepest. What length is, you choose.**
#
# ## The formula
#
# With the gradient $G$ as a matrix and $\langle G, D\rangle$ the sum of $G_{ij} D_{ij}$, find the $D$ with the largest sum:
#
# $$D = \arg\max_{\|D\|\le 1}\ \langle G, D\rangle, \qquad W \leftarrow W - \alpha D$$
#
# | length of D | steepest D | $\langle G, D\rangle$ | who |
# |---|---|---|---|
# | root of the sum of squares | $G/|G|$ | $|G|$ | gradient descent (without its length) |
# | largest entry | $\operatorname{sign} G$ | sum of all $|G_{ij}|$ | sign descent, Lion, nearly Adam |
# | largest singular value | $UV^\top$ | sum of all singular values | Muon, Shampoo |
#
# $G = USV^\top$ is the singular value decomposition: $U$ and $V$ are directions, $S$ how strong $G$ is along each. In $UV^\top$
# all are equally strong. (Bernstein and Newhouse, 2024.)

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. One row after the other. The third row is the second one, in the matrix's own axes.

# %% [markdown] slideshow={"slide_type": "subslide"}
# Two optimizers without their memories:


# %%
def without_memory(seed=0):
    """How far Adam's steps are from sign descent's, and Shampoo's first step from U Vᵀ."""
    both = Adam(1e-3, beta1=0.0, beta2=0.0, eps=0.0), after_adam.SignDescent(1e-3)
    adam, signs = (descend(rosenbrock(), one, (-1.2, 1.0), 200).w for one in both)
    task = race.problem(seed)
    w, dw = task.start.copy(), task.model.gradient(task.start)
    place = after_adam.matrices_of(task.model)[1]  # the last layer, 16 x 10
    shampoo = after_adam.Shampoo(1.0, matrices=[place])
    shampoo.step(w, dw, shampoo.init(w))
    step, G = (after_adam.matrix_at(one, place) for one in (task.start - w, dw))
    return np.abs(adam - signs).max(), np.abs(step - after_adam.steepest(G, "spectral")).max()


print("Adam and sign descent: {:.0e} apart; Shampoo and U Vᵀ: {:.0e} apart".format(*without_memory()))

# %% [markdown]
# **Your turn.** Write the steepest step. `np.linalg.svd(G, full_matrices=False)` gives `U, S, Vt`.


# %% tags=["exercise:15-steepest"]
def steepest(G, norm):
    """The matrix of length 1 that gains most along G; norm is "frobenius", "entry" or "spectral"."""
    ### BEGIN SOLUTION
    if norm == "frobenius":
        return G / np.linalg.norm(G)
    if norm == "entry":
        return np.sign(G)
    U, S, Vt = np.linalg.svd(G, full_matrices=False)
    return U @ Vt
    ### END SOLUTION


# %%
check("15-steepest", steepest)

# %%
hints("15-steepest")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Your code in the picture

# %%
BallExplorer(gradient=(1.0, -0.6), turn=60, yours=steepest)

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. The crosses and the dashed circle are the learner's own.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Five products in place of a decomposition
#
# A decomposition at each step is slow. A product of matrices is fast. For $G = USV^\top$ a sum of odd powers acts on the
# singular values alone:
#
# $$aX + b\,XX^\top X + c\,(XX^\top)^2X \;=\; U\,(aS + bS^3 + cS^5)\,V^\top$$
#
# So choose $a, b, c$ such that small values rise quickly: 3.4445, −4.7750, 2.0315 (Jordan, 2024). Once by hand: 0.1 becomes
# $0.344 - 0.0048 + 0.00002 = 0.34$.

# %% [markdown] tags=["spoken"]
# **Try this.** Each dot is a singular value of a gradient that was divided by its length.
#
# 1. Move `num_steps` from 0 to 5. Then go on to 20: the values swing, and never settle at 1.
# 2. Choose the other `polynomial`. It needs more steps, and is exact in the end.

# %%
SchulzExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. The first gradient is almost one single direction. After five steps it is not.

# %% [markdown] slideshow={"slide_type": "subslide"}
# Five steps take everything from 0.01 to 1 into 0.68 to 1.14. A 0 stays 0.
#
# **Your turn.** This is the *Newton–Schulz iteration*.


# %% tags=["exercise:15-newton-schulz"]
def newton_schulz(G, num_steps):
    """G, with singular values near 1: divided by its length, then num_steps steps."""
    length = np.linalg.norm(G)
    if length == 0:
        return G
    ### BEGIN SOLUTION
    X = G / length
    for _ in range(num_steps):
        A = X @ X.T
        X = 3.4445 * X - 4.7750 * A @ X + 2.0315 * A @ A @ X
    return X
    ### END SOLUTION


# %%
check("15-newton-schulz", newton_schulz)

# %%
hints("15-newton-schulz")

# %%
SchulzExplorer(matrix="random numbers", yours=newton_schulz)

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. For a tall matrix one transposes first: the result is the same, the products are smaller.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Who knows the axes?
#
# A bowl over 20 × 20 matrices: $\tfrac12\operatorname{tr}\,(W-W^*)^\top C\,(W-W^*)$ adds up a parabola for each column of $W$,
# all with the same curvatures, 1 to 0.001. Each direction takes 100 steps at the best of 51 rates; all but $G$ with a rate that
# falls along a line to 0. *Turned* means: the axes of $C$ are mixtures of the rows of $W$, not the rows themselves.

# %%
predict("15-bowl")

# %%
predict("15-turned")

# %% [markdown] tags=["spoken"]
# **Try this.** Play the run. Then:
#
# 1. Move `turn` from 1 to 0. Only `sign G` ends elsewhere, thousands of times lower. Does `seed` change the order at turn 1?
# 2. Raise `learning_rate`, Muon's. It is fast, and then it goes no lower.

# %%
TurnExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Signs are wonderful if the valley lies along the weights. A twentieth of a turn costs a factor of fifty or more. The rate
# of G/|G| is huge: where its line jumps, rounding is enough to change its last digits.

# %% [markdown] slideshow={"slide_type": "subslide"}
# At turn 1, over ten seeds, $UV^\top$ leaves at least 1,400 times less than gradient descent; signs leave *more*. But these are
# best cases: each rate was chosen for the very run it is judged by, and all columns bend alike, which suits a method of
# matrices. Turn all 400 weights, not just rows:

# %%
print(*(f"{_name} leaves {norm_runs.all_turned(_name):.2%}" for _name in ("G", "sign G", "U Vᵀ")), sep="; ")

# %% [markdown]
# Nothing is left of the lead: no ruler suits each bowl. Whether those of networks are more like the first, only a race can say.

# %% [markdown] slideshow={"slide_type": "skip"}
# > **You may stop here.** You know the idea, and Newton–Schulz. What is left: three optimizers in your own code, and a race. When
# > you come back, run the cells above once more (*Run*, *Run All Above Selected Cell*), and go on with *Muon*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Muon
#
# Momentum, then Newton–Schulz. Here `w` is one matrix.
#
# $$v \leftarrow \rho v + G, \qquad W \leftarrow W - \alpha\sqrt{\max(1, m/n)}\;\mathrm{NS}(G + \rho v)$$
#
# for $m$ rows and $n$ columns. $G + \rho v$ is Nesterov's look-ahead ([lesson 05](05_momentum.ipynb)).
#
# **Your turn.** The loop is there; its body is yours.


# %% tags=["exercise:15-muon"]
def muon(compute_gradient, w, learning_rate, num_steps, rho):
    """Muon on one matrix w; five steps of newton_schulz."""
    w = np.array(w, dtype=float)
    velocity = np.zeros_like(w)
    for _ in range(num_steps):
        dw = compute_gradient(w)
        ### BEGIN SOLUTION
        velocity = rho * velocity + dw
        longer = np.sqrt(max(1, w.shape[0] / w.shape[1]))
        w -= learning_rate * longer * newton_schulz(dw + rho * velocity, 5)
        ### END SOLUTION
    return w


# %%
check("15-muon", muon)

# %%
hints("15-muon")

# %%
TurnExplorer(turn=0.5, yours=muon)

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. The dashes lie on Muon's line. *Ask:* what would the learning rate have to do?

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Lion
#
# The sign of a mean. Chen and others (2023) found it by a search through programs:
#
# $$W \leftarrow W - \alpha\,\operatorname{sign}(\beta_1 m + (1-\beta_1)\,G), \qquad m \leftarrow \beta_2 m + (1-\beta_2)\,G$$
#
# In the step the newest gradient counts a tenth ($\beta_1 = 0.9$), in the memory a hundredth ($\beta_2 = 0.99$).


# %% tags=["exercise:15-lion"]
def lion(compute_gradient, w, learning_rate, num_steps, beta1, beta2):
    """num_steps steps of Lion; return where they end."""
    w = np.array(w, dtype=float)
    moment1 = np.zeros_like(w)
    for _ in range(num_steps):
        dw = compute_gradient(w)
        ### BEGIN SOLUTION
        w -= learning_rate * np.sign(beta1 * moment1 + (1 - beta1) * dw)
        moment1 = beta2 * moment1 + (1 - beta2) * dw
        ### END SOLUTION
    return w


# %%
check("15-lion", lion)

# %%
hints("15-lion")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Half of Adam's memory. The order of the two lines matters.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Schedule-Free
#
# Another question: such steps never get shorter, so a rate must fall, and somebody must know when. Here a fast point $z$ walks at
# a constant rate, and $w$ is the mean of all its places:
#
# $$y = (1-\beta)\,z + \beta\,w, \qquad z \leftarrow z - \alpha\,\nabla L(y), \qquad w \leftarrow (1-1/t)\,w + z/t$$
#
# In the code $z$ is `fast`.


# %% tags=["exercise:15-schedule-free"]
def schedule_free(compute_gradient, w, learning_rate, num_steps, beta):
    """Schedule-Free SGD: return the mean of the places of the fast point."""
    w = np.array(w, dtype=float)
    fast = w.copy()
    for t in range(1, num_steps + 1):
        ### BEGIN SOLUTION
        between = (1 - beta) * fast + beta * w
        dw = compute_gradient(between)
        fast -= learning_rate * dw
        w = (1 - 1 / t) * w + 1 / t * fast
        ### END SOLUTION
    return w


# %%
check("15-schedule-free", schedule_free)

# %%
hints("15-schedule-free")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. The mean replaces the schedule. It does not replace the rate: that one is still tuned.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## On real data
#
# The network of [lesson 09](09_race.ipynb): 1,210 weights, 1,000 digits, batches of 32, 300 steps. Each optimizer is tuned on
# *training* loss, over 16 rates and 3 schedules, on seeds 0 to 2; then it runs on 20 other seeds. One gradient a step for all.

# %% [markdown] tags=["spoken"]
# **Try this.** Large dots are the tuned rates. On the right each dot is a seed.
#
# 1. Look at Muon with `cosine`. Its dots lie far to the left of Adam's. Do they lie lower?
# 2. Choose `Schedule-Free Adam` and `constant`. Its training loss is below Adam's on all 20 seeds.

# %%
RatesExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Left is training, down is held back. Whoever tunes on the one gets the one.

# %% slideshow={"slide_type": "subslide"}
_kept, _seconds = norm_runs.stored(), norm_runs.seconds_per_step()
for _name in norm_runs.OPTIMIZERS:
    _schedule = _kept.best_schedule(_name)
    _at = _kept.at(_name, _schedule)
    print(
        f"{_name:18} {_schedule:16} rate {_kept.rates[_at]:<6.3g} training {np.median(_kept.train[_at][:, -1]):.4f}  "
        f"held back {np.median(_kept.test[_at]):.3f}  {1e3 * _seconds[_name]:.2f} ms a step here"
    )

# %% [markdown] slideshow={"slide_type": "subslide"}
# Each at its best schedule: Muon's training loss is below Adam's on 20 of 20 seeds. Held back it is below on 10 of 20: nothing
# is shown. Without seed 0, tuning would have chosen warm-up and cosine for Muon: below on 20 of 20 again, held back on *none*.
# So the first claim does not hang on the tuning seeds; the second one would.
#
# Schedule-Free Adam at a constant rate: a lower training loss than Adam at a constant rate and with cosine (20 of 20 each),
# nothing shown against warm-up and cosine (9 of 20); held back *above* Adam with cosine on 17 of 20. One small network.
#
# Your own code, at the tuned rates:

# %%
RatesExplorer(method="Lion", schedule="constant", yours=lion)

# %%
RatesExplorer(method="Schedule-Free SGD", schedule="constant", yours=schedule_free)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Failure gallery: nothing, too little, too much


# %%
def length_of_the_step(G):
    """The singular values of what Newton-Schulz makes of G: how many are not 0, and their root of squares."""
    values = np.linalg.svd(after_adam.newton_schulz(G), compute_uv=False)
    return int((values > 1e-6).sum()), float(np.linalg.norm(values))


_model = race.problem(0).model
_G = after_adam.matrix_at(_model.gradient(race.problem(0).start), (0, 64, 16))
_one = after_adam.matrix_at(_model.gradient(race.problem(0).start, np.array([0])), (0, 64, 16))
for _words, _matrix in (
    ("the gradient", _G),
    ("a billionth of it", 1e-9 * _G),
    ("of one image alone", _one),
    ("zeros", 0 * _G),
):
    print("{:18} {:2} directions, step {:.2f} long".format(_words, *length_of_the_step(_matrix)))
for _wrong in ([[np.nan, 1.0]], [1.0, 2.0]):
    try:
        after_adam.newton_schulz(_wrong)
    except ValueError as _error:
        print(_error)

# %% [markdown]
# - A gradient of a billionth gives the *same* step: near a minimum Muon does not slow down. The rate must fall.
# - One image has a gradient of rank one: one direction moves.
# - Zeros stay zeros. A dead unit stays dead, whatever the norm.

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. The second line is the important one. It is also true of signs.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Conventions
#
# | question | here | elsewhere |
# |---|---|---|
# | rows and columns | rows are inputs | torch: rows are outputs, and so is $m$ in $\sqrt{\max(1, m/n)}$ |
# | Muon's precision | float64 | `torch.optim.Muon`: bfloat16, weight decay 0.1 |
# | Muon's matrices | both layers; biases go to Adam | Jordan: hidden layers; the first, the last and biases go to AdamW |
# | Shampoo's start | zeros; nothing for directions without gradient | paper: $\varepsilon$ times the identity |
# | Lion's weight decay | none | decoupled, as in AdamW |
# | weights of the mean | all alike | authors' code: squared rate; the same while it is constant |
# | kept, for N weights in matrices of m × n | sign 0; momentum, Lion, Muon N; Adam 2N; Shampoo m² + n² a matrix | |
# | the runs | kept; `norm_runs.run("Muon", 0.05, seed=10)` does one again | |

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Key points
#
# - Steepest depends on the ruler: squares give $G/|G|$, the largest entry signs, the largest singular value $UV^\top$.
# - Newton–Schulz makes $UV^\top$, nearly, by products alone.
# - Signs know the entries of the weights. $UV^\top$ knows rows and columns only, and moves weak directions as far as strong ones.
# - Such steps do not shrink by themselves: the rate falls, or the places are averaged.
# - A lower training loss was not a lower held-back loss.

# %%
quiz("15")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Then the quiz.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## References
#
# - J. Bernstein, L. Newhouse, *Old Optimizer, New Norm: An Anthology* (2024).
# - K. Jordan and others, *Muon: An optimizer for hidden layers in neural networks* (2024).
# - V. Gupta, T. Koren, Y. Singer, *Shampoo: Preconditioned Stochastic Tensor Optimization* (2018).
# - X. Chen and others, *Symbolic Discovery of Optimization Algorithms* (2023): Lion.
# - A. Defazio and others, *The Road Less Scheduled* (2024): Schedule-Free.
# - J. Bernstein and others, *signSGD: Compressed Optimisation for Non-Convex Problems* (2018).
#
# ## What next
#
# "X beats Adam": what must you ask? [16 The claims audit](16_claims_audit.ipynb) asks it of eight claims.
