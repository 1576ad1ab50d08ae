"""Every sink shows the same record in the same words, within what its medium can carry."""

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy.utils import emoji

from addon.routing_log import Entry, RoutingLog
from addon.setting_values import LogLevel
from addon.sinks import HEADER_LIMIT, header, log_lines, marker, metadata, note
from transforms.compression_policy import AuthMode, resolve_policy
from transforms.content_router import Attempt
from transforms.contract import Loss
from transforms.reasons import Reason


def entry(number: int = 0, tool: str = "Bash", before: int = 1000, after: int = 400) -> Entry:
    changed = after < before
    return Entry(
        block=number,
        tool=tool,
        transform_name="log_folder" if changed else "none",
        reason=Reason.COMPRESSED if changed else Reason.NO_TRANSFORM,
        loss=Loss.LOSSLESS if changed else None,
        compression_ratio=after / before,
        tokens_before=before,
        tokens_after=after,
        attempts=(
            Attempt(
                transform_name="log_folder",
                compression_ratio=after / before,
                reason=Reason.COMPRESSED,
                tokens_before=before,
                tokens_after=after,
            ),
        ),
    )


def log(*entries: Entry, failures: tuple[str, ...] = ()) -> RoutingLog:
    return RoutingLog(
        decision=Reason.COMPRESSED,
        shape="chat",
        client="codex",
        auth_mode=AuthMode.PAYG,
        mode="compress",
        policy=resolve_policy(AuthMode.PAYG),
        tokens_before=sum(e.tokens_before for e in entries),
        tokens_after=sum(e.tokens_after for e in entries),
        milliseconds=12.3,
        failures=failures,
        entries=entries,
    )


TOOLS = st.text(max_size=200)


@given(
    st.lists(st.builds(entry, st.integers(0, 999), TOOLS, st.integers(500, 99999), st.integers(0, 500)), max_size=60),
    TOOLS,
)
def test_the_header_is_json_of_printable_ascii_within_its_limit(entries: list[Entry], failure: str) -> None:
    value = header(log(*entries, failures=(failure,)))
    assert len(value) <= HEADER_LIMIT
    assert all(0x20 <= ord(c) <= 0x7E for c in value)
    decoded = json.loads(value)
    assert decoded["tokens_before"] == sum(e.tokens_before for e in entries)
    assert len(decoded["entries"]) + decoded.get("omitted", 0) == len(entries)
    for shown in decoded["entries"]:
        assert {
            "transform_name",
            "compression_ratio",
            "reason",
            "tokens_before",
            "tokens_after",
            "class",
            "tool",
        } <= set(shown)


def test_a_header_that_cannot_hold_all_keeps_what_saved_most_and_says_where_the_whole_is() -> None:
    entries = [entry(number, after=900 - number) for number in range(40)]
    decoded = json.loads(header(log(*entries)))
    assert decoded["entries"][0]["block"] == 39
    assert decoded["omitted"] == 40 - len(decoded["entries"]) > 0
    assert "metadata" in decoded["whole"]


def test_the_note_is_one_line_that_starts_with_the_saving() -> None:
    text = note(log(entry(), entry(1, "Read", 9000, 9000)))
    assert text.startswith("-6% 10.0k>9.4k tokens · ")
    assert "Bash 1.0k>400 compressed" in text
    assert "Read 9.0k left alone: no_transform" in text
    assert "\n" not in text


def test_the_note_of_an_untouched_request_says_why() -> None:
    untouched = RoutingLog(decision=Reason.SIGNED, mode="compress")
    assert note(untouched).startswith("0% signed")


def test_a_failure_stands_in_the_note() -> None:
    assert note(log(entry(), failures=("ValueError: x",))).endswith("failure: ValueError: x")


def test_metadata_is_plain_and_can_be_encoded() -> None:
    data = metadata(log(entry(tool="\ud800 bad")))
    assert data["entries"][0]["class"] == "lossless"
    json.dumps(data, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("level", "count"),
    [(LogLevel.ERROR, 0), (LogLevel.WARN, 0), (LogLevel.INFO, 1), (LogLevel.DEBUG, 2), (LogLevel.TRACE, 3)],
)
def test_the_log_has_a_line_a_request_at_info_a_block_at_debug_an_attempt_at_trace(level: LogLevel, count: int) -> None:
    lines = [line.text for line in log_lines(log(entry()), level)]
    assert len(lines) == count
    assert (level is LogLevel.TRACE) == any(
        "record_compression log_folder ratio 0.400 compressed" in line for line in lines
    )


def test_the_line_of_an_attempt_says_when_the_lossy_share_was_the_limit() -> None:
    attempt = Attempt("log_sampler", 0.55, Reason.COMPRESSED, 1000, 550, at_limit=True)
    limited = entry().model_copy(update={"attempts": (attempt,)})
    lines = [line.text for line in log_lines(log(limited), LogLevel.TRACE)]
    assert lines[-1].endswith("record_compression log_sampler ratio 0.550 compressed 1000>550, at max_lossy_ratio")


def test_a_failure_is_logged_as_a_warning() -> None:
    assert next(log_lines(log(failures=("x",)), LogLevel.INFO)).severity == logging.WARNING


def test_the_fields_of_a_line_are_those_of_the_record() -> None:
    lines = list(log_lines(log(entry()), LogLevel.TRACE))
    assert [line.event for line in lines] == ["request", "block", "record_compression"]
    assert lines[0].fields["tokens_after"] == lines[1].fields["tokens_after"] == lines[2].fields["tokens_after"] == 400
    assert "entries" not in lines[0].fields


@pytest.mark.parametrize(
    ("record", "sign"),
    [
        (log(entry()), ":scissors:"),
        (log(entry(after=1000)), ""),
        (log(entry(), failures=("x",)), ":warning:"),
        (log(entry(after=1000).model_copy(update={"reason": Reason.TIME_BUDGET})), ":warning:"),
        (RoutingLog(decision=Reason.UNKNOWN_HOST), ""),
        (RoutingLog(decision=Reason.BUSY), ":warning:"),
    ],
)
def test_a_flow_is_marked_where_something_was_rewritten_or_went_wrong(record: RoutingLog, sign: str) -> None:
    assert marker(record) == sign
    assert sign == "" or sign in emoji.emoji
