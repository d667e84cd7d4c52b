"""The live figure: controls, a function from their values to a scene, and one way to talk to it.

A lesson's explorer subclasses `Explorer`, lists its `controls`, and writes `scene(**values)`; or `scenes(list of values)`,
where one batched `descend` answers a whole slider at once. The program that shows it hands each message of the front end to
`reply` and carries the answer back: a notebook over its comm (widget.py), a lecture over HTTP, a page from what was packed
ahead (page.py). Nothing here knows of a browser.
"""

from __future__ import annotations

import json
import logging
import reprlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from optcourse.explorers.controls import Control
from optcourse.explorers.packing import pack
from optcourse.explorers.patience import patient, seconds_spent
from optcourse.figures.encode import encode
from optcourse.figures.palette import DASHES, HEATS, QUANTITIES, RAMP, ROLES, SURFACES
from optcourse.figures.scene import Scene

if TYPE_CHECKING:
    from optcourse.explorers.widget import Shell

log = logging.getLogger("optcourse")
TABLE_BYTES = 3_000_000  # a larger table is not sent; single frames answer instead
TABLE_SECONDS = 10.0  # nor one in which a learner's own function would run for longer than this
LONGEST_KEY = 10_000  # a key says the values of all other controls
Values = dict[str, Any]
Reply = tuple[dict, bytes]


