"""`optcourse lab` in an empty folder and `optcourse update`: nothing of a person's is ever lost, whatever interrupts."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pytest

from optcourse import cli, place
from optcourse.commands import handout, lab, update
from tests.conftest import free_port, stop_tree, until

COURSE = Path(__file__).resolve().parents[1]


def notebook(text: str) -> bytes:
    """A lesson as `optcourse build` makes it, as far as this is of interest here."""
    made = {"cells": [text, "a second line"], "metadata": {"optcourse": {"source": "source/x.py"}}}
    return json.dumps(made, indent=1).encode() + b"\n"


class Package:
    """Stands in for an installed package: what it carries, and its version."""

    def __init__(self, folder: Path, monkeypatch):
        self.folder, self.monkeypatch = folder / "carried", monkeypatch
        monkeypatch.setattr(handout, "CARRIED", self.folder)
        monkeypatch.setattr(place, "clone", lambda: None)
        self.carries("1.0.0", {"00_a": "a", "01_b": "b", "02_c": "c"})

    def carries(self, version: str, lessons: dict[str, str]) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "lessons").mkdir(parents=True)
        with zipfile.ZipFile(self.folder / "solutions.zip", "w") as archive:
            for name, text in lessons.items():
                (self.folder / "lessons" / f"{name}.ipynb").write_bytes(notebook(text))
                archive.writestr(f"{name}.ipynb", notebook(f"the answer of {text}"))
        self.monkeypatch.setattr(handout, "installed_version", lambda: version)


@pytest.fixture
def package(tmp_path, monkeypatch) -> Package:
    return Package(tmp_path, monkeypatch)


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """The folder in which the person types. JupyterLab is not started."""
    folder = tmp_path / "mine é"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def execve(program, command, environment):
        raise SystemExit(0)

    monkeypatch.setattr(lab.os, "execve", execve)
    return folder


def open_lab(*words: str) -> int:
    try:
        return lab.main(list(words))
    except SystemExit as end:
        return end.code


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".optcourse" not in path.parts and path.name != ".laid-out.json"
    }


def lessons(*texts: str) -> dict[str, bytes]:
    return {
        f"lessons/{name}.ipynb": notebook(text)
        for name, text in zip(("00_a", "01_b", "02_c"), texts, strict=True)
    }


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


# ---- an empty folder --------------------------------------------------------------------------------------


def test_without_a_terminal_it_says_what_to_type_and_writes_nothing(package, here, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert open_lab() == 1
    said = capsys.readouterr()
    assert "3 notebooks can be laid out there" in said.out
    assert said.err == "To have it done, type: optcourse lab --yes\n"
    assert list(here.iterdir()) == []
    assert open_lab("--with-solutions") == 1
    assert "type: optcourse lab --with-solutions --yes" in capsys.readouterr().err


@pytest.mark.parametrize(("answer", "laid"), [("", True), ("Y", True), ("n", False), ("what?", False)])
def test_on_a_terminal_it_asks(package, here, monkeypatch, answer, laid):
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setattr("builtins.input", lambda question: answer)
    assert open_lab() == (0 if laid else 1)
    assert bool(files(here)) is laid


def test_the_lessons_are_laid_out_beside_what_is_there(package, here, capsys):
    (here / "thesis.txt").write_text("mine")
    (here / "lessons").mkdir()
    mine = notebook("my own copy of it")
    (here / "lessons" / "01_b.ipynb").write_bytes(mine)
    assert open_lab("--yes") == 0
    wanted = {**lessons("a", "b", "c"), "lessons/01_b.ipynb": mine, "thesis.txt": b"mine"}
    assert files(here) == wanted
    assert "2 notebooks laid out in lessons/" in capsys.readouterr().out
    # and what somebody has deleted is not forced upon them
    (here / "lessons" / "02_c.ipynb").unlink()
    assert open_lab() == 0
    assert "lessons/02_c.ipynb" not in files(here)


def test_it_is_the_course_from_there_on_and_from_folders_in_it(package, here, monkeypatch):
    open_lab("--yes")
    assert place.course_root() == here
    monkeypatch.chdir(here / "lessons")
    assert place.course_root() == here and open_lab() == 0
    shutil.rmtree(here / ".optcourse")  # "to begin afresh, delete the folder .optcourse"
    assert place.course_root() == here and open_lab() == 0


def test_the_solutions_come_when_they_are_asked_for(package, here, capsys):
    open_lab("--yes")
    assert not (here / "solutions").exists()
    open_lab("--with-solutions")
    assert files(here)["solutions/00_a.ipynb"] == notebook("the answer of a")
    assert "laid out in solutions/" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("lessons", b"", "is no folder"),
        ("lessons/scales.ipynb", b"{}", "holds scales.ipynb, which is not of this course"),
        ("lessons/01_b.ipynb", b'{"cells": [], "metadata": {}}', "holds 01_b.ipynb"),
        ("lessons/01_b.ipynb", b"\xff\xfe broken", "holds 01_b.ipynb"),
    ],
)
def test_another_persons_course_is_left_alone(package, here, capsys, name, data, says):
    (here / name).parent.mkdir(exist_ok=True)
    (here / name).write_bytes(data)
    assert open_lab("--yes") == 2
    said = capsys.readouterr().err
    assert says in said and "Make an empty folder" in said and said.count("\n") == 1
    assert files(here) == {name: data}


def fail_at(monkeypatch, write: int, error: BaseException) -> None:
    """The write of this number ends with the error, before its file is there."""
    real, count = handout.write_whole, [0]

    def write_whole(path, data, **options):
        count[0] += 1
        if count[0] == write:
            raise error
        real(path, data, **options)

    monkeypatch.setattr(handout, "write_whole", write_whole)


@pytest.mark.parametrize("write", range(1, 6))
@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device")])
def test_laying_out_goes_on_where_it_was_interrupted(package, here, monkeypatch, capsys, write, error):
    with monkeypatch.context() as patch:
        fail_at(patch, write, error)
        if isinstance(error, KeyboardInterrupt):
            with pytest.raises(KeyboardInterrupt):
                open_lab("--yes")
        else:
            assert open_lab("--yes") == 2
            said = capsys.readouterr().err
            assert "No space left on device" in said and "type the same command again" in said
            assert said.count("\n") == 1
    assert open_lab("--yes") == 0  # --yes is needed only where nothing was begun
    assert files(here) == lessons("a", "b", "c")
    assert handout.read_note(here).finished


# ---- a newer course -----------------------------------------------------------------------------------------


def newer(package: Package) -> None:
    package.carries("1.1.0", {"00_a": "a", "01_b": "b, improved", "02_c": "c, improved", "03_d": "d"})


def run_update(*words: str) -> int:
    return update.main(list(words))


def rows(text: str) -> dict[str, str]:
    return dict(re.findall(r"^  (\S+\.ipynb) +(.+)$", text, re.MULTILINE))


def test_untouched_lessons_are_replaced_touched_ones_kept_and_the_new_one_comes_beside(package, here, capsys):
    open_lab("--yes")
    mine = notebook("b with my work")
    (here / "lessons" / "01_b.ipynb").write_bytes(mine)
    (here / "lessons" / "00_a.ipynb").write_bytes(notebook("a with my work"))
    (here / ".optcourse" / "progress.jsonl").write_text("what I did\n")
    newer(package)
    capsys.readouterr()
    assert run_update("--yes") == 0
    said = capsys.readouterr().out
    assert "are of optcourse 1.0.0; installed is 1.1.0" in said
    assert rows(said) == {
        "lessons/00_a.ipynb": "yours, kept; the course has none newer",
        "lessons/01_b.ipynb": "yours, kept; the new one comes beside it: 01_b-1.1.0.ipynb",
        "lessons/02_c.ipynb": "replaced: you have changed nothing in it",
        "lessons/03_d.ipynb": "new",
    }
    assert files(here) == {
        "lessons/00_a.ipynb": notebook("a with my work"),
        "lessons/01_b-1.1.0.ipynb": notebook("b, improved"),
        "lessons/01_b.ipynb": mine,
        "lessons/02_c.ipynb": notebook("c, improved"),
        "lessons/03_d.ipynb": notebook("d"),
    }
    assert (here / ".optcourse" / "progress.jsonl").read_text() == "what I did\n"
    # Their own is what is opened.
    assert lab.find_lesson(here, "01") == "lessons/01_b.ipynb"
    # Again: nothing more, also when they have worked in the new one.
    (here / "lessons" / "01_b-1.1.0.ipynb").write_bytes(notebook("work in the new one"))
    before = files(here)
    assert run_update() == 0 and "Nothing is to be done" in capsys.readouterr().out
    assert files(here) == before


def test_the_table_comes_before_anything_is_written(package, here, monkeypatch, capsys):
    open_lab("--yes")
    newer(package)
    before = files(here)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert run_update() == 1
    said = capsys.readouterr()
    assert "replaced: you have changed nothing in it" in said.out and "3 files would be written" in said.out
    assert "type: optcourse update --yes" in said.err and files(here) == before
    assert open_lab() == 0 and "`optcourse update` shows what would change" in capsys.readouterr().out


def test_windows_line_ends_are_no_work_and_work_with_them_is_kept_byte_for_byte(package, here):
    open_lab("--yes")
    lesson = here / "lessons" / "01_b.ipynb"
    lesson.write_bytes(lesson.read_bytes().replace(b"\n", b"\r\n"))
    mine = notebook("mine").replace(b"\n", b"\r\n")
    (here / "lessons" / "02_c.ipynb").write_bytes(mine)
    newer(package)
    assert run_update("--yes") == 0
    found = files(here)
    assert found["lessons/01_b.ipynb"] == notebook("b, improved")
    assert found["lessons/02_c.ipynb"] == mine
    assert found["lessons/02_c-1.1.0.ipynb"] == notebook("c, improved")


def test_a_name_that_is_taken_is_never_written_over(package, here):
    open_lab("--yes")
    for name in ("01_b", "01_b-1.1.0"):
        (here / "lessons" / f"{name}.ipynb").write_bytes(notebook("mine"))
    newer(package)
    run_update("--yes")
    found = files(here)
    assert found["lessons/01_b.ipynb"] == found["lessons/01_b-1.1.0.ipynb"] == notebook("mine")
    assert found["lessons/01_b-1.1.0-2.ipynb"] == notebook("b, improved")


def test_what_is_gone_from_the_course_stays_and_what_was_deleted_comes_back(package, here, capsys):
    open_lab("--yes")
    (here / "lessons" / "02_c.ipynb").unlink()
    package.carries("1.1.0", {"00_a": "a", "02_c": "c"})
    capsys.readouterr()
    run_update("--yes")
    found = rows(capsys.readouterr().out)
    assert found["lessons/01_b.ipynb"] == "no longer part of the course; it stays"
    assert found["lessons/02_c.ipynb"] == "laid out again: it was gone"
    assert files(here) == lessons("a", "b", "c")


@pytest.mark.parametrize("write", range(1, 6))
@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.EDQUOT, "Disk quota exceeded")])
def test_an_interrupted_update_goes_on(package, here, monkeypatch, capsys, write, error):
    open_lab("--yes", "--with-solutions")
    mine = notebook("b with my work")
    (here / "lessons" / "01_b.ipynb").write_bytes(mine)
    newer(package)
    with monkeypatch.context() as patch:
        fail_at(patch, write, error)
        if isinstance(error, KeyboardInterrupt):
            with pytest.raises(KeyboardInterrupt):
                run_update("--yes")
        else:
            assert run_update("--yes") == 2
            said = capsys.readouterr().err
            assert "Disk quota exceeded" in said and "Nothing of yours is lost" in said
            assert said.count("\n") == 1
    assert files(here)["lessons/01_b.ipynb"] == mine
    assert run_update("--yes") == 0
    found = files(here)
    assert found["lessons/01_b.ipynb"] == mine and len(found) == 9
    assert found["lessons/01_b-1.1.0.ipynb"] == notebook("b, improved")
    assert found["solutions/03_d.ipynb"] == notebook("the answer of d")
    assert handout.read_note(here).version == "1.1.0"


def test_what_was_saved_while_the_table_was_read_is_not_lost(package, here, monkeypatch, capsys):
    open_lab("--yes")
    newer(package)
    mine = notebook("typed just now")
    lesson = here / "lessons" / "02_c.ipynb"
    monkeypatch.setattr(handout, "agreed", lambda yes, command: bool(lesson.write_bytes(mine)))
    assert run_update() == 2 and "has changed just now" in capsys.readouterr().err
    assert lesson.read_bytes() == mine
    monkeypatch.undo()


@pytest.mark.parametrize("text", ["", "[]", '{"version": 3}', "{"])
def test_with_a_note_that_cannot_be_understood_nothing_is_replaced(package, here, text):
    open_lab("--yes")
    (here / place.NOTE).write_text(text)
    newer(package)
    assert run_update("--yes") == 0
    found = files(here)
    assert {path: found[path] for path in lessons("", "", "")} == lessons("a", "b", "c")
    assert found["lessons/01_b-1.1.0.ipynb"] == notebook("b, improved")


def test_who_cannot_update_is_told_why(package, here, monkeypatch, capsys, tmp_path):
    open_lab("--yes")
    package.carries("0.9.0", {"00_a": "older"})
    assert run_update("--yes") == 2
    assert "optcourse 0.9.0 is older. To have a newer one: pip install" in capsys.readouterr().err
    newer(package)
    before = files(here)
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: 54321)
        assert run_update("--yes") == 2
    assert "belong to another user" in capsys.readouterr().err
    with monkeypatch.context() as patch:
        fail_at(patch, 1, OSError(errno.EROFS, "Read-only file system"))
        assert run_update("--yes") == 2
    assert "Read-only file system" in capsys.readouterr().err and files(here) == before
    monkeypatch.chdir(tmp_path)
    assert cli.main(["update"]) == 2
    assert "`optcourse lab` lays the lessons out" in capsys.readouterr().err


def test_a_clone_is_brought_up_to_date_by_git(monkeypatch, capsys):
    monkeypatch.chdir(COURSE)
    assert cli.main(["update", "--yes"]) == 2
    assert "`git pull` brings a newer one" in capsys.readouterr().err


# ---- the wheel itself -----------------------------------------------------------------------------------------


def build_wheel(course: Path, folder: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=course,
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=250,
    )
    return next(folder.glob("*.whl"))


def make_environment(folder: Path, wheel: Path) -> Path:
    """A fresh environment with the wheel and what it asks for; its `optcourse`."""
    subprocess.run([sys.executable, "-m", "venv", *(["--without-pip"] if UV else []), folder], check=True)
    install(folder, wheel)
    return folder / "bin" / "optcourse"


UV = shutil.which("uv")


def install(environment: Path, wheel: Path, *options: str) -> None:
    python = environment / "bin" / "python"
    pip = [UV, "pip", "install", "--quiet", "--python", python] if UV else [python, "-m", "pip", "install"]
    subprocess.run([*pip, *options, wheel], check=True, stdout=subprocess.DEVNULL, timeout=800)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    return build_wheel(COURSE, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    return make_environment(tmp_path_factory.mktemp("fresh") / "env", wheel)


def without_the_clone() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name not in ("OPTCOURSE_HOME", "PYTHONPATH", "VIRTUAL_ENV")
    }


def call(program: Path, *words: str, folder: Path) -> tuple[int, str]:
    done = subprocess.run(
        [program, *words],
        cwd=folder,
        env=without_the_clone(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    return done.returncode, done.stdout


def test_the_wheel_carries_the_lessons_and_shows_no_answer(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        carried = {Path(name).name: archive.read(name) for name in names if "/carried/lessons/" in name}
        packed = archive.read("optcourse/carried/solutions.zip")
    assert carried == {path.name: path.read_bytes() for path in (COURSE / "lessons").glob("*.ipynb")}
    assert [name for name in names if name.endswith(".ipynb") and "/carried/lessons/" not in name] == []
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        solved = {name: archive.read(name) for name in archive.namelist()}
    assert solved == {path.name: path.read_bytes() for path in (COURSE / "solutions").glob("*.ipynb")}
    assert {name.split("/")[0] for name in names} == {"optcourse", names[-1].split("/")[0]}


def test_on_pypi_no_link_of_readme_leads_nowhere(wheel):
    """PyPI shows README without the files beside it."""
    with zipfile.ZipFile(wheel) as archive:
        [metadata] = [name for name in archive.namelist() if name.endswith("/METADATA")]
        shown = archive.read(metadata).decode()
    ours = (COURSE / "README.md").read_text(encoding="utf-8")
    target = re.compile(r'(?:\]\(|src="|srcset=")([^)"]+)')
    assert len(target.findall(shown)) == len(target.findall(ours)) > 10
    repository = "https://github.com/optcourse/optcourse/blob/main/"
    pictures = "https://raw.githubusercontent.com/optcourse/optcourse/main/"
    assert [link for link in target.findall(shown) if not link.startswith("https://")] == []
    for link in target.findall(ours):
        place = pictures if link.endswith((".svg", ".png", ".webp")) else repository
        assert (link if link.startswith("https://") else place + link) in target.findall(shown)
        assert link.startswith("https://") or (COURSE / link.partition("#")[0]).is_file()


@pytest.mark.slow
def test_a_wheel_and_an_empty_folder_then_a_newer_one(installed, tmp_path):
    """As a new user does it: install, open, work, install the next version, update."""
    here = tmp_path / "my [course] #1 é"
    here.mkdir()
    code, said = call(installed, "lab", folder=here)
    assert code == 1 and "type: optcourse lab --yes" in said and list(here.iterdir()) == []

    port = free_port()
    words = ["lab", "--yes", "--no-browser", f"--port={port}", "--IdentityProvider.token=", "--lesson=03"]
    log = tmp_path / "lab.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [installed, *words],
            cwd=here,
            env=without_the_clone(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        address = f"http://127.0.0.1:{port}/api/contents/lessons/03_gradient_descent.ipynb"
        until(lambda: server.poll() is not None or answers(address), 300)
        assert server.poll() is None, log.read_text()
        with urllib.request.urlopen(address, timeout=60) as answer:
            assert json.load(answer)["type"] == "notebook"
    finally:
        stop_tree(server)
    count = len(list((COURSE / "lessons").glob("*.ipynb")))
    assert f"{count} notebooks laid out in lessons/" in log.read_text()
    assert not (here / "solutions").exists()

    code, said = call(installed, "check", "lessons/00_start_here.ipynb", folder=here)
    assert code == 0 and "Not started" in said, said
    kept = (here / ".optcourse" / "progress.jsonl").read_bytes()
    mine = (here / "lessons" / "03_gradient_descent.ipynb").read_bytes().replace(b"fog", b"fog, my note")
    (here / "lessons" / "03_gradient_descent.ipynb").write_bytes(mine)

    newer = tmp_path / "newer"
    for name in ("optcourse", "lessons", "solutions"):
        shutil.copytree(COURSE / name, newer / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("hatch_build.py", "README.md", "LICENSE"):
        shutil.copy(COURSE / name, newer)
    project = (COURSE / "pyproject.toml").read_text()
    (newer / "pyproject.toml").write_text(
        re.sub(r'^version = ".*"$', 'version = "99.0"', project, flags=re.MULTILINE)
    )
    for number in ("03_gradient_descent", "04_sgd"):
        path = newer / "lessons" / f"{number}.ipynb"
        path.write_bytes(path.read_bytes().replace(b"learning rate", b"rate of learning"))
    environment = installed.parents[1]
    install(environment, build_wheel(newer, tmp_path / "dist"), "--no-deps")
    code, said = call(installed, "update", "--yes", "--with-solutions", folder=here)
    assert code == 0, said
    assert "yours, kept; the new one comes beside it: 03_gradient_descent-99.0.ipynb" in said
    found = files(here)
    assert found["lessons/03_gradient_descent.ipynb"] == mine
    assert b"rate of learning" in found["lessons/03_gradient_descent-99.0.ipynb"]
    assert b"rate of learning" in found["lessons/04_sgd.ipynb"]
    assert len([path for path in found if path.startswith("solutions/")]) == count
    assert (here / ".optcourse" / "progress.jsonl").read_bytes() == kept
    code, said = call(installed, "slides", "99", "--export", folder=here)
    assert code == 0 and (here / "99_glossary.slides.html").exists(), said


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=120):
            return True
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.parametrize("command", sorted(cli.COMMANDS))
def test_no_command_of_an_installed_package_sends_one_to_what_is_not_there(installed, tmp_path, command):
    words = {"nbgrader": ["there"], "grade": ["there"], "check": ["x.ipynb"], "slides": ["03"]}
    code, said = call(installed, command, *words.get(command, []), folder=tmp_path)
    assert "Traceback" not in said and "python3 course.py" not in said
    assert re.findall(r"\b(?:docs|tests)/[\w.]+", said) == []
    assert code == (0 if command == "progress" else 1 if command in ("lab", "doctor") else 2), said
    if command in ("test", "bench", "build", "site", "nbgrader"):
        assert place.WHOLE_COURSE in said
    if command == "doctor":
        assert "in an empty folder: optcourse lab" in said and "  pytest" not in said


@pytest.mark.slow
@pytest.mark.parametrize("runner", ["uvx"] if shutil.which("uvx") else [])
def test_it_runs_without_being_installed(wheel, tmp_path, runner):
    code, said = call(Path(shutil.which(runner)), "--from", str(wheel), "optcourse", "lab", folder=tmp_path)
    assert code == 1 and "type: optcourse lab --yes" in said
