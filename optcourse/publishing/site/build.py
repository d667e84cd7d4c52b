"""The site is made beside the old one and takes its place only when it is whole: a build that fails leaves the old one as it was.

It fails on a cell that raises, on a link to nowhere, on a picture without words and on anything that would be loaded from
another host.
"""

from __future__ import annotations

import functools
import gzip
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from optcourse.authoring import colab
from optcourse.authoring.build import FOLDERS, BuildError, read_lessons
from optcourse.authoring.notebook import notebook_text
from optcourse.publishing.site import SiteFailed
from optcourse.publishing.site.cache import execute_all
from optcourse.publishing.site.download import write_course
from optcourse.publishing.site.inspection import Inspection, inspect
from optcourse.publishing.site.offline import write_worker
from optcourse.publishing.site.writing import LITE, MARKER, write_pages

if TYPE_CHECKING:
    from optcourse.publishing.lite import Distribution


@dataclass(frozen=True)
class Site:
    """What was written."""

    folder: Path
    inspection: Inspection
    files: int
    size: int  # bytes
    executed: int  # notebooks that had to be run; the others had not changed
    seconds: float
    lite: str = ""  # what its JupyterLite holds and lacks, in a sentence
    python: str = ""  # what Python its pages have, or why none, in a sentence


def build(
    root: Path,
    target: Path,
    *,
    jobs: int = 2,
    lite: bool = False,
    pyodide: str | None = None,
    python: bool = True,
    cache: Path | None = None,
    progress: Callable[[float, int, str], None] = lambda done, total, words: None,
) -> Site:
    """Write the site of the course in `root` into `target`, which takes the place of an earlier site.

    `cache` (default: build/site-cache in the course's folder) keeps notebooks that were run, so that only what changed
    is run again. `progress(done, total, words)` is called as the notebooks are run.

    pyodide: a folder or address with Pyodide's distribution, for Python in the pages and for `lite`, which asks Pyodide's own
    address where none is named; without both, nothing is asked and the pages have no Python. `python=False`: nor then.

    Raises SiteFailed, with what is wrong and where; the earlier site is then still there. Raises BuildError when `root` is
    no course.
    """
    began = time.monotonic()
    refuse_to_lose(target)
    lessons, _ = read_lessons(root, ())
    if problems := [str(problem) for lesson in lessons for problem in lesson.problems]:
        raise SiteFailed(problems)
    if not lessons:
        raise BuildError(f"{root / 'source'} holds no lessons")
    texts = {
        f"{folder}/{lesson.name}.ipynb": notebook_text(lesson, answers)
        for lesson in lessons
        for folder, answers in FOLDERS.items()
    }
    kept = cache or root / "build" / "site-cache"
    executed, fresh = execute_all(texts, kept, jobs, progress)
    target.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        staging.chmod(0o755)  # mkdtemp makes a folder that a web server could not read
        for_colab = {path.stem: colab.address(path.stem) for path in (root / colab.FOLDER).glob("*.ipynb")}
        distribution = read_pyodide(pyodide, lite=lite)
        folder, about_python = lay_python(staging, distribution if python else None, must=not lite)
        if distribution and not folder:
            about_python += distribution.remark
        faults = write_pages(staging, executed, texts, with_lite=lite, python=folder, colab=for_colab)
        write_course(staging / "course.zip", root, texts)
        about_lite = ""
        if lite:
            about_lite = write_lite(staging / LITE, root, distribution, progress, len(texts))
        inspection = inspect(staging, leave_out=(LITE,))
        if faults := faults + inspection.faults:
            raise SiteFailed(faults)
        write_worker(staging, leave_out=LITE)
        files = [path for path in staging.rglob("*") if path.is_file()]
        swap(staging, target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    seconds = time.monotonic() - began
    return Site(target, inspection, len(files), size, fresh, seconds, about_lite, about_python)


def refuse_to_lose(target: Path) -> None:
    """Refuse any folder but an empty one, or one that an earlier build has marked."""
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise SiteFailed([f"{target} is no folder; name another."])
    if target.exists() and not (target / MARKER).is_file() and any(target.iterdir()):
        raise SiteFailed(
            [f"{target} holds files that are not a site of this course; name another folder, or empty it."]
        )


def swap(staging: Path, target: Path) -> None:
    """Put the finished site in its place; a reader who comes in between finds the old one or the new one."""
    if not target.exists():
        staging.rename(target)
        return
    refuse_to_lose(target)  # a person may have put a file there meanwhile
    old = target.with_name(f"{staging.name}-old")
    target.rename(old)
    try:
        staging.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old)


def read_pyodide(place: str | None, *, lite: bool) -> Distribution | None:
    """Pyodide's distribution, read once for the pages and for the JupyterLite beside them; None where nobody has named one."""
    from optcourse.publishing.lite import Distribution, LiteError, default_address

    if place is None and not lite:
        return None
    try:
        found = Distribution.at(place or default_address())
    except LiteError as error:
        raise SiteFailed([f"{'JupyterLite' if lite else 'Python in the pages'}: {error}"]) from error
    found.read = functools.cache(found.read)
    return found


def lay_python(staging: Path, distribution: Distribution | None, *, must: bool) -> tuple[str, str]:
    """The folder with Python for the pages, and a sentence about it; ("", why) where there is none."""
    from optcourse.publishing import vendor
    from optcourse.publishing.lite import KEPT, LiteError
    from optcourse.publishing.site import python

    if distribution is None:
        return (
            "",
            f"Without Python in the pages: --pyodide names a Pyodide, or one lies in {KEPT} (docs/website.md).",
        )
    try:
        laid = python.lay(staging, distribution)
    except LiteError as error:
        if must:
            raise SiteFailed([f"Python in the pages: {error}"]) from error
        return "", f"Without Python in the pages: {error}"
    editor = len(gzip.compress(vendor.EDITOR.read_bytes()))
    return (
        laid.folder,
        f"{laid.sentence} An editor, {editor / 1e6:.2f} MB packed, comes with the first cell that is edited.",
    )


def write_lite(
    folder: Path,
    root: Path,
    distribution: Distribution | None,
    progress: Callable[[float, int, str], None],
    total: int,
) -> str:
    from optcourse.publishing import lite

    try:
        built = lite.build(
            folder, root, pyodide=distribution, say=lambda words: progress(total, total, words)
        )
    except lite.LiteError as error:
        raise SiteFailed([f"JupyterLite: {error}"]) from error
    return built.sentence
