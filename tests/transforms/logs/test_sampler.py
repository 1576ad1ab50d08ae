"""LogSampler drops routine lines only, within the budget, and every gap says which lines it was."""

import random
import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.call import Call
from transforms.contract import Block, Budget, Omission
from transforms.logs.folder import LogFolder
from transforms.logs.sampler import LogSampler
from transforms.tokenizer import count_tokens

SAMPLER = LogSampler()
AMPLE = Budget(10**9, "/o/1")
TELLING = (
    "ERROR org.example.db.Pool: query 77 failed: deadlock on orders",
    "WARN org.example.db.Pool: 3 of 4 connections in use",
    "INFO org.example.jobs.Nightly: started with profile lunar",
    "INFO org.example.http.Server: answered in 99999 ms",
)


def log(lines: int, *told: str, at: tuple[int, ...] = ()) -> list[str]:
    """A log of routine lines with `told` at the places `at`."""
    chance = random.Random(lines)
    out = []
    for number in range(lines):
        said = chance.choice(
            (
                f"INFO org.example.http.Server: answered in {chance.randrange(20, 60)} ms",
                f"INFO org.example.store.Cache: {chance.randrange(4)} entries evicted",
                "DEBUG org.example.health.Probe: ping",
            )
        )
        out.append(f"2024-03-05 {10 + number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d},000 {said}")
    for place, line in zip(at, told, strict=True):
        out[place] = out[place][:24] + line
    return out


def sampled(lines: list[str], budget: Budget = AMPLE, question: str = "") -> list[str]:
    """The rewrite, proven and not shortened again; the lines themselves where there is none."""
    text = "\n".join(lines)
    rewrite = SAMPLER.rewrite(Block(text, Call(), question), budget)
    if rewrite is None or rewrite.text == text:
        return lines
    assert SAMPLER.proof(text, rewrite.text)
    assert SAMPLER.rewrite(Block(rewrite.text, Call(), question), AMPLE) is None
    dropped = [lines[n - 1] for gap in rewrite.omitted for n in range(gap.first, gap.last + 1)]
    assert count_tokens("\n".join(dropped)) <= budget.tokens
    assert len(dropped) + len(rewrite.text.split("\n")) - len(rewrite.omitted) == len(lines)
    return rewrite.text.split("\n")


def test_twenty_thousand_routine_lines_leave_a_picture_of_themselves() -> None:
    """However uniform a log is, its ends and the first and last lines of each kind stay."""
    lines = log(20_000)
    out = sampled(lines)
    assert out[:5] == lines[:5]
    assert out[-5:] == lines[-5:]
    kinds = {re.sub(r"\d+", "*", line[24:]) for line in lines}
    assert {re.sub(r"\d+", "*", line[24:]) for line in out if not line.startswith("[lines ")} == kinds
    assert len(out) < 200


@pytest.mark.parametrize("told", TELLING)
def test_what_is_not_routine_stays(told: str) -> None:
    """An error, a warning, the only line of its kind, a value far off the others: each stays where it is."""
    out = sampled(log(300, told, at=(150,)))
    assert any(line.endswith(told) for line in out)
    assert len(out) < 150


def test_what_stands_beside_an_error_stays() -> None:
    """Two lines before and two lines after an error are still there."""
    lines = log(300, TELLING[0], at=(150,))
    out = sampled(lines)
    place = out.index(lines[150])
    assert out[place - 2 : place + 3] == lines[148:153]


def test_a_stack_trace_stays_to_its_last_line() -> None:
    """The lines below an error that have no time of their own belong to it."""
    lines = log(300)
    trace = ["Traceback (most recent call last):", *[f"  frame {n}" for n in range(30)], "ValueError: no such order: 1"]
    lines[150:150] = [lines[150][:24] + TELLING[0], *trace]
    assert "\n".join(trace) in "\n".join(sampled(lines))


