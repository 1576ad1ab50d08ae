"""Token counts: those of tiktoken, from the file in the package, for any text and without the network."""

import base64
import hashlib
import random
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import tiktoken
import tiktoken_ext.openai_public  # type: ignore[import-untyped]  # it has no type hints
from hypothesis import given
from hypothesis import strategies as st

from tests.laws.forms import FORMS, Form
from tests.laws.texts import samples
from transforms import tokenizer
from transforms.tokenizer import count_tokens

VOCABULARY = Path(tokenizer.__file__).parent / "vocab" / "fb374d419588a4632f3f557e76b4b70aebbca790"
SEAM = 4
"""Tokens by which a count may be off at each of the places where a long text is cut."""


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a connection is opened")

    monkeypatch.setattr(socket, "socket", refused)
    monkeypatch.setattr(socket, "create_connection", refused)


@pytest.fixture
def reloaded() -> Iterator[None]:
    """The vocabulary is read anew in the test, and again after it."""
    tokenizer._encoding.cache_clear()
    yield
    tokenizer._encoding.cache_clear()


@pytest.fixture(scope="module")
def o200k_base() -> tiktoken.Encoding:
    """tiktoken's own encoding, from the same file: its cache is looked up by this very name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIKTOKEN_CACHE_DIR", str(VOCABULARY.parent))
        return tiktoken.Encoding(**tiktoken_ext.openai_public.o200k_base())


def test_every_sample_has_as_many_tokens_as_tiktoken_says(o200k_base: tiktoken.Encoding) -> None:
    for sample in samples():
        text = sample.block.text
        assert count_tokens(text) == len(o200k_base.encode_ordinary(text)), sample


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_a_long_text_is_off_by_a_few_tokens_at_most(o200k_base: tiktoken.Encoding, form: Form) -> None:
    text = form.text(100_000)
    assert abs(count_tokens(text) - len(o200k_base.encode_ordinary(text))) <= SEAM * (len(text) >> 15)


@given(st.text(st.characters(codec=None), max_size=300))
def test_any_text_is_counted(text: str) -> None:
    """Lone surrogates too, which no encoding of text can hold."""
    assert 0 <= count_tokens(text) <= 4 * len(text)


@pytest.mark.parametrize("piece", [" ", "\n", "\t", "a", "=", "é", "\ud800", "\x00", "'s", "漢", "0"])
def test_a_million_times_the_same_character_neither_crashes_nor_takes_long(piece: str) -> None:
    """tiktoken overflows its stack on a million blanks, which ends the process."""
    started = time.process_time()
    assert count_tokens(piece * 1_000_000) > 1000
    assert time.process_time() - started < 10


def test_a_megabyte_of_base64_is_counted_in_seconds() -> None:
    text = base64.b64encode(random.Random(1).randbytes(750_000)).decode()
    started = time.process_time()
    assert 300_000 < count_tokens(text) < 1_000_000
    assert time.process_time() - started < 5


def test_what_looks_like_a_special_token_is_text() -> None:
    assert count_tokens("<|endoftext|>") > 1


def test_the_file_in_the_package_is_the_one_that_tiktoken_asks_for(reloaded: None, no_network: None) -> None:
    assert hashlib.sha256(VOCABULARY.read_bytes()).hexdigest() == tokenizer._SHA256
    assert tokenizer.load()
    assert count_tokens("hello world") == 2


@pytest.mark.parametrize("damage", ["missing", "cut short", "one rank changed", "empty"])
def test_without_the_right_vocabulary_tokens_are_estimated(
    damage: str, reloaded: None, no_network: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A wrong count would be worse than an honest estimate, so the file's hash is looked at, not its size."""
    data = VOCABULARY.read_bytes()
    contents = {"cut short": data[:1_000_000], "one rank changed": data[:-2] + b"8\n", "empty": b""}
    copy = tmp_path / "vocabulary"
    if damage in contents:
        copy.write_bytes(contents[damage])
    monkeypatch.setattr(tokenizer, "_VOCABULARY", copy)
    assert not tokenizer.load()
    assert count_tokens("") == 0
    assert count_tokens("hello world") in (2, 3, 4)
    assert count_tokens("\ud800" * 360) == 100
    assert count_tokens("x" * 3600) == 1000
