"""A deadline stops running Python code, and lets finished code alone."""

import time

import pytest

from addon.deadline import Deadline
from addon.fail_open import OverBudget


def test_code_that_runs_over_is_interrupted() -> None:
    started = time.monotonic()
    with pytest.raises(OverBudget), Deadline(started + 0.05).interrupting():
        while True:
            pass
    assert time.monotonic() - started < 1


def test_code_that_ends_in_time_is_not() -> None:
    with Deadline(time.monotonic() + 0.02).interrupting():
        done = True
    time.sleep(0.03)
    assert done


def test_a_deadline_in_the_past_does_not_let_the_code_begin() -> None:
    began = False
    with pytest.raises(OverBudget), Deadline(time.monotonic() - 1).interrupting():
        began = True
    assert not began
