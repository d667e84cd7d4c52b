"""What lets a host's readers keep the whole course: a service worker that knows every file of the site by its sum."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

HERE = Path(__file__).parent
WORKER = "offline.js"  # at the root of the site: it speaks for what lies below it
LEFT_OUT = (".zip",)  # to take along, not to read


def write_worker(site: Path, *, leave_out: str) -> None:
    """The worker, in a site that is whole. `leave_out`: the folder with a JupyterLite, which keeps its own files."""
    sums = {
        name: hashlib.sha256(path.read_bytes()).hexdigest()[:32]
        for path in sorted(site.rglob("*"))
        if path.is_file()
        and path.suffix not in LEFT_OUT
        and not path.name.startswith(".")
        # the worker itself least of all: its sum would never fit, and no version after this one could be kept
        and not (name := path.relative_to(site).as_posix()).startswith((leave_out, WORKER))
    }
    script = (HERE / "static" / WORKER).read_text(encoding="utf-8")
    text = f"const FILES = {json.dumps(sums, separators=(',', ':'))};\n{script}"
    (site / WORKER).write_text(text, encoding="utf-8")
