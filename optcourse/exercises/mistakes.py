"""A mistake of a learner is an edit of the right code, and is written as one:

    mistakes(adagrad, LOOP, '''
    no-root: np.sqrt(grad_squared) + eps => grad_squared + eps
        You divide by the sum of squares itself. A square has the wrong unit: take its root first.
    squares-the-sum: grad_squared += dw * dw => grad_squared += dw
                and: np.sqrt(grad_squared) => np.sqrt(grad_squared * grad_squared)
        You add up gradients and square the sum. Square each one first, then add.
    ''')

What an edit replaces must stand exactly once in the body of the reference, or the module does not load (`last …` takes the last
of several). In it, `{name}` stands
for any name, the same one wherever it is repeated, and `…` for the rest of a line or what is between two texts. Both
may be used again in what takes its place, and `{name}` in the sentence. `no-root (same as other): …` names mistakes that
give the same numbers. Several statements on a line are parted by `;`.

A `Family` is such a text for lines that several references share: each mistake of it is made wherever its text stands.
What is no edit (another structure) is a `Misconception` with a function of its own, beside these.
"""

from __future__ import annotations

import ast
import bisect
import difflib
import functools
import inspect
import itertools
import linecache
import re
import textwrap
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

from optcourse.exercises.model import Misconception


class BadMistake(ValueError):
    """A mistake that cannot be made as it is written: where it stands, which it is, what is wrong."""


@dataclass(frozen=True)
class Entry:
    """One mistake as it is written: what follows its id, line by line, and its sentence."""

    id: str
    lines: tuple[str, ...]
    sentence: str
    same_as: tuple[str, ...] = ()


@dataclass(frozen=True)
class Edit:
    """`new` takes the place of source[start:end]."""

    start: int
    end: int
    new: str


class Mistake(Misconception):
    """A reference with edits. Its code is made when it is first asked for: a lesson has some 200 of them."""

    def __init__(self, entry: Entry, source: Source, edits: tuple[Edit, ...], sentence: str) -> None:
        for name, value in (("id", entry.id), ("sentence", sentence), ("same_as", entry.same_as)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "source", source)
        object.__setattr__(self, "edits", edits)

    @functools.cached_property
    def code(self) -> Callable:
        return self.source.edited(self.edits, self.id)

    @functools.cached_property
    def changes(self) -> tuple[Edit, ...]:
        """The edits, cut down to the words that change."""
        return tuple(small for edit in self.edits for small in _smaller(self.source.text, edit))


class Both:
    """Two mistakes of one reference at once."""

    def __init__(self, source: Source, changes: list[Edit], name: str) -> None:
        self.source, self.changes, self.name = source, changes, name

    @property
    def code(self) -> Callable:
        return self.source.edited(self.changes, self.name)

    def try_out(self, *args: Any) -> Any:
        """What `code` would return. Pairs are many, and their lines few: each line is compiled once for all pairs."""
        if self.source.flat is None:
            return self.code(*args)
        return self.source.walk(self.changes, args)


def both(one: Misconception, other: Misconception) -> Both | None:
    """Both mistakes; None where they change the same words, are no edits of one reference, or might never end together."""
    if not (isinstance(one, Mistake) and isinstance(other, Mistake) and one.source is other.source):
        return None
    if one.source.has_while:
        return None
    changes = sorted({*one.changes, *other.changes}, key=lambda edit: (edit.start, edit.end))
    for before, after in zip(changes, changes[1:], strict=False):
        if after.start < before.end or (after.start, after.end) == (before.start, before.end):
            return None
    return Both(one.source, changes, f"{one.id} and {other.id}")


