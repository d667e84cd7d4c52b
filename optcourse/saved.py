"""A lesson that was saved from its web page (publishing/site/static/save.js): a notebook that carries what its reader did there.

In its metadata, under "optcourse": `progress`, the events as lines of a progress file, and `checksum`, the CRC-32 of the texts
of all cells and of the progress, with a NUL between each. A checksum finds damage, and proves nothing else: whoever can
write a notebook can write its checksum.
"""

from __future__ import annotations

import json
import zlib
from typing import Any

MAX_PARTS = 2_000_000
CHANGED = "It was saved from its web page, and its checksum does not fit any more: it was changed after that, or damaged."


def progress_in(data: bytes) -> bytes | None:
    """The lines of the progress that a saved lesson carries; None where it is not one."""
    ours = _ours(_parsed(data))
    text = ours.get("progress") if "checksum" in ours else None
    return text.encode(errors="replace") if isinstance(text, str) else None


def is_damaged(data: bytes) -> bool:
    """Whether this is a saved lesson whose checksum does not fit. Anything else, also what is no notebook, is not."""
    notebook = _parsed(data)
    ours = _ours(notebook)
    return "checksum" in ours and ours["checksum"] != checksum(notebook)


def checksum(notebook: dict[str, Any]) -> str | None:
    """What a saved lesson says of itself; None of what has no cells, or no progress."""
    try:
        texts = ["".join(cell["source"]) for cell in notebook["cells"]]
        whole = "\0".join([*texts, notebook["metadata"]["optcourse"]["progress"]])
    except (KeyError, TypeError):
        return None
    return f"{zlib.crc32(whole.encode(errors='replace')):08x}"


def has_too_many_parts(data: bytes) -> bool:
    """Whether reading this as JSON would take more memory than any notebook is worth: a part takes a hundred times its size."""
    return data.count(b",") > MAX_PARTS or data.count(b"[") + data.count(b"{") > MAX_PARTS // 5


def _parsed(data: bytes) -> dict[str, Any]:
    if b'"checksum"' not in data or has_too_many_parts(data):  # quickly: few notebooks come from a page
        return {}
    try:
        notebook = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return notebook if isinstance(notebook, dict) else {}


def _ours(notebook: dict[str, Any]) -> dict[str, Any]:
    metadata = notebook.get("metadata")
    ours = metadata.get("optcourse") if isinstance(metadata, dict) else None
    return ours if isinstance(ours, dict) else {}
