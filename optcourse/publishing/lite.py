"""The course in a JupyterLite: a reader opens a web page and runs and edits Python there, with nothing installed.

`build(folder)` writes plain files that any web server can hand out. They hold JupyterLab's front end, the notebooks,
Python for the browser (Pyodide), and the packages that the lessons need, so that no page asks another host for anything.

Where the parts come from:

- Pyodide and its compiled packages (NumPy, matplotlib, …) from Pyodide's own distribution, a folder or an address;
- pure Python packages from the same distribution, or else from what is installed here, packed again as wheels;
- optcourse itself from this folder, packed as a wheel that asks for neither JupyterLab nor jupytext.

All of them are listed in one `pyodide-lock.json`. The kernel reads there which packages a cell imports and loads them
before it runs the cell: a lesson needs no `%pip install`. See docs/frontends.md.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import importlib.metadata
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from optcourse.publishing.releases import SUMS

PACKAGE = Path(__file__).resolve().parents[1]
# The address of a distribution that fits the kernel; asked when the site is built, never by a reader's browser.
DISTRIBUTION = "https://cdn.jsdelivr.net/pyodide/v{version}/full/"
PYODIDE_VERSION = "314.0.6"  # the one that the kernel below was made for
KEPT = ".optcourse/pyodide"  # in the course's folder: where a distribution is found without being named
# What builds. It must not lie in the environment of the course: JupyterLab there would try to load its kernel and fail.
TOOLS = ("jupyterlite-core==0.8.6", "jupyterlite-pyodide-kernel==0.8.6")
KERNEL = ("micropip", "piplite", "ipykernel", "comm", "pyodide-kernel", "jedi", "ipython")
COURSE_NEEDS = ("numpy", "matplotlib", "ipywidgets", "anywidget", "ipython")
SHOWN = {"numpy": "NumPy", "matplotlib": "matplotlib"}
CORE = ("pyodide.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
CORE_EITHER = ("pyodide.asm.mjs", "pyodide.asm.js")  # the name changed with Pyodide 314
KERNEL_EXTENSION = "@jupyterlite/pyodide-kernel-extension"
WIDGET_EXTENSIONS = ("@jupyter-widgets/jupyterlab-manager", "anywidget")
NOT_IN_A_BROWSER = {
    "authoring",
    "grading",
    "publishing",
    "reporting",
    "commands",
    "cli.py",
}  # what only a computer with the course on it needs
COMPILED = (".so", ".pyd", ".dylib")
SPEEDUPS = {"_wcwidth_c"}  # compiled modules that their packages do without


class LiteError(Exception):
    """The JupyterLite cannot be built; the text says in one sentence why, and what to do."""


@dataclass(frozen=True)
class Lite:
    """What was built. `lacks` names the packages that could not be had: cells that import them cannot run."""

    folder: Path
    python: str
    packages: dict[str, str]  # name -> version
    lacks: tuple[str, ...]
    size: int  # bytes

    @property
    def sentence(self) -> str:
        about = f"JupyterLite with Python {self.python} and {len(self.packages)} packages, {self.size / 1e6:.0f} MB"
        if not self.lacks:
            return f"{about}: lessons run in the browser."
        names = ", ".join(SHOWN.get(name, name) for name in self.lacks)
        return f"{about}. Not in it: {names}, so cells that import them say so and stop."


def default_address() -> str:
    return DISTRIBUTION.format(version=PYODIDE_VERSION)


def kept(course: Path) -> str | None:
    """Where a builder has unpacked Pyodide's distribution for this course; None where nobody has."""
    folder = course / KEPT
    return str(folder) if (folder / "pyodide-lock.json").is_file() else None


def link(notebook: str) -> str:
    """The address of a notebook, relative to the JupyterLite's folder: link("lessons/03_gradient_descent.ipynb")."""
    return f"lab/index.html?path={notebook}"


