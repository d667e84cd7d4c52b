"""Mistakes of lines that several algorithms share: each is written once, and is made wherever its text stands.

An exercise names the families that fit it in its `mistakes(…)`; it may give a mistake words of its own, or skip it.
"""

from __future__ import annotations

from optcourse.exercises.mistakes import Family

# Any loop of the course: w = np.array(w, dtype=float); for … in range(…): dw = compute_gradient(w); …; w -= …; return w
LOOP = Family(
    "LOOP",
    """
    sign-flipped: last w -= … => w += …
        Your loop walks uphill: the gradient points where the loss grows, so its sign in the update is the wrong way round.
    returns-the-gradient: dw = … => dw = …; last = dw
                     and: return w => return last
        You return the last gradient; the caller wants the parameters `w` where the walk ended.
    returns-the-step: last w -= … => step = …; w -= step
                 and: return w => return step
        You return the last update; the caller wants the parameters `w` after it.
    returns-the-path: w = np.array(w, dtype=float) => w = np.array(w, dtype=float); path = [w.copy()]
                 and: last w -= … => w -= …; path.append(w.copy())
                 and: return w => return np.array(path)
        You return every point of the walk; the caller wants the last one only.
    never-updates: last w -= … => w - …
        Your `w` never moves: the result of the update is not kept in `w`.
    one-step-too-few: num_steps => num_steps - 1
        Your loop takes one step too few: count how often `range(…)` runs.
    one-step-too-many: num_steps => num_steps + 1
        Your loop takes one step too many: count how often `range(…)` runs.
    first-step-only: last w -= … => w -= …; return w
        Your function is back after its first step: is the `return` indented into the loop?
    gradient-at-the-start-only: np.array(w, dtype=float) => np.array(w, dtype=float); dw = compute_gradient(w)
                           and: dw = compute_gradient(…) => pass
        The gradient is computed once, at the start, and used for every step: compute it inside the loop, where `w` is now.
    learning-rate-ignored: last w -= learning_rate * … => w -= …
        The steps do not depend on the learning rate: multiply by `learning_rate` in the update.
    learning-rate-twice: last w -= learning_rate * … => w -= learning_rate * learning_rate * …
        The learning rate is multiplied in twice: once is enough.
    divides-by-learning-rate: last w -= learning_rate * … => w -= 1 / learning_rate * …
        You divide by the learning rate: a larger learning rate must give a longer step.
    changes-the-input: w = np.array(w, dtype=float) =>
        The caller's own array is changed: `w -= …` writes into the array that you were given. Make a float copy before the loop.
    keeps-whole-numbers: np.array(w, dtype=float) => np.array(w)
                    and: last w -= … => w[:] = w - (…)
        Your `w` keeps the whole-number type of the start, so every fraction is cut off: make it floats before the loop.
    copies-whole-numbers: np.array(w, dtype=float) => np.array(w)
        Your copy keeps the whole-number type of the start, which cannot hold the steps: say `dtype=float` when you copy.
    starts-at-zero: np.array(w, dtype=float) => np.zeros(np.shape(w))
        Your walk does not begin at the `w` that you were given: do not set it anew.
    updates-after-the-loop: last w -= … => pass
                       and: return w => w -= …; return w
        The update stands below the loop, so it is done once: indent it, so that every round moves `w`.
    sums-the-gradient: dw = … => dw = np.sum(…)
        Every entry moves by the same amount: the gradient was summed to one number, but each entry of `w` has its own slope.
    only-the-direction: dw = … => dw = …; dw = dw / np.linalg.norm(dw)
        Every step has the same length: the gradient was divided by its length, but its size belongs to the update.
    """,
)

