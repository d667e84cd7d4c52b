"""`optcourse slides NN`: a solved lesson as a lecture, full screen, with living sliders, by keyboard alone.

The lesson's notebook is run once; its cells become a deck (deck/deck.js lays them out). Live, the deck talks to the process in
which the notebook ran (live.py). With --export it is one HTML file whose sliders move by their tables of frames.
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
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from optcourse.explorers import stage
from optcourse.place import course_root
from optcourse.publishing import rendering
from optcourse.publishing.execution import EXPLORER_MIME, QUESTIONS_MIME, CellFailed, execute

DECK = Path(__file__).parent / "deck"
GENERATOR = '<meta name="generator" content="optcourse slides">'
MINUTES = 45
# The browser itself refuses every request to another host.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data:; font-src data:; connect-src {talks}"
)


class CannotPresent(Exception):
    """Why there is no lecture, and what to do, in one sentence."""


def main(argv: Sequence[str]) -> int:
    """The command. Returns 0, 1 where a lesson does not run, 2 where what was asked for cannot be done."""
    asked = parser().parse_args(argv)
    try:
        path = find_notebook(asked.lesson)
        if asked.export is None:
            return present(path, asked)
        target = Path(asked.export or f"{path.stem}.slides.html")
        check_target(target)
        deck = build(execute(path, on_cell=progress(path.name)), path, minutes=asked.minutes, dark=asked.dark)
        write(target, deck)
        print(
            f"optcourse slides: wrote {target} ({target.stat().st_size / 1e6:.1f} MB). Open it in any browser."
        )
        return 0
    except CannotPresent as error:
        print(f"optcourse slides: {error}", file=sys.stderr)
        return 2
    except CellFailed as error:
        print(f"\noptcourse slides: {error}", file=sys.stderr)
        return 1


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="optcourse slides",
        description="Give a solved lesson as a lecture; in the deck, ? shows the keys.",
    )
    parser.add_argument("lesson", help="the lesson's number, such as 03, or a notebook of your own")
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

    # Whoever ends it, it ends as Ctrl-C does.
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
    folder = course_root() / "solutions"
    there_are = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    found = [
        path for path in there_are if lesson in (path.stem, path.stem[:2]) or lesson.zfill(2) == path.stem[:2]
    ]
    if not found:
        numbers = ", ".join(path.stem[:2] for path in there_are) or "none; run `optcourse build`"
        raise CannotPresent(f"there is no lesson {lesson} in {folder}. There are: {numbers}.")
    return found[0]


def progress(name: str) -> Callable[[int, int], None]:
    """A line that counts the cells on a terminal; elsewhere one line."""
    terminal = sys.stderr.isatty()

    def tell(number: int, count: int) -> None:
        if terminal:
            end = "\n" if number == count else ""
            print(
                f"\roptcourse slides: running {name}, cell {number} of {count}",
                end=end,
                file=sys.stderr,
                flush=True,
            )
        elif number == 1:
            print(f"optcourse slides: running {name}, {count} cells", file=sys.stderr)

    return tell


# -- the file -------------------------------------------------------------------------------------------------


def check_target(path: Path) -> None:
    """Before minutes are spent: may the file be written?"""
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
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise CannotPresent(f"{path} could not be written: {error.strerror or error}.") from None


# -- from cells to sections ------------------------------------------------------------------------------------


@dataclass
class Section:
    """What stands between two marks in the source: a slide, or several where it does not fit on one."""

    cells: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def minutes(self) -> float:
        """How long its notes say that it takes ("3 min")."""
        found = re.search(r"(\d+(?:\.\d+)?) min\b", " ".join(self.notes))
        return float(found[1]) if found else 0.0


def sections(notebook: nbformat.NotebookNode) -> list[Section]:
    """The lesson's cells, divided and sorted as their slideshow metadata says."""
    made = [Section()]
    names = rendering.Names("figure")
    for cell in notebook.cells:
        kind = cell.metadata.get("slideshow", {}).get("slide_type", "-")
        ours = cell.metadata.get("optcourse", {})
        if kind in ("slide", "subslide") and (made[-1].cells or made[-1].notes):
            made.append(Section())
        here = made[-1]
        if kind == "notes":
            here.notes.append(prose(cell.source))
        elif "spoken" in cell.metadata.get("tags", []):
            here.notes.append(prose(cell.source))
        elif kind != "skip":
            add_cell(here, cell, names, fragment=kind == "fragment")
        here.notes[:0] = [prose(text) for text in ours.get("notes", [])]
    return [section for section in made if section.cells]


