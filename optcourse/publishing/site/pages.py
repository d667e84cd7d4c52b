"""An executed notebook as the parts of a page: text, exercises, questions, live figures, and what search has to know.

Cells come as HTML from `publishing.rendering`; here they are put into the frames that tell a reader what is to be read,
what is to be written, and what is to be answered.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from html import escape, unescape

from nbformat import NotebookNode

from optcourse import exercises
from optcourse.checking.feedback import code_spans
from optcourse.explorers.still import still_html
from optcourse.inpage import explorer_call
from optcourse.publishing import rendering
from optcourse.publishing.execution import EXPLORER_MIME, QUESTIONS_MIME
from optcourse.publishing.site.terms import Section
from optcourse.questions.predictions import answer_text, computed_answer

HEADING = re.compile(r'<h([1-4]) id="([^"]+)">(.*?)</h\1>', re.DOTALL)
NOTEBOOK_LINK = re.compile(r'href="(\d\d_\w+)\.ipynb(#[^"]*)?"')
MINUTES = re.compile(r"about (\d+) minutes", re.IGNORECASE)
NEEDS = re.compile(r"You need:?(?:\*\*)?:?\s+(.+?)(?=\s*\*\*Time|\n\n|\Z)", re.DOTALL)
TEX = {
    r"\alpha": "α", r"\beta": "β", r"\rho": "ρ", r"\lambda": "λ", r"\kappa": "κ", r"\sigma": "σ", r"\varepsilon": "ε",
    r"\theta": "θ", r"\eta": "η", r"\gamma": "γ", r"\pi": "π", r"\nabla": "∇", r"\leftarrow": "←", r"\approx": "≈",
    r"\cdot": "·", r"\le": "≤", r"\ge": "≥", r"\to": "→", r"\infty": "∞", r"\sqrt": "√", r"\sum": "Σ", r"\times": "×",
    r"\min": "min", r"\max": "max", r"\arg": "arg", r"\ln": "ln", r"\log": "log", r"\exp": "exp", r"\cos": "cos",
}  # fmt: skip


@dataclass
class Lesson:
    """One page: a lesson as it is handed out, or with its answers."""

    name: str  # 03_gradient_descent
    solved: bool
    title: str = ""  # HTML of the heading
    body: str = ""
    contents: list[tuple[int, str, str]] = field(default_factory=list)  # level, id, HTML
    sections: list[Section] = field(default_factory=list)
    figures: dict[str, dict] = field(default_factory=dict)  # name: data, in the order of the page
    stills: dict[str, dict] = field(default_factory=dict)  # name: the same figures, not moving
    calls: dict[str, str] = field(default_factory=dict)  # name: the cell that makes it
    opening: str = ""  # the first paragraph, HTML
    minutes: int | None = None
    needs: str = ""  # HTML
    num_exercises: int = 0
    has_code: bool = False
    faults: list[str] = field(default_factory=list)

    @property
    def number(self) -> str:
        return self.name[:2]

    @property
    def plain_title(self) -> str:
        return plain(self.title)

    @property
    def short_title(self) -> str:
        """The title without its number."""
        return self.plain_title.removeprefix(self.number).strip()

    @property
    def path(self) -> str:
        return f"{'solutions' if self.solved else 'lessons'}/{self.name}.html"


def read_lesson(notebook: NotebookNode, name: str, solved: bool) -> Lesson:
    """The page of an executed notebook."""
    lesson = Lesson(name, solved)
    writer = Writer(lesson)
    for cell in notebook.cells:
        writer.add(cell)
    writer.close_box()
    lesson.body = "\n".join(writer.parts)
    return lesson


class Writer:
    """Puts cells into their frames, one after the other; an exercise's frame stays open for its check and hints."""

    def __init__(self, lesson: Lesson) -> None:
        self.lesson = lesson
        self.parts: list[str] = []
        self.exercise = ""  # the one whose frame is open
        self.asked: set[str] = set()  # names that exercises so far ask for
        self.names = rendering.Names(prefix="part")
        self.headings: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()  # of figures

    def add(self, cell: NotebookNode) -> None:
        if cell.cell_type == "markdown":
            self.close_box()
            self.add_markdown(cell)
        elif cell.cell_type == "code":
            self.lesson.has_code = True
            self.add_code(cell)

    # -- text --------------------------------------------------------------------------------------

    def add_markdown(self, cell: NotebookNode) -> None:
        lesson = self.lesson
        body = HEADING.sub(self.unique, links_to_pages(rendering.markdown_html(cell.source)))
        if not lesson.title:
            title = HEADING.search(body)
            if title is None or title[1] != "1":
                raise ValueError(f"{lesson.name}: the first cell has no '# ' heading; a page needs a title")
            lesson.title = title[3]
            body = body[: title.start()] + body[title.end() :]
            lesson.sections.append(self.section("", lesson.short_title))
            opening = re.search(r"<p>(.*?)</p>", body, re.DOTALL)
            lesson.opening = opening[1] if opening else ""
        if lesson.minutes is None and (minutes := MINUTES.search(cell.source)):
            lesson.minutes = int(minutes[1])
            if needs := NEEDS.search(cell.source):
                lesson.needs = re.sub(
                    r"^<p>|</p>\s*$", "", links_to_pages(rendering.markdown_html(needs[1].strip())).strip()
                )
        self.look_for_cut_formulas(body, cell.id)
        last = 0
        for heading in HEADING.finditer(body):
            self.note_html(body[last : heading.start()])
            lesson.contents.append((int(heading[1]), heading[2], heading[3]))
            lesson.sections.append(self.section(unescape(heading[2]), plain(heading[3])))
            last = heading.end()
        self.note_html(body[last:])
        body = re.sub(
            r"<table>.*?</table>",
            lambda m: f'<div class="scroll">{with_row_names(m[0])}</div>',
            body,
            flags=re.DOTALL,
        )
        self.parts.append(f'<div class="cell" data-cell="{escape(cell.id)}">\n{body}\n</div>')

    def unique(self, heading: re.Match) -> str:
        """A second heading with the same words gets another id; links go to the first, as in JupyterLab."""
        self.headings[heading[2]] += 1
        count = self.headings[heading[2]]
        return heading[0] if count == 1 else heading[0].replace('">', f'-{count}">', 1)

    def section(self, anchor: str, title: str) -> Section:
        lesson = self.lesson
        return Section(lesson.number, lesson.path, lesson.plain_title, anchor, title, "")

    def note_html(self, markup: str) -> None:
        """Add some HTML to the section that is being written: its words, and what is bold or code among them."""
        strong, code = (
            "\n".join(plain(words) for words in re.findall(rf"<{tag}>(.*?)</{tag}>", markup, re.DOTALL))
            for tag in ("strong", "code")
        )
        self.note_text(plain(markup), strong, code)

    def note_text(self, text: str, strong: str = "", code: str = "") -> None:
        """Add text to the section that is being written."""
        sections = self.lesson.sections
        if sections and text.strip():
            last = sections[-1]
            sections[-1] = replace(
                last,
                text=f"{last.text} {squeeze(text)}".strip(),
                strong=f"{last.strong}\n{strong}".strip(),
                code=f"{last.code}\n{code}".strip(),
            )

    def look_for_cut_formulas(self, body: str, cell: str) -> None:
        """Markdown takes a line of a formula that begins with "+ " or "- " for a list, which cuts the formula in two."""
        text = re.sub(r"<(pre|code)\b.*?</\1>", "", body, flags=re.DOTALL)
        for block in re.findall(
            r"<(?:p|li|td|h\d)(?: [^>]*)?>(.*?)(?=</?(?:p|li|td|h\d|ul|ol)\b)", text, re.DOTALL
        ):
            if block.count("$") % 2:
                words = plain(block)[-60:]
                self.lesson.faults.append(
                    f"{self.lesson.path}, cell {cell!r}: a formula is cut in two after {words!r}."
                )

    # -- code --------------------------------------------------------------------------------------

    def add_code(self, cell: NotebookNode) -> None:
        exercise = cell.metadata.get("optcourse", {}).get("exercise", "")
        name, argument = sole_call(cell.source)
        # those are the machinery, not what a reader looks for
        if name not in ("check", "hints", "predict", "quiz"):
            self.note_text(cell.source, code=cell.source)
        if exercise:
            self.open_box(exercise, cell)
            self.asked.update(exercises.get(exercise).answers)
            self.parts.append(code(cell.source, self.editable(cell, exercise)) + self.outputs(cell))
            return
        if name in ("check", "hints") and argument:
            if argument != self.exercise:
                self.open_box(argument, cell)
            self.parts.append(self.check(cell, argument) if name == "check" else self.hints(argument))
            return
        self.close_box()
        place = f'data-cell="{escape(cell.id)}"'
        found = data_of(cell, EXPLORER_MIME)
        edit = self.editable(cell) if not name and is_readers(cell.source, self.asked) else ""
        if name in ("predict", "quiz") and data_of(cell, QUESTIONS_MIME):
            self.parts.append(self.questions(cell, name, argument))
        elif found:
            self.parts.append(self.figure(cell, found, alone=bool(name), edit=edit))
        elif only_imports(cell.source):
            self.parts.append(
                f'<details class="quiet" {place}><summary>What this lesson imports</summary>{code(cell.source)}</details>'
            )
        else:
            self.parts.append(
                f'<div class="cell" {place}>{code(cell.source, edit)}{self.outputs(cell)}</div>'
            )

    def editable(self, cell: NotebookNode, exercise: str = "") -> str:
        """The mark of code that exercise.js makes an editor of."""
        marks = {"data-edit": cell.id, "data-exercise": exercise}
        return "" if self.lesson.solved else "".join(f' {k}="{escape(v)}"' for k, v in marks.items() if v)

    def open_box(self, exercise_id: str, cell: NotebookNode) -> None:
        self.close_box()
        exercise = exercises.get(exercise_id)
        self.exercise = exercise_id
        if cell.metadata.get("optcourse", {}).get("exercise"):
            self.lesson.num_exercises += 1
        points = f"{exercise.points} point{'s' if exercise.points != 1 else ''}"
        self.note_text(f"Exercise: {exercise.title}.")
        self.parts.append(
            f'<div class="box exercise" role="group" aria-label="Exercise: {escape(exercise.title)}" '
            f'data-cell="{escape(cell.id)}">\n'
            '<p class="kind"><strong><span aria-hidden="true">✎</span> Exercise</strong> '
            f"{code_spans(exercise.title)} · {points}</p>"
        )

    def close_box(self) -> None:
        if self.exercise:
            self.parts.append("</div>")
            self.exercise = ""

    def check(self, cell: NotebookNode, exercise: str) -> str:
        shown = code(cell.source)
        if self.lesson.solved:
            return shown + self.outputs(cell)
        marks = f'data-check="{escape(cell.id)}" data-of="{escape(exercise)}"'
        return (
            f'{shown}<p class="said" {marks}><strong><span aria-hidden="true">○</span> '
            "Not checked here.</strong> In the notebook this cell answers at once, and names the mistake where it can. "
            '<a href="../index.html#run">Run the notebook</a></p>'
        )

    def hints(self, exercise_id: str) -> str:
        """Each hint inside the one before: they open one at a time, with no script."""
        hints = exercises.get(exercise_id).hints
        inner = ""
        for k in range(len(hints), 0, -1):
            kept = f'data-hint="{escape(exercise_id)}" data-number="{k}"'
            words = f"<summary>Hint {k} of {len(hints)}</summary><p>{code_spans(hints[k - 1])}</p>"
            inner = f"<details {kept}>{words}{inner}</details>"
        return inner

    def questions(self, cell: NotebookNode, name: str, argument: str) -> str:
        data = data_of(cell, QUESTIONS_MIME)
        for question in data["questions"]:
            self.note_text(plain(question["question"]))
        kind, words = ("predict", "Prediction") if name == "predict" else ("quiz", "Quiz")
        # A prediction's card has its own words; a quiz has many cards.
        head = "" if name == "predict" else (
            '<p class="kind"><strong><span aria-hidden="true">✓</span> Quiz</strong> every answer is explained</p>\n'
        )  # fmt: skip
        twin = data_of(cell, "text/html")
        answers = ""
        if self.lesson.solved:
            answers = prediction_answer(argument) if name == "predict" else quiz_answers(argument)
        return (
            f'<div class="box {kind}" role="group" aria-label="{words}" data-cell="{escape(cell.id)}">\n'
            f'{head}<div data-questions="{self.names.new()}"><script type="application/json">{rendering.as_json(data)}</script>'
            f"<noscript>{twin}<p>With JavaScript you can answer here.</p></noscript></div>\n{answers}</div>"
        )

    def figure(self, cell: NotebookNode, packed: dict, alone: bool, edit: str = "") -> str:
        """A still picture with its words, in whose place site.js draws the live figure when it comes near."""
        still = packed["still"]
        packed = {key: value for key, value in packed.items() if key != "still"}
        text = json.dumps(packed, allow_nan=False)
        name = hashlib.sha256(text.encode()).hexdigest()[:16]
        self.lesson.figures[name], self.lesson.stills[name] = packed, still
        self.lesson.calls.setdefault(name, cell.id)
        caption = (
            f"<figcaption>In the notebook: <code>{escape(squeeze(cell.source))}</code></figcaption>"
            if alone
            else ""
        )
        before = "" if alone else code(cell.source, edit)
        try:
            explorer_call(cell.source)  # Python in the page makes the figure anew, from this call
        except ValueError as error:
            self.lesson.faults.append(f"{self.lesson.path}, cell {cell.id!r}: {error}.")
        address = self.address_of(packed)
        figure = figure_html(name, packed, still, address, cell.id, caption=caption)
        return f'<div class="cell" data-cell="{escape(cell.id)}">{before}{figure}</div>'

    def address_of(self, packed: dict) -> str:
        """What a link calls the figure: 03-valley, and the second of its kind 03-valley-2."""
        kind = figure_address(self.lesson, packed)
        self.kinds[kind] += 1
        return kind if self.kinds[kind] == 1 else f"{kind}-{self.kinds[kind]}"

    def outputs(self, cell: NotebookNode) -> str:
        shown = [
            unregion(links_to_pages(rendering.output_html(output))) for output in cell.get("outputs", [])
        ]
        return f'<div class="out">{"".join(shown)}</div>' if any(shown) else ""


