"""The time budget of one request, as a point in time and as an interruption of running code."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from types import FrameType

from addon.fail_open import OverBudget

GRACE = 2.0
"""Seconds behind the deadline in which a job must have ended: replaying and recording still take place there."""
_TOO_LATE = 1.5
"""Seconds behind the deadline after which nothing new may be recorded: the request may have left meanwhile."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """When to stop deciding. `at` is in seconds of `time.monotonic`, which all processes of a machine share."""

    at: float

    @property
    def left(self) -> float:
        """Seconds left, 0 or less when it has passed."""
        return self.at - time.monotonic()

    @property
    def is_lost(self) -> bool:
        """Whether whoever waits for the answer may have gone on without it."""
        return self.left < -_TOO_LATE

    def share(self, part: float) -> "Deadline":
        """A deadline after this part of the time that is left."""
        return Deadline(time.monotonic() + max(0.0, self.left) * part)

    @contextmanager
    def interrupting(self) -> Iterator[None]:
        """Raise `OverBudget` in the body when the time is up.

        By an interval timer, which interrupts Python code and nothing else, and only on the main thread; a call
        into a C library is left when it returns. Where there is no such timer the body is not interrupted.
        """
        if self.left <= 0:
            raise OverBudget
        if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
            yield
            return
        _listen()
        signal.setitimer(signal.ITIMER_REAL, max(self.left, 1e-6))
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)


@cache
def _listen() -> None:
    """Have the timer interrupt. Done once: the process is ours alone, and every output of a request sets the timer."""
    signal.signal(signal.SIGALRM, _interrupt)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise OverBudget
