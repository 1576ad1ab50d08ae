"""All numbers held against each other after a mixed run: served, retried, refused, cancelled, bypassed, shadowed, failed.

What is expected is added up from the flows' own routing logs, as a person would with a flow file.
"""

import re
from typing import Any

import pytest
from mitmproxy import http
from mitmproxy.flow import Error

from addon.dashboard.stats import lines
from addon.workers.job import Answer, Job
from addon.workers.worker_pool import NoWorker
from tests.addon.rig import BODY, Rig
from transforms.reasons import Reason

USAGE = b'{"model":"gpt-6.1-sol","choices":[],"usage":{"prompt_tokens":900,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":400}}}'
STREAMED = b'data: {"choices":[],"usage":{"prompt_tokens":900,"completion_tokens":7}}\n\n'


def conversation(name: str) -> bytes:
    """The recorded conversation as another one, with calls of its own."""
    return BODY.replace(b'"call_', f'"call_{name}_'.encode()).replace(b"Do the job", f"Do the job {name}".encode())


def answered(rig: Rig, flow: http.HTTPFlow, status: int = 200) -> http.HTTPFlow:
    flow.response = http.Response.make(status, USAGE, {"content-type": "application/json"})
    rig.addon.responseheaders(flow)
    if callable(flow.response.stream):
        flow.response.stream(USAGE)
    rig.addon.response(flow)
    return flow


def cancelled(rig: Rig, flow: http.HTTPFlow) -> http.HTTPFlow:
    """The client goes away in the middle of the stream."""
    flow.response = http.Response.make(200, b"", {"content-type": "text/event-stream"})
    rig.addon.responseheaders(flow)
    assert callable(flow.response.stream)
    flow.response.stream(STREAMED)
    flow.error = Error("Client disconnected.")
    rig.addon.error(flow)
    return flow


class _Refusing:
    """A pool that has no worker to give."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)

    async def run(self, job: Job) -> Answer:
        raise NoWorker(Reason.FAILED, "the worker was lost: EOFError")


async def test_the_numbers_are_equal_everywhere_and_are_those_of_the_flows(rig: Rig) -> None:
    a, b, c = conversation("a"), conversation("b"), conversation("c")
    served = [answered(rig, await rig.send(a))]
    retried = answered(rig, await rig.send(a))  # the client did not like the answer
    refused = answered(rig, await rig.send(b), 529)
    served.append(answered(rig, await rig.send(b)))
    cut_off = cancelled(rig, await rig.send(c))
    unanswered = await rig.send(conversation("d"))
    bypassed = answered(rig, await rig.send(conversation("e"), "api.openai.com", x_headroom_bypass="true"))
    unknown = await rig.send(BODY, "example.com")
    rig.set(mode="shadow")
    shadowed = answered(rig, await rig.send(conversation("f")))
    rig.set(mode="compress")
    rig.addon._pool = _Refusing(rig.pool)  # type: ignore[assignment]
    failed = answered(rig, await rig.send(conversation("g")))
    everyone = [*served, retried, refused, cut_off, unanswered, bypassed, unknown, shadowed, failed]

    figures = rig.addon.stats()
    metrics, text = figures["metrics"], "\n".join(lines(figures))
    logs = {id(flow): flow.metadata["headroom"] for flow in everyone}
    counted = [logs[id(flow)] for flow in (*served, cut_off, bypassed, shadowed, failed)]
    before, after = (sum(log[f"tokens_{when}"] for log in counted) for when in ("before", "after"))
    once = [entry for log in logs.values() for entry in log.get("entries", []) if entry["new"]]
    saved_once = sum(entry["tokens_before"] - entry["tokens_after"] for entry in once)

    sent = figures["saved"]["sent"]
    assert (sent["before"], sent["after"]) == (before, after)
    assert before - after > 0
    assert sent["saved"] == metrics['headroom_saved_tokens_total{counted="sent"}'] == before - after
    assert figures["saved"]["once"]["saved"] == metrics['headroom_saved_tokens_total{counted="once"}'] == saved_once
    assert f"not sent: {before - after:,} tokens" in text and f"saved: {saved_once:,} tokens" in text
    for kind, rows in figures["by"].items():
        assert sum(row["sent"]["saved"] for row in rows) == before - after, kind
        assert sum(row["once"]["saved"] for row in rows) == saved_once, kind
    assert sum(value for name, value in metrics.items() if name.startswith("headroom_tokens_before_total")) == before
    assert sum(value for name, value in metrics.items() if name.startswith("headroom_tokens_after_total")) == after

    assert figures["answers"] == {"served": 5, "cut_off": 1, "retried": 1, "refused": 1}
    assert figures["requests"]["total"] == len(everyone) == sum(figures["requests"]["decisions"].values())
    assert figures["requests"]["decisions"]["bypass"] == figures["requests"]["decisions"]["failed"] == 1
    assert figures["failures"] == {"request": 1} and "failures: 1" in text
    assert figures["shadow"]["saved"] == sum(
        e["tokens_before"] - e["shadow_tokens"] for e in once if e["shadow_tokens"]
    )
    assert logs[id(shadowed)]["tokens_before"] == logs[id(shadowed)]["tokens_after"]
    assert sum(figures["cache"].values()) == sum(v for n, v in metrics.items() if n.startswith("headroom_cache_turns"))
    usages = [log["usage"] for log in logs.values() if "usage" in log]
    assert figures["provider"]["input_cached"] == sum(usage["cached_tokens"] for usage in usages)
    assert figures["provider"]["output"] == metrics['headroom_upstream_tokens_total{kind="output"}'] == 7 * len(usages)
    held = [log for log in logs.values() if log["shape"] or log["decision"] == "failed"]
    assert figures["held"]["count"] == metrics["headroom_request_held_seconds_count"] == len(held)


async def test_a_note_says_the_tokens_of_its_routing_log(rig: Rig) -> None:
    flow = answered(rig, await rig.send())
    log = flow.metadata["headroom"]
    told = re.match(r"-(\d+)% ([\d.]+)k>([\d.]+)k tokens", flow.comment)
    assert told is not None
    assert float(told[2]) == pytest.approx(log["tokens_before"] / 1000, abs=0.05)
    assert float(told[3]) == pytest.approx(log["tokens_after"] / 1000, abs=0.05)
