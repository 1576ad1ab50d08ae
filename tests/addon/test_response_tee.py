"""The tee: what comes in goes out, whatever it is, and what is kept of it is bounded."""

import gzip
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon import response_tee
from addon.response_tee import ResponseTee

ANSWER = b'{"id":"c1","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":2}}'
EVENTS = b'data: {"choices":[]}\n\ndata: {"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":2}}\n\ndata: [DONE]\n\n'
FORMS = {
    "document": ("application/json", "", ANSWER),
    "events": ("text/event-stream; charset=utf-8", "", EVENTS),
    "gzip": ("application/json", "gzip", gzip.compress(ANSWER)),
    "gzip events": ("text/event-stream", "gzip", gzip.compress(EVENTS)),
}


@pytest.fixture
def failures() -> list[BaseException]:
    return []


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize(("kind", "encoding", "body"), FORMS.values(), ids=FORMS)
def test_every_chunk_comes_back_as_the_same_object_and_the_figures_are_read(
    kind: str, encoding: str, body: bytes, size: int, failures: list[BaseException]
) -> None:
    tee = ResponseTee(kind, encoding, failures.append)
    for at in range(0, len(body), size):
        chunk = body[at : at + size]
        assert tee(chunk) is chunk
    assert tee(b"") == b""
    assert tee.take() == body
    assert tee.usage is not None
    assert (tee.usage.input_tokens, tee.usage.output_tokens) == (10, 2)
    assert failures == []


@given(
    st.sampled_from(["application/json", "text/event-stream", "text/html", "", "\x00"]),
    st.sampled_from(["", "gzip", "br", "zstd", "deflate", "gzip, br", "nonsense"]),
    st.lists(st.binary(max_size=200) | st.sampled_from([ANSWER, EVENTS, gzip.compress(ANSWER)]), max_size=6),
)
def test_any_bytes_pass(kind: str, encoding: str, chunks: list[bytes]) -> None:
    failures: list[BaseException] = []
    tee = ResponseTee(kind, encoding, failures.append)
    assert [tee(chunk) for chunk in chunks] == chunks
    assert tee.take() == b"".join(chunks)
    assert tee.usage is None or tee.usage.input_tokens >= 0
    assert failures == []


class Panic(BaseException):
    """As native libraries raise it."""


@pytest.mark.parametrize("error", [ValueError("x"), MemoryError(), Panic("x")])
def test_an_error_of_the_reader_is_told_and_the_chunk_goes_on(
    error: BaseException, failures: list[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    tee = ResponseTee("application/json", "", failures.append)

    def broken(_: bytes) -> None:
        raise error

    monkeypatch.setattr(tee._reader, "feed", broken)
    assert tee(ANSWER) is ANSWER
    assert failures == [error]


def test_a_body_is_kept_up_to_a_limit_and_then_not_at_all(
    failures: list[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a body would be shown as if it were the whole."""
    monkeypatch.setattr(response_tee, "_KEPT_BYTES", 1000)
    tee = ResponseTee("text/event-stream", "", failures.append)
    tee(b"x" * 1000)
    assert tee.take() == b"x" * 1000
    tee(b"x")
    assert tee.take() is None


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream", "image/png"])
def test_memory_is_bounded_however_long_the_response(kind: str, failures: list[BaseException]) -> None:
    tee = ResponseTee(kind, "", failures.append)
    tracemalloc.start()
    for _ in range(64):
        tee(bytes(1 << 20))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 24 << 20
    assert tee.take() is None
    assert failures == []
