# %% [markdown]
# # 99 Glossary
#
# Every symbol, every name in the code, and every word of the course, with the lesson that explains it. The course's tests
# hold the tables equal to the names that the code really uses.
#
# **How to use it.** Search with `Ctrl` + `F` (on a Mac: `⌘` + `F`). Nothing has to be run here.
#
# ## Symbols, and their names in the code
#
# The same thing has the same name everywhere: in the lecture, in the formulas, in your code and on the sliders.
#
# | symbol | in the code | in words | lesson |
# |---|---|---|---|
# | $w$ | `w` | the parameters: a list of numbers, the place where you stand | [00] |
# | $w^*$ | | "w star": the place where the loss is lowest, $\arg\min_w L(w)$ | [00] |
# | $L(w)$ | `value` | the loss: how bad the model is with these parameters, the height of the landscape | [00] |
# | $\nabla L(w)$ | `dw` | the gradient: one slope for each entry of `w`; points where the loss grows fastest | [00] |
# | $\alpha$ | `learning_rate` | how far a step goes, as a multiple of the gradient | [00] |
# | $d$ | `dimension` | how many entries `w` has, when directions are counted | [00] |
# | $h$ | `h` | a small distance, to measure a slope from two heights | [00] |
# | | `num_steps` | how many steps a run takes | [00] |
# | | `start` | where a run begins: the initialisation of `w` | [00] |
# | | `seed` | a number that fixes what is random, so that it can be repeated | [00] |
# | $x$ | `x` | an input: of a function, or of a model | [01] |
# | $f$ | `f` | a function whose gradient is measured | [01] |
# | | `scheme` | how a slope is measured: forward, central, or with a complex step | [01] |
# | | `dtype` | the type of number in an array: `float64` has about 16 digits, `float32` about 7 | [01] |
# | | `step` | how far a computation is shown, one operation after another | [02] |
# | | `compute_gradient` | the function that gives `dw` at a place `w` | [03] |
# | $\lambda$ | `curvature` | how strongly the loss bends in one direction: its second derivative there | [03] |
# | $H$ | `hessian` | the Hessian: the table of all second derivatives | [03] |
# | $\kappa$ | `condition_number` | the largest curvature divided by the smallest | [03] |
# | | `rotation` | by how much a valley is turned against the axes of `w` | [03] |
# | $\alpha^*$ | `best_learning_rate` | the rate that shrinks the slowest axis fastest, $2/(\lambda_1+\lambda_n)$ | [03] |
# | $t$ | `t` | the number of the step | [03] |
# | $N$ | `num_examples` | how many examples the training data has | [03] |
# | $B$ | `batch_size` | how many examples a minibatch has | [04] |
# | $\sigma$ | `noise` | how much a minibatch's gradient scatters around the true one | [04] |
# | $\rho$ | `rho` | the friction of momentum: what part of the velocity is kept at each step | [05] |
# | $v$ | `velocity` | the gathered gradients, which move the weights | [05] |
# | $s$ | `grad_squared` | the gathered squares of the gradient: a sum in AdaGrad, a fading mean in RMSProp | [06] |
# | $\varepsilon$ | `eps` | a small number that keeps a division by zero away | [06] |
# | | `decay_rate` | what part of `grad_squared` is kept at each step | [07] |
# | $m$ | `moment1` | the fading mean of the gradients (first moment) | [08] |
# | $v$ | `moment2` | the fading mean of their squares (second moment); not a velocity | [08] |
# | $\beta_1$ | `beta1` | what part of `moment1` is kept at each step | [08] |
# | $\beta_2$ | `beta2` | what part of `moment2` is kept at each step | [08] |
# | $\hat m$ | `unbiased1` | `moment1`, corrected for its start at zero | [08] |
# | $\hat v$ | `unbiased2` | `moment2`, corrected for its start at zero | [08] |
# | $\hat v_{\max}$ | `max_moment2` | the largest `moment2` so far, in AMSGrad | [08] |
# | $\lambda$ | `weight_decay` | by how much the weights shrink by themselves; not a curvature | [08] |
# | $p$ | `p` | a move from `w`, with its length | [11] |
# | | `slope` | by how much the loss changes along a move at first, `dw @ p` | [11] |
# | | `floor` | the least that a curvature counts in a safe direction | [11] |
# | $s$ | `s` | the last changes of `w`, in L-BFGS; not `grad_squared` | [11] |
# | $y$ | `y` | the changes of the gradient that belong to them | [11] |
# | $z$ | `fast` | the point that takes the steps, in Schedule-Free; `w` is the mean of its places | [15] |
# | | `matrices` | where the matrices lie in `w`: first entry, rows, columns of each | [15] |
# | | `left` | the sum of $GG^\top$, in Shampoo | [15] |
# | | `right` | the sum of $G^\top G$, in Shampoo | [15] |
# | $Hv$ | `hvp` | a product with the Hessian: how a small move along `v` changes the gradient | [12] |
# | | `limit` | the length above which a gradient is clipped | [14] |
# | $d$ | `decay` | what part of a moving average is kept at each step | [14] |
#
# Three letters have two meanings each, as in the books: $\lambda$ is a curvature, and the weight decay in lesson 08; $v$ is the
# velocity, and the second moment in texts about Adam; $s$ gathers squares, and in L-BFGS it is a change of $w$. The names in the
# code are different, so that you cannot mix them up.
#
# ## Optimizers
#
# What each one remembers between two steps (its *state*), and what you choose (its *hyperparameters*).
#
# | in the code | remembers | you choose | lesson |
# |---|---|---|---|
# | `GradientDescent` | nothing | `learning_rate` | [03] |
# | `SGD` | nothing | `learning_rate` | [04] |
# | `Momentum` | `velocity` | `learning_rate`, `rho` | [05] |
# | `NesterovLookAhead` | `velocity` | `learning_rate`, `rho` | [05] |
# | `Nesterov` | `velocity` | `learning_rate`, `rho` | [05] |
# | `SutskeverMomentum` | `velocity` | `learning_rate`, `rho` | [05] |
# | `AveragedMomentum` | `velocity` | `learning_rate`, `rho` | [05] |
# | `AdaGrad` | `grad_squared` | `learning_rate`, `eps` | [06] |
# | `RMSProp` | `grad_squared` | `learning_rate`, `decay_rate`, `eps` | [07] |
# | `RMSPropEpsInside` | `grad_squared` | `learning_rate`, `decay_rate`, `eps` | [07] |
# | `AdamAlmost` | `moment1`, `moment2` | `learning_rate`, `beta1`, `beta2`, `eps` | [08] |
# | `Adam` | `moment1`, `moment2`, `t` | `learning_rate`, `beta1`, `beta2`, `eps` | [08] |
# | `AMSGrad` | `moment1`, `moment2`, `max_moment2`, `t` | `learning_rate`, `beta1`, `beta2`, `eps` | [08] |
# | `AdamW` | `moment1`, `moment2`, `t` | `learning_rate`, `beta1`, `beta2`, `eps`, `weight_decay` | [08] |
# | `AdamL2` | `moment1`, `moment2`, `t` | `learning_rate`, `beta1`, `beta2`, `eps`, `weight_decay` | [08] |
# | `SignDescent` | nothing | `learning_rate` | [15] |
# | `Lion` | `moment1` | `learning_rate`, `beta1`, `beta2` | [15] |
# | `ScheduleFreeSGD` | `fast`, `t` | `learning_rate`, `beta1` | [15] |
# | `ScheduleFreeAdam` | `fast`, `moment2`, `t` | `learning_rate`, `beta1`, `beta2`, `eps` | [15] |
# | `Muon` | `velocity` | `learning_rate`, `matrices`, `rho` | [15] |
# | `Shampoo` | `left`, `right` | `learning_rate`, `matrices` | [15] |
#
# The last two need to know where the matrices lie; for what lies in none (biases) they also have the memory of `Adam`.
#
# ## Learning rate schedules
#
# A schedule multiplies the learning rate by a factor that depends on the step.
#
# | in the code | the factor | you choose |
# |---|---|---|
# | `constant` | always 1 | nothing |
# | `step` | falls at once, again and again | `every`: so many steps between two falls; `factor`: by how much |
# | `exponential` | falls by the same part at each step | `decay`: what is kept |
# | `inverse_root` | $1/\sqrt{t+1}$, as in proofs of convergence | nothing |
# | `cosine` | half a wave, from 1 down | `num_steps`: how long; `floor`: down to where |
# | `warm_up` | rises to 1, then gives way to another schedule | `num_steps`: how long; `then`: the other one |
#
# ## Words
#
# - **Accuracy**: what part of the examples a model gets right. You read it; the loss is what you descend.
# - **AMSGrad**: an Adam that divides by the root of the largest second moment so far, so that it cannot forget. [08]
# - **Analytic gradient**: a gradient worked out by the rules of calculus, exact and fast. [02]
# - **Argmin**: the *place* where a function is lowest; the minimum is the height there. [00]
# - **Armijo's condition**: a step lowers the loss by a small share, at least, of what the slope promises. [11]
# - **Automatic differentiation**: the derivative of a program, by the slopes of its operations, while it runs. [12]
# - **Backpropagation**: the chain rule, from the loss back to every parameter. [02]
# - **Backtracking**: try a step, and halve it until the loss falls enough. [11]
# - **Basin**: all starts from which a run reaches the same minimum. [03]
# - **Batch**: the examples that one gradient is computed from. *Batch gradient descent* takes all of them at every step;
#   a *minibatch* is a handful. [03], [04]
# - **Bias correction**: makes up for moments that start at zero. [08]
# - **Catapult**: a start above the edge throws the loss up, and the run lands where it is less sharp. [13]
# - **Central flow**: the mean of a run over its swings at the edge, as a smooth path. [13]
# - **Checkpoints**: some values of a tape, from which the others are computed once more. [12]
# - **Clipping**: a gradient longer than a limit is shortened to it; its direction stays. [14]
# - **Complex step**: a slope from a tiny imaginary step, with nothing subtracted. [01], [12]
# - **Condition number**: the largest curvature of a loss over the smallest; how much longer than wide a valley is, squared.
#   [03]
# - **Contour line**: joins places of equal loss, like a height line on a map. [00]
# - **Convergence**: a run comes closer and closer to one place. The opposite is *divergence*: it runs away.
#   [03]
# - **Cosine** of two directions: 1 when they agree, 0 at a right angle, −1 when they are opposite. [00]
# - **Covariance** $\Sigma$: how entries scatter, alone and together. Its trace is the sum of their variances. [14]
# - **Criterion**: the loss by which tuning chooses a setting: training or held-back. [16]
# - **Critical batch size**: up to which a larger batch saves about as many steps as it costs examples. [14]
# - **Curvature**: how strongly a loss bends in a direction: the second derivative. [03]
# - **Dead unit**: a ReLU that no example reaches any more: it has no gradient, and never comes back. [14]
# - **Decoupled weight decay**: the weights shrink by themselves, not through the gradient. [08]
# - **Dual number**: a pair of a value and its slope, which are computed together. [12]
# - **Edge of stability**: where the sharpness has grown to 2 over the learning rate, and stays. [13]
# - **Eigenvalue, eigenvector**: of the Hessian, a curvature, and the direction that it belongs to. [03]
# - **Epoch**: one pass over all the training examples. [04]
# - **Expectation** $\mathrm{E}$: the mean over everything that chance may bring. [00]
# - **Expected best**: the mean of the lowest of $k$ settings drawn at random: what a small budget finds. [16]
# - **Forward mode**: slopes travel with the values; one pass for each input. [12]
# - **Gauss-Newton matrix**: the Hessian of a loss without the part that can be negative. [11]
# - **Gradient**: one slope for each parameter; it points where the loss grows fastest. [00]
# - **Gradient check**: an analytic gradient compared with a numeric one. [02]
# - **Gradient descent**: step against the gradient, again and again. [03]
# - **Half-life**: after how many steps half of a memory has faded. [05], [07]
# - **Hessian**: the table of all second derivatives. [03]
# - **Hessian-vector product** $Hv$: how the gradient changes along $v$, without the Hessian. [12]
# - **Hyperparameter**: a number that you choose before a run, and that the run does not learn. [03]
# - **Initialisation**: the choice of the first `w`. [03]
# - **L-BFGS**: acts like the inverse Hessian, from the last changes of `w` and of the gradient alone. [11]
# - **Learning rate**: how far a step goes for a given gradient. [00]
# - **Lion**: the sign of a mean of gradients. [15]
# - **Loss**: one number that says how bad a model is. [00]
# - **Minimum**: a lowest height. *Local*: the lowest of its neighbourhood; *global*: the lowest of all. [00]
# - **Moment**: a fading mean; the first one of gradients, the second one of their squares. [08]
# - **Momentum**: the walker gets heavy and keeps a part of the velocity. [05]
# - **Monte Carlo**: to estimate a mean from a random sample. [04]
# - **Moving average** of weights: a fading mean beside the run, which the run never sees. [14]
# - **Muon**: momentum whose step is made orthogonal. [15]
# - **Nesterov's momentum**: momentum that takes its gradient where it is about to be. [05]
# - **Newton's step**: to where the parabola that fits here is flat; flat need not be low. [11]
# - **Newton–Schulz iteration**: products that bring all singular values of a matrix near 1. [15]
# - **Noise floor**: the height below which a run on minibatches cannot settle. [04]
# - **Noise scale**: the batch size at which a minibatch's gradient has as much noise as slope. [14]
# - **Norm**: what counts as the length of a step; each has its own steepest step. [15]
# - **Numeric gradient**: slopes measured from heights, one parameter at a time. [01]
# - **Optimizer**: a rule that turns gradients into steps.
# - **Paired**: two optimizers are compared on each seed, where both have the same digits, start and minibatches. [09], [16]
# - **Parameter**, also **weight**: a number of the model that training changes. [00]
# - **Polyak's average**: the mean of all weights so far. [14]
# - **Power iteration**: multiply by the Hessian again and again; the direction turns to the steepest axis. [12], [13]
# - **Progressive sharpening**: the sharpness grows while training goes on. [13]
# - **Pull**: what an entry of a tape hands on to a value that it was made of. [12]
# - **ReLU**: $\max(0, x)$, the bend in most networks. [02]
# - **Reverse mode**: gradients travel back from the result; one pass for each output. [12]
# - **Saddle**: level ground that rises one way and falls another. [03]
# - **Schedule**: a factor on the learning rate that depends on the step. [09]
# - **Schedule-Free**: the mean of the places of a point that never slows down. [15]
# - **Seed**: the number that decides all that is random in a run. A *seed band* shows between which losses half of the seeds
#   lie. [04]
# - **Sensitivity curve**: the loss at the end of a run, for every learning rate; a wide valley forgives a bad guess. [09]
# - **Shampoo**: a matrix on each side of the gradient evens out its directions. [15]
# - **Sharpness**: the largest curvature, at the place where a run is. [13]
# - **Sign descent**: every weight moves equally far, against its slope. [15]
# - **Sign test**: on how many of the seeds one is better than the other, and how often a coin would do the same. [09], [16]
# - **Singular value**: how strong a matrix is in one direction; of a symmetric one, an eigenvalue without its sign. [03], [15]
# - **Slope**: by how much the height changes for each unit of way. [00]
# - **Softmax regression**: a model with one score for each class, turned into probabilities. [01]
# - **Step**: one update of `w`. [00]
# - **Stochastic**: with chance in it. *SGD*, stochastic gradient descent, draws its minibatches. [04]
# - **Tape**: the list of all operations of a run, read from its end for the gradients. [12]
# - **Target**: a loss that is good enough; runs are compared by the steps to it. [16]
# - **Truncation error**, **round-off error**: what a numeric gradient loses because `h` is not zero, and because numbers have
#   only so many digits. [01]
# - **Trust radius**: the longest step for which that parabola is believed. [11]
# - **Variance**: the mean square of the distance from the mean: how much something scatters. [04]
# - **Warm-up**: small learning rates first, then larger ones. [09]
#
# Back to the beginning: [00 Start here](00_start_here.ipynb).
#
# [00]: 00_start_here.ipynb
# [01]: 01_numeric_gradient.ipynb
# [02]: 02_analytic_gradient.ipynb
# [03]: 03_gradient_descent.ipynb
# [04]: 04_sgd.ipynb
# [05]: 05_momentum.ipynb
# [06]: 06_adagrad.ipynb
# [07]: 07_rmsprop.ipynb
# [08]: 08_adam.ipynb
# [09]: 09_race.ipynb
# [11]: 11_curvature.ipynb
# [12]: 12_automatic_differentiation.ipynb
# [13]: 13_edge_of_stability.ipynb
# [14]: 14_noise.ipynb
# [15]: 15_other_norms.ipynb
# [16]: 16_claims_audit.ipynb
