"""Which rows of an array say something of their own, and which are routine.

A row is kept when it is among the first or last, looks like an error, has a rare value or a rare key, lacks what nearly
all have, holds a number that is the smallest or largest of its column or far from the others, stands where a column
changes after a long run, or is named by one of the words asked for. The others are routine: every value of theirs
stands in other rows as well, or is a number, time or id among its likes.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from transforms.records.column import NEARLY_ALL, Column, few, tells_kinds
from transforms.records.framed_lines import BEFORE
from transforms.records.tree import Tree, dumps

_FIRST = 3
_LAST = 2
_ERROR_STEMS = (
    *("error", "fail", "exception", "critical", "fatal", "panic", "denied", "crash", "unhealthy", "warn", "degraded"),
    *("invalid", "refused", "killed", "oom", "abort", "unreachable", "corrupt", "missing", "conflict", "backoff"),
    "evicted",
)
_ERROR = re.compile(rf"(?i)(?<![a-z])(?:{'|'.join(_ERROR_STEMS)}|time-?d?[ _-]?out)")
_ERROR_SHARE = 0.2
"""Above this share of rows, words of error are part of the routine: other signs tell the rows apart."""
_BESIDE = 2
"""Rows of a log before and after one that looks like an error: what led to it, and what came of it."""
_USUAL_SHARE = 0.6
"""From this share of rows on, a value is the usual one, and values of up to 3 % of the rows are unusual."""
_NOTHING = frozenset({"", "-", "--", "null", "NULL", "None", "N/A", "n/a"})
"""What stands in a column where there is no value."""
_CONTAINER = ("[]", "{}")
"""What a list or an object starts and ends with: beside such, the plain values of a column are few all the same."""
_MACHINE = re.compile(
    r"(?:[0-9a-fA-F]{7,}|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|[0-9]{4}-[0-9]{2}-[0-9]{2}[0-9T:.,Z+ -]*"
    r"|(?=[:.,%+-]*[0-9])[0-9:.,%+-]+)\Z"
)
_VARYING = re.compile(r"(?<![A-Za-z])[0-9a-fA-F]*[0-9][0-9a-fA-F]*(?![a-zA-Z]{3})")
_MOST_CELLS = 40
_MESSAGE_BLANKS = 3
"""Blanks from which on a text is a message, not the name of a thing."""
_SHORTEST_NAME = 3
"""Characters of a row's name that a word of the question may be."""
_LONG_WORD = 6
"""Characters of a word that is looked for within values."""
_SHORT = 40
"""Characters of a value that a word may stand for."""
_WORDS = re.compile(r"\w+")
_FEW_WITH_KEY = 2
"""Rows with a key that is rare however few the rows are."""
_FEW_CHANGES = 0.02
"""Share of rows at which a column may change for each change to be worth a row."""

_TIMES = frozenset({"timestamp", "@timestamp", "time", "ts", "date", "datetime"})
_PLACES = frozenset({"line", "row", "lineno", "line_number", "linenumber", "startline", "start_line", "beginline"})
_MESSAGES = frozenset({"message", "msg", "description", "text", "event", "log"})

type Flat = dict[str, str]
"""A row's values by path, as text."""


def flatten(value: Tree) -> Flat:
    """The values of a row, by dotted path, or by place in a list; what is neither is one value."""
    flat: Flat = {}
    if isinstance(value, list) and 1 < len(value) <= _MOST_CELLS:
        _flatten({str(place): cell for place, cell in enumerate(value)}, "", flat)
    else:
        _flatten({"": value}, "", flat)
    return flat


def _flatten(record: dict[str, Tree], above: str, flat: Flat) -> None:
    for key, value in record.items():
        path = above + key
        if isinstance(value, str):
            flat[path] = value
        elif isinstance(value, bytes):
            flat[path] = value.decode()
        elif isinstance(value, dict) and value:
            _flatten(value, f"{path}." if path else "", flat)
        else:
            flat[path] = dumps(value)


