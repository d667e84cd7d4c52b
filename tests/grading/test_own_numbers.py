"""Numbers of one's own: in the notebook, in grading, and where key and name are not what they should be."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace

import pytest

import optcourse
from optcourse import exercises
from optcourse.authoring.audit import flaws
from optcourse.checking.check import ASK_FOR_NAME, check, check_exercise
from optcourse.checking.verdict import remembering, same_part
from optcourse.exercises import lesson_05, lesson_06
from optcourse.exercises.own_numbers import OF_ANOTHER, OF_THE_TEXT, Owner
from optcourse.grading.command import main
from optcourse.grading.gradebook import Gradebook
from optcourse.grading.marking import grade_notebook
from optcourse.grading.whose_numbers import GivenNumbers, numbers_to_settle, said_in, same_person

pytestmark = pytest.mark.usefixtures("own_home")

VARIED = [e for e in exercises.all_exercises() if e.numbers]
BY_ID = {"ids": lambda e: e.id}
KEY = "nn101, autumn"


def answers_of(exercise) -> tuple:
    return exercise.reference()


# -- the numbers themselves ------------------------------------------------------------------------


@pytest.mark.parametrize("exercise", VARIED, **BY_ID)
def test_two_hundred_people_have_numbers_whose_answer_passes_and_whose_neighbours_fail(exercise):
    owners = [Owner(KEY, f"Student {k}") for k in range(200)]
    places = [owner.place(exercise) for owner in owners]
    assert len(set(places)) > 0.6 * len(exercise.numbers)  # all are used
    assert places == [Owner(KEY, f" student  {k}").place(exercise) for k in range(200)]  # and again
    assert places != [Owner("another key", f"Student {k}").place(exercise) for k in range(200)]
    own = {place: owner.exercise(exercise) for owner, place in zip(owners, places, strict=True)}
    with remembering():
        _nobody_else_s_answers_pass(exercise, own)


def _nobody_else_s_answers_pass(exercise, own):
    known, told = {m.id for m in exercise.misconceptions}, []
    for k, (place, mine) in enumerate(own.items()):
        assert check_exercise(mine, *answers_of(mine)).passed
        other = exercise.with_numbers(*exercise.numbers[(place + 1 + k % 3) % len(exercise.numbers)])
        if answers_of(other) != answers_of(mine):
            feedback = check_exercise(mine, *answers_of(other))
            assert not feedback.passed
            told.append(feedback.misconception.startswith(OF_ANOTHER))
            # what a known mistake gives, too, is no sign of a copy
            assert told[-1] or mine.own == "lines" or feedback.misconception in known
            assert told[-1] == (f"These are the answers to somebody else's {mine.own}" in feedback.sentence)
        feedback = check_exercise(mine, *answers_of(exercise))
        assert feedback.misconception == OF_THE_TEXT and f"the {mine.own} of the text" in feedback.sentence
    assert exercise.own == "lines" or sum(told) > 0.8 * len(told)


@pytest.mark.parametrize("exercise", VARIED, **BY_ID)
def test_no_mistake_with_anybody_s_numbers_gives_the_answers_of_the_text(exercise):
    """Else honest work would be told as an answer to the text's question."""
    text = exercise.reference()
    for given in exercise.numbers:
        mine = exercise.with_numbers(*given)
        for mistake in mine.misconceptions:
            wrong = [r if w is None else w for r, w in zip(mine.reference(), mistake.code(), strict=True)]
            assert any(not same_part(mine, w, t) for w, t in zip(wrong, text, strict=True)), (
                given,
                mistake.id,
            )


def test_an_honest_mistake_that_is_somebody_else_s_answer_is_a_mistake():
    """Whoever takes 4 for the curvature of 4 y² has the limit of 2 y²; with half of both numbers all else is the same."""
    exercise = exercises.get("03-read-a-hessian")
    assert {(0.4, 4), (0.2, 2)} <= set(exercise.numbers)
    name = next(
        n for n in map(str, range(999)) if exercise.numbers[Owner(KEY, n).place(exercise)] == (0.4, 4)
    )
    mine = Owner(KEY, name).exercise(exercise)
    feedback = check_exercise(mine, *exercise.with_numbers(0.2, 2).reference())
    assert feedback.misconception == "limit-from-coefficient"


