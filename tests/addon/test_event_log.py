"""The event log: which lines are shown, in which form, and that no key stands in them."""

import json
import logging
from collections.abc import Iterator

import pytest

from addon.event_log import LOGGER, EventLog, tell
from addon.setting_values import LogFormat, LogLevel


@pytest.fixture
def event_log() -> Iterator[EventLog]:
    made = EventLog()
    made.install()
    yield made
    LOGGER.removeFilter(made)


def shown(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


def test_lines_below_the_level_are_not_shown_whoever_writes_them(
    event_log: EventLog, caplog: pytest.LogCaptureFixture
) -> None:
    event_log.level = LogLevel.WARN
    with caplog.at_level(logging.INFO):
        LOGGER.info("headroom: started")
        LOGGER.warning("headroom: look here")
        tell(logging.DEBUG, "block", "a block", {})
    assert shown(caplog) == ["headroom: look here"]


def test_a_fine_line_is_handed_on_as_info_because_mitmproxy_shows_nothing_below(
    event_log: EventLog, caplog: pytest.LogCaptureFixture
) -> None:
    event_log.level = LogLevel.TRACE
    with caplog.at_level(logging.INFO):
        tell(5, "record_compression", "an attempt", {})
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [(logging.INFO, "an attempt")]


def test_as_json_every_line_is_one_object(event_log: EventLog, caplog: pytest.LogCaptureFixture) -> None:
    event_log.level, event_log.format = LogLevel.DEBUG, LogFormat.JSON
    with caplog.at_level(logging.INFO):
        tell(logging.DEBUG, "block", "for people", {"tool": "Bash", "tokens_after": 7})
        LOGGER.warning("headroom: %s", "look here")
    block, message = map(json.loads, shown(caplog))
    assert (block["event"], block["level"], block["tool"], block["tokens_after"]) == ("block", "debug", "Bash", 7)
    assert (message["event"], message["level"], message["message"]) == ("message", "warn", "look here")


@pytest.mark.parametrize("style", LogFormat)
def test_keys_never_stand_in_a_line(event_log: EventLog, caplog: pytest.LogCaptureFixture, style: LogFormat) -> None:
    event_log.format = style
    key = "sk-ant-api03-abcdefghijklmnop"
    with caplog.at_level(logging.INFO):
        LOGGER.info("headroom: %s", key)
        tell(logging.INFO, "request", f"with {key}", {"note": key})
    assert not [line for line in shown(caplog) if key in line]
    assert all("[key hidden]" in line for line in shown(caplog))
