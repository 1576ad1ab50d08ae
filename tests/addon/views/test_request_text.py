"""The view of a request: the decisions, what was left out of which tool result, and the conversation."""

import json
import time
from pathlib import Path

import pytest

from addon import sinks
from addon.deadline import Deadline
from addon.request import Request
from addon.views.page_of_text import MOST_LINES
from addon.views.request_text import request_text
from addon.workers.job import Job
from addon.workers.worker import Worker
from tests.recorded import Recorded, bodies


def viewed(body: bytes, home: Path, **settings: str) -> str:
    worker = Worker()
    given = {"home": str(home), "attach": "rewrite", **settings}
    job = Job(Request(body, "", None, "codex", Deadline(time.monotonic() + 60)), given)
    answer = worker.answer(job, {}).outcome
    worker.close()
    sent = answer.body
    return request_text(sinks.note(answer.log), sinks.metadata(answer.log), sent, body)


def chat(*outputs: str) -> bytes:
    calls = [
        {
            "id": f"call_{n}",
            "type": "function",
            "function": {"name": "bash", "arguments": json.dumps({"command": f"job {n}"})},
        }
        for n in range(len(outputs))
    ]
    results = [{"role": "tool", "tool_call_id": f"call_{n}", "content": text} for n, text in enumerate(outputs)]
    said = [
        {"role": "user", "content": "Which job failed?"},
        {"role": "assistant", "content": None, "tool_calls": calls},
    ]
    return json.dumps({"model": "gpt-6.1-sol", "messages": [*said, *results]}).encode()


LOG = "\n".join(
    f"2026-03-14T02:{n // 60:02}:{n % 60:02}Z {'ERROR' if n == 250 else 'INFO '} worker-{n % 4} imported batch {n} of 400"
    for n in range(400)
)


@pytest.mark.parametrize("body", bodies(), ids=lambda body: body.name)
def test_every_recorded_request_can_be_viewed_within_the_lines_that_are_shown(body: Recorded, tmp_path: Path) -> None:
    text = viewed(body.body, tmp_path)
    assert text.startswith("summary: ")
    assert len(text.splitlines()) <= MOST_LINES
    assert max(map(len, text.splitlines())) <= 420


def test_a_reader_finds_what_was_left_out_of_the_third_result_and_why_the_second_was_kept(tmp_path: Path) -> None:
    text = viewed(chat("ok", "a short one", LOG), tmp_path)
    assert "block 1: bash · 3 tokens · left alone: too_small · job 1" in text
    told = text.partition("# ── block 2 ── bash job 2")[2].partition("# conversation")[0]
    assert told.strip().startswith("» left out: [lines "), "the answer to what was left out comes first"
    assert "» [lines " in told and "full text: " in told
    assert "lines more taken out" in told
    assert "ERROR" in told


def test_the_conversation_is_read_in_order_with_roles_and_calls(tmp_path: Path) -> None:
    text = viewed(chat("ok"), tmp_path).partition("# conversation")[2]
    places = [
        text.index(part) for part in ("user:", "Which job failed?", 'calls bash: {"command": "job 0"}', "result: 2")
    ]
    assert places == sorted(places)


def test_in_shadow_mode_it_says_what_would_have_been(tmp_path: Path) -> None:
    text = viewed(chat(LOG), tmp_path, mode="shadow")
    assert "left alone: shadow" in text and "(would be " in text
    assert "original against sent" not in text


def test_without_the_original_it_says_so_and_shows_the_rest() -> None:
    log = {
        "entries": [
            {"block": 0, "tool": "bash", "tokens_before": 9, "tokens_after": 2, "reason": "compressed"}
            | {"class": "lossy", "transform_name": "log_sampler", "new": True}
        ]
    }
    text = request_text("-78%", log, chat("short"), None)
    assert "no comparison" in text and "Which job failed?" in text


def test_keys_in_a_conversation_are_not_shown(tmp_path: Path) -> None:
    key = "sk-ant-api03-abcdefghijklmnop"
    assert key not in viewed(chat(f"export ANTHROPIC_API_KEY={key}", LOG.replace("worker-3", key)), tmp_path)


def test_a_megabyte_is_viewed_in_the_blink_of_an_eye() -> None:
    body = chat(*[LOG.replace("batch", f"batch{n}") for n in range(40)])
    sent = chat(*[LOG.replace("batch", f"batch{n}")[:9000] for n in range(40)])
    entry = {"tool": "bash", "tokens_before": 9, "tokens_after": 2, "reason": "compressed", "class": "lossy"}
    entries = [{**entry, "block": n, "transform_name": "log_sampler", "new": True} for n in range(40)]
    assert len(body) > 1_000_000
    started = time.process_time()
    request_text("-78%", {"entries": entries}, sent, body)
    assert time.process_time() - started < 0.6
