"""What the model fetches because of a gap is counted, through the whole pipeline: the same call again, the original."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from addon.deadline import Deadline
from addon.request import Request
from addon.routing_log import RoutingLog
from addon.workers.job import Job
from addon.workers.worker import Worker

LOG = "\n".join(
    f"2026-03-14T02:{n // 60:02}:{n % 60:02}Z INFO  worker-{n % 4} imported batch {n} of 400" for n in range(400)
)


def turn(*outputs: tuple[str, str]) -> bytes:
    """A conversation in which each command was called in a turn of its own, with its output."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Go on."}]
    for number, (command, output) in enumerate(outputs):
        function = {"name": "bash", "arguments": json.dumps({"command": command})}
        messages.append(
            {"role": "assistant", "tool_calls": [{"id": f"c{number}", "type": "function", "function": function}]}
        )
        messages.append({"role": "tool", "tool_call_id": f"c{number}", "content": output})
    return json.dumps({"model": "m", "messages": messages}).encode()


@pytest.fixture
def worker() -> Worker:
    return Worker()


def decided(worker: Worker, body: bytes, home: Path) -> tuple[RoutingLog, str]:
    job = Job(Request(body, "", None, "codex", Deadline(time.monotonic() + 60)), {"home": str(home)})
    answer = worker.answer(job, {}).outcome
    sent = answer.body
    return answer.log, json.loads(sent)["messages"][2]["content"]


def test_the_same_call_again_is_counted_and_another_one_is_not(worker: Worker, tmp_path: Path) -> None:
    first, _ = decided(worker, turn(("cat app.log", LOG)), tmp_path)
    assert first.fetched_tokens == 0 and first.entries[0].loss == "lossy"
    other, _ = decided(worker, turn(("cat app.log", LOG), ("ls", "a.txt b.txt")), tmp_path)
    assert other.fetched_tokens == 0
    again, _ = decided(worker, turn(("cat app.log", LOG), ("ls", "a.txt b.txt"), ("cat app.log", LOG)), tmp_path)
    assert again.fetched_tokens == again.entries[2].tokens_after > 0
    assert [entry.new for entry in again.entries] == [False, False, True]
    worker.close()


def test_the_original_that_is_opened_is_counted_whole(worker: Worker, tmp_path: Path) -> None:
    _, sent = decided(worker, turn(("cat app.log", LOG)), tmp_path)
    handle = sent.partition("full text: ")[2].partition("]")[0]
    assert handle
    opened, _ = decided(worker, turn(("cat app.log", LOG), (f"cat {handle}", LOG)), tmp_path)
    assert opened.entries[1].reason == "retrieval"
    assert opened.fetched_tokens == opened.entries[1].tokens_before
    worker.close()
