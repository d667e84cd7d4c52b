"""Files of others that the pages need in a browser; see README.md in this folder."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

FOLDER = Path(__file__).parent
MANIFEST = FOLDER / "manifest.json"
EDITOR = FOLDER / "codemirror" / "codemirror.min.js"


def digests() -> dict[str, str]:
    """The sha256 of every vendored file, by its path in this folder."""
    ours = {"__init__.py", "__main__.py", "bundle.py", "README.md", MANIFEST.name}
    files = sorted(path for path in FOLDER.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {
        path.relative_to(FOLDER).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.relative_to(FOLDER).as_posix() not in ours
    }


def recorded() -> dict:
    """What manifest.json says: {"versions": {package: version}, "files": {path: sha256}}."""
    return json.loads(MANIFEST.read_text(encoding="utf-8"))
