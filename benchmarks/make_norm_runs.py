"""Runs what lesson 15 shows and stores it in optcourse/norm_runs.npz: python -m benchmarks.make_norm_runs"""

from __future__ import annotations

from tqdm import tqdm

from benchmarks.storing import store
from optcourse import norm_runs

if __name__ == "__main__":
    store(norm_runs, tqdm)
