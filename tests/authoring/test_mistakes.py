"""Mistakes as edits of the reference: what the text can say, and that a text which cannot be right is refused by name."""

import inspect
import traceback

import numpy as np
import pytest

from optcourse.exercises.mistakes import BadMistake, Family, both, mistakes, wrong_values
from optcourse.learner.blank import blank_line


def leaky(w, num_steps, keep):
    """The mean = keep * mean + w of this line is no code."""
    mean = np.zeros_like(w)
    for _ in range(num_steps):
        mean = keep * mean + (1 - keep) * w
    return mean


def made(text, *families, **named):
    return {m.id: m for m in mistakes(leaky, *families, text, **named)}


def test_an_edit_changes_the_reference():
    mean = made("swapped: keep * mean + (1 - keep) * w => (1 - keep) * mean + keep * w\n    The weights.")
    assert mean["swapped"].code(np.ones(2), 1, 0.9).tolist() == [0.9, 0.9]
    assert mean["swapped"].sentence == "The weights."


def test_several_edits_a_long_sentence_and_equals():
    text = """
    no-mean (same as other, third): mean = keep * mean + (1 - keep) * w => mean = w; last = mean
                               and: return mean => return last
        A sentence
        of two lines.
    """
    mistake = made(text)["no-mean"]
    assert mistake.code(np.ones(1), 3, 0.5).tolist() == [1.0]
    assert mistake.sentence == "A sentence of two lines." and mistake.same_as == ("other", "third")


def test_names_and_rests_stand_for_what_is_there():
    text = """
    sums: {m} = {k} * {m} + (1 - {k}) * … => {m} += …
        Your `{m}` only grows.
    late: mean = keep … => pass
     and: return mean => mean = keep …; return mean
        Below the loop.
    """
    mean = made(text)
    assert mean["sums"].code(np.ones(1), 3, 0.5).tolist() == [3.0]
    assert mean["sums"].sentence == "Your `mean` only grows."
    assert mean["late"].code(np.ones(1), 3, 0.5).tolist() == [0.5]


def test_a_family_is_made_where_its_text_stands_and_own_words_take_its_place():
    family = Family(
        "MEANS",
        """
        whole: (1 - {k}) * w => w
            The family's words.
        elsewhere: velocity => dw
            Not in this reference.
        own: return mean => return None
            The family's words.
        """,
    )
    mean = made("own: return mean => return w\n    My words.", family)
    assert list(mean) == ["whole", "own"] and mean["own"].sentence == "My words."
    assert family.unused() == ["elsewhere", "own"]
    assert list(made("own: return mean => return w\n    My words.", family, skip=("whole",))) == ["own"]


def test_tracebacks_and_the_search_for_blanks_see_the_edited_text():
    mean = made("fails: return mean => return 1 / 0\n    No.\nblank: return mean => ...\n    A blank.")
    with pytest.raises(ZeroDivisionError) as caught:
        mean["fails"].code(np.ones(1), 1, 0.5)
    assert "return 1 / 0" in "".join(traceback.format_exception(caught.value))
    assert "return 1 / 0" in inspect.getsource(mean["fails"].code)
    assert blank_line(mean["blank"].code) == 6 and blank_line(mean["fails"].code) is None


def test_two_mistakes_at_once():
    text = """
    keeps-all: keep * mean + => mean +
        One.
    whole: (1 - keep) * w => w
        Two.
    nothing: keep * mean + => 0 * mean +
        The same words as the first.
    """
    mean = made(text)
    two = both(mean["keeps-all"], mean["whole"])
    assert two.code(np.ones(1), 3, 0.5).tolist() == two.try_out(np.ones(1), 3, 0.5).tolist() == [3.0]
    assert both(mean["keeps-all"], mean["nothing"]) is None


BAD = {
    "`velocity` is not in the reference": "a-b: velocity => dw\n    Words.",
    "`keep` stands 2 times in the reference": "a-b: keep => 1\n    Words.",
    "changes nothing": "a-b: return mean => return mean\n    Words.",
    "is no Python": "a-b: (1 - keep) => (1 - keep\n    Words.",
    "has no sentence": "a-b: return mean => return w",
    "is there twice": "a-b: return mean => return w\n    Words.\na-b: return mean => return 1\n    Words.",
    "write `old => new`": "a-b: return mean -> return w\n    Words.",
    "is no beginning of a mistake": "A b: return mean => return w\n    Words.",
}


@pytest.mark.parametrize("complaint", BAD)
def test_a_bad_text_is_refused_with_file_exercise_and_mistake(complaint):
    with pytest.raises(BadMistake) as caught:
        made(BAD[complaint])
    said = str(caught.value)
    assert complaint in said and "authoring/test_mistakes.py:" in said and "leaky" in said
    assert ("'A b: " if complaint == "is no beginning of a mistake" else "'a-b'") in said


def test_a_family_mistake_that_is_skipped_must_be_one():
    with pytest.raises(BadMistake, match="skip names.*'whole'"):
        made("own: return mean => return w\n    Words.", skip=("whole",))


LIMIT = 3


def two_numbers():
    return 1, 2


def test_wrong_values_are_written_as_the_values():
    text = """
    swapped: second, first = two_numbers()
        They are swapped.
    too-large: second = LIMIT
        Too large.
    """
    swapped, large = wrong_values(two_numbers, ("first", "second"), text)
    assert swapped.code() == (2, 1) and large.code() == (None, 3)
    with pytest.raises(BadMistake, match="two_numbers: the mistake 'typo' names none of first, second"):
        wrong_values(two_numbers, ("first", "second"), "typo: frist = 3\n    Words.")
    with pytest.raises(BadMistake, match="is no Python"):
        wrong_values(two_numbers, ("first", "second"), "typo: first = (3\n    Words.")


def test_a_wrong_value_may_use_what_its_module_defines_further_down():
    mistake = "late: x = later()\n    Words."
    code = "made = wrong_values(answer, ('x',), mistake)\ndef later():\n    return 7.0"
    space = {"wrong_values": wrong_values, "answer": two_numbers, "mistake": mistake}
    exec(compile(code, "made.py", "exec"), space)
    assert space["made"][0].code() == 7.0
