"""Runs the race of lesson 09 and stores it in optcourse/race.npz: python -m benchmarks.make_race"""

from __future__ import annotations

import time

import numpy as np

from optcourse import race


def main() -> None:
    began = time.perf_counter()
    np.savez_compressed(race.FILE, **race.compute())
    print(f"{race.FILE}: {race.FILE.stat().st_size / 1024:.0f} KB in {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
