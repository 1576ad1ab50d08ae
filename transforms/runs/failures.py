"""The passages of a run's output that tell of a failure, which a rewrite leaves whole.

Sections of pytest and unittest, tracebacks, diagnostics of compilers, jest's and vitest's failures, and whatever is
indented below a line that tells of something wrong. Contract: pure, linear, never raises. Lines count from 0.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from transforms.lossy.gaps import runs_of

_PYTEST_HEADER = re.compile(r"_{2,} .+ _{2,}|_{3,}[^_].*[^_]_{3,}")
_PYTEST_RULE = re.compile(r"={3,} .+ ={3,}\s*$")
_PYTEST_PART = re.compile(
    r"={3,} (?:FAILURES|ERRORS|PASSES|XFAILURES|XPASSES|warnings summary|short test summary|test session starts|"
    r"slowest |tests coverage|coverage: |rerun test|no tests ran|\d+ \w+)"
)
"""The rules that pytest itself draws; a test may print others."""
_PYTEST_FAILED = re.compile(r"={3,} (?:FAILURES|ERRORS) ={3,}")
_PYTEST_STARTS = re.compile(r"={3,} test session starts ={3,}")
_PYTEST_ENDED = re.compile(r"={3,} .+ in [\d.]+s\b.* ={3,}")
"""The ends of a run of pytest; what a test of pytest itself printed holds whole runs."""
_CAPTURED = re.compile(r"-{3,} (?:Captured|live log)")
_PYTEST_SIGN = re.compile(r"E  |> |\S+:\d+: \S|\[XPASS")
_UNITTEST_END = re.compile(r"={70}|Ran \d+ tests? in .+")
_TRACEBACK = re.compile(r"(?P<indent>[\sE|+]*)(?:Exception Group )?Traceback \(most recent call last\):")
_DIAGNOSTIC = re.compile(
    r"(?:error|warning)(?:\[\w+\])?: |\S+:\d+:(?:\d+:)? (?:fatal )?(?:error|warning)|[A-Z]{1,4}\d{2,4} |thread '.+' pan"
)
_JS_FAILURE = re.compile(r" *● (?!Console$).+| *FAIL +\S+ > .+")
"""Below `● Console` jest says what the tests of a file printed, whether they fail or pass."""
_STDOUT = re.compile(r"---- .+ std(?:out|err) ----$|\s*(?:-{3,}|─{3,}) STD(?:OUT|ERR): .+|  std(?:out|err) ─{3}$")
"""What cargo and nextest print of a failed test."""
_STDOUT_WORDS = ("stdout ----", "stderr ----", " STDOUT: ", " STDERR: ", "stdout ───", "stderr ───")
_STDOUT_END = re.compile(
    r"---- .+ ----$|failures:$|test result: |\s*(?:-{3,}|─{3,}) STD|"
    r"\s+(?:PASS|FAIL|SLOW|SKIP|TRY \d+ \w+|Summary) \[|─{8}"
)
_TEST_STARTS = re.compile(r"\s*=== RUN +(?P<go>\S+)|\[ RUN      \] (?P<google>\S+)|Test Case '(?P<apple>.+)' started")
_TEST_FAILS = re.compile(
    r"\s*--- FAIL: (?P<go>\S+)|\[  FAILED  \] (?P<google>[^\s,]+)|Test Case '(?P<apple>.+)' failed"
)
_TEST_FAILS_WORDS = ("--- FAIL: ", "[  FAILED  ] ", "' failed")
_JS_END = re.compile(r" *● .+|(?:PASS|FAIL) .+|(?:Test Suites|Tests|Snapshots): .+|⎯{5,}.*| *Test Files .+")
_LONGEST_DIAGNOSTIC = 80
_LONGEST_BELOW = 200
_LONGEST_OUTPUT = 2000
"""Lines. What claims to be longer is not one report of one failure."""
_LIBRARY = re.compile(
    r"site-packages|dist-packages|node_modules|/lib/python\d|/rustc/|<frozen |node:internal|/usr/(?:local/)?go/src/|"
    r"\.cargo/registry|/gems/|\bjava\.base/|org\.junit\.|\bsun\.reflect|jdk\.internal|org\.gradle\."
)
_FRAME = re.compile(r'\s*(?:File ".+", line \d+|at \S.+)')
_OUTER, _INNER = 2, 4
"""Frames that stay at the two ends of a stack: where the call came from, and where it went wrong."""


def failure_lines(lines: Sequence[str], signs: Sequence[bool], routines: Sequence[str]) -> bytearray:
    """A 1 for every line of a passage about a failure.

    `lines` are the bodies; `signs` says which of them tell of something wrong, `routines` which are routine.
    """
    whole, text = bytearray(len(lines)), "\n".join(lines)
    passages = [*_pytest_sections(lines), *_diagnostics(lines), *_indented(lines, signs, routines)]
    # the others are looked for where the text holds the words that they begin with
    if "=" * 70 in text or "Ran " in text:
        passages += _unittest_sections(lines)
    if "Traceback (" in text:
        passages += _tracebacks(lines)
    if "●" in text or "FAIL " in text:
        passages += _until(lines, _JS_FAILURE, _JS_END, _LONGEST_OUTPUT)
    if any(words in text for words in _STDOUT_WORDS):
        passages += _until(lines, _STDOUT, _STDOUT_END, _LONGEST_OUTPUT)
    if any(words in text for words in _TEST_FAILS_WORDS):
        passages += _printed(lines, routines)
    for first, last in passages:
        whole[first : last + 1] = b"\x01" * (last + 1 - first)
    return whole


def library_frames(lines: Sequence[str]) -> Iterator[int]:
    """The lines of frames inside third-party code, from the middles of long tracebacks."""
    stacks = [(stack, _OUTER, _INNER) for stack in _tracebacks(lines)]
    called_at = runs_of(line[:1].isspace() and line.lstrip().startswith("at ") for line in lines)
    stacks += [(stack, _INNER, _OUTER) for stack in called_at]  # JavaScript and Java: they begin where it went wrong
    for (first, last), top, bottom in stacks:
        frames = [at for at in range(first, last + 1) if _FRAME.match(lines[at])]
        for at, following in pairwise(frames[top : len(frames) - bottom + 1]):
            if _LIBRARY.search(lines[at]):
                yield from range(at, following)


def _pytest_sections(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """From a header `___ test ___` to the next header or rule, if it is a failure or holds an assertion."""
    head, told, failed, captured, nested = -1, False, False, False, False
    for at, line in enumerate(lines):
        if failed and captured and (nested or _PYTEST_STARTS.match(line)):
            nested = _PYTEST_ENDED.match(line) is None
        elif line.startswith(("__", "==")) and _opens_or_ends(line, captured):
            if head >= 0 and told:
                yield head, at - 1
            failed = failed if line.startswith("_") else _PYTEST_FAILED.match(line) is not None
            head, told, captured = (at if line.startswith("_") else -1), failed, False
            continue
        captured = captured or _CAPTURED.match(line) is not None
        if head >= 0 and not told:
            told = _PYTEST_SIGN.match(line) is not None
    if head >= 0 and told:
        yield head, len(lines) - 1


def _opens_or_ends(line: str, captured: bool) -> bool:
    """Whether a section begins or ends; in what a test printed only a rule that pytest draws tells so."""
    if line.startswith("_"):
        return _PYTEST_HEADER.match(line) is not None
    return (_PYTEST_PART if captured else _PYTEST_RULE).match(line) is not None


def _printed(lines: Sequence[str], routines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """What a failing test of go, googletest or XCTest printed: the lines from its start to its failure."""
    started: dict[str, int] = {}
    for at, line in enumerate(lines):
        if (begun := _TEST_STARTS.match(line)) is not None:
            started[begun[begun.lastgroup or 0]] = at
        elif (failed := _TEST_FAILS.match(line)) is not None:
            first = started.pop(failed[failed.lastgroup or 0], at)
            own = range(first, at + 1) if at - first <= _LONGEST_OUTPUT else ()
            yield from ((place, place) for place in own if place == first or not routines[place])


def _unittest_sections(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    head = -1
    for at, line in enumerate(lines):
        if line.startswith(("=" * 70, "Ran ")) and _UNITTEST_END.fullmatch(line.rstrip()):
            if head >= 0:
                yield head, at - 1
            opens = at + 1 < len(lines) and lines[at + 1].startswith(("ERROR: ", "FAIL: ", "UNEXPECTED SUCCESS: "))
            head = at if opens else -1
    if head >= 0:
        yield head, len(lines) - 1


def _tracebacks(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """From the word `Traceback` to the line of the exception."""
    at = 0
    while at < len(lines):
        found = _TRACEBACK.match(lines[at]) if "Traceback (" in lines[at] else None
        if found is not None:
            first, deeper = at, found["indent"].replace("+", "|") + " "  # `+` opens a group, `|` goes on with it
            while at + 1 < len(lines) and (lines[at + 1].startswith(deeper) or lines[at + 1].strip(" |") == ""):
                at += 1
            at = min(at + 1, len(lines) - 1)
            yield first, at
        at += 1


def _diagnostics(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """A compiler's report, to the blank line behind it."""
    at = 0
    while at < len(lines):
        if _DIAGNOSTIC.match(lines[at]):
            first, end = at, min(at + _LONGEST_DIAGNOSTIC, len(lines))
            while at + 1 < end and lines[at + 1].strip() and _is_detail(lines[at + 1]):
                at += 1
            yield first, at
        at += 1


