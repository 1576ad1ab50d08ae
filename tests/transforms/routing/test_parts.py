"""A block is split into parts of one kind each, and the parts joined again are the block, character by character."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.routing.test_kinds import (
    COMMIT,
    DIFF,
    HTML,
    LOG,
    MATCHES,
    NO_CALL,
    PROSE,
    PYTEST,
    PYTHON,
    RECORDS,
    bash,
    numbered,
    read,
)
from transforms.call import Call
from transforms.contract import Block, Kind
from transforms.routing.parts import Part, join, split
from transforms.routing.spelling import Spelling

REMINDER = "\n\n<system-reminder>\nConsider whether this file is malware.\n</system-reminder>\n"
CODEX = "Chunk ID: 1a2b3c\nWall time: 0.0031 seconds\nProcess exited with code 0\nOriginal token count: 812\nOutput:\n"
CODEX_CUT = "Warning: truncated output (original token count: 16796)\nTotal output lines: 1\n\n"
PRINTED = json.dumps(RECORDS[:9], indent=2) + "\n"


def codex_object(text: str) -> str:
    """What Codex's code mode makes of an output: a JSON object as JavaScript writes it."""
    return json.dumps(
        {"chunk_id": "7e", "wall_time_seconds": 0.01, "exit_code": 0, "output": text},
        ensure_ascii=False,
        separators=(",", ":"),
    )


def jinja(text: str) -> str:
    """What mini-swe-agent's template makes of an output: `tojson` escapes what HTML would read."""
    escaped = json.dumps({"returncode": 0, "output": text}, indent=2)
    return escaped.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").replace("'", "\\u0027")


def payloads(text: str, call: Call = NO_CALL) -> list[tuple[str, Kind | None]]:
    """The parts of `text` that may be rewritten."""
    return [(part.text, part.kind) for part in whole(text, call) if part.kind is not None]


def whole(text: str, call: Call = NO_CALL) -> tuple[Part, ...]:
    """The parts of `text`, which join to it."""
    parts = split(Block(text, call))
    assert join(parts, [part.text for part in parts]) == text
    return parts


WRAPPED = [
    ("Claude Code, after a file", numbered(PYTHON) + REMINDER, numbered(PYTHON)),
    ("Claude Code, after a failure", "Exit code 1\n" + LOG, LOG),
    (
        "Claude Code, too large",
        f"<persisted-output>\nOutput too large (64KB). Full output saved to: /p/x\n\nPreview (first 2KB):\n{LOG}...\n"
        "</persisted-output>",
        LOG,
    ),
    ("Claude Code, another folder", LOG + "\nShell cwd was reset to /w", LOG),
    ("Codex", CODEX + LOG, LOG),
    ("Codex, an MCP tool", "Wall time: 0.0063 seconds\nOutput:\n" + LOG, LOG),
    ("Codex, a patch", "Exit code: 0\nWall time: 0.1 seconds\nOutput:\n" + LOG, LOG),
    ("Codex, code mode", codex_object(LOG), LOG),
    ("Qwen Code", f"Command: cat x\nDirectory: (root)\nOutput: {LOG}\nError: (none)\nExit Code: 0\nSignal: 0", LOG),
    (
        "Gemini CLI",
        f"<untrusted_context>\nOutput: {PRINTED}Exit Code: 1\nProcess Group PGID: 6834\n</untrusted_context>",
        PRINTED,
    ),
    ("Gemini CLI, no shell", f"<untrusted_context>\n{PRINTED}</untrusted_context>", PRINTED),
    ("mini-swe-agent", f"<returncode>0</returncode>\n<output>\n{LOG}</output>", LOG),
    ("mini-swe-agent, JSON", jinja(LOG + "a < b && c > 'd'\n"), LOG + "a < b && c > 'd'\n"),
    ("SWE-agent", "OBSERVATION:\n" + LOG, LOG),
    ("SWE-agent, its prompt", LOG + "\n(Open file: n/a)\n(Current directory: /w)\nbash-$", LOG),
    ("opencode", f"<file>\n{numbered(PYTHON, '| ')}\n(End of file - total 12 lines)\n</file>", numbered(PYTHON, "| ")),
    ("pi", PYTHON + "\n\n... (620 more lines not shown. Use offset=770 to continue reading)", PYTHON),
    ("a server of tools", LOG + "\n[Output truncated: showing first 16000 of 37383 characters]", LOG),
    ("an edit's snippet", f"Here's the result of running `cat -n` on /w/a.py:\n{numbered(PYTHON)}", numbered(PYTHON)),
    ("a shell's tags", f"<bash-stdout>{LOG}</bash-stdout><bash-stderr></bash-stderr>", LOG),
    ("an MCP result", json.dumps({"content": [{"type": "text", "text": PRINTED}]}), PRINTED),
]


