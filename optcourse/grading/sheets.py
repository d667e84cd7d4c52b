"""CSV files as spreadsheets save and open them, read and written.

What is written is UTF-8 with a byte-order mark: Excel needs it to read names right, and Canvas, Moodle and Python (`utf-8-sig`)
take it. A cell that a spreadsheet would take for a formula gets an apostrophe in front.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from optcourse.files import write_whole

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
MAX_TABLE = 20_000_000
DELIMITERS = ",;\t|"


class TableError(Exception):
    """A CSV file that cannot be read; the text is a sentence for the person."""


def read_rows(path: Path) -> list[list[str]]:
    """A CSV file as people's spreadsheets save it: comma, semicolon or tab, with or without a byte-order mark or `sep=;`."""
    try:
        if path.stat().st_size > MAX_TABLE:
            raise TableError(f"{path} is too large for a table of students.")
        data = path.read_bytes()
        wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except OSError as error:
        raise TableError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise TableError(f"{path} is not in UTF-8; in Excel, save it as 'CSV UTF-8'.") from error
    # Excel's own first line says what stands between the cells
    said = re.match(r"""(?i)"?sep=(.)"?\r?\n""", text)
    tries, problem = {}, None
    for delimiter in said[1] if said else DELIMITERS:
        try:
            lines = io.StringIO(text[said.end() :] if said else text, newline="")
            tries[delimiter] = list(csv.reader(lines, delimiter=delimiter, strict=True))
        except csv.Error as error:
            problem = problem or error
    fitting = {delimiter: rows for delimiter, rows in tries.items() if _regular(rows)}
    if problem and not fitting:
        raise TableError(f"{path} is no table that can be read ({problem}).") from problem
    head = text.split("\n", 1)[0]
    rows = max((fitting or tries).items(), key=lambda item: (_regular(item[1]), head.count(item[0])))[1]
    return [[cell.strip() for cell in row] for row in rows if any(cell.strip() for cell in row)]


def _regular(rows: list[list[str]]) -> int:
    """How much like a table it is: the rows of the most frequent width; 0 where that is a single column."""
    widths = Counter(len(row) for row in rows if any(row))
    width, number = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
    return number if width > 1 else 0


def neutral(text: str) -> str:
    """A cell that no spreadsheet runs as a formula, on one line."""
    line = " ".join(text.split()) if any(c in text for c in "\r\n\t") else text
    return f"'{line}" if text.startswith(FORMULA) else line


def as_written(cell: str) -> str:
    """The text that `neutral` made a cell of."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA) else cell


def write_rows(path: Path, rows: Iterable[Sequence[str]]) -> None:
    """Write a table whole or not at all. Whatever had the name, also a link, is replaced."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([[neutral(cell) for cell in row] for row in rows])
    write_file(path, text.getvalue().encode("utf-8-sig"))


def write_file(path: Path, data: bytes) -> None:
    """Put a file in its place in one step, for its owner's eyes."""
    write_whole(path, data, private=True)
