"""The control sweep: move every control of an explorer, and compare what it shows in a table with what it shows alone."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator

import numpy as np

from optcourse.explorers.controls import Control, Range
from optcourse.explorers.engine import TABLE_BYTES, Explorer, Values
from optcourse.explorers.packing import WIRE_BYTES, pack
from optcourse.figures.encode import encode


def sweep(explorer: Explorer, rng: np.random.Generator, *, singles: int = 2, pairs: int = 12) -> int:
    """Draw every setting of the sweep, encode it, and compare every table with single frames.

    Returns how many settings were drawn; raises AssertionError at the first that fails, naming the setting.
    """
    name, count = type(explorer).__name__, 0
    for values in settings(explorer, rng, singles, pairs):
        try:
            scene = explorer.checked(explorer.accepted(values))
            json.dumps(encode([scene])[0], allow_nan=False)
            if scene.narration is not None:
                for step in (0, scene.num_steps):
                    scene.narration.at(step)
        except Exception as error:
            raise AssertionError(f"{name} fails at {values}: {type(error).__name__}: {error}") from error
        count += 1
    for control in explorer.controls:
        if control.table:
            _sweep_table(explorer, control, rng)
    return count


def settings(explorer: Explorer, rng: np.random.Generator, singles: int, pairs: int) -> Iterator[Values]:
    """Every control at its ends, middle and some random values, alone; then random pairs of them."""
    current = dict(explorer.values)
    tried = {c.name: _some_values(c, rng, singles) for c in explorer.controls}
    for name, values in tried.items():
        for value in values:
            yield {**current, name: value}
    couples = [
        {**current, a: x, b: y}
        for a, b in itertools.combinations(tried, 2)
        for x, y in itertools.product(tried[a], tried[b])
    ]
    for index in rng.permutation(len(couples))[:pairs]:
        yield couples[index]


def _sweep_table(explorer: Explorer, control: Control, rng: np.random.Generator) -> None:
    """The frame in a table is the frame that its value has alone, number for number and word for word."""
    name = type(explorer).__name__
    rows = [{**explorer.values, control.name: control.accept(value)} for value in control.values]
    together = explorer.scenes(rows)
    size = len(encode(together)[1])
    assert size <= TABLE_BYTES, f"{name}: the table of {control.name} has {size} bytes, over {TABLE_BYTES}"
    sent = len(pack(*encode(together)))
    assert sent <= WIRE_BYTES, f"{name}: the table of {control.name} sends {sent} bytes, over {WIRE_BYTES}"
    for index in {0, len(rows) - 1, int(rng.integers(len(rows)))}:
        # As a person's own choice is drawn: accepted first.
        alone = encode([explorer.frame(**rows[index])])
        assert encode([together[index]]) == alone, (
            f"{name}: {control.name} = {control.values[index]} gives another picture in a table than alone"
        )


def _some_values(control: Control, rng: np.random.Generator, singles: int) -> list:
    values = control.values
    if not isinstance(control, Range):
        return list(values)
    picks = {0, len(values) // 2, len(values) - 1, *rng.integers(len(values), size=singles).tolist()}
    return [values[i] for i in sorted(picks)]
