"""Runs what lesson 11 compares and stores it in optcourse/newton_race.npz: python -m benchmarks.make_newton_race"""

from __future__ import annotations

import time

import numpy as np

from optcourse import newton_race


def main() -> None:
    began = time.perf_counter()
    np.savez_compressed(newton_race.FILE, **newton_race.compute())
    size = newton_race.FILE.stat().st_size / 1024
    print(f"{newton_race.FILE}: {size:.0f} KB in {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