@pytest.mark.parametrize("exercise", [e for e in VARIED if e.own == "numbers"], **BY_ID)
def test_all_numbers_are_as_hard_as_those_of_the_text(exercise):
    """The same words, as many numbers, at most one digit more in any; and each known mistake is wrong and is told apart."""
    numbers = re.compile(r"(?<![\w²])\d[\d,.]*\d|(?<![\w²])\d")

    def digits(text):
        return [len(re.sub(r"\D", "", found)) for found in numbers.findall(text)]

    words = numbers.sub("#", exercise.statement)
    for given in exercise.numbers:
        other = exercise.with_numbers(*given)
        assert numbers.sub("#", other.statement) == words
        assert max(digits(other.statement)) <= max(digits(exercise.statement)) + 1
        assert [m.id for m in other.misconceptions] == [m.id for m in exercise.misconceptions]


def test_every_value_exercise_has_numbers_of_its_own_but_two():
    """The table of lesson 09 and the verdicts of lesson 16 are facts."""
    values = [e for e in exercises.all_exercises() if e.kind == "value"]
    assert [e.id for e in values if not e.numbers] == ["09-comparison-table", "16-claims"]
    for exercise in VARIED:
        assert len(set(exercise.numbers)) == len(exercise.numbers) >= 15


FEWEST_RIGHT = {"02-find-the-bug": 17, "06-find-the-error": 30, "08-find-the-error": 63}


@pytest.mark.parametrize("id", FEWEST_RIGHT)
def test_all_lines_ask_the_same_and_have_as_many_right_answers_as_they_can(id):
    exercise = exercises.get(id)
    others = [exercise.with_numbers(*given) for given in exercise.numbers]
    assert len({answers_of(other) for other in others} - {answers_of(exercise)}) == FEWEST_RIGHT[id]
    for other in others:
        asked = other.statement.split(" Your")[0]
        assert re.sub(r"\b[A-Z], [A-Z] and [A-Z]\b", "A, B and C", asked) == exercise.statement
        assert all(m.sentence and "{" not in m.sentence for m in other.misconceptions)
        assert len(other.hints) == 3


def test_rotations_cost_much_and_both_runs_come_down():
    for x, y, learning_rate in exercises.get("06-rotation-experiment").numbers:
        straight, turned = lesson_06.rotation_experiment(x, y, learning_rate)
        assert 1e-3 < straight < 1 and 5 * straight < turned < 0.5 * (0.1 * x * x + 2 * y * y)


def test_every_setting_circles():
    for setting in exercises.get("05-heavy-ball-cycle").numbers:
        points = lesson_05.cycle_points(*setting)
        inverse, above, below = setting
        later = sorted(lesson_05._after(inverse, above, below, k) for k in (150, 151, 152))
        assert later == pytest.approx(points, rel=1e-5) and points[0] < -1 < 0.03 < abs(points[1])
        assert points[2] - points[1] > 1


