"""What the pages for people say is true: their commands exist with these options, their links lead somewhere."""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from optcourse import cli
from optcourse.authoring.prose import (
    ALT,
    BANNED,
    ELSEWHERE,
    FENCE,
    HEADING,
    IMAGE,
    IMG_TAG,
    INLINE_CODE,
    LINK,
)

COURSE = Path(__file__).resolve().parents[1]
PAGES = [COURSE / "README.md", COURSE / "CONTRIBUTING.md", *sorted((COURSE / "docs").glob("*.md"))]
# A file of the course: its folder, then names in which NN is a lesson's number.
FILE = re.compile(r"`((?:optcourse|tests|docs|source|benchmarks)/[\w./-]*)`")
OURS = re.compile(r"(?:(?:python3|py) course\.py|optcourse) +(?P<words>[a-z].*)")


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
        found += [
            f"line {number}: a picture without words" for m in IMG_TAG.finditer(line) if not ALT.search(m[0])
        ]
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
        ('<img src="docs/explorer.png" alt=" ">', "without words"),
        ('<img src="docs/no_such.png" alt="a figure">', "'docs/no_such.png' leads nowhere"),
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


# ---- the pictures at the top -----------------------------------------------------------------------------------


def test_the_pictures_of_readme_are_light_and_one_moves_and_rests():
    readme = (COURSE / "README.md").read_text(encoding="utf-8")
    named = re.findall(r'<(?:source|img)\b[^>]*\b(?:srcset|src)="([^"]+)"', readme)
    assert named == ["docs/explorer.png", "docs/explorer.webp"]  # for who wants no motion; for all others
    with Image.open(COURSE / named[0]) as still, Image.open(COURSE / named[1]) as moving:
        assert moving.size == still.size and f'width="{moving.width}"' in readme
        assert moving.n_frames > 50 and 0 < moving.info["loop"] <= 3
    assert sum((COURSE / name).stat().st_size for name in named) < 700_000
    # Before the first heading and the two commands: it is what a newcomer sees.
    assert readme.index("<picture>") < readme.index("## ") == readme.index("## Two commands")


@pytest.mark.slow
@pytest.mark.browser
def test_the_pictures_can_be_made_anew(tmp_path, monkeypatch, chromium_path):
    path = COURSE / "docs" / "make_picture.py"
    spec = importlib.util.spec_from_file_location("make_picture", path)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    monkeypatch.setattr(made, "STEPS", made.STILL)  # fewer steps and notches: it is the way that is tried
    monkeypatch.setattr(made, "TURNS", (40, 41))
    made.make(tmp_path)
    with Image.open(COURSE / "docs" / "explorer.png") as kept, Image.open(tmp_path / "explorer.png") as still:
        assert still.size == kept.size
    with Image.open(tmp_path / "explorer.webp") as moving:
        assert moving.n_frames == made.STILL + 3
        pictures = []
        for number in range(moving.n_frames):
            moving.seek(number)
            pictures.append(moving.convert("RGB").tobytes())
    assert len(set(pictures)) == len(pictures)  # every step and the notch change it


# ---- every command, on every system ---------------------------------------------------------------------------


class Found(Exception):
    """Carries the parser of a command."""


def options_of(command: str, monkeypatch) -> set[str]:
    """The long options that a command's own parser takes."""
    understand = argparse.ArgumentParser.parse_known_args

    def parse_known_args(self, args=None, namespace=None):
        if self.prog == "optcourse":
            return understand(self, args, namespace)
        raise Found(self)

    with monkeypatch.context() as patch:
        patch.setattr(argparse.ArgumentParser, "parse_known_args", parse_known_args)
        with pytest.raises(Found) as found:
            cli.main([command])
    actions = found.value.args[0]._actions
    return {text for action in actions for text in action.option_strings if text[:2] == "--"} - {"--help"}


def options_on_the_page(page: str) -> dict[str, set[str]]:
    """By command: the options in the first column of the tables below its heading."""
    sections = {part.split("\n")[0]: part for part in page.split("\n## ")[1:]}
    return {
        name: {
            option
            for line in part.split("\n")
            if line.startswith("| `")
            for option in re.findall(r"`(--[\w-]+)", line.split("|")[1])
        }
        for name, part in sections.items()
    }


