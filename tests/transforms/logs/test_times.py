"""Tests for the ways of writing times in logs."""

import pytest

from transforms.logs.times import FORMATS, TimeFormat, format_of, most_common_format

TIMES = (
    "2024-03-05 10:00:01,250",
    "2024/03/05T10.00.01",
    "05/Mar/2024:10:00:01",
    "Tue Mar  5 10:00:01.250",
    "Tue Mar  5 10:00:01",
    "Mar  5 10:00:01.250",
    "Mar 15 10:00:01",
    "20240305-1:2:3:4",
    "24/03/05 10:00:01.250",
    "24-03-05 10:00:01",
    "03-05 10:00:01.250",
    "0305 10:00:01",
    "10:00:01.250",
    "10:00:01",
    "240305 100001",
    "12345.678901",
    "1709632801.25",
)
"""One of each format, in their order."""


@pytest.mark.parametrize(("known", "time"), [*zip(FORMATS, TIMES, strict=True)], ids=TIMES)
def test_a_log_is_known_by_how_it_writes_its_times(known: TimeFormat, time: str) -> None:
    """Also behind a prefix, and by the sign that is looked for first."""
    assert format_of(time) is known
    lines = (f"[{time}] a", f"api | {time} said 77")
    assert all(known.sign.search(line) for line in lines)
    assert any(most_common_format([line] * 3) is known for line in lines)


def test_a_text_without_times_has_no_format() -> None:
    assert most_common_format(["release 1.2.3 of 123456", "at 12:3", "10.0.0.1 2024-03-05"] * 3) is None
