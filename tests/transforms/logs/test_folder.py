"""LogFolder says routine once, keeps what is quoted, and gives every character back."""

import random
import re
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.call import Call
from transforms.contract import Block, Budget
from transforms.logs.folder import LogFolder
from transforms.tokenizer import count_tokens

FOLDER = LogFolder()
NOTHING = Budget(0, "")
HEADS = (
    "2024-03-05 10:00:{s:02d},{n:03d} INFO [main] org.example.store.Cache: ",
    "2024-03-05 10:00:{s:02d} worker-{n} ",
    "[2026-01-14T08:12:{s:02d}.{n:03d}Z][WARN ][node-1] ",
    "Mar  5 10:00:{s:02d} web3 app[{n}]: ",
    "[Tue Mar 05 10:00:{s:02d} 2024] [notice] ",
    "17/06/09 20:10:{s:02d} INFO executor.Executor: ",
    "240305 1000{s:02d} {n} INFO dfs.Node: ",
    "20240305-9:5:{s}:{n}|Step|3000|",
    "- 17096328{s:02d} 2024.03.05 R02-M1 2024-03-05-10.00.{s:02d}.{n:06d} R02-M1 RAS KERNEL INFO ",
    "03-05 10:00:{s:02d}.{n:03d}  1702  2395 D WindowManager: ",
    "I0305 10:00:{s:02d}.{n:06d}    1234 controller.go:123] ",
    "api-1  | 2024-03-05T10:00:{s:02d}.{n}51Z ",
    "test\tTests\t2026-02-10T03:45:{s:02d}.{n:07d}Z ",
    '192.0.2.{s} - - [05/Mar/2024:10:00:{s:02d} +0000] "GET ',
    "[    1.{n:06d}] usb 1-1: ",
    'time="2024-03-05T10:00:{s:02d}Z" level=info msg=',
    "10:00:{s:02d}.{n:03d} [main] DEBUG com.example.Job - ",
    "2024-03-05 10:00:{s:02d}, Info                  CBS    ",
)
MESSAGES = ("Heartbeat sent to all of the peers", "Loaded {n} plugins", "GET /orders/{n} took {s} ms", "queue is empty")
TRACE = "java.lang.IllegalStateException: closed\n\tat org.example.Pool.run(Pool.java:9)\n\tat org.example.Main.go(A.java:4)"
TAILS = ('/ HTTP/1.1" 200 "Mozilla/5.0 (X11; Linux x86_64)"', "Joined (org.example.GroupCoordinator)", "Joined ~a")
ODD_LINES = (
    *("", " ", "]", "A", "A b", "= x", "02 A x", "[the line above 3 more times]", "~a = b", " ~a"),
    *("é\u2028\x00\udcff", "[the end]", "end\r", "* of %s", "[log folded", TRACE),
)


def block(text: str, question: str = "") -> Block:
    return Block(text, Call(), question)


def log(head: str, lines: int = 60) -> str:
    chance = random.Random(head)
    out, second = [], 0
    for _ in range(lines):
        second = min(59, second + chance.choice((0, 0, 1, 2)))
        n = chance.randrange(900)
        out.append(head.format(s=second, n=n) + chance.choice(MESSAGES).format(s=second, n=n))
    return "\n".join(out) + "\n"


def folded(text: str) -> str:
    """The rewrite, proven; the text itself where there is none."""
    rewrite = FOLDER.rewrite(block(text), NOTHING)
    if rewrite is None:
        return text
    assert FOLDER.proof(text, rewrite.text)
    assert FOLDER.rewrite(block(rewrite.text), NOTHING) is None
    return rewrite.text


@pytest.mark.parametrize("head", HEADS)
def test_every_way_of_writing_logs_gets_shorter(head: str) -> None:
    """Whatever the format, a fifth of the tokens goes at least, and every message stands on a line as it was."""
    text = log(head)
    out = folded(text)
    assert count_tokens(out) < 0.8 * count_tokens(text)
    for n in range(900):
        assert f"Loaded {n} plugins" not in text or f"Loaded {n} plugins" in out


