"""The site's files: pages from templates, with the style sheets, scripts, figures and search index that they share."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

import jinja2
import nbformat
from bs4 import BeautifulSoup

from optcourse.explorers import stage
from optcourse.lessons import BY_NUMBER, LESSONS, PARTS
from optcourse.place import WHOLE_COURSE
from optcourse.publishing import lite, rendering, vendor
from optcourse.publishing.site import pages
from optcourse.publishing.site.terms import Section, Term, find_places, read_terms
from optcourse.questions import shell

HERE = Path(__file__).parent
MARKER = ".optcourse-site"
LITE = "lite/"
TITLE = "How neural networks are trained"
DESCRIPTION = (
    "An interactive course: numeric and analytic gradients, gradient descent, SGD, Momentum, Nesterov, "
    "AdaGrad, RMSProp, Adam."
)
# What a page may load and run: the site's own files, nothing inline, nothing from elsewhere. A page opened from a folder has
# no origin, so that `file:` has to be named; on a host it allows nothing. Figures and words carry their own styles.
POLICY = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file: 'unsafe-inline'; "
    "img-src 'self' file: data:; font-src 'self' file:; base-uri 'none'; form-action 'none'"
)
# Python's worker is made of a text, the one that keeps the course is a file, and Python is WebAssembly. None lets a text run
# as a script of the page.
POLICY_WITH_PYTHON = (
    POLICY.replace("script-src 'self' file:", "script-src 'self' file: 'wasm-unsafe-eval'")
    + "; worker-src blob: 'self'"
)
SHOWCASE = "03"  # its first figure stands on the first page


def write_pages(
    folder: Path,
    executed: dict[str, nbformat.NotebookNode],
    texts: dict[str, str],
    with_lite: bool,
    python: str = "",
    colab: Mapping[str, str] = MappingProxyType({}),
) -> list[str]:
    """Every page and what it needs, below `folder`; returns what is wrong with the text.

    python: the folder with Python for the pages, below `folder`; "" where there is none.
    colab: where lessons, by name, open in Google Colab.
    """
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
    for lesson in solved:  # a lesson without a page of answers has only the other page
        lesson.body = re.sub(
            r'href="(\d\d_\w+)\.html',
            lambda m: m[0] if m[1] in there else f'href="../lessons/{m[1]}.html',
            lesson.body,
        )

    (folder / MARKER).write_text(f"Written by optcourse site. {len(lessons)} lessons.\n", encoding="utf-8")
    (folder / ".nojekyll").write_text("", encoding="utf-8")  # GitHub Pages leaves the files alone then
    sheets, scripts = write_assets(folder / "assets", with_python=bool(python))
    search = folder / "assets" / "search.js"
    write_search(search, sections, terms, glossary)
    write_licences(folder, python)
    showcase = next((lesson for lesson in lessons if lesson.number == SHOWCASE and lesson.figures), None)
    showcase = showcase or next((lesson for lesson in lessons if lesson.figures), None)
    figures = {name: data for lesson in (*lessons, *solved) for name, data in lesson.figures.items()}
    stills = {name: still for lesson in (*lessons, *solved) for name, still in lesson.stills.items()}
    write_figures(folder / "figures", figures, stills)

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
        "policy": POLICY_WITH_PYTHON if python else POLICY,
        "python": python,
        "sheets": sheets,
        "scripts": scripts,
        "theme": with_sum(folder / "assets" / "theme.js"),
        "search": with_sum(search),
        "editor": with_sum(folder / "assets" / "codemirror.js") if python else "",
        "glossary": glossary.path if glossary else "",
        "lite": f"{LITE}{lite.link('lessons/')}" if with_lite else "",
        "colab": colab,
        "clone": f"vscode://vscode.git/clone?url={quote(WHOLE_COURSE, safe='')}",
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
        parts=in_parts(lessons),
        sentences={lesson.number: lesson.sentence for lesson in LESSONS},
        showcase=showcase,
        figure=first_figure(showcase) if showcase else "",
        notebook=script_of(showcase.path, texts) if showcase else "",
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
            notebook="",
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
                notebook=script_of(lesson.path, texts),
                before=row[k - 1] if k else None,
                after=row[k + 1] if k + 1 < len(row) else None,
            )
            notebook = lesson.path.replace(".html", ".ipynb")
            (folder / notebook).write_text(texts[notebook], encoding="utf-8")
            if python:
                write_notebook(folder / script_of(lesson.path, texts), texts[notebook])
    return [fault for lesson in (*lessons, *solved) for fault in lesson.faults]


def read(executed: dict[str, nbformat.NotebookNode], name: str) -> pages.Lesson:
    return pages.read_lesson(executed[name], Path(name).stem, name.startswith("solutions/"))


def script_of(path: str, texts: Mapping[str, str]) -> str:
    """Where the notebook of a page lies as a script: a page that is opened from a folder cannot fetch the notebook itself.

    Named after its content: a page that has been open since before a build finds the cells that it shows, or none.
    """
    digest = hashlib.sha256(texts[path.replace(".html", ".ipynb")].encode()).hexdigest()
    return path.replace(".html", f".{digest[:8]}.notebook.js")


def write_notebook(path: Path, text: str) -> None:
    path.write_text(
        f"optcourse.python.lesson({json.dumps(json.loads(text), separators=(',', ':'))});\n", encoding="utf-8"
    )


def write_assets(folder: Path, *, with_python: bool) -> tuple[list[str], list[str]]:
    """Style sheets and scripts that all pages share; their addresses in the order in which a page needs them."""
    (folder / "fonts").mkdir(parents=True)
    for font in vendor.FOLDER.rglob("*.woff2"):
        shutil.copyfile(font, folder / "fonts" / font.name)
    for name in ("icon.svg", "theme.js"):
        shutil.copyfile(HERE / "static" / name, folder / name)
    if with_python:  # for cells that are edited, when one is
        shutil.copyfile(vendor.EDITOR, folder / "codemirror.js")
    sheets = {
        "katex.css": rendering.katex_css(inline=False),
        "explorer.css": stage.style() + shell.style(),
        "site.css": (HERE / "static" / "site.css").read_text(encoding="utf-8"),
    }
    scripts = {
        "katex.js": rendering.katex_script(),
        # a module would not load from a file; the function keeps its names to itself
        "live.js": f"(() => {{\n{stage.script()}\n{shell.script()}\nwindow.optcourse = {{ renderPage, askPage }};\n}})();\n",
        "site.js": "\n".join(
            (HERE / "static" / name).read_text(encoding="utf-8")
            for name in (
                "work.js",
                *(("python.js", "site.js", "exercise.js", "save.js") if with_python else ("site.js",)),
                "done.js",
                "keep.js",
            )
        ),
    }
    for name, text in (sheets | scripts).items():
        (folder / name).write_text(text, encoding="utf-8")
    return [with_sum(folder / name) for name in sheets], [with_sum(folder / name) for name in scripts]


def with_sum(path: Path) -> str:
    """Its address: no page takes what a browser has kept from the version before."""
    return f"{path.name}?{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}"


def write_licences(folder: Path, python: str) -> None:
    """What stands in the site that is not the course's own, and under which licence, in one file."""
    parts = {path.parent.name: path.read_text(encoding="utf-8") for path in vendor.FOLDER.glob("*/LICENSE")}
    if not python:
        del parts[vendor.EDITOR.parent.name]  # cells are edited only where Python runs
    else:
        parts["Python in the pages"] = (folder / python / "LICENSE.txt").read_text(encoding="utf-8")
    rule = "=" * 100
    text = "".join(f"\n{rule}\n{name}\n\n{words}" for name, words in sorted(parts.items()))
    head = f"{TITLE}: BSD-3-Clause. What its pages carry besides, each under its own licence: {', '.join(sorted(parts))}.\n"
    (folder / "assets" / "licences.txt").write_text(head + text, encoding="utf-8")


