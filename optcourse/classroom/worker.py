"""Inside the sandbox: run a submission's cells, call its functions, say in JSON lines what came out.

Knows no reference and no expected value. Whatever a submission does to this process, it can only change
numbers that the judge (`classroom.judge`) compares outside. Run as a script, with the job's path.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import json
import linecache
import os
import re
import resource
import sys
import types

STAND_INS = "matplotlib IPython ipywidgets anywidget scipy pandas torch sklearn".split()
MAX_TEXT = 500


class LeftOutOfGrading:
    """What a submission finds where the course has something that grading leaves out: it does nothing."""

    def __init__(self, *args, **kwargs):
        pass

    def __call__(self, *args, **kwargs):
        return LeftOutOfGrading()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return LeftOutOfGrading()

    def __getitem__(self, key):
        return LeftOutOfGrading()

    def __iter__(self):
        return iter(())

    def __format__(self, spec):
        return ""


class StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds silent modules for those that are not in the sandbox; the last finder that is asked."""

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("optcourse", *STAND_INS):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        module = types.ModuleType(spec.name)
        module.__path__ = []
        module.__getattr__ = _attribute
        return module

    def exec_module(self, module):
        pass


def _attribute(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return LeftOutOfGrading()


def main(job_path: str) -> None:
    with open(job_path, encoding="utf-8") as file:
        job = json.load(file)
    for name, value in job["rlimits"].items():
        limit = getattr(resource, name)
        resource.setrlimit(limit, (value, value))
    channel = os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    sys.path[:0] = job["path"]
    sys.meta_path.append(StandIns())

    from optcourse.checking.ingredients import from_data
    from optcourse.checking.limits import TimeLimit, call_with_limit
    from optcourse.checking.model import Case
    from optcourse.checking.running import Outcome, run_case

    def say(**message):
        os.write(channel, (json.dumps(message) + "\n").encode())

    namespace = {"__name__": "__main__"}
    sys.modules["__main__"].__dict__.update(namespace)
    for index, source in enumerate(job["cells"]):
        if index in job["skip"]:
            continue
        say(cell=index)
        source = re.sub(r"(?m)^(\s*)[%!].*$", r"\1pass", source)
        file = f"<cell {index}>"
        linecache.cache[file] = (len(source), None, source.splitlines(True), file)
        try:
            code = compile(source, file, "exec")
            call_with_limit(lambda code=code: exec(code, namespace), job["cell_seconds"])
        except (Exception, SystemExit, TimeLimit, KeyboardInterrupt, GeneratorExit) as error:
            # a cell that fails costs itself only: the judge is told, the next cell runs
            say(failed=index, type=type(error).__name__[:MAX_TEXT])
    for task in job["tasks"]:
        say(task=task["id"])
        if task["kind"] == "value":
            answers = [namespace.get(name) for name in task["answers"]]
            outcomes = [values_outcome(task["answers"], answers, namespace, Outcome)]
        else:
            function = namespace.get(task["answers"][0])
            outcomes = []
            for case in task["cases"]:
                if not callable(function):
                    text = f"`{task['answers'][0]}` is not in the notebook, or is no function."
                    outcomes.append(Outcome(problem=text))
                    break
                outcomes.append(
                    run_case(
                        function,
                        Case(tuple(from_data(case["args"])), from_data(case["kwargs"])),
                        task["seconds"],
                    )
                )
                if outcomes[-1].failure and outcomes[-1].failure.kind in ("time", "stuck"):
                    break
        say(done=task["id"], outcomes=[outcome_data(outcome) for outcome in outcomes])
    say(end=True)
    os._exit(0)


def values_outcome(names, answers, namespace, outcome_type):
    from optcourse.checking.running import Unusable, plain

    outcome, values = outcome_type(), []
    for name, answer in zip(names, answers, strict=True):
        if name not in namespace:
            outcome.problem = f"`{name}` is not in the notebook."
            return outcome
        try:
            value, outcome.note = plain(answer)
        except Unusable as error:
            outcome.problem = f"`{name}`: " + str(error).replace("You returned", "it is")
            return outcome
        values.append(value)
    outcome.result = values[0] if len(values) == 1 else tuple(values)
    return outcome


def outcome_data(outcome):
    from optcourse.checking.ingredients import to_data

    failure = outcome.failure
    data = {
        "problem": outcome.problem[:MAX_TEXT],
        "counts": outcome.counts,
        "changed": list(outcome.changed),
        "failure": None
        if failure is None
        else {
            "kind": failure.kind,
            "type": failure.type[:MAX_TEXT],
            "text": failure.text[:MAX_TEXT],
            "line": failure.line,
            "source": failure.source[:MAX_TEXT],
            "advice": failure.advice[:MAX_TEXT],
        },
    }
    try:
        data["result"] = to_data(outcome.result)
        data["calls"] = {
            key: to_data([tuple(call) for call in calls]) for key, calls in outcome.calls.items()
        }
    except (TypeError, RecursionError) as error:
        data |= {"result": None, "calls": {}, "problem": f"The result cannot be compared: {error}"[:MAX_TEXT]}
    return data


if __name__ == "__main__":
    main(sys.argv[1])
