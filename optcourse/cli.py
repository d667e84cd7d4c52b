"""The program `optcourse`. A command's module is imported only when the command is called."""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import importlib.util
import io
import os
import runpy
import sys
from collections.abc import Sequence

from optcourse.place import WHOLE_COURSE, NoCourseHere, clone, root_with, spare_grammars

# name: (where it is, what it does). To add a command, add a line: a module with `main(argv) -> int | None`,
# or a script's path in the course's folder. A command whose module is not there is not offered.
COMMANDS = {
    "lab": ("optcourse.commands.lab", "open the lessons in JupyterLab"),
    "update": (
        "optcourse.commands.update",
        "bring the lessons that lab laid out up to the installed version",
    ),
    "test": ("optcourse.commands.test", "prove that everything holds"),
    "bench": ("benchmarks/run.py", "repeat the measurements"),
    "build": ("optcourse.authoring.build", "make lessons/ and solutions/ from source/"),
    "check": ("optcourse.commands.check", "run a notebook from top to bottom and show what its checks say"),
    "progress": ("optcourse.progress", "what you have done so far"),
    "grade": ("optcourse.grading.command", "grade a folder of notebooks"),
    "report": ("optcourse.commands.report", "which mistakes a class made, from its marks"),
    "slides": ("optcourse.commands.slides", "give a lesson as a lecture"),
    "site": ("optcourse.publishing.site.command", "write the course as static web pages"),
    "hub": ("optcourse.commands.hub", "the lines that a JupyterHub needs"),
    "nbgrader": ("optcourse.authoring.nbgrader", "lay the course out for nbgrader"),
    "doctor": ("optcourse.commands.doctor", "what is installed, what is missing, and what for"),
}


def is_there(where: str) -> bool:
    if where.endswith(".py"):  # where it is missing, it says so when it is called
        return True
    try:
        return importlib.util.find_spec(where) is not None
    except ModuleNotFoundError:  # its parent package is not there
        return False


def run_command(where: str, argv: list[str]) -> int:
    if where.endswith(".py"):
        name = next(name for name, (place, _) in COMMANDS.items() if place == where)
        path = str(root_with(where, name) / where)
        sys.argv = [path, *argv]
        runpy.run_path(path, run_name="__main__")
        return 0
    return importlib.import_module(where).main(argv) or 0


def build_parser() -> argparse.ArgumentParser:
    offered = {name: text for name, (where, text) in COMMANDS.items() if is_there(where)}
    width = max(map(len, offered))
    parser = argparse.ArgumentParser(
        prog="optcourse",
        description="How neural networks are trained: an interactive course.",
        epilog="commands:\n"
        + "\n".join(f"  {name:{width}}  {text}" for name, text in offered.items())
        + (
            ""
            if clone()
            else f"\n\ntest, bench, build, site and nbgrader need the whole course: {WHOLE_COURSE}"
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--version", action="version", version=f"optcourse {importlib.metadata.version('optcourse')}"
    )
    parser.add_argument("command", choices=offered, metavar="command", help="one of the commands below")
    parser.add_argument(
        "rest", nargs=argparse.REMAINDER, metavar="...", help="what the command takes (try --help)"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 when all is well."""
    for stream in (sys.stdout, sys.stderr):  # not every terminal or pipe has a ✔ or an é
        if isinstance(stream, io.TextIOWrapper) and "utf" not in stream.encoding.lower():
            stream.reconfigure(errors="replace")
    words = list(sys.argv[1:] if argv is None else argv)
    parser = build_parser()
    if not words:
        parser.print_help()
        return 0
    # We read only the first word; everything after it goes to the command, options included.
    command = parser.parse_args(words[:1]).command
    spare_grammars()
    try:
        code = run_command(COMMANDS[command][0], words[1:])
        sys.stdout.flush()  # a closed pipe raises here, not while Python exits
        return code
    except NoCourseHere as error:
        print(f"optcourse: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\noptcourse: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader has seen enough (`optcourse progress | head`)
        # so that closing stdout does not fail too
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
