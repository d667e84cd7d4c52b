# %% [markdown] slideshow={"slide_type": "slide"}
# # 13 The edge of stability
#
# [Lesson 03](03_gradient_descent.ipynb) says that gradient descent diverges above the learning rate $2/\lambda$, where
# $\lambda$ is the largest curvature. On a parabola $\lambda$ is one number. In a network it changes with every step.
# So: the $\lambda$ of *what*, and where?
#
# **After this lesson you can**
#
# - measure the largest curvature of a network without its Hessian;
# - say at which curvature a run with a given rate will stay, with momentum and without;
# - say why a run survives above $2/\lambda$, and what to do where it does not.
#
# **Questions to keep in mind**
#
# - Does each step of gradient descent lower the loss?
# - Who decides how sharp the place is at which training ends?
# - Why does warm-up help?
#
# **You need** [lesson 05](05_momentum.ipynb) (the limits of momentum), [lesson 11](11_curvature.ipynb) (the Hessian is a map)
# and [lesson 12](12_automatic_differentiation.ipynb) (products $Hv$). **Time:** about 60 minutes, in 2 parts.

# %% [markdown] slideshow={"slide_type": "notes"}
# 1 min. Ask who has seen a loss curve that was not smooth, although no minibatches were used. Today: why.

# %% slideshow={"slide_type": "skip"}
import numpy as np

from optcourse import check, curvature, edge_runs, hints, predict, quiz
from optcourse.explorers.lesson_13 import (
    BatchExplorer,
    ChangeExplorer,
    EdgeExplorer,
    HyperbolaExplorer,
    LossExplorer,
    PowerExplorer,
    SurvivalExplorer,
    SwingExplorer,
)

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A picture before a formula
#
# In this lesson a small network learns 500 digits: 64 pixels, 16 tanh units (like ReLU, but smooth), 10 scores. A score should
# be 1 for the right digit and 0 for the others; the loss is half the squared error. All digits are used at each step: there is
# no chance in it. The largest curvature has a name of its own, **sharpness**.

# %%
predict("13-sharpness")

# %%
predict("13-every-step")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Two predictions, before any picture. Remind them of the limit 2/λ for the rate; solved for λ it is 2/rate.

# %% [markdown] tags=["spoken"] slideshow={"slide_type": "subslide"}
# **Try this.** On the left the sharpness, on the right the loss; the dotted line is the limit $2/\mathtt{rate}$.
#
# 1. Move `learning_rate` from 0.15 to 0.3. What does the sharpness follow?
# 2. Move `seed`. The sharpness ends at the line for every seed.
# 3. Set `learning_rate` to 0.1. The line is now out of reach in 2,000 steps, and no step raises the loss.

# %%
EdgeExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 4 min. Move the rate slowly. The line moves, and the curve moves with it. *Ask:* who told the network the number 10?

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The idea, in words
#
# > **Training makes the place sharper and sharper, until the rate allows no more. There it stays: at the edge.**
#
# While the sharpness is below $2/\alpha$, the loss falls smoothly, and the sharpness grows: *progressive sharpening*. Above,
# the walker swings from wall to wall of the steepest valley, wider at each step. That brings it to where the valley is less
# sharp, and the swing dies down. So it goes in this network, and in many others. Not in all, as you will see.
#
# ## The formula
#
# With the learning rate $\alpha$ (in the code: `learning_rate`, or `rate`) and the sharpness $\lambda$, at the edge:
#
# $$\lambda \;\approx\; \frac{2}{\alpha}$$
#
# The same formula as in lesson 03, read the other way round: there the curvature set a limit to the rate. Here the rate
# sets a limit to the curvature.

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. The sentence to stress is the last one. In lesson 03 the landscape chose; here the rate chooses the landscape.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How to measure it
#
# The Hessian of 1,210 weights has $1{,}210^2$ entries. We need none of them. A product $Hv$ costs a few gradients
# (`curvature.hvp`). Take any $v$, and let $H$ act on it again and again: the part along the steepest axis grows by $\lambda$
# at each product, every other part by less. Soon nothing else is left. This is **power iteration**:
#
# $$\text{curvature along } v:\quad \frac{v\cdot Hv}{v\cdot v} \qquad\qquad \text{next}\quad v \leftarrow \frac{Hv}{|Hv|}$$
#
# One step by hand, with curvatures 4 and 1:

