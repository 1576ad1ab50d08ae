"""Fail-open: the one place that swallows errors, so that a fault of ours never stops or changes traffic.

It is used around a step whose result can be done without: a transform, a request's deciding, a piece of an answer,
what is told of it all.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


class OverBudget(BaseException):
    """The time budget of a request is used up. A BaseException, so that no library's `except Exception` hides it."""


_NOT_FAULTS = (OverBudget, asyncio.CancelledError, KeyboardInterrupt, SystemExit, GeneratorExit)

_WITHOUT_CONTENT = (OSError, EOFError, MemoryError, RecursionError, sqlite3.Error)
_OURS = ("addon", "transforms")


@contextmanager
def fail_open(on_failure: Callable[[BaseException], None]) -> Iterator[None]:
    """Run the body of a `with`; hand an error to `on_failure` and go on behind the block.

    Native libraries report panics as `BaseException` (`pyo3_runtime.PanicException`), so those count as errors.
    Cancellation, shutdown and the time budget are no faults and pass through.
    """
    try:
        yield
    except _NOT_FAULTS:
        raise
    except BaseException as error:  # noqa: BLE001  # the one broad except of the project: see the module's docstring
        on_failure(error)


def describe(error: BaseException) -> str:
    """The error's type and what may be told of it, in one printable line of at most 200 characters.

    Its text may hold what the request held, so it is told only of errors of the system and of our own, which never
    do; of all others the place where it was raised.
    """
    safe = isinstance(error, _WITHOUT_CONTENT) or type(error).__module__.partition(".")[0] in _OURS
    line = f"{type(error).__name__}: {error}" if safe else f"{type(error).__name__}{_place(error)}"
    return "".join(c if c.isprintable() else " " for c in line)[:200]


def _place(error: BaseException) -> str:
    at = error.__traceback__
    while at and at.tb_next:
        at = at.tb_next
    return f" in {'/'.join(Path(at.tb_frame.f_code.co_filename).parts[-2:])}:{at.tb_lineno}" if at else ""
