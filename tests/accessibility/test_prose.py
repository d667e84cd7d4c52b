"""What the lessons' own words must be for a reader who hears them: headings in order, links that say where they lead, …"""

import re
from pathlib import Path

import jupytext
import pytest

SOURCES = sorted((Path(__file__).parents[2] / "source").glob("*.py"))
DOCS = sorted((Path(__file__).parents[2] / "docs").glob("*.md"))
EMPTY_WORDS = {"here", "this", "link", "click here", "read more", "more", "this page", "this link", "page"}


def prose(path: Path) -> str:
    """The markdown of a lesson or a page, without code."""
    if path.suffix == ".md":
        text = path.read_text(encoding="utf-8")
    else:
        cells = jupytext.read(path, fmt="py:percent").cells
        text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.S | re.M)


def troubles(text: str) -> list[str]:
    """What is wrong with headings, links, pictures and tables of some markdown."""
    wrong, before = [], 0
    for marks, words in re.findall(r"^(#{1,6}) +(.*)$", text, flags=re.M):
        if len(marks) > before + 1:
            wrong.append(f"the heading “{words}” skips a level")
        before = len(marks)
        if not words.strip():
            wrong.append("a heading is empty")
    if len(re.findall(r"^# ", text, flags=re.M)) != 1:
        wrong.append("there is not exactly one title")
    for picture, words in re.findall(r"(!?)\[([^\]]*)\]\([^)]+\)", text):
        plain = re.sub(r"[*`_]", "", words).strip().lower().rstrip(".")
        if picture and len(plain.split()) < 3:
            wrong.append(f"the picture “{words}” is not described")
        elif plain in EMPTY_WORDS or not plain:
            wrong.append(f"the link “{words}” does not say where it leads")
        elif plain.startswith(("http://", "https://", "www.")):
            wrong.append(f"the link “{words}” is an address, not words")
    for tag in re.findall(r"<img\b[^>]*>", text):
        if not re.search(r'alt="[^"]+"', tag):
            wrong.append(f"{tag} has no alt text")
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if re.match(r"^\|? *:?-{2,}", line) and number and "|" in lines[number - 1]:
            head = [cell.strip() for cell in re.split(r"(?<!\\)\|", lines[number - 1].strip().strip("|"))]
            # The corner over the names of rows may stay empty; a column of data must say what it holds.
            wrong += [f"the table under “{lines[number - 1]}” has a column without a name"] * (
                not all(head[1:])
            )
    return wrong


@pytest.mark.parametrize("path", [*SOURCES, *DOCS], ids=lambda path: path.name)
def test_headings_links_pictures_and_tables(path):
    assert troubles(prose(path)) == []


def test_the_check_bites():
    text = """# A title

### Too deep

See [here](x.html), [https://example.org](https://example.org) and ![plot](plot.png) <img src="a.png">.

| name | |
|------|---|
| a    | 1 |
"""
    assert len(troubles(text)) == 6
    assert troubles("## No title") == [
        "the heading “No title” skips a level",
        "there is not exactly one title",
    ]
    assert (
        troubles(
            "# T\n\n## S\n\n[lesson 03](03.ipynb) ![a bowl seen from above](x.png)\n\n| a | b |\n|---|---|\n"
        )
        == []
    )