def build(
    target: Path,
    course: Path,
    *,
    pyodide: str | Path | Distribution | None = None,
    tools: Path | None = None,
    say: Callable[[str], None] = lambda words: None,
) -> Lite:
    """Write a JupyterLite with the course's notebooks into `target`.

    Args:
        target: a folder that does not exist, is empty, or holds a JupyterLite that is written anew.
        course: the folder with `lessons/` and `solutions/`.
        pyodide: Pyodide's distribution, read already, or unpacked in a folder or at an address that ends with "/". None asks
            Pyodide's own address for the version that fits, once, while building.
        tools: where JupyterLite's own builder lies, or is put (20 MB, from PyPI); the course's `.optcourse/` unless given.
        say: is told what is being done, one line at a time.

    Raises:
        LiteError: with one sentence, when the builder is not to be had, the distribution is none or cannot be
            reached, or `target` holds something else.
    """
    if target.exists() and any(target.iterdir()) and not (target / "jupyter-lite.json").is_file():
        raise LiteError(
            f"{target} holds files that are no JupyterLite: name another folder, or empty this one."
        )
    distribution = Distribution.at(pyodide or default_address())
    builder = Builder.at(tools or course / ".optcourse" / "jupyterlite", say)
    with tempfile.TemporaryDirectory(prefix="optcourse-lite-") as scratch:
        work = Path(scratch)
        for name in ("lessons", "solutions"):
            shutil.copytree(course / name, work / "files" / name, ignore=shutil.ignore_patterns(".*"))
        say(f"packing Python for the browser from {distribution.where}")
        shelf = Shelf(distribution, builder.wheels)
        shelf.put("optcourse", course_wheel(), COURSE_NEEDS)
        for name in KERNEL:
            shelf.need(name)
        for name in shelf.lacks & set(SHOWN):
            shelf.put(name, _stand_in(name), (), imports=(name,))
        shelf.write(work / "static" / "pyodide")
        _write_settings(work)
        say("building JupyterLite")
        builder.run(work)
        if target.exists():
            shutil.rmtree(target)
        shutil.move(work / "built", target)
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    carried = {name: entry["version"] for name, entry in shelf.entries.items() if name not in shelf.lacks}
    return Lite(target, distribution.python, carried, tuple(sorted(shelf.lacks)), size)


# -- Pyodide's distribution -----------------------------------------------------------------------------------------


@dataclass
class Distribution:
    """Pyodide's files, in a folder or at an address, with the list of packages that it offers."""

    where: str
    read: Callable[[str], bytes | None]  # None where there is no such file
    lock: dict = field(default_factory=dict)
    version: str = ""  # "" where it is none that the course knows

    @classmethod
    def at(cls, place: str | Path | Distribution) -> Distribution:
        if isinstance(place, Distribution):
            return place
        text = str(place)
        found = (
            cls(text, _reader_of_address(text.rstrip("/") + "/"))
            if text.startswith(("http://", "https://"))
            else cls(text, _reader_of_folder(Path(text)))
        )
        raw, start = found.read("pyodide-lock.json"), found.read("pyodide.mjs")
        if raw is None or start is None:
            raise LiteError(
                f"{text} is no Pyodide distribution: it has no pyodide.mjs and pyodide-lock.json."
            )
        found.lock = json.loads(raw)
        found.version = next((version for version in SUMS if f'"{version}"'.encode() in start), "")
        read = found.read
        found.read = lambda name: _checked(name, read(name), found.version, text)
        _checked("pyodide.mjs", start, found.version, text)
        return found

    @property
    def remark(self) -> str:
        """What the builder should know of a version whose sums the course does not have."""
        if self.version:
            return ""
        return (
            f" Its core could not be checked: {self.where} is no Pyodide {' or '.join(SUMS)}, whose sums the course knows. "
            "Compare it with Pyodide's release, or take one of these."
        )

    @property
    def python(self) -> str:
        return self.lock["info"]["python"]

    def wheel(self, name: str) -> bytes | None:
        """A package's file, if the distribution has it; its checksum must be that of the list, and of the release."""
        entry = self.lock["packages"].get(name)
        data = self.read(entry["file_name"]) if entry else None
        if data is not None and hashlib.sha256(data).hexdigest() != entry["sha256"]:
            raise LiteError(
                f"{entry['file_name']} from {self.where} is damaged: its checksum is not that of the list. Fetch it again."
            )
        return _checked(name, data, self.version, self.where)


