"""What a "Try this" says that the reader will see is asserted from the scene to which it sends the reader.

Each sentence of a "Try this" is a question, an instruction (it begins with a verb of INSTRUCTIONS), an explanation that the
figure cannot contradict (TOLD), or it says what will be seen. Then it stands here, above the test that looks.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from optcourse.exercises.answers.lesson_03 import saddle_steps
from optcourse.explorers import (
    lesson_01,
    lesson_02,
    lesson_03,
    lesson_04,
    lesson_05,
    lesson_06,
    lesson_07,
    lesson_08,
    lesson_09,
    lesson_13,
    lesson_14,
    lesson_15,
    lesson_16,
)
from tests.explorers.words import plain

SOURCES = sorted((Path(__file__).parents[2] / "source").glob("[0-9][0-9]_*.py"))
INSTRUCTIONS = set(
    "Add Before Change Choose Click Compare Count Cross Double Drag Find Get Give Go Guess Halve Keep Leave Look Lower Make "
    "Move Now Or Plant Play Predict Press Pull Put Raise Read Set Show Start Stay Step Switch Take Then Think Tick Try Type "
    "Watch look lower compare find press raise".split()
)
SEEN: dict[str, object] = {}  # sentence -> the test that looks
TOLD = {
    "In the left picture you stand at the ring.",
    "The arrow points straight downhill.",
    "It is longer where the ground is steeper.",
    "The sentence above the picture and the curve on the right tell you.",
    "You have 12 steps.",
    "Height 0 is the deepest point of the land.",
    "On the right, each line of the scale is ten times lower than the one above it.",
    "You see the land from above:",
    "thin lines join places of equal height, and stars mark the bottoms of hollows.",
    "The grey path is an algorithm, *gradient descent*, with as many steps as you took.",
    "The line below the picture has the numbers of each step:",
    "the place `w`, the loss (the height above the deepest point), the gradient.",
    "On the left:",
    "100 random directions, and minus the gradient as the thick arrow to the right.",
    "A direction in 1,000 dimensions cannot be drawn.",
    "But its part along minus the gradient can, and how much is left over for the sides.",
    "This loss is a parabola in every entry, and for a parabola the central difference is exact.",
    "It begins with forward differences and a huge `h` of 0.5.",
    "A rough slope is good enough to walk.",
    "The sentence above the picture tells you.",
    "Your `numeric_gradient` walks along in its own colour.",
    "That is all that each step needs.",
    "Lesson 01 had names for both.",
    "`x` is 0.",
    '"Biases forgotten":',
    "An error of 1 % is planted in `W1`.",
    "nothing is planted here.",
    "*Always check once with regularization 0.*",
    "The left and the middle picture show the same run.",
    "the other one follows.",
    "With `Himmelblau`, raise `learning_rate` notch by notch.",
    "Its curvature is the largest:",
    "the limit $2/\\lambda$ holds for each minimum by itself.",
    "On the right, each square is one curvature of this loss at the start.",
    "In the middle:",
    "On the right:",
    "a batch of 16 costs four times the arithmetic of a batch of 4.",
    "Both axes are logarithmic.",
    "Ten times the batch:",
    "With `batch_size` 8, move `learning_rate` up and down.",
    "Crawl or zig-zag:",
    "In which direction is the cloud long:",
    "The saddle, noise 0:",
    "step $t$ then uses $\\alpha / (1 + t/20)$.",
    "The sum of all learning rates must still be infinite, or the walker may stop before it arrives:",
    "Robbins and Monro, 1951.",
    "`rho` belongs to *momentum*, the next lesson.",
    "There is no landscape here:",
    "the gradients are given.",
    "`steady`:",
    "`flipping`:",
    "the gradients are as large as before.",
    "`noisy`:",
    "every gradient is 0.5 plus noise.",
    "`steady, then none`:",
    "the push ends at step 30.",
    "The map has one run for each pair $(\\alpha\\lambda, \\rho)$:",
    "7,200 runs, *measured*.",
    "Dark blue is fast; brown runs away.",
    "*One-step* is a small spot on the bottom edge:",
    "On the left, the weights; on the right, gradients were loud for a long time and have now become 1.",
    "Inside the U, move the probe left and right.",
    "overdamped.",
    "`shallow minimum`:",
    "`saddle`:",
    "both start a millionth off the ridge.",
    "Both walkers get the same noise.",
    "SGD gets the effective learning rate $\\alpha/(1-\\rho)$:",
    "under a steady slope both move equally fast, once the velocity has built up.",
    "Near the minimum there is hardly any true slope left, so neither arrow means much.",
    "The sentence below the picture has the numbers, from steps 200 to 600:",
    "SGD gets the same $\\alpha$.",
    "At `learning_rate` 0.1, compare `rho` 0.9 with SGD.",
    "the line of values below the picture shows `grad_squared`.",
    "Both axes of both pictures are logarithmic, so $1/\\sqrt{t}$ is a straight line.",
    "the first ten slopes are ten times larger.",
    "The right picture shows how much is still to be learned:",
    "the loss above the lowest that any table can reach.",
    "Solid:",
    "the 12 most frequent characters.",
    "Dotted:",
    "the 12 rare ones.",
    "That is luck; another start would be less lucky.",
    "At 45 degrees, raise `learning_rate`.",
    "a round bowl, in which no direction is special.",
    "The dots at the far left are pixels that almost never have ink.",
    "Why its first steps are so long, comes below.",
    "Each half-life halves the rest, so no.",
    "And for 0.99:",
    "The slider does not reach that far down.",
    "What is left is RMSProp, corrected.",
    "You will switch it off below.",
    "This is RMSProp, whose first step you computed in lesson 07.",
    "*t never counts up*:",
    "*eps added to the parameters*:",
    "*second moment begins at random*:",
    "*correction multiplied*:",
    "0.1 · 0.1 over 0.001.",
    "Its gradients have a random sign, so they lead nowhere.",
    "Only the decay should matter.",
    "three moves and their sum.",
    "now all share one learning rate, *rate if untuned*.",
    "On the right are digits that no gradient has seen.",
    "Each curve is a median over seven seeds.",
    "The shaded bands go from quartile to quartile:",
    "a quarter of the seeds is above, a quarter below.",
    "One weight starts at 1.",
    "The dashed rings are levels of the parabola that fits at the square; its flat place is the cross.",
    "On the right, the same landscape in sheared coordinates $u$, with $w = Au$.",
    "Each of 1,681 starts on Himmelblau's function is coloured by the minimum that it reaches; grey ones, with crosses in them, end on a saddle or on the top.",
    "The dashes are your own `two_loop`.",
    "Each entry of the graph carries a pair:",
    "a value, and how fast it changes with `x`.",
    "Values stand above the entries, gradients below:",
    "the derivative of the result by that entry.",
    "The right picture shows how far the weights are from those of the gradient by hand.",
    "At each turn the direction of $Hv$ becomes the next $v$.",
    "On the left the sharpness, on the right the loss; the dotted line is the limit $2/\\mathtt{rate}$.",
    "On the right are the 20 largest curvatures; the dashes on the left are your own.",
    "A hundred steps at the edge, seen along the axis that was steepest at the first of them.",
    "In the shaded part the minima are too sharp for the rate.",
    "The dashed line is your own `edge`.",
    "At step 1,000 the rate is multiplied by `factor`.",
    "Each point on the right is one seed.",
    "The same network with twice as large first weights.",
    "Ten runs in each square.",
    "each gradient is made 1 long if it is longer.",
    "The same network and digits, another loss.",
    "On the left what one waits for, on the right what one pays for.",
    "The thin line is one rate for all sizes.",
    "Gradient descent at rate 0.1.",
    "Your `noise_scale` is asked at three of its steps.",
    "Each pair is a batch of 16 and one of 128.",
    "On the right, what single pairs say of $|g|^2$.",
    "The dashes are your own code, which always clips.",
    "Not clipped, set `learning_rate` to 10.",
    "luck of a parabola.",
    'Nine examples say "up, by 1", one says "down, by 19".',
    "Their mean is −1.",
    "At limit 1, look at the right picture:",
    "there the mean of each batch is clipped.",
    "A bowl with curvature 1, and gradients with noise of deviation 1.",
    "The walk starts at 3.",
    "The network of lesson 09, 300 steps, 20 seeds.",
    "Decay and rates were not tuned for these seeds.",
    "With momentum, compare the average to the last weights and to a rate that comes down (*cosine*).",
    "the rate was too hot, and an average cannot cool it.",
    "On the left are all steps of length 1, by two rulers, and the best of each:",
    "its thin line is as far along `dw` as that ruler lets you go.",
    "On the right are three steps for a gradient *matrix* G, drawn as their ellipses.",
    "Each dot is a singular value of a gradient that was divided by its length.",
    "Each row is an optimizer; a small dot is a seed, the large one their median.",
    "No run has changed, only the choice among them.",
    "On the left all 48 settings of one optimizer; the ring is chosen by training loss, the square by held-back loss.",
    "On the left the pairs, on the right what fair coins do.",
    "Your own p stands above it.",
    "All are tuned on training loss.",
    "On the right the crosses are your own `steps_to_target`.",
    "The diamonds are your own `expected_best`.",
    "On the left each seed has its pair.",
    "On the right is the number of seeds on which the first is ahead, for each of the 56 choices.",
    "The sentence below counts the choices that show it.",
}


def sees(*sentences: str):
    """Says which sentences a test holds to what is drawn."""

    def keep(test):
        SEEN.update(dict.fromkeys(sentences, test))
        return test

    return keep


def sentences(text: str) -> list[str]:
    """What the "Try this" of a lesson say, without questions and instructions."""
    found = []
    for cell in re.split(r"^# %%.*$", text, flags=re.MULTILINE):
        _, start, body = cell.partition("**Try this")
        if not start:
            continue
        # most lists have an item a line; a short one stands in one line
        verbs = "|".join(INSTRUCTIONS)
        for item in re.split(rf"\n# (?=\d\. )|\s(?=[1-9]\. (?:{verbs})\b)", body.partition("**")[2]):
            words = re.sub(r"\s+", " ", re.sub(r"\n# ?", " ", re.sub(r"^\d\. ", "", item)))
            for sentence in re.split(r"(?<=[.?!:])\s+(?=[A-Z(`*\"])|(?<=[.?!]\))\s+|(?<=: )", words):
                sentence = sentence.strip(" ()")
                first = re.match(r"[`*]*(\w+)", sentence)
                if sentence and not sentence.endswith("?") and not (first and first[1] in INSTRUCTIONS):
                    found.append(sentence)
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem[:2])
def test_what_will_be_seen_is_looked_at(path):
    new = [s for s in sentences(path.read_text(encoding="utf-8")) if s not in SEEN and s not in TOLD]
    assert new == [], "write a test below that looks (@sees), or say in TOLD that nothing is to be seen"


def test_nothing_is_asserted_or_told_that_no_lesson_says():
    said = {s for path in SOURCES for s in sentences(path.read_text(encoding="utf-8"))}
    assert set(SEEN) | TOLD <= said, sorted((set(SEEN) | TOLD) - said)


def test_a_new_claim_is_found():
    text = "# %% [markdown]\n# **Try this.**\n#\n# 1. Press *Play*. The path turns green. Why?\n"
    assert sentences(text) == ["The path turns green."]


# -- what is drawn ---------------------------------------------------------------------------------


def mark(scene, label: str, panel: int = 0):
    return next(m for m in scene.panels[panel].marks if getattr(m, "label", "").startswith(label))


def numbers(words: str) -> list[float]:
    return [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?", plain(words))]


@sees("The secant turns into the tangent, and the point on the right slides down.")
def test_the_secant_turns_into_the_tangent():
    explorer, off, heights = lesson_01.VCurveLab(), [], []
    for h in (0.5, 0.1, 0.01):
        scene = explorer.frame(h=h)
        secant, tangent = mark(scene, "line with"), mark(scene, "tangent")
        off.append(np.abs(np.diff(secant.y) / np.diff(secant.x) - np.diff(tangent.y) / np.diff(tangent.x)).max())
        heights.append(float(re.search(r"the error ([\d.e+-]+\d)", plain(scene.says))[1]))
    assert off[0] > off[1] > off[2] and heights[0] > heights[1] > heights[2]


@sees("Its bars hit the crosses for every `h`.")
def test_central_bars_hit_the_crosses():
    explorer = lesson_01.EntryByEntry()
    for h in next(control for control in explorer.controls if control.name == "h").values:
        assert float(plain(explorer.frame(scheme="central", h=h).says).split()[-1].rstrip(".")) < 1e-9


@sees(
    "On a bowl it is exact.",
    "On Himmelblau it is not.",
    "It is central, so on a bowl it stays on the grey path even where the forward walk does not.",
    "not at the star, but beside it, by −h/2 in each direction.",
)
def test_where_numeric_walks_end():
    explorer = lesson_01.NumericDescent()
    assert "cannot tell the two apart" in explorer.frame(scheme="central", h=1.0).says
    assert "apart in the picture" not in explorer.frame(scheme="central", h=1.0, landscape="Himmelblau").says
    walk = mark(explorer.frame(num_steps=60, learning_rate=0.45), "numeric")
    assert np.allclose([walk.x[-1], walk.y[-1]], -0.25, atol=0.02)
    from optcourse.exercises.lesson_01 import numeric_gradient

    own = lesson_01.NumericDescent(yours=numeric_gradient).frame(h=1.0)
    yours, exact = mark(own, "your code"), mark(own, "analytic")
    assert np.allclose(yours.x, exact.x, atol=1e-6)
    forward = mark(own, "numeric")
    assert np.abs(forward.x - exact.x).max() > 0.1


@sees("The gradients of three parameters become 0.", 'The factor "score → hidden" is now 1.1 times as large as it should be.')
def test_a_shut_gate_makes_three_gradients_zero():
    check = lesson_02.GraphExplorer(step=12).frame(x=-1.0).panels[1]
    bars = next(one for one in check.marks if hasattr(one, "height"))
    assert len(bars.height) == 4
    dw = lesson_02.GraphExplorer(step=12).frame(x=-1.0).says
    assert "dw1 = dbefore × x = 0" in dw
    assert lesson_02.GraphExplorer(wrong_factor="score → hidden", delta=0.1).values["delta"] == pytest.approx(0.1)
    assert lesson_02.KinkExplorer().values["x"] == 0


@sees("The loss is not a parabola, so it does not run away for good.", "The deepest minimum is A.")
def test_the_digits_do_not_run_away_and_a_is_deepest():
    for rate in (3.0, 5.0):
        losses = mark(lesson_03.DigitsExplorer().frame(learning_rate=rate), "training loss").y
        assert np.isfinite(losses).all() and losses[-1] < losses[0]
        assert (np.diff(losses) > 0).any()
    from optcourse import objectives

    tang = objectives.styblinski_tang()
    values = tang.value(np.transpose(tang.minima))
    assert values.argmin() == 0


@sees("The cloud is still half as wide, but the true gradient has shrunk to a tenth.", "On the right the points fall on a straight line.")
def test_the_cloud_near_the_minimum():
    explorer = lesson_04.GradientCloudExplorer()
    places = next(control for control in explorer.controls if control.name not in ("batch_size", "seed", "drawing")).name
    scenes = [explorer.frame(batch_size=8), explorer.frame(batch_size=8, **{places: "near the minimum"})]
    lengths = [float(re.search(r"length ([\d.e-]+\d)", plain(s.says))[1]) for s in scenes]
    variances = [float(re.search(r"measured ([\d.e-]+\d)", plain(s.says))[1]) for s in scenes]
    assert lengths[1] / lengths[0] == pytest.approx(0.1, abs=0.02)
    assert np.sqrt(variances[1] / variances[0]) == pytest.approx(0.5, abs=0.05)
    measured = mark(scenes[0], "measured", 2)
    slope = np.polyfit(np.log(measured.x), np.log(measured.y), 1)[0]
    assert slope == pytest.approx(-1, abs=0.1)


@sees("The loss falls at first as if there were no noise.")
def test_noise_does_not_matter_at_first():
    scene = lesson_04.SeedBandExplorer().frame()
    median, without = mark(scene, "median", 1), mark(scene, "without noise", 1)
    assert np.allclose(median.y[:8], without.y[:8], rtol=0.35) and median.y[-1] > 10 * without.y[-1]


@sees("At the beginning all seeds go roughly the same way.")
def test_another_seed_changes_the_end():
    paths = [mark(lesson_04.MinibatchPathExplorer().frame(seed=seed), "SGD") for seed in range(10)]
    moves = np.diff(np.array([[path.x, path.y] for path in paths]), axis=2)
    directions = moves / np.linalg.norm(moves, axis=1, keepdims=True)
    agreement = np.linalg.norm(directions.mean(axis=0), axis=0)  # 1 where all go the same way, about 0.3 by chance
    assert agreement[:8].mean() > 0.7 and agreement[-20:].mean() < 0.45, agreement


@sees(
    "Gradient descent is beyond its limit 0.5.",
    "With `rho = 0.9` it spirals.",
    "It takes longer again:",
    "Gradient descent needs 698, as in lesson 03.",
    "The picture ends at 300.",
    "at step 60 SGD is still on its way.",
)
def test_what_momentum_shows():
    assert "gradient descent's: 0.5" in lesson_05.PathExplorer().frame(learning_rate=0.7).says.replace("\n", " ")
    phase = lesson_05.PhaseExplorer()
    ends = {rho: float(re.search(r"by ([\d.]+\d) in the long run", phase.frame(rho=rho).says)[1]) for rho in (0.46, 0.0)}
    assert "spirals" in phase.frame(rho=0.9).says and "overdamped" in phase.frame(rho=0.0).says
    assert ends[0.0] > ends[0.46]
    assert "gradient descent not within 300 steps" in lesson_05.EscapeExplorer().frame(landscape="saddle").says
    assert saddle_steps(1e-6, 0.01) == 698


@sees("At `eps` = 100 the higher bar is only a third higher than the other one.", "At this start a small turn even helps.", "It helps.")
def test_what_adagrad_shows():
    path = lesson_06.PathExplorer()

    def ratio(eps):
        first, second = numbers(path.frame(eps=eps).says.split("after 100 steps they are")[1])[:2]
        return max(first, second) / min(first, second)

    assert ratio(100.0) == pytest.approx(4 / 3, abs=0.05) and ratio(1e-7) > 3
    turn = lesson_06.RotationExplorer()
    losses = mark(turn.frame(), "AdaGrad", 1) if len(turn.frame().panels) > 1 else mark(turn.frame(), "AdaGrad")
    assert losses.y[1] < losses.y[0]
    rates = next(control for control in turn.controls if control.name == "learning_rate").values
    ends = [float(mark(turn.frame(rotation=45.0, learning_rate=rate), "AdaGrad", 1).y[15]) for rate in rates[len(rates) // 2 :]]
    assert ends[-1] < ends[0]


@sees(
    "RMSProp jumps down the wall in a few steps, and then needs *longer* on the floor than before.",
    "Every step is now equally long.",
)
def test_the_cliff():
    explorer = lesson_07.CliffExplorer()
    ends = [float(re.search(r"loss is ([\d.e+-]+\d) with RMSProp", plain(explorer.frame(decay_rate=d).says))[1]) for d in (0.9, 0.99)]
    assert ends[1] > 5 * ends[0]
    low = [int((mark(explorer.frame(decay_rate=d), "RMSProp").x < 2).argmax()) for d in (0.9, 0.99)]
    assert low[1] <= low[0]
    path = mark(explorer.frame(decay_rate=0.0), "RMSProp")
    steps = np.abs(np.diff(path.x)) / explorer.values["learning_rate"]
    assert np.mean(np.isclose(steps, 1, atol=0.01)) > 0.9


@sees(
    "The two entries of `dw` differ greatly.",
    "at `eps` = 1e-8 you see nothing.",
    "Both curves move a little, since random signs do not cancel exactly.",
    "At the learning rate 0.01, all three start together.",
    "Almost-Adam is far ahead of Adam.",
)
def test_what_adam_shows():
    from optcourse.objectives import lecture_bowl

    first = np.abs(lecture_bowl().gradient(np.array(lesson_08.AdamExplorer().values["start"])))
    assert first.max() > 5 * first.min()
    errors = lesson_08.ErrorsExplorer()
    right, wrong = numbers(errors.frame(error="eps added to the parameters", eps=1e-8).says)[-2:]
    assert right == pytest.approx(wrong, rel=0.01)
    decay = lesson_08.DecayExplorer()
    left = [numbers(decay.frame(seed=seed).says.split("L2 leaves")[1])[:1] + numbers(decay.frame(seed=seed).says.split("AdamW leaves")[1])[:1] for seed in (0, 1, 2)]
    assert 0 < np.ptp([pair[1] for pair in left]) < 0.3
    digits = lesson_08.DigitsExplorer()
    curves = [mark(digits.frame(learning_rate=1e-2), name) for name in ("Adam", "almost-Adam", "SGD")]
    assert np.ptp([curve.y[0] for curve in curves]) == 0
    slow = numbers(digits.frame(learning_rate=1e-3).says)
    assert "almost-Adam ends with loss 0.455" in digits.frame(learning_rate=1e-3).says and slow


@sees("All six begin at the same square.", "The others make every step shorter still.")
def test_what_the_race_shows():
    from optcourse import race

    scene = lesson_09.SurfaceExplorer().frame()
    starts = {(round(float(mark(scene, name).x[0]), 6), round(float(mark(scene, name).y[0]), 6)) for name in race.OPTIMIZERS}
    assert len(starts) == 1
    factors = {name: np.array([make()(t) for t in range(race.NUM_STEPS)]) for name, make in race.SCHEDULES.items()}
    assert (factors["constant"] == 1).all() and all((f <= 1).all() for f in factors.values())


# -- 13 the edge of stability ----------------------------------------------------------------------


def edge_run(**settings):
    """The losses, the sharpness and the limit that are drawn, and the sentence."""
    scene = lesson_13.EdgeExplorer(**settings).frame()
    method = settings.get("method", "gradient descent")
    return mark(scene, method, 1).y, mark(scene, "sharpness").y, mark(scene, "limit").at, scene.says


@sees(
    "The sharpness ends at the line for every seed.",
    "The line is now out of reach in 2,000 steps, and no step raises the loss.",
)
def test_13_the_sharpness_ends_at_the_line():
    for seed in range(5):
        for rate in (0.15, 0.2, 0.25, 0.3):
            _, sharpness, limit, _ = edge_run(seed=seed, learning_rate=rate)
            assert limit == 2 / rate and sharpness[-20:].mean() == pytest.approx(limit, rel=0.1)
        _, sharpness, limit, says = edge_run(seed=seed, learning_rate=0.1)
        assert sharpness.max() < 0.9 * limit and "0 of 2,000 steps raised the loss" in plain(says)


@sees("At step 0 all curvatures are below the line; at step 2,000 three are on it.")
def test_13_several_curvatures_at_the_edge():
    def bars(step):
        scene = lesson_13.PowerExplorer(step=step).frame()
        return next(m for m in scene.panels[1].marks if hasattr(m, "height")).height

    assert bars(0).max() < 8 and (bars(2000) >= 10).sum() == 3


@sees(
    "The slope changes its sign at nearly every step:",
    "the walker is on the other side of the valley.",
)
def test_13_from_wall_to_wall():
    for seed in range(10):
        slope = mark(lesson_13.SwingExplorer(seed=seed).frame(), "gradient descent").y
        assert (np.sign(slope[1:]) != np.sign(slope[:-1])).mean() > 0.95


@sees(
    "The start is nearly in a minimum, with a loss of 0.0008; yet the loss climbs to 16.7, and the run ends elsewhere.",
    "The walker now goes to the nearest minimum, and the loss never rises.",
    "This run is lost.",
)
def test_13_two_weights():
    def walk(rate):
        scene = lesson_13.HyperbolaExplorer(learning_rate=rate).frame()
        run = next(run for run in scene.runs if run.name == "gradient descent")
        return run.quantities["w"], run.quantities["loss"], scene

    points, loss, scene = walk(0.2)
    assert loss[0] == pytest.approx(0.0008, abs=1e-6) and loss.max() == pytest.approx(16.7, abs=0.05)
    assert loss[-1] < 1e-6 and np.linalg.norm(points[-1] - points[0]) > 2
    shaded = [m for m in scene.panels[0].marks if hasattr(m, "top")]
    assert min(np.hypot(m.x, y).min() for m in shaded for y in (m.y, m.top)) >= np.sqrt(10) - 1e-9
    points, loss, _ = walk(0.1)
    assert (np.diff(loss) <= 0).all() and np.linalg.norm(points[-1] - points[0]) < 0.1
    assert "The run is lost" in walk(0.25)[2].says


@sees(
    "Its sharpness ends at its own line, above the one of gradient descent.",
    "At rate 0.15 the sharpness sits at the line; at rate 0.25 the run is lost.",
)
def test_13_each_method_has_its_edge():
    for seed in range(5):
        _, sharpness, limit, _ = edge_run(method="momentum 0.5", learning_rate=0.3, seed=seed)
        assert sharpness[-20:].mean() == pytest.approx(limit, rel=0.03) and limit > 2 / 0.3
        _, sharpness, limit, _ = edge_run(method="Nesterov 0.9", learning_rate=0.15, seed=seed)
        assert sharpness[-40:].mean() == pytest.approx(limit, rel=0.03)
        assert "the run is lost" in edge_run(method="Nesterov 0.9", learning_rate=0.25, seed=seed)[3]


@sees(
    "The loss is smooth from there on, and the sharpness grows.",
    "The new line is lower, and the sharpness comes down to it.",
)
def test_13_another_rate_on_the_way():
    for seed in range(5):
        scene = lesson_13.ChangeExplorer(factor=0.5, seed=seed).frame()
        loss, sharpness = mark(scene, "gradient descent", 1).y, mark(scene, "sharpness").y
        assert (np.diff(loss[206:]) <= 1e-3 * loss[206]).all() and sharpness[-1] > sharpness[40]
        scene = lesson_13.ChangeExplorer(factor=1.5, seed=seed).frame()
        sharpness, limit = mark(scene, "sharpness").y, mark(scene, "2/rate").y
        assert limit[-1] < limit[0] and sharpness[-20:].mean() == pytest.approx(limit[-1], rel=0.1)


@sees("The smaller the batch, the lower the sharpness.", "The line on the right rises for each of them.")
def test_13_minibatches():
    for seed in range(10):
        ratios = mark(lesson_13.BatchExplorer(seed=seed).frame(), "this seed", 1).y
        assert (np.diff(ratios) > 0).all()


@sees("At rate 0.3, as it is, no run survives.", "All ten live.")
def test_13_who_survives():
    def alive(rescue):
        return lesson_13.SurvivalExplorer(rescue=rescue).frame().pin[1]

    assert alive("as it is") == 0 and alive("clipped") == 10
    assert alive("warm-up 10") < alive("warm-up 100") == 10


@sees("It rises to about half of 2/rate and falls again.")
def test_13_with_cross_entropy():
    for seed in range(10):
        sharpness = mark(lesson_13.LossExplorer(seed=seed).frame(), "sharpness").y
        share = sharpness / mark(lesson_13.LossExplorer(seed=seed).frame(), "2/rate").at
        assert 0.45 < share.max() < 0.65 and share[-1] < share.max() - 0.1


# -- 14 noise --------------------------------------------------------------------------------------


@sees("small batches do not arrive any more.")
def test_14_small_batches_at_a_large_rate():
    arrives = [
        np.isfinite(mark(lesson_14.BatchSizeExplorer(learning_rate=rate).frame(), "this rate").y)
        for rate in (1 / 8, 1 / 4, 1 / 2, 1.0)
    ]
    assert arrives[0].all() and [int(there.sum()) for there in arrives] == sorted(
        (int(there.sum()) for there in arrives), reverse=True
    )
    assert not arrives[2][:2].any() and arrives[2][-1]


@sees("The noise scale grows along the run, for every `seed`.")
def test_14_the_noise_scale_grows():
    for seed in range(10):
        scale = mark(lesson_14.NoiseAlongExplorer(seed=seed).frame(), "noise scale").y
        assert scale[3] < scale[10] < scale[20] < scale[30]


@sees(
    "At step 300 some pairs say that a squared length is negative.",
    "The mean of the ratios never settles.",
)
def test_14_single_pairs():
    for draw in range(10):
        late = lesson_14.TwoBatchesExplorer(pairs=4000, step=300, draw=draw).frame()
        early = lesson_14.TwoBatchesExplorer(pairs=4000, step=30, draw=draw).frame()
        assert 5 < len(mark(late, "below zero", 1).x) < 100
        assert mark(early, "true |g|²", 1).at > 3 * mark(late, "true |g|²", 1).at
        assert not [m for m in early.panels[1].marks if m.label == "below zero" and len(m.x) > 8]
        true = mark(late, "all gradients").at
        off = [np.abs(np.array(mark(late, name).y[-12:]) / true - 1).max() for name in ("ratio of means", "mean of ratios")]
        assert off[0] < 0.3 < 0.7 < off[1]


@sees(
    "Right of the dotted line a wall rises; left of it the ground is nearly flat.",
    "Not clipped, at rate 1, the first step lands at −26.85, far to the left.",
    "No step goes further out than the start, and the run arrives in 31 steps in place of 51.",
    "The run is thrown further than ever, and arrives in 2 steps:",
)
def test_14_the_wall():
    def run(**settings):
        scene = lesson_14.CliffExplorer(**settings).frame()
        path = mark(scene, "gradient descent")
        return np.array([path.x, path.y]), scene.pin[1], scene

    path, arrives, scene = run()
    assert path[0, 1] == pytest.approx(-26.85) and arrives == 51 and mark(scene, "the wall").at == 2
    steep = lesson_14.CLIFF.gradient([3.0, 0.0])[0] / lesson_14.CLIFF.gradient([-3.0, 0.0])[0]
    assert abs(steep) > 50
    path, arrives, _ = run(clip="its length")
    assert arrives == 31 and np.hypot(*path).max() == np.hypot(3.5, 2.5)
    path, arrives, _ = run(learning_rate=10.0)
    assert arrives == 2 and np.hypot(*path).max() > 200


@sees("The larger the batch, the nearer to −1.")
def test_14_who_is_clipped():
    means = mark(lesson_14.ClippedMeanExplorer(limit=1).frame(), "batch means clipped", 1).y
    assert (np.diff(means) < 0).all() and -1 < means[-1] < -0.9


@sees("The jitter of the average shrinks, and its memory of the start grows.", "After 300 steps it still remembers the start.")
def test_14_the_noisy_bowl():
    for seed in range(10):
        scenes = [lesson_14.NoisyBowlExplorer(decay=decay, seed=seed).frame() for decay in (0.0, 0.9, 0.98)]
        squares = [np.array(mark(scene, "moving average", 1).y) for scene in scenes]
        assert squares[0][-1] > squares[1][-1] > squares[2][-1] and squares[0][40] < squares[1][40] < squares[2][40]
        whole = mark(lesson_14.NoisyBowlExplorer(average="mean of all", seed=seed).frame(), "mean of all", 1).y
        # 3 · (1 + 0.9 + 0.81 + ...) / 301 is 0.1: its square is most of what is left
        assert 0.4 < 0.1**2 / whole[-1] < 1.2


def test_14_the_mean_of_all():
    for loss in ("training", "held back"):
        scene = lesson_14.AveragesExplorer(run="SGD, rate 1", average="mean of all", loss=loss).frame()
        assert scene.pin[1] == 0
    assert lesson_14.AveragesExplorer(run="SGD, rate 1").frame().pin[1] == 5
# -- 15 after Adam ---------------------------------------------------------------------------------


@sees(
    "One step follows it; the other one jumps from corner to corner.",
    "One of the three stays a circle:",
    "it moves equally far in all directions.",
    "`sign G` changes its shape.",
)
def test_15_the_steepest_steps():
    for dw in ((1.4, 0.5), (-0.3, 1.2), (0.2, -1.7)):
        scene = lesson_15.BallExplorer(gradient=dw).frame()
        step, signs = (
            np.array([mark(scene, name).x[0], mark(scene, name).y[0]]) for name in ("dw/|dw|", "sign dw")
        )
        assert step == pytest.approx(np.array(dw) / np.linalg.norm(dw)) and (np.abs(signs) == 1).all()

    def widths(turn, name):
        drawn = mark(lesson_15.BallExplorer(turn=turn).frame(), name, 1)
        return np.hypot(drawn.x, drawn.y)

    for turn in (0, 20, 45, 90):
        assert widths(turn, "U Vᵀ") == pytest.approx(1)
    assert widths(0, "sign G") == pytest.approx(1)
    assert widths(30, "sign G").max() > 1.2 * widths(0, "sign G").max()


@sees(
    "the values swing, and never settle at 1.",
    "It needs more steps, and is exact in the end.",
)
def test_15_newton_schulz():
    def bars(**settings):
        scene = lesson_15.SchulzExplorer(**settings).frame()
        height = next(m for m in scene.panels[1].marks if hasattr(m, "height")).height
        return height[height > 0]

    for seed in range(10):
        after = [bars(num_steps=k, seed=seed) for k in (18, 19, 20)]
        assert all(np.abs(values - 1).max() > 0.1 for values in after)
        assert np.abs(after[1] - after[0]).max() > 0.1
    exact = list(lesson_15.POLYNOMIALS)[1]
    assert bars(num_steps=5, polynomial=exact).min() < 0.1 < 0.6 < bars(num_steps=5).min()
    assert bars(num_steps=20, polynomial=exact) == pytest.approx(1, abs=1e-6)


@sees(
    "Only `sign G` ends elsewhere, thousands of times lower.",
    "It is fast, and then it goes no lower.",
)
def test_15_a_turned_bowl():
    def ends(**settings):
        scene = lesson_15.TurnExplorer(**settings).frame()
        return {name: mark(scene, name).y[-1] for name in ("G", "G/|G|", "sign G", "U Vᵀ")}

    for seed in range(10):
        straight, turned = ends(turn=0.0, seed=seed), ends(turn=1.0, seed=seed)
        assert sorted(turned, key=turned.get) == ["U Vᵀ", "G/|G|", "G", "sign G"]
        assert turned["sign G"] > 1000 * straight["sign G"]
        for name in ("G", "U Vᵀ"):
            assert straight[name] == pytest.approx(turned[name], rel=1e-3)
        slow, fast = (
            mark(lesson_15.TurnExplorer(seed=seed, learning_rate=rate).frame(), "Muon").y for rate in (0.1, 0.5)
        )
        assert fast[10] < 0.5 * slow[10] and fast[80:].min() > 0.2 * fast[50:80].min()


@sees(
    "Large dots are the tuned rates.",
    "On the right each dot is a seed.",
    "Its dots lie far to the left of Adam's.",
    "Its training loss is below Adam's on all 20 seeds.",
)
def test_15_the_race():
    scene = lesson_15.RatesExplorer().frame()
    muon, adam = mark(scene, "Muon", 1), mark(scene, "Adam", 1)
    assert len(muon.x) == len(adam.x) == 20 and muon.x.max() < adam.x.min() / 2
    assert "held back on 10" in scene.says
    free = lesson_15.RatesExplorer(method="Schedule-Free Adam", schedule="constant").frame()
    assert "in training loss on 20 of 20 seeds" in free.says
    line = mark(free, "Adam")
    large = next(m for m in free.panels[0].marks if m.role == "adam" and not m.label)
    assert large.y[0] == line.y.min()
# -- 16 the claims audit ---------------------------------------------------------------------------


@sees(
    "It is first by training loss, and not among the first three by held-back loss.",
    "Muon's ring lies to the left of its square, and above it.",
)
def test_16_two_criteria():
    words = lesson_16.PodiumExplorer().describe()
    training, held_back = words.split("By held-back loss")
    assert "the first three are Muon" in training and "Muon" not in held_back
    marks = lesson_16.CriterionExplorer().frame().panels[0].marks
    ring, square = (next(m for m in marks if getattr(m, "shape", "") == shape) for shape in ("ring", "square"))
    assert ring.x[0] < square.x[0] and ring.y[0] > square.y[0]


@sees("Muon is ahead on 8 of 20.", "now it wins them all.", "It still wins them all.")
def test_16_pairs():
    assert "Muon is lower on 8 of 20" in lesson_16.PairsExplorer().describe()
    assert "Muon is lower on 20 of 20" in lesson_16.PairsExplorer(loss="training").describe()
    assert "Muon is lower on 5 of 5" in lesson_16.PairsExplorer(loss="training", seeds=5).describe()


@sees("At a target of 0.3 Schedule-Free is there first.", "With 4 settings tried, Muon is the last of the four.")
def test_16_targets_and_budgets():
    assert "Schedule-Free is there first" in lesson_16.TargetExplorer().describe()
    said = lesson_16.BudgetExplorer(k=4).describe()
    assert "Muon" not in said.split("(Adam)")[0] and said.index("(Muon)") > said.index("(Adam)")