def test_the_page_of_commands_has_every_option_and_no_other(monkeypatch):
    page = options_on_the_page((COURSE / "docs" / "commands.md").read_text(encoding="utf-8"))
    assert page == {name: options_of(name, monkeypatch) for name in cli.COMMANDS}


def test_an_option_that_the_page_leaves_out_is_found(monkeypatch):
    page = "# All\n\n## lab\n\n| `--lesson NN` | x |\n| `--fly`, `--far` | x |\n| `--yes` | not `--no` |\n"
    assert options_on_the_page(page) == {"lab": {"--lesson", "--fly", "--far", "--yes"}}
    assert "--with-solutions" in options_of("lab", monkeypatch)


def test_course_py_names_every_command():
    words = (COURSE / "course.py").read_text(encoding="utf-8").split('"""')[1]
    assert set(re.findall(r"^    python3 course\.py (\w+)", words, re.MULTILINE)) == set(cli.COMMANDS)


def silent_about_windows(text: str) -> bool:
    return "python3 course.py" in text and "py course.py" not in text.replace("python3 course.py", "")


@pytest.mark.parametrize("page", [*PAGES, COURSE / "course.py"], ids=lambda page: page.name)
def test_whoever_reads_python3_reads_what_windows_has_instead(page):
    assert not silent_about_windows(page.read_text(encoding="utf-8"))


def test_a_page_that_forgets_windows_is_found():
    assert silent_about_windows("Type `python3 course.py lab`.")
    assert not silent_about_windows("Type `python3 course.py lab`, on Windows `py course.py lab`.")


# ---- the copy that an instructor hands out ----------------------------------------------------------------------


def handed_out(folder: Path) -> Path:
    """The course without what the command in docs/instructor.md leaves out, as somebody unpacks it."""
    [line] = [
        line
        for line in (COURSE / "docs" / "instructor.md").read_text(encoding="utf-8").split("\n")
        if line.startswith("git archive")
    ]
    left_out = set(re.findall(r":\(exclude\)(\w+)", line))
    assert left_out == {"solutions", "source", "tests", "benchmarks"}
    root = folder / "course"
    root.mkdir()
    for path in COURSE.iterdir():
        if path.name not in left_out | {"build", "dist", "backups"} and path.name[0] != ".":
            copy = shutil.copytree if path.is_dir() else shutil.copy
            copy(path, root / path.name, **({"ignore": NO_CACHES} if path.is_dir() else {}))
    return root


NO_CACHES = shutil.ignore_patterns("__pycache__", ".*")


@pytest.mark.slow
def test_what_was_left_out_of_a_copy_is_said_and_the_rest_works(tmp_path):
    root = handed_out(tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(root)}
    environment.pop("OPTCOURSE_HOME", None)

    def call(*words: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "optcourse.cli", *words],
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )
        return done.returncode, done.stdout

    for words, part in {("test",): "tests", ("bench",): "benchmarks/run.py"}.items():
        code, said = call(*words)
        assert code == 2 and f"works on {part}, which was left out of this copy" in said, said
    code, said = call("slides", "03")
    assert code == 2 and "handed out without them; name a notebook" in said
    for command in ("build", "site"):
        code, said = call(command)
        assert code == 2 and "there is no source/ folder" in said and said.count("\n") == 1
    code, said = call("update")
    assert code == 2 and "copy of the whole course" in said
    assert call("doctor")[0] == 0
    code, said = call("check", "lessons/06_adagrad.ipynb")
    assert code == 0 and "Not started" in said, said
    assert call("slides", "lessons/99_glossary.ipynb", "--export")[0] == 0