# velocity = rho * velocity + dw; w -= learning_rate * velocity
VELOCITY = Family(
    "VELOCITY",
    """
    velocity-reset: velocity = rho * velocity + dw => velocity = dw
        This is plain gradient descent: the velocity is forgotten. Is it set to zeros inside the loop, or left out of the update?
    friction-missing: rho * velocity + dw => velocity + dw
        Your velocity never loses anything: the old one must be multiplied by `rho`. Without friction it swings on.
    one-minus-rho-on-the-gradient: + dw => + (1 - rho) * dw
        Your gradient is multiplied by `1 - rho`. That is the averaged convention; the lecture adds the whole `dw`.
    one-minus-rho-on-the-velocity: velocity = rho * velocity + dw => velocity = (1 - rho) * velocity + dw
        Your velocity keeps the share `1 - rho`; it should keep the share `rho`.
    rho-on-the-gradient: rho * velocity + dw => velocity + rho * dw
        `rho` multiplies the gradient in your velocity; it belongs to the old velocity.
    rho-on-both: rho * velocity + dw => rho * (velocity + dw)
        `rho` multiplies the whole sum in your velocity, the new gradient too; only the old velocity is slowed down.
    gradient-subtracted-from-the-velocity (same as sign-flipped): rho * velocity + dw => rho * velocity - dw
        The gradient is subtracted both in the velocity and in the update: two minus signs make the walk go uphill. One of
        them must go.
    velocity-turns-round: rho * velocity + dw => dw - rho * velocity
        Your old velocity enters with a minus sign, so each step pushes back where it came from.
    moves-before-the-velocity: velocity = rho * velocity + dw => w -= learning_rate * velocity
                          and: w -= learning_rate * velocity => velocity = rho * velocity + dw
        `w` moves with the velocity of the round before: bring the velocity up to date first, then move.
    moves-first: dw = compute_gradient(…) => w -= learning_rate * velocity; dw = compute_gradient(…)
            and: w -= learning_rate * velocity => pass
        `w` moves at the top of the round, with the old velocity, so the last velocity is never used: move at its end.
    adds-the-gradient-again: w -= learning_rate * velocity => w -= learning_rate * (velocity + dw)
        The gradient is in your velocity already, and your update adds it once more.
    learning-rate-twice-in-the-velocity (same as learning-rate-twice): velocity + dw => velocity + learning_rate * dw
        The learning rate is in the velocity and in the update: it belongs to the update alone.
    learning-rate-on-the-gradient-only: w -= learning_rate * velocity => w -= (velocity - dw) + learning_rate * dw
        Your update multiplies only the new gradient by the learning rate; the old velocity needs it too.
    velocity-starts-at-one: velocity = np.zeros_like(w) => velocity = np.ones_like(w)
        Your velocity begins at ones: the walker gets a push that nobody gave. Begin at zeros.
    velocity-starts-at-w: velocity = np.zeros_like(w) => velocity = w.copy()
        Your velocity begins as `w`: make it zeros of the same shape.
    velocity-is-w-itself: velocity = np.zeros_like(w) => velocity = w
                     and: velocity = rho * velocity + dw => velocity *= rho; velocity += dw
        `velocity = w` gives one array two names, so changing the velocity changes `w` too: make zeros of its own.
    one-velocity-for-all: rho * velocity + dw => rho * velocity + dw.mean()
        All entries share one velocity: it must be an array of the shape of `w`, a velocity for each entry.
    returns-the-velocity: return w => return velocity
        You return the velocity; the caller wants the parameters `w`.
    weights-swapped: rho * velocity + dw => (1 - rho) * velocity + rho * dw
        Your velocity keeps `1 - rho` of itself and takes `rho` of the gradient. It keeps `rho`, and takes the whole `dw`.
    learning-rate-not-on-the-velocity: w -= learning_rate * velocity => w -= learning_rate * dw + rho * velocity
        Your update takes the gradient times the learning rate and the velocity without it: only the velocity moves `w`,
        times `learning_rate`.
    divided-by-the-friction: w -= learning_rate * velocity => w -= learning_rate * velocity / (1 - rho)
        You divide by `1 - rho`: the velocity grows by that factor of its own accord.
    rho-in-the-update (same as rho-on-both): w -= learning_rate * velocity => w -= learning_rate * rho * velocity
        `rho` multiplies the velocity in your update. It has done its work; `w` moves by `learning_rate * velocity`.
    """,
)

