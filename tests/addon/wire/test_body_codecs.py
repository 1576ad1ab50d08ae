"""Content codings: strict, bounded, and back in the same form."""

import os
import time
import tracemalloc
import zlib

import brotli  # type: ignore[import-untyped]  # brotli has no type hints
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from addon.wire.body_codecs import BadEncoding, codec_for

LIMIT = 10_000_000
BODY = b'{"model":"m","messages":[{"role":"user","content":"' + b"a line of output \xc3\xa9\\n" * 40 + b'"}]}'
ENCODINGS = ["gzip", "deflate", "br", "zstd"]
_ZSTD = zstandard.ZstdCompressor()


def raw_deflate(body: bytes) -> bytes:
    return zlib.compress(body, wbits=-15)


def streamed_zstd(body: bytes) -> bytes:
    """Without the content's size in the frame header, as a streaming client writes it."""
    compressor = zstandard.ZstdCompressor(write_checksum=True).compressobj()
    return compressor.compress(body) + compressor.flush()


ENCODED = {
    "gzip": ("gzip", zlib.compress(BODY, wbits=31)),
    "zlib-wrapped deflate": ("deflate", zlib.compress(BODY)),
    "raw deflate": ("deflate", raw_deflate(BODY)),
    "stored raw deflate": ("deflate", zlib.compress(BODY, 0, -15)),
    "br": ("br", brotli.compress(BODY)),
    "zstd": ("zstd", _ZSTD.compress(BODY)),
    "streamed zstd": ("zstd", streamed_zstd(BODY)),
}
each_form = pytest.mark.parametrize(("encoding", "encoded"), ENCODED.values(), ids=ENCODED)


@each_form
def test_an_encoded_body_is_decoded_whole(encoding: str, encoded: bytes) -> None:
    assert codec_for(encoding).decode(encoded, LIMIT) == BODY
    assert codec_for(f" {encoding.upper()} ").decode(encoded, LIMIT) == BODY


@each_form
def test_what_is_encoded_after_decoding_has_the_form_of_what_came(encoding: str, encoded: bytes) -> None:
    codec = codec_for(encoding)
    codec.decode(encoded, LIMIT)
    again = codec.encode(b"another body")
    assert codec_for(encoding).decode(again, LIMIT) == b"another body"
    if encoding == "deflate":
        wrapped = encoded[0] & 0x0F == 8
        assert zlib.decompress(again, 15 if wrapped else -15) == b"another body"


@each_form
def test_a_body_that_is_cut_short_anywhere_is_refused(encoding: str, encoded: bytes) -> None:
    for end in range(len(encoded)):
        with pytest.raises(BadEncoding):
            codec_for(encoding).decode(encoded[:end], LIMIT)


@each_form
@pytest.mark.parametrize("trailing", [b"\0", b"x", b"garbage behind the body", b"\x1f\x8b"])
def test_a_body_with_something_behind_it_is_refused(encoding: str, encoded: bytes, trailing: bytes) -> None:
    with pytest.raises(BadEncoding):
        codec_for(encoding).decode(encoded + trailing, LIMIT)


@each_form
def test_a_body_fed_byte_by_byte_decodes_to_the_same(encoding: str, encoded: bytes) -> None:
    codec = codec_for(encoding)
    assert b"".join(codec.feed(encoded[at : at + 1], LIMIT) for at in range(len(encoded))) == BODY
    assert codec.complete
    with pytest.raises(BadEncoding):
        codec.decode(b"x", LIMIT)


@each_form
def test_the_limit_is_exact(encoding: str, encoded: bytes) -> None:
    assert codec_for(encoding).decode(encoded, len(BODY)) == BODY
    with pytest.raises(BadEncoding, match="too large"):
        codec_for(encoding).decode(encoded, len(BODY) - 1)


@pytest.mark.parametrize("encoding", ["", "identity", "Identity"])
def test_without_a_coding_the_same_object_comes_back(encoding: str) -> None:
    codec = codec_for(encoding)
    assert codec.decode(BODY, 1) is BODY
    assert codec.encode(BODY) is BODY


@pytest.mark.parametrize("encoding", ["x-gzip", "gzip, br", "br,gzip", "aws-chunked", "utf-8", "compress", "gzip;q=1"])
def test_an_unknown_coding_and_several_at_once_are_refused(encoding: str) -> None:
    with pytest.raises(BadEncoding):
        codec_for(encoding)


