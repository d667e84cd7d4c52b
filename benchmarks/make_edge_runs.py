"""Runs what lesson 13 shows and stores it in optcourse/edge_runs.npz: python -m benchmarks.make_edge_runs"""

from __future__ import annotations

from tqdm import tqdm

from benchmarks.storing import store
from optcourse import edge_runs

if __name__ == "__main__":
    store(edge_runs, tqdm)