def _is_detail(line: str) -> bool:
    """Source excerpts, arrows and notes: indented, behind a gutter, or a note."""
    return line[0].isspace() or line[0].isdigit() or line.startswith(("|", "note:", "help:", "-->", "^", "..."))


def _until(lines: Sequence[str], opens: re.Pattern[str], ends: re.Pattern[str], most: int) -> Iterator[tuple[int, int]]:
    first = -1
    for at, line in enumerate(lines):
        if first >= 0 and (ends.match(line) or at - first >= most):
            yield first, at - 1
            first = -1
        if first < 0 and opens.match(line):
            first = at
    if first >= 0:
        yield first, len(lines) - 1


def _indented(lines: Sequence[str], signs: Sequence[bool], routines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """A line that tells of something wrong, and what is indented deeper below it."""
    at = 0
    while at < len(lines):
        if signs[at] and not routines[at]:
            first, depth = at, _depth(lines[at])
            end = min(at + _LONGEST_BELOW, len(lines))
            while at + 1 < end and not routines[at + 1] and _depth(lines[at + 1]) > depth:
                at += 1
            yield first, at
        at += 1


def _depth(line: str) -> int:
    """Columns before the first character; a blank line has none."""
    stripped = line.lstrip()
    return len(line) - len(stripped) if stripped else 0
