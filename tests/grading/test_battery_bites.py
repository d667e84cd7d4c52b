"""The battery's own test: graders that are wrong on purpose are caught by it, each by the submission that is made for it."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from functools import partial

import pytest

from optcourse import exercises
from optcourse.grading import marking
from optcourse.grading.marking import ExerciseMark, Marks, Unreadable, grade_notebook
from tests.grading.battery import broken, honest, hostile, naive, watch
from tests.grading.battery.model import ROOT

ALL = {s.name: s for s in (*honest.SUBMISSIONS, *broken.SUBMISSIONS, *hostile.SUBMISSIONS)}


def test_the_battery_is_whole():
    count = len(honest.SUBMISSIONS) + len(broken.SUBMISSIONS) + len(hostile.SUBMISSIONS)
    assert count == len(ALL), "two submissions share a name"
    assert count >= 75
    assert {s.lesson for s in ALL.values()} >= {"01", "02", "03", "04", "05", "06", "08", "09"}
    assert all(s.why.endswith(".") for s in ALL.values())


def made_up(path, lesson, points) -> Marks:
    """Marks without a look at the submission: `points(exercise)` for each."""
    marks = tuple(
        ExerciseMark(e.id, p := points(e), e.points, "passed" if p == e.points else "failed", "")
        for e in exercises.module(lesson).EXERCISES
    )
    return Marks(lesson, 0, marks, (), 0.0)


def naive_grader(path, *, seed, lesson, limits) -> Marks:
    """The notebook, the course and the comparison in one process of the same user."""
    place = path.with_suffix(".json")
    subprocess.run(
        [sys.executable, naive.__file__, str(path), "03" if lesson is None else lesson, str(place)],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "OPTCOURSE_HOME": str(path.parent),
            **SECRET,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=30,
    )
    points = json.loads(place.read_text()) if place.exists() else {}
    return made_up(path, lesson or "03", lambda e: points.get(e.id, 0))


SECRET = {"BATTERY_SECRET": watch.SECRET}


@pytest.fixture
def hidden_are_known(outside):
    """The hidden numbers of lesson 03, which graders that draw none do not supply."""
    assert not watch.faults(ALL["solved-03"], outside)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("equals-everything", "03-best-learning-rate: 2 points, 0 are fair"),
        ("patched-numpy", "03-gradient-descent: 3 points, 0 are fair"),
        ("library-gradient-descent", "03-gradient-descent: 3 points, 0 are fair"),
        ("library-references", "03-batch-gradient-descent: 3 points, 0 are fair"),
        ("library-theory", "03-best-learning-rate: 2 points, 0 are fair"),
        ("answers-on-the-disk", "03-gradient-descent: 3 points, 0 are fair"),
        ("visible-by-heart", "03-steps-needed: 2 points, 0 are fair"),
        ("frames-and-gc", "03-steps-needed: 2 points, 0 are fair"),
        ("reads-outside", "03-gradient-descent: 0 points, 3 are fair"),
        ("secrets", "03-gradient-descent: 0 points, 3 are fair"),
        ("writes-outside", "changed outside"),
        ("sockets", "on the network"),
        ("daemon-in-a-cell", "processes left"),
        ("late-by-every-way", "processes left"),
        ("os-exit-in-a-cell", "03-gradient-descent: 0 points, 3 are fair"),
    ],
)
def test_one_process_for_all_is_caught(name, fault, outside, hidden_are_known):
    submission = dataclasses.replace(ALL[name], lesson_given=True)
    try:
        found = watch.faults(submission, outside, naive_grader)
        assert any(fault in f for f in found), found
    finally:
        outside.restore()


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("library-network", "02-two-layer-backward: 4 points, 0 are fair"),
        ("library-numeric-gradient", "01-numeric-gradient: 4 points, 0 are fair"),
        ("library-adam", "08-adamw: 3 points, 0 are fair"),
        ("library-momentum", "05-nesterov: 2 points, 0 are fair"),
        ("library-descend", "05-momentum: 3 points, 0 are fair"),
        ("library-adagrad", "06-adagrad: 4 points, 0 are fair"),
        ("library-schedule", "09-warm-up-cosine: 2 points, 0 are fair"),
    ],
)
def test_a_library_within_reach_is_caught(name, fault, outside):
    """So these tricks are real: where the course is at hand, they give the right answer."""
    submission = dataclasses.replace(ALL[name], lesson_given=True)
    lesson = submission.lesson
    assert not watch.faults(ALL[f"solved-{lesson}"], outside)
    found = watch.faults(submission, outside, naive_grader)
    assert any(fault in f for f in found), found


@pytest.mark.parametrize("name", ["writes-outside", "reads-outside"])
def test_a_grader_without_walls_is_caught(name, outside):
    try:
        assert watch.faults(ALL[name], outside, partial(grade_notebook, sandboxed=False))
    finally:
        outside.restore()


def test_a_grader_that_never_asks_hidden_cases_is_caught(outside, hidden_are_known, monkeypatch):
    monkeypatch.setattr(marking, "_final_mark", lambda submission, exercise, mark, states, seed: mark)
    assert watch.faults(ALL["visible-by-heart"], outside)
    assert watch.faults(ALL["right-on-visible-only"], outside)


def test_one_point_too_many_or_too_few_is_caught(outside, hidden_are_known):
    def off_by(points):
        def grader(path, *, seed, lesson, limits):
            marks = made_up(path, "03", lambda e: e.points)
            first = dataclasses.replace(marks.exercises[0], points=points)
            return dataclasses.replace(marks, exercises=(first, *marks.exercises[1:]))

        return grader

    assert not watch.faults(ALL["solved-03"], outside, off_by(3))
    assert watch.faults(ALL["solved-03"], outside, off_by(2))
    assert watch.faults(ALL["solved-03"], outside, off_by(4))
    assert watch.faults(ALL["blank"], outside, off_by(3))


def test_graders_that_refuse_or_fall_over_are_caught(outside, hidden_are_known):
    def refuses(path, **options):
        raise Unreadable("I do not like it")

    def falls_over(path, **options):
        raise RuntimeError("stopped")

    assert watch.faults(ALL["solved-03"], outside, refuses)
    assert watch.faults(ALL["empty-file"], outside, falls_over)
    assert watch.faults(ALL["empty-file"], outside, lambda path, **options: made_up(path, "03", lambda e: 0))


def test_a_grader_that_tells_hidden_numbers_is_caught(outside, hidden_are_known):
    number = min(watch.hidden_numbers("03"))

    def tells(path, *, seed, lesson, limits):
        marks = made_up(path, "03", lambda e: e.points)
        first = dataclasses.replace(marks.exercises[0], visible=f"Seen with w = [{number}, 1].")
        return dataclasses.replace(marks, exercises=(first, *marks.exercises[1:]))

    assert any("can be read" in f for f in watch.faults(ALL["solved-03"], outside, tells))


def test_what_a_grader_leaves_behind_is_caught(outside, hidden_are_known):
    held = []

    def leaves(what):
        def grader(path, **options):
            held.append(what())
            return made_up(path, "03", lambda e: e.points)

        return grader

    sleep = partial(subprocess.Popen, ["sleep", "60"], start_new_session=True)
    assert any("processes left" in f for f in watch.faults(ALL["solved-03"], outside, leaves(sleep)))
    held.pop().wait()
    file = leaves(partial(open, "/dev/null"))
    assert any("left open" in f for f in watch.faults(ALL["solved-03"], outside, file))
    held.pop().close()
    memory = leaves(lambda: b"x" * 400_000_000)
    assert any("grew" in f for f in watch.faults(ALL["solved-03"], outside, memory))
    held.clear()
