"""What a finished site must not have: a link to nowhere, a picture without words, a request to another host.

The written files are read, not what made them, so nothing can slip in between.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from posixpath import normpath
from urllib.parse import unquote, urlsplit

SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
CSS_LOADS = re.compile(r"""url\(\s*["']?([^"')]+)["']?\s*\)|@import\s+["']([^"']+)["']""")
# A string that a script would ask a host for; addresses in comments and XML namespaces are none.
SCRIPT_LOADS = re.compile(
    r"""(?:fetch|import|importScripts|WebSocket|EventSource|sendBeacon|\.open|\.src\s*=|\.href\s*=)\s*\(?\s*(?:["'`]\w+["'`],\s*)?"""
    r"""["'`]((?:https?:|wss?:)?//[^"'`]+)"""
)


@dataclass
class Inspection:
    """What was found: sentences that name page and cell, and the links that lead to other hosts (never requested)."""

    faults: list[str] = field(default_factory=list)
    elsewhere: Counter[str] = field(default_factory=Counter)
    pages: int = 0


@dataclass(frozen=True)
class Use:
    """A place where a page names another file: what for, what, and the notebook cell it stands in."""

    what: str  # "link", or what is loaded: "picture", "script", "style sheet", …
    target: str
    cell: str


class Reader(HTMLParser):
    """Ids, links and loads of one page. `data-cell` on an element says which notebook cell comes from here on."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.ids: list[str] = []
        self.uses: list[Use] = []
        self.silent: list[tuple[str, str]] = []
        self.cell = ""
        self.inside = ""
        self.language = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in pairs}
        self.cell = attributes.get("data-cell", self.cell)
        self.inside = tag
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag == "img" and "alt" not in attributes:
            self.silent.append((attributes.get("src", "")[:80], self.cell))
        elif tag == "img" and not attributes["alt"].strip() and self.cell:
            # an empty alt is right for an ornament of the site, never for a picture in a lesson
            self.silent.append((attributes.get("src", "")[:80], self.cell))
        if "href" in attributes:
            what = "link" if tag in ("a", "area") else "style sheet or icon"
            self.use(what, attributes["href"])
        for name in ("src", "poster", "data", "action", "xlink:href"):
            if attributes.get(name):
                self.use({"img": "picture"}.get(tag, tag), attributes[name])
        for part in attributes.get("srcset", "").split(","):
            if part.strip():
                self.use("picture", part.split()[0])
        self.css(attributes.get("style", ""))

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""
        if tag == "main":
            self.cell = ""

    def handle_data(self, data: str) -> None:
        if self.inside == "style":
            self.css(data)
        elif self.inside == "script":
            for match in SCRIPT_LOADS.finditer(data):
                self.use("script", match[1])

    def css(self, text: str) -> None:
        for match in CSS_LOADS.finditer(text):
            self.use("style", match[1] or match[2])

    def use(self, what: str, target: str) -> None:
        self.uses.append(Use(what, target.strip(), self.cell))


def inspect(folder: Path, leave_out: tuple[str, ...] = ()) -> Inspection:
    """Read every page, style sheet and script below `folder`; folders in `leave_out` are not read."""
    found = Inspection()
    files = {
        path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()
    }
    ours = (
        {name: path for name, path in files.items() if not name.startswith(leave_out)} if leave_out else files
    )
    readers = {
        name: Reader(path.read_text(encoding="utf-8"))
        for name, path in ours.items()
        if path.suffix == ".html"
    }
    ids = {name: set(reader.ids) for name, reader in readers.items()}
    found.pages = len(readers)
    for name, reader in readers.items():
        for twice, count in Counter(reader.ids).items():
            if count > 1:
                found.faults.append(
                    f"{name}: {count} elements have the id {twice!r}, so a link to it is ambiguous."
                )
        for picture, cell in reader.silent:
            found.faults.append(f"{where(name, cell)}: the picture {picture!r} has no words (alt).")
        for use in reader.uses:
            judge(name, use, files, ids, found)
    for name, path in ours.items():
        if path.suffix == ".css":
            for match in CSS_LOADS.finditer(path.read_text(encoding="utf-8")):
                judge(name, Use("style", match[1] or match[2], ""), files, ids, found)
        elif path.suffix == ".js" and not name.startswith("figures/"):  # those hold numbers and words only
            for match in SCRIPT_LOADS.finditer(path.read_text(encoding="utf-8")):
                judge(name, Use("script", match[1], ""), files, ids, found)
    return found


def where(page: str, cell: str) -> str:
    return f"{page}, cell {cell!r}" if cell else page


def judge(page: str, use: Use, files: dict, ids: dict[str, set[str]], found: Inspection) -> None:
    """Add a sentence for what is wrong with one reference to another file."""
    target, place = use.target, where(page, use.cell)
    if target.startswith("//") or (SCHEME.match(target) and not target.startswith("data:")):
        if use.what == "link":
            found.elsewhere[target] += 1
        else:
            found.faults.append(f"{place}: a {use.what} is loaded from another host: {target}")
        return
    if target.startswith("data:"):
        return
    if target.startswith("/"):
        found.faults.append(
            f"{place}: {target!r} begins at the host's root; only relative links work below a path."
        )
        return
    parts = urlsplit(target)
    file = page
    if parts.path:
        file = normpath(str(PurePosixPath(page).parent / unquote(parts.path)))
        if target.endswith("/"):
            file = normpath(file + "/index.html")
    if file not in files:
        found.faults.append(f"{place}: {target!r} leads to a file that is not there.")
    elif parts.fragment and file in ids and unquote(parts.fragment) not in ids[file]:
        found.faults.append(f"{place}: {target!r} leads to no heading or element of {file}.")
