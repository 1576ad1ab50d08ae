"""The legend of a folded log: letters, and the words that each one stands for.

A letter stands for the head of a line (`A = <time> INFO [main] org.example.App:`), where `*` marks words that
differ from line to line and then follow the letter; or for another letter and a message that is repeated
(`B = A Heartbeat sent`); or for a whole line without a time. A small letter stands for the end of messages
(`~a = "Mozilla/5.0 (X11; Linux x86_64)"`).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, product
from string import ascii_uppercase

from transforms.logs.lines import HOLE, severe_head, templates_and_numbers, with_numbers

TIME = "<time>"
_MOST = 400
"""Letters a legend has at most: the reader looks each one up."""
_SEVERE_HEADS = 16
"""A head that names a warning or an error is said in full on fewer lines than this, except for its time."""
_BARE_LEVEL = 12
"""Characters. A head this short is hardly more than its level, which is quoted with the message of an error."""
_SEVERE_LEVEL = re.compile(r"warn|error|\berr\b|severe|fatal|crit|alert|emerg")
"""In lower case."""
_SHORTEST_TAIL = 20
_TAG = re.compile(r"[A-Z]{1,2}")
_TAGS = [*ascii_uppercase, *map("".join, product(ascii_uppercase, repeat=2))]
_WARNING_TAGS = [tag for tag in _TAGS if tag[0] == "W" and len(tag) == 2]
_ERROR_TAGS = [tag for tag in _TAGS if tag[0] == "E" and len(tag) == 2]
_PLAIN_TAGS = [tag for tag in _TAGS if tag[0] not in "WE"]
_TAIL_TAGS = [f"~{tag.lower()}" for tag in _TAGS]

type Head = tuple[str, str, str]
"""What stands before the time, the zone, the head: as in `Parsed`."""
type _Group = dict[Head, list[str]]
"""Heads that differ in words with digits only, each with those words."""


@dataclass(frozen=True, slots=True)
class Use:
    """How a head is written with a letter."""

    words: str
    """What the letter stands for, with `<time>` and `*`."""
    values: tuple[str, ...]
    """What the `*` stand for on this line."""
    whole: bool
    """Whether `words` hold the head; otherwise they end with the time, and the head counts as message."""


def is_tag(word: str) -> bool:
    """Whether `word` could be a letter of a legend."""
    return _TAG.fullmatch(word) is not None


def blank_follows(words: str) -> bool:
    """Whether a blank stands between a head and its message; it does not where fields are parted by `|`."""
    return not words.endswith("|")


def head_uses(heads: Counter[Head]) -> dict[Head, Use]:
    """How to write the heads that are worth a letter, given on how many lines each one stands."""
    uses: dict[Head, Use] = {}
    left: Counter[Head] = Counter()
    for group in _groups(heads):
        lines = sum(heads[head] for head in group)
        first = next(iter(group))
        words = first[2]
        in_full = _says_severe(first) and (lines < _SEVERE_HEADS or len(words) <= _BARE_LEVEL)
        if not words or lines < 3 or in_full:
            left.update({head: heads[head] for head in group})
        else:
            uses.update(_group_uses(group, heads, whole=True))
    bases: Counter[Head] = Counter()
    for (before, zone, _), lines in left.items():
        bases[before, zone, ""] += lines
    short: dict[Head, Use] = {}
    for group in _groups(bases):
        if sum(bases[head] for head in group) >= 3:
            short.update(_group_uses(group, bases, whole=False))
    return uses | {head: short[base] for head in left if (base := (head[0], head[1], "")) in short}


def tags(words: Iterable[str]) -> Iterator[tuple[str, str]]:
    """A letter for each of `words`, in their order: W. for warnings, E. for errors, others for the rest."""
    warnings, errors, plain = iter(_WARNING_TAGS), iter(_ERROR_TAGS), iter(_PLAIN_TAGS)
    for number, text in zip(count(), words, strict=False):
        level = _SEVERE_LEVEL.search(text.lower())
        own = plain if level is None else warnings if level[0] == "warn" else errors
        tag = next(own, None) or next(plain, None)
        if tag is None or number >= _MOST:
            return
        yield tag, text


def tail_tags(tails: Iterable[str]) -> Iterator[tuple[str, str]]:
    """A small letter for each of `tails`, in their order."""
    return zip(_TAIL_TAGS, tails, strict=False)


def tail_of(message: str) -> str:
    """The end of `message` that may be the same on many lines, or nothing.

    The last quoted string of an access log's line (`"GET / HTTP/1.1" 200 512 "Mozilla/5.0 (X11; Linux x86_64)"`),
    or the name of a class (`Loaded 3 groups (org.example.GroupCoordinator)`).
    """
    if message.endswith('"') and message.startswith(' "'):
        tail = message[message.rfind(' "', 0, -1) + 1 :]
    elif message.endswith(")"):
        tail = message[message.rfind(" ") + 1 :]
    else:
        return ""
    return tail if _SHORTEST_TAIL <= len(tail) < len(message) and (tail[0] in '("') else ""


def _says_severe(head: Head) -> bool:
    return _SEVERE_LEVEL.search(head[2].lower()) is not None or severe_head(head[0] + head[2])


def _groups(heads: Counter[Head]) -> list[_Group]:
    """The heads that differ in words with digits only, together. Those that hold a sign of the legend are left out."""
    plain = [head for head in heads if not _holds_sign(head)]
    befores, values_before = templates_and_numbers([before for before, _, _ in plain])
    others, values_behind = templates_and_numbers([zone + words for _, zone, words in plain])
    groups: dict[tuple[str, str], _Group] = defaultdict(dict)
    for head, before, other, left, right in zip(plain, befores, others, values_before, values_behind, strict=True):
        groups[before, other][head] = left + right
    return list(groups.values())


def _holds_sign(head: Head) -> bool:
    both = "".join(head)
    return HOLE in both or TIME in both or is_tag((head[0] + TIME).partition(" ")[0])


def _group_uses(group: _Group, heads: Counter[Head], *, whole: bool) -> Iterator[tuple[Head, Use]]:
    """One letter for the whole group, or one for each of its heads: whichever is shorter in all."""
    first = next(iter(group))
    varying = [number for number, column in enumerate(zip(*group.values(), strict=True)) if len(set(column)) > 1]
    masked = {head: tuple([values[number] for number in varying]) for head, values in group.items()}
    length = len("".join(first)) + len(TIME)
    together = length + sum(heads[head] * (len("".join(values)) + 3 * len(values)) for head, values in masked.items())
    apart = sum(length + 8 if heads[head] > 2 else length * heads[head] for head in group)
    shared = _masked(first, varying)
    for head, values in masked.items():
        if together <= apart:
            yield head, Use(shared, values, whole)
        elif heads[head] > 2:
            yield head, Use(f"{head[0]}{TIME}{head[1]}{head[2]}", (), whole)


def _masked(head: Head, varying: Sequence[int]) -> str:
    """The words of `head` with a `*` for each word with a digit whose number is in `varying`."""
    number = count()

    def shown(word: str) -> str:
        return HOLE if next(number) in varying else word

    return with_numbers(head[0], shown) + TIME + with_numbers(head[1] + head[2], shown)
