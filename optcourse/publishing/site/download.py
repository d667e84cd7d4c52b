"""course.zip: the course itself to take home, with notebooks as the site shows them."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path

DOWNLOAD = (
    "course.py environment.yml postBuild pyproject.toml hatch_build.py README.md CONTRIBUTING.md CHANGELOG.md LICENSE "
    ".ci benchmarks docs optcourse source tests"
).split()


def write_course(path: Path, root: Path, texts: dict[str, str]) -> None:
    """The course to take home: what `python3 course.py lab` needs, notebooks as the site shows them."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files_of_course(root)):
            add(archive, name, data)
        for name, text in texts.items():
            add(archive, name, text.encode())


def files_of_course(root: Path) -> Iterable[tuple[str, bytes]]:
    for top in DOWNLOAD:
        there = root / top
        for path in [there] if there.is_file() else there.rglob("*"):
            inside = path.relative_to(root)
            hidden = any(part.startswith(".") for part in inside.parts[1:]) or "__pycache__" in inside.parts
            if path.is_file() and not path.is_symlink() and not hidden and path.suffix != ".pyc":
                yield inside.as_posix(), path.read_bytes()


def add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    """The same bytes give the same archive: no dates."""
    info = zipfile.ZipInfo(f"optcourse/{name}", (2026, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    archive.writestr(info, data)