def figure_address(lesson: Lesson, packed: dict) -> str:
    """What a link calls the first figure of its kind, by its lesson and its class: ValleyExplorer is 03-valley."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", packed["spec"]["name"].removesuffix("Explorer"))
    return "-".join([lesson.number, *words]).lower()


def figure_html(
    name: str, packed: dict, still: dict, address: str, cell: str, *, up: str = "../", caption: str = ""
) -> str:
    """The place of a figure, with its still until it is drawn: on paper, too, and where no script runs."""
    spec, panels = packed["spec"], len(packed["first"]["meta"]["frames"][0]["panels"])
    controls = len(spec["controls"])
    room = spec["height"] + 190 + 38 * ((controls + 1) // 2)
    narrow = panels * (spec["height"] + 40) + 260 + 46 * controls
    return (
        f'<figure class="live"><div class="stage" id="{address}" data-figure="{name}" data-call="{escape(cell)}" '
        f'style="--room: {room}px; --room-narrow: {narrow}px">'
        f"{still_html(still, f'{up}figures/{name}.png')}</div>{caption}</figure>"
    )


def prediction_answer(prediction_id: str) -> str:
    """The answer of a prediction, for the page with answers."""
    prediction = exercises.prediction(prediction_id)
    answer = answer_text(prediction, computed_answer(prediction))
    reveal = prediction.reveal.replace("{answer}", answer)
    return f"<details><summary>The answer</summary><p><strong>{code_spans(answer)}.</strong> {code_spans(reveal)}</p></details>"


def quiz_answers(lesson: str) -> str:
    rows = "".join(
        f"<li><strong>{code_spans(q.choices[q.right])}</strong> {code_spans(q.explanations[q.right])}</li>"
        for q in exercises.quiz(lesson).questions
    )
    return f"<details><summary>The answers</summary><ol>{rows}</ol></details>"


# -- helpers ---------------------------------------------------------------------------------------


def code(source: str, more: str = "") -> str:
    return f'<div class="code"{more}>{unregion(rendering.code_html(source))}</div>'


def unregion(text: str) -> str:
    """A landmark for every piece of code would bury the real ones; site.js makes focusable what scrolls sideways."""
    return re.sub(r'(<pre class="\w+") tabindex="0" role="region" aria-label="\w+"', r"\1", text)


def data_of(cell: NotebookNode, mime: str) -> dict | str | None:
    """The data of this kind among a cell's outputs."""
    return next((o.data[mime] for o in cell.get("outputs", []) if mime in o.get("data", {})), None)


