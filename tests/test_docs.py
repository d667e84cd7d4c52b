"""What the pages for people say is true: their commands exist with these options, their links lead somewhere."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path

import pytest

from optcourse import cli
from optcourse.authoring.prose import BANNED, ELSEWHERE, FENCE, HEADING, IMAGE, INLINE_CODE, LINK

COURSE = Path(__file__).resolve().parents[1]
PAGES = [COURSE / "README.md", COURSE / "CONTRIBUTING.md", *sorted((COURSE / "docs").glob("*.md"))]
# A file of the course: its folder, then names in which NN is a lesson's number.
FILE = re.compile(r"`((?:optcourse|tests|docs|source|benchmarks)/[\w./-]*)`")
OURS = re.compile(r"(?:python3 course\.py|optcourse) +(?P<words>[a-z].*)")


class Parsed(Exception):
    """The command's own parser took its words: all that is wanted. Nothing is run."""


@pytest.fixture
def parse_only(monkeypatch):
    """Every command ends where its words have been understood."""
    understand = argparse.ArgumentParser.parse_known_args

    def parse_known_args(self, args=None, namespace=None):
        found = understand(self, args, namespace)
        raise Parsed(found)

    def parse_args(self, args=None, namespace=None):
        found, others = understand(self, args, namespace)
        if others:
            self.error(f"unrecognized arguments: {' '.join(others)}")
        if self.prog == "optcourse":  # the first word alone; the command's own parser comes next
            return found
        raise Parsed(found)

    monkeypatch.setattr(argparse.ArgumentParser, "parse_known_args", parse_known_args)
    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_args)


def commands(text: str) -> list[tuple[int, str, bool]]:
    """(line, words after `optcourse`, whether it is whole) of every command of ours on a page.

    In a fence with `$ ` before its commands, the other lines are what they print. Inside a sentence, a command's name may
    stand for the command.
    """
    found, fence = [], None
    for number, line in enumerate(text.split("\n"), start=1):
        if FENCE.match(line):
            fence = None if fence is not None else []
            continue
        if fence is None:
            spans = re.findall(r"`([^`]+)`", line)
            found += [
                (number, m["words"], " " in m["words"]) for span in spans if (m := OURS.fullmatch(span))
            ]
            continue
        fence.append(line)
        prompt = line.startswith("$ ")
        if prompt or not any(earlier.startswith("$ ") for earlier in fence):
            found += [(number, m["words"], True) for m in [OURS.match(line.removeprefix("$ ").strip())] if m]
    return found


def complaint_about_command(words: str, whole: bool) -> str | None:
    """What the command line's own parser says, or None where it takes these words."""
    argv = shlex.split(words, comments=True)
    for end in ("|", "&&", ">", "&"):
        argv = argv[: argv.index(end)] if end in argv else argv
    if argv[0] not in cli.COMMANDS or not cli.is_there(cli.COMMANDS[argv[0]][0]):
        return f"there is no command {argv[0]!r}"
    if not whole:
        return None
    try:
        cli.main(argv)
    except Parsed:
        return None
    except SystemExit as end:  # with 0 it was --help
        return f"`optcourse {words}` is not understood" if end.code else None
    return f"`optcourse {words}` did something before its words were read"


def complaints(text: str, folder: Path) -> list[str]:
    found = []
    for number, words, whole in commands(text):
        complaint = complaint_about_command(words, whole)
        if complaint:
            found.append(f"line {number}: {complaint}")
    fenced = False
    for number, line in enumerate(text.split("\n"), start=1):
        if FENCE.match(line):
            fenced = not fenced
        if fenced:
            continue
        for match in FILE.finditer(line):
            if not list(COURSE.glob(match[1].replace("NN_name", "[0-9][0-9]_*").replace("NN", "[0-9][0-9]"))):
                found.append(f"line {number}: there is no {match[1]}")
        line = INLINE_CODE.sub("", line)
        found += [f"line {number}: {match[0]!r}" for match in BANNED.finditer(line)]
        found += [f"line {number}: a picture without words" for m in IMAGE.finditer(line) if not m["alt"]]
        for match in LINK.finditer(line):
            target = match["target"] or match["tag"]
            if not ELSEWHERE.match(target) and not leads_somewhere(target, text, folder):
                found.append(f"line {number}: {target!r} leads nowhere")
    return found