# … / (np.sqrt(squares) + eps)
ROOT = Family(
    "ROOT",
    """
    no-root: np.sqrt({squares}) + eps => {squares} + eps
        You divide by the squares themselves. A square has the wrong unit: take the root first.
    eps-inside-the-root: np.sqrt({squares}) + eps => np.sqrt({squares} + eps)
        Your `eps` stands inside the root. There its own root counts, which is much larger. In this course, as in
        the lecture and in torch, it is added after the root.
    eps-missing: (np.sqrt({squares}) + eps) => np.sqrt({squares})
        Your steps do not depend on `eps`. Without it, an entry whose slope has always been zero divides 0 by 0.
    eps-added-to-the-parameters: / (np.sqrt({squares}) + eps) => / np.sqrt({squares}) + eps
        Your `eps` is added to the step and not to the root: Python divides before it adds. Put brackets around the
        root and `eps`.
    eps-outside-the-fraction: * {above} / (np.sqrt({squares}) + eps) => * ({above} / np.sqrt({squares}) + eps)
        Your `eps` is added to the fraction: close the bracket of the divisor after `eps`, not before it.
    eps-fixed: np.sqrt({squares}) + eps => np.sqrt({squares}) + 1e-7
        Your `eps` is always 1e-7: use the one that you are given.
    eps-multiplied: np.sqrt({squares}) + eps => np.sqrt({squares}) * eps
        You multiply the root by `eps`, so the steps become enormous: `eps` is added to the root.
    eps-as-a-floor: np.sqrt({squares}) + eps => np.maximum(np.sqrt({squares}), eps)
        You take the larger of the root and `eps`. The lecture adds `eps` to the root.
    divisor-missing: * {above} / (np.sqrt({squares}) + eps) => * {above}
        Nothing is divided: the squares are gathered, but the step is not divided by their root.
    multiplied-by-the-root: * {above} / (np.sqrt({squares}) + eps) => * {above} * (np.sqrt({squares}) + eps)
        You multiply by the root where you should divide: steep entries must take shorter steps, not longer ones.
    root-twice: np.sqrt({squares}) => np.sqrt(np.sqrt({squares}))
        You take the root twice: once, just before dividing, is enough.
    mean-over-the-entries (same as means-over-entries): np.sqrt({squares}) => np.sqrt(np.mean({squares}))
        All your entries share one root: a mean over the entries is taken. Each entry needs one of its own.
    norm-below-the-line: np.sqrt({squares}) => np.linalg.norm({squares})
        You divide by the length of the whole array: take the root of each entry by itself, with `np.sqrt`.
    gradient-missing: * {above} / (np.sqrt( => / (np.sqrt(
        Your step does not hold the gradient any more: above the line stands `learning_rate * {above}`.
    squared-step: * {above} / (np.sqrt( => * {above} * {above} / (np.sqrt(
        Your step is squared above the line, so it has lost its direction. Squares belong below the line.
    direction-lost: * {above} / (np.sqrt( => * np.abs({above}) / (np.sqrt(
        Your steps all go the same way, whatever the sign of the slope: square only what goes below the line.
    only-the-sign: * {above} / (np.sqrt({squares}) + eps) => * np.sign({above})
        Every entry moves by exactly the learning rate: you step by a sign alone.
    """,
)

# squares = decay * squares + (1 - decay) * dw * dw
SQUARES = Family(
    "SQUARES",
    """
    sums-up-squares: {m} = {b} * {m} + (1 - {b}) * dw * dw => {m} = {m} + dw * dw
        Your `{m}` only ever grows, as in AdaGrad: it must forget, so keep `{b}` of the old one.
    weights-swapped: {b} * {m} + (1 - {b}) * dw * dw => (1 - {b}) * {m} + {b} * dw * dw
        `{b}` and `1 - {b}` have changed places in `{m}`: the past keeps `{b}`, the new square gets `1 - {b}`.
    new-square-unweighted: (1 - {b}) * dw * dw => dw * dw
        The new square enters whole: it lacks the factor `1 - {b}`, so the weights do not add up to 1.
    weight-squared-too: (1 - {b}) * dw * dw => (1 - {b}) * (1 - {b}) * dw * dw
        The factor `1 - {b}` is in twice, or squared along with the gradient: only `dw` is squared.
    decay-on-both: {m} = {b} * {m} + (1 - {b}) * dw * dw => {m} = {b} * ({m} + dw * dw)
        `{b}` multiplies the new square too. The weights must add up to 1: the new square gets `1 - {b}`.
    memory-reset: {m} = {b} * {m} + (1 - {b}) * dw * dw => {m} = (1 - {b}) * dw * dw
        Your `{m}` holds the last square only: it is set to zero inside the loop, or its past is left out. Begin it
        before the loop, and keep `{b}` of it.
    square-missing: {b} * {m} + (1 - {b}) * dw * dw => {b} * {m} + (1 - {b}) * dw
        Your `{m}` averages `dw`, not its square: positive and negative gradients cancel, and it can become negative.
    absolute-value: {b} * {m} + (1 - {b}) * dw * dw => {b} * {m} + (1 - {b}) * np.abs(dw)
        Your `{m}` averages the size of `dw`, and you take a root of that: average `dw * dw`, then take the root.
    sums-over-entries: (1 - {b}) * dw * dw => (1 - {b}) * np.sum(dw * dw)
        Your squares are summed over the entries, so all of them share one divisor. Square entry by entry: `dw * dw`.
    means-over-entries: (1 - {b}) * dw * dw => (1 - {b}) * np.mean(dw * dw)
        Your squares are averaged over the entries, so all of them share one divisor: each entry has its own.
    brackets-of-one-minus: (1 - {b}) * dw * dw => 1 - {b} * dw * dw
        `1 - {b} * dw * dw` takes the product first: put brackets around `1 - {b}`.
    largest-square: {m} = {b} * {m} + (1 - {b}) * dw * dw => {m} = np.maximum({m}, {b} * {m} + (1 - {b}) * dw * dw)
        Your `{m}` never shrinks: you keep the largest so far, as AMSGrad does. It must forget.
    root-is-kept: {m} = {b} * {m} + (1 - {b}) * dw * dw => {m} = np.sqrt({b} * {m} + (1 - {b}) * dw * dw)
             and: np.sqrt({m}) + eps => {m} + eps
        You keep the root as the memory, and take its root again in the next step. Keep `{m}` a mean of squares.
    decay-fixed: {b} * {m} + (1 - {b}) * dw * dw => 0.9 * {m} + (1 - 0.9) * dw * dw
        Your loop works with 0.9 whatever `{b}` is: use the one that you are given.
    divides-before-remembering: {m} = {b} * {m} + (1 - {b}) * dw * dw => pass
                           and: last w -= … => w -= …; {m} = {b} * {m} + (1 - {b}) * dw * dw
        You divide first and remember afterwards, so the divisor is the one of the round before. Update `{m}` first.
    """,
)

