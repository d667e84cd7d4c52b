"""Behind the walls: run a submission's cells, then call its functions when the judge asks, and say what came out.

It knows no reference, no expected value, no ingredient, and no case before the cells have run: cases come one by
one over a pipe, and the callables in them ask the judge, who evaluates and counts. Whatever a submission does to
this process (patch it, replace it, write its messages), it can only change the numbers that the judge compares
outside; and it could have returned those numbers anyway. (The one thing that the judge takes on trust is whether
an argument was changed in place; a submission that hides that could as well have made a copy.)

Run as a script; the first message on standard input is the job.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import threading
import types
from signal import ITIMER_PROF, ITIMER_REAL, setitimer

MAX_TEXT = 500
STOOD: dict[
    str, list
] = {}  # by exercise: what its check was given, and all names, at the last check and at the first


class Pipe:
    """The other end of the pipes."""

    def __init__(self, read_from, write_to, largest):
        self.read_from, self.write_to, self.largest = read_from, write_to, largest
        self.heard = b""
        self.lock = threading.Lock()

    def say(self, message):
        data = wire.dumps(message)
        if len(data) > self.largest:
            raise TooLarge(f"it is {len(data):,} bytes long; {self.largest:,} are allowed")
        while data:
            data = data[os.write(self.write_to, data) :]

    def hear(self):
        return json.loads(self._message())

    def _message(self):
        heard = self.heard
        while len(heard) < 4 or len(heard) < (end := 4 + int.from_bytes(heard[:4], "big")):
            part = os.read(self.read_from, 1 << 16)
            if not part:
                os._exit(0)  # the judge has gone
            heard += part
        self.heard = heard[end:]
        return heard[4:end]

    def ask(self, question, functions=()):
        """The value of a case's callable. It may ask back for values of the functions that it was handed."""
        raised = None
        while True:
            raw = self._exchange(question)
            if raw[:1] == wire.REPLY:
                return wire.unpack_reply(raw)
            reply = json.loads(raw)
            if "yours" in reply:
                question, raised = _own_value(functions[reply["yours"]], reply["args"])
            elif "error" in reply:  # where a function of ours has raised, that was what ended it
                raise raised or (TypeError if reply["error"] == "TypeError" else ValueError)(reply["text"])
            else:
                return wire.decode(reply["value"])

    def _exchange(self, question):
        """The judge's answer. The call's clock stands still meanwhile, so no message is cut in two."""
        with self.lock:
            real, prof = setitimer(ITIMER_REAL, 0), setitimer(ITIMER_PROF, 0)
            try:
                self.say(question)
                return self._message()
            finally:
                for clock, (left, repeat) in ((ITIMER_REAL, real), (ITIMER_PROF, prof)):
                    if left or repeat:
                        setitimer(clock, max(left, 1e-4), repeat)


def _own_value(function, args):
    """What a function of the submission gives, as a message, and what it raised."""
    try:
        value = function(*[wire.decode(arg) for arg in args])
    except Exception as error:  # the judge hears that it failed; the call goes on with the error itself
        return {"raised": True}, error
    try:
        return {"value": wire.encode(_numbers(value))}, None
    except TypeError:  # the judge's callable says what it needs
        return {"value": "no numbers"}, None


class TooLarge(ValueError):
    """A message that the judge would not read."""


class Recorder:
    """A case's callable, `compute_gradient` for instance: it sends its arguments out and brings the value in."""

    def __init__(self, judge, key, asks_back):
        self._ask = (judge, key, asks_back)

    def __call__(self, *args, **kwargs):
        judge, key, asks_back = self._ask
        functions = []

        def special(thing):
            if not asks_back or not callable(thing):
                return None
            functions.append(thing)
            return {"yours": len(functions) - 1}

        for arg in (*args, *kwargs.values()):
            if type(arg) is LeftOut:
                arg.asked_for_its_value()
        sent, named = [_numbers(arg) for arg in args], {name: _numbers(arg) for name, arg in kwargs.items()}
        if (question := wire.pack_question(key, sent, named)) is None:
            try:
                question = {
                    "ask": key,
                    "args": [wire.encode(arg, special) for arg in sent],
                    "kwargs": {name: wire.encode(arg, special) for name, arg in named.items()},
                }
            except TypeError as error:
                raise TypeError(
                    f"it is called with something that is no number and no array of numbers: {error}"
                ) from None
        return judge.ask(question, functions)


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
    os.environ.pop("LD_LIBRARY_PATH", None)
    wall_in()
    judge.say({"started": True})
    job = judge.hear()
    judge.largest = job["largest"]
    names = leave_out(job["kept"])
    cells.begin(names, job["cells"])
    for index, source in enumerate(job["cells"]):
        if index in job["skip"]:
            continue
        judge.say({"cell": index})
        go = judge.hear()
        if go["seconds"] <= 0:  # the time of all cells is over
            break
        failed = cells.run(index, source, go["seconds"], go["wall"])
        if failed or cells.LOST:
            # what fills the memory, or threads that go on, would cost the answers of other cells, too
            spoilt = bool(failed) and (failed["type"] == "MemoryError" or threading.active_count() > 1)
            judge.say({"failed": failed, "lost": cells.LOST, "spoilt": spoilt})
    judge.say({"ready": True})
    while True:
        request = judge.hear()
        with as_it_stood(names, request) as scope:
            if "look" in request:
                seen = [look(scope, name, shapes) for name, shapes in request["look"]]
                judge.say({"seen": seen, "stood": differing(request, names)})
            else:
                before = threading.active_count()
                data = outcome_data(serve(judge, request, scope), job["largest"])
                judge.say({"outcome": data, "threads": threading.active_count() > before})


