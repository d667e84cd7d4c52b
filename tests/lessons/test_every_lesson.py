"""What holds for every lesson: its data stands in its text, and its text walks the walk of the course."""

from pathlib import Path

import pytest

from optcourse import exercises
from optcourse.lessons import BY_NUMBER

SOURCES = {path.name[:2]: path for path in (Path(__file__).parents[2] / "source").glob("[0-9][0-9]_*.py")}
GLOSSARY = max(SOURCES)
LESSONS = sorted(set(SOURCES) - {GLOSSARY})
PART_ONE, PART_TWO = range(10), range(11, 17)


def missing_pieces(lesson: str, text: str) -> list[str]:
    """What the lesson's module holds and its text does not show."""
    module = exercises.module(lesson)
    # The first lesson shows how a learner sees how far they are.
    wanted = [f'quiz("{lesson}")', *(["progress()"] if lesson == "00" else [])]
    for exercise in module.EXERCISES:
        wanted += [f'"exercise:{exercise.id}"', f'check("{exercise.id}"', f'hints("{exercise.id}")']
    wanted += [f'predict("{prediction.id}")' for prediction in module.PREDICTIONS]
    joined = text.replace("\n    ", "")  # a call may be folded
    return [piece for piece in wanted if piece not in joined]


def test_there_are_two_parts_and_the_glossary_is_last():
    assert LESSONS == [f"{number:02}" for number in (*PART_ONE, *PART_TWO)]
    assert SOURCES[GLOSSARY].stem.endswith("_glossary")
    for lesson in LESSONS:
        assert BY_NUMBER[lesson].part == (1 if int(lesson) in PART_ONE else 2)


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_exercise_prediction_and_quiz_stands_in_the_lesson(lesson):
    text = SOURCES[lesson].read_text(encoding="utf-8")
    assert missing_pieces(lesson, text) == []
    assert missing_pieces(lesson, text.replace("hints(", "# ")), "a text without hints must be found out"


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_walk(lesson):
    """Objectives, questions, prediction, explorers, exercises, the learner's own code, key points, quiz, references."""
    text = SOURCES[lesson].read_text(encoding="utf-8")
    module = exercises.module(lesson)
    assert len(module.EXERCISES) >= 3 and len(module.PREDICTIONS) >= 2 and module.QUIZ is not None
    for piece in (
        "you can",
        "to keep in mind",
        "minutes",
        "Key points",
        "References",
        "What next",
    ):
        assert piece.lower() in text.lower(), f"{SOURCES[lesson].name} has no {piece!r}"
    assert text.count("Explorer(") + text.count("Lab(") >= 2 and 'slide_type": "slide"' in text
