"""Bodies that are too large, before or after decoding, go on as they came: at once, and without filling the memory."""

import gzip
import json
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # brotli has no type hints
import pytest
import zstandard
from mitmproxy import http
from mitmproxy.test import taddons, tflow, tutils

from addon.deadline import Deadline
from addon.hooks import Headroom
from addon.pipeline import compress
from addon.request import Outcome, Request
from addon.settings import Settings
from addon.store.state import State
from addon.wire.body_codecs import BODY_LIMIT
from tests.addon.direct_pool import DirectPool
from transforms.compression_policy import AuthMode
from transforms.reasons import Reason

OUTPUT = "\n".join(f"src/app.py:{n}:    log.debug('step', {n})" for n in range(200))
TURN = {
    "model": "m",
    "messages": [
        {"role": "user", "content": "look"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "bash", "arguments": '{"command":"grep -rn log ."}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": OUTPUT},
    ],
}
BODY = json.dumps(TURN).encode()
ENCODE = {
    "gzip": lambda body: zlib.compress(body, 9, 31),
    "deflate": lambda body: zlib.compress(body, 9),
    "br": lambda body: brotli.compress(body, quality=5),
    "zstd": zstandard.ZstdCompressor(level=3).compress,
}


def padded(characters: int) -> bytes:
    """A turn that is this long: blanks between two tokens of JSON are part of the body."""
    return BODY[:-1] + b" " * (characters - len(BODY)) + b"}"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.parse({"home": str(tmp_path), "time_budget_ms": "60000"})


def sent(body: bytes, encoding: str, settings: Settings) -> Outcome:
    state = State.open(settings.home)
    try:
        return compress(
            Request(body, encoding, AuthMode.PAYG, "test", Deadline(time.monotonic() + 60)), settings, state
        )
    finally:
        state.close()


def test_a_body_up_to_the_limit_is_rewritten_in_its_coding(settings: Settings) -> None:
    body = ENCODE["gzip"](padded(BODY_LIMIT))
    outcome = sent(body, "gzip", settings)
    assert outcome.log.decision is Reason.COMPRESSED
    assert gzip.decompress(outcome.body).endswith(b" }")


@pytest.mark.parametrize("encoding", ENCODE)
def test_a_body_that_unpacks_to_more_than_the_limit_goes_on_as_it_came(encoding: str, settings: Settings) -> None:
    body = ENCODE[encoding](padded(BODY_LIMIT + 1))
    outcome = sent(body, encoding, settings)
    assert outcome.log.decision is Reason.BAD_ENCODING
    assert outcome.body is body


@pytest.mark.parametrize("encoding", ENCODE)
def test_a_bomb_is_given_up_at_the_limit(encoding: str, settings: Settings) -> None:
    """A few hundred kilobytes or less that would unpack to 256 MB."""
    bomb = ENCODE[encoding](bytes(256 << 20))
    assert len(bomb) < 512 << 10
    tracemalloc.start()
    started = time.process_time()
    outcome = sent(bomb, encoding, settings)
    seconds, peak = time.process_time() - started, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert outcome.body is bomb
    assert outcome.log.decision is Reason.BAD_ENCODING
    assert seconds < 2
    assert peak < 3 * BODY_LIMIT


def test_a_bomb_of_many_members_is_given_up_too(settings: Settings) -> None:
    bomb = gzip.compress(bytes(1 << 20)) * 64
    outcome = sent(bomb, "gzip", settings)
    assert outcome.body is bomb
    assert outcome.log.decision is Reason.BAD_ENCODING


@pytest.mark.parametrize("encoding", ["gzip, br", "gzip;q=1", "compress", "aws-chunked", "\x00", "x" * 10_000])
def test_a_coding_that_is_none_of_ours_goes_on_as_it_came(encoding: str, settings: Settings) -> None:
    outcome = sent(BODY, encoding, settings)
    assert outcome.body is BODY
    assert outcome.log.decision is Reason.BAD_ENCODING


@pytest.mark.parametrize("encoding", ENCODE)
def test_a_damaged_body_goes_on_as_it_came(encoding: str, settings: Settings) -> None:
    whole = ENCODE[encoding](BODY)
    for body in (whole[:-1], whole + b"x", b"", BODY, whole[:1] + b"\xff" + whole[2:]):
        outcome = sent(body, encoding, settings)
        assert outcome.body is body
        assert outcome.log.decision is Reason.BAD_ENCODING


@pytest.fixture
def addon(tmp_path: Path) -> Iterator[Headroom]:
    """The addon, configured, with a worker in this process."""
    headroom, pool = Headroom(), DirectPool()
    headroom._pool = pool  # type: ignore[assignment]  # the same methods
    with taddons.context(headroom) as context:
        context.configure(headroom, headroom_home=str(tmp_path), headroom_time_budget_ms="20000")
        yield headroom
        pool.stop()


async def exchanged(addon: Headroom, body: bytes, encoding: str = "") -> http.HTTPFlow:
    request = tutils.treq(method=b"POST", host="api.openai.com", path=b"/v1/chat/completions", content=b"")
    flow = tflow.tflow(req=request)
    flow.live = True
    flow.request.headers["content-type"] = "application/json"
    flow.request.headers["content-length"] = str(len(body))
    if encoding:
        flow.request.headers["content-encoding"] = encoding
    flow.request.raw_content = body
    await addon.request(flow)
    return flow


async def test_a_request_over_the_limit_passes_the_hook_untouched_and_says_so(addon: Headroom) -> None:
    body = padded(BODY_LIMIT + 1)
    flow = await exchanged(addon, body)
    assert flow.request.raw_content is body
    assert flow.request.headers["content-length"] == str(len(body))
    assert flow.metadata["headroom"]["decision"] == Reason.TOO_LARGE
    assert not flow.modified()


async def test_a_bomb_passes_the_hook_untouched_and_says_so(addon: Headroom) -> None:
    bomb = gzip.compress(bytes(64 << 20))
    flow = await exchanged(addon, bomb, "gzip")
    assert flow.request.raw_content is bomb
    assert flow.request.headers["content-encoding"] == "gzip"
    assert flow.metadata["headroom"]["decision"] == Reason.BAD_ENCODING


async def test_a_small_request_is_rewritten_by_the_same_hook(addon: Headroom) -> None:
    flow = await exchanged(addon, BODY)
    assert flow.metadata["headroom"]["decision"] == Reason.COMPRESSED
    assert len(flow.request.raw_content or b"") < len(BODY)
