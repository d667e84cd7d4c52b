"""Runs the race of lesson 09 and stores it in optcourse/race.npz: python -m benchmarks.make_race"""

from __future__ import annotations

from benchmarks.storing import store
from optcourse import race

if __name__ == "__main__":
    store(race)
