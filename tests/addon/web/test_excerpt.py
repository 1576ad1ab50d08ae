"""Parts of an original: the bytes of the lines that were asked for, all of them, in pages that fit."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon.web.excerpt import BadQuestion, Wanted, estimated_tokens, excerpt
from tests.recorded import bodies
from transforms.tokenizer import count_tokens

TEXT = b"".join(b"line %d says %s\n" % (n, b"ERROR" if n % 50 == 0 else b"all is well") for n in range(1, 501))


def part(data: bytes = TEXT, **fields: str) -> tuple[bytes, int, int, Wanted | None]:
    found = excerpt(data, Wanted.parse(fields))
    return found.body, found.first, found.last, found.rest


@pytest.mark.parametrize(
    ("lines", "first", "last"),
    [("120-180", 120, 180), ("7", 7, 7), ("490-", 490, 500), ("480-9999", 480, 500)],
)
def test_a_range_is_the_originals_bytes(lines: str, first: int, last: int) -> None:
    expected = b"".join(TEXT.splitlines(keepends=True)[first - 1 : last])
    assert part(lines=lines) == (expected, first, last, None)


@given(
    data=st.lists(st.sampled_from([b"a", b"\r", b"\n", "é漢".encode(), b"\xff", b"\x0b", b" " * 50]), max_size=60),
    tokens=st.integers(1, 40),
)
def test_pages_put_together_are_the_whole(data: list[bytes], tokens: int) -> None:
    text = b"".join(data)
    wanted: Wanted | None = Wanted(tokens=tokens)
    pages = []
    while wanted is not None:
        page = excerpt(text, wanted)
        pages.append(page.body)
        wanted = page.rest
        assert len(pages) < 1000
    assert b"".join(pages) == text


def test_the_next_page_is_asked_for_by_the_query_that_the_page_gives() -> None:
    body, _, last, rest = part(lines="100-400", tokens="500")
    assert rest is not None
    assert rest.query == f"lines={last + 1}-400&tokens=500"
    assert 300 < count_tokens(body.decode()) < 600


def test_a_line_longer_than_a_page_goes_on_within_the_line() -> None:
    body, first, last, rest = part("ä".encode() * 50_000 + b"\nend\n", tokens="100")
    assert rest is not None
    assert (first, last, rest.first, rest.skip) == (1, 1, 1, len(body))
    body.decode()


def test_matches_stand_with_their_numbers_and_what_is_around_them() -> None:
    body, *_, rest = part(lines="40-110", grep="ERR.R", context="1")
    assert body.decode().splitlines() == [
        "49-line 49 says all is well",
        "50:line 50 says ERROR",
        "51-line 51 says all is well",
        "--",
        "99-line 99 says all is well",
        "100:line 100 says ERROR",
        "101-line 101 says all is well",
    ]
    assert rest is None
    assert part(grep="nothing like it")[0] == b"[no line matches]\n"


def test_many_matches_come_in_pages_too() -> None:
    body, *_, rest = part(grep="well", tokens="100")
    assert rest is not None
    assert int(body.splitlines()[-1].split(b":")[0]) < rest.first
    assert rest.grep == "well"


def test_a_match_on_an_endless_line_is_cut_and_says_so() -> None:
    body, *_ = part(b"x" * 400_000 + b"needle\n", grep="needle", tokens="50")
    assert len(body) < 500
    assert b"bytes more on this line" in body


@pytest.mark.parametrize("grep", ["(x+x+)+y", "(a|aa)+$", "(.*)*z", "(?:(?:a*)*)*b"])
def test_an_expression_that_never_ends_is_ended(grep: str) -> None:
    data = b"".join(b"%s%s!\n" % (b"x" * 60, b"a" * 60) for _ in range(1000))
    started = time.process_time()
    try:
        part(data, grep=grep)
    except BadQuestion as error:
        assert "took more than 2 s" in str(error)
    assert time.process_time() - started < 4


@pytest.mark.parametrize(
    "fields",
    [
        {"lines": "0-3"},
        {"lines": "-3"},
        {"lines": "9-3"},
        {"lines": "a-b"},
        {"lines": "-"},
        {"lines": "501-"},
        {"grep": "("},
        {"grep": "a" * 301},
        {"context": "-1"},
        {"context": "101"},
        {"tokens": "1e9"},
        {"skip": "x"},
    ],
)
def test_a_question_that_is_none_is_told_what_would_be_one(fields: dict[str, str]) -> None:
    with pytest.raises(BadQuestion):
        excerpt(TEXT, Wanted.parse(fields))


def test_tokens_are_estimated_without_the_tokenizer_near_enough() -> None:
    raw = [recorded.body for recorded in bodies()]
    texts = [body[at : at + 4000] for body in raw for at in range(0, min(len(body), 40_000), 4000)]
    shares = sorted(estimated_tokens(text) / count_tokens(text.decode("utf-8", "replace")) for text in texts)
    assert shares[len(shares) // 20] > 0.8
    assert shares[-len(shares) // 20] < 1.4
