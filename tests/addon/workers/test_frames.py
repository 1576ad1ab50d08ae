"""What is read from the pipe is what was written, whatever was sent before."""

import io
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addon.workers import frames
from addon.workers.frames import Bodies, read, write


def passed(bodies: list[bytes], most_bytes: int = 1 << 24) -> list[int]:
    """Send bodies one after the other; returns how many bytes each took."""
    sent, received, sizes = Bodies(most_bytes), Bodies(most_bytes), []
    for number, body in enumerate(bodies):
        pipe = io.BytesIO()
        write(pipe, {"number": number}, body, sent)
        sizes.append(pipe.tell())
        pipe.seek(0)
        assert read(pipe, received) == ({"number": number}, body)
        assert pipe.read() == b""
    return sizes


def noise(seed: int, size: int) -> bytes:
    return Random(seed).randbytes(size)


@st.composite
def conversations(draw: st.DrawFn) -> list[bytes]:
    """Bodies that are cut from, put before, behind and into earlier ones."""
    bodies = [b""]
    for _ in range(draw(st.integers(1, 12))):
        body = draw(st.sampled_from(bodies))
        start, end = sorted(draw(st.tuples(st.integers(0, len(body)), st.integers(0, len(body)))))
        middle = noise(draw(st.integers(0, 3)), draw(st.sampled_from([0, 1, 900, 16_384, 65_536, 70_001])))
        bodies.append(body[:start] + middle + body[end:])
    return bodies


@settings(deadline=None, max_examples=150)
@given(conversations(), st.sampled_from([1 << 24, 200_000, 0]))
def test_every_body_arrives_as_it_was(bodies: list[bytes], most_bytes: int) -> None:
    passed(bodies, most_bytes)


def test_a_conversation_that_goes_on_takes_its_new_bytes_whatever_else_is_sent() -> None:
    tail = noise(99, 50_000)
    talks = [noise(seed, 300_000) for seed in range(4)]
    sizes = passed([talk + noise(turn, turn * 1000) + tail for turn in range(4) for talk in talks])
    assert max(sizes[4:]) < 4_000


def test_small_bodies_are_sent_whole() -> None:
    assert min(passed([noise(1, 9_000)] * 3)) > 9_000


@pytest.mark.parametrize("cut", [1, 10, 30, 20_000])
def test_the_end_of_the_pipe_is_told_also_in_the_middle_of_a_frame(cut: int) -> None:
    pipe = io.BytesIO()
    write(pipe, frames.WARM_UP, noise(1, 30_000), Bodies())
    assert read(io.BytesIO(pipe.getvalue()[:-cut]), Bodies()) is None
    assert read(io.BytesIO(), Bodies()) is None


def test_lone_surrogates_in_a_header_arrive() -> None:
    pipe = io.BytesIO()
    write(pipe, {"tool": "\ud800"}, b"", Bodies())
    pipe.seek(0)
    assert read(pipe, Bodies()) == ({"tool": "\ud800"}, b"")
