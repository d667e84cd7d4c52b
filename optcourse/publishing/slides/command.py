"""`optcourse slides NN`: a solved lesson as a lecture, full screen, with living sliders, by keyboard alone.

The lesson's notebook is run once. Its cells become sections (sections.py) and these one page (page.py), which deck/deck.js lays
out as slides. Live, the page talks to the process in which the notebook ran (live.py). With --export it is one HTML file whose
sliders move by their tables of frames.
"""

from __future__ import annotations

import argparse
import contextlib
import html
import os
import re
import signal
import sys
import webbrowser
from collections.abc import Callable, Sequence
from pathlib import Path

from optcourse.files import write_whole
from optcourse.place import NoCourseHere, course_root, is_laid_out, is_whole
from optcourse.publishing import lite
from optcourse.publishing.execution import CellFailed, execute
from optcourse.publishing.folder import own_folder
from optcourse.publishing.site.python import Python, made
from optcourse.publishing.slides.page import GENERATOR, MINUTES, CannotPresent, build
from optcourse.terminal import MovingLine

# Writes the deck of a folder of marks into another folder, as a notebook; CannotPresent where there is none.
DeckOfMarks = Callable[[Path, Path], Path]


def main(argv: Sequence[str], deck_of_marks: DeckOfMarks | None = None) -> int:
    """The command. Returns 0, 1 where a lesson does not run, 2 where what was asked for cannot be done."""
    options = parser()
    asked = options.parse_args(argv)
    if (asked.lesson is None) == (asked.marks is None):
        options.error("name a lesson, or a folder of marks with --from; one of the two")
    if asked.python and asked.export is None:
        options.error("--python is for --export; live, the program behind the figures answers")
    try:
        if asked.marks is None:
            return show(find_notebook(asked.lesson), asked)
        if deck_of_marks is None:
            raise CannotPresent("a deck of marks is made by the command `optcourse slides` only.")
        with own_folder() as folder:
            return show(deck_of_marks(asked.marks, folder), asked)
    except CannotPresent as error:
        print(f"optcourse slides: {error}", file=sys.stderr)
        return 2
    except CellFailed as error:
        print(f"\noptcourse slides: {error}", file=sys.stderr)
        return 1


def show(path: Path, asked: argparse.Namespace) -> int:
    """Give the lecture of a notebook, or write it into a file."""
    if asked.export is None:
        return present(path, asked)
    target = Path(asked.export or f"{path.stem}.slides.html")
    check_target(target)
    python = python_for_export(asked.pyodide) if asked.python else None
    notebook = execute(path, on_cell=progress(path.name))
    write(target, build(notebook, path, minutes=asked.minutes, dark=asked.dark, python=python))
    inside = f", of which Python {python.version} is {python.size / 1e6:.1f} MB" if python else ""
    size = f"{target.stat().st_size / 1e6:.1f} MB{inside}"
    print(
        f"optcourse slides: wrote {target} ({size}). Open it in any browser.{python.remark if python else ''}"
    )
    return 0


def python_for_export(place: str | None) -> Python:
    """Python to lie in the file. Raises CannotPresent where there is no Pyodide."""
    with contextlib.suppress(NoCourseHere):
        place = place or lite.kept(course_root())
    if place is None:
        raise CannotPresent(
            f"--python needs a Pyodide: --pyodide names one, or one lies in {lite.KEPT} (docs/website.md)."
        )
    print(f"optcourse slides: packing Python from {place}", file=sys.stderr)
    try:
        return made(place)
    except lite.LiteError as error:
        raise CannotPresent(f"--python: {error}") from error


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="optcourse slides",
        description="Give a solved lesson as a lecture; in the deck, ? shows the keys.",
    )
    parser.add_argument(
        "lesson", nargs="?", help="the lesson's number, such as 03, or a notebook of your own"
    )
    parser.add_argument(
        "--from", dest="marks", type=Path, metavar="FOLDER",
        help="in place of a lesson: the mistakes that the marks in this folder show (see `optcourse grade`)",
    )  # fmt: skip
    parser.add_argument(
        "--minutes", type=_minutes, default=MINUTES, help=f"how long the lecture is (default: {MINUTES})"
    )
    parser.add_argument("--dark", action="store_true", help="begin dark (D switches)")
    parser.add_argument(
        "--export",
        nargs="?",
        const="",
        metavar="FILE",
        help="write one HTML file that needs no kernel and no network (default: NN_name.slides.html)",
    )
    parser.add_argument(
        "--python",
        action="store_true",
        help="with --export: Python in the file, for what no table of frames has",
    )
    parser.add_argument(
        "--pyodide", metavar="PLACE", default=os.environ.get("OPTCOURSE_PYODIDE"),
        help="with --python: a folder or address with Pyodide's distribution (default: as for `optcourse site`)",
    )  # fmt: skip
    parser.add_argument("--no-browser", action="store_true", help="print the address, open nothing")
    parser.add_argument(
        "--port", type=_port, default=0, help="the port on this machine (default: a free one)"
    )
    return parser


