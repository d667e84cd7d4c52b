"""Runs what lesson 14 shows and stores it in optcourse/noise_runs.npz: python -m benchmarks.make_noise_runs"""

from __future__ import annotations

import time

import numpy as np
from tqdm import tqdm

from optcourse import noise_runs


def main() -> None:
    began = time.perf_counter()
    np.savez_compressed(noise_runs.FILE, **noise_runs.compute(tqdm))
    size = noise_runs.FILE.stat().st_size / 1024
    print(f"{noise_runs.FILE}: {size:.0f} KB in {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