def is_readers(source: str, asked: set[str]) -> bool:
    """Whether a cell has a blank, or calls what the reader has written: `asked` are the names that exercises ask for."""
    try:
        parts = list(ast.walk(ast.parse(source)))
    except SyntaxError:  # a cell of IPython's own language
        return False
    return any(
        isinstance(part, ast.Name)
        and part.id in asked
        or isinstance(part, ast.Constant)
        and part.value is ...
        for part in parts
    )


def sole_call(source: str) -> tuple[str, str]:
    """(function, first argument if it is a string) of a cell that is one call, or one whose result it keeps and shows."""
    try:
        statements = ast.parse(source).body
    except SyntaxError:  # a cell of IPython's own language
        return "", ""
    match statements:
        case [ast.Expr(ast.Call(ast.Name(name), arguments))]:
            pass
        case [
            ast.Assign([ast.Name(kept)], ast.Call(ast.Name(name), arguments)),
            ast.Expr(ast.Name(shown)),
        ] if kept == shown:
            pass
        case _:
            return "", ""
    match arguments:
        case [ast.Constant(str(text)), *_]:
            return name, text
    return name, ""


def only_imports(source: str) -> bool:
    try:
        statements = ast.parse(source).body
    except SyntaxError:
        return False
    return bool(statements) and all(isinstance(s, ast.Import | ast.ImportFrom) for s in statements)