@pytest.mark.parametrize("exercise", VARIED, **BY_ID)
def test_every_set_of_numbers_makes_a_fit_exercise(exercise):
    for given in exercise.numbers[:: len(exercise.numbers) // 2]:
        assert flaws(exercise.with_numbers(*given)) == []
    for given in exercise.numbers:
        other = exercise.with_numbers(*given)
        right = other.reference()
        with remembering():
            for mistake in other.misconceptions:
                wrong = [r if w is None else w for w, r in zip(mistake.code(), right, strict=True)]
                feedback = check_exercise(other, *wrong)
                assert not feedback.passed and feedback.misconception in (mistake.id, *mistake.same_as)


# -- in the notebook -------------------------------------------------------------------------------


def test_without_a_key_all_is_as_it_was(own_home):
    assert check("03-read-a-hessian", 20, 0.5, 4.472).passed
    assert "Numbers of" not in str(check("03-read-a-hessian", ..., ..., ...))


def test_with_a_key_the_check_asks_for_the_name_once_and_states_the_numbers(own_home, capsys):
    (own_home / "course-key.txt").write_text(KEY + "\n")
    asked = check("03-read-a-hessian", 20, 0.5, 4.472)
    assert asked.status == "not started" and asked.sentence == ASK_FOR_NAME
    optcourse.my_name("Ada Lovelace")
    assert "Your numbers are those of Ada Lovelace" in capsys.readouterr().out
    owner = Owner(KEY, "Ada Lovelace")
    own = owner.exercise(exercises.get("03-read-a-hessian"))
    blank = check("03-read-a-hessian", ..., ..., ...)
    assert owner.line(own) in str(blank) and f"Numbers of Ada Lovelace ({owner.code}). For the loss" in str(
        blank
    )
    feedback = check("03-read-a-hessian", 20, 0.5, 4.472)
    assert not feedback.passed and feedback.misconception == OF_THE_TEXT
    passed = check("03-read-a-hessian", *answers_of(own))
    assert passed.passed and owner.line(own) in str(passed)
    assert check("08-adam", ...).status == "not started" and "Numbers of" not in str(check("08-adam", ...))
    assert str(own.hints[1]) != str(exercises.get("03-read-a-hessian").hints[1])


@pytest.mark.parametrize("text", ["", "one\ntwo\n", "x" * 300])
def test_a_key_file_that_is_no_key_is_said(own_home, text):
    (own_home / "course-key.txt").write_text(text)
    feedback = check("05-memory", 10, 6.58, 10)
    assert feedback.status == "error" and "it must hold the course key, one line" in feedback.sentence


@pytest.mark.parametrize("name", ["", "  ", 7, "a\nb", "x" * 81])
def test_a_name_that_is_none_is_not_kept(own_home, name, capsys):
    optcourse.my_name(name)
    assert "Write your name between quotes" in capsys.readouterr().out
    (own_home / "course-key.txt").write_text(KEY)
    assert check("05-memory", 10, 6.58, 10).sentence == ASK_FOR_NAME


# -- in grading ------------------------------------------------------------------------------------

LESSON = "05"
EXERCISE = exercises.get("05-memory")


def handed_in(answers, said: str = "", typed: str = "") -> bytes:
    names = ", ".join(EXERCISE.answers)
    sources = [f'import optcourse\noptcourse.my_name("{typed}")'] if typed else []
    sources += [f"{names} = {tuple(map(float, answers))!r}", f'check("05-memory", {names})']
    cells = [{"cell_type": "code", "source": source, "outputs": []} for source in sources]
    if said:
        cells[-1]["outputs"] = [
            {"output_type": "execute_result", "data": {"text/plain": ["○ Not\n", f"{said}"]}}
        ]
    return json.dumps({"cells": cells, "nbformat": 4}).encode()


def marked(data: bytes, key: str | None, *names: str):
    marks = grade_notebook(data, seed=1, lesson=LESSON, sandboxed=False, numbers=GivenNumbers(key, names))
    return next(m for m in marks.exercises if m.id == EXERCISE.id), [
        t for t in marks.trouble if "own numbers" in t
    ]


def line_of(name: str, key: str = KEY) -> str:
    owner = Owner(key, name)
    return owner.line(owner.exercise(EXERCISE))


def own_answers(name: str, key: str = KEY) -> tuple:
    return Owner(key, name).exercise(EXERCISE).reference()


def test_the_name_that_the_notebook_says_counts_and_the_mark_says_whose_numbers_they_were():
    mark, to_settle = marked(handed_in(own_answers("Ada Lovelace"), line_of("Ada Lovelace")), KEY, "ada")
    assert mark.status == "passed" and "Numbers of Ada Lovelace (" in mark.visible and not to_settle


def test_honest_work_under_another_name_has_its_points_and_a_person_is_told():
    mark, [to_settle] = marked(handed_in(own_answers("Ada King"), line_of("Ada King")), KEY, "lovelace7")
    assert mark.status == "passed"
    assert "its numbers are those of Ada King; it was handed in by lovelace7" in to_settle


@pytest.mark.parametrize("typed", ["", "Ada Lovelace"])
def test_without_outputs_the_typed_name_counts_or_that_of_the_file(typed):
    mark, to_settle = marked(
        handed_in(own_answers("Ada Lovelace"), typed=typed), KEY, "Ada Lovelace", "ada_17"
    )
    assert mark.status == "passed" and not to_settle


def test_a_wrong_key_marks_nothing_wrongly():
    mark, [to_settle] = marked(handed_in(own_answers("Ada"), line_of("Ada")), "nn102", "ada")
    assert mark.status == "stopped" and mark.points == 0 and "is it the right key?" in to_settle
    mark, [to_settle] = marked(handed_in(own_answers("Ada"), line_of("Ada")), None, "ada")
    assert mark.status == "stopped" and "call again with --key" in to_settle


def test_answers_to_the_numbers_of_the_text_or_of_somebody_else_are_told():
    mark, [to_settle] = marked(handed_in(EXERCISE.reference()), KEY, "ada")
    assert mark.status == "failed" and "the numbers of the text" in to_settle
    other = next(n for n in map(str, range(99)) if own_answers(n) != own_answers("Ada"))
    mark, [to_settle] = marked(handed_in(own_answers(other), line_of("Ada")), KEY, "ada")
    assert mark.status == "failed" and "somebody else" in to_settle


def test_what_fits_somebody_else_waits_where_nobody_said_whose_numbers_they_were():
    other = next(n for n in map(str, range(99)) if own_answers(n) != own_answers("Ada"))
    for typed in ("", "Ada"):
        mark, [to_settle] = marked(handed_in(own_answers(other), typed=typed), KEY, "Ada")
        assert mark.status == "stopped" and "somebody else" in to_settle


def a_class(*lines: str) -> dict:
    """Students with numbers of their own, and what is to be settled of each; '' is nothing."""
    entry = SimpleNamespace(visible=line_of("Ada"))
    return {
        str(k): SimpleNamespace(
            lessons={"05": SimpleNamespace(trouble=(line,) if line else (), entries=(entry,))}
        )
        for k, line in enumerate(lines)
    }


OTHER_KEY = "own numbers: it was worked with another one: is it the right key?"
NO_KEY = "own numbers: no course key is given: call again with --key"
OF_OTHERS = "own numbers: what stands are the answers to the numbers of somebody else"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (OTHER_KEY, "The course key does not fit: 3 of 4 students worked with another one."),
        (NO_KEY, "No course key is given, and 3 of 4 students worked with one."),
        (OF_OTHERS, "what 3 of 4 students answered is right for somebody else's numbers"),
    ],
)
def test_a_key_that_does_not_fit_most_of_a_class_is_said_once(line, said):
    [(nobody, sentence)] = numbers_to_settle(a_class(line, line, "", line))
    assert nobody == "" and said in sentence and "--key" in sentence
    assert all(who for who, _ in numbers_to_settle(a_class(line, "", line, "")))  # a half is not most of it
    [(who, sentence)] = numbers_to_settle(a_class(line))  # one alone may be of another course
    assert who == "0" and "own numbers" not in sentence and "?." not in sentence


