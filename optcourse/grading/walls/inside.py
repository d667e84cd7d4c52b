"""Behind the walls: run a submission's cells, then call its functions when the judge asks, and say what came out.

It knows no reference, no expected value, no ingredient, and no case before the cells have run: cases come one by
one over a pipe, and the callables in them ask the judge, who evaluates and counts. Whatever a submission does to
this process (patch it, replace it, write its messages), it can only change the numbers that the judge compares
outside; and it could have returned those numbers anyway. (The one thing that the judge takes on trust is whether
an argument was changed in place; a submission that hides that could as well have made a copy.)

Run as a script; the first message on standard input is the job.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import importlib.machinery
import inspect
import json
import linecache
import os
import re
import signal
import sys
import threading
import types

STAND_INS = "matplotlib mpl_toolkits IPython ipywidgets anywidget ipympl scipy pandas seaborn torch sklearn tqdm".split()
MAX_TEXT = 500
LEFT_OUT_USED: list[str] = []
HANDED_IN: dict[str, tuple] = {}  # what the notebook's own checks were given last, by exercise


class LeftOut:
    """What a submission finds where grading leaves something out: it does nothing, quietly."""

    def __init__(self, name="", *args, **kwargs):
        object.__setattr__(self, "_left_out", name if type(name) is str else "")

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return LeftOut(f"{self._left_out}.{name}")

    def __setattr__(self, name, value):
        pass

    def _nothing(self, *args, **kwargs):
        if len(LEFT_OUT_USED) < 100:
            LEFT_OUT_USED.append(self._left_out)
        return LeftOut(self._left_out)

    __call__ = __getitem__ = __enter__ = _nothing
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _nothing
    __pow__ = __rpow__ = __matmul__ = __rmatmul__ = __neg__ = __abs__ = _nothing

    def __setitem__(self, key, value):
        pass

    def __bool__(self):
        return False

    def __len__(self):
        return 0

    def __float__(self):
        return float("nan")

    def __lt__(self, other):
        return False

    __gt__ = __le__ = __ge__ = __lt__

    def __exit__(self, *error):
        return False

    def __iter__(self):
        """Empty, but for `figure, axes = plt.subplots()`: as many as there are names on the left."""
        frame = sys._getframe(1)
        code, at = frame.f_code.co_code, frame.f_lasti
        unpacked = 0 <= at < len(code) - 1 and code[at] == UNPACK
        return iter([LeftOut(self._left_out) for _ in range(code[at + 1])] if unpacked else [])

    def __format__(self, spec):
        return "…"

    def __repr__(self):
        return "…"


UNPACK = __import__("opcode").opmap["UNPACK_SEQUENCE"]


class StandIn(types.ModuleType):
    """A module that grading leaves out."""

    __path__ = ()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return LeftOut(f"{self.__name__}.{name}")


class StandIns:
    """Finds stand-ins for the modules that are left out, also where the real ones are installed."""

    def __init__(self, kept):
        self.kept = kept

    def find_spec(self, name, path=None, target=None):
        root = name.partition(".")[0]
        if root in STAND_INS or (root == "optcourse" and name not in self.kept):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return StandIn(spec.name)

    def exec_module(self, module):
        pass


class Pipe:
    """The other end of the pipes."""

    def __init__(self, read_from, write_to, largest):
        self.read_from, self.write_to, self.largest = read_from, write_to, largest
        self.lock = threading.Lock()

    def say(self, message):
        data = wire.dumps(message)
        if len(data) > self.largest:
            raise TooLarge(f"it is {len(data):,} bytes long; {self.largest:,} are allowed")
        while data:
            data = data[os.write(self.write_to, data) :]

    def hear(self):
        return json.loads(self._read(int.from_bytes(self._read(4), "big")))

    def _read(self, size):
        data = bytearray()
        while len(data) < size:
            part = os.read(self.read_from, size - len(data))
            if not part:
                os._exit(0)  # the judge has gone
            data += part
        return data

    def ask(self, key, args, kwargs):
        """The value of a case's callable. The call's clock stands still meanwhile, so no message is cut in two."""
        with self.lock:
            left, repeat = signal.setitimer(signal.ITIMER_REAL, 0)
            try:
                self.say({"ask": key, "args": args, "kwargs": kwargs})
                reply = self.hear()
            finally:
                if left or repeat:
                    signal.setitimer(signal.ITIMER_REAL, max(left, 1e-4), repeat)
        if "error" in reply:
            raise (TypeError if reply["error"] == "TypeError" else ValueError)(reply["text"])
        return wire.decode(reply["value"])


class TooLarge(ValueError):
    """A message that the judge would not read."""


class Recorder:
    """A case's callable, `compute_gradient` for instance: it sends its arguments out and brings the value in."""

    def __init__(self, judge, key):
        self._ask = (judge, key)

    def __call__(self, *args, **kwargs):
        judge, key = self._ask
        try:
            sent = [wire.encode(_numbers(arg)) for arg in args]
            named = {str(name): wire.encode(_numbers(arg)) for name, arg in kwargs.items()}
        except TypeError as error:
            raise TypeError(
                f"it is called with something that is no number and no array of numbers: {error}"
            ) from None
        return judge.ask(key, sent, named)


