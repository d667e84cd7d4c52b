"""Python beside the pages: Pyodide, NumPy and the course, as scripts that a page loads when somebody asks for what no table has.

A page that is opened from a folder may run scripts, but not fetch data: so the files come in pieces, each a script with a text
(base64). From a server it is the same; the pieces are counted as they come. All of it lies in one folder named after its content:
a new version never mixes with an old one in a browser's store.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import shutil
import subprocess
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from optcourse.publishing import lite

HERE = Path(__file__).parent
SCRIPT = HERE / "static" / "python.js"  # what a page has of it before anybody asks
PIECE = 750_000  # bytes of a file in one script; a multiple of 3, so that the texts can be put together
PACKAGES = ("numpy", "contourpy")
CORE = (
    "pyodide.js",
    "pyodide.asm.js",
    "pyodide.asm.mjs",
    "pyodide.asm.wasm",
    "python_stdlib.zip",
    "pyodide-lock.json",
)
LEFT_OUT = ("/tests/", "numpy/f2py/")
# Of Python's library: tables of old alphabets, XML, and what needs processes or servers, which a page has not.
LIBRARY_LEFT_OUT = re.compile(
    r"(multiprocessing|wsgiref|xml|xmlrpc)/"
    r"|(_pydatetime|_pyio|doctest|ftplib|imaplib|mailbox|pdb|pickletools|plistlib|poplib|smtplib|socketserver|turtle)\.py"
    r"|encodings/(cp(?!437|1252)|mac_|iso(?!8859_1\b)|koi|big5|gb|euc|johab|shift|hz|kz|ptcp|tis|hp_|palmos)"
)
NOT_NEEDED = (".js", ".css", ".pyi", ".pxd", ".h", ".c", ".a")  # in the packages, by the page
LICENCES = """\
Python {python}: Python Software Foundation License 2.0, https://docs.python.org/3/license.html
Pyodide, which is Python for the browser: Mozilla Public License 2.0, https://github.com/pyodide/pyodide/blob/main/LICENSE
"""


@dataclass(frozen=True)
class Python:
    """What a reader loads: scripts, `files`, by their names, in a `folder` that is named after what is in them."""

    folder: str
    version: str
    files: dict[str, str]
    licences: str
    size: int
    compiled: bool
    unchecked: str = ""  # what the builder should know of a Pyodide whose sums the course does not have

    @property
    def sentence(self) -> str:
        about = f"Python {self.version} in the pages, {self.size / 1e6:.1f} MB, loaded when a reader first needs it."
        return about + self.remark

    @property
    def remark(self) -> str:
        slow = "" if self.compiled else " Not compiled: with node on the path it starts sooner."
        return slow + self.unchecked


def lay(site: Path, place: str | Path | lite.Distribution) -> Python:
    """Write Python into a folder of the site. Raises LiteError as `made` does."""
    python = made(place)
    (site / python.folder).mkdir()
    for name, text in python.files.items():
        (site / python.folder / name).write_text(text, encoding="utf-8")
    (site / python.folder / "LICENSE.txt").write_text(python.licences, encoding="utf-8")
    return python


def made(place: str | Path | lite.Distribution) -> Python:
    """Python from a distribution. Raises LiteError where it is none, or lacks a part."""
    distribution = lite.Distribution.at(place)
    shelf = lite.Shelf(distribution)
    for name in PACKAGES:
        shelf.need(name)
    if shelf.lacks:
        names = ", ".join(lite.SHOWN.get(name, name) for name in sorted(shelf.lacks))
        raise lite.LiteError(f"{distribution.where} has no {names}, which the figures need.")
    parts = [_needed(distribution, name) for name in ("python_stdlib.zip", "pyodide.asm.wasm")]
    library, packages, compiled = _compiled(
        distribution, _library(parts[0]), _joined([*shelf.files.values(), lite.course_wheel().data])
    )
    files = {
        "code": (_code(distribution), True),
        "pyodide.asm.wasm": (parts[1], True),
        "python_stdlib.zip": (library, False),
        "packages.zip": (packages, False),
    }
    licences = LICENCES.format(python=distribution.python) + "".join(
        licence_of(name, data) for name, data in shelf.files.items()
    )
    return _in_pieces(distribution, files, licences, compiled)


def licence_of(file: str, data: bytes) -> str:
    """A package's licence in its own words. Raises LiteError where it says none: then it may not be handed on."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [name for name in sorted(archive.namelist()) if ".dist-info/" in name]
        texts = [archive.read(name).decode() for name in names if Path(name).name.upper().startswith("LICEN")]
    if not texts:
        raise lite.LiteError(f"{file} says nowhere under which licence it may be handed on.")
    return f"\n{'=' * 100}\n{file}\n\n" + "\n".join(texts)