def test_lines_of_one_s_own_are_marked_by_them_and_kept_as_lines():
    """Five texts: an answer that is wrong in one of them is told which line is fine, and the gradebook keeps the texts."""
    exercise = exercises.get("08-find-the-error")
    owner = Owner(KEY, "Ada")
    mine = owner.exercise(exercise)
    right, names = mine.reference(), ", ".join(mine.answers)
    for answers in (right, (*right[:4], right[4] % 8 + 1), exercise.reference()):
        cell = {
            "cell_type": "code",
            "source": f'{names} = {answers}\ncheck("{mine.id}", {names})',
            "outputs": [{"data": {"text/plain": owner.line(mine)}}],
        }
        book = json.dumps({"cells": [cell], "nbformat": 4}).encode()
        marks = grade_notebook(
            book, seed=1, lesson="08", sandboxed=False, numbers=GivenNumbers(KEY, ("ada",))
        )
        mark = next(m for m in marks.exercises if m.id == mine.id)
        assert mark.points == (2 if answers == right else 0) and owner.line(mine) in mark.visible
        assert (mark.misconception == OF_THE_TEXT) == (answers == exercise.reference())
        assert mark.status == "passed" or "Text E: " in mark.visible or "lines of the text" in mark.visible


def test_without_key_and_without_a_word_of_it_all_is_as_it_was():
    mark, to_settle = marked(handed_in(EXERCISE.reference()), None, "ada")
    assert mark.status == "passed" and not to_settle and "Numbers of" not in mark.visible