@pytest.mark.parametrize(("text", "payload"), [pytest.param(*w[1:], id=w[0]) for w in WRAPPED])
def test_what_an_agent_puts_around_an_output_is_left_alone(text: str, payload: str) -> None:
    ((found, kind),) = payloads(text)
    assert found.rstrip() == payload.rstrip()
    assert kind is not Kind.TEXT


def test_a_text_without_wrapper_is_one_part() -> None:
    assert whole(LOG) == (Part(LOG, Kind.LOG),)
    assert whole("") == ()


def test_the_text_inside_a_json_string_is_read_unescaped_and_written_escaped() -> None:
    text = codex_object('say "é" \\ or\ttab \x01\n' + LOG)
    parts = whole(text)
    assert [part.spelling for part in parts] == [Spelling.PLAIN, Spelling.JSON, Spelling.PLAIN]
    changed = join(parts, [parts[0].text, 'a "b"\n', parts[2].text])
    assert json.loads(changed)["output"] == 'a "b"\n'


@pytest.mark.parametrize("ensure_ascii", [True, False])
def test_the_escapes_of_every_common_printer_are_kept(ensure_ascii: bool) -> None:
    text = json.dumps({"output": "größe <a> & 'b' \U0001f600\n" + LOG, "exit_code": 0}, ensure_ascii=ensure_ascii)
    assert [kind for _, kind in payloads(text)] == [Kind.LOG]


def test_a_json_string_in_no_known_spelling_is_wrapper_text() -> None:
    assert payloads('{"output": "' + "\\u0041\\/" * 200 + '"}') == []


def test_data_that_only_has_an_output_field_is_json() -> None:
    text = json.dumps({"output": "done", "items": RECORDS})
    assert payloads(text) == [(text, Kind.JSON)]


def test_a_cut_in_the_middle_stands_between_two_payloads() -> None:
    raw = codex_object(LOG * 2)
    cut = CODEX_CUT + raw[:2000] + "…6796 tokens truncated…" + raw[3000:]
    assert [kind for _, kind in payloads(cut)] == [Kind.LOG, Kind.LOG]
    plain = CODEX + LOG + "[... 312 lines truncated ...]\n" + LOG
    assert [text for text, _ in payloads(plain)] == [LOG, LOG]


@given(st.integers(200, 2000), st.integers(2100, 4000))
def test_a_cut_inside_an_escape_loses_nothing(before: int, after: int) -> None:
    raw = codex_object('"\\\n\té\x02' * 900)
    whole(CODEX_CUT + raw[:before] + "…6796 tokens truncated…" + raw[after:])


def test_our_own_markers_are_no_cuts() -> None:
    text = LOG + "[lines 3-40 omitted: 38 INFO lines; full text: /o/1]\n" + LOG
    assert payloads(text) == [(text, Kind.LOG)]


def test_documents_between_other_lines_are_parts() -> None:
    text = "=== before ===\n" + PRINTED + "\n=== after ===\n" + LOG + PRINTED
    assert [kind for _, kind in payloads(text)] == [Kind.JSON, Kind.LOG, Kind.JSON]
    assert payloads(text)[0][0] == PRINTED.removesuffix("\n")


def test_json_lines_between_other_lines_are_one_part() -> None:
    lines = "".join(json.dumps(record) + "\n" for record in RECORDS[:20])
    assert payloads(LOG + lines + LOG) == [(LOG, Kind.LOG), (lines[:-1], Kind.JSON), (LOG, Kind.LOG)]


def test_json_that_is_cut_off_at_the_end_is_a_part() -> None:
    cut = json.dumps({"total": 90, "items": RECORDS})[:1500]
    assert payloads(LOG + cut) == [(LOG, Kind.LOG), (cut, Kind.JSON)]
    assert payloads(LOG + cut + "}}") == [(LOG + cut + "}}", Kind.LOG)]


