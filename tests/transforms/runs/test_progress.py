"""ProgressLines keeps the last frame of each display, and every line that is no frame."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.call import Call
from transforms.contract import Block, Budget
from transforms.runs.progress import ProgressLines

PROGRESS = ProgressLines()
NO_BUDGET = Budget(0, "")


def shown(text: str) -> str:
    """The rewrite of `text`, proven; `text` itself when there is none."""
    rewrite = PROGRESS.rewrite(Block(text, Call()), NO_BUDGET)
    if rewrite is None:
        return text
    assert PROGRESS.proof(text, rewrite.text)
    return rewrite.text


@pytest.mark.parametrize(
    "frames",
    [
        [f"{n}%|{'█' * (n // 10)}{' ' * (10 - n // 10)}| {n}/100 [00:0{n // 20}<00:09, 9.1it/s]" for n in (9, 50, 100)],
        [f"    {n}0K .......... .......... .......... .......... ..........  {n}% 1.5M {9 - n}s" for n in (1, 2, 3)],
        [f"  1,234,{n}67  {n}5%  1.23MB/s    0:00:1{n}" for n in (1, 2, 3)],
        [f"{spin} resolving packages" for spin in "⠋⠙⠹"],
        [f"Updating files:  {n}% ({n}/100)" for n in (10, 50, 99)],
        [f"❯ shfmt  [{'=' * n}>{' ' * (18 - n)}] {n}/20" for n in (1, 9, 17)],
        [f"Uploading app.tar.gz {n}.5% {n}.1 MiB/s" for n in (10, 50, 99)],
    ],
    ids=["tqdm", "wget", "rsync", "spinner", "git", "hk", "upload"],
)
def test_of_a_display_the_last_frame_is_kept(frames: list[str]) -> None:
    assert shown("\n".join(["before", *frames, "after"])) == f"before\n{frames[-1]}\nafter"
    assert shown("before\n" + "\r".join(frames) + "\nafter") == f"before\n{frames[-1]}\nafter"


@pytest.mark.parametrize(
    "text",
    [
        "tests/test_a.py ........ [ 50%]\n........ [ 60%]\n........ [ 70%]",
        "[ 10%] Building a_1.o\n[ 11%] Building a_2.o",
        "/dev/sda1 50G 20G 30G 40% /\n/dev/sda1 50G 21G 29G 42% /",
        "| 1 | 50% | 5 ms |\n| 2 | 60% | 6 ms |\n|---|-----|------|",
        "2026-01-01 10:00:00 download 10% done\n2026-01-01 10:05:00 download 11% done",
        "step 1/20\nstep 2/20",
        "old\rmac\rline\rends",
        "coverage: 50% of statements\ncoverage: 60% of statements",
        "Downloading 10% failed, trying again\nDownloading 20%",
        "#### 10% of users\n#### 20% of buyers",
    ],
)
def test_what_is_no_frame_stays(text: str) -> None:
    assert shown(text) == text


def test_line_ends_stay_as_they_are() -> None:
    assert shown("a\r\n 10% (1/10) loading\r 90% (9/10) loading\r\nb\r\n") == "a\r\n 90% (9/10) loading\r\nb\r\n"


@pytest.mark.parametrize(
    "rewritten",
    [
        "Fetching 99% (99/100)\n",
        "start\nFetching 10% (10/100)\nend\n",
        "start\nend\n",
        "start\nFetching 99% (99/100)\nend",
    ],
)
def test_the_proof_refuses_a_lost_line(rewritten: str) -> None:
    original = "start\nFetching 10% (10/100)\nFetching 99% (99/100)\nend\n"
    assert PROGRESS.proof(original, "start\nFetching 99% (99/100)\nend\n")
    assert not PROGRESS.proof(original, rewritten)


PIECES = (
    "10%",
    "99% (9/9)",
    "[==>   ]",
    "█████",
    "⠋",
    "Downloading",
    "a",
    "error",
    " ",
    "\r",
    "\n",
    "5/9 MB",
    "\ud800",
)


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
@settings(max_examples=200)
def test_any_text_is_proven_and_done_in_one_go(text: str) -> None:
    out = shown(text)
    assert shown(out) == out