class Family:
    """Mistakes of lines that several references share. `used` are the ids that were made somewhere."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.where = name, _caller()
        self.entries = _parse(text, f"{self.where}: family {name}")
        self.used: set[str] = set()

    def unused(self) -> list[str]:
        """Mistakes that no exercise has, once all lessons are loaded: their text is wrong, or they are not needed."""
        return [entry.id for entry in self.entries if entry.id not in self.used]


class Source:
    """The text of a reference, and how it is changed."""

    def __init__(self, reference: Callable, where: str, around: Mapping) -> None:
        self.where = where
        self.around = around
        self.reference = reference
        self.text = textwrap.dedent(inspect.getsource(reference))
        body = ast.parse(self.text).body[0].body
        documented = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
        self.statements = body[1:] if documented and len(body) > 1 else body
        self.lines = self.text.splitlines(keepends=True)
        self.starts = [0, *itertools.accumulate(map(len, self.lines))]
        self.body = self.starts[self.statements[0].lineno - 1]

    @functools.cached_property
    def has_while(self) -> bool:
        """A loop that goes on for as long as something holds: two edits of it, tried without a limit, may never end."""
        return any(isinstance(node, ast.While) for node in ast.walk(ast.parse(self.text)))

    @functools.cached_property
    def names(self) -> dict[str, Any]:
        """What an edit may use: all that its reference may, and all of the module that it is written in."""
        return {**self.around, **self.reference.__globals__}

    @functools.cached_property
    def flat(self) -> list[tuple[int, list[int]]] | None:
        """The lines of the body by number, and for a loop those in it; None where a statement has several lines."""
        flat = []
        for node in self.statements:
            inside = node.body if isinstance(node, ast.For) else []
            ends = node.lineno if inside else node.end_lineno
            simple = [*inside, *([] if inside else [node])]
            if ends != node.lineno or any(hasattr(n, "body") or n.lineno != n.end_lineno for n in simple):
                return None
            flat.append((node.lineno - 1, [n.lineno - 1 for n in inside]))
        return flat

    def walk(self, changes: Sequence[Edit], args: Sequence) -> Any:
        """What the changed body returns, line by line."""
        lines = self.lines.copy()
        for edit in reversed(changes):
            number = bisect.bisect_right(self.starts, edit.start) - 1
            at = self.starts[number]
            lines[number] = lines[number][: edit.start - at] + edit.new + lines[number][edit.end - at :]
        space = self.names | dict(zip(inspect.signature(self.reference).parameters, args, strict=True))
        for number, inside in self.flat:
            code, name = _line(lines[number])
            steps = [_line(lines[k]) for k in inside] or [(code, name)]
            for turn in eval(code, space) if inside else [None]:
                space[name if inside else "_"] = turn
                for step, ends in steps:
                    exec(step, space)
                    if ends == RESULT:
                        return space[RESULT]
        return None

    def find(self, old: str, known: dict[str, str]) -> list[tuple[int, int, dict[str, str]]]:
        """Where `old` stands in the body: start, end, and what its `{name}`s and its `…` stand for."""
        if old.startswith(LAST):
            return self.find(old.removeprefix(LAST), known)[-1:]
        if not WILD.search(old):
            return [(at, at + len(old), known) for at in self._places(old)]
        found = _pattern(old, known).finditer(self.text, self.body)
        return [(match.start(), match.end(), known | match.groupdict()) for match in found]

    def _places(self, old: str) -> Iterator[int]:
        """Where `old` stands as whole words."""
        at = self.text.find(old, self.body)
        while at >= 0:
            before, after = self.text[at - 1 : at], self.text[at + len(old) : at + len(old) + 1]
            if not (_word(before) and _word(old[0]) or _word(old[-1]) and _word(after)):
                yield at
            at = self.text.find(old, at + 1)

    def nothing(self, start: int, end: int) -> str:
        """What stands where a text is left out: for a whole statement, `pass`."""
        line = self.lines[bisect.bisect_right(self.starts, start) - 1]
        return "pass" if self.text[start:end] == line.strip() else ""

    def check(self, edits: Sequence[Edit], name: str) -> None:
        """BadMistake where the edited lines are not Python. Lines alone are read faster than the whole."""
        try:
            for edit in edits:
                begin = self.text.rfind("\n", 0, edit.start) + 1
                end = self.text.find("\n", edit.end)
                line = (self.text[begin : edit.start] + edit.new + self.text[edit.end : end]).strip()
                ast.parse(line + " pass" if line.endswith(":") else line)
        except SyntaxError:
            try:
                self.edited(edits, name)
            except SyntaxError as error:
                line = (error.text or "").strip()
                raise _bad(self.where, name, f"gives `{line}`, which is no Python ({error.msg})") from error

    def edited(self, edits: Sequence[Edit], name: str) -> Callable:
        """The function with the edits made. `linecache` knows its text, so that tracebacks can show it."""
        text = self.text
        for edit in sorted(edits, key=lambda edit: (edit.start, edit.end), reverse=True):
            text = text[: edit.start] + edit.new + text[edit.end :]
        filename = f"<{self.reference.__module__}.{self.reference.__name__}: {name}>"
        made: dict[str, Callable] = {}
        exec(compile(text, filename, "exec", dont_inherit=True), self.names, made)
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        return made[self.reference.__name__]


def mistakes(
    reference: Callable, *parts: str | Family, skip: Sequence[str] = ()
) -> tuple[Misconception, ...]:
    """The misconceptions that are edits of `reference`: texts and families, in the order in which they are tried.

    An id in a text takes the place of the same id in a family, and that of a later family.
    skip: ids of families that are no mistakes here.
    """
    where = _caller()
    around = inspect.currentframe().f_back.f_globals
    source = Source(reference, f"{where}: {reference.__name__}", around)
    texts = {part: _parse(part, source.where) for part in parts if isinstance(part, str)}
    own = [entry.id for entries in texts.values() for entry in entries]
    made: dict[str, Misconception] = {}
    left_out = set()
    for part in parts:
        for entry in texts[part] if isinstance(part, str) else part.entries:
            here = _make(entry, source, None if isinstance(part, str) else part)
            if here is None:
                continue
            if isinstance(part, Family) and entry.id in (*own, *skip, *made):
                left_out.add(entry.id)
                continue
            if entry.id in made:
                raise _bad(source.where, entry.id, "is there twice; give each an id of its own")
            made[entry.id] = here
            if isinstance(part, Family):
                part.used.add(entry.id)
    if unknown := set(skip) - left_out:
        raise BadMistake(f"{source.where}: skip names {sorted(unknown)}, which no family makes here")
    return tuple(made.values())


def _make(entry: Entry, source: Source, family: Family | None) -> Mistake | None:
    """The mistake in `source`; None where a family's text does not stand there."""
    edits, known = [], {}
    for line in entry.lines:
        old, new = _old_and_new(line, source.where, entry.id)
        found = source.find(old, known)
        if len(found) != 1 and family is not None:
            return None
        if len(found) != 1:
            count = "is not" if not found else f"stands {len(found)} times"
            raise _bad(source.where, entry.id, f"`{old}` {count} in the reference; it must stand there once")
        start, end, known = found[0]
        edits.append((start, end, new))
    for text, pattern in (*((new, WILD) for _, _, new in edits), (entry.sentence, NAMED)):
        for wild in pattern.finditer(text):
            if (wild[1] or "rest") not in known:
                raise _bad(
                    source.where, entry.id, f"says `{wild[0]}`, which stands for nothing in what it replaces"
                )
    done = tuple(
        Edit(start, end, _filled(new, known) or source.nothing(start, end)) for start, end, new in edits
    )
    for edit in done:
        if source.text[edit.start : edit.end] == edit.new:
            raise _bad(source.where, entry.id, f"`{edit.new}` changes nothing")
    source.check(done, entry.id)
    return Mistake(entry, source, done, _filled(entry.sentence, known, NAMED))