def _checked(name: str, data: bytes | None, version: str, where: str) -> bytes | None:
    """A part of the distribution. Raises LiteError where it is not that of the release."""
    known = SUMS.get(version, {}).get(name)
    if data and known and (found := hashlib.sha256(data).hexdigest()) != known:
        raise LiteError(
            f"{name} from {where} is damaged, or not Pyodide's: its SHA-256 is {found[:12]}…, and that of Pyodide {version} "
            f"is {known[:12]}…. Fetch the distribution again (docs/frontends.md)."
        )
    return data


def _reader_of_folder(folder: Path) -> Callable[[str], bytes | None]:
    def read(name: str) -> bytes | None:
        path = folder / Path(name).name
        return path.read_bytes() if path.is_file() else None

    return read


def _reader_of_address(address: str) -> Callable[[str], bytes | None]:
    def read(name: str) -> bytes | None:
        try:
            with urllib.request.urlopen(address + Path(name).name, timeout=60) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            if error.code in (403, 404):
                return None
            raise LiteError(f"{address}{name} answers with error {error.code}.") from error
        except OSError as error:  # also no network, no such host, a timeout
            raise LiteError(
                f"{address} cannot be reached ({getattr(error, 'reason', error)}). Unpack Pyodide's full "
                "distribution in a folder and name that folder instead (docs/frontends.md)."
            ) from error

    return read


# -- the packages -----------------------------------------------------------------------------------------------------


class Shelf:
    """The packages that go with the site: their files, and what pyodide-lock.json says of each."""

    def __init__(self, distribution: Distribution, kernel_wheels: Path | None = None) -> None:
        self.distribution = distribution
        self.kernel_wheels = kernel_wheels
        self.entries: dict[str, dict] = {}
        self.files: dict[str, bytes] = {}
        self.lacks: set[str] = set()

    def need(self, name: str) -> None:
        """Put a package on the shelf with all that it needs; or note that it cannot be had."""
        name = canonicalize_name(name)
        if name in self.entries or name in self.lacks:
            return
        # the kernel brings stand-ins of its own, ipykernel for one
        if (wheel := _kernel_wheel(name, self.kernel_wheels)) is not None:
            self.put(name, wheel, ())
        elif (data := self.distribution.wheel(name)) is not None:
            entry = self.distribution.lock["packages"][name]
            self.entries[name] = {**entry, "file_name": Path(entry["file_name"]).name}
            self.files[self.entries[name]["file_name"]] = data
            self._follow(name, entry["depends"])
        elif (installed := installed_wheel(name)) is not None:
            self.put(name, installed, _requirements(name, self.distribution.python))
        else:
            self.lacks.add(name)

    def put(
        self, name: str, wheel: Wheel, depends: Iterable[str], imports: Sequence[str] | None = None
    ) -> None:
        """Put a wheel on the shelf, and all that it needs."""
        self.entries[name] = {
            "name": name,
            "version": wheel.version,
            "file_name": wheel.file_name,
            "install_dir": "site",
            "sha256": hashlib.sha256(wheel.data).hexdigest(),
            "package_type": "package",
            "imports": list(wheel.modules if imports is None else imports),
            "depends": [],
            "unvendored_tests": False,
        }
        self.files[wheel.file_name] = wheel.data
        self._follow(name, depends)

    def _follow(self, name: str, depends: Iterable[str]) -> None:
        depends = [canonicalize_name(other) for other in depends]
        for other in depends:
            self.need(other)
        self.entries[name]["depends"] = depends

    def write(self, folder: Path) -> None:
        """Write Pyodide, the packages and their list."""
        folder.mkdir(parents=True)
        core = {name: self.distribution.read(name) for name in (*CORE, *CORE_EITHER)}
        absent = [name for name in CORE if core[name] is None]
        if absent or not any(core[name] for name in CORE_EITHER):
            raise LiteError(f"{self.distribution.where} lacks {', '.join(absent) or CORE_EITHER[0]}.")
        for name, data in {**core, **self.files}.items():
            if data is not None:
                (folder / name).write_bytes(data)
        packages = {
            name: {**entry, "depends": [d for d in entry["depends"] if d in self.entries]}
            for name, entry in sorted(self.entries.items())
        }
        lock = {**self.distribution.lock, "packages": packages}
        (folder / "pyodide-lock.json").write_text(json.dumps(lock, indent=1), encoding="utf-8")