def test_all_members_of_a_gzip_body_are_decoded() -> None:
    members = [zlib.compress(part, wbits=31) for part in (b"one ", b"", b"two ", b"three")]
    assert codec_for("gzip").decode(b"".join(members), LIMIT) == b"one two three"
    with pytest.raises(BadEncoding):
        codec_for("gzip").decode(b"".join(members)[:-1], LIMIT)


def test_all_frames_of_a_zstd_body_are_decoded() -> None:
    skippable = b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc"
    frames = [_ZSTD.compress(b"one "), skippable, streamed_zstd(b"two"), _ZSTD.compress(b"")]
    assert codec_for("zstd").decode(b"".join(frames), LIMIT) == b"one two"
    with pytest.raises(BadEncoding):
        codec_for("zstd").decode(b"".join(frames)[:-1], LIMIT)


@pytest.mark.parametrize("encoding", ["deflate", "br"])
def test_a_coding_of_one_stream_has_no_second_one(encoding: str) -> None:
    encoded = codec_for(encoding).encode(BODY)
    with pytest.raises(BadEncoding):
        codec_for(encoding).decode(encoded * 2, LIMIT)


def test_a_zstd_window_beyond_the_content_codings_own_limit_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=24)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    with pytest.raises(BadEncoding):
        codec_for("zstd").decode(compressor.compress(BODY) + compressor.flush(), LIMIT)


def bombs() -> dict[str, tuple[str, bytes]]:
    zeros = b"\0" * 50_000_000
    zstd_blocks = b"\x28\xb5\x2f\xfd\x00\x58" + ((131072 << 3) | 2).to_bytes(3, "little") + b"a"
    return {
        "gzip": ("gzip", zlib.compress(zeros, 1, 31)),
        "deflate": ("deflate", zlib.compress(zeros, 1)),
        "br": ("br", brotli.compress(zeros, quality=1)),
        "zstd": ("zstd", _ZSTD.compress(zeros)),
        "zstd of run-length blocks": ("zstd", zstd_blocks + (((131072 << 3) | 2).to_bytes(3, "little") + b"a") * 9999),
    }


@pytest.mark.parametrize(("encoding", "bomb"), (found := bombs()).values(), ids=found)
def test_a_bomb_is_refused_soon_and_in_little_memory(encoding: str, bomb: bytes) -> None:
    start = time.process_time()
    tracemalloc.start()
    with pytest.raises(BadEncoding, match="too large"):
        codec_for(encoding).decode(bomb, 1_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 32_000_000
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    ("encoding", "member"),
    [("gzip", zlib.compress(b"", 1, 31)), ("zstd", _ZSTD.compress(b""))],
    ids=["gzip", "zstd"],
)
def test_a_body_of_very_many_empty_parts_takes_linear_time(encoding: str, member: bytes) -> None:
    start = time.process_time()
    assert codec_for(encoding).decode(member * 40_000, LIMIT) == b""
    assert time.process_time() - start < 1


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_body_that_cannot_be_compressed_survives_too(encoding: str) -> None:
    body = os.urandom(300_000)
    assert codec_for(encoding).decode(codec_for(encoding).encode(body), len(body)) == body


@given(st.binary(max_size=5000), st.sampled_from(ENCODINGS))
def test_what_is_encoded_decodes_to_the_same_and_encodes_to_the_same_bytes(body: bytes, encoding: str) -> None:
    encoded = codec_for(encoding).encode(body)
    assert codec_for(encoding).decode(encoded, len(body)) == body
    assert codec_for(encoding).encode(body) == encoded


@given(st.binary(max_size=300), st.sampled_from(ENCODINGS))
def test_any_bytes_are_decoded_or_refused(data: bytes, encoding: str) -> None:
    try:
        decoded = codec_for(encoding).decode(data, LIMIT)
    except BadEncoding:
        return
    assert len(decoded) <= LIMIT


@given(st.data(), st.sampled_from(sorted(ENCODED)))
def test_a_damaged_body_is_refused_or_decoded_within_the_limit(data: st.DataObject, form: str) -> None:
    encoding, encoded = ENCODED[form]
    at = data.draw(st.integers(0, len(encoded) - 1))
    damaged = encoded[:at] + data.draw(st.binary(max_size=4)) + encoded[at + 1 :]
    try:
        decoded = codec_for(encoding).decode(damaged, 2 * len(BODY))
    except BadEncoding:
        return
    assert len(decoded) <= 2 * len(BODY)