def wrong_values(
    reference: Callable, names: Sequence[str], text: str, given: Mapping[str, Any] | None = None
) -> tuple[Misconception, ...]:
    """The misconceptions of an exercise that asks for values. A mistake is written as the values that it leads to:

        start-not-turned: loss_turned = loss_after(np.pi / 4, START)
            Your second run starts at (−5, −2) itself. …

    The right side may use whatever the module holds that it is written in, and the names that are `given`; a value that is not
    named may be any. In a sentence `{name}` is what is given under that name.
    """
    where = f"{_caller()}: {reference.__name__}"
    made = []
    for entry in _parse(text, where):
        try:
            code = compile("\n".join(entry.lines), f"<{reference.__name__}: {entry.id}>", "exec")
        except SyntaxError as error:
            raise _bad(where, entry.id, f"gives `{error.text}`, which is no Python ({error.msg})") from error
        if not set(code.co_names) & set(names):
            raise _bad(where, entry.id, f"names none of {', '.join(names)}; write `{names[0]} = …`")
        # the module's names when they are asked for: it may define some of them further down
        around = ChainMap(dict(given or {}), inspect.currentframe().f_back.f_globals)
        values = functools.partial(_values, code, around, tuple(names))
        sentence = NAMED.sub(lambda found: str((given or {})[found[1]]), entry.sentence)
        made.append(Misconception(entry.id, sentence, values, entry.same_as))
    return tuple(made)


def _values(code: CodeType, namespace: Mapping, names: tuple[str, ...]) -> Any:
    given: dict[str, Any] = {}
    exec(code, dict(namespace), given)
    return given[names[0]] if len(names) == 1 else tuple(given.get(name) for name in names)