def _numbers(arg):
    return (
        np.array(arg) if isinstance(arg, bool | int | float | list | tuple | np.ndarray | np.generic) else arg
    )


def main():
    """Take the job, wall this process in, run the cells, then serve the judge until the pipe closes."""
    judge = Pipe(os.dup(0), os.dup(1), 1 << 30)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    wall_in()
    judge.say({"started": True})
    job = judge.hear()
    judge.largest = job["largest"]
    names = leave_out(job["kept"])
    BUILTINS["input"] = lambda prompt="": ""
    BUILTINS["display"] = LeftOut("display")
    BUILTINS["get_ipython"] = lambda: LeftOut("get_ipython")
    vars(builtins).update(BUILTINS)
    for index, source in enumerate(job["cells"]):
        if index not in job["skip"]:
            judge.say({"cell": index})
            if failed := run_cell(index, source, names, job["cell_seconds"]):
                # what fills the memory, or threads that go on, would cost the answers of other cells, too
                spoilt = failed == "MemoryError" or threading.active_count() > 1
                judge.say({"failed": failed, "spoilt": spoilt})
    judge.say({"ready": True})
    while True:
        request = judge.hear()
        scope = names
        if "handed_in" in request:
            scope = dict(zip(request["names"], HANDED_IN.get(request["handed_in"], ()), strict=False))
        if "look" in request:
            judge.say({"seen": [look(scope, name, shapes) for name, shapes in request["look"]]})
        else:
            judge.say({"outcome": outcome_data(serve(judge, request, scope), job["largest"])})


def wall_in():
    """Limits that the kernel keeps, once and for all."""
    import resource

    filtered = kernel_filter.install()
    for name, value in zip(sys.argv[2::2], sys.argv[3::2], strict=True):
        # RLIMIT_NPROC counts threads, too, and all of a user's; it is for where there is no filter
        if not (filtered and name == "RLIMIT_NPROC"):
            resource.setrlimit(getattr(resource, name), (int(value), int(value)))


def leave_out(kept):
    """Take the worker's own modules off the submission's path, put the stand-ins there; the names of a fresh `__main__`."""
    course = sys.modules["optcourse"]

    def attribute(name):
        if name.rpartition(".")[2].startswith("__"):
            raise AttributeError(name)
        whole = f"optcourse.{name}"
        if name == "check":
            return check
        return importlib.import_module(whole) if whole in kept else LeftOut(whole)

    for name in [name for name in sys.modules if name.startswith("optcourse.")]:
        del sys.modules[name]
    for room in [name for name, thing in vars(course).items() if isinstance(thing, types.ModuleType)]:
        delattr(course, room)
    course.__getattr__ = attribute
    sys.argv[:] = ["notebook"]
    sys.meta_path.insert(0, StandIns(kept))
    main_module = sys.modules["__main__"] = types.ModuleType("__main__")
    return main_module.__dict__


def check(exercise, *answers, **options):
    """`check` in the notebook: it only remembers, for who hands in an answer under a name of their own."""
    if len(HANDED_IN) < 1_000:
        HANDED_IN[exercise] = answers
    return LeftOut("optcourse.check")


BUILTINS = dict(vars(builtins))


# -- cells -----------------------------------------------------------------------------------------


