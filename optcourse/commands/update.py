"""`optcourse update`: the lessons of the installed package, beside what a person has done in an earlier course."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from packaging.version import InvalidVersion, Version

from optcourse.commands import handout
from optcourse.place import course_root, is_laid_out, is_whole


def main(argv: Sequence[str]) -> int:
    """The command. Returns 0 when all is up to date, 1 when nothing was changed on a person's word, 2 when it cannot be."""
    parser = argparse.ArgumentParser(
        prog="optcourse update",
        description="Bring the lessons in this folder up to the installed version. What you have changed is kept.",
        epilog="A newer course comes first: pip install --upgrade optcourse, or uvx optcourse@latest update.",
    )
    parser.add_argument("--yes", action="store_true", help="do it without asking")
    parser.add_argument("--with-solutions", action="store_true", help="the solved lessons, too")
    options = parser.parse_args(list(argv))
    try:
        return update(course_root(), options.yes, options.with_solutions)
    except handout.Refused as refusal:
        print(f"optcourse update: {refusal}", file=sys.stderr)
        return 2


def update(root: Path, yes: bool, with_solutions: bool) -> int:
    if is_whole(root):
        raise handout.Refused(
            f"{root} is a copy of the whole course. In a clone, `git pull` brings a newer one; a copy without git stays as "
            "it is: take a newer one into another folder, and copy your .optcourse and your notebooks there."
        )
    if not is_laid_out(root) or not handout.carried(False):
        raise handout.Refused(f"there is nothing to bring up to date in {root}.")
    if handout.belongs_to_another(root):
        raise handout.Refused(
            f"the lessons in {root} belong to another user. Make a folder of your own; `optcourse lab` lays them out there."
        )
    note, version = handout.read_note(root), handout.installed_version()
    if older(version, note.version):
        raise handout.Refused(
            f"the lessons in {root} are of version {note.version}, and optcourse {version} is older. "
            "To have a newer one: pip install --upgrade optcourse"
        )
    note.solutions = note.solutions or with_solutions
    files = handout.carried(note.solutions)
    steps = handout.plan(root, note, files, version)
    print(f"The lessons in {root} are of optcourse {note.version}; installed is {version}.\n")
    width = max(len(step.path) for step in steps)
    for step in steps:
        print(f"  {step.path:{width}}  {step.words}")
    print("\nYour progress (.optcourse) stays as it is.")
    count = sum(step.target is not None for step in steps)
    if count == 0:
        handout.carry_out(root, note, files, steps, version)
        print("Nothing is to be done. A newer course comes with: pip install --upgrade optcourse")
        return 0
    print(f"{count} {'file' if count == 1 else 'files'} would be written.")
    if not handout.agreed(yes, "optcourse update --with-solutions" if with_solutions else "optcourse update"):
        print("optcourse update: nothing was written.")
        return 1
    handout.carry_out(root, note, files, steps, version)
    print(f"optcourse update: {count} written. To go on: optcourse lab")
    return 0


def older(one: str, other: str) -> bool:
    try:
        return Version(one) < Version(other)
    except InvalidVersion:  # the note was edited
        return False
