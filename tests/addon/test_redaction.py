"""Redaction: keys go, all else stays."""

import time

import pytest

from addon.redaction import redact

KEYS = (
    "sk-ant-oat01-AbCdEfGhIjKlMnOp",
    "sk-proj-0123456789abcdef",
    "gho_" + "a1" * 15,
    "github_pat_" + "a1" * 15,
    "AKIA" + "ABCD1234" * 2,
    "AIza" + "x" * 35,
    "xoxb-1234567890-abc",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0x.c2lnbmF0dXJl",
)


@pytest.mark.parametrize("key", KEYS)
def test_a_key_of_a_known_form_is_hidden(key: str) -> None:
    assert redact(f'export KEY="{key}" # ok') == 'export KEY="[key hidden]" # ok'


@pytest.mark.parametrize(
    "text",
    ["Authorization: Bearer abcdef0123", '"api_key": "whatever123"', "x-api-key=secret99", "API_KEY='a-b-c-d-e'"],
)
def test_a_value_that_is_named_a_key_is_hidden(text: str) -> None:
    hidden = redact(text)
    assert "[key hidden]" in hidden
    assert not [word for word in ("abcdef0123", "whatever123", "secret99", "a-b-c-d-e") if word in hidden]


def test_a_private_key_is_hidden_whole() -> None:
    text = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----\nrest"
    assert "MIIE" not in redact(text) and redact(text).endswith("rest")


@pytest.mark.parametrize(
    "text",
    [
        "commit 5f2a9c1e5f2a9c1e5f2a9c1e5f2a9c1e5f2a9c1e",
        "task-list-of-many-words",
        "eyJ is how JSON begins",
        "risk-free",
    ],
)
def test_hashes_numbers_and_words_stay(text: str) -> None:
    assert redact(text) == text


def test_a_long_line_takes_no_time() -> None:
    started = time.process_time()
    redact("sk-" + "-" * 200_000 + " eyJ" + "a" * 200_000 + "authorization" * 10_000)
    assert time.process_time() - started < 1
