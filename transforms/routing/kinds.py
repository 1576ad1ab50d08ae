r"""Tells what kind of text a tool output is: one list of questions, asked in order; the first yes decides.

Contract: `kind_of` is pure, never raises, and looks at a bounded sample of the text (first, middle and last 8,192
characters, 200 lines), whatever its length. The call's evidence only shifts how much evidence of the text is
asked for, with one exception: the text of a source file is CODE whatever it looks like, because agents edit
files by exact match. The questions:

 1. nothing but blanks -> TEXT
 2. nodes of a page, as browser tools name them -> SNAPSHOT
 3. a source file that was read, or numbered lines of an edited one -> CODE. A project's `.json` counts as source,
    because agents edit it, unless it is data: all on a few long lines, or more than 8,192 characters and the same keys
    again and again.
 4. one JSON value, or JSON lines, also behind the name of what wrote them -> JSON
 5. YAML in which lists or objects are nested, where the call asked for it -> YAML
 6. records of one field a line, below numbered heads, or in paragraphs where no file is shown -> FIELDS
 7. hunks, file headers of a diff, commit headers -> DIFF
 8. a document that starts as HTML or XML, or has tags all over -> MARKUP
 9. matches with their places, where the call searched -> SEARCH
10. lines of `git blame` -> CODE; bytes behind their addresses, none of which is like another -> TEXT
11. a drawn table: a header with a rule below it, or names of columns in capitals -> TABLE
12. mostly measured values, as a training prints them: each is one point of a curve -> TEXT
13. lines that only test runners, compilers, package managers and image builds write -> TEST
14. matches with their places, unless the program prints tables -> SEARCH, or TEST where a linter or compiler found
    them: none is like another to who is to mend it
15. long unbroken runs of characters -> BLOB
16. lines with times or levels, unless the program prints tables -> LOG
17. rows with the same number of cells -> TABLE
18. names of files, with or without their sizes and modes -> LISTING
19. numbered lines, or lines only source code has -> CODE
20. lines with seconds since 1970 -> LOG
21. sentences -> PROSE
22. many lines of one form, digits aside -> TEXT if they hold measured values or the program prints tables, else LOG
23. what the call lets expect, unless that kind would have shown in the text -> that kind; else TEXT
"""

from collections import Counter
from collections.abc import Callable
from functools import lru_cache

from transforms.call import Call
from transforms.contract import Kind
from transforms.routing import line_forms as forms
from transforms.routing.expected_kind import expected
from transforms.routing.sample import MAX_LINE, WINDOW, Sample, same_cells, sampled

_FEW_LINES = 4
"""Too few to tell JSON by its lines: the windows may start anywhere in one."""
_FEWEST_RECORDS = 3
_REPEATED_KEY = 8
"""A key found so often in the sample of a JSON file says that the file holds records; so many keys on a few lines say
that it is JSON, cut off."""
_RULE_WITHIN = 6
"""Lines at the beginning of a table in which the rule below its header stands; a title may stand above."""


@lru_cache(maxsize=32)
def kind_of(text: str, call: Call) -> Kind:
    """What `text`, printed by `call`, is. The last ones are remembered: several steps of one decision ask."""
    sample = Sample(sampled(text), len(text), expected(call))
    return next(kind for question in _QUESTIONS if (kind := question(sample)) is not None)


def _blank(sample: Sample) -> Kind | None:
    return Kind.TEXT if not sample.text or sample.text.isspace() else None


def _snapshot(sample: Sample) -> Kind | None:
    named = "[ref=" in sample.text or "uid=" in sample.text
    return Kind.SNAPSHOT if named and sample.mostly(forms.PAGE_NODE, 0.6) else None


def _source(sample: Sample) -> Kind | None:
    guess = sample.expected
    if guess.file.lower().endswith(".json") and not sample.numbered:
        return Kind.CODE if sample.mostly(forms.JSON_LINE, 0.5) and not _data(sample) else None
    if guess.file and guess.kind is Kind.CODE:
        return Kind.CODE
    if guess.kind is Kind.TABLE and not guess.file:
        return None
    return Kind.CODE if sample.numbered and guess.kind in (None, Kind.CODE, Kind.TABLE, Kind.JSON) else None


def _data(sample: Sample) -> bool:
    """Whether a JSON file is data: all on one line, or large and made of records."""
    if len(sample.lines) <= _FEW_LINES:
        return sample.size > _FEW_LINES * MAX_LINE
    keys = Counter(forms.JSON_KEY.findall(sample.text))
    return sample.size > WINDOW and max(keys.values(), default=0) >= _REPEATED_KEY