@dataclass(frozen=True)
class Wheel:
    """A pure Python wheel in memory."""

    file_name: str
    version: str
    modules: tuple[str, ...]  # what can be imported from it
    data: bytes


def pack(name: str, version: str, files: dict[str, bytes]) -> Wheel:
    """A wheel of these files (path -> content), the same bytes for the same files; it asks for no other package."""
    stem = f"{canonicalize_name(name).replace('-', '_')}-{version.replace('-', '_')}"
    info = f"{stem}.dist-info"
    files = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: optcourse\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    records = []
    for path, content in sorted(files.items()):
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        records.append(f"{path},sha256={digest},{len(content)}")
    files[f"{info}/RECORD"] = "\n".join([*records, f"{info}/RECORD,,", ""]).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    modules = sorted({path.split("/")[0].removesuffix(".py") for path in files if path.endswith(".py")})
    return Wheel(f"{stem}-py3-none-any.whl", version, tuple(modules), buffer.getvalue())


def installed_wheel(name: str) -> Wheel | None:
    """The package that is installed here, packed as a pure wheel; None where it is not here or not pure.

    A compiled module beside its own Python source is left out: the source does the same, more slowly.
    """
    try:
        distribution = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return None
    paths = [p for p in distribution.files or () if ".." not in p.parts and p.suffix != ".pyc" and p.parts]
    sources = {str(p) for p in paths if p.suffix == ".py"}
    kept = {}
    for path in paths:
        if path.suffix in COMPILED:
            module = path.name.split(".")[0]
            spare = module.endswith("__mypyc") or module in SPEEDUPS
            if not spare and str(path.with_name(f"{module}.py")) not in sources:
                return None
        elif ".dist-info" not in path.parts[0] or "licen" in str(path).lower():
            kept[path.as_posix()] = Path(path.locate()).read_bytes()
    if not sources:  # an editable installation lists no sources
        return None
    return pack(name, distribution.version, kept)


def _requirements(name: str, python: str) -> list[str]:
    """What an installed package needs, on a machine that is a browser."""
    machine = {
        "sys_platform": "emscripten",
        "platform_system": "Emscripten",
        "platform_machine": "wasm32",
        "os_name": "posix",
        "python_version": ".".join(python.split(".")[:2]),
        "python_full_version": python,
        "extra": "",
    }
    wanted = [Requirement(text) for text in importlib.metadata.distribution(name).requires or ()]
    return [r.name for r in wanted if r.marker is None or r.marker.evaluate(machine)]


def _kernel_wheel(name: str, folder: Path | None) -> Wheel | None:
    """A wheel that comes with the kernel itself."""
    wheels = folder.glob("*.whl") if folder else ()
    found = [path for path in wheels if canonicalize_name(path.name.split("-")[0]) == name]
    if not found:
        return None
    newest = max(found, key=lambda p: [int(n) for n in p.name.split("-")[1].split(".") if n.isdigit()])
    with zipfile.ZipFile(newest) as archive:
        tops = {n.split("/")[0].removesuffix(".py") for n in archive.namelist() if n.endswith(".py")}
    return Wheel(newest.name, newest.name.split("-")[1], tuple(sorted(tops)), newest.read_bytes())


def course_wheel() -> Wheel:
    """optcourse, without the requirements that its metadata names for a computer (JupyterLab, jupytext)."""
    files = {
        path.relative_to(PACKAGE.parent).as_posix(): path.read_bytes()
        for path in sorted(PACKAGE.rglob("*"))
        if path.suffix in (".py", ".js", ".css", ".npz")
        and path.relative_to(PACKAGE).parts[0] not in NOT_IN_A_BROWSER
    }
    return pack("optcourse", importlib.metadata.version("optcourse"), files)


STAND_IN = '''"""Stands where {shown} would be: the site was built without it."""


class NotHere(ModuleNotFoundError):
    def _render_traceback_(self):  # IPython shows this instead of a traceback
        return [str(self)]


raise NotHere({sentence!r}, name={name!r})
'''


