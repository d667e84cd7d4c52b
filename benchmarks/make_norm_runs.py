"""Runs what lesson 15 shows and stores it in optcourse/norm_runs.npz: python -m benchmarks.make_norm_runs"""

from __future__ import annotations

import time

import numpy as np
from tqdm import tqdm

from optcourse import norm_runs


def main() -> None:
    began = time.perf_counter()
    np.savez_compressed(norm_runs.FILE, **norm_runs.compute(tqdm))
    size = norm_runs.FILE.stat().st_size / 1024
    print(f"{norm_runs.FILE}: {size:.0f} KB in {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