def _json(sample: Sample) -> Kind | None:
    if forms.JSON_START.match(sample.head) is None:
        framed = sample.expected.kind in (None, Kind.LOG) and len(sample.lines) > _FEW_LINES
        framed = framed and sample.mostly(forms.FRAMED_JSON, 0.7) and not sample.mostly(forms.MATCH, 0.6)
        return Kind.JSON if framed else None
    closed = sample.text.rstrip()[-1:] in ("}", "]") or sample.expected.kind is Kind.JSON
    if len(sample.lines) <= _FEW_LINES:
        return Kind.JSON if closed or len(forms.JSON_KEY.findall(sample.text)) >= _REPEATED_KEY else None
    return Kind.JSON if sample.mostly(forms.JSON_LINE, 0.5 if closed else 0.8) else None


def _yaml(sample: Sample) -> Kind | None:
    if sample.expected.kind is not Kind.YAML or sample.numbered:
        return None
    parents, deeper = sample.hits(forms.YAML_PARENT), sum(line[:1] in " -" for line in sample.lines)
    nested = parents > _FEW_LINES and deeper > 0.5 * len(sample.lines)
    return Kind.YAML if nested and sample.mostly(forms.YAML_LINE, 0.97) else None


def _fields(sample: Sample) -> Kind | None:
    if sample.expected.file or sample.numbered:
        return None
    if forms.FIELD_HEAD.match(sample.head):
        return Kind.FIELDS if sample.hits(forms.FIELD_HEAD) >= _FEWEST_RECORDS else None
    if not sample.expected.is_answer and sample.expected.kind is not Kind.TABLE:
        return None
    first = forms.FIELD.match(sample.lines[0])
    if first is None or sample.text.count("\n\n") < _FEWEST_RECORDS - 1:
        return None
    again = sum(line.startswith(first[0]) for line in sample.lines)
    return Kind.FIELDS if again >= _FEWEST_RECORDS and sample.mostly(forms.FIELD, 0.97) else None


def _diff(sample: Sample) -> Kind | None:
    if forms.COMMIT.match(sample.head):
        return Kind.DIFF
    marks = sample.hits(forms.DIFF_MARK)
    headed = forms.DIFF_START.match(sample.head) or sample.expected.kind is Kind.DIFF
    compared = marks > 1 and not sample.hits(forms.REPORT_MARK)  # what a test expected has hunks as well
    wanted = 0.5 if headed and marks else 0.8 if compared else None
    return Kind.DIFF if wanted and sample.mostly(forms.DIFF_LINE, wanted) else None


def _markup(sample: Sample) -> Kind | None:
    if forms.MARKUP_START.match(sample.head):
        return Kind.MARKUP
    tagged = sum(len(tag) for tag in forms.TAG.findall(sample.text))
    return Kind.MARKUP if tagged > 0.3 * len(sample.text) and sample.mostly(forms.TAG_LINE, 0.4) else None


def _search_asked_for(sample: Sample) -> Kind | None:
    if sample.expected.kind is not Kind.SEARCH:
        return None
    return Kind.SEARCH if sample.mostly(forms.MATCH_OF_A_SEARCH, 0.3) else None


def _blamed_or_dumped(sample: Sample) -> Kind | None:
    if sample.mostly(forms.BLAMED, 0.6):
        return Kind.CODE
    return Kind.TEXT if sample.mostly(forms.DUMPED, 0.5) else None


def _drawn(sample: Sample) -> Kind | None:
    """Told before times are looked for: a table's cells may hold them."""
    lines = sample.lines
    if sample.expected.kind in (Kind.TEST, Kind.LOG) or len(lines) < 2:
        return None
    if forms.COLUMN_NAMES.match(lines[0]) or forms.COLUMN_RULE.match(lines[1]):
        return Kind.TABLE
    ruled = any(forms.TABLE_RULE.match(line) for line in lines[:_RULE_WITHIN])
    rows = sum(forms.CELL_MARK.search(line) is not None or line.startswith(("+-", "-")) for line in lines)
    return Kind.TABLE if ruled and rows >= 0.6 * len(lines) else None


def _measured(sample: Sample) -> Kind | None:
    wanted = max(5, 0.4 * len(sample.lines))
    decimal = [line for line in sample.lines if forms.DECIMAL.search(line)]
    if len(decimal) < wanted:
        return None
    lowered = "\n".join(decimal).lower()
    words = [word for word in forms.METRIC_WORDS if word in lowered]  # found faster than the form
    lines = [line for line in lowered.split("\n") if any(word in line for word in words)]
    return Kind.TEXT if len(lines) >= wanted and sum(map(bool, map(forms.METRIC.search, lines))) >= wanted else None


def _test(sample: Sample) -> Kind | None:
    hits = sample.hits(forms.REPORT_LINE)
    if sample.expected.kind is Kind.TEST:
        return Kind.TEST if hits else None
    if sample.hits(forms.FENCE):
        return None
    if sample.hits(forms.REPORT_MARK):
        return Kind.TEST
    if sample.expected.kind is Kind.TABLE:
        return None
    return Kind.TEST if hits > 2 and hits > 0.2 * len(sample.lines) and not sample.logs(0.5) else None


