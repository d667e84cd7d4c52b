"""Run a notebook for pages and slides: every output kept, explorers and questions as data that live without a kernel.

The notebook runs in a process of its own, in an IPython shell without a server: nbclient was seen to hang on
widgets (docs/design.md), and what runs here are the course's own notebooks, which ask for nothing that a kernel has beyond it.
With OPTCOURSE_SAVED_PAGES=1 an explorer shows itself as `EXPLORER_MIME` data, predictions and quizzes as `QUESTIONS_MIME`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optcourse.place import with_quiet_blas

# the process that runs the cells does without: importing it costs more than many a notebook
if TYPE_CHECKING:
    import nbformat

PROGRESS = "cell "


class CellFailed(Exception):
    """A notebook that did not run to its end; the text names the notebook, the cell and the error."""


def execute(
    path: str | Path, *, seconds: float = 300, on_cell: Callable[[int, int], None] | None = None
) -> nbformat.NotebookNode:
    """The notebook with its outputs; the file itself is not changed.

    `on_cell(number, count)` is called as each cell begins. Raises CellFailed when a cell raises, when the whole takes
    more than `seconds`, or when the file is no notebook.
    """
    import nbformat

    path = Path(path)
    try:
        given = nbformat.read(path, as_version=4)
    except Exception as error:  # nbformat raises whatever its parts raise, and a file may hold anything
        raise CellFailed(f"{path.name} is no notebook: {type(error).__name__}: {error}") from error
    with tempfile.TemporaryDirectory(prefix="optcourse-execute-") as folder:
        cells, result = Path(folder, "cells.json"), Path(folder, "executed.ipynb")
        cells.write_text(json.dumps(given), encoding="utf-8")
        environment = dict(
            with_quiet_blas(os.environ),
            OPTCOURSE_SAVED_PAGES="1",
            OPTCOURSE_STRICT="1",
            OPTCOURSE_HOME=folder,  # nobody's progress is touched
            IPYTHONDIR=folder,
            MPLBACKEND="agg",
        )
        process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(cells), str(result)],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        try:
            errors = _follow(process, seconds, on_cell)
        except subprocess.TimeoutExpired:
            raise CellFailed(f"{path.name} did not come to its end within {seconds:g} seconds") from None
        finally:
            process.wait()
        if process.returncode or not result.exists():
            last = errors.strip().splitlines()[-1:] or ["the process ended early"]
            raise CellFailed(f"{path.name}: {last[0]}")
        return nbformat.read(result, as_version=4)


def _follow(process: subprocess.Popen, seconds: float, on_cell: Callable | None) -> str:
    """Wait for the process and hand its progress on; what it said of errors."""

    def listen() -> None:
        for line in process.stdout:
            if on_cell and line.startswith(PROGRESS):
                number, count = map(int, line.removeprefix(PROGRESS).split("/"))
                on_cell(number, count)

    errors: list[str] = []
    threads = [
        threading.Thread(target=listen, daemon=True),
        threading.Thread(target=lambda: errors.append(process.stderr.read()), daemon=True),
    ]
    for thread in threads:
        thread.start()
    try:
        process.wait(seconds)
    finally:
        process.kill()  # where it has not ended; its pipes close with it
        for thread in threads:
            thread.join(10)
        process.stdout.close()
        process.stderr.close()
    return "".join(errors)


# -- in the process of its own ---------------------------------------------------------------------


def run(path: Path, result: Path, say: Callable[[str], Any]) -> None:
    """Run every code cell of a notebook of format 4; outputs go into it in the order in which they came."""
    from IPython.core.displayhook import DisplayHook
    from IPython.core.displaypub import DisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell

    outputs: list[dict[str, Any]] = []

    class Hook(DisplayHook):
        def __call__(self, value: Any = None) -> None:
            if value is not None and not self.quiet():
                data, metadata = self.shell.display_formatter.format(value)
                outputs.append(
                    {
                        "output_type": "execute_result",
                        "data": data,
                        "metadata": metadata,
                        "execution_count": self.shell.execution_count,
                    }
                )

    class Publisher(DisplayPublisher):
        def publish(self, data: Any, metadata: Any = None, **_: Any) -> None:
            outputs.append({"output_type": "display_data", "data": data, "metadata": metadata or {}})

    class Stream:
        encoding = "utf-8"

        def __init__(self, name: str) -> None:
            self.name = name

        def write(self, text: str) -> int:
            last = outputs[-1] if outputs else {}
            if last.get("output_type") == "stream" and last["name"] == self.name:
                last["text"] += text
            else:
                outputs.append({"output_type": "stream", "name": self.name, "text": text})
            return len(text)

        def flush(self) -> None:
            pass

        def isatty(self) -> bool:
            return False

    shell_class = type(
        "Shell", (InteractiveShell,), {"displayhook_class": Hook, "display_pub_class": Publisher}
    )
    shell = shell_class.instance()
    shell.colors = "nocolor"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    count = len(notebook["cells"])
    kept = sys.stdout, sys.stderr
    for number, cell in enumerate(notebook["cells"], 1):
        say(f"{PROGRESS}{number}/{count}")
        if cell["cell_type"] != "code":
            continue
        outputs.clear()
        sys.stdout, sys.stderr = Stream("stdout"), Stream("stderr")
        try:
            done = shell.run_cell(cell["source"], store_history=True)
        finally:
            sys.stdout, sys.stderr = kept
        error = done.error_before_exec or done.error_in_exec
        if error is not None:
            raise SystemExit(
                f"cell {number} ({cell.get('id', '')}) stopped with {type(error).__name__}: {error}"
            )
        cell["outputs"] = list(outputs)
        cell["execution_count"] = shell.execution_count - 1
    result.write_text(json.dumps(notebook, allow_nan=False), encoding="utf-8")


if __name__ == "__main__":
    # everything that the cells print is an output; progress goes to the real stdout
    real = sys.stdout
    run(Path(sys.argv[1]), Path(sys.argv[2]), lambda line: print(line, file=real, flush=True))