def _minutes(text: str) -> int:
    return _whole(text, 1, 600, "a whole number of minutes from 1 to 600")


def _port(text: str) -> int:
    return _whole(text, 0, 65535, "a port from 0 to 65535")


def _whole(text: str, least: int, most: int, what: str) -> int:
    """A number in plain digits: int() would also take 1_0, +5 and the digits of other scripts."""
    if not re.fullmatch(r"[0-9]{1,5}", text) or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{what}, not {text!r}")
    return int(text)


def present(path: Path, asked: argparse.Namespace) -> int:
    """Run the notebook, serve its deck on this machine, and wait for Ctrl-C."""
    from optcourse.publishing.slides.live import Notebook
    from optcourse.publishing.slides.server import PortTaken, Server

    # However it is ended, it clears up as after Ctrl-C.
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)
    try:
        server = Server(asked.port)
    except PortTaken as error:
        raise CannotPresent(str(error)) from None
    with (
        contextlib.closing(server),
        Notebook(path, on_cell=progress(path.name)) as notebook,
    ):
        server.show(
            notebook,
            build(notebook.executed, path, minutes=asked.minutes, dark=asked.dark, live=server.ask),
        )
        with server:
            print(
                f"optcourse slides: {server.url}\nPress ? in the deck for its keys. To end the lecture: Ctrl-C."
            )
            sys.stdout.flush()
            if not asked.no_browser:
                webbrowser.open(doorway(server.url, notebook.folder).as_uri())
            try:
                server.wait()
            except KeyboardInterrupt:
                print("\noptcourse slides: the lecture has ended.")
    return 0


def doorway(url: str, folder: Path) -> Path:
    """A page of the lecturer's own that leads to the deck.

    The browser is started with the name of this page: what stands in its command line any user of the machine can read.
    """
    page = folder / "open-the-deck.html"
    with open(os.open(page, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        file.write(
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
            f'<meta http-equiv="refresh" content="0; url={html.escape(url)}"><title>The deck</title></head>'
            f'<body><p><a href="{html.escape(url)}">To the deck</a></p></body></html>\n'
        )
    return page


def find_notebook(lesson: str) -> Path:
    """The solved notebook of a lesson's number, or the notebook of that name."""
    if lesson.endswith(".ipynb"):
        if not Path(lesson).is_file():
            raise CannotPresent(f"there is no notebook {lesson}.")
        return Path(lesson)
    root = course_root()
    folder = root / "solutions"
    there_are = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    found = [
        path for path in there_are if lesson in (path.stem, path.stem[:2]) or lesson.zfill(2) == path.stem[:2]
    ]
    if not found:
        numbers = ", ".join(path.stem[:2] for path in there_are) or f"none; {how_to_have_solutions(root)}"
        raise CannotPresent(f"there is no lesson {lesson} in {folder}. There are: {numbers}.")
    return found[0]


def how_to_have_solutions(root: Path) -> str:
    if is_laid_out(root) and not is_whole(root):
        return "`optcourse lab --with-solutions` lays them out"
    if (root / "source").is_dir():
        return "run `optcourse build`"
    return "this copy was handed out without them; name a notebook, such as lessons/03_gradient_descent.ipynb"


def progress(name: str) -> Callable[[int, int], None]:
    """A bar that counts the cells on a terminal; elsewhere one line."""
    line = MovingLine(sys.stderr)

    def tell(number: int, count: int) -> None:
        if line.moving:
            line.draw(number, count, f"cells of {name}")
            if number == count:
                line.clear()
        elif number == 1:
            print(f"optcourse slides: running {name}, {count} cells", file=sys.stderr)

    return tell


def check_target(path: Path) -> None:
    """Before minutes are spent: raise where the file cannot be written."""
    if path.is_dir():
        raise CannotPresent(f"{path} is a folder; name a file in it.")
    if not path.parent.is_dir():
        raise CannotPresent(f"there is no folder {path.parent}; make it first, or name another file.")
    if path.exists() and GENERATOR not in path.read_text(encoding="utf-8", errors="replace")[:2000]:
        raise CannotPresent(
            f"{path} is there and was not written by this command; it is left alone. Name another file."
        )
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise CannotPresent(f"{path} cannot be written by you; name a file in a folder of yours.")


def write(path: Path, text: str) -> None:
    try:
        write_whole(path, text)
    except OSError as error:
        raise CannotPresent(f"{path} could not be written: {error.strerror or error}.") from None
