"""Runs what lesson 13 shows and stores it in optcourse/edge_runs.npz: python -m benchmarks.make_edge_runs"""

from __future__ import annotations

import time

import numpy as np
from tqdm import tqdm

from optcourse import edge_runs


def main() -> None:
    began = time.perf_counter()
    np.savez_compressed(edge_runs.FILE, **edge_runs.compute(tqdm))
    size = edge_runs.FILE.stat().st_size / 1024
    print(f"{edge_runs.FILE}: {size:.0f} KB in {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