# %%
_v, _H = np.array([0.6, 0.8]), np.diag([4.0, 1.0])
print(
    f"curvature along v: {_v @ _H @ _v:.2f}; next v: {np.round(_H @ _v / np.linalg.norm(_H @ _v), 2)}, "
    "nearly the steep axis"
)

# %% [markdown]
# **Your turn.** Write one step: the curvature along `v`, and the next vector.


# %% tags=["exercise:13-power-step"]
def power_step(hvp, v):
    """The curvature along v, and the next v: Hv with length 1."""
    ### BEGIN SOLUTION
    Hv = hvp(v)
    return v @ Hv / (v @ v), Hv / np.linalg.norm(Hv)
    ### END SOLUTION


# %%
check("13-power-step", power_step)

# %%
hints("13-power-step")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Why the division by the length: 4 to the power of 200 is a large number.

# %% [markdown] slideshow={"slide_type": "subslide"}
# Now the whole: begin with a random vector, and take so many steps that the curvature does not change any more. It finds the
# curvature of the largest *size*. At the edge that is the sharpness: no curvature that bends down is half as large (seed 0).
#
# **Your turn.** `rng` is a random Generator; `rng.normal(size=n)` draws the first vector.


# %% tags=["exercise:13-sharpness"]
def sharpness(hvp, n, rng):
    """The curvature of the largest size, with its sign, by power iteration on hvp(v) = H v."""
    ### BEGIN SOLUTION
    v = rng.normal(size=n)
    for _ in range(200):
        Hv = hvp(v)
        value = v @ Hv / (v @ v)
        v = Hv / np.linalg.norm(Hv)
    return value
    ### END SOLUTION


# %%
check("13-sharpness", sharpness)

# %%
hints("13-sharpness")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. A random vector has a part along every axis. A chosen one may miss the one that matters.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Your code in the picture
#
# The products that your own `sharpness` asks for, on the curvatures of the network.

# %% [markdown] tags=["spoken"]
# **Try this.** On the right are the 20 largest curvatures; the dashes on the left are your own.
#
# 1. Move `products`. When is the estimate within a per cent?
# 2. Move `step`. At step 0 all curvatures are below the line; at step 2,000 three are on it.

# %%
PowerExplorer(yours=sharpness)

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Several curvatures press against the edge. The more alike they are, the slower the iteration.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Why it does not fly apart

# %% [markdown] tags=["spoken"]
# **Try this.** A hundred steps at the edge, seen along the axis that was steepest at the first of them.
#
# 1. Play. The slope changes its sign at nearly every step: the walker is on the other side of the valley.
# 2. Look at the first figure again, at the spike of its loss near step 360. What does the sharpness do there?

# %%
SwingExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. From wall to wall. That is lesson 03's zig-zag at its limit; but there it never ended.

# %% [markdown] slideshow={"slide_type": "subslide"}
# On a parabola a swing that grows once grows for ever. Here is the smallest loss that is none: two weights that should
# multiply to 1,
#
# $$L(x, y) = \tfrac12 (xy - 1)^2$$
#
# Its minima are a whole curve, $y = 1/x$, and at each of them the sharpness is $x^2 + y^2$. So a rate $\alpha$ can stay only at
# minima with $x^2 + y^2 \le 2/\alpha$.

# %% [markdown] tags=["spoken"]
# **Try this.** In the shaded part the minima are too sharp for the rate.
#
# 1. Play. The start is nearly in a minimum, with a loss of 0.0008; yet the loss climbs to 16.7, and the run ends elsewhere.
# 2. Lower `learning_rate` to 0.1. The walker now goes to the nearest minimum, and the loss never rises.
# 3. Raise `learning_rate` to 0.25. This run is lost.
# 4. Drag the start along the curve. Can you make it end in the shaded part?

