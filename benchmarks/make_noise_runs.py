"""Runs what lesson 14 shows and stores it in optcourse/noise_runs.npz: python -m benchmarks.make_noise_runs"""

from __future__ import annotations

from tqdm import tqdm

from benchmarks.storing import store
from optcourse import noise_runs

if __name__ == "__main__":
    store(noise_runs, tqdm)
