"""A turn costs its own new bytes, however long the conversation is: what came before is known by its bytes."""

import gc
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from addon.deadline import Deadline
from addon.request import Request
from addon.workers.job import Job
from addon.workers.worker import Worker
from transforms.compression_policy import AuthMode
from transforms.reasons import Reason

EARLY, LATE = 10, 490
MOST = 3.0
"""Times the CPU time of the early turn; 1.6 was measured, the rest is room for a busy machine. 2 MB are compared, hashed
and written, and 490 outputs replayed."""
TRIES = 5
"""The least of several measurements counts: a busy machine makes single ones longer, none shorter."""


@pytest.fixture(autouse=True)
def _no_garbage_collection() -> Iterator[None]:
    """It costs the more the more other tests have left behind; a worker freezes what it has loaded."""
    gc.disable()
    yield
    gc.enable()


def output(seed: str) -> str:
    """4 KB that were never seen before."""
    choice = random.Random(seed)
    return "\n".join(
        f"2026-02-11 10:{at // 60:02}:{at % 60:02} INFO [worker-{at % 4}] job {choice.randrange(10**5, 10**6)} done"
        for at in range(72)
    )


def turn(number: int, newest: str = "") -> list[dict[str, Any]]:
    call = {"type": "tool_use", "id": f"toolu_{number}", "name": "Bash", "input": {"command": f"tail app-{number}.log"}}
    text = {"type": "text", "text": f"Step {number}: let me look. " * 5}
    result = {"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": output(newest or str(number))}
    return [{"role": "assistant", "content": [text, call]}, {"role": "user", "content": [result]}]


def body(turns: int, newest: str = "") -> bytes:
    conversation: list[dict[str, Any]] = [{"role": "user", "content": "Fix the failing jobs."}]
    for number in range(turns):
        conversation += turn(number, newest if number == turns - 1 else "")
    head = {"model": "claude-sonnet-4-5", "max_tokens": 999, "system": "You are a coding agent."}
    return json.dumps({**head, "messages": conversation}, separators=(",", ":")).encode()


def seconds(worker: Worker, home: Path, raw: bytes) -> float:
    """CPU time of one answer."""
    settings = {"home": str(home), "attach": "rewrite"}
    job = Job(Request(raw, "", AuthMode.PAYG, "test", Deadline(time.monotonic() + 60)), settings)
    started = time.process_time()
    outcome = worker.answer(job, {}).outcome
    took = time.process_time() - started
    assert outcome.log.decision is Reason.COMPRESSED
    assert outcome.is_changed
    return took


def test_a_late_turn_of_a_long_conversation_costs_little_more_than_an_early_one(tmp_path: Path) -> None:
    worker = Worker()
    assert len(body(LATE)) > 2_000_000
    for turns in (EARLY, LATE):
        seconds(worker, tmp_path / str(turns), body(turns - 1))
    tries = [
        [seconds(worker, tmp_path / str(turns), body(turns, f"{turns}, {number}")) for turns in (EARLY, LATE)]
        for number in range(TRIES)
    ]
    worker.close()
    early, late = map(min, zip(*tries, strict=True))
    assert late <= MOST * early, f"{early * 1e3:.1f} ms early, {late * 1e3:.1f} ms late"
