"""Runs what lesson 16 audits and stores it in optcourse/race_two.npz: python -m benchmarks.make_race_two"""

from __future__ import annotations

from tqdm import tqdm

from benchmarks.storing import store
from optcourse import race_two

if __name__ == "__main__":
    store(race_two, tqdm)