@given(
    st.lists(st.tuples(st.sampled_from((*HEADS, "")), st.sampled_from(MESSAGES + TAILS + ODD_LINES)), max_size=60),
    st.data(),
)
@settings(max_examples=60)
def test_any_mixture_of_lines_is_given_back(parts: Sequence[tuple[str, str]], data: st.DataObject) -> None:
    """Formats mixed in one text, odd lines and lines that look like our own form do not confuse the inverse."""
    numbers = data.draw(st.lists(st.integers(0, 59), min_size=len(parts), max_size=len(parts)))
    lines = [
        (head + tail).format(s=n, n=n * 13) if "{" in head + tail else head + tail
        for (head, tail), n in zip(parts, numbers, strict=True)
    ]
    folded("\n".join(lines))


@given(st.sampled_from(HEADS), st.data())
@settings(max_examples=60)
def test_a_damaged_log_is_given_back_or_left_alone(head: str, data: st.DataObject) -> None:
    """Pieces cut out, doubled or replaced by odd characters never raise and never lose a character."""
    text = log(head, 40)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(text)))
        to = data.draw(st.integers(at, min(len(text), at + 90)))
        text = (
            text[:at]
            + data.draw(st.sampled_from(("", text[at:to] * 2, "\x00", "\r", "*", '"', "<time>", "\n")))
            + text[to:]
        )
    rewrite = FOLDER.rewrite(block(text), NOTHING)
    assert rewrite is None or FOLDER.proof(text, rewrite.text)


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "\r\n"])
def test_line_ends_are_given_back(end: str) -> None:
    """A missing, doubled or foreign end of the last line is still there."""
    text = log(HEADS[0]).rstrip("\n") + end
    assert folded(text) != text


def test_lines_that_end_in_carriage_return_are_folded() -> None:
    """A log written on Windows gets shorter too."""
    text = log(HEADS[0]).replace("\n", "\r\n")
    assert count_tokens(folded(text)) < 0.8 * count_tokens(text)


def test_a_rare_error_stands_whole_with_its_time() -> None:
    """One error among routine lines is there as it was written."""
    error = "2024-03-05 10:00:30,000 ERROR [main] org.example.db.Pool: query 77 failed: deadlock on orders"
    lines = log(HEADS[0]).split("\n")
    lines.insert(30, error)
    assert error in folded("\n".join(lines)).split("\n")


def test_a_time_does_not_begin_within_a_number() -> None:
    """A year of five digits is no year: the line stands as it was."""
    odd = "2" + HEADS[0].format(s=30, n=7) + "checkpoint written"
    lines = log(HEADS[0]).split("\n")
    lines.insert(30, odd)
    assert odd in folded("\n".join(lines)).split("\n")


def test_the_last_line_of_a_traceback_is_kept() -> None:
    """The line that says what went wrong stands below its traceback, on a line of its own."""
    trace = 'Traceback (most recent call last):\n  File "/app/run.py", line 3, in go\n    pay(1)\nValueError: no such order: 1'
    out = folded(log(HEADS[1]) + trace + "\n" + log(HEADS[1]))
    assert trace in out


def test_a_time_that_outgrows_the_blanks_before_it_is_given_back() -> None:
    """As the kernel's seconds do on a machine that runs for hours."""
    lines = [f"[{n // 9 / 7:12.6f}] usb 1-{n}: new device" for n in range(99)]
    text = "\n".join([*lines, "[29518.335749] oom: low", "[45297.094978] oom: low"])
    assert len(folded(text)) < len(text)


def test_below_a_line_without_a_time_nothing_is_left_to_infer() -> None:
    """After a gap, a foreign line or a named repeat the time is whole and no value is said with a sign."""
    chance, lines = random.Random(1), list[str]()
    for n in range(400):
        lines.append(
            f"2024-03-05 10:{n // 60:02d}:{n % 60:02d} INFO [worker-{n // 2 * 7919}] org.example.Job: {chance.choice(MESSAGES)}"
        )
        lines += chance.choice(([], [], ["[lines 3-9 omitted: routine]"], TRACE.split("\n"), ["-" * 60] * 5))
    _, _, body = folded("\n".join(lines)).partition("\n]\n")
    rows = body.split("\n")
    tagged = re.compile(r"(?:(\S+(?: [0-9:]+)?) )?[A-Z]{1,2}( \")?(?: |$)")
    assert sum(row.endswith(' "') for row in rows) > 5
    for above, row in pairwise(rows):
        match = tagged.match(row)
        if match and not tagged.match(above) and not above.startswith("2024"):
            assert (match[1] or "").startswith("2024-03-05 10:")
            assert not match[2]


