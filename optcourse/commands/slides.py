"""`optcourse slides`: a lesson as a lecture, or (`--from FOLDER`) the mistakes that the marks in a folder show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import nbformat

from optcourse.grading.gradebook import GradebookError
from optcourse.publishing.slides import command
from optcourse.publishing.slides.page import CannotPresent
from optcourse.reporting.deck import notebook
from optcourse.reporting.findings import NoFindings, findings, gradebook_of


def main(argv: Sequence[str]) -> int:
    return command.main(argv, deck_of_marks)


def deck_of_marks(marks: Path, folder: Path) -> Path:
    """Write the deck of a folder of marks into `folder`, as a notebook. CannotPresent where there is none."""
    try:
        made = notebook(findings(gradebook_of(marks)))
    except (NoFindings, GradebookError) as error:
        raise CannotPresent(str(error)) from None
    path = folder / "mistakes.ipynb"
    path.write_text(nbformat.writes(made), encoding="utf-8")
    return path
