"""The glossary says what the code says: no name of the code is missing, and no name in it is unknown to the code."""

import dataclasses
import importlib
import inspect
import pkgutil
import re
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from optcourse import after_adam, descent, exercises, gradients, objectives, optimizers, schedules, theory
from optcourse import explorers as explorer_package
from optcourse.explorers.controls import Range
from optcourse.explorers.engine import Explorer
from optcourse.lessons import BY_NUMBER

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "source" / "99_glossary.py").read_text()
NAME = re.compile(r"`(\w+)`")


def table(heading: str) -> list[list[str]]:
    """The rows of the first table below a heading."""
    section = TEXT.split(f"# ## {heading}\n", 1)[1].split("\n# ## ", 1)[0]
    rows = [line[2:].strip("|").split("|") for line in section.splitlines() if line.startswith("# | ")]
    return [[cell.strip() for cell in row] for row in rows[1:]]


SYMBOLS = table("Symbols, and their names in the code")
OPTIMIZERS = table("Optimizers")
SCHEDULES = table("Learning rate schedules")
SYMBOL_NAMES = [name for row in SYMBOLS for name in NAME.findall(row[1])]


def optimizer_classes() -> list[type]:
    return [
        thing
        for module in (optimizers, after_adam)
        for thing in vars(module).values()
        if inspect.isclass(thing)
        and thing.__module__ == module.__name__
        and issubclass(thing, optimizers.Optimizer)
        and thing not in (optimizers.Optimizer, after_adam.MatrixOptimizer)
    ]


def hyperparameters(optimizer: type) -> list[str]:
    return [field.name for field in dataclasses.fields(optimizer)]


def state(optimizer: type) -> list[str]:
    """What it remembers. An optimizer of matrices has Adam's memory, too, for what lies in none: that is told once."""
    if issubclass(optimizer, after_adam.MatrixOptimizer):
        known = vars(optimizer(matrices=[(0, 1, 2)]).init(np.zeros(2)))
        return [name for name in known if name not in vars(after_adam.MatrixOptimizer(matrices=[(0, 1, 2)]).init(np.zeros(2)))]
    return list(vars(optimizer().init(np.zeros(2))))


def schedule_functions() -> dict:
    return {
        name: thing
        for name, thing in vars(schedules).items()
        if inspect.isfunction(thing) and inspect.signature(thing).return_annotation == schedules.Schedule
    }


def sliders() -> dict[str, set[str]]:
    """Every control's name: the lessons in which it is a slider (an empty set where it is none)."""
    found = defaultdict(set)
    for module in pkgutil.iter_modules(explorer_package.__path__):
        if not module.name.startswith("lesson_"):
            continue
        for thing in vars(importlib.import_module(f"optcourse.explorers.{module.name}")).values():
            if inspect.isclass(thing) and issubclass(thing, Explorer):
                for control in thing.controls:
                    found[control.name] |= {module.name} if isinstance(control, Range) else set()
    return found


def names_of_the_code() -> set[str]:
    """Hyperparameters, states, what a step computes, schedules, controls, arguments of functions, public names."""
    known = set(sliders()) | set(schedule_functions())
    for optimizer in optimizer_classes():
        known |= {*hyperparameters(optimizer), *state(optimizer), *optimizer.step.__code__.co_varnames}
    functions = [
        descent.descend,
        *schedule_functions().values(),
        *(e.reference for e in exercises.all_exercises()),
    ]
    for module in (theory, gradients):
        public = {name: thing for name, thing in vars(module).items() if not name.startswith("_")}
        known |= set(public)
        functions += [thing for thing in public.values() if inspect.isfunction(thing)]
    for function in functions:
        known |= set(inspect.signature(function).parameters)
    return known | {name for name in dir(objectives.Objective) if not name.startswith("_")}


@pytest.mark.parametrize("optimizer", optimizer_classes(), ids=lambda o: o.__name__)
def test_every_hyperparameter_and_state_has_its_row(optimizer):
    missing = {*hyperparameters(optimizer), *state(optimizer)} - set(SYMBOL_NAMES)
    assert not missing, f"add {sorted(missing)} to the symbol table of source/99_glossary.py"


def test_every_slider_of_two_lessons_has_its_row():
    """A slider that only one lesson has is explained there; shared words belong into the glossary."""
    missing = {name for name, lessons in sliders().items() if len(lessons) > 1} - set(SYMBOL_NAMES)
    assert not missing, f"add {sorted(missing)} to the symbol table of source/99_glossary.py"


def test_nothing_in_the_symbol_table_is_unknown_to_the_code():
    assert set(SYMBOL_NAMES) <= names_of_the_code()


def test_each_name_has_one_row_with_words():
    assert len(SYMBOL_NAMES) == len(set(SYMBOL_NAMES)) > 30
    for symbol, code, words, lesson in SYMBOLS:
        assert symbol or code, words
        assert len(words) > 10 and re.fullmatch(r"\[\d\d\]", lesson)


def test_every_number_of_a_lesson_is_a_link_to_it():
    targets = dict(re.findall(r"^# \[(\d\d)\]: (\w+)\.ipynb$", TEXT, flags=re.MULTILINE))
    assert set(re.findall(r"\[(\d\d)\]", TEXT)) == set(targets) == set(BY_NUMBER) - {"99"}
    for lesson, name in targets.items():
        assert name.startswith(lesson) and (ROOT / "source" / f"{name}.py").exists(), f"no lesson {name}"


def test_the_table_of_optimizers_is_the_code():
    written = {NAME.findall(row[0])[0]: (NAME.findall(row[1]), NAME.findall(row[2])) for row in OPTIMIZERS}
    assert written == {o.__name__: (state(o), hyperparameters(o)) for o in optimizer_classes()}


def test_the_table_of_schedules_is_the_code():
    written = {NAME.findall(row[0])[0]: NAME.findall(row[2]) for row in SCHEDULES}
    assert written == {
        name: list(inspect.signature(function).parameters) for name, function in schedule_functions().items()
    }


@pytest.mark.parametrize("row", [row for row in SYMBOLS if row[1]], ids=lambda row: row[1].strip("`"))
def test_a_name_is_used_in_the_lesson_that_the_table_sends_to(row):
    (name,), lesson = NAME.findall(row[1]), row[3][1:3]
    files = [*ROOT.glob(f"source/{lesson}_*.py"), *ROOT.glob(f"optcourse/*/lesson_{lesson}.py")]
    owners = [optimizer.__name__ for optimizer in optimizer_classes() if name in state(optimizer)]
    found = {word for file in files for word in re.findall(r"\w+", file.read_text())}
    assert found & {name, *owners}


def test_words_are_in_alphabetical_order():
    words = re.findall(r"^# - \*\*(\w[^*]*)\*\*", TEXT, flags=re.MULTILINE)
    assert len(words) > 40
    assert words == sorted(words, key=lambda word: word.lower().rstrip(","))
