"""The lines of a block that name what the user asked about or what the call was about: lossy rewrites keep them.

Contract: pure, linear in the text whatever the length of the question, never raises. Lines are counted from 0.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from transforms.contract import Block

_QUOTED = re.compile(r"`([^`\n]{2,200})`|\"([^\"\n]{2,200})\"|'([^'\n]{2,200})'")
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
_QUESTION = 20_000
"""Characters of a question, or of one argument, that are looked at; of a question the last, where it asks."""
_COMMON = 25
"""A term on more lines than this, and on more than one of twenty, names everything and so nothing."""
_COMMON_QUOTED = 60


def named_lines(block: Block, lines: Sequence[str]) -> frozenset[int]:
    """The numbers of the `lines` of `block.text` that hold a term of the question or of the call's arguments."""
    quoted, plain = _terms(block)
    keyed: dict[str, list[str]] = defaultdict(list)
    for term in {**dict.fromkeys(quoted), **dict.fromkeys(plain)}:
        keyed[max(_WORD.findall(term), key=len)].append(term)
    hits = _hits(_present(keyed, block.text), lines)
    named: set[int] = set()
    for term, places in hits.items():
        limit, share = (_COMMON_QUOTED, 5) if term in quoted else (_COMMON, 20)
        if len(places) <= max(limit, len(lines) // share):
            named.update(places)
    return frozenset(named)


def named_terms(block: Block) -> tuple[str, ...]:
    """What the question quotes and what it or the call's arguments name, in lower case, each once."""
    quoted, plain = _terms(block)
    return tuple(dict.fromkeys([*sorted(quoted), *plain]))


def _terms(block: Block) -> tuple[frozenset[str], list[str]]:
    """What is quoted in the question, and the other names in question and arguments; all in lower case."""
    question = block.question[-_QUESTION:]
    quoted = [t.lower() for m in _QUOTED.finditer(question) for t in m.groups() if t and _WORD.search(t)]
    found: dict[str, None] = {}
    for text in (question, *_arguments(block)):
        for match in reversed([*_TERM.finditer(text)]):
            found.update(dict.fromkeys(_names(match[0])))
            if len(found) > _MOST_TERMS:
                break
    return frozenset(quoted[-_MOST_TERMS:]), list(found)


def _arguments(block: Block) -> Iterator[str]:
    """The texts of the call's arguments; free text as it is."""
    values = block.call.values
    if not values:
        yield block.call.arguments[:_QUESTION]
    for value in values.values():
        if isinstance(value, str):
            yield value[:_QUESTION]
        elif isinstance(value, list):
            yield from (part[:_QUESTION] for part in value[:_MOST_TERMS] if isinstance(part, str))


def _names(term: str) -> Iterable[str]:
    """A term, and the identifiers it is made of: `pkg/mod.py::test_one` is asked for where `test_one` is."""
    if _IDENTIFIER.search(term):
        yield term.lower()
        yield from (part.lower() for part in _WORD.findall(term) if len(part) > 4 and _IDENTIFIER.search(part))
    elif len(term) > 3 and term.lower() not in _SENTENCE_WORDS:
        yield term.lower()


def _present(keyed: dict[str, list[str]], text: str) -> dict[str, list[str]]:
    """The terms that stand in the text at all; most of a question does not."""
    lowered = text.lower() if keyed else ""
    found = {key: [term for term in terms if term in lowered] for key, terms in keyed.items() if key in lowered}
    return {key: terms for key, terms in found.items() if terms}


def _hits(keyed: dict[str, list[str]], lines: Sequence[str]) -> dict[str, list[int]]:
    """Where each term is found: the longest word of the term stands on the line as a word, the term as a text."""
    hits: dict[str, list[int]] = defaultdict(list)
    if not keyed:
        return hits
    for number, line in enumerate(lines):
        lowered = line.lower()
        for key in keyed.keys() & set(_WORD.findall(lowered)):
            for term in keyed[key]:
                if term in lowered:
                    hits[term].append(number)
    return hits
