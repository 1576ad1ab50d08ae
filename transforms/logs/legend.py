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
from string import ascii_lowercase, ascii_uppercase

from transforms.logs.lines import HOLE, numbers, severe_head, with_numbers, without_numbers

TIME = "<time>"
_MOST = 400
"""Letters a legend has at most: the reader looks each one up."""
_SEVERE_HEADS = 16
"""A head that names a warning or an error is said in full on fewer lines than this, except for its time."""
_BARE_LEVEL = 12
"""Characters. A head this short is hardly more than its level, which is quoted with the message of an error."""
_SEVERE_LEVEL = re.compile(r"(?i)warn|error|\berr\b|severe|fatal|crit|alert|emerg")
_SHORTEST_TAIL = 20
_TAG = re.compile(r"[A-Z]{1,2}")

type Head = tuple[str, str, str]
"""What stands before the time, the zone, the head: as in `Parsed`."""


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
        words = group[0][2]
        in_full = _says_severe(group[0]) and (lines < _SEVERE_HEADS or len(words) <= _BARE_LEVEL)
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
    pairs = ["".join(pair) for pair in product(ascii_uppercase, repeat=2)]
    warnings = (pair for pair in pairs if pair[0] == "W")
    errors = (pair for pair in pairs if pair[0] == "E")
    plain = (tag for tag in [*ascii_uppercase, *pairs] if tag[0] not in "WE")
    for number, text in zip(count(), words, strict=False):
        level = _SEVERE_LEVEL.search(text)
        own = plain if level is None else warnings if level[0].lower() == "warn" else errors
        tag = next(own, None) or next(plain, None)
        if tag is None or number >= _MOST:
            return
        yield tag, text


def tail_tags(tails: Iterable[str]) -> Iterator[tuple[str, str]]:
    """A small letter for each of `tails`, in their order."""
    letters = (*ascii_lowercase, *("".join(pair) for pair in product(ascii_lowercase, repeat=2)))
    return zip((f"~{letter}" for letter in letters), tails, strict=False)


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
    return _SEVERE_LEVEL.search(head[2]) is not None or severe_head(head[0] + head[2])


def _groups(heads: Counter[Head]) -> list[list[Head]]:
    """The heads that differ in words with digits only, together. Those that hold a sign of the legend are left out."""
    groups: dict[tuple[str, str], list[Head]] = defaultdict(list)
    for before, zone, words in heads:
        both = before + zone + words
        if HOLE not in both and TIME not in both and not is_tag((before + TIME).partition(" ")[0]):
            groups[without_numbers(before), without_numbers(zone + words)].append((before, zone, words))
    return list(groups.values())


def _group_uses(group: Sequence[Head], heads: Counter[Head], *, whole: bool) -> Iterator[tuple[Head, Use]]:
    """One letter for the whole group, or one for each of its heads: whichever is shorter in all."""
    columns = list(zip(*(_values(head) for head in group), strict=True))
    varying = [number for number, column in enumerate(columns) if len(set(column)) > 1]
    masked = [tuple(_values(head)[number] for number in varying) for head in group]
    length = len("".join(group[0])) + len(TIME)
    together = length + sum(
        heads[head] * sum(len(value) + 3 for value in values) for head, values in zip(group, masked, strict=True)
    )
    apart = sum(length + 8 if heads[head] > 2 else length * heads[head] for head in group)
    for head, values in zip(group, masked, strict=True):
        if together <= apart:
            yield head, Use(_masked(head, varying), values, whole)
        elif heads[head] > 2:
            yield head, Use(f"{head[0]}{TIME}{head[1]}{head[2]}", (), whole)


def _values(head: Head) -> list[str]:
    return numbers(head[0]) + numbers(head[1] + head[2])


def _masked(head: Head, varying: Sequence[int]) -> str:
    """The words of `head` with a `*` for each word with a digit whose number is in `varying`."""
    number = count()

    def shown(word: str) -> str:
        return HOLE if next(number) in varying else word

    return with_numbers(head[0], shown) + TIME + with_numbers(head[1] + head[2], shown)
