"""The lesson behind a web page: Python in the reader's browser (Pyodide), which answers what the page asks.

The page's worker (publishing/site/static/worker.js) makes one `Lesson` of the lesson's cells. A figure is made from its call in
the lesson's source, whose arguments are literals and `yours=name`; it answers by `reply`, as everywhere else. Nothing of Jupyter
is needed, or there.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import importlib.util
import io
import itertools
import json
import linecache
import symtable
import sys
import traceback
from collections.abc import Iterator
from typing import Any

from optcourse import progress
from optcourse.checking.feedback import Feedback
from optcourse.explorers.engine import Explorer

ASKED_BY_THE_PAGE = ("hints", "predict", "quiz")  # what lessons import, and what needs Jupyter
AT_ONCE = 8  # frames of a table
LONGEST = 10_000  # characters of what a cell prints
NOBODY = "nobody can be asked for a line here: write the value itself into the cell"


class Lesson:
    """The cells of a lesson, and what has come of them so far."""

    def __init__(self, cells: str) -> None:
        """`cells`: the code cells in their order, as JSON: [{"id": …, "source": …}, …]."""
        self.sources: dict[str, str] = {cell["id"]: cell["source"] for cell in json.loads(cells)}
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self.defined: set[str] = set()  # cells whose definitions are there
        self.ran: set[str] = set()  # cells that were run
        self.figures: dict[str, Explorer] = {}
        if importlib.util.find_spec("anywidget") is None:
            for name in ASKED_BY_THE_PAGE:
                vars(sys.modules[__package__]).setdefault(name, None)

    # Figures ----------------------------------------------------------------------------------------------------------

    def reply(self, cell: str, message: str) -> tuple[str, bytes] | None:
        """The answer of the figure in a cell to a message of the page. Raises ValueError where the cell has none."""
        *_, answer = self.reply_in_pieces(cell, message, None)
        return answer

    def reply_in_pieces(
        self, cell: str, message: str, at_once: int | None = AT_ONCE
    ) -> Iterator[tuple[str, bytes] | None]:
        """The same, with a break after a few frames of a table, in which a reader's check may be answered; the answer last."""
        for answer in self.figure(cell).reply_in_pieces(json.loads(message), at_once):
            yield None if answer is None else (json.dumps(answer[0], allow_nan=False), answer[1])

    def figure(self, cell: str) -> Explorer:
        """The figure of a cell, made when it is first asked for."""
        if cell not in self.figures:
            self.define_above(cell)
            name, given, yours = explorer_call(self.sources[cell])
            functions = {argument: self.names.get(function, ...) for argument, function in yours.items()}
            self.figures[cell] = self.names[name](**given, **functions)
        return self.figures[cell]

    # Cells ------------------------------------------------------------------------------------------------------------

    def run(self, cell: str, source: str) -> str:
        """Run a cell with the reader's text in place of its own, after what the cells above define or compute for it.

        The answer, as JSON: what it `printed`, its last `value` in words, or the `html` of what a check said; an `error` in a
        sentence; the `events` for the reader's progress; and the figures that are now `mended`, by their cells.
        """
        self.define_above(cell)
        before, kept = self._yours(), len(progress.events())
        said: dict[str, Any] = {"error": "", "printed": "", "value": "", "html": ""}
        printed = Printed()
        self.ran.add(cell)
        try:
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), _nobody_to_ask():
                with contextlib.redirect_stdout(io.StringIO()):  # what that prints stands in the page
                    above = list(itertools.takewhile(lambda name: name != cell, self.sources))
                    self._compute(above, source, set())
                value = self._value(cell, source)
        except (Exception, SystemExit) as error:
            said["error"] = _sentence(error, _file(cell))
        else:
            if isinstance(value, Feedback):
                said["html"] = value._repr_mimebundle_()["text/html"]
            elif value is not None and not isinstance(value, Explorer):
                said["value"] = _short(repr(value))
        said |= {"printed": _short(printed.begins, printed.length), "events": progress.events()[kept:]}
        said["mended"] = self._changed_since(before)
        for cell in said["mended"]:
            self.figures.pop(cell, None)  # made anew when it is asked for
        return json.dumps(said)

    def check(self, cell: str, source: str, check: str) -> str:
        """Run the reader's text of a cell, and the check in the cell `check`; the answer is like that of `run`."""
        ran = json.loads(self.run(cell, source))
        if ran["error"]:
            return json.dumps(ran)
        return json.dumps(json.loads(self.run(check, self.sources[check])) | {"mended": ran["mended"]})

    def replay(self, cells: str) -> str:
        """Run cells that had ended before, as JSON: [[cell, text], …]. The answer: the figures that draw what they define."""
        before = self._yours()
        for cell, source in json.loads(cells):
            self.run(cell, source)
        return json.dumps(self._changed_since(before))

    def define_above(self, cell: str) -> None:
        """What the cells above define, and the definitions of the cell itself; nothing that they call."""
        if cell not in self.sources:
            raise ValueError(f"the lesson has no cell {cell!r}")
        for name, source in self.sources.items():
            if name not in self.defined:
                self.defined.add(name)
                for statement in definitions(source):
                    if self._can_run(statement):
                        self._exec([statement], name, source)
            if name == cell:
                return

    def _compute(self, above: list[str], source: str, seen: set[str]) -> None:
        """Run those cells above that compute what a text uses, itself or in functions that it calls: as in a notebook."""
        for name in sorted(_asked(source) - seen):
            seen.add(name)
            givers = (
                cell for cell in reversed(above) if cell not in self.ran and _giving(self.sources[cell], name)
            )
            cell = next(givers, None)
            if cell is None:
                continue
            if name in self.names:
                self._compute(above, _giving(self.sources[cell], name), seen)
                continue
            self.ran.add(cell)
            self._compute(above[: above.index(cell)], self.sources[cell], seen)
            try:
                self._value(cell, self.sources[cell])
            except Exception as error:
                stopped = (
                    f"a cell above, which computes `{name}`, has stopped. {_sentence(error, _file(cell))}"
                )
                raise RuntimeError(stopped) from error

    def _can_run(self, statement: ast.stmt) -> bool:
        """Whether a plain value needs no name that only a call would have given."""
        if not isinstance(statement, ast.Assign):
            return True
        used = {part.id for part in ast.walk(statement.value) if isinstance(part, ast.Name)}
        return all(name in self.names or hasattr(builtins, name) for name in used)

    def _value(self, cell: str, source: str) -> Any:
        """Run a text; the value of its last line, where that is an expression."""
        body = ast.parse(source, _file(cell)).body
        last = body.pop().value if body and isinstance(body[-1], ast.Expr) else None
        self._exec(body, cell, source)
        return None if last is None else eval(compile(ast.Expression(last), _file(cell), "eval"), self.names)

    def _exec(self, body: list[ast.stmt], cell: str, source: str) -> None:
        # The checks take a file of this name for a learner's cell, and read its lines here.
        file = _file(cell)
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        exec(compile(ast.Module(body, []), file, "exec"), self.names)

    def _yours(self) -> dict[str, list]:
        """By cell, the reader's functions that its figure draws, as they are now."""
        names = {cell: _names_of_yours(source) for cell, source in self.sources.items() if "your" in source}
        return {cell: [self.names.get(name) for name in found] for cell, found in names.items() if found}

    def _changed_since(self, before: dict[str, list]) -> list[str]:
        # by identity: what a reader makes may say anything, or nothing, when it is asked whether it is equal
        return [
            cell for cell, now in self._yours().items() if list(map(id, now)) != list(map(id, before[cell]))
        ]