def add_cell(here: Section, cell: nbformat.NotebookNode, names: rendering.Names, *, fragment: bool) -> None:
    if cell.cell_type == "markdown":
        here.cells.append(f'<div class="cell markdown{" fragment" * fragment}">{prose(cell.source)}</div>')
        return
    if cell.cell_type != "code":
        return
    found = re.match(r"(?:\w+ = )?(check|hints)\(", cell.source.lstrip())
    call = found[1] if found else ""
    if call == "hints":  # what a lecturer says when nobody has an idea
        here.notes += [
            output.data["text/html"] for output in cell.outputs if "text/html" in output.get("data", {})
        ]
        return
    outputs = [output_html(output, names) for output in cell.outputs]
    if call == "check":
        add_check(here, "".join(outputs))
        return
    # the picture is what matters, not the call that made it
    if any(is_live(output) for output in cell.outputs):
        here.cells += outputs
        return
    blank = cell.metadata.get("optcourse", {}).get("blank")
    if blank is not None:
        here.cells.append(
            '<div class="cell code swap fragment">'
            f'<div class="blank">{code(blank)}<p class="blank-note">The answer comes with the next key.</p></div>'
            f'<div class="answer">{code(cell.source)}{"".join(outputs)}<!-- check --></div></div>'
        )
        return
    classes = "cell code loose" if not fragment else "cell code fragment"
    here.cells.append(f'<div class="{classes}">{code(cell.source)}{"".join(outputs)}</div>')


def add_check(here: Section, told: str) -> None:
    """What the check says comes with the answer."""
    told = told.replace(' role="status"', "")  # a slide is no news
    for place in range(len(here.cells) - 1, -1, -1):
        if "<!-- check -->" in here.cells[place]:
            here.cells[place] = here.cells[place].replace("<!-- check -->", told)
            return
    here.cells.append(f'<div class="cell told">{told}</div>')


def is_live(output: nbformat.NotebookNode) -> bool:
    data = output.get("data", {})
    return EXPLORER_MIME in data or QUESTIONS_MIME in data


def output_html(output: nbformat.NotebookNode, names: rendering.Names) -> str:
    data = output.get("data", {})
    for mime, kind in ((EXPLORER_MIME, "figure"), (QUESTIONS_MIME, "questions")):
        if mime in data:
            name = names.new()
            figure = f' data-figure="{data[mime]["figure"]}"' if "figure" in data[mime] else ""
            if kind == "figure":
                figure += f' data-panels="{len(data[mime]["first"]["meta"]["frames"][0]["panels"])}"'
            return (
                f'<div class="cell {kind}" data-from="{name}"{figure}></div>'
                f'<script type="application/json" id="{name}">{rendering.as_json(data[mime])}</script>'
            )
    return unfocusable(rendering.output_html(output))


def prose(text: str) -> str:
    """Markdown; a link to another lesson would lead out of the lecture, so only its words are left."""
    made = rendering.markdown_html(text)
    return re.sub(r'<a\b[^>]*href="[^":]*\.ipynb[^"]*"[^>]*>(.*?)</a>', r"\1", made, flags=re.DOTALL)


def code(source: str) -> str:
    """Code in colours, without what is said to the linter only."""
    return unfocusable(rendering.code_html(re.sub(r" *# noqa\b.*", "", source)))


def unfocusable(made: str) -> str:
    """Nothing scrolls inside a slide, so nothing but its controls takes the focus."""
    return re.sub(r'(<pre\b[^>]*?) tabindex="0"( role="region")?( aria-label="[^"]*")?', r"\1", made)


# -- the page -----------------------------------------------------------------------------------------------------


def build(
    notebook: nbformat.NotebookNode, path: Path, *, minutes: int = MINUTES, dark: bool = False, live: str = ""
) -> str:
    """The deck as one HTML page. `live` is where on this host the notebook's process answers; none in an export."""
    made = sections(notebook)
    if not made:
        raise CannotPresent(f"{path.name} has no cell that goes on a slide.")
    title = title_of(notebook, path)
    parts = {
        "THEME": "dark" if dark else "light",
        "LIVE": html.escape(live),
        "POLICY": POLICY.format(talks="'self'" if live else "'none'"),
        "GENERATOR": GENERATOR,
        "TITLE": html.escape(title),
        "MINUTES": str(minutes),
        "STYLES": styles(),
        "SECTIONS": "\n".join(section_html(section) for section in made),
        "SCRIPTS": scripts(),
    }
    template = (DECK / "deck.html").read_text(encoding="utf-8")
    return re.sub(r"\{\{([A-Z]+)\}\}", lambda match: parts[match[1]], template)


def section_html(section: Section) -> str:
    notes = "".join(section.notes)
    aside = f'<div class="notes">{notes}</div>' if notes else ""
    return f'<section class="source" data-minutes="{section.minutes:g}">{"".join(section.cells)}{aside}</section>'


def title_of(notebook: nbformat.NotebookNode, path: Path) -> str:
    for cell in notebook.cells:
        found = re.search(r"^# +(.+)$", cell.source, re.MULTILINE) if cell.cell_type == "markdown" else None
        if found:
            return found[1].strip()
    return path.stem


def styles() -> str:
    deck = (DECK / "deck.css").read_text(encoding="utf-8")
    return "\n".join([rendering.katex_css(inline=True), stage.style(), deck])


def scripts() -> str:
    deck = (DECK / "deck.js").read_text(encoding="utf-8")
    return "\n".join([rendering.katex_script(), stage.script(), f"(() => {{\n{deck}\n}})();"])
