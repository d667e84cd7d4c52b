"""What tables cost on the wire, and that they come back as they were."""

import numpy as np
import pytest

from optcourse.explorers.packing import pack, unpack


@pytest.mark.parametrize("size", [0, 1, 4, 1001])
def test_a_packed_table_comes_back(size):
    data = bytes(np.random.default_rng(size).integers(256, size=size, dtype=np.uint8))
    assert unpack(pack({"size": size, "words": "κ"}, data)) == ({"size": size, "words": "κ"}, data)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_words_that_no_browser_can_read_are_refused(number):
    """JSON has no nan; a browser would stop at it, and the figure would stand still without a word."""
    with pytest.raises(ValueError, match="JSON"):
        pack({"frames": [{"x": number}]}, b"")


def test_numbers_that_differ_little_take_less_than_half():
    steps = np.cumsum(np.random.default_rng(0).normal(1.0, 1e-2, size=(100, 200)), axis=1)
    raw = ((steps.astype("<f4").view("<u4") + 0x80) & 0xFFFFFF00).astype("<u4").tobytes()
    assert len(pack({}, raw)) < len(raw) / 2