@pytest.mark.slow
def test_a_solved_notebook_that_is_checked_marks_nothing_as_done(tmp_path, monkeypatch):
    """`optcourse check solutions/NN` is a lecturer's look at the answers; the learner has done nothing yet."""
    for name in ("lessons", "solutions"):
        (tmp_path / name).mkdir()
        shutil.copy(COURSE / name / "06_adagrad.ipynb", tmp_path / name)
    monkeypatch.delenv("OPTCOURSE_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["check", "solutions/06_adagrad.ipynb"]) == 0
    from optcourse import progress

    assert progress.events() == []
    monkeypatch.chdir(tmp_path / "solutions")
    assert "passed" in [event.get("status") for event in progress.events()]
    assert cli.main(["check", "../lessons/06_adagrad.ipynb"]) == 0
    monkeypatch.chdir(tmp_path)
    assert {event["status"] for event in progress.events() if event["kind"] == "check"} == {"not started"}


# ---- every command that is shown is done somewhere --------------------------------------------------------------

NBGRADER, WEEK = "authoring/test_nbgrader.py::", "grading/test_week.py::test_the_week_of_the_page"
WHEEL = "test_handout.py::test_a_wheel_and_an_empty_folder_then_a_newer_one"
HUB = "test_hub.py::test_two_students_have_lessons_progress_and_settings_of_their_own"
DECK = "reporting/test_report.py::test_the_deck_is_given_by_keyboard_and_every_question_is_answered"
# How a command begins, and the test that does what it says. A longer beginning comes before a shorter one.
DONE_IN = {
    "python3 course.py lab": "test_course_py.py::test_first_run_sets_up_and_the_second_only_hands_over",
    "python3 course.py test --fast": "test_commands.py::test_fast_says_what_it_leaves_out",
    "python3 course.py test": "test_commands.py::test_the_suite_fails_properly_and_says_what_was_skipped",
    "python3 course.py doctor": "test_commands.py::test_doctor_says_what_is_missing_and_how_to_have_it",
    "python3 course.py site --lite --pyodide": "publishing/test_site.py::test_a_small_course_with_a_jupyterlite",
    "python3 course.py site --lite": "publishing/test_site.py::test_a_small_course_with_a_jupyterlite",
    "python3 course.py site": "publishing/test_site.py::test_the_site_has_all_pages_and_says_what_it_did",
    "python3 -m http.server": "publishing/test_lite.py::test_a_whole_lesson_runs_in_the_readers_browser",
    "OPTCOURSE_PYODIDE=": "publishing/test_lite.py::test_a_whole_lesson_runs_in_the_readers_browser",
    "pip install --no-deps -e .": "test_commands.py::test_environment_yml_lists_what_pyproject_lists",
    "pip install --upgrade optcourse": WHEEL,
    "pip install optcourse": WHEEL,
    "optcourse lab": WHEEL,
    "optcourse update": WHEEL,
    "git archive": "test_docs.py::test_what_was_left_out_of_a_copy_is_said_and_the_rest_works",
    "optcourse grade week3": WEEK,
    "python3 course.py grade week3 --scheduler": "grading/test_cluster.py::test_the_command_hands_a_folder_to_the_cluster",
    "python3 course.py grade week3": WEEK,
    "python3 course.py report week3-marks": WEEK,
    "python3 course.py slides --from": DECK,
    "python3 course.py slides 03 --export": "frontends/test_engines.py::test_an_exported_lecture",
    "python3 course.py slides 03": "publishing/test_slides.py::test_live_controls_move_together_and_points_are_dragged",
    "python3 course.py nbgrader nn101": f"{NBGRADER}test_the_command",
    "nbgrader ": f"{NBGRADER}test_every_step_of_nbgrader_succeeds",
    "source .venv/bin/activate": f"{NBGRADER}test_every_step_of_nbgrader_succeeds",
    "cd nn101": f"{NBGRADER}test_every_step_of_nbgrader_succeeds",
    "python3 course.py grade nn101": f"{NBGRADER}test_optcourse_grade_marks_what_nbgrader_has_collected",
    "dask ": "grading/test_cluster.py::test_the_cluster_gives_the_marks_that_this_machine_gives",
    "/srv/optcourse/bin/optcourse hub": HUB,
    "npm install -g configurable-http-proxy": HUB,
}
# What is done nowhere here, and why.
DONE_NOWHERE = {
    "sudo apt install": "it is the system's; .ci/run does it",
    "conda ": "conda is not here; the test of environment.yml compares what it would install",
    "uv tool install cosmic-ray": "it is no requirement",
    ".venv/bin/python tests/mutants.py": "it takes minutes to an hour",
    "tar xjf pyodide": "the distribution is on neither PyPI nor npm",
    "java -jar jplag.jar": "it is a program of others",
    "dolos run": "it is a program of others",
    "jupyter repo2docker": "it wants Docker",
    "jupyter lab": "it opens a browser for a person",
    "python3 -m venv /srv/optcourse": "it is not the tests' to write to /srv; they have an environment",
    "/srv/optcourse/bin/pip install": "the same",
    "for home in": "it goes through the homes of a real machine",
}
DATA = re.compile(r"\[\d\d-|exercise,title|https://")  # how a fence begins that holds no command


def shown_commands(text: str) -> list[str]:
    """The lines of a page's fences that somebody types; what goes on in an indented line belongs to the one above."""
    found, block = [], None
    for line in text.split("\n"):
        if not line.startswith("```"):
            if block is not None:
                block.append(line.split("  #")[0].rstrip())
        elif block is None:
            block = []
        else:
            typed = [line[2:] for line in block if line.startswith("$ ")]
            if not typed and block and not DATA.match(block[0]):
                typed = [line for line in block if line and line[0] != " " and line != "done"]
            found += typed
            block = None
    return found


def beginning(command: str) -> str | None:
    return next((start for start in (*DONE_IN, *DONE_NOWHERE) if command.startswith(start)), None)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_shown_is_done_in_a_test_or_it_is_said_why_not(page):
    commands = shown_commands(page.read_text(encoding="utf-8"))
    assert [command for command in commands if beginning(command) is None] == []


def test_the_tests_that_do_what_is_shown_are_there_and_no_command_is_left_over():
    for place in set(DONE_IN.values()):
        file, _, name = place.partition("::")
        text = (COURSE / "tests" / file).read_text(encoding="utf-8")
        assert re.search(rf"^def {name}\(", text, re.MULTILINE), place
    shown = {beginning(c) for page in PAGES for c in shown_commands(page.read_text(encoding="utf-8"))}
    assert {*DONE_IN, *DONE_NOWHERE} - shown == set()


def test_a_command_that_nobody_does_is_found():
    text = "```\n$ optcourse lab\nwords\n```\n```\nfly away  # soon\n  and back\n```\n```\n[03-x]\nfloats = 1\n```\n"
    assert shown_commands(text) == ["optcourse lab", "fly away"]
    assert beginning("fly away") is None


def not_named(recipe: str, lesson: str, root: Path = COURSE) -> list[str]:
    """The files, made by hand, that a lesson is in and that a recipe does not name."""
    number = lesson[:2]
    mark = re.compile(
        rf'{lesson}|lesson_{number}|\b{number}-[a-z]|^\| {number} \||^ +"{number}",$', re.MULTILINE
    )
    answers = root / "optcourse" / "exercises" / "answers"
    files = [
        root / "README.md",
        *(path for name in ("source", "optcourse", "tests") for path in (root / name).rglob("*.*")),
    ]
    found = []
    for path in files:
        if path.suffix not in (".py", ".md", ".txt") or answers in path.parents or path == Path(__file__):
            continue
        name = path.relative_to(root).as_posix()
        if f"/{number}" in name or f"_{number}" in name or mark.search(path.read_text(encoding="utf-8")):
            before = path.parent.name == "source" and path.stem not in (lesson, "99_glossary")
            name = (
                name.replace(lesson, "NN_name").replace(f"_{number}.", "_NN.").replace(f"/{number}.", "/NN.")
            )
            found.append("The last cell of the lesson before" if before else f"`{name}`")
    return sorted({name for name in found if name not in recipe})


def test_the_recipe_for_a_lesson_names_every_file_that_one_is_in():
    recipe = (
        (COURSE / "CONTRIBUTING.md").read_text(encoding="utf-8").split("## Add a lesson")[1].split("\n## ")[0]
    )
    last = [path.stem for path in sorted((COURSE / "source").glob("*.py"))][-2]  # before the glossary
    assert not_named(recipe, last) == []
    for name in (
        "`tests/lessons/answers/NN.txt`",
        "`optcourse/lessons.py`",
        "`README.md`",
        "The last cell of the lesson before",
    ):
        assert not_named(recipe.replace(name, ""), last) == [name]