def run_cell(index, source, names, seconds):
    """Run a cell; the name of the error's type where it fails. The next cells run all the same."""
    file = f"<cell {index}>"
    try:
        call_with_limit(lambda: execute(compile_cell(source, file), names), seconds)
    except (Exception, SystemExit, TimeLimit, KeyboardInterrupt, GeneratorExit) as error:
        return type(error).__name__[:60]
    finally:  # a cell's debugger and what it changes of Python's and NumPy's own functions end with it
        vars(builtins).update(BUILTINS)
        vars(np).update(NUMPY)
        sys.settrace(None)
        sys.setprofile(None)
    return None


def compile_cell(source, file):
    """The code of a cell; magics and shell lines (`%matplotlib`, `!pip`, `x = !ls`, `name?`) do nothing."""
    try:
        code = compile(source, file, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except SyntaxError:  # only now: a line of plain Python may begin with %, too
        source = "\n".join(
            re.sub(MAGIC, r"\1pass", re.sub(SHELL, r"\1''", line)) for line in source.split("\n")
        )
        code = compile(source, file, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    return code


MAGIC = re.compile(r"^([ \t]*)([%!?].*|[\w.]+\?\??[ \t]*)$")
SHELL = re.compile(r"^([ \t]*[\w.]+[ \t]*=[ \t]*)[%!].*$")


def execute(code, names):
    result = eval(code, names)
    if inspect.iscoroutine(result):  # a cell with `await`
        import asyncio

        asyncio.run(result)


# -- answers ---------------------------------------------------------------------------------------


def look(names, name, shapes):
    """What the answer of this name is, see running.Answer."""
    if name not in names:
        return {"kind": "missing"}
    answer = names[name]
    if issubclass(type(answer), LeftOut | StandIn):  # isinstance would ask the submission's own object
        return {"kind": "left out", "name": left_out_name(answer)}
    try:
        found = running.look_at(answer, shapes)
    # an object of the submission's own that fails when it is looked at: calling it will tell
    except Exception:
        return {"kind": "function" if callable(answer) else "value"}
    return {"kind": found.kind, "line": found.line, "takes": found.takes and found.takes[:MAX_TEXT]}


def left_out_name(thing):
    return (thing.__name__ if isinstance(thing, StandIn) else thing._left_out)[:100]


def serve(judge, request, names):
    """The outcome of one request: a call of a function, or values."""
    LEFT_OUT_USED.clear()
    if "values" in request:
        return running.values_outcome(request["values"], [names.get(name) for name in request["values"]])

    def special(data):
        return np.random.default_rng(data["rng"]) if "rng" in data else Recorder(judge, data["ask"])

    args, kwargs = wire.decode(request["args"], special), wire.decode(request["kwargs"], special)
    try:
        outcome = running.call(names[request["call"]], args, kwargs, request["seconds"])
    except (Exception, KeyboardInterrupt) as error:  # also an error that fails when its text is asked for
        outcome = running.Outcome(failure=running.Failure("raised", type(error).__name__))
    original = wire.decode(request["args"], special), wire.decode(request["kwargs"], special)
    outcome.changed = running.changed(*original, args, kwargs)
    used = next((name for name in LEFT_OUT_USED if name.startswith("optcourse")), None)
    if used:
        outcome.note = f"`{used[:100]}` is left out of grading: write it yourself."
    return outcome


def outcome_data(outcome, largest):
    """An outcome as a message. The judge has its own record of the calls."""
    failure = outcome.failure
    data = {
        "problem": outcome.problem[:MAX_TEXT],
        "note": outcome.note[:MAX_TEXT],
        "changed": list(outcome.changed),
        "warnings": [text[:MAX_TEXT] for text in outcome.warnings[:1]],
        "failure": failure and {k: v[:MAX_TEXT] if type(v) is str else v for k, v in vars(failure).items()},
        "result": None,
    }
    try:
        data["result"] = wire.encode(outcome.result)
        if len(json.dumps(data["result"])) > largest - 10_000:
            raise TooLarge("it is too large")
    except (TypeError, ValueError, RecursionError) as error:
        data["result"] = None
        data["problem"] = data["problem"] or f"Your result cannot be compared: {error}"[:MAX_TEXT]
    return data


if __name__ == "__main__":
    sys.path[:0] = sys.argv[1].split(os.pathsep)

    import numpy as np

    from optcourse.grading.walls import kernel_filter
    from optcourse.learner import running, wire
    from optcourse.learner.limits import TimeLimit, call_with_limit

    NUMPY = dict(vars(np))
    main()
