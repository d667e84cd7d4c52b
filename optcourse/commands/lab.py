"""`optcourse lab`: JupyterLab on the first lesson, with settings of the course's own.

The person's own JupyterLab is left alone: our settings, tabs and server configuration live in
`.optcourse/jupyter/`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from optcourse.commands import handout
from optcourse.files import write_whole
from optcourse.place import NoCourseHere, course_root, is_laid_out, is_whole, with_quiet_blas

FIRST_LESSON = "00_start_here.ipynb"

# The settings that a learner starts with; what they change themselves goes before these.
SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
}

SERVER_CONFIG = '''"""Written by `optcourse lab` at every start; do not edit."""
import zmq
from jupyter_client import KernelManager

c = get_config()  # noqa: F821
# A slider that is dragged shows 46 pictures a second instead of 18.
c.ServerApp.kernel_websocket_connection_class = "optcourse.commands.websocket.NoDelayConnection"
# What passes between server and kernel is encrypted where both can do it; newer kernels print an alarm where it is not.
if KernelManager.class_traits().get("transport_encryption") and zmq.has("curve"):
    c.KernelManager.transport_encryption = "auto"
'''


def main(argv: Sequence[str]) -> int:
    """Open JupyterLab; words that this command does not know go to JupyterLab as they are. Does not return on POSIX."""
    parser = argparse.ArgumentParser(
        prog="optcourse lab",
        description="Open the lessons in JupyterLab.",
        epilog="Everything else goes to JupyterLab: --no-browser, --port=8890, --ip=0.0.0.0, ...",
        allow_abbrev=False,
    )
    parser.add_argument("--lesson", metavar="NN", help="open this lesson, such as 03, instead of the first")
    parser.add_argument(
        "--yes", action="store_true", help="in an empty folder: lay the lessons out without asking"
    )
    parser.add_argument(
        "--with-solutions", action="store_true", help="lay the solved lessons out, too: for lecturers"
    )
    ours, theirs = parser.parse_known_args(list(argv))

    try:
        root = root_with_lessons(ours.yes, ours.with_solutions)
    except handout.Refused as refusal:
        print(f"optcourse lab: {refusal}", file=sys.stderr)
        return 2
    if root is None:
        return 1
    lesson = find_lesson(root, ours.lesson)
    if ours.lesson and lesson is None:
        print(f"optcourse lab: there is no lesson {ours.lesson} in {root / 'lessons'}", file=sys.stderr)
        return 2
    if runs_as_root() and "--allow-root" not in theirs:
        print("optcourse: you are root; JupyterLab is told that this is meant (--allow-root)")
        theirs.append("--allow-root")
    print(f"optcourse: opening {lesson or 'lessons'} in JupyterLab. To end it: Ctrl-C, twice.", flush=True)

    command = server_command(root, lesson, theirs)
    environment = server_environment(settings_folder(root))
    if os.name == "nt":
        import subprocess

        return subprocess.call(command, env=environment)
    os.execve(command[0], command, environment)


def root_with_lessons(yes: bool, solutions: bool) -> Path | None:
    """The course's folder. Where there is none, this one, if the person agrees that the lessons are laid out in it."""
    try:
        root = course_root()
    except NoCourseHere:
        if not handout.carried(False):
            raise
        return lay_out_here(Path.cwd(), yes, solutions)
    if is_whole(root) or not is_laid_out(root):
        return root
    note = handout.read_note(root)
    if note.version != handout.installed_version():
        print(
            f"optcourse: the lessons here are of version {note.version}, and {handout.installed_version()} is installed. "
            "`optcourse update` shows what would change."
        )
    elif not note.finished or (solutions and not note.solutions):
        tell(root, handout.lay_out(root, solutions or note.solutions))
    return root


def lay_out_here(root: Path, yes: bool, solutions: bool) -> Path | None:
    if reason := handout.in_the_way(root):
        raise handout.Refused(
            f"there is no course in {root}, and the lessons cannot be laid out there: {reason}. "
            "Make an empty folder, change into it, and type the same again."
        )
    print(
        f"There is no course in {root}. {len(handout.carried(solutions))} notebooks can be laid out there; "
        "what is there already is not touched."
    )
    if not handout.agreed(yes, "optcourse lab --with-solutions" if solutions else "optcourse lab"):
        return None
    tell(root, handout.lay_out(root, solutions))
    return root


def tell(root: Path, laid: list[str]) -> None:
    if laid:
        folders = " and ".join(sorted({path.split("/")[0] + "/" for path in laid}))
        print(f"optcourse: {len(laid)} notebooks laid out in {folders} of {root}")


def find_lesson(root: Path, number: str | None = None) -> str | None:
    """The notebook to open, relative to the root: the one asked for, else the first, else None."""
    # A newer one beside a person's own has the version in its name; their own is opened.
    lessons = sorted(
        (root / "lessons").glob("*.ipynb"), key=lambda path: (path.name[:3], len(path.name), path.name)
    )
    if number is not None:
        lessons = [path for path in lessons if path.name.startswith(f"{number.zfill(2)}_")]
    first = [path for path in lessons if path.name == FIRST_LESSON] or lessons
    return f"lessons/{first[0].name}" if first else None


def runs_as_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def settings_folder(root: Path) -> Path:
    """Where the course's own Jupyter settings go: with the course, or aside where it cannot be written."""
    folder = root / ".optcourse" / "jupyter"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except OSError:
        pass  # the line below says so
    aside = Path(tempfile.mkdtemp(prefix="optcourse-jupyter-"))
    print(f"optcourse: {root} cannot be written; JupyterLab's settings go to {aside}")
    return aside


def server_environment(folder: Path) -> dict[str, str]:
    """Write the settings into `folder` and return the environment in which the server finds them."""
    overrides = folder / "labconfig" / "default_setting_overrides.json"
    write_if_new(overrides, json.dumps(SETTINGS, indent=2) + "\n")
    write_if_new(folder / "jupyter_server_config.py", SERVER_CONFIG)
    return dict(
        with_quiet_blas(os.environ),
        JUPYTER_CONFIG_DIR=str(folder),
        JUPYTERLAB_WORKSPACES_DIR=str(folder / "workspaces"),
        JUPYTERLAB_SETTINGS_DIR=str(folder / "user-settings"),
        JUPYTER_PREFER_ENV_PATH="1",  # the kernel of this environment, not one in the person's home
    )


def server_command(root: Path, lesson: str | None, extra: Sequence[str] = ()) -> list[str]:
    """The command that starts the server on `root` and shows `lesson` (a path relative to it)."""
    # Not `jupyter lab FILE`: that would make the file's folder the root.
    url = f"/lab/tree/{lesson}" if lesson else "/lab"
    options = [f"--ServerApp.root_dir={root}", f"--LabApp.default_url={url}"]
    return [sys.executable, "-m", "optcourse.commands.jupyterlab", *options, *extra]


def write_if_new(path: Path, text: str) -> None:
    """Write a small file unless it says so already; another server may be reading it."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text)
