"""Run a notebook for pages and slides: every output kept, explorers and questions as data that live without a kernel.

The notebook runs in a process of its own, in an IPython shell without a server: nbclient was seen to hang on
widgets (docs/design.md), and what runs here are the course's own notebooks, which ask for nothing that a kernel has beyond it.
There an explorer is shown as `EXPLORER_MIME` data, a prediction or a quiz as `QUESTIONS_MIME` (see `forms`).
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optcourse.files import write_whole
from optcourse.place import with_quiet_blas
from optcourse.publishing.folder import own_folder

# not in the process that runs the cells: importing it takes longer than many a notebook
if TYPE_CHECKING:
    import nbformat

PROGRESS = "cell "
EXPLORER_MIME = "application/vnd.optcourse.explorer+json"
QUESTIONS_MIME = "application/vnd.optcourse.questions+json"


class CellFailed(Exception):
    """A notebook that did not run to its end; the text names the notebook, the cell and the error."""


def execute(
    path: str | Path,
    *,
    seconds: float = 300,
    on_cell: Callable[[int, int], None] | None = None,
    figures: Path | None = None,
) -> nbformat.NotebookNode:
    """The notebook with its outputs; the file itself is not changed.

    `on_cell(number, count)` is called as each cell begins. `figures`: a folder that notebooks share, in which a figure
    that another has drawn is found (see `forms`). Raises CellFailed when a cell raises, when the whole takes
    more than `seconds`, or when the file is no notebook.
    """
    import nbformat

    path = Path(path)
    given = read_notebook(path)
    with own_folder() as folder:
        shared = [str(figures.resolve())] if figures else []
        process, result = start(__name__, given, folder, *shared, stderr=subprocess.PIPE)
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


def read_notebook(path: Path) -> nbformat.NotebookNode:
    """The notebook in a file. Raises CellFailed where it is none."""
    import nbformat

    try:
        return nbformat.read(path, as_version=4)
    except Exception as error:  # nbformat raises all kinds of errors, and a file may hold anything
        raise CellFailed(f"{path.name} is no notebook: {type(error).__name__}: {error}") from error


def start(
    module: str, notebook: nbformat.NotebookNode, folder: Path, *words: str, **streams: Any
) -> tuple[subprocess.Popen, Path]:
    """A process in which `module` runs the notebook, with `words` as its last arguments, and where it will lie with its outputs.

    It ends when its standard input is closed, also because this process was killed.
    """
    cells, result = folder / "cells.json", folder / "executed.ipynb"
    cells.write_text(json.dumps(notebook), encoding="utf-8")
    result.unlink(missing_ok=True)
    environment = dict(
        with_quiet_blas(os.environ),
        OPTCOURSE_STRICT="1",
        OPTCOURSE_HOME=str(folder),  # no learner's progress is touched
        IPYTHONDIR=str(folder),
        MPLBACKEND="agg",
        PYTHONIOENCODING="utf-8",
    )
    command = [sys.executable, "-m", module, str(cells), str(result), *words]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # Ctrl-C is for the process that waits; this one ends when its standard input is closed.
        start_new_session=True,
        **streams,
    )
    return process, result


def _follow(process: subprocess.Popen, seconds: float, on_cell: Callable | None) -> str:
    """Wait for the process and hand its progress on; what it said of errors."""

    def listen() -> None:
        for line in process.stdout:
            progress(line, on_cell)

    errors: list[bytes] = []
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
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()
    return b"".join(errors).decode("utf-8", errors="replace")


def progress(line: bytes, on_cell: Callable[[int, int], None] | None) -> None:
    """Hand on which cell a line of the process names, if it names one."""
    words = line.decode("utf-8", errors="replace")
    if on_cell and words.startswith(PROGRESS):
        number, count = map(int, words.removeprefix(PROGRESS).split("/"))
        on_cell(number, count)


# -- in the process of its own ---------------------------------------------------------------------


def forms(figures: Path | None = None) -> dict[type, Callable[[Any], dict]]:
    """How a page is given what needs a kernel in a notebook: as data, and as words for a reader without scripts.

    A figure without the learner's code is what its class and its values say. It is drawn once where notebooks share a
    folder for `figures`: a lesson and its answers show the same.
    """
    from optcourse.explorers.engine import Explorer
    from optcourse.explorers.page import packed
    from optcourse.explorers.still import still
    from optcourse.questions.shell import Card

    def drawn(explorer: Explorer) -> dict:
        return packed(explorer) | {"still": still(explorer)}

    def drawn_once(explorer: Explorer) -> dict:
        if (which := explorer.drawn_alike()) is None:
            return drawn(explorer)
        kept = figures / f"{hashlib.sha256(which.encode()).hexdigest()}.json"
        if not kept.exists():
            write_whole(kept, json.dumps(drawn(explorer)).encode())
        return json.loads(kept.read_bytes())

    def figure(explorer: Explorer) -> dict:
        data = drawn_once(explorer) if figures else drawn(explorer)
        return {EXPLORER_MIME: data, "text/plain": f"{explorer.title}: {explorer.describe()}"}

    def questions(card: Card) -> dict:
        html, words = card.twin()
        data = card.data()
        asked = {QUESTIONS_MIME: data} if data else {}
        return asked | {"text/html": html, "text/plain": words}

    return {Explorer: figure, Card: questions}


def run(
    path: Path,
    result: Path,
    say: Callable[[str], Any],
    shown_as: dict[type, Callable[[Any], dict]] | None = None,
) -> None:
    """Run every code cell of a notebook of format 4; outputs go into it in the order in which they came.

    `shown_as` says what is put into an output for an object of a type; `forms()` if not given.
    """
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
    for kind, form in (forms() if shown_as is None else shown_as).items():
        shell.display_formatter.mimebundle_formatter.for_type(kind, form)
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


def end_with_input(hear: Callable[[bytes], Any] | None = None) -> None:
    """Read standard input on a thread, each line for `hear`; end this process when it is closed, whatever it does then.

    The cells have an empty standard input.
    """
    given = os.dup(0)
    sys.stdin = open(os.devnull, encoding="utf-8")

    def read() -> None:
        # By itself: a buffered file that a thread waits in cannot be closed when the process ends.
        kept = b""
        while chunk := os.read(given, 1 << 16):
            *lines, kept = (kept + chunk).split(b"\n")
            for line in lines if hear else ():
                hear(line)
        os._exit(1)

    threading.Thread(target=read, daemon=True).start()


if __name__ == "__main__":
    # everything that the cells print is an output; progress goes to the real stdout
    real = sys.stdout
    end_with_input()
    given, result, *shared = map(Path, sys.argv[1:])
    run(given, result, lambda line: print(line, file=real, flush=True), forms(*shared))
