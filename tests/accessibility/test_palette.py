"""Colours by numbers: contrast on every surface that they meet, and a second cue beside colour wherever two meet."""

import importlib
import itertools
import re
from collections import defaultdict

import numpy as np
import pytest

from optcourse.checking import feedback
from optcourse.explorers import stage
from optcourse.figures import scene as s
from optcourse.figures.palette import DASHES, HEATS, OPTIMIZERS, RAMP, ROLES, SURFACES, Role
from optcourse.figures.render import beads
from tests.accessibility.conftest import every_explorer
from tests.accessibility.harness import contrast, rgb

THEMES = ("light", "dark")
FILLS = {"good", "bad"}  # areas, not lines: told by their edges, their words and, the bad one, by hatching
LINES = [name for name in ROLES if name not in FILLS]


def colour(role: str, theme: str) -> tuple[float, ...]:
    return rgb(getattr(ROLES[role], theme))


def over(front: tuple[float, ...], back: tuple[float, ...], alpha: float) -> tuple[float, ...]:
    return tuple(alpha * f + (1 - alpha) * b for f, b in zip(front, back, strict=True))


@pytest.mark.parametrize("theme", THEMES)
def test_every_role_and_every_word_stands_out_from_the_surface(theme):
    surface = {name: rgb(value) for name, value in SURFACES[theme].items()}
    assert contrast(surface["text"], surface["background"]) >= 7
    assert contrast(surface["axis"], surface["background"]) >= 4.5
    for role in LINES:
        least = 3 if role == "contour" else 4.5  # every other role may be the colour of words (scene.Text)
        assert contrast(colour(role, theme), surface["background"]) >= least, role


@pytest.mark.parametrize("theme", THEMES)
def test_lines_stand_out_from_what_is_drawn_behind_them(theme):
    index = THEMES.index(theme)
    behind = [rgb(stop) for name in ("terrain", "fog", "basins") for stop in HEATS[name][index]]
    behind += [colour(fill, theme) for fill in FILLS]
    for role in LINES:
        grounds = [rgb(stop) for stop in HEATS["terrain"][index]] if role == "contour" else behind
        worst = min(contrast(colour(role, theme), ground) for ground in grounds)
        assert worst >= 3, f"{role}: {worst:.2f}"
    # "rate" goes from dark blue to brown, and no colour stands out from both: lines over it get a pale edge instead
    # (stage.js and render.py, `cased`), which is the surface's own colour.
    assert set(HEATS) == {"terrain", "fog", "basins", "rate"}


@pytest.mark.parametrize("theme", THEMES)
def test_deeper_is_lower_and_every_run_is_seen_on_every_band(theme):
    whole = np.eye(3).tolist()  # eyes without a deficiency
    lightness = [lab(stop, whole)[0] for stop in RAMP[theme]]
    steps = np.diff(lightness) * (1 if theme == "light" else -1)
    assert (steps > 0.5).all(), steps
    background = rgb(SURFACES[theme]["background"])
    for role in {*OPTIMIZERS.values(), "yours", "gradient", "velocity", "limit", "optimum", "start"}:
        assert contrast(colour(role, theme), background) >= 4.5, role
        assert min(contrast(colour(role, theme), rgb(stop)) for stop in RAMP[theme]) >= 3, role
    # The words of a level stand on a halo of their own band.
    assert min(contrast(rgb(SURFACES[theme]["level"]), rgb(stop)) for stop in RAMP[theme]) >= 4


def test_every_optimizer_has_a_dash_and_a_shape_of_its_own():
    roles = [ROLES[name] for name in {*OPTIMIZERS.values(), "yours"}]
    assert len({role.dash for role in roles}) == len({role.shape for role in roles}) == len(roles)
    assert len({role.light for role in roles}) == len({role.dark for role in roles}) == len(roles)


# -- the second cue -------------------------------------------------------------------------------------------------------


def every_scene():
    """(explorer, scene): each explorer as it begins, and with each of its choices and switches: they decide what is drawn."""
    for kind in every_explorer():
        explorer = kind()
        yield kind, explorer.frame()
        for control in explorer.controls:
            # the slow ones draw the same marks at all settings
            if control.kind in ("choice", "toggle") and control.table:
                for value in set(control.values) - {control.default}:
                    yield kind, explorer.frame(**{control.name: value})


