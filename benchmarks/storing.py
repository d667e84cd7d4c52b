"""What the scripts that store runs share: `make_race.py`, `make_edge_runs.py` and the others, one for each module with a FILE."""

from __future__ import annotations

import time
from types import ModuleType
from typing import Any

import numpy as np


def store(module: ModuleType, *given: Any) -> None:
    """Compute everything anew, put it into the module's file, and say how large that is and how long it took."""
    began = time.perf_counter()
    np.savez_compressed(module.FILE, **module.compute(*given))
    size = module.FILE.stat().st_size / 1024
    print(f"{module.FILE}: {size:.0f} KB in {time.perf_counter() - began:.0f} s")
