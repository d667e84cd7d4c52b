"""`optcourse check NOTEBOOK`: run a notebook in a fresh kernel and show what its checks say."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

CALLS_CHECK = re.compile(r"^\s*check\(", re.MULTILINE)


def main(argv: Sequence[str]) -> int:
    """Returns 1 when a cell raised an error, 2 when the notebook could not be run, else 0."""
    parser = argparse.ArgumentParser(prog="optcourse check", description=__doc__.split(": ", 1)[1])
    parser.add_argument("notebook", type=Path)
    parser.add_argument(
        "--timeout", type=int, default=120, metavar="SECONDS", help="for one cell (default: 120)"
    )
    options = parser.parse_args(list(argv))

    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    try:
        notebook = nbformat.read(options.notebook, as_version=4)
    # AttributeError: what nbformat makes of JSON that is no object
    except (OSError, ValueError, AttributeError, nbformat.ValidationError) as error:
        print(f"optcourse check: {options.notebook} cannot be read as a notebook: {error}", file=sys.stderr)
        return 2
    client = NotebookClient(
        notebook,
        timeout=options.timeout,
        allow_errors=True,
        kernel_name="python3",
        config=encrypted(),
        resources={"metadata": {"path": str(options.notebook.resolve().parent)}},
    )
    try:
        client.execute()
    except CellTimeoutError:
        print(f"optcourse check: a cell ran longer than {options.timeout} s and was ended", file=sys.stderr)
        return 2
    except DeadKernelError:
        print("optcourse check: a cell ended the kernel (out of memory, or exit())", file=sys.stderr)
        return 2

    errors = 0
    for number, cell in enumerate((cell for cell in notebook.cells if cell.cell_type == "code"), start=1):
        for output in cell.outputs:
            if output.output_type == "error":
                errors += 1
                print(f"code cell {number} stopped with {output.ename}: {output.evalue}\n")
            elif CALLS_CHECK.search(cell.source):
                print(output.get("data", {}).get("text/plain") or output.get("text", ""), end="\n\n")
    return 1 if errors else 0


def encrypted() -> Any:
    """What the kernel says to this process is encrypted where both can do it; else newer kernels print an alarm."""
    import zmq
    from jupyter_client import KernelManager
    from traitlets.config import Config

    can = "transport_encryption" in KernelManager.class_traits() and zmq.has("curve")
    return Config({"KernelManager": {"transport_encryption": "auto"}} if can else {})