@pytest.fixture(scope="module")
def scenes():
    return list(every_scene())


def cue(mark: s.Mark) -> tuple:
    """What tells a mark apart without its colour."""
    role = ROLES[mark.role]
    if isinstance(mark, s.Line):
        return ("line", mark.dash or role.dash, role.shape if mark.marker or beads(mark) else "")
    if isinstance(mark, s.Rule):
        return ("line", mark.dash or role.dash, "")
    if isinstance(mark, s.Points):
        return ("points", mark.shape or role.shape)
    return (type(mark).__name__, role.hatch)


def alike(panel: s.Panel) -> list[str]:
    """Pairs of roles in one panel that only their colour tells apart: same cue and size, and no contrast of 3 between them."""
    found = defaultdict(lambda: defaultdict(set))
    for mark in panel.marks:
        if isinstance(mark, s.Line | s.Rule | s.Points | s.Bars | s.Span) and mark.role != "contour":
            found[cue(mark)][mark.role].add(getattr(mark, "size", 1.0))
    return [
        f"{one} and {other} look alike: {which}"
        for which, roles in found.items()
        for one, other in itertools.combinations(sorted(roles), 2)
        if any(max(a, b) / min(a, b) < 1.3 for a in roles[one] for b in roles[other])
        and min(contrast(colour(one, t), colour(other, t)) for t in THEMES) < 3
    ]


def test_no_two_roles_in_a_panel_are_told_apart_by_colour_alone(scenes):
    wrong = {f"{kind.__module__[-9:]}.{kind.__name__}, {panel.title}: {line}"
             for kind, scene in scenes for panel in scene.panels for line in alike(panel)}  # fmt: skip
    assert sorted(wrong) == []


def test_the_learners_line_is_told_from_every_line_that_it_may_meet(scenes):
    """In pictures that draw the learner's own run it may stand beside every other line of its panel."""
    yours = s.Line([0, 1], [0, 1], role="yours")
    for kind, scene in scenes:
        for panel in scene.panels:
            marks = [*panel.marks, yours]
            assert alike(s.Panel("x", "y", (0, 1), (0, 1), marks)) == alike(panel), kind


def test_the_check_of_cues_bites():
    x = [0, 1]
    same = [s.Line(x, x, role="second", dash="dash"), s.Line(x, x, role="theory", marker=False)]
    panel = s.Panel(
        "x", "y", (0, 1), (0, 1), [s.Rule("y", 0, role="gradient"), s.Line(x, x, role="third"), *same]
    )
    assert any("gradient and third" in line for line in alike(panel))
    dots = s.Panel("x", "y", (0, 1), (0, 1), [s.Points(x, x, role="fifth"), s.Points(x, x, role="theory")])
    assert alike(dots)
    # `second` with another dash than its own carries squares
    assert not alike(s.Panel("x", "y", (0, 1), (0, 1), same))
    pale = s.Line(x, x, role="path", alpha=0.4)
    assert faint(pale, "light") < 3


def faint(mark: s.Mark, theme: str) -> float:
    background = rgb(SURFACES[theme]["background"])
    return contrast(over(colour(mark.role, theme), background, mark.alpha), background)


def test_what_is_drawn_half_transparent_is_still_seen(scenes):
    """Arrows are left out: the two clouds of hundreds of them are read as a cloud, and its edge is drawn as a line."""
    for kind, scene in scenes:
        for panel in scene.panels:
            for mark in panel.marks:
                if isinstance(mark, s.Line | s.Rule | s.Points) and mark.alpha < 1:
                    ratio = min(faint(mark, theme) for theme in THEMES)
                    assert ratio >= 2.95, f"{kind.__name__}: {mark.role} at {mark.alpha}: {ratio:.2f}"


def test_spans_and_hatches_are_drawn_with_edges_that_are_seen():
    for theme in THEMES:
        edge = colour("limit", theme)
        for fill in FILLS:
            assert contrast(edge, colour(fill, theme)) >= 3
    assert ROLES["bad"].hatch and not ROLES["good"].hatch