# unbiased1 = moment1 / (1 - beta1**t); unbiased2 = moment2 / (1 - beta2**t)
CORRECTION = Family(
    "CORRECTION",
    """
    correction-missing: moment1 / (1 - beta1**t) => moment1
                   and: moment2 / (1 - beta2**t) => moment2
        The correction is missing: this is almost-Adam. Divide each moment by 1 − beta^t.
    correction-multiplied: moment1 / (1 - beta1**t) => moment1 * (1 - beta1**t)
                      and: moment2 / (1 - beta2**t) => moment2 * (1 - beta2**t)
        You multiply by 1 − beta^t where you must divide: the moments are too small at first, and must be made larger.
    t-never-increments: beta1**t => beta1
                   and: beta2**t => beta2
        Your `t` stays at 1 (or the power is missing), so the moments are corrected as if every step were the first.
    t-starts-at-zero: range(1, num_steps + 1) => range(num_steps)
        Your `t` is 0 in the first round, so 1 − beta^t is 0 and you divide by it: the first step has t = 1.
    t-one-ahead: range(1, num_steps + 1) => range(2, num_steps + 2)
        Your `t` is one too large: in the first round it must be 1. Is it counted up twice, or from 2?
    corrected-moments-kept: unbiased1 = moment1 / => moment1 = moment1 /
                       and: unbiased2 = moment2 / => moment2 = moment2 /
                       and: learning_rate * unbiased1 / (np.sqrt(unbiased2) => learning_rate * moment1 / (np.sqrt(moment2)
        The corrected moments are carried into the next round and corrected again. Give them names of their own.
    only-moment1-corrected: moment2 / (1 - beta2**t) => moment2
        Only `moment1` is corrected; `moment2` starts at zero too.
    only-moment2-corrected: moment1 / (1 - beta1**t) => moment1
        Only `moment2` is corrected; `moment1` starts at zero too.
    beta-times-t: beta1**t => beta1 * t
             and: beta2**t => beta2 * t
        You multiply beta by `t`; it is a power, `beta**t`.
    corrections-swapped: beta1**t => beta2**t
                    and: beta2**t => beta1**t
        The corrections have changed places: `moment1` goes with `beta1`, `moment2` with `beta2`.
    divided-by-the-power: (1 - beta1**t) => beta1**t
                     and: (1 - beta2**t) => beta2**t
        You divide by beta^t itself; it is 1 − beta^t.
    root-before-the-correction: np.sqrt(unbiased2) => np.sqrt(moment2) / (1 - beta2**t)
        You take the root before the correction: divide `moment2` by 1 − beta2^t first, then take the root.
    brackets-missing-in-the-correction: moment1 / (1 - beta1**t) => moment1 / 1 - beta1**t
                                   and: moment2 / (1 - beta2**t) => moment2 / 1 - beta2**t
        Brackets are missing in your correction: `moment1 / 1 - beta1**t` divides by 1. Write `moment1 / (1 - beta1**t)`.
    power-of-the-bracket: (1 - beta1**t) => (1 - beta1) ** t
                     and: (1 - beta2**t) => (1 - beta2) ** t
        You raise the whole bracket to the power, (1 − beta)^t; it is 1 minus beta^t.
    beta1-in-both-corrections: beta2**t => beta1**t
        Both corrections use `beta1`; `moment2` leaks with `beta2` and is corrected with it.
    root-in-the-correction: (1 - beta2**t) => np.sqrt(1 - beta2**t)
        `moment2` is divided by the root of 1 − beta2^t. Divide it by 1 − beta2^t itself; the root comes once, later.
    eps-before-the-correction: (np.sqrt(unbiased2) + eps) => ((np.sqrt(moment2) + eps) / np.sqrt(1 - beta2**t))
        Your `eps` is added before the correction, as in the paper's shortened form. Here it comes after it, so that it
        is compared with the corrected root.
    betas-swapped: beta1 * moment1 + (1 - beta1) * dw => beta2 * moment1 + (1 - beta2) * dw
              and: beta2 * moment2 + (1 - beta2) * dw * dw => beta1 * moment2 + (1 - beta1) * dw * dw
              and: beta1**t => beta2**t
              and: beta2**t => beta1**t
        The two betas have changed places: `beta1` belongs to `moment1`, `beta2` to `moment2`.
    beta1-for-both: beta2 * moment2 + (1 - beta2) * dw * dw => beta1 * moment2 + (1 - beta1) * dw * dw
               and: beta2**t => beta1**t
        Both moments use `beta1`: the second one has its own, `beta2`.
    """,
)