def with_row_names(table: str) -> str:
    """A first column without a heading names the rows: mark it so for a screen reader."""
    corner = re.search(r"<tr>\s*<th>\s*</th>", table)
    if not corner:
        return table
    table = table.replace(corner[0], "<tr><td></td>", 1)
    return re.sub(r"<tr>\s*<td>(.+?)</td>", r'<tr><th scope="row">\1</th>', table)


def with_breaks(body: str) -> str:
    """Long names in tables may break behind an underscore, so that a table fits a telephone."""
    cell = re.compile(r"<t[dh]>.*?</t[dh]>", re.DOTALL)
    name = re.compile(r"(<code[^>]*>)([^<]*_[^<]*)(</code>)")
    return cell.sub(lambda c: name.sub(lambda m: m[1] + m[2].replace("_", "_<wbr>") + m[3], c[0]), body)


def links_to_pages(text: str) -> str:
    """Links to notebooks of the course become links to their pages."""
    return NOTEBOOK_LINK.sub(lambda m: f'href="{m[1]}.html{m[2] or ""}"', text)


def plain(markup: str) -> str:
    """The words of some HTML; simple formulas are written with letters."""
    text = unescape(
        re.sub(
            r"<[^>]+>", "", re.sub(r"<(?:script|style)\b.*?</(?:script|style)>", "", markup, flags=re.DOTALL)
        )
    )
    return squeeze(re.sub(r"\$+([^$]+)\$+", lambda m: plain_formula(m[1]), text))


def plain_formula(tex: str) -> str:
    tex = re.sub(r"\\(?:t|d)?frac\{([^{}]*)\}\{([^{}]*)\}", r"\1/\2", tex)
    # What only sets a formula in type is dropped.
    tex = re.sub(r"\\[a-zA-Z]+", lambda m: TEX.get(m[0], ""), tex)
    return re.sub(r"\\.|[{}]", "", tex)


def squeeze(text: str) -> str:
    return " ".join(text.split())


def search_entries(sections: Iterable[Section]) -> list[dict]:
    return [
        {"title": s.title, "page": s.page_title, "url": s.url, "text": s.text}
        for s in sections
        if s.text or s.title
    ]