def definitions(source: str) -> list[ast.stmt]:
    """The imports, functions, classes and plain values of a cell, without its calls."""

    def kept(statement: ast.stmt) -> bool:
        if isinstance(statement, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef):
            return True
        computed = (ast.Call, ast.Subscript, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
        return isinstance(statement, ast.Assign) and not any(
            isinstance(part, computed) for part in ast.walk(statement)
        )

    return [statement for statement in ast.parse(source).body if kept(statement)]


def _asked(source: str) -> set[str]:
    """The names that a text uses and does not bind."""
    whole = symtable.symtable(source, "<cell>", "exec")
    tables, asked = [whole], set()
    for table in tables:
        tables += table.get_children()
        asked |= {
            symbol.get_name()
            for symbol in table.get_symbols()
            if symbol.is_global() and symbol.is_referenced()
        }
    return asked - {symbol.get_name() for symbol in whole.get_symbols() if symbol.is_local()}


def _giving(source: str, name: str) -> str:
    """The statements of a cell that define or compute a name; "" if none does."""

    def gives(statement: ast.stmt) -> bool:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            return statement.name == name
        parts = (part for target in getattr(statement, "targets", ()) for part in ast.walk(target))
        return isinstance(statement, ast.Assign) and any(getattr(part, "id", None) == name for part in parts)

    return "\n".join(ast.unparse(statement) for statement in ast.parse(source).body if gives(statement))


def explorer_call(source: str) -> tuple[str, dict[str, Any], dict[str, str]]:
    """(class, plain arguments, names of the reader's functions) of the figure that a cell ends with. Raises ValueError."""
    body = ast.parse(source).body
    call = body[-1].value if body and isinstance(body[-1], ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.args:
        raise ValueError(
            "the cell does not end with the call of an explorer by its name, with named arguments"
        )
    given, yours = {}, {}
    for argument in call.keywords:
        if str(argument.arg).startswith("your") and isinstance(argument.value, ast.Name):
            yours[argument.arg] = argument.value.id
        else:
            try:
                given[argument.arg] = ast.literal_eval(argument.value)
            except ValueError:
                raise ValueError(
                    f"{call.func.id}: the argument {argument.arg} is neither a plain value nor `yours=name`"
                ) from None
    return call.func.id, given, yours


def _names_of_yours(source: str) -> list[str]:
    try:
        return list(explorer_call(source)[2].values())
    except (ValueError, SyntaxError):  # no figure
        return []


def _file(cell: str) -> str:
    return f"<cell {cell}>"


def _short(text: str, length: int | None = None) -> str:
    """The beginning of a text of this length; and that it is only the beginning, where it is."""
    length = len(text) if length is None else length
    cut = f"\n… Cut here: the first {LONGEST:,} of {length:,} characters." if length > LONGEST else ""
    return text[:LONGEST] + cut


class Printed(io.TextIOBase):
    """What a cell prints: its beginning, and its length. A loop that prints for ever fills no memory."""

    def __init__(self) -> None:
        self.begins, self.length = "", 0

    def write(self, text: str) -> int:
        self.begins += text[: LONGEST - len(self.begins)]
        self.length += len(text)
        return len(text)


def _ask_nobody(*given: Any, **named: Any) -> str:
    raise io.UnsupportedOperation(NOBODY)


@contextlib.contextmanager
def _nobody_to_ask() -> Iterator[None]:
    """`input`, `help` without a name and `breakpoint` say that there is nobody, in place of waiting for ever."""
    before, sys.stdin = (sys.stdin, sys.breakpointhook), io.StringIO()
    sys.stdin.readline, sys.breakpointhook = _ask_nobody, _ask_nobody
    try:
        yield
    finally:
        sys.stdin, sys.breakpointhook = before


def _sentence(error: BaseException, file: str) -> str:
    """What went wrong, and in which line of the reader's cell."""
    line = error.lineno if isinstance(error, SyntaxError) else None
    for frame in traceback.extract_tb(error.__traceback__):
        line = frame.lineno if frame.filename == file else line
    where = f"In line {line}: " if line else ""
    if isinstance(error, SystemExit):
        said = f" It says: {_short(error.code)}" if isinstance(error.code, str) else ""
        return f"{where}`exit` has ended this cell, and nothing else.{said}"
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{where}{type(error).__name__}: {_short(text)}" if text else f"{where}{type(error).__name__}"