# moment1, moment2: Adam and its relatives
MOMENTS = Family(
    "MOMENTS",
    """
    state-reset: dw = compute_gradient(w) => dw = compute_gradient(w); moment1 = np.zeros_like(w); moment2 = np.zeros_like(w)
        The moments start from zero again in every round: make them once, before the loop.
    first-moment-in-both: (1 - beta2) * dw * dw => (1 - beta2) * moment1 * moment1
        Your second moment is made from `moment1`; it averages the squares of the gradients `dw`.
    weight-of-moment1-forgotten: beta1 * moment1 + (1 - beta1) * dw => beta1 * moment1 + dw
        The gradient goes into `moment1` with full weight: it is a mean, so the new gradient counts (1 − beta1).
    weights-of-moment1-swapped: beta1 * moment1 + (1 - beta1) * dw => (1 - beta1) * moment1 + beta1 * dw
        In `moment1` the weights are the wrong way round: the past keeps beta1, the new gradient gets (1 − beta1).
    moment1-weighs-with-beta2: (1 - beta1) * dw => (1 - beta2) * dw
        In `moment1` the new gradient counts (1 − beta2); both weights of a mean come from the same beta, here `beta1`.
    moment2-weighs-with-beta1: (1 - beta2) * dw * dw => (1 - beta1) * dw * dw
        In `moment2` the new square counts (1 − beta1); both weights of a mean come from the same beta, here `beta2`.
    gradient-in-the-numerator: w -= learning_rate * {above} / ( => w -= learning_rate * dw / (
        You step along `dw`: this is RMSProp alone. Momentum's part, the first moment, belongs above the line.
    moment1-added-to-itself: moment1 = beta1 * moment1 + => moment1 += beta1 * moment1 +
        Your `moment1` keeps all of its past and adds the new mean to it (`+=`): the new mean replaces the old one.
    moment2-starts-at-one: moment2 = np.zeros_like(w) => moment2 = np.ones_like(w)
        Your second moment begins with ones: both moments begin with zeros.
    betas-swapped: beta1 * moment1 + (1 - beta1) * dw => beta2 * moment1 + (1 - beta2) * dw
              and: beta2 * moment2 + (1 - beta2) * dw * dw => beta1 * moment2 + (1 - beta1) * dw * dw
        The two betas have changed places: `beta1` belongs to `moment1`, `beta2` to `moment2`.
    beta1-for-both: beta2 * moment2 + (1 - beta2) * dw * dw => beta1 * moment2 + (1 - beta1) * dw * dw
        Both moments use `beta1`: the second one has its own, `beta2`.
    moments-share-an-array: moment2 = np.zeros_like(w) => moment2 = moment1
                       and: moment1 = beta1 * moment1 + (1 - beta1) * dw => moment1 *= beta1; moment1 += (1 - beta1) * dw
                       and: moment2 = beta2 * moment2 + … => moment2 *= beta2; moment2 += …
        Both moments are the same array: `moment1 = moment2 = …` gives one array two names. Make two.
    """,
)