def first_figure(lesson: pages.Lesson) -> str:
    """The first figure of a lesson, on the site's first page."""
    name, packed = next(iter(lesson.figures.items()))
    address = pages.figure_address(lesson, packed)
    return pages.figure_html(name, packed, lesson.stills[name], address, lesson.calls[name], up="")


def write_figures(folder: Path, figures: dict[str, dict], stills: dict[str, dict]) -> None:
    """The frames of each figure as a script: a page opened from a file may run scripts, but not fetch data. And its still."""
    folder.mkdir()
    for name, data in figures.items():
        text = json.dumps(data, allow_nan=False, separators=(",", ":"))
        (folder / f"{name}.js").write_text(f'optcourse.figure("{name}",{text});\n', encoding="utf-8")
        (folder / f"{name}.png").write_bytes(base64.b64decode(stills[name]["png"]))


def in_parts(lessons: list[pages.Lesson]) -> list[tuple[str, list[pages.Lesson]]]:
    """The lessons under the title of their part; one that the course does not know belongs to the first."""

    def part(lesson: pages.Lesson) -> int:
        return BY_NUMBER[lesson.number].part if lesson.number in BY_NUMBER else 1

    return [(PARTS[number], list(group)) for number, group in groupby(lessons, key=part)]


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
    page = BeautifulSoup(body, "html.parser")
    for entry in page.find_all(["li", "tr"]):
        # In a row the first code is the name that the row is about.
        names = [*(entry.find_all("code", limit=1) if entry.name == "tr" else ()), *entry.find_all("strong")]
        explained = None
        for name in names:
            texts = (name.get_text(), *name.get_text().split(", "))
            found = [by_name[key] for text in texts if (key := (text, name.name == "code")) in by_name]
            anchors = list(dict.fromkeys(term.anchor for term in found))
            if not found or anchors[0] in given:
                continue
            given.update(anchors)
            name["id"] = anchors[0]
            for anchor in anchors[1:]:
                name.insert_before(page.new_tag("a", id=anchor))
            explained = explained or found[0]
        for place in explained.places if explained else ():
            if place.lesson in explained.lessons and place.anchor:
                file = place.page.rsplit("/", 1)[1]
                for link in entry.find_all("a", href=file):
                    link["href"] = f"{file}#{quote(place.anchor)}"
    return str(page)
