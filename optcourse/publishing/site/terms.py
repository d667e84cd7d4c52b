"""The words of the course, from its glossary: where each is introduced, and where else it is used."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

WORD_LINE = re.compile(r"^- (\*\*.+)$", re.MULTILINE)
BOLD = re.compile(r"\*\*(.+?)\*\*")
LESSON = re.compile(r"\[(\d\d)\]")
NAME = re.compile(r"`([A-Za-z_]\w*)`")


@dataclass(frozen=True)
class Section:
    """A heading of a lesson with what stands below it, as plain text; the unit of search and index."""

    lesson: str
    page: str  # address from the site's root
    page_title: str
    anchor: str
    title: str
    text: str
    strong: str = ""  # the words set in bold, one a line: a word is explained where it is bold
    code: str = ""  # the code in it, in the text and in cells

    @property
    def url(self) -> str:
        return f"{self.page}#{self.anchor}" if self.anchor else self.page


@dataclass
class Term:
    """A word or a name from the code. `says` is the glossary's line; `places` one section a lesson, the first one first."""

    name: str
    is_code: bool
    says: str
    lessons: tuple[str, ...]  # that explain it, as the glossary has it
    places: list[Section] = field(default_factory=list)

    @property
    def anchor(self) -> str:
        return "term-" + re.sub(r"[^a-z0-9_]+", "-", self.name.lower()).strip("-")

    @property
    def letter(self) -> str:
        return next((c for c in self.name.upper() if c.isalpha()), "#")


def read_terms(glossary: str) -> list[Term]:
    """The terms of a glossary's markdown: bold words at the beginning of a list's lines, and names in tables."""
    terms: dict[str, Term] = {}

    def add(name: str, is_code: bool, says: str, lessons: tuple[str, ...]) -> None:
        if name in terms:  # a letter with two meanings: both sentences
            says = f"{terms[name].says}; {says}"
            lessons = tuple(dict.fromkeys((*terms[name].lessons, *lessons)))
        terms[name] = Term(name, is_code, says, lessons)

    joined = re.sub(r"\n {2,}", " ", glossary)  # a list's line may be folded
    for line in WORD_LINE.findall(joined):
        head = line.split(":", 1)[0]
        says = re.sub(r"\s*\[\d\d\],?", "", line).strip()
        for bold in BOLD.findall(head):
            for name in bold.split(", "):
                add(name, False, says, tuple(LESSON.findall(line)))
    for row in re.findall(r"^\|(.+)\|\s*$", joined, re.MULTILINE):
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", row)]
        place = next((k for k, cell in enumerate(cells[:2]) if NAME.fullmatch(cell)), None)
        if place is None or len(cells) < 3:
            continue
        lessons = tuple(LESSON.findall(cells[-1]))
        words = cells[place + 1 : -1] if lessons else cells[place + 1 :]
        add(NAME.fullmatch(cells[place])[1], True, "; ".join(word for word in words if word), lessons)
    return sorted(terms.values(), key=lambda term: (term.name.lower(), term.is_code))


def find_places(terms: list[Term], sections: list[Section]) -> None:
    """Give each term its places: one section of every lesson that uses it, the explaining lesson first."""
    for term in terms:
        pattern = re.compile(
            rf"(?<!\w){re.escape(term.name)}(?!\w)" if term.is_code else words_pattern(term.name)
        )
        best: dict[str, tuple[int, Section]] = {}
        for section in sections:
            points = how_well(pattern, section, term.is_code)
            if points and points > best.get(section.lesson, (0,))[0]:
                best[section.lesson] = points, section
        first = {number: section for number, (_, section) in best.items()}
        explaining = [first[number] for number in term.lessons if number in first]
        others = [section for number, section in first.items() if number not in term.lessons]
        # a letter means something else in every lesson
        term.places = explaining if len(term.name) == 1 else explaining + others


def how_well(pattern: re.Pattern, section: Section, is_code: bool) -> int:
    """How well a section explains a term; 0 where the term does not occur in it. The first of equal ones counts."""
    said = pattern.search(section.code if is_code else section.text)
    if not section.anchor:  # the text above the first heading announces, it does not explain
        return 1 if said else 0
    if pattern.search(section.strong):
        return 4
    if pattern.search(section.title):
        return 3
    return 2 if said else 0


def words_pattern(name: str) -> str:
    """A word in text, whatever its case, also in the plural."""
    flexible = r"[\s-]+".join(re.escape(part) for part in re.split(r"[\s-]+", name))
    return rf"(?i)(?<!\w){flexible}(?:s|es)?(?!\w)"
