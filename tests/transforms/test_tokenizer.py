"""Token counts: those of tiktoken, for any text and without the network."""

import base64
import random
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import tiktoken
import tiktoken_ext.openai_public  # type: ignore[import-untyped]  # it has no type hints
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tests.laws.forms import FORMS, Form
from tests.laws.texts import samples
from transforms import tokenizer
from transforms.tokenizer import count_line, count_tokens

VOCABULARY = Path(__file__).parents[1] / "fixtures" / "tiktoken"
"""tiktoken's own file (MIT), by the name under which tiktoken looks for it in its cache."""
ANY_TEXT = st.text(st.characters(codec=None), max_size=300)
PIECES = st.lists(
    st.sampled_from(["'s", "'LL", "\r\n", "\n\n", "  ", "///", "0123", "Ab", "ǅ", "\u0301", "ª", "漢", "🧠", "\x1b[1m"])
)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a connection is opened")

    monkeypatch.setattr(socket, "socket", refused)
    monkeypatch.setattr(socket, "create_connection", refused)


@pytest.fixture
def reloaded() -> Iterator[None]:
    """The vocabulary is loaded anew in the test, and again after it."""
    tokenizer._encoding.cache_clear()
    yield
    tokenizer._encoding.cache_clear()


@pytest.fixture(scope="module")
def o200k_base() -> tiktoken.Encoding:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIKTOKEN_CACHE_DIR", str(VOCABULARY))
        return tiktoken.Encoding(**tiktoken_ext.openai_public.o200k_base())


def test_every_sample_has_as_many_tokens_as_tiktoken_says(o200k_base: tiktoken.Encoding) -> None:
    for sample in samples():
        text = sample.block.text
        assert count_tokens(text) == len(o200k_base.encode_ordinary(text)), sample


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_a_long_text_has_as_many_tokens_as_tiktoken_says(o200k_base: tiktoken.Encoding, form: Form) -> None:
    text = form.text(100_000)
    assert count_tokens(text) == len(o200k_base.encode_ordinary(text))


@given(ANY_TEXT | PIECES.map("".join))
@example("\ud800 and \udc00\ud800")
def test_any_text_has_as_many_tokens_as_tiktoken_says(o200k_base: tiktoken.Encoding, text: str) -> None:
    """Lone surrogates too, which no encoding of text can hold. The long s of old prints, where it stands for an
    English ending, is the one letter found on which the two differ, by a token.
    """
    assume("'ſ" not in text)
    assert count_tokens(text) == len(o200k_base.encode_ordinary(text))


def test_the_counts_of_lines_add_up_to_that_of_their_text() -> None:
    lines = ["2026-01-02 12:00:00 INFO ready", "    return 1", "}", "a, b, c", "end"]
    assert sum(map(count_line, lines)) == count_tokens("\n".join(lines) + "\n")


@pytest.mark.parametrize("piece", [" ", "\n", "\t", "a", "=", "é", "\ud800", "\x00", "'s", "漢", "0"])
def test_a_million_times_the_same_character_neither_crashes_nor_takes_long(piece: str) -> None:
    started = time.process_time()
    assert count_tokens(piece * 1_000_000) > 1000
    assert time.process_time() - started < 5


def test_a_megabyte_of_base64_is_counted_in_a_second() -> None:
    text = base64.b64encode(random.Random(1).randbytes(750_000)).decode()
    started = time.process_time()
    assert 300_000 < count_tokens(text) < 1_000_000
    assert time.process_time() - started < 2


def test_what_looks_like_a_special_token_is_text() -> None:
    assert count_tokens("<|endoftext|>") > 1


def test_the_vocabulary_needs_no_network(reloaded: None, no_network: None) -> None:
    tokenizer.load()
    assert count_tokens("hello world") == 2