@pytest.mark.parametrize(
    "other", ["\tat org.example.Other.run(Other.java:1)", "2024-03-05 10:00:09,000 INFO [main] x.Y: z"]
)
def test_lines_that_followed_differently_once_are_not_named_again(other: str) -> None:
    """What follows a message is only named where it is the same wherever the message is shown."""
    failed = "2024-03-05 10:00:{n:02d},000 ERROR [main] org.example.Job: failed\n"
    same = [failed.format(n=n) + TRACE for n in range(10, 16)]
    assert folded("\n".join(same)).count("[then the same 3 lines") == 5
    mixed = [same[0], failed.format(n=10) + other, *same[1:]]
    assert "[then the same 3 lines" not in folded("\n".join(mixed))


@pytest.mark.parametrize(("own", "is_folded"), [(22, False), (8, True)])
def test_without_times_a_text_is_folded_for_a_tenth_of_it_at_least(own: int, *, is_folded: bool) -> None:
    """In the report of a failed test, a letter in place of a line of code costs its reader more than it saves."""
    said = "        order.apply_discount(Discount(percent=10))"
    words = ("alpha", "beta", "gamma", "delta", "epsilon")
    lines = [f"E   assert {words[n % 5] * (n + 1)} == {words[n % 4]}" for n in range(own)]
    text = "\n".join("\n".join([*lines[n::5], said]) for n in range(5))
    assert (FOLDER.rewrite(block(text), Budget(0, "")) is not None) is is_folded


def test_lines_that_the_question_names_stand_whole() -> None:
    """A line with a name from the question keeps its time and head."""
    lines = log(HEADS[0]).split("\n")
    lines[20] = "2024-03-05 10:00:20,000 INFO [main] org.example.store.Cache: stored blk_7577595658 in 3 ms"
    rewrite = FOLDER.rewrite(block("\n".join(lines), "What happened with blk_7577595658?"), NOTHING)
    assert rewrite is not None
    assert lines[20] in rewrite.text.split("\n")


@pytest.mark.parametrize("odd", ["[the end]", "[the line above is odd]", "{} joined as ~a"])
def test_lines_that_only_look_like_ours_come_back(odd: str) -> None:
    lines = log(HEADS[0]).split("\n")
    lines.insert(30, odd.format(HEADS[0].format(s=30, n=7).rstrip()))
    assert folded("\n".join(lines)) != "\n".join(lines)


def test_a_text_that_only_looks_folded_proves_nothing() -> None:
    """The proof compares characters: a folded form of something else does not hold."""
    text = log(HEADS[0])
    other = folded(text).replace("plugins", "plug-ins")
    assert not FOLDER.proof(text, other)
    assert not FOLDER.proof(text, "[log folded")
    assert not FOLDER.proof(text, "[text folded; letters:\nA = <time> * B\n]\nA\n[the line above 2 more times]")


@pytest.mark.parametrize("line", ["x" * 40_000, " " * 40_000, "[" * 30_000, "a." * 30_000, "1" * 30_000, "- " * 20_000])
def test_monstrous_lines_take_no_time(line: str) -> None:
    """A single endless line, whatever it holds, is read in linear time."""
    folded(
        "\n".join(
            [log(HEADS[0], 20), f"2024-03-05 10:00:59,000 {line}", f"2024-03-05 10:00:59,000 INFO {line}", line, line]
        )
    )


def test_a_run_of_empty_lines_takes_no_time() -> None:
    """Lines too short to be worth counting are passed over once."""
    text = log(HEADS[0]) + "\n" * 40_000 + log(HEADS[0])
    assert folded(text)