def _search(sample: Sample) -> Kind | None:
    if sample.expected.kind is Kind.TABLE or not sample.mostly(forms.MATCH, 0.6):
        return None
    return Kind.TEST if sample.expected.kind is Kind.TEST else Kind.SEARCH


def _blob(sample: Sample) -> Kind | None:
    text, words = sample.text, sample.text.split()
    if max(map(len, words)) >= forms.UNBROKEN_LENGTH:
        unbroken = sum(len(run) for run in forms.UNBROKEN.findall(text))
        if unbroken > 0.5 * len(text):
            return Kind.BLOB
    if len(text) <= 1000 * (1 + text.count("\n")):
        return None
    signs, blanks = sum(map(text.count, forms.CODE_SIGNS)), len(text) - sum(map(len, words))
    return Kind.BLOB if signs > 0.08 * len(text) and blanks < 0.1 * len(text) else None


def _log(sample: Sample) -> Kind | None:
    if sample.expected.kind is Kind.TABLE:
        return None
    if sample.hits(forms.TIMED_LINE) >= max(5, 0.25 * len(sample.lines)):
        return Kind.LOG
    wanted = 0.3 if sample.expected.kind is Kind.LOG else 0.5
    return Kind.LOG if sample.logs(wanted) else None


def _table(sample: Sample) -> Kind | None:
    if forms.COLUMN_NAMES.match(sample.lines[0]) and len(sample.lines) > 1:
        return Kind.TABLE
    if sample.mostly(forms.DRAWN_ROW, 0.6):
        return Kind.TABLE
    if sample.expected.kind is Kind.LOG:
        return None
    wanted = 0.5 if sample.expected.kind is Kind.TABLE else 0.8
    return next((Kind.TABLE for mark in ",\t;|" if same_cells(sample.lines, mark, wanted)), None)


def _listing(sample: Sample) -> Kind | None:
    if sample.mostly(forms.LISTED, 0.6):
        return Kind.LISTING
    if sample.expected.kind is Kind.LISTING:
        return Kind.LISTING if sample.mostly(forms.NAME, 0.3) else None
    return Kind.LISTING if sample.mostly(forms.NAME, 0.85) and sample.mostly(forms.PATH, 0.5) else None


def _code(sample: Sample) -> Kind | None:
    if sample.expected.kind is Kind.CODE:
        return Kind.CODE
    return Kind.CODE if len(sample.lines) > 4 and sample.mostly(forms.CODE_LINE, 0.35) else None


def _stamped(sample: Sample) -> Kind | None:
    """After tables: a column of theirs may hold such numbers."""
    data = sample.expected.kind is Kind.TABLE or (sample.expected.file and sample.expected.kind is not Kind.LOG)
    return Kind.LOG if not data and sample.mostly(forms.SECONDS, 0.8) else None


def _prose(sample: Sample) -> Kind | None:
    ended = sample.mostly(forms.SENTENCE_END, 0.3)
    marked = sample.mostly(forms.MARKDOWN, 0.3) and sample.hits(forms.HEADING) > 0
    if not (ended or marked):
        return None
    sentences = sum(forms.WORDS.search(line) is not None for line in sample.lines) / len(sample.lines)
    return Kind.PROSE if sentences >= (0.2 if marked else 0.4) else None


def _one_form(sample: Sample) -> Kind | None:
    """Many lines that differ in their digits only: what a program writes in a loop."""
    spoken = [line for line in sample.lines if forms.LETTERS.search(line)]
    shapes = Counter(forms.DIGITS.sub("0", line) for line in spoken)
    if max(shapes.values(), default=0) <= max(20, 0.6 * len(sample.lines)):
        return None
    measured = sum(forms.MEASURED.search(line) is not None for line in spoken)
    return Kind.TEXT if measured > 0.5 * len(spoken) or sample.expected.kind is Kind.TABLE else Kind.LOG


_SHAPELESS = frozenset({Kind.LOG, Kind.LISTING, Kind.TEST, Kind.PROSE})
"""Kinds that need not show in the text."""


def _as_expected(sample: Sample) -> Kind | None:
    return sample.expected.kind if sample.expected.kind in _SHAPELESS else Kind.TEXT


_QUESTIONS: tuple[Callable[[Sample], Kind | None], ...] = (
    _blank,
    _snapshot,
    _source,
    _json,
    _yaml,
    _fields,
    _diff,
    _markup,
    _search_asked_for,
    _blamed_or_dumped,
    _drawn,
    _measured,
    _test,
    _search,
    _blob,
    _log,
    _table,
    _listing,
    _code,
    _stamped,
    _prose,
    _one_form,
    _as_expected,
)
"""In the order of the module's list."""