def test_names_are_compared_as_people_write_them():
    assert same_person("Ada Lovelace", ["Lovelace, Ada"]) and same_person("ada", ["Ada"])
    assert same_person("Ada Lovelace", ["ada"]) and not same_person("Ada Lovelace", ["eva", "Eva Love"])


@pytest.mark.parametrize("raw", [b"", b"{", b'{"cells": 3}', b'{"cells": [{"source": 4, "outputs": [3]}]}'])
def test_a_broken_notebook_says_no_name(raw):
    assert said_in(raw) == ("", "")


def test_a_week_with_a_key_keeps_it_and_another_key_marks_again(tmp_path, capsys):
    week, out = tmp_path / "week5", tmp_path / "week5-marks"
    week.mkdir()
    (week / "ada.ipynb").write_bytes(handed_in(own_answers("Ada"), line_of("Ada")))
    (week / "ben.ipynb").write_bytes(handed_in(own_answers("Eva Klein"), line_of("Eva Klein")))
    call = [str(week), "--lesson", LESSON, "--without-sandbox", "--jobs", "1"]
    assert main([*call, "--key", KEY]) == 0
    assert (out / "course-key.txt").read_text() == KEY + "\n"

    def entries():
        with Gradebook(out / "gradebook.sqlite") as book:
            return {
                k: next(e for e in s.lessons[LESSON].entries if e.id == EXERCISE.id)
                for k, s in book.students().items()
            }

    def points():
        return {student: entry.automatic for student, entry in entries().items()}

    assert points() == {"ada": 1, "ben": 1}
    page = (out / "index.html").read_text()
    assert "its numbers are those of Eva Klein; it was handed in by ben." in page
    assert line_of("Ada") in entries()["ada"].visible
    capsys.readouterr()
    assert main(call) == 0 and "nothing to mark" in capsys.readouterr().out
    assert main([*call, "--key", "wrong"]) == 0
    said = capsys.readouterr().out
    assert "2 unchanged submissions to be marked again, because the course key is another one" in said
    assert said.splitlines()[-1].startswith(
        "The course key does not fit: 2 of 2 students worked with another one. "
    )
    assert (
        points() == {"ada": None, "ben": None}
        and "key does not fit: 2 of 2" in (out / "index.html").read_text()
    )
    assert not any("own numbers:" in page.read_text() for page in (out / "feedback").glob("*.html"))
    capsys.readouterr()
    assert main([*call, "--key", KEY]) == 0 and points() == {"ada": 1, "ben": 1}
    assert "does not fit" not in capsys.readouterr().out
    assert main([*call, "--key", "a\nb"]) == 2
    assert "a course key is one line" in capsys.readouterr().err
    (out / "course-key.txt").write_text("\n")
    assert main(call) == 2 and "course-key.txt, row 1, column 1" in capsys.readouterr().err