class Explorer:
    """A live figure with its controls. `Explorer(learning_rate=0.3)` starts at values other than the defaults.

    `yours` is the learner's own function, drawn beside the reference by the explorers that can use it.
    Raises ValueError for an unknown control or a value that it cannot take.
    """

    title: ClassVar[str] = ""
    controls: ClassVar[Sequence[Control]] = ()
    height: ClassVar[int] = 360  # of the drawing, in CSS pixels, at full width
    slide: ClassVar[
        Sequence[str]
    ] = ()  # the controls that a slide and the full screen show; the first three if not given
    # The control sweep puts a list here, and finds every explorer of a notebook in it.
    made: ClassVar[list[Explorer] | None] = None

    def __init__(self, *, yours: Any = None, **initial: Any) -> None:
        self.yours = patient(yours)
        self._by_name = {c.name: c for c in self.controls}
        self._shell: Shell | None = None
        values = {c.name: c.default for c in self.controls}
        for name, value in initial.items():
            values[name] = self.control(name).accept(value)
        self.checked(values)
        self.values = values
        self.spec = self._spec(values)
        if Explorer.made is not None:
            Explorer.made.append(self)

    # What a lesson writes -------------------------------------------------------------------------------------------

    def scene(self, **values: Any) -> Scene:
        """The scene for one setting of the controls."""
        return self.scenes([values])[0]

    def scenes(self, settings: Sequence[Values]) -> list[Scene]:
        """The scenes for many settings; override to compute them in one batch."""
        if type(self).scene is Explorer.scene:
            raise NotImplementedError(f"{type(self).__name__} must define scene() or scenes()")
        return [self.scene(**values) for values in settings]

    # What a person at the keyboard can use --------------------------------------------------------------------------

    def set(self, **values: Any) -> None:
        """Move controls from Python, as if a person had moved them."""
        merged = {**self.values, **self.accepted(values)}
        answer = self._frame(merged, key=None)
        if self._shell is not None:
            self._shell.tell(answer)

    def frame(self, **values: Any) -> Scene:
        """The scene that is shown for these values (the current ones where none is given)."""
        return self.checked({**self.values, **self.accepted(values)})

    def describe(self) -> str:
        """What is seen now, in words."""
        return self.frame().says

    def drawn_alike(self) -> str | None:
        """Figures with the same text draw the same at the same settings; None where the learner's code is drawn."""
        if any(value is not None for name, value in vars(self).items() if name.startswith("your")):
            return None
        return json.dumps([type(self).__module__, type(self).__qualname__, self.spec, self.values])

    # The conversation with a front end ------------------------------------------------------------------------------

    def reply(self, message: Any) -> Reply | None:
        """The answer to a message of the front end: words that JSON can hold, and the numbers of the picture.

        None where there is nothing to say. It sends nothing itself, and it never raises: what goes wrong is logged,
        and the answer is one sentence for the figure.
        """
        *_, reply = self.reply_in_pieces(message)
        return reply

    def reply_in_pieces(self, message: Any, at_once: int | None = None) -> Iterator[Reply | None]:
        """`reply` for who has to hear others meanwhile: a break after every `at_once` frames of a table, and the answer last."""
        try:
            yield from self._answer_in_pieces(message, at_once)
        except Exception as error:
            log.exception("explorer %s failed at %s", type(self).__name__, _brief(message))
            key = message.get("key") if isinstance(message, dict) else None
            sentence = self._sentence(error, message)
            yield {"kind": "error", "key": key if _is_key(key) else None, "sentence": sentence}, b""

    def answer(self, message: Any) -> Reply | None:
        """The same as `reply`, but what goes wrong is raised. ValueError: the message makes no sense."""
        *_, answer = self._answer_in_pieces(message)
        return answer

    def _answer_in_pieces(self, message: Any, at_once: int | None = None) -> Iterator[Reply | None]:
        if not isinstance(message, dict):
            raise ValueError(f"a message is a dictionary, not {_brief(message)}")
        kind, key, given = message.get("kind"), message.get("key"), message.get("values")
        if kind not in ("frame", "table", "values", "hello"):
            raise ValueError(f"a message asks for a frame, a table or values, not {_brief(kind)}")
        if not _is_key(key):
            raise ValueError(f"the key of a message is a short text, not {_brief(key)}")
        if kind == "hello":
            # Whoever asks wants to know whether somebody answers.
            yield {"kind": "hello", "key": key}, b""
            return
        if not isinstance(given, dict) or set(given) != set(self._by_name):
            raise ValueError(f"a message names the value of each control: {', '.join(self._by_name)}")
        values = self.accepted(given)
        if kind == "frame":
            yield self._frame(values, key)
            return
        if kind == "values":
            # The browser drew these from a table; the figure only needs to know.
            self.values = values
            yield None
            return
        name, made = message.get("control"), None
        for table in self._table_in_pieces(name, values, at_once):
            made = table
            yield None
        if made is None:
            yield {"kind": "no-table", "control": name, "key": key}, b""
        else:
            yield {"kind": "table", "control": name, "key": key}, pack(*made)

    def table(self, name: str, others: Values) -> Reply | None:
        """Every frame of one slider, the other controls staying where they are, as `pack` takes them. None: too much."""
        *_, table = self._table_in_pieces(name, others)
        return table

    def _table_in_pieces(
        self, name: str, others: Values, at_once: int | None = None
    ) -> Iterator[Reply | None]:
        control = self.control(name)
        if not control.table:
            raise ValueError(f"{name} has no table of frames")
        if self._learners_seconds(others) * len(control.values) > TABLE_SECONDS:
            yield None
            return
        settings = [{**others, name: control.accept(value)} for value in control.values]
        at_once = at_once or len(settings)
        scenes: list[Scene] = []
        for begin in range(0, len(settings), at_once):
            scenes += self.scenes(settings[begin : begin + at_once])
            yield None
        meta, data = encode(scenes)
        yield None if len(data) > TABLE_BYTES else ({"values": list(control.values), **meta}, data)

    def _frame(self, values: Values, key: str | None) -> Reply:
        meta, data = encode([self.checked(values)])
        self.values = values
        return {"kind": "frame", "values": values, "key": key, **meta}, data

    def _learners_seconds(self, values: Values) -> float:
        """How long the learner's function runs for one frame."""
        if self.yours is None:
            return 0.0
        before = seconds_spent(self.yours)
        self.scene(**values)
        return seconds_spent(self.yours) - before

    def _sentence(self, error: Exception, message: Any) -> str:
        given = message.get("values") if isinstance(message, dict) else None
        where = ""
        if isinstance(given, dict):
            shown = ", ".join(f"{_brief(name)} = {_brief(value)}" for name, value in list(given.items())[:20])
            where = f" for {shown}"
        reason = f"{type(error).__name__}: {_short(str(error))}"
        return f"This picture could not be drawn{where}: {reason}. It still shows the last one that could."

    # What the sweep and those who show a figure need ----------------------------------------------------------------

    def control(self, name: str) -> Control:
        """The control of that name. Raises ValueError."""
        if name not in self._by_name:
            raise ValueError(
                f"{type(self).__name__} has no control {_short(repr(name))}; it has {', '.join(self._by_name) or 'none'}"
            )
        return self._by_name[name]

    def accepted(self, values: Values) -> Values:
        """The values as the controls take them. Raises ValueError."""
        return {name: self.control(name).accept(value) for name, value in values.items()}

    def checked(self, values: Values) -> Scene:
        """The scene, complete in its words and limits. Raises ValueError."""
        scene = self.scene(**values)
        if problems := scene.problems():
            raise ValueError(f"{type(self).__name__} at {values}: " + "; ".join(problems))
        return scene

    def _spec(self, initial: Values) -> dict:
        return {
            "name": type(self).__name__,
            "title": self.title,
            "call": type(self).__name__,
            "slide": list(self.slide or [c.name for c in self.controls][:3]),
            "initial": initial,
            "height": self.height,
            "controls": [_control_spec(c) for c in self.controls],
            "roles": {name: list(role) for name, role in ROLES.items()},
            "dashes": {name: list(d) for name, d in DASHES.items()},
            "heats": {name: [list(light), list(dark)] for name, (light, dark) in HEATS.items()},
            "surfaces": SURFACES,
            "ramp": [list(RAMP["light"]), list(RAMP["dark"])],
            "quantities": QUANTITIES,
        }

    # In a notebook --------------------------------------------------------------------------------------------------

    @property
    def widget(self) -> Shell:
        """The figure as an ipywidget, to be put into a box with others."""
        if self._shell is None:
            from optcourse.explorers.widget import Shell

            self._shell = Shell(self)
        return self._shell

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict, dict]:
        """The live widget, and beside it a picture and words for whoever reads without a kernel."""
        from optcourse.explorers.widget import bundle

        return bundle(self, **options)


def _control_spec(control: Control) -> dict:
    spec = {
        "kind": control.kind,
        "name": control.name,
        "label": control.label or control.name,
        "default": control.default,
        "values": list(control.values),
        "table": control.table,
    }
    for extra in ("unit", "whole", "xlim", "ylim", "step", "longest"):
        if hasattr(control, extra):
            spec[extra] = getattr(control, extra)
    return spec


def _is_key(key: Any) -> bool:
    return key is None or (isinstance(key, str) and len(key) <= LONGEST_KEY)


def _short(text: str) -> str:
    return text if len(text) <= 300 else text[:300] + " …"


def _brief(value: Any, depth: int = 2) -> str:
    """A value as a sentence shows it. It came from outside, and may be anything that JSON can hold."""
    if isinstance(value, (list, tuple)) and depth:
        return "(" + ", ".join(_brief(part, depth - 1) for part in value[:20]) + ")"
    if isinstance(value, float):
        return f"{value:.4g}"
    return _short(value) if isinstance(value, str) else reprlib.repr(value)
