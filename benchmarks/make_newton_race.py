"""Runs what lesson 11 compares and stores it in optcourse/newton_race.npz: python -m benchmarks.make_newton_race"""

from __future__ import annotations

from benchmarks.storing import store
from optcourse import newton_race

if __name__ == "__main__":
    store(newton_race)
