"""Notebooks with their outputs. What was run is kept, and run again only where its text, the package or a library has changed."""

from __future__ import annotations

import gzip
import hashlib
import platform
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import nbformat

from optcourse.files import write_whole
from optcourse.publishing.execution import CellFailed, execute
from optcourse.publishing.site import SiteFailed

PACKAGE = Path(__file__).resolve().parents[2]


def execute_all(
    texts: dict[str, str], cache: Path, jobs: int, progress: Callable[[float, int, str], None]
) -> tuple[dict[str, nbformat.NotebookNode], int]:
    """Every notebook with its outputs, and how many had to be run. Raises SiteFailed with every cell that failed."""
    stamp = fingerprint_of_code()
    paths = {
        name: cache / f"{hashlib.sha256((stamp + text).encode()).hexdigest()[:32]}.json.gz"
        for name, text in texts.items()
    }
    cache.mkdir(parents=True, exist_ok=True)
    for path in set(cache.glob("*.json.gz")) - set(paths.values()):
        path.unlink()  # nothing here will ever look for it again
    # a notebook without code, like the glossary, is its own result
    still = {
        name: book for name, text in texts.items() if not has_code(book := nbformat.reads(text, as_version=4))
    }
    wanted = [name for name, path in paths.items() if name not in still and not path.exists()]
    parts = dict.fromkeys(wanted, 0.0)
    faults: list[str] = []

    def run(name: str, folder: Path) -> None:
        def on_cell(number: int, count: int) -> None:
            parts[name] = (number - 1) / count
            progress(sum(parts.values()) + 1e-6, len(wanted), name)

        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(texts[name], encoding="utf-8")
        try:
            notebook = execute(path, on_cell=on_cell, figures=folder / "figures")
        except CellFailed as error:
            faults.append(f"{path.parent.name}/{error}")
            return
        packed = gzip.compress(nbformat.writes(notebook).encode(), compresslevel=1, mtime=0)
        write_whole(paths[name], packed)
        parts[name] = 1.0
        progress(round(sum(part == 1.0 for part in parts.values())), len(wanted), name)

    with tempfile.TemporaryDirectory(prefix="optcourse-site-") as folder, ThreadPoolExecutor(jobs) as pool:
        Path(folder, "figures").mkdir()
        wanted.sort(
            key=lambda name: name.partition("/")[0]
        )  # lessons first: what they draw, their answers find
        waiting = [pool.submit(run, name, Path(folder)) for name in wanted]
        try:
            for one in waiting:
                one.result()
        except BaseException:  # Ctrl+C: end with the notebooks that are being run, and begin no other
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if faults:
        raise SiteFailed(sorted(faults))
    executed = {
        name: still.get(name) or nbformat.reads(gzip.decompress(path.read_bytes()).decode(), as_version=4)
        for name, path in paths.items()
    }
    return executed, len(wanted)


def has_code(notebook: nbformat.NotebookNode) -> bool:
    return any(cell.cell_type == "code" for cell in notebook.cells)


def fingerprint_of_code() -> str:
    """Changes with everything that a notebook's outputs may depend on: the package without its pages, and the libraries."""
    digest = hashlib.sha256(platform.python_version().encode())
    for library in ("numpy", "matplotlib", "ipywidgets", "ipython"):
        digest.update(version(library).encode())
    for path in sorted(PACKAGE.rglob("*")):
        inside = path.relative_to(PACKAGE)
        ours = (
            inside.parts[0] not in ("grading", "publishing", "authoring", "commands", "inpage.py")
            or inside.name == "execution.py"
        )
        # what runs in the browser does not change what a cell gives
        if ours and path.is_file() and path.suffix not in (".js", ".css", ".pyc"):
            digest.update(inside.as_posix().encode() + path.read_bytes())
    return digest.hexdigest()
