"""The answer to an exercise stands once, in source/: the module of answers is made from it, and exercises compare with that."""

import pytest

from optcourse import exercises
from optcourse.authoring.answers import FOLDER
from optcourse.authoring.build import main

SOURCE = '''\
# %% [markdown]
# # A lesson of answers

# %%
import math

import numpy as np

from optcourse import objectives, theory

HALF = 0.5


def given(x):
    return HALF * math.sqrt(x)


# %% tags=["exercise:07-first"]
def first(w):
    """Half a root."""
    # our own line
    ### BEGIN SOLUTION
    return given(w)
    ### END SOLUTION


# %% tags=["exercise:07-second"]
def second(w):
    ### BEGIN SOLUTION
    return [first(entry) for entry in np.array(w)] + theory.NOTHING
    ### END SOLUTION


# %% tags=["exercise:07-value"]
value = ...
### BEGIN SOLUTION
value = 3
### END SOLUTION
'''

MODULE = '''\
"""Answers of source/07_answers.py. Made by `optcourse build`: edit the source, never this file."""

import math

import numpy as np

from optcourse import theory


HALF = 0.5


def given(x):
    return HALF * math.sqrt(x)


def first(w):
    """Half a root."""
    # our own line
    return given(w)


def second(w):
    return [first(entry) for entry in np.array(w)] + theory.NOTHING
'''


@pytest.fixture
def root(tmp_path):
    (tmp_path / "source").mkdir()
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / "source" / "07_answers.py").write_text(SOURCE, encoding="utf-8")
    return tmp_path


def build(root, *options):
    return main([*options, "--root", str(root)])


def test_functions_and_what_they_use_become_a_module(root):
    assert build(root) == 0
    assert (root / FOLDER / "lesson_07.py").read_text(encoding="utf-8") == MODULE
    assert build(root, "--check") == 0


def test_an_answer_that_was_edited_or_left_behind_is_found_and_made_anew(root, capsys):
    build(root)
    made, stray = root / FOLDER / "lesson_07.py", root / FOLDER / "lesson_08.py"
    made.write_text(MODULE.replace("given(w)", "0"), encoding="utf-8")
    stray.write_text(MODULE, encoding="utf-8")
    assert build(root, "--check") == 1
    said = capsys.readouterr().err
    assert f"{FOLDER}/lesson_07.py: this is not what its source gives" in said
    assert f"{FOLDER}/lesson_08.py: there is no lesson" in said
    assert build(root) == 0 and made.read_text(encoding="utf-8") == MODULE and not stray.exists()


def test_a_name_that_nothing_defines_is_the_authors_to_mend(root, capsys):
    source = root / "source" / "07_answers.py"
    source.write_text(SOURCE.replace("return given(w)", "return gone(w)"), encoding="utf-8")
    assert build(root) == 1 and not list((root / FOLDER).iterdir())
    assert "`first` uses `gone`, which no code cell above defines" in capsys.readouterr().err


def test_a_course_without_the_package_beside_it_is_built_as_ever(root):
    (root / FOLDER).rmdir()
    assert build(root) == 0 and not (root / FOLDER).exists()


CONVERTED = ("05", "06", "07", "08")


@pytest.mark.parametrize("lesson", CONVERTED)
def test_exercises_compare_with_the_answers_of_the_source(lesson):
    for exercise in exercises.module(lesson).EXERCISES:
        if exercise.kind == "function":
            assert exercise.reference.__module__ == f"optcourse.exercises.answers.lesson_{lesson}", (
                exercise.id
            )
            assert exercise.reference.__name__ == exercise.answers[0]
