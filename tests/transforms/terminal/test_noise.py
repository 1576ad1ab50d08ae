"""TerminalNoise leaves what a terminal would show, and nothing a reader could miss goes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.call import Call
from transforms.contract import Block, Budget, Kind
from transforms.terminal.noise import TerminalNoise
from transforms.terminal.screen import screen_line

NOISE = TerminalNoise()
NO_BUDGET = Budget(0, "")
PIECES = [
    "\x1b[31m", "\x1b[0m", "\x1b[K", "\x1b[2K", "\x1b[1K", "\x1b[3C", "\x1b[2D", "\x1b[1A", "\x1b[1G", "\x1b[9G", "\x1b[H",
    "\x1b]0;title\x07", "\x1b]8;;https://e.org\x1b\\", "\x1b]8;;\x1b\\", "\x1b(B", "\x1b", "\x08", "\x08\x08\x08", "\r",
    "\n", "\r\n", " ", "    ", "\t", "50%", "100% done", "error: x", "Getting a", "Getting bb", "a", "_", "\x00", "\ud800", "\x9b",
]  # fmt: skip


def cleaned(text: str) -> str:
    """The rewrite of `text`; `text` itself when there is none."""
    rewrite = NOISE.rewrite(Block(text, Call()), NO_BUDGET)
    return rewrite.text if rewrite else text


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("N\bNA\bAM\bME\bE", "NAME"),
        ("_\bo_\bn", "on"),
        ("wait |\b/\b-\b\\\b \bdone", "wait done"),
        ("10%\b\b\b55%\b\b\b99%", "99%"),
        ("a\x1b[3Cb", "a   b"),
        ("long line\r         \rshort", "short"),
        ("abc\x1b[2K\rnew", "new"),
        ("abc\x1b[1K", "abc\x1b[1K"),
        ("line\r\n", "line\r\n"),
    ],
)
def test_codes_that_move_or_erase_leave_what_is_left_on_the_screen(line: str, shown: str) -> None:
    assert cleaned(line) == shown
    assert NOISE.proof(line, shown)


def test_only_the_last_frame_of_a_repeated_failure_stays() -> None:
    frames = "\r".join(f"{n} of 9 tests, {n} failed ..." for n in range(1, 9)) + "\r9 of 9 tests, all passed now ..."
    assert cleaned(frames).split("\r") == ["8 of 9 tests, 8 failed ...", "9 of 9 tests, all passed now ..."]


def test_the_proof_sees_a_lost_character_and_a_lost_line() -> None:
    assert not NOISE.proof("\x1b[31mred\x1b[0m", "rd")
    assert not NOISE.proof("\x1b[31mred\x1b[0m\nblue", "red")
    assert not NOISE.proof("longer frame\rshort", "short")


@pytest.mark.parametrize(
    "text",
    ["\x1b[0\x1b[0m: shipment", "\x1b[1m\x1b\x1b[0m[31m", "\x1b]0;ti\x1b[0mtle\x07 text", "\x1b[./scripts/run.sh"],
)
def test_a_code_that_is_no_code_keeps_what_stands_behind_it(text: str) -> None:
    assert cleaned(text) == text


def test_source_files_are_not_asked_about() -> None:
    assert Kind.CODE not in NOISE.kinds


def test_a_code_cannot_draw_a_line_of_any_length() -> None:
    assert cleaned("a\x1b[9999Cb") == "a\x1b[9999Cb"
    assert len(screen_line("a\x1b[9999Cb\x1b[9999Gc")) < 300


def test_an_erased_line_starts_again_where_the_cursor_is() -> None:
    assert screen_line("abc\x1b[2Kde\rx") == "x  de"


def test_a_screen_line_ignores_colours_and_titles() -> None:
    assert screen_line("\x1b]0;title\x07\x1b[1mbold\x1b[m  ") == "bold"


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
@settings(max_examples=200)
def test_any_mixture_of_codes_is_proven_and_settled_at_once(text: str) -> None:
    out = cleaned(text)
    if NOISE.proof(text, out):
        assert cleaned(out) == out