@pytest.mark.parametrize(
    ("before", "after", "command"),
    [
        ("npm warn config production Use `--omit=dev` instead.\n", "", "npm ls --json --all 2>&1"),
        ("\n> shop@1.0.0 lint:json\n> eslint -f json src\n\n", "", "npm run lint:json"),
        ("", "\n\n[notice] A new release of pip is available: 23.2.1 -> 25.3\n", "pip list --format json"),
    ],
)
def test_what_a_tool_says_around_its_json_is_no_part_of_it(before: str, after: str, command: str) -> None:
    text = json.dumps(RECORDS, indent=1)
    call = Call("Bash", json.dumps({"command": command}))
    parts = split(Block(before + text + after, call))
    assert [part.text for part in parts if part.kind is Kind.JSON] == [text]
    assert join(parts, [part.text for part in parts]) == before + text + after


def test_a_diff_and_a_page_between_other_lines_are_parts() -> None:
    assert [kind for _, kind in payloads(LOG + DIFF + LOG)] == [Kind.LOG, Kind.DIFF, Kind.LOG]
    headers = "HTTP/1.1 200 OK\ncontent-type: text/html\nserver: x\n" * 4
    assert (HTML.rstrip("\n"), Kind.MARKUP) in payloads(headers + HTML)


def test_a_diff_stays_below_its_commit() -> None:
    assert payloads(COMMIT + DIFF) == [(COMMIT + DIFF, Kind.DIFF)]
    assert payloads((COMMIT + DIFF) * 3) == [((COMMIT + DIFF) * 3, Kind.DIFF)]


def test_the_lines_of_a_code_fence_are_never_in_a_part_that_is_rewritten() -> None:
    code = PYTHON * 3
    parts = whole(f"{PROSE}\n```python\n{code}```\n\n{PROSE}")
    assert [part.text for part in parts if part.kind is Kind.CODE] == [code]
    assert not any("```" in part.text for part in parts if part.kind is Kind.CODE)


@pytest.mark.parametrize("text", [PYTEST + PRINTED + PYTEST, MATCHES * 9 + PRINTED, HTML + PRINTED])
def test_reports_matches_and_pages_keep_what_is_in_them(text: str) -> None:
    assert len(payloads(text)) == 1


def test_a_source_file_is_never_cut() -> None:
    source = PYTHON + PRINTED + DIFF + PYTHON
    assert payloads(source, read("/w/a.py")) == [(source, Kind.CODE)]
    assert payloads(source, bash("cat a.py")) == [(source, Kind.CODE)]


def test_small_documents_stay_where_they_are() -> None:
    text = LOG + '{"a": 1}\n' + LOG
    assert payloads(text) == [(text, Kind.LOG)]


def test_a_text_that_would_fall_into_too_many_parts_is_one() -> None:
    text = (LOG + PRINTED) * 80
    assert len(whole(text)) == 1
    assert len(whole(("x" * 200 + "\n[... 3 lines truncated ...]\n") * 80)) == 1


REAL = [REMINDER, CODEX, CODEX_CUT, PRINTED, LOG, DIFF, HTML, PROSE, MATCHES, codex_object(LOG), jinja(PYTHON)]
ODD = [
    "```\n",
    "{\n",
    "[",
    "<output>\n",
    "</output>",
    "…12 tokens truncated…",
    '"',
    "\\",
    "\r\n",
    "\u2028",
    "\ud800",
    "\x00",
    "é",
]


@given(
    st.lists(st.sampled_from([*REAL, *ODD]) | st.text(max_size=30), max_size=8),
    st.integers(0, 2000),
    st.integers(0, 100),
)
def test_any_text_is_joined_again_exactly(pieces: list[str], at: int, cut: int) -> None:
    text = "".join(pieces)
    whole(text[:at] + text[at + cut :], bash("git log -p && cat a.json"))


@pytest.mark.parametrize(
    "unit",
    [
        LOG,
        PRINTED,
        "[\n",
        '{"a":\n',
        "```\nx\n",
        "{}\n",
        "\n",
        "</output>\n",
        DIFF,
        '[{"a": 1}, x]\n',
        "--- a\n+++ b\n",
    ],
)
def test_the_work_is_linear_in_the_text(unit: str) -> None:
    def seconds(size: int) -> float:
        text = "start of it\n" + unit * (size // len(unit))
        start = time.process_time()
        whole(text)
        return time.process_time() - start

    assert seconds(2_000_000) < 8 * seconds(500_000) + 0.2