def _compiled(distribution: lite.Distribution, library: bytes, packages: bytes) -> tuple[bytes, bytes, bool]:
    """Pyodide's library and the packages, compiled by Pyodide itself where node is on the path: it starts in half the time."""
    node = shutil.which("node")
    if node is None:
        return library, packages, False
    with tempfile.TemporaryDirectory(prefix="optcourse-python-") as name:
        folder = Path(name)
        for file in CORE:
            if (data := distribution.read(file)) is not None:
                (folder / file).write_bytes(data)
        (folder / "python_stdlib.zip").write_bytes(library)
        (folder / "packages.zip").write_bytes(packages)
        out = folder / "library-out.zip", folder / "packages-out.zip"
        done = subprocess.run(
            [node, str(HERE / "precompile.cjs"), name, str(folder / "packages.zip"), *map(str, out)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise lite.LiteError(f"node could not compile the packages: {done.stderr.strip()[-300:]}")
        return out[0].read_bytes(), out[1].read_bytes(), True


def _needed(distribution: lite.Distribution, name: str) -> bytes:
    data = distribution.read(name)
    if data is None:
        raise lite.LiteError(f"{distribution.where} lacks {name}.")
    return data


def _code(distribution: lite.Distribution) -> bytes:
    """The worker's script: Pyodide's own two, and what answers the page."""
    asm = distribution.read("pyodide.asm.js")
    if asm is None:
        # since Pyodide 314 a module; a worker that is made of a text has no address to load others from
        asm = _needed(distribution, "pyodide.asm.mjs").replace(b"export default _createPyodideModule;", b"")
        asm = asm.replace(b"import.meta.url", b"self.location.href")
    worker = (HERE / "static" / "worker.js").read_bytes()
    return b"\n;\n".join((asm, _needed(distribution, "pyodide.js"), worker))


def _joined(wheels: list[bytes]) -> bytes:
    """One archive of all packages, the same bytes for the same files, without what only a builder or another page needs."""
    files: dict[str, bytes] = {}
    for wheel in wheels:
        with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
            for name in archive.namelist():
                if not name.endswith(("/", *NOT_NEEDED)) and not any(part in name for part in LEFT_OUT):
                    files[name] = archive.read(name)
    return _archive(files)


def _library(data: bytes) -> bytes:
    """Python's library without what no page can use."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [name for name in archive.namelist() if not LIBRARY_LEFT_OUT.match(name)]
        return _archive({name: archive.read(name) for name in names if not name.endswith("/")})


def _archive(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED, 9)
    return buffer.getvalue()


def _in_pieces(
    distribution: lite.Distribution,
    files: dict[str, tuple[bytes, bool]],
    licences: str,
    compiled: bool,
) -> Python:
    digest = hashlib.sha256()
    pieces: list[tuple[str, str]] = []
    for name, (data, pack) in files.items():
        data = zlib.compress(data, 9) if pack else data
        digest.update(name.encode() + data)
        for at in range(0, len(data), PIECE):
            pieces.append((name, base64.b64encode(data[at : at + PIECE]).decode()))
    scripts = {f"{k:02}.js": f'optcourse.python.piece({k},"{text}");\n' for k, (_, text) in enumerate(pieces)}
    manifest = {
        "info": distribution.lock["info"],
        "files": {name: pack for name, (_, pack) in files.items()},
        "pieces": [[name, len(text)] for name, text in pieces],
    }
    scripts["manifest.js"] = f"optcourse.python.manifest({json.dumps(manifest, sort_keys=True)});\n"
    return Python(
        f"python-{digest.hexdigest()[:12]}",
        distribution.python,
        scripts,
        licences,
        sum(len(text) for _, text in pieces),
        compiled,
        distribution.remark,
    )
