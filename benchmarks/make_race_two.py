"""Runs what lesson 16 audits and stores it in optcourse/race_two.npz: python -m benchmarks.make_race_two"""

from __future__ import annotations

import time

import numpy as np
from tqdm import tqdm

from optcourse import race_two


def main() -> None:
    began = time.perf_counter()
    np.savez_compressed(race_two.FILE, **race_two.compute(tqdm))
    size = race_two.FILE.stat().st_size / 1024
    print(f"{race_two.FILE}: {size:.0f} KB in {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
