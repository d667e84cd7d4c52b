"""Controls by themselves: what they take, and how much of it."""

import pytest

from optcourse.explorers.controls import Walk

CORNERS = ((0.0, 0.0), (1.0, 1.0))


def test_a_walk_is_as_long_as_it_may_be_and_no_longer():
    walk = Walk("walk", (CORNERS[0],), (0.0, 1.0), (0.0, 1.0), longest=3)
    assert [len(places) for places in walk.values] == [1, 2, 4]  # the start, and three steps at most
    longest = (CORNERS * 2)[:4]
    assert walk.accept(longest) == longest and walk.accept(longest[:1]) == longest[:1]
    for places in ((), CORNERS * 2 + CORNERS[:1]):
        with pytest.raises(ValueError, match="must be a list of 1 to 4 points"):
            walk.accept(places)
