"""`optcourse report FOLDER`: what a class got wrong, on one page for whoever teaches."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from optcourse.grading.gradebook import GradebookError
from optcourse.reporting.findings import NoFindings, findings, gradebook_of
from optcourse.reporting.page import write_page


def main(argv: Sequence[str] | None = None) -> int:
    """Returns 0 when the page is written, 2 where there is nothing to write, or no place for it."""
    parser = argparse.ArgumentParser(
        prog="optcourse report",
        description="Write mistakes.html beside the marks: which mistakes a class made, and what was hard. No names.",
    )
    parser.add_argument("folder", type=Path, help="the folder with the marks, such as week3-marks")
    options = parser.parse_args(argv)
    try:
        book = gradebook_of(options.folder)
        found = findings(book)
        page = book.with_name("mistakes.html")
        write_page(page, found)
    except (NoFindings, GradebookError) as error:
        print(f"optcourse report: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(
            f"optcourse report: {error.filename or 'the page'} cannot be written: {error.strerror}.",
            file=sys.stderr,
        )
        return 2
    print(f"{len(found.mistakes)} mistakes of {found.students} students. Open {page}.")
    if found.mistakes:
        print(f"The five most common as a lecture: optcourse slides --from {options.folder}")
    return 0
