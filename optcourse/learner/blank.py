"""Is an answer still a blank? A blank is `...`, and it is never a mistake."""

from __future__ import annotations

import ast
import dis
import inspect
import textwrap
from collections.abc import Callable
from typing import Any


def blank_line(answer: Any) -> int | None:
    """The line at which an answer still holds `...` (1 is the first of its cell).

    0 where the line is not known; None where the answer holds no blank.
    """
    if answer is Ellipsis:
        return 0
    if not inspect.isfunction(answer):
        return None
    try:
        lines, first_line = inspect.getsourcelines(answer)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    # no source at hand, or a lambda inside an expression: ask the bytecode
    except (OSError, TypeError, SyntaxError):
        return 0 if _does_nothing(answer) else None
    dots = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr | ast.Assign | ast.Return | ast.AnnAssign)
        and isinstance(node.value, ast.Constant)
        and node.value.value is Ellipsis
    ]
    if dots:
        return max(first_line, 1) + min(dots) - 1
    return 0 if _does_nothing(answer) else None


def is_blank(answer: Any) -> bool:
    """Whether the answer still holds `...` or its body does nothing at all."""
    return blank_line(answer) is not None


def _does_nothing(function: Callable) -> bool:
    """Whether the body is empty but for a docstring, `...` or `pass`: it loads None and returns it."""
    skipped = {"RESUME", "NOP", "CACHE", "COPY_FREE_VARS", "MAKE_CELL"}
    steps = [(i.opname, i.argval) for i in dis.get_instructions(function) if i.opname not in skipped]
    return steps in ([("LOAD_CONST", None), ("RETURN_VALUE", None)], [("RETURN_CONST", None)])