@pytest.mark.parametrize("level", ["ERROR", "INFO"])
def test_a_trace_of_repeated_frames_stays_above_its_last_line(level: str) -> None:
    """Frames that are said often stay where the entry they belong to tells of an error, be it in its last line."""
    lines = log(300)
    trace = ["Stack of the worker:", *["  File app.py, line 7, in visit"] * 12, "ValueError: an error at depth 12"]
    for place in (250, 150, 50):
        lines[place:place] = [f"{lines[place][:24]}{level} org.example.Worker: stopped", *trace]
    out = "\n".join(sampled(lines))
    assert out.count("\n".join(trace)) == 3


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2024-03-05 10:{m:02d}:{s:02d},000", "2024-03-05 {h}:{m:02d}:{s:02d},000"),
        ("Mar  5 23:{m:02d}:{s:02d}", "Mar  6 {h}:{m:02d}:{s:02d}"),
        ("0305 10{m:02d}{s:02d}", "0305 {h}{m:02d}{s:02d}"),
        ("[{n:5d}.000000]", "[{later:5d}.000000]"),
        ("1709632{n:03d}", "1709633{n:03d}"),
    ],
)
def test_both_sides_of_a_hole_in_time_stay(first: str, second: str) -> None:
    """A standstill is told by the lines beside it, however the log writes its times."""
    first, second = first.replace("0305 ", "240305 "), second.replace("0305 ", "240305 ")
    stamps = [
        (first if n < 150 else second).format(n=n, later=n + 900, h=11, m=n // 60, s=n % 60) + " INFO health: ping"
        for n in range(300)
    ]
    out = sampled(stamps)
    place = out.index(stamps[149])
    assert out[place + 1] == stamps[150]
    assert len(out) < 60


def test_pauses_that_come_all_the_time_are_routine() -> None:
    """A log written in bursts is sampled as any other."""
    lines = [f"2024-03-05 {10 + n // 24:02d}:{n // 4 * 10 % 60:02d}:00 INFO health: ping" for n in range(200)]
    assert len(sampled(lines)) < 60


@pytest.mark.parametrize(
    "frame",
    [
        "\tat org.example.Pool.open(Pool.java:88)",
        "   at Example.Pool.Open(String name) in /src/Pool.cs:line 88",
        "    at open (/srv/app/pool.js:88:3)",
        '  File "/srv/app/pool.py", line 88, in open',
    ],
)
def test_frames_of_a_stack_trace_stay(frame: str) -> None:
    """No frame is routine, however often it is said."""
    lines = log(300)
    for place in range(250, 50, -10):
        lines.insert(place, frame)
    assert sampled(lines).count(frame) == 20


def test_a_marker_cuts_no_word() -> None:
    """What a marker shows of a long kind ends with a whole word."""
    words = "INFO health: " + "replica answers the coordinator " * 5
    out = sampled([f"2024-03-05 10:00:{n % 60:02d} {words}" for n in range(100)])
    shown = next(line for line in out if line.startswith("[lines ")).partition('like "')[2].partition("…")[0]
    assert shown.split(" ") == words.split(" ")[: shown.count(" ") + 1]
    assert len(shown) > 50


def test_what_the_question_names_stays() -> None:
    """A line with a name from the question stays, though all the others of its kind go."""
    lines = [f"2024-03-05 10:00:{n % 60:02d} INFO dfs.Node: Received block blk_{n * 7919 + 10**8}" for n in range(200)]
    asked = "What happened with blk_100791900?"
    assert f"blk_{100 * 7919 + 10**8}" in asked
    out = sampled(lines, question=asked)
    assert lines[100] in out
    assert len(out) < 60


def test_no_name_goes_from_the_text_unless_another_one_is_asked_for() -> None:
    """Blocks, requests and hosts that are named once are all there when nobody has said which one matters."""
    lines = [f"2024-03-05 10:00:{n % 60:02d} INFO dfs.Node: Received block blk_{n * 7919 + 10**8}" for n in range(200)]
    assert sampled(lines, question="Load this first.") == lines


def test_a_rare_value_among_repeated_ones_stays() -> None:
    """The one line from another host stays."""
    lines = [f"2024-03-05 10:00:{n % 60:02d} INFO net: ping from host{n % 4}" for n in range(200)]
    lines[99] = lines[99][:19] + " INFO net: ping from host9"
    assert lines[99] in sampled(lines)


def test_a_failed_request_in_an_access_log_stays() -> None:
    """A status of 4xx or 5xx tells of an error."""
    lines = [
        f'192.0.2.7 - - [05/Mar/2024:10:{n // 60:02d}:{n % 60:02d} +0000] "GET / HTTP/1.1" 200 512' for n in range(200)
    ]
    lines[120] = lines[120].replace(" 200 ", " 503 ")
    out = sampled(lines)
    assert lines[120] in out
    assert len(out) < 60


@pytest.mark.parametrize("tokens", [60, 400, 2500])
def test_the_budget_binds(tokens: int) -> None:
    """Never more tokens go than allowed; of a larger budget, most is used."""
    lines = log(400)
    out = sampled(lines, Budget(tokens, "/o/1"))
    if tokens > 100:
        assert count_tokens("\n".join(lines)) - count_tokens("\n".join(out)) > tokens // 2


def test_the_most_frequent_kinds_go_first() -> None:
    """A small budget is spent on the heartbeats, not on the kinds that are less often said."""
    lines = [f"2024-03-05 10:00:{n % 60:02d} INFO health: ping answered" for n in range(400)]
    lines[30:45] = [f"2024-03-05 10:00:{n % 60:02d} INFO jobs: sweep done" for n in range(15)]
    assert lines[33] in sampled(lines, Budget(2000, "/o/1"))


def test_a_gap_of_several_kinds_says_how_many_are_of_the_one_it_shows() -> None:
    """Else a reader who counts would take all of them for that one."""
    words = ("health: ping answered", "cache: hit on the first try", "health: ping answered")
    out = sampled([f"2024-03-05 10:00:{n % 60:02d} INFO {words[n % 3]}" for n in range(300)])
    marker = next(line for line in out if line.startswith("[lines "))
    first, last = map(int, re.findall(r"\d+", marker)[:2])
    assert f"routine, {sum(n % 3 != 1 for n in range(first - 1, last))} of them like " in marker


def test_a_gap_in_a_log_that_was_read_from_its_middle_tells_the_numbers_of_the_reader() -> None:
    """Beside them, the marker's own count would pass for lines of the file."""
    read = [f"{number:6d}→{line}" for number, line in enumerate(log(200), 5000)]
    markers = [line for line in sampled(read) if line.startswith("[line")]
    assert markers
    for marker in markers:
        found = re.match(r"\[lines (\d+)-(\d+) omitted: .+, numbered (\d+)-(\d+)(?:; |\])", marker)
        assert found is not None
        first, last, start, end = map(int, found.groups())
        assert (start, end) == (first + 4999, last + 4999)


def test_every_gap_is_listed_in_lines_of_the_original() -> None:
    """The list of omissions and the markers in place say the same."""
    text = "\n".join(log(300, TELLING[0], at=(150,)))
    rewrite = SAMPLER.rewrite(Block(text, Call()), AMPLE)
    assert rewrite is not None
    marked = re.findall(r"^\[lines (\d+)-(\d+) omitted: [^\n]+\]$", rewrite.text, re.MULTILINE)
    assert [Omission("lines", int(first), int(last)) for first, last in marked] == list(rewrite.omitted)
    assert rewrite.text.count("/o/1") == 1


def test_a_line_that_quotes_a_marker_does_not_switch_anything_off() -> None:
    """A marker form in the content, at a place it does not name, is a line like any other."""
    lines = log(300, "INFO quoted:", at=(150,))
    lines[150] = "[lines 3-9 omitted: routine; full text: /o/9]"
    assert len(sampled(lines)) < 200


def test_a_false_marker_proves_nothing() -> None:
    """The ranges are computed from the text: a wrong number, a changed or a missing line does not hold."""
    text = "\n".join(log(300))
    rewrite = SAMPLER.rewrite(Block(text, Call()), AMPLE)
    assert rewrite is not None
    first = rewrite.omitted[0]
    wrong = rewrite.text.replace(f"{first.first}-{first.last}", f"{first.first}-{first.last - 1}")
    assert not SAMPLER.proof(text, wrong)
    assert not SAMPLER.proof(text, rewrite.text.replace("10:00:00", "10:00:01", 1))
    assert not SAMPLER.proof(text, rewrite.text.partition("\n")[2])


def test_what_is_left_is_folded_and_keeps_the_gaps() -> None:
    """LogFolder runs on the result: the markers stand as they were, and the log is shorter than by either alone."""
    text = "\n".join(log(400, TELLING[0], at=(200,)))
    rewrite = SAMPLER.rewrite(Block(text, Call()), Budget(count_tokens(text) * 45 // 100, "/o/1"))
    assert rewrite is not None
    folded = LogFolder().rewrite(Block(rewrite.text, Call()), Budget(0, ""))
    assert folded is not None
    assert Counter(re.findall(r"^\[lines .*", rewrite.text, re.MULTILINE)) == Counter(
        re.findall(r"^\[lines .*", folded.text, re.MULTILINE)
    )
    assert count_tokens(folded.text) < 0.4 * count_tokens(text)


@given(st.integers(40, 160), st.data())
@settings(max_examples=40)
def test_a_damaged_log_is_sampled_truthfully_or_left_alone(count: int, data: st.DataObject) -> None:
    """Pieces cut out, doubled or replaced by odd characters never raise and never make a marker lie."""
    text = "\n".join(log(count))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(text)))
        to = data.draw(st.integers(at, min(len(text), at + 120)))
        odd = data.draw(
            st.sampled_from(("", text[at:to] * 2, "\x00", "\r", "\udcff", "\u2028", "\n", "ERROR", "\n" * 9))
        )
        text = text[:at] + odd + text[to:]
    sampled(text.split("\n"), Budget(data.draw(st.integers(1, 3000)), "/o/1"))


@pytest.mark.parametrize("line", ["x" * 40_000, " " * 40_000, "a." * 20_000, "1" * 20_000, "[" * 20_000])
def test_monstrous_lines_take_no_time(line: str) -> None:
    """A single endless line, whatever it holds, is read in linear time."""
    sampled([*log(60), line, f"2024-03-05 11:00:00,000 INFO {line}", *log(60)])