# %%
HyperbolaExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 5 min. The heart of the lesson. Too sharp, so it swings; it swings, so it leaves; it stops where the rate can live.


# %%
def where_it_ends(rate, num_starts=200):
    """The sharpness at the end of runs from beside the curve y = 1/x; a run that is lost has none."""
    rng, found = np.random.default_rng(0), []
    for _ in range(num_starts):
        x = rng.uniform(1, 5)
        y = 1 / x + rng.uniform(-0.1, 0.1)
        for _ in range(3000):
            x, y = x - rate * (x * y - 1) * y, y - rate * (x * y - 1) * x
            if abs(x) + abs(y) > 1000:
                break
        else:
            found.append(x * x + y * y)
    return np.array(found)


for _rate in (0.1, 0.2, 0.3):
    _ends = where_it_ends(_rate)
    print(
        f"rate {_rate}: {len(_ends)} of 200 survive; highest sharpness {_ends.max():.2f}, 2/rate {2 / _rate:.2f}"
    )

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### What theory says, and what it leaves out
#
# That a minimum with $\lambda > 2/\alpha$ cannot hold gradient descent, unless it is hit exactly, follows from the parabola.
# What happens instead does not. Damian, Nichani and Lee (2023) take one more term, the *third* derivative: a swing along the
# steepest axis pushes the walker to where the sharpness is lower. Their picture is of one axis; here several curvatures are
# at the edge at once. Cohen and others (2025) follow the mean over the swings, the *central flow*: it predicts real runs
# well, and its derivation is no proof. Lost runs are left out. And that sharpness grows at all is seen in many networks, and
# proved for few.

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Theory: exact on the parabola, one more term for the swing. Ask what it leaves out before you say so.

# %% [markdown] slideshow={"slide_type": "skip"}
# > **You may stop here.** You know the edge, and can measure it. What is left: other methods and rates, and starts that are
# > too hot. When you come back, run the cells above once more (*Run*, *Run All Above Selected Cell*), and go on with *Each
# > method has its edge*.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Each method has its edge
#
# [Lesson 05](05_momentum.ipynb) found how much curvature each method stands on a parabola. Solved for the curvature, with
# $\beta$ for the friction $\rho$:
#
# | method | `kind` | diverges above |
# |---|---|---|
# | gradient descent | `"plain"` | $2/\alpha$ |
# | momentum | `"momentum"` | $(2 + 2\beta)/\alpha$ |
# | Nesterov's momentum | `"nesterov"` | $\dfrac{2 + 2\beta}{(1 + 2\beta)\,\alpha}$ |
#
# **Your turn.** Write it as a function.


# %% tags=["exercise:13-edge"]
def edge(rate, beta, kind):
    """The curvature above which the method diverges on a parabola."""
    ### BEGIN SOLUTION
    if kind == "nesterov":
        return 2 * (1 + beta) / ((1 + 2 * beta) * rate)
    if kind == "momentum":
        return 2 * (1 + beta) / rate
    return 2 / rate
    ### END SOLUTION


# %%
check("13-edge", edge)

# %%
hints("13-edge")

# %% [markdown] slideshow={"slide_type": "subslide"}
# ### Your code in the picture

# %% [markdown] tags=["spoken"]
# **Try this.** The dashed line is your own `edge`.
#
# 1. Choose `momentum 0.5` at rate 0.3. Its sharpness ends at its own line, above the one of gradient descent.
# 2. Choose `Nesterov 0.9`. At rate 0.15 the sharpness sits at the line; at rate 0.25 the run is lost.

# %%
EdgeExplorer(method="momentum 0.5", learning_rate=0.3, yours=edge)

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Momentum 0.9 is the honest exception: it stays below its limit here. Do not explain it away.

# %% [markdown] slideshow={"slide_type": "subslide"}
# Over ten seeds the late mean is 1.00 to 1.02 of the limit for momentum 0.5 (rate 0.3) and Nesterov 0.9 (rate 0.15). Momentum
# 0.9 does *not* sit at its limit: at rate 0.2 its mean is anywhere from 0.66 to 0.98 of it. The formula says where a method
# must leave, not that training takes it there.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Another rate on the way

