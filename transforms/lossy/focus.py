"""The lines of a block that name what the user asked about or what the call was about: lossy rewrites keep them.

Contract: pure, linear in the text whatever the length of the question, never raises. Lines are counted from 0.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice

from transforms.call import Call
from transforms.contract import Block
from transforms.occurrences import Occurrences

QUOTED = re.compile(r"`([^`\n]{2,200})`|\"([^\"\n]{2,200})\"|'([^'\n]{2,200})'")
_TERM = re.compile(r"\w[\w./:@+-]*\w")
_WORD = re.compile(r"\w+")
_IDENTIFIER = re.compile(r"\w_\w|[a-z][A-Z]|[A-Za-z][0-9]|[0-9][A-Za-z]|[./:@]")
"""What tells a name of something from a word of the language: an underscore, camel case, digits, path separators."""
_SENTENCE_WORDS = frozenset(
    _WORD.findall(
        """about after again also another because been before being below between both build change check code command
    could does done each error errors every exactly fail failed failing fails file files find first fix fixed from
    give have here into just know last like line lines list load look make more most must need next only other output
    over please print quote read report review right same should show since some start still such summary tell test
    tests than that their them then there these they thing think this those through under until want were what when
    where which while will with without work would write your"""
    )
)
_MOST_TERMS = 400
ASKED = 20_000
"""Characters of a question, or of one argument, that are looked at; of a question the last, where it asks."""
_COMMON = 25
"""A term on more lines than this, and on more than one of twenty, names everything and so nothing."""
_COMMON_QUOTED = 60


def named_lines(block: Block, lines: Sequence[str]) -> frozenset[int]:
    """The numbers of the `lines` of `block.text` that hold a term of the question or of the call's arguments."""
    quoted, plain = _terms(block.question, block.call)
    text = "\n".join(lines).lower()
    found, named = Occurrences(text), set[int]()
    for term in (term for term in (*quoted, *plain) if term in text):
        limit, share = (_COMMON_QUOTED, 5) if term in quoted else (_COMMON, 20)
        most = max(limit, len(lines) // share)
        places = [*islice(_lines_naming(term, found), most + 1)]
        if len(places) <= most:
            named.update(places)
    return frozenset(named)


def _lines_naming(term: str, found: Occurrences) -> Iterator[int]:
    """The lines that hold a term, and the longest word of it as a word of its own."""
    longest = max(_WORD.findall(term), key=len)
    if longest == term:
        return found.lines_with(term, whole=True)
    return (line for line in found.lines_with(term) if Occurrences(found.lines[line]).has_whole(longest))


def names_file(text: str, path: str) -> bool:
    """Whether `text` names the file, with or without its folders."""
    name = re.split(r"[/\\\n]", path)[-1]
    return len(name) > 2 and name in text


def named_terms(block: Block) -> tuple[str, ...]:
    """What the question quotes and what it or the call's arguments name, in lower case, each once."""
    quoted, plain = _terms(block.question, block.call)
    return tuple(dict.fromkeys([*sorted(quoted), *plain]))


@lru_cache(maxsize=16)
def _terms(question: str, call: Call) -> tuple[frozenset[str], tuple[str, ...]]:
    """What is quoted in the question, and the other names in question and arguments; all in lower case.

    The last ones are remembered: every transform that is asked about a block looks for the same.
    """
    quoted, asked = _asked(question[-ASKED:])
    found = dict.fromkeys(asked)
    for text in texts_of(call):
        _add_names(found, text)
    return quoted, tuple(found)


@lru_cache(maxsize=4)
def _asked(question: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """The same of the question alone, which is one for many blocks."""
    quoted = [t.lower() for m in QUOTED.finditer(question) for t in m.groups() if t and _WORD.search(t)]
    found: dict[str, None] = {}
    _add_names(found, question)
    return frozenset(quoted[-_MOST_TERMS:]), tuple(found)


def _add_names(found: dict[str, None], text: str) -> None:
    """The names in `text`, from its end, until there are too many."""
    for match in reversed([*_TERM.finditer(text)]):
        found.update(dict.fromkeys(_names(match[0])))
        if len(found) > _MOST_TERMS:
            break


def texts_of(call: Call) -> Iterator[str]:
    """The texts of the call's arguments; free text as it is."""
    values = call.values
    if not values:
        yield call.arguments[:ASKED]
    for value in values.values():
        if isinstance(value, str):
            yield value[:ASKED]
        elif isinstance(value, list):
            yield from (part[:ASKED] for part in value[:_MOST_TERMS] if isinstance(part, str))


def _names(term: str) -> Iterable[str]:
    """A term, and the identifiers it is made of: `pkg/mod.py::test_one` is asked for where `test_one` is."""
    if _IDENTIFIER.search(term):
        yield term.lower()
        yield from (part.lower() for part in _WORD.findall(term) if len(part) > 4 and _IDENTIFIER.search(part))
    elif len(term) > 3 and term.lower() not in _SENTENCE_WORDS:
        yield term.lower()
