"""Behind the walls: the cells of a notebook, run as IPython runs them, with IPython's own reading of magics and shell lines.

A statement that fails because grading has no such package, no such file, or nobody to answer costs itself, not its cell.
What ended a cell, and which lines it lost, is told with line and error.
"""

from __future__ import annotations
import __future__

import ast
import builtins
import contextlib
import importlib
import inspect
import linecache
import re
import sys
import traceback

import numpy as np

from optcourse.grading.walls.stand_ins import TOUCHED, LeftOut, decorated, no_input
from optcourse.learner.limits import TimeLimit, call_with_limit

MAX_TEXT = 500
MAX_LOST = 20  # lines of a cell that failed, which the judge is told of
LOST: list[dict] = []  # lines of the cell that runs which failed by grading's fault, and cost themselves only
BUILTINS = dict(vars(builtins))
NUMPY = dict(vars(np))
MAGIC = re.compile(r"(?m)^[ \t]*([%!?,;/]|>>>|In \[)|\?[ \t\r]*$")
INLINE = re.compile(r"(?m)([:;][ \t]*)%([\w.]+)[ \t]*([^\n]*)$")
FLAGS = [0]  # of `from __future__ import`: they hold for the cells that follow, as in IPython


def begin(names, sources):
    """What all cells find: the names of the notebook, and what every notebook has at hand."""
    SHELL.know(names)
    BUILTINS["input"] = no_input
    BUILTINS["display"] = LeftOut("display")
    BUILTINS["get_ipython"] = lambda: SHELL
    BUILTINS["__left_out__"] = left_out_import
    BUILTINS["__decorated__"] = decorated
    vars(builtins).update(BUILTINS)
    if any(MAGIC.search(source) for source in sources):  # before a cell can have changed what it needs
        transformer()


def run(index, source, seconds, wall):
    """Run a cell; what ended it, if anything did. The next cells run all the same."""
    file = f"<cell {index}>"
    del LOST[:]
    try:
        call_with_limit(lambda: run_source(source, file), seconds, wall)
    except (Exception, SystemExit, TimeLimit, KeyboardInterrupt, GeneratorExit) as error:
        return told(error, file)
    finally:  # a cell's debugger and what it changes of Python's and NumPy's own functions end with it
        vars(builtins).update(BUILTINS)
        vars(np).update(NUMPY)
        sys.settrace(None)
        sys.setprofile(None)
    return None


def told(error, file):
    """An error as the judge is told of it: type, text, the line of the cell and what it says."""
    try:
        text = " ".join(str(error).split())[:MAX_TEXT]
    except Exception:  # an error of the submission's own that has no text
        text = ""
    line, source = None, ""
    if isinstance(error, SyntaxError) and error.filename == file:
        line, source, text = error.lineno, error.text or "", error.msg
    for frame, number in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename == file and frame.f_code.co_name == "<module>":
            line = number
    source = source or linecache.getline(file, line or 0)
    return {
        "type": type(error).__name__[:60],
        "text": text,
        "line": line,
        "source": source.strip()[:MAX_TEXT],
    }


def run_source(source, file):
    """Run the text of a cell as IPython does, statement by statement; the value of the last one, if it is an expression.

    A statement that fails because grading has no such package, file or person to answer costs itself, not its cell.
    """
    tree = parsed(source, file)
    future = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    for alias in (alias for node in future for alias in node.names):
        FLAGS[0] |= getattr(getattr(__future__, alias.name, None), "compiler_flag", 0)
    tree = ast.fix_missing_locations(Adapted().visit(tree))
    flags = FLAGS[0] | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    with contextlib.suppress(SyntaxError):  # it comes again where it belongs, behind the statements before it
        whole = compile(tree, file, "exec", flags, dont_inherit=True)
        if whole.co_flags & inspect.CO_COROUTINE:  # a cell with `await` runs as one
            import asyncio

            return asyncio.run(eval(whole, SHELL.names))
    value = None
    for node in tree.body:
        last = isinstance(node, ast.Expr) and node is tree.body[-1]
        part = ast.Expression(node.value) if last else ast.Module([node], [])
        code = compile(part, file, "eval" if last else "exec", flags, dont_inherit=True)
        TOUCHED.clear()
        try:
            value = eval(code, SHELL.names)
        except MemoryError:
            raise
        except Exception as error:
            if not (TOUCHED or isinstance(error, OSError | ImportError)):
                raise
            # the lessons' own cells ask for what the library would have shown
            if len(LOST) < MAX_LOST and not (TOUCHED and TOUCHED[0].startswith("optcourse")):
                LOST.append(told(error, file))
            for name in bound_by(node):
                SHELL.names.setdefault(name, LeftOut(name))
    return value


def parsed(source, file):
    """The syntax tree of a cell. Magics and shell lines are read by IPython's own rules, but only where it is not Python."""
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    read = source
    try:
        tree = ast.parse(source, file)
    except SyntaxError:  # only now: a line of plain Python may begin with %, too
        above = len(source) - len(source.lstrip("\n"))
        read = "\n" * above + transformer()(source)
        try:
            tree = ast.parse(read, file)
        except SyntaxError:
            try:
                read = INLINE.sub(_magic_call, read)
                tree = ast.parse(read, file)
            except SyntaxError:
                read = source
                ast.parse(source, file)
                raise
    finally:
        KEPT_TOOLS[file] = len(source.splitlines())
        linecache.cache[file] = (len(read), None, read.splitlines(True), file)
    return tree