@dataclass(slots=True)
class Rows:
    """The rows of one array, and what is known of its columns."""

    flats: list[Flat]
    kept: set[int] = field(default_factory=set)
    columns: defaultdict[str, Column] = field(default_factory=lambda: defaultdict(Column))
    """By path."""
    texts: list[str] = field(default_factory=list)
    """The values of each row, on lines."""
    lowered: str = ""
    """All of them in lower case."""

    @classmethod
    def of(cls, values: list[Tree], names: list[str]) -> "Rows":
        """`names` are the keys of the rows, when they come from an object."""
        flats = [flatten(value) for value in values]
        if names:
            flats = [{"(key)": name, **flat} for name, flat in zip(names, flats, strict=True)]
        rows = cls(flats, texts=["\n".join(flat.values()) for flat in flats])
        rows.lowered = "\n".join(rows.texts).lower()
        for index, flat in enumerate(flats):
            for path, text in flat.items():
                if text not in _NOTHING:
                    column = rows.columns[path]
                    column.rows.append(index)
                    column.texts.append(text)
        for column in rows.columns.values():
            column.counts.update(column.texts)
        return rows

    def routine(self, words: frozenset[str], names: frozenset[str]) -> set[int]:
        """The rows that may go, where `words` are asked for, and `names` may be those of rows. Where these pick out no
        row, any may be asked for next: then only rows go that are like others. Findings never go: each is to be mended.
        """
        called = self.called(names)
        named = self.named(words) | called
        asked = called or self.named(frozenset(filter(_telling, words)))
        return (set(range(len(self.flats))) if asked else self.alike()) - self.notable() - named - self._findings()

    def _findings(self) -> set[int]:
        """The rows that say something of a place in a file: reports of linters, matches of `rg --json`."""
        return self._rows_with(_PLACES) & self._rows_with(_MESSAGES)

    def _rows_with(self, keys: frozenset[str]) -> set[int]:
        """The rows with one of the `keys`, at any depth."""
        columns = (column for path, column in self.columns.items() if path.rpartition(".")[2].lower() in keys)
        return {row for column in columns for row in column.rows}

    def _is_log(self) -> bool:
        """Whether the rows are lines that programs wrote one after the other."""
        return BEFORE in self.columns or self._have(_TIMES, _MESSAGES)

    def _have(self, *kinds: frozenset[str]) -> bool:
        """Whether nearly all rows have a key of each of these kinds, at any depth."""
        enough = NEARLY_ALL * len(self.flats)
        keys = {path.rpartition(".")[2].lower() for path, column in self.columns.items() if len(column.rows) >= enough}
        return not any(keys.isdisjoint(kind) for kind in kinds)

    def notable(self) -> set[int]:
        """The rows that say something of their own, whoever asks."""
        count = len(self.flats)
        self.kept.update(range(_FIRST), range(count - _LAST, count))
        self._errors()
        for column in self.columns.values():
            self._rare_key(column)
            self._rare_values(column)
            self._keep(*column.extremes(len(self.flats)))
            self._changes(column)
        return self.kept

    def named(self, words: frozenset[str]) -> set[int]:
        """The rows that one of `words` picks out: few rows have it as a value, or as part of one."""
        found: set[int] = set()
        most = few(len(self.flats))
        whole = "\n".join(self.texts)
        for word in words:
            rows = set().union(
                *(column.rows_with((word,)) for column in self.columns.values() if word in column.counts)
            )
            if not rows and len(word) >= _LONG_WORD and word in whole:
                rows = {index for index, text in enumerate(self.texts) if word in text}
            found |= rows if len(rows) <= most else set()
        return found

    def called(self, names: frozenset[str]) -> set[int]:
        """The rows that the question calls by the value that tells each from all others: by one that is no common word,
        or by several."""
        found: set[int] = set()
        for column in self.columns.values():
            if len(column.counts) == len(self.flats):
                called = {name for name in column.counts.keys() & names if len(name) >= _SHORTEST_NAME}
                if len(called) > 1 or any(not name.islower() for name in called):
                    found |= column.rows_with(called)
        return found

    def mentioning(self, terms: Collection[str]) -> set[int]:
        """The rows with a short value that has one of the `terms`, in lower case, as a word: the few of each term."""
        found: defaultdict[str, set[int]] = defaultdict(set)
        present = {term for term in terms if term in self.lowered}
        for column in self.columns.values() if present else ():
            texts: defaultdict[str, set[str]] = defaultdict(set)
            for text in column.counts:
                for term in present.intersection(_WORDS.findall(text.lower())) if len(text) <= _SHORT else ():
                    texts[term].add(text)
            for term, values in texts.items():
                found[term] |= column.rows_with(values)
        return set().union(*(rows for rows in found.values() if len(rows) <= few(len(self.flats))))

    def alike(self) -> set[int]:
        """The rows whose values all stand in other rows as well, but for numbers, times and ids; of a message, and of
        all that stands in a log, the words alone count."""
        shared: set[int] = set(range(len(self.flats)))
        blanks = 0 if self._is_log() else _MESSAGE_BLANKS
        for column in self.columns.values():
            rare = (text for text, count in column.counts.items() if count < 3 and not _MACHINE.match(text))
            own = {text: _VARYING.sub("0", text) if text.count(" ") >= blanks else "" for text in rare}
            forms = Counter(form for form in own.values() if form)
            shared -= column.rows_with({text for text, form in own.items() if forms[form] < 3})
        return shared

    def common(self, rows: range) -> str:
        """What the `rows` have in common, as `name=value` for a few short values; empty when there is nothing."""
        told = []
        for path, text in self.flats[rows[0]].items():
            short = len(text) <= 40 and text.isprintable() and len(self.columns[path].counts) > 1
            if short and all(self.flats[row].get(path) == text for row in rows):
                told.append(f"{path}={text}")
        return ", ".join(told[:3])

    def _errors(self) -> None:
        stems = [stem for stem in (*_ERROR_STEMS, "time") if stem in self.lowered]  # words are found faster than forms
        rows = {
            row
            for row, text in enumerate(self.texts if stems else ())
            if any(stem in text.lower() for stem in stems) and _ERROR.search(text)
        }
        if len(rows) <= _ERROR_SHARE * len(self.flats):
            beside = range(-_BESIDE, _BESIDE + 1) if rows and self._is_log() else (0,)
            self.kept.update({row + at for row in rows for at in beside}.intersection(range(len(self.flats))))

    def _rare_key(self, column: Column) -> None:
        count, rare = len(self.flats), _rare(len(self.flats))
        if len(column.rows) <= max(_FEW_WITH_KEY, rare):
            self.kept.update(column.rows)
        elif count - rare <= len(column.rows) < count:
            self.kept |= set(range(count)).difference(column.rows)

    def _rare_values(self, column: Column) -> None:
        counts = Counter({text: count for text, count in column.counts.items() if text[0] + text[-1] not in _CONTAINER})
        size = counts.total()
        if not counts or not tells_kinds(len(counts), size):
            return
        usual = counts.most_common(1)[0][1] >= _USUAL_SHARE * size
        rare = max(_rare(size), size // 33 if usual else 0)
        self.kept |= column.rows_with({text for text, count in counts.items() if count <= rare})
        firsts = dict(zip(reversed(column.texts), reversed(column.rows), strict=True))
        self.kept.update(firsts[text] for text in counts)

    def _keep(self, *sets: set[int]) -> None:
        """Keep the rows of each set; of one with many, which stands for no single row, the first."""
        for rows in filter(None, sets):
            self.kept |= rows if len(rows) <= max(3, len(self.flats) // 50) else {min(rows)}

    def _changes(self, column: Column) -> None:
        texts, rows = column.texts, column.rows
        changes = [row for row, before, after in zip(rows[1:], texts, texts[1:], strict=False) if before != after]
        if len(changes) <= _FEW_CHANGES * len(rows):
            self.kept.update(row for change in changes for row in (change - 1, change))


def _telling(word: str) -> bool:
    """Whether a word is unlikely to stand in a row by chance, as a small number does."""
    return len(word) > 4 or (len(word) == 4 and not word.isdigit())


def _rare(count: int) -> int:
    return max(1, count // 200)