# %%
predict("13-halved")

# %% [markdown] tags=["spoken"]
# **Try this.** At step 1,000 the rate is multiplied by `factor`.
#
# 1. Keep 0.5. The loss is smooth from there on, and the sharpness grows.
# 2. Choose 1.5. The new line is lower, and the sharpness comes down to it.

# %%
ChangeExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Halving a rate makes the loss curve smooth at once. It also lets the walker into sharper places.

# %% [markdown] slideshow={"slide_type": "subslide"}
# ## Minibatches

# %%
predict("13-minibatches")

# %% [markdown] tags=["spoken"]
# **Try this.** Each point on the right is one seed.
#
# 1. Move `batch_size` from 500 down to 16. The smaller the batch, the lower the sharpness.
# 2. Move `seed`. The line on the right rises for each of them.

# %%
BatchExplorer()

# %% [markdown] slideshow={"slide_type": "skip"}
# The loss on *all* digits has no wall here. Andreyev and Beneventano, 2024, find 2/rate elsewhere: in the curvature of a
# minibatch's own loss along its own gradient, on average.

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. Measured: the smaller the batch, the lower. Why: noise makes the swing wider, and a swing pushes to flatter places. Say
# that this reason is not shown here.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Failure gallery: too hot a start
#
# The edge catches a run that comes to it slowly. What if the first place is far too sharp? Let the rate be $c/\lambda$, with
# the sharpness $\lambda$ at the start. A parabola is lost for every $c > 2$.


# %%
def catapult(c, seed, num_steps=100):
    """The losses of gradient descent at rate c / (the sharpness of its start)."""
    task = edge_runs.problem(seed)
    model, w, losses = task.model, task.start, []
    steep, _ = curvature.sharpness(lambda v: curvature.hvp(model.gradient, w, v), len(w))
    for _ in range(num_steps):
        losses.append(float(model.value(w)))
        if losses[-1] > edge_runs.LOST:
            break
        w = w - c / steep * model.gradient(w)
    return losses


for _c in (3.5, 6.0):
    _losses = catapult(_c, seed=0)
    print(
        f"c = {_c}: loss {_losses[0]:.2f}, at most {max(_losses):.3g}, after {len(_losses)} steps {_losses[-1]:.3g}"
    )

# %% [markdown]
# At $c = 3.5$ the loss is thrown above its start, and comes back: a *catapult*. It lands where the sharpness is 5 to 7, from
# 7 to 10. At 6 the run is lost. Both hold for all ten seeds. (Where the border lies depends on the model. It is 4 for one
# that can be solved: Lewkowycz and others, 2020.)

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. At 3.5 it is thrown and lands, at 6 it does not land. The numbers are those of this network.

# %% [markdown] tags=["spoken"] slideshow={"slide_type": "subslide"}
# **Try this.** The same network with twice as large first weights. Ten runs in each square.
#
# 1. At rate 0.3, as it is, no run survives. Choose `warm-up 10` (the rate grows over 10 steps), then longer ones. How many
#    steps of warm-up save all ten?
# 2. Choose `clipped`: each gradient is made 1 long if it is longer. All ten live.

# %%
SurvivalExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Warm-up is not superstition. The edge comes down from above, slowly, and takes the sharpness with it.

# %% [markdown] slideshow={"slide_type": "subslide"}
# With 100 steps of warm-up to rate 0.3 the sharpness begins at 18 to 27, and at step 50 it is still there, above 2/rate,
# which is 13 by then. So the run does *not* get flat in time. But it meets the edge with little too much. It swings, and
# follows the edge down: after 100 steps the sharpness is 6 to 9, and 2/rate is 6.7 (ten seeds).

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Where nothing stays at the edge
#
# Does every training end at its edge? No. Cross-entropy, the loss of lesson 02, flattens when the network gets sure of its
# answers.

