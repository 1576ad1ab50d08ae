"""What a check has found, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How a check ended; the worst one decides the exit code."""

    OK = "ok"
    LOOK = "look"
    """It works, but not as well as it could."""
    BROKEN = "broken"


EXIT_CODES = {Status.OK: 0, Status.LOOK: 1, Status.BROKEN: 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's."""

    check: str
    status: Status
    told: str
    advice: str = ""
    """What to do; empty where there is nothing to be done."""


def ok(check: str, told: str) -> Finding:
    """All is well."""
    return Finding(check, Status.OK, told)


def look(check: str, told: str, advice: str) -> Finding:
    """Worth a look."""
    return Finding(check, Status.LOOK, told, advice)


def broken(check: str, told: str, advice: str) -> Finding:
    """It does not work."""
    return Finding(check, Status.BROKEN, told, advice)
