"""The hostile submissions of the battery: each gets its fair mark, and leaves nothing behind. See battery/model.py."""

import pytest

from tests.grading.battery import hostile, watch


@pytest.mark.parametrize("submission", hostile.SUBMISSIONS, ids=lambda submission: submission.name)
def test_fair_mark_and_no_harm(submission, outside):
    assert not watch.faults(submission, outside), submission.why