# %% [markdown] tags=["spoken"]
# **Try this.** The same network and digits, another loss.
#
# 1. Choose `squared error`, then `cross-entropy` again. It rises to about half of 2/rate and falls again.

# %%
LossExplorer()

# %% [markdown] slideshow={"slide_type": "notes"}
# 2 min. An exception that everybody meets: classification. Say what it depends on: the loss, and how long you train.

# %% [markdown] slideshow={"slide_type": "subslide"}
# For ten of ten seeds (rate 0.4, 1,500 steps) the highest sharpness is 0.50 to 0.61 of $2/\alpha$, within the first hundred
# steps, and at the end the network is flatter than at its start. With a larger rate the edge is met, and left again: at rate
# 1 the peak is 1.2 to 1.5 times $2/\alpha$, at step 25, and by step 100 the sharpness is below, and falls on. (In larger
# networks it stays at the edge for long, and falls late: Cohen and others, 2021.)
#
# ## On real data
#
# All of this was real data. Say exactly what was seen: one small network, 500 digits, squared error, no regularization, all
# digits at each step, ten seeds. Over the last 1,000 of 2,000 steps at rate 0.2 the mean sharpness was 1.01 to 1.03 of
# 2/rate. Cohen and others (2021) found the same for larger networks and other data.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## Conventions
#
# | question | here | elsewhere |
# |---|---|---|
# | sharpness | largest eigenvalue of the Hessian | in SAM: the highest loss in a small ball, minus the loss |
# | squared error | ½ Σ over scores, mean over digits | `torch.nn.MSELoss`: no ½, mean over scores, too: λ is a fifth for ten |
# | momentum | $\alpha$ outside the velocity, as in lesson 05 | with $(1-\beta)$ inside: limit divided by $1-\beta$ |
# | with minibatches | curvature of the loss on *all* digits | that of the minibatch's own loss |
# | how λ is found | power iteration; the kept runs by Lanczos, from the same products | `scipy.sparse.linalg.eigsh` |
# | the runs | kept; `edge_runs.run_again(seed=0, progress=tqdm)` does one again | |

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Key points
#
# - Sharpness is the largest curvature. Products $Hv$ find it; the Hessian is never built.
# - At rate $\alpha$ this network became sharper until $\lambda \approx 2/\alpha$, and stayed there.
# - At the edge the walker swings from wall to wall. About a third of the steps raise the loss; over many steps it falls.
# - It does not fly apart, since a wide swing leads to where it is less sharp. A parabola has no such place.
# - Momentum and Nesterov have edges of their own. Minibatches stay below; with cross-entropy this network did not stay there.
# - Too hot a start is lost. Warm-up lets the edge come down slowly, and takes the sharpness with it. Clipping saves it, too.

# %%
quiz("13")

# %% [markdown] slideshow={"slide_type": "notes"}
# 3 min. Then the quiz.

# %% [markdown] slideshow={"slide_type": "skip"}
# ## References
#
# - J. Cohen, S. Kaur, Y. Li, J. Z. Kolter, A. Talwalkar, *Gradient Descent on Neural Networks Typically Occurs at the Edge of
#   Stability* (2021).
# - A. Damian, E. Nichani, J. D. Lee, *Self-Stabilization: The Implicit Bias of Gradient Descent at the Edge of Stability* (2023).
# - J. Cohen, A. Damian, A. Talwalkar, J. Z. Kolter, J. D. Lee, *Understanding Optimization in Deep Learning with Central Flows*
#   (2025).
# - A. Andreyev, P. Beneventano, *Edge of Stochastic Stability: Revisiting the Edge of Stability for SGD* (2024).
# - A. Lewkowycz, Y. Bahri, E. Dyer, J. Sohl-Dickstein, G. Gur-Ari, *The large learning rate phase of deep learning: the
#   catapult mechanism* (2020).
# - C. Lanczos, *An iteration method for the solution of the eigenvalue problem of linear differential and integral operators*
#   (1950).
#
# ## What next
#
# Sharp or flat is decided by the rate, and by noise. [Lesson 14](14_noise.ipynb) measures the noise.