def wall_in():
    """Limits that the kernel keeps, once and for all."""
    import resource

    filtered = kernel_filter.install()
    for name, value in zip(sys.argv[2::2], sys.argv[3::2], strict=True):
        # RLIMIT_NPROC counts threads, too, and all of a user's; it is for where there is no filter
        # macOS refuses a limit of addresses; the command says that memory is not limited there
        refused = sys.platform == "darwin" and name == "RLIMIT_AS"
        if not refused and not (filtered and name == "RLIMIT_NPROC"):
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
    running.plain = noting(running.plain)
    sys.argv[:] = ["notebook"]
    sys.path.append(os.getcwd())  # for a module that a cell writes
    sys.meta_path.insert(0, StandIns(kept))
    main_module = sys.modules["__main__"] = types.ModuleType("__main__")
    return main_module.__dict__


def check(exercise, *answers, **options):
    """`check` in the notebook: it remembers what it was given, and all names as they stand now."""
    if type(exercise) is str and (exercise in STOOD or len(STOOD) < 100):
        state = (answers, dict(cells.SHELL.names))
        STOOD[exercise] = [state, *STOOD.get(exercise, [state])[-1:]]
    return LeftOut("optcourse.check")


# -- answers as they stood -------------------------------------------------------------------------


@contextlib.contextmanager
def as_it_stood(names, request):
    """The names for a request: the notebook's at its end, or as they were at a check, which then was given these answers."""
    states = STOOD.get(request["exercise"], [])
    if not 0 <= request.get("stood", -1) < len(states):
        yield names
        return
    answers, then = states[request["stood"]]
    now = dict(names)
    try:
        names.clear()
        names.update(then)
        yield dict(zip(request["names"], answers, strict=False))
    finally:
        then.clear()
        then.update(names)
        names.clear()
        names.update(now)


def differing(request, names):
    """Which states at a check of this exercise differ from the state at the end, as far as its answers can tell."""
    found = []
    states = STOOD.get(request["exercise"], [])
    ends = [names.get(name, STOOD) for name in request["names"]]
    for k, (answers, then) in enumerate(states):
        if k and then is states[0][1]:
            continue
        same = len(answers) == len(ends) and all(a is b for a, b in zip(answers, ends, strict=True))
        if not same or not all(_reaches_the_same(answer, then, names) for answer in answers):
            found.append(k)
    return found


def _reaches_the_same(answer, then, now):
    """Whether all globals that a function can reach are the same things in both."""
    todo, seen = [answer], set()
    while todo:
        thing = todo.pop()
        if isinstance(thing, types.FunctionType):
            for name in _names_in(thing.__code__) - seen:
                seen.add(name)
                if then.get(name, STOOD) is not now.get(name, STOOD):
                    return False
                todo.append(then.get(name))
        elif callable(thing) and not isinstance(thing, type(np.exp) | types.BuiltinFunctionType):
            return then.keys() == now.keys() and all(then[name] is now[name] for name in then)
    return True


def _names_in(code):
    found = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found |= _names_in(constant)
    return found


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


def noting(plain):
    """`plain`, which also notes that an answer hands back a stand-in."""

    def plain_and_noted(value):
        if issubclass(type(value), LeftOut):
            value.asked_for_its_value()
        return plain(value)

    return plain_and_noted


def serve(judge, request, names):
    """The outcome of one request: a call of a function, or values."""
    TOUCHED.clear()
    VALUED.clear()
    if "values" in request:
        return running.values_outcome(request["values"], [names.get(name) for name in request["values"]])

    def special(data):
        if "rng" in data:
            return np.random.default_rng(data["rng"])
        return Recorder(judge, data["ask"], data.get("back") is True)

    args, kwargs = wire.decode(request["args"], special), wire.decode(request["kwargs"], special)
    function = names[request["call"]]
    try:
        outcome = running.call(function, args, kwargs, request["seconds"], request["wall"])
    except (Exception, KeyboardInterrupt) as error:  # also an error that fails when its text is asked for
        outcome = running.Outcome(failure=running.Failure("raised", type(error).__name__))
    original = wire.decode(request["args"], special), wire.decode(request["kwargs"], special)
    outcome.changed = running.changed(*original, args, kwargs)
    library = next((name for name in TOUCHED if name.startswith("optcourse")), None)
    if used := library or next(iter(VALUED), None):
        outcome.note = running.left_out(used[:100])
        if outcome.problem or (outcome.failure and outcome.failure.kind == "raised"):
            outcome.problem, outcome.note, outcome.failure = outcome.note, "", None
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

    # before the limits, which a submission may have used up when these are asked for
    import numpy.ma
    import numpy.random

    from optcourse.grading.walls import cells, kernel_filter
    from optcourse.grading.walls.stand_ins import TOUCHED, VALUED, LeftOut, StandIn, StandIns
    from optcourse.learner import running, wire

    main()