def test_dashes_are_different_patterns():
    for (one, a), (other, b) in itertools.combinations(DASHES.items(), 2):
        assert a != b, (one, other)
    assert all(
        isinstance(role, Role) and role.dash in DASHES and role.shape in s.SHAPES for role in ROLES.values()
    )


# Machado, Oliveira and Fernandes (2009), severity 1, for linear RGB.
DEFICIENCIES = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def lab(hex_colour: str, matrix: list[list[float]]) -> np.ndarray:
    """CIE L*a*b* of a colour as somebody with the deficiency sees it."""
    srgb = np.array(rgb(hex_colour)) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(matrix) @ linear, 0, 1)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.array(to_xyz) @ seen / [0.9505, 1.0, 1.089]
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
@pytest.mark.parametrize("theme", THEMES)
def test_the_runs_most_often_compared_differ_for_colour_blind_eyes_too(deficiency, theme):
    """Beyond the second cue: a distance of 20 in L*a*b*, about ten just noticeable differences."""
    matrix = DEFICIENCIES[deficiency]
    for one, other in (("path", "yours"), ("path", "second"), ("path", "theory"), ("path", "limit")):
        a, b = (lab(getattr(ROLES[role], theme), matrix) for role in (one, other))
        assert np.linalg.norm(a - b) >= 20, f"{one} and {other}: {np.linalg.norm(a - b):.1f}"


# -- words on pages -------------------------------------------------------------------------------------------------------

# JupyterLab's own surfaces and text (themes JupyterLab Light and Dark, 4.6): output areas show --jp-layout-color0 in light
# and #111111 in dark, feedback --jp-layout-color1; text is black at 87 % and white at 100 %. tests in the real Lab hold these.
LAB = {"light": [(255, 255, 255), (255, 255, 255)], "dark": [(17, 17, 17), (33, 33, 33)]}
SAVED = {"light": [(255, 255, 255), (18, 18, 18)][:1], "dark": [rgb("#111418"), (18, 18, 18)]}


@pytest.mark.parametrize("theme", THEMES)
def test_accents_edges_and_bars_of_the_controls_reach_three(theme):
    css = stage.style()
    rules = {"light": css[css.index(".oc-explorer {") :], "dark": css[css.index(".oc-explorer.oc-dark {") :]}
    for variable in ("--oc-edge", "--oc-accent"):
        value = re.search(variable + r": (#[0-9a-f]{6})", rules[theme])[1]
        for ground in LAB[theme] + SAVED[theme]:
            assert contrast(rgb(value), ground) >= 3, (variable, ground)
    # WCAG leaves out what is switched off; a picture that waits for its frame is the last one, and pale (SPEC 8).
    # All else is there or is not.
    found = re.findall(r"([^{}]+)\{[^}]*?opacity: ([\d.]+)", css)
    partly = {selector.strip() for selector, value in found if float(value) not in (0, 1)}
    assert partly == {".oc-is-waiting .oc-place canvas", ".oc-explorer .oc-icon[aria-disabled=true]"}


TOKENS = {
    "surface": "background",
    "raised": "raised",
    "ink": "text",
    "soft": "axis",
    "line": "grid",
    "edge": "edge",
}
TOKENS |= {"accent": "accent", "on-accent": "on_accent"}


@pytest.mark.parametrize("theme", THEMES)
def test_the_style_sheet_and_the_pictures_have_the_same_colours(theme):
    css = stage.style()
    block = css[css.index(".oc-explorer.oc-dark {" if theme == "dark" else ".oc-explorer {") :]
    block = block[: block.index("}")]
    for token, name in TOKENS.items():
        written = re.search(rf"--oc-{token}:[^;]*?(#[0-9a-f]{{6}})", block)[1]
        assert written == SURFACES[theme][name].lower(), token
    assert re.search(r"--oc-limit: (#[0-9a-f]{6})", block)[1] == getattr(ROLES["limit"], theme).lower()


def test_icons_of_feedback_are_never_alone():
    assert all(icon and word for icon, word, _ in feedback.LOOKS.values())
    assert len({icon for icon, _, _ in feedback.LOOKS.values()}) == len(feedback.LOOKS)


def test_the_explorers_module_is_found():
    assert importlib.import_module("optcourse.explorers.lesson_00") and len(every_explorer()) >= 50
