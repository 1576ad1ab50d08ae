"""The time budget of one request, as a point in time and as an interruption of running code."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from addon.fail_open import OverBudget


@dataclass(frozen=True, slots=True)
class Deadline:
    """When to stop deciding. `at` is in seconds of `time.monotonic`, which all processes of a machine share."""

    at: float

    @property
    def left(self) -> float:
        """Seconds left, 0 or less when it has passed."""
        return self.at - time.monotonic()

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
        previous = signal.signal(signal.SIGALRM, _interrupt)
        signal.setitimer(signal.ITIMER_REAL, max(self.left, 1e-6))
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, previous)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise OverBudget
