"""The loss over a map between the points of its grid: interpolated, levelled and coloured alike by both renderers."""

import numpy as np
import pytest

from optcourse import objectives
from optcourse.explorers import parts
from optcourse.figures.field import ladder, rung_below, sample, value_of_rung
from optcourse.figures.scene import Field


@pytest.mark.parametrize("rotation", [0.0, 0.4])
def test_a_coarse_field_of_a_bowl_is_the_bowl(rotation):
    bowl = objectives.quadratic(40.0, rotation, 4.0)
    field = parts.field(bowl, (-4.0, 4.0), (-4.0, 4.0))
    xlo, xhi, ylo, yhi = field.extent
    assert np.size(field.values) <= 70 and (xhi - xlo) / (yhi - ylo) == pytest.approx(2.0)
    x, y = np.linspace(xlo, xhi, 101), np.linspace(ylo, yhi, 57)
    np.testing.assert_allclose(sample(field, x, y), bowl.value(np.stack(np.meshgrid(x, y))), atol=1e-12)


@pytest.mark.parametrize("name", ["rosenbrock", "himmelblau", "beale", "ravine", "cliff", "monkey_saddle"])
def test_a_field_of_a_hard_landscape_is_true_to_three_hundredths(name):
    land = objectives.build((name, {}))
    field = parts.field(land, *land.domain)
    x, y = (np.linspace(*ends, 201) for ends in land.domain)
    true = land.value(np.stack(np.meshgrid(x, y)))
    away = np.abs(sample(field, x, y) - true) / (np.abs(true) + field.levels[0])
    assert away.max() < 0.03
    assert np.size(field.values) * 4 < 65_000


def test_the_ladder_is_one_three_ten():
    assert [value_of_rung(r) for r in range(-3, 4)] == [0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0]
    assert [rung_below(v) for v in (0.03, 0.99, 1.0, 2.9, 3.0, 35.0)] == [-3, -1, 0, 0, 1, 3]
    bowl = objectives.quadratic(40.0, 0.0, 4.0)
    assert list(parts.field(bowl, (-4.0, 4.0), (-4.0, 4.0)).levels) == [0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0]
    assert ladder([[-4.0, 4.0]]) == [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0]


def test_the_levels_of_a_valley_stay_while_its_slider_moves():
    seen = {
        tuple(parts.field(objectives.quadratic(k, 0.0, 4.0), (-4.0, 4.0), (-4.0, 4.0)).levels)
        for k in np.geomspace(1, 100, 31)
    }
    assert len(seen) == 1


def test_a_field_that_cannot_be_drawn_is_named():
    from tests.explorers.test_scene import scene_of

    for broken, words in [
        (Field(np.ones((2, 5)), (0, 1, 0, 1)), "three of each"),
        (Field(np.full((4, 4), np.nan), (0, 1, 0, 1)), "not numbers"),
        (Field(np.ones((4, 4)), (1, 0, 0, 1)), "extent"),
        (Field(np.ones((4, 4)), (0, 1, 0, 1), (2.0, 1.0)), "rise"),
    ]:
        assert any(words in p for p in scene_of(field=broken).problems())
    assert scene_of(field=Field(np.ones((4, 4)), (0, 1, 0, 1), (0.5,))).problems() == []
