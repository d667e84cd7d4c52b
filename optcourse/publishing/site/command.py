"""`optcourse site`: the whole course as static web pages, for any web server, and for a folder opened from a disk.

Each lesson twice, as it is handed out and with its answers, run from top to bottom; live figures by their frame tables; questions
that answer; search, glossary and an index of terms. No page asks another host for anything, and no page needs a kernel.

The site is made beside the old one and takes its place only when it is whole: a build that fails leaves the old one as it
was. It fails on a cell that raises, on a link to nowhere, on a picture without words and on anything that would be loaded
from another host.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import platform
import re
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from itertools import groupby
from pathlib import Path

import jinja2
import nbformat

from optcourse.authoring.build import FOLDERS, BuildError, find_root, read_lessons
from optcourse.authoring.notebook import notebook_text
from optcourse.explorers import stage
from optcourse.lessons import BY_NUMBER, LESSONS
from optcourse.publishing import rendering
from optcourse.publishing.execution import CellFailed, execute
from optcourse.publishing.site import pages
from optcourse.publishing.site.inspection import Inspection, inspect
from optcourse.publishing.site.terms import Section, Term, find_places, read_terms
from optcourse.publishing.vendor import HERE as VENDOR
from optcourse.terminal import MovingLine

HERE = Path(__file__).parent
PACKAGE = Path(__file__).resolve().parents[2]
MARKER = ".optcourse-site"
LITE = "lite/"
TITLE = "How neural networks are trained"
DESCRIPTION = (
    "An interactive course: numeric and analytic gradients, gradient descent, SGD, Momentum, Nesterov, "
    "AdaGrad, RMSProp, Adam."
)
SHOWCASE = "03"  # its first figure stands on the first page
DOWNLOAD = (
    "course.py environment.yml postBuild pyproject.toml README.md CONTRIBUTING.md CHANGELOG.md LICENSE "
    ".ci benchmarks docs optcourse source tests"
).split()


class SiteFailed(Exception):
    """The site was not written; `faults` are sentences that say why and where."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = list(faults)


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


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Returns 0 when the site was written, 1 when it was not, 2 when the command cannot run."""
    arguments = parser().parse_args(argv)
    progress = Bar()
    try:
        root = find_root(arguments.root)
        target = (arguments.folder or root / "build" / "site").resolve()
        site = build(
            root,
            target,
            jobs=arguments.jobs,
            lite=arguments.lite,
            pyodide=arguments.pyodide,
            progress=progress,
        )
    except BuildError as error:
        progress.clear()
        print(f"optcourse site: {error}", file=sys.stderr)
        return 2
    except SiteFailed as error:
        progress.clear()
        for fault in error.faults:
            print(fault, file=sys.stderr)
        count = len(error.faults)
        print(
            f"optcourse site: not written, {count} thing{'s' if count > 1 else ''} to mend.", file=sys.stderr
        )
        return 1
    progress.clear()
    hosts = {re.sub(r"^\w+://([^/]+).*", r"\1", link) for link in site.inspection.elsewhere}
    print(
        f"optcourse site: {site.inspection.pages} pages, {site.files} files, {site.size / 1e6:.1f} MB in {site.folder}"
    )
    print(f"  {site.executed} notebooks run, {site.seconds:.0f} s. Open {site.folder / 'index.html'}")
    print(
        f"  {len(site.inspection.elsewhere)} links lead to {len(hosts)} other hosts; nothing is loaded from them."
    )
    if site.lite:
        print(f"  {site.lite}")
    if arguments.links:
        print("\n".join(f"  {link}" for link in sorted(site.inspection.elsewhere)))
    return 0


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="optcourse site", description="Write the course as static web pages."
    )
    parser.add_argument(
        "folder", nargs="?", type=Path, help="where to (default: build/site in the course's folder)"
    )
    parser.add_argument("--jobs", type=positive, default=2, help="notebooks that run at once (default: 2)")
    parser.add_argument(
        "--lite", action="store_true", help="with a JupyterLite, to run the lessons in the browser"
    )
    parser.add_argument("--pyodide", help="a folder or address with Pyodide's distribution, for --lite")
    parser.add_argument("--links", action="store_true", help="list the links that lead to other hosts")
    parser.add_argument("--root", type=Path, help="the course's folder (default: the one around this folder)")
    return parser


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


class Bar(MovingLine):
    """The moving line on a terminal; elsewhere one line for each notebook."""

    def __call__(self, done: float, total: int, words: str) -> None:
        """`done` may lie between two whole numbers; off a terminal only whole ones are worth a line."""
        if self.moving:
            self.draw(done, total, words)
        elif done == int(done):
            print(f"{int(done)}/{total}  {self.left(done, total)}  {words}", flush=True)


# -- the build -------------------------------------------------------------------------------------


def build(
    root: Path,
    target: Path,
    *,
    jobs: int = 2,
    lite: bool = False,
    pyodide: str | None = None,
    cache: Path | None = None,
    progress: Callable[[float, int, str], None] = lambda done, total, words: None,
) -> Site:
    """Write the site of the course in `root` into `target`, which takes the place of an earlier site.

    `cache` (default: build/site-cache in the course's folder) keeps notebooks that were run, so that only what changed
    is run again. `progress(done, total, words)` is called as the notebooks are run.

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
        faults = write_pages(staging, executed, texts, with_lite=lite)
        write_course(staging / "course.zip", root, texts)
        about_lite = ""
        if lite:
            about_lite = write_lite(staging / LITE, root, pyodide, progress, len(texts))
        inspection = inspect(staging, leave_out=(LITE,))
        if faults := faults + inspection.faults:
            raise SiteFailed(faults)
        files = [path for path in staging.rglob("*") if path.is_file()]
        swap(staging, target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    return Site(target, inspection, len(files), size, fresh, time.monotonic() - began, about_lite)


def refuse_to_lose(target: Path) -> None:
    """Only an empty folder, or one that an earlier build has marked as its own, is written to."""
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise SiteFailed([f"{target} is no folder; name another."])
    if target.exists() and not (target / MARKER).is_file() and any(target.iterdir()):
        raise SiteFailed(
            [f"{target} holds files that are not a site of this course; name another folder, or empty it."]
        )


def swap(staging: Path, target: Path) -> None:
    """Put the finished site in its place; whoever asks in between finds the old one or the new one."""
    if not target.exists():
        staging.rename(target)
        return
    refuse_to_lose(target)  # somebody may have put a file there meanwhile
    old = target.with_name(f"{staging.name}-old")
    target.rename(old)
    try:
        staging.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old)


# -- running the notebooks -------------------------------------------------------------------------


def execute_all(
    texts: dict[str, str], cache: Path, jobs: int, progress: Callable[[float, int, str], None]
) -> tuple[dict[str, nbformat.NotebookNode], int]:
    """Every notebook with its outputs, and how many had to be run. Raises SiteFailed with every cell that failed."""
    stamp = fingerprint_of_code()
    paths = {
        name: cache / f"{hashlib.sha256((stamp + text).encode()).hexdigest()[:32]}.json.gz"
        for name, text in texts.items()
    }
    cache.mkdir(parents=True, exist_ok=True)
    for path in set(cache.glob("*.json.gz")) - set(paths.values()):
        path.unlink()  # nothing that is there now would ever find it
    # a notebook without code, like the glossary, is its own result
    still = {
        name: book for name, text in texts.items() if not has_code(book := nbformat.reads(text, as_version=4))
    }
    wanted = [name for name, path in paths.items() if name not in still and not path.exists()]
    parts = dict.fromkeys(wanted, 0.0)
    faults: list[str] = []

    def run(name: str, folder: Path) -> None:
        def on_cell(number: int, count: int) -> None:
            parts[name] = (number - 1) / count
            progress(sum(parts.values()) + 1e-6, len(wanted), name)

        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(texts[name], encoding="utf-8")
        try:
            notebook = execute(path, on_cell=on_cell)
        except CellFailed as error:
            faults.append(f"{path.parent.name}/{error}")
            return
        packed = gzip.compress(nbformat.writes(notebook).encode(), compresslevel=1, mtime=0)
        part = paths[name].with_suffix(".part")
        part.write_bytes(packed)
        os.replace(part, paths[name])
        parts[name] = 1.0
        progress(round(sum(part == 1.0 for part in parts.values())), len(wanted), name)

    with tempfile.TemporaryDirectory(prefix="optcourse-site-") as folder, ThreadPoolExecutor(jobs) as pool:
        waiting = [pool.submit(run, name, Path(folder)) for name in wanted]
        try:
            for one in waiting:
                one.result()
        except BaseException:  # Ctrl+C: end with the notebooks that are being run, and begin no other
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if faults:
        raise SiteFailed(sorted(faults))
    executed = {
        name: still.get(name) or nbformat.reads(gzip.decompress(path.read_bytes()).decode(), as_version=4)
        for name, path in paths.items()
    }
    return executed, len(wanted)


def has_code(notebook: nbformat.NotebookNode) -> bool:
    return any(cell.cell_type == "code" for cell in notebook.cells)


def fingerprint_of_code() -> str:
    """Changes with everything that a notebook's outputs may depend on: the package without its pages, and the libraries."""
    digest = hashlib.sha256(platform.python_version().encode())
    for library in ("numpy", "matplotlib", "ipywidgets", "ipython"):
        digest.update(version(library).encode())
    for path in sorted(PACKAGE.rglob("*")):
        inside = path.relative_to(PACKAGE)
        ours = (
            inside.parts[0] not in ("grading", "publishing", "authoring", "commands")
            or inside.name == "execution.py"
        )
        # what runs in the browser has no part in what a cell gives
        if ours and path.is_file() and path.suffix not in (".js", ".css", ".pyc"):
            digest.update(inside.as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


# -- writing ---------------------------------------------------------------------------------------


def write_pages(
    folder: Path, executed: dict[str, nbformat.NotebookNode], texts: dict[str, str], with_lite: bool
) -> list[str]:
    """Every page and what it needs, below `folder`; returns what is wrong with the text."""
    lessons = [read(executed, name) for name in executed if name.startswith("lessons/")]
    solved = [read(executed, name) for name in executed if name.startswith("solutions/")]
    solved = [lesson for lesson in solved if lesson.has_code]  # the glossary has no answers
    glossary = next((lesson for lesson in lessons if lesson.name.endswith("_glossary")), None)
    sections = [section for lesson in lessons for section in lesson.sections]
    terms: list[Term] = []
    if glossary:
        cells = executed[f"lessons/{glossary.name}.ipynb"].cells
        terms = read_terms("\n\n".join(cell.source for cell in cells))
        find_places(terms, [section for section in sections if section.lesson != glossary.number])
        glossary.body = with_places(glossary.body, terms)
    there = {lesson.name for lesson in solved}
    for lesson in solved:  # what has no page with answers has only the other one
        lesson.body = re.sub(
            r'href="(\d\d_\w+)\.html',
            lambda m: m[0] if m[1] in there else f'href="../lessons/{m[1]}.html',
            lesson.body,
        )

    (folder / MARKER).write_text(f"Written by optcourse site. {len(lessons)} lessons.\n", encoding="utf-8")
    (folder / ".nojekyll").write_text("", encoding="utf-8")  # GitHub Pages leaves the files alone then
    sheets, scripts = write_assets(folder / "assets")
    write_search(folder / "assets" / "search.js", sections, terms, glossary)
    showcase = next((lesson for lesson in lessons if lesson.number == SHOWCASE and lesson.figures), None)
    showcase = showcase or next((lesson for lesson in lessons if lesson.figures), None)
    figures = {name: data for lesson in (*lessons, *solved) for name, data in lesson.figures.items()}
    write_figures(folder / "figures", figures)

    for lesson in (*lessons, *solved):
        lesson.body = pages.with_breaks(lesson.body)

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    common = {
        "course": TITLE,
        "sheets": sheets,
        "scripts": scripts,
        "glossary": glossary.path if glossary else "",
        "lite": f"{LITE}{lite_link('lessons/')}" if with_lite else "",
        "last": max(int(lesson.number) for lesson in lessons if lesson.has_code or lesson is lessons[0]),
    }

    def page(path: str, template: str, **values: object) -> None:
        up = "../" * path.count("/")
        text = environment.get_template(template).render(**common, up=up, here=path, **values)
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")

    page(
        "index.html",
        "index.html",
        title=TITLE,
        description=DESCRIPTION,
        lessons=lessons,
        sentences={lesson.number: lesson.sentence for lesson in LESSONS},
        showcase=showcase,
        figure=pages.figure_html(*next(iter(showcase.figures.items()))) if showcase else "",
        minutes=sum(lesson.minutes or 0 for lesson in lessons),
        exercises=sum(lesson.num_exercises for lesson in lessons),
        figures=sum(len(lesson.figures) for lesson in lessons),
        first=lessons[0],
    )
    if terms:
        letters = [(letter, list(group)) for letter, group in groupby(terms, key=lambda term: term.letter)]
        page(
            "terms.html",
            "terms.html",
            title=f"Index · {TITLE}",
            description="Every word of the course",
            letters=letters,
        )
    for row in (lessons, solved):
        for k, lesson in enumerate(row):
            page(
                lesson.path,
                "lesson.html",
                title=f"{lesson.plain_title}{' (with answers)' if lesson.solved else ''} · {TITLE}",
                description=BY_NUMBER[lesson.number].sentence
                if lesson.number in BY_NUMBER
                else pages.plain(lesson.opening),
                lesson=lesson,
                before=row[k - 1] if k else None,
                after=row[k + 1] if k + 1 < len(row) else None,
            )
            notebook = lesson.path.replace(".html", ".ipynb")
            (folder / notebook).write_text(texts[notebook], encoding="utf-8")
    return [fault for lesson in (*lessons, *solved) for fault in lesson.faults]


def read(executed: dict[str, nbformat.NotebookNode], name: str) -> pages.Lesson:
    return pages.read_lesson(executed[name], Path(name).stem, name.startswith("solutions/"))


def write_assets(folder: Path) -> tuple[list[str], list[str]]:
    """Style sheets and scripts that all pages share; their names in the order in which a page needs them."""
    (folder / "fonts").mkdir(parents=True)
    for font in VENDOR.rglob("*.woff2"):
        shutil.copyfile(font, folder / "fonts" / font.name)
    for licence in VENDOR.glob("*/LICENSE"):
        shutil.copyfile(licence, folder / f"{licence.parent.name}-LICENSE.txt")
    shutil.copyfile(HERE / "static" / "icon.svg", folder / "icon.svg")
    questions = (HERE / "static" / "questions.js").read_text(encoding="utf-8")
    sheets = {
        "katex.css": rendering.katex_css(inline=False),
        "explorer.css": stage.style(),
        "site.css": (HERE / "static" / "site.css").read_text(encoding="utf-8"),
    }
    scripts = {
        "katex.js": rendering.katex_script(),
        # a module would not load from a file; the function keeps its names to itself
        "live.js": f"(() => {{\n{stage.script()}\n{questions}\nwindow.optcourse = {{ renderPage, ask }};\n}})();\n",
        "site.js": (HERE / "static" / "site.js").read_text(encoding="utf-8"),
    }
    for name, text in (sheets | scripts).items():
        (folder / name).write_text(text, encoding="utf-8")
    return list(sheets), list(scripts)


def write_figures(folder: Path, figures: dict[str, dict]) -> None:
    """The frames of each figure as a script: a page opened from a file may run scripts, but not fetch data."""
    folder.mkdir()
    for name, data in figures.items():
        text = json.dumps(data, allow_nan=False, separators=(",", ":"))
        (folder / f"{name}.js").write_text(f'optcourse.figure("{name}",{text});\n', encoding="utf-8")


def write_search(
    path: Path, sections: list[Section], terms: list[Term], glossary: pages.Lesson | None
) -> None:
    """What search looks through. The words of the glossary count for more than places that use them."""
    entries = pages.search_entries(s for s in sections if glossary is None or s.lesson != glossary.number)
    for term in terms:
        says = pages.plain(rendering.markdown_html(term.says)).removeprefix(term.name).lstrip(": ,")
        entries.append(
            {
                "title": term.name,
                "page": glossary.plain_title,
                "url": f"{glossary.path}#{term.anchor}",
                "text": says,
                "weight": 2,
            }
        )
    text = json.dumps(entries, ensure_ascii=False, separators=(",", ":"))
    path.write_text(f"optcourse.index({text});\n", encoding="utf-8")


def with_places(body: str, terms: list[Term]) -> str:
    """The glossary's HTML with an anchor at each term, and links that lead to the section which explains it."""
    by_name = {(term.name, term.is_code): term for term in terms}
    given: set[str] = set()

    def entry(match: re.Match) -> str:
        text, first = match[0], None
        for tag, is_code in (("strong", False), ("code", True)):
            # in a row only the name's own column counts: the first code in it
            found = list(re.finditer(rf"<{tag}>([^<]+)</{tag}>", text))[: 1 if is_code else None]
            if is_code and not text.startswith("<tr>"):
                continue
            for name in reversed(found):
                term = next(
                    (by_name[n, is_code] for n in (name[1], *name[1].split(", ")) if (n, is_code) in by_name),
                    None,
                )
                if term is None or term.anchor in given:
                    continue
                anchors = [by_name[n, is_code].anchor for n in name[1].split(", ") if (n, is_code) in by_name]
                given.update(anchors)
                marks = "".join(f'<a id="{anchor}"></a>' for anchor in anchors[1:])
                text = (
                    text[: name.start()]
                    + f'{marks}<{tag} id="{anchors[0]}">{name[1]}</{tag}>'
                    + text[name.end() :]
                )
                first = term
        if first:
            for place in first.places:
                if place.lesson in first.lessons and place.anchor:
                    file = place.page.rsplit("/", 1)[1]
                    text = text.replace(
                        f'href="{file}"',
                        f'href="{file}#{pages.escape(jinja2.filters.do_urlencode(place.anchor))}"',
                    )
        return text

    return re.sub(r"<li>.*?</li>|<tr>.*?</tr>", entry, body, flags=re.DOTALL)


def write_course(path: Path, root: Path, texts: dict[str, str]) -> None:
    """The course itself to take home: what `python3 course.py lab` needs, notebooks as the site shows them."""
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


def lite_link(notebook: str) -> str:
    from optcourse.publishing import lite

    return lite.link(notebook)


def write_lite(
    folder: Path, root: Path, pyodide: str | None, progress: Callable[[float, int, str], None], total: int
) -> str:
    from optcourse.publishing import lite

    try:
        built = lite.build(folder, root, pyodide=pyodide, say=lambda words: progress(total, total, words))
    except lite.LiteError as error:
        raise SiteFailed([f"JupyterLite: {error}"]) from error
    return built.sentence


if __name__ == "__main__":
    sys.exit(main())