def _stand_in(name: str) -> Wheel:
    """A module that says in one sentence that the real one is not here."""
    shown = SHOWN[name]
    sentence = (
        f"{shown} is not part of this page, so this cell cannot run here. The site was built without Pyodide's own "
        f"packages; the person who builds it can add them with `--pyodide`. On your own computer the course has {shown}."
    )
    source = STAND_IN.format(shown=shown, name=name, sentence=sentence)
    ast.parse(source)
    return pack(name, "0", {f"{name}/__init__.py": source.encode()})


# -- JupyterLite ------------------------------------------------------------------------------------------------------


def _write_settings(work: Path) -> None:
    kernel = {
        "pyodideUrl": "./static/pyodide/pyodide.mjs",
        "disablePyPIFallback": True,  # a reader's browser asks no other host
        "loadPyodideOptions": {"packages": list(KERNEL)},  # all at once, instead of one after the other
    }
    config = {
        "jupyter-lite-schema-version": 0,
        "jupyter-config-data": {
            "appName": "optcourse",
            "litePluginSettings": {f"{KERNEL_EXTENSION}:kernel": kernel},
        },
    }
    (work / "jupyter-lite.json").write_text(json.dumps(config), encoding="utf-8")


@dataclass(frozen=True)
class Builder:
    """JupyterLite's builder, in a folder apart from the course's environment."""

    folder: Path

    @classmethod
    def at(cls, folder: Path, say: Callable[[str], None]) -> Builder:
        """The builder in this folder, put there first where it is not (or is of another version)."""
        stamp = folder / "versions.txt"
        wanted = "\n".join(TOOLS)
        if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
            say("fetching JupyterLite's builder (20 MB, once)")
            if folder.exists():
                shutil.rmtree(folder)
            done = subprocess.run(
                [*_installer(), f"--target={folder}", *TOOLS],
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
            )
            if done.returncode:
                reason = (done.stderr or done.stdout).strip().splitlines()[-1:]
                raise LiteError(
                    f"JupyterLite's builder ({', '.join(TOOLS)}) cannot be installed: {''.join(reason)}"
                )
            stamp.write_text(wanted, encoding="utf-8")
        return cls(folder)

    @property
    def extensions(self) -> Path:
        return self.folder / "share" / "jupyter" / "labextensions"

    @property
    def wheels(self) -> Path:
        return self.extensions / KERNEL_EXTENSION / "static" / "pypi"

    def run(self, work: Path) -> None:
        """Build the JupyterLite of the folder `work` into its folder `built`."""
        installed = Path(sys.prefix) / "share" / "jupyter" / "labextensions"
        extensions = [self.extensions / KERNEL_EXTENSION, *(installed / name for name in WIDGET_EXTENSIONS)]
        command = [
            *[sys.executable, "-m", "jupyterlite_core", "build"],
            f"--lite-dir={work}",
            f"--output-dir={work / 'built'}",
            f"--contents={work / 'files'}",
            *["--apps=lab", "--no-sourcemaps", "--no-libarchive", "--ignore-sys-prefix"],
            *[f"--LiteBuildConfig.federated_extensions={path}" for path in extensions],
        ]
        environment = {**os.environ, "PYTHONPATH": str(self.folder)}
        done = subprocess.run(
            command, cwd=work, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
        if done.returncode or not (work / "built" / "lab" / "index.html").is_file():
            tail = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
            raise LiteError(f"JupyterLite's builder failed:\n{tail}")


def _installer() -> list[str]:
    """The command that installs packages: this Python's own pip, or uv, or any pip."""
    # not find_spec: that of "pip" is setuptools' own, which warns where distutils has been imported
    if any(importlib.metadata.distributions(name="pip")):
        return [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--quiet", f"--python={sys.executable}"]
    if pip := shutil.which("pip3") or shutil.which("pip"):
        return [pip, "install", "--quiet", "--disable-pip-version-check"]
    raise LiteError("JupyterLite's builder must be fetched once, and there is neither pip nor uv to do it.")