def leads_somewhere(target: str, text: str, folder: Path) -> bool:
    file, _, anchor = target.partition("#")
    if file and not (folder / file).exists():
        return False
    if not anchor or (file and not file.endswith(".md")):
        return True
    page = (folder / file).read_text(encoding="utf-8") if file else text
    titles = [m[2] for line in page.split("\n") if (m := HEADING.fullmatch(line))]
    return anchor in [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles]


def rooms_left_out(table: str, package: Path) -> list[str]:
    """Files and folders of the package that no row of the table of rooms names."""
    rows = "".join(line for line in table.split("\n") if line.startswith("| `optcourse/"))
    rooms = {
        f"optcourse/{path.name}{'/' * path.is_dir()}"
        for path in package.iterdir()
        if path.name[0] not in "_." and (path.is_dir() or path.suffix == ".py")
    }
    return sorted(rooms - set(FILE.findall(rows)))


def test_every_room_stands_in_the_table():
    assert (
        rooms_left_out((COURSE / "CONTRIBUTING.md").read_text(encoding="utf-8"), COURSE / "optcourse") == []
    )


def test_a_room_that_the_table_leaves_out_is_found(tmp_path):
    for folder in ("old", "new", "__pycache__"):
        (tmp_path / folder).mkdir()
    for file in ("old.py", "new.py", "__init__.py"):
        (tmp_path / file).touch()
    table = "| room | what |\n| `optcourse/old.py`, `optcourse/old/` | all |\nThe room `optcourse/new.py` is none."
    assert rooms_left_out(table, tmp_path) == ["optcourse/new.py", "optcourse/new/"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_true(page, parse_only):
    assert complaints(page.read_text(encoding="utf-8"), page.parent) == []


def test_the_pages_are_read_at_all():
    readme = commands(PAGES[0].read_text(encoding="utf-8"))
    assert ("lab     # opens the first lesson in JupyterLab", True) in [words[1:] for words in readme]
    assert "instructor.md" in [page.name for page in PAGES]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("```\noptcourse fly\n```", "no command 'fly'"),
        ("Call `python3 course.py fly`.", "no command 'fly'"),
        ("```\noptcourse nbgrader FOLDER --lessons 03 --no-such\n```", "is not understood"),
        ("```\n$ optcourse nbgrader\noptcourse nbgrader: 0 written\n```", "`optcourse nbgrader` is not"),
        ("`optcourse build --no-such`", "is not understood"),
        ("[here](no_such.md)", "'no_such.md' leads nowhere"),
        ("# Title\n[here](#titel)", "'#titel' leads nowhere"),
        ("Look into `optcourse/no_such/`.", "there is no optcourse/no_such/"),
        ("Write `optcourse/explorers/lessons_NN.py`.", "there is no optcourse/explorers/lessons_NN.py"),
        ("![](docs/explorer.png)", "without words"),
        ("You simply click.", "'simply'"),
    ],
)
def test_what_is_not_true_is_found(text, complaint, parse_only):
    assert complaint in "\n".join(complaints(text, COURSE))


@pytest.mark.parametrize(
    "text",
    [
        "```\n$ optcourse nbgrader FOLDER --lesson 03 04  # why\noptcourse nbgrader: 12 written\n```",
        "```\npython3 course.py test -k adam\n```",
        "What `optcourse nbgrader` lays out, and `optcourse build --check`.",
        "# The week\n[a](#the-week) [b](README.md#two-commands) [c](https://example.org/x)",
    ],
)
def test_what_is_true_passes(text, parse_only):
    assert complaints(text, COURSE) == []