# -- reading a text --------------------------------------------------------------------------------

HEAD = re.compile(r"([A-Za-z0-9]+(?:-[A-Za-z0-9]+)*)(?: \(same as ([A-Za-z0-9, -]+)\))?:(?: (.*))?")
WILD = re.compile(r"\{([a-z]\w*)\}|…")
LAST = "last "
NAMED = re.compile(r"\{([a-z]\w*)\}")  # in a sentence `…` is prose


def _parse(text: str, where: str) -> tuple[Entry, ...]:
    """The mistakes of a text. A line that is not indented begins one; `and:` goes on with it; the rest is its sentence."""
    entries: list[Entry] = []
    for block in re.split(r"\n(?=\S)", textwrap.dedent(text).strip()):
        first, *more = block.splitlines()
        head = HEAD.fullmatch(first)
        if head is None:
            raise BadMistake(f"{where}: {first!r} is no beginning of a mistake; write `id: old => new`")
        name, same_as, line = head.groups()
        lines = [line or ""] + [m.strip()[4:].strip() for m in more if m.strip().startswith("and:")]
        words = " ".join(m.strip() for m in more if m.strip() and not m.strip().startswith("and:"))
        if not words:
            raise _bad(where, name, "has no sentence; write it below, indented")
        if any(entry.id == name for entry in entries):
            raise _bad(where, name, "is there twice; give each an id of its own")
        entries.append(Entry(name, tuple(lines), words, tuple(re.split(r",\s*", same_as)) if same_as else ()))
    return tuple(entries)


RESULT = "_result"


@functools.lru_cache(maxsize=8_192)
def _line(text: str) -> tuple[CodeType, str]:
    """A line to execute, and the name that it gives: RESULT where it returns; of a loop, what it goes through and its name."""
    text = text.strip()
    if loop := re.fullmatch(r"for (\w+) in (.*):", text):
        return compile(loop[2], "<line>", "eval"), loop[1]
    before, word, value = text.rpartition("return ")
    return compile(f"{before}{RESULT} = {value}" if word else text, "<line>", "exec"), RESULT if word else ""


def _old_and_new(line: str, where: str, name: str) -> tuple[str, str]:
    old, arrow, new = line.partition(" =>")
    if not arrow or not old.strip():
        raise _bad(where, name, f"has the edit `{line}`; write `old => new`")
    return old.strip(), new.strip()


def _pattern(old: str, known: dict[str, str]) -> re.Pattern:
    """`old` as a regular expression. What an earlier edit of the mistake has named means the same here."""
    parts, seen, at = [], set(known), 0
    for wild in WILD.finditer(old):
        parts.append(re.escape(old[at : wild.start()]))
        name, at = wild[1] or "rest", wild.end()
        if name in known:
            parts.append(re.escape(known[name]))
        elif name in seen:
            parts.append(f"(?P={name})")
        else:
            kind = r"\w+" if wild[1] else ".+" if at == len(old) else ".+?"
            parts.append(f"(?P<{name}>{kind})")
            seen.add(name)
    parts.append(re.escape(old[at:]))
    before = r"(?<!\w)" if _word(old[0]) or old[0] == "{" else ""
    after = r"(?!\w)" if _word(old[-1]) or old[-1] == "}" else ""
    return re.compile(before + "".join(parts) + after)


def _filled(text: str, known: dict[str, str], wild: re.Pattern = WILD) -> str:
    """The text with what its wild parts stand for."""
    return wild.sub(lambda found: known[found[1] or "rest"], text)


def _word(letter: str) -> bool:
    return letter.isalnum() or letter == "_"


def _smaller(text: str, edit: Edit) -> Iterator[Edit]:
    """An edit as edits of single words and signs."""
    words = re.compile(r"\w+|\s+|\*\*|.")
    old, new = words.findall(text[edit.start : edit.end]), words.findall(edit.new)
    places = [edit.start]
    for word in old:
        places.append(places[-1] + len(word))
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            yield Edit(places[a], places[b], "".join(new[c:d]))


def _caller() -> str:
    """The file and line where a text is handed over, from the course's folder."""
    frame = inspect.currentframe().f_back.f_back
    path = Path(frame.f_code.co_filename)
    return f"{'/'.join(path.parts[-3:])}:{frame.f_lineno}"


def _bad(where: str, name: str, what: str) -> BadMistake:
    return BadMistake(f"{where}: the mistake {name!r} {what}.")