def _magic_call(found):
    """`if x: %time f(x)`: no line of its own, so IPython has no rule for it."""
    return f"{found[1]}get_ipython().run_line_magic({found[2]!r}, {found[3]!r})"


def transformer():
    """IPython's own way to make Python of a cell."""
    if "transform" not in KEPT_TOOLS:
        module = importlib.import_module(
            "inputtransformer2"
        )  # IPython's file, which lies beside this one's folder
        KEPT_TOOLS["transform"] = module.TransformerManager().transform_cell
    return KEPT_TOOLS["transform"]


KEPT_TOOLS: dict = {}  # the transformer, and how many lines a cell has


class Adapted(ast.NodeTransformer):
    """A cell with a stand-in for each package that is not there, and for each decorator out of one.

    Where a `try` of the student's own waits for the failed import, it gets it.
    """

    def visit_Try(self, node):
        if not any(_waits_for_import(handler.type) for handler in node.handlers):
            return self.generic_visit(node)
        body, node.body = node.body, []
        self.generic_visit(node)
        node.body = body
        return node

    def visit_Import(self, node):
        return [
            _or_else(
                node, ast.Import([alias]), [(alias.asname or root, alias.name if alias.asname else root)]
            )
            for alias in node.names
            for root in [alias.name.partition(".")[0]]
        ]

    def visit_ImportFrom(self, node):
        if node.module == "__future__":
            return node
        named = [
            (alias.asname or alias.name, f"{node.module or '.'}.{alias.name}")
            for alias in node.names
            if alias.name != "*"
        ]
        return _or_else(node, node, named)

    def visit_FunctionDef(self, node):
        node.decorator_list = [
            ast.copy_location(ast.Call(ast.Name("__decorated__", ast.Load()), [decorator], []), decorator)
            for decorator in node.decorator_list
        ]
        return self.generic_visit(node)

    visit_AsyncFunctionDef = visit_ClassDef = visit_FunctionDef


def _waits_for_import(caught):
    """Whether an `except` is there for a failed import."""
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    waits = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
    return any(name is None or isinstance(name, ast.Name) and name.id in waits for name in names)


def _or_else(node, statement, named):
    """An import, and stand-ins for what it would bind where it fails."""

    def stand_in(name, whole):
        call = ast.Call(ast.Name("__left_out__", ast.Load()), [ast.Constant(whole)], [])
        return ast.Assign([ast.Name(name, ast.Store())], call)

    ast.copy_location(statement, node)
    instead = [stand_in(*pair) for pair in named] or [
        ast.Expr(ast.Call(ast.Name("__left_out__", ast.Load()), [ast.Constant("")], []))
    ]
    handler = ast.ExceptHandler(ast.Name("ImportError", ast.Load()), None, instead)
    made = ast.Try([statement], [handler], [], [])
    for part in (made, handler, *instead):
        ast.copy_location(part, node)
    return made


def left_out_import(name):
    """A stand-in for what could not be imported; the judge is told of the line."""
    error, frame = sys.exception(), sys._getframe(1)
    file, line = frame.f_code.co_filename, frame.f_lineno
    if len(LOST) < MAX_LOST and not any((lost["line"], lost.get("file")) == (line, file) for lost in LOST):
        source = linecache.getline(file, line).strip()[:MAX_TEXT]
        LOST.append(
            {"type": type(error).__name__, "text": str(error)[:MAX_TEXT], "line": line, "source": source}
        )
        LOST[-1]["file"] = file
    return sys.modules.get(name) or LeftOut(name)


def bound_by(statement):
    """The names that a statement binds."""
    found, todo = [], [statement]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.append(node.id)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            todo += ast.iter_child_nodes(node)
    return found


class Shell(LeftOut):
    """What `get_ipython()` gives: a magic that runs code runs it, all others do nothing."""

    def know(self, names):
        object.__setattr__(self, "names", names)

    def run_line_magic(self, name, line="", *rest, **more):
        code = re.sub(r"^(\s*--?\w[\w-]*)+\s+", "", line)
        if name.strip() in ("time", "prun", "memit"):
            return run_source(code, "<cell magic>")
        if name == "run":
            path = code.split()[0] if code.split() else ""
            with open(path, encoding="utf-8") as file:
                return run_source(file.read(), f"<cell {path}>")
        return LeftOut(f"%{name}")

    def run_cell_magic(self, name, line, body):
        if name in ("writefile", "file"):
            words = line.split()
            with open(words[-1].strip("\"'"), "a" if "-a" in words[:-1] else "w", encoding="utf-8") as file:
                file.write(body)
            importlib.invalidate_caches()
            return None
        if name in ("time", "capture", "prun", "memit"):
            words = [word for word in line.split() if not word.startswith("-")]
            if name == "capture" and words:
                self.names[words[0]] = LeftOut(words[0])
            file = sys._getframe(1).f_code.co_filename
            above = KEPT_TOOLS.get(file, 0) - len(body.splitlines())
            return run_source("\n" * above + body, file)
        return LeftOut(f"%%{name}")

    def getoutput(self, command, *rest, **more):
        return LeftOut("!" + command[:40])

    def run_cell(self, source, *rest, **more):
        return run_source(source, "<cell run>")


SHELL = Shell("get_ipython")
