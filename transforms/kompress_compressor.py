"""Long prose, shortened to the lines that carry facts or bear on what was asked.

Extractive: every line and sentence that stays is verbatim, every gap is named by its numbers. Lines are ranked by BM25
against the question and the call's arguments. Headings, the first line of each paragraph and section, code, lists,
tables, links, numbers, names, and lines that warn or demand stay whatever their rank; what goes is the plain prose
between them, first the paragraphs in which no asked word stands, then the rest of the others. With a scorer (a model
of the user's own, `transforms.prose`) the same lines may go, in the order of what that says they are worth.

Of a long line that stays for what some of its sentences say, plain sentences in its middle go.

Known limitation: a sentence ends behind a word of four letters or more, so that abbreviations do not end one.
BM25: Robertson and Zaragoza, The Probabilistic Relevance Framework (2009); k1 = 1.2, b = 0.75 as is usual.
"""

import math
import re
from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from itertools import pairwise

from transforms.call import Call
from transforms.contract import Block, Budget, Kind, Loss, Rewrite
from transforms.lossy.focus import ASKED, named_lines
from transforms.lossy.gaps import choose, runs_of
from transforms.lossy.proof import has_gaps, lines_survive
from transforms.prose.long_lines import cuts, written
from transforms.prose.sentences import find_cut, has_cuts
from transforms.prose.worth import Scorer, by_worth
from transforms.tokenizer import count_tokens

_MIN_CHARS = 6_000
"""About 1,500 tokens; of less a reader is through before a gap pays."""
_EDGE = 5
"""First and last lines that stay."""
_K1, _B = 1.2, 0.75
_WORD = re.compile(r"[^\W\d_]{4,}")
_HEADING = re.compile(r"^(?:#{1,6} |[=~*^-]{3,}\s*$)")
"""Headings of Markdown, and underlines of others."""
_TITLE = re.compile(r".{1,70}[^\s.,;!?)\"'”’»]\s*$")
"""A short line that does not end as a sentence does: a heading where it stands alone."""
_FACT = re.compile(
    r"\d|https?:|[`|<>{}\[\]=$@\\_]|[*]{2}|\w/\w|\w\(\)|"
    r"(?<=[a-z,;] )[A-ZÀ-ÞА-Я]|\b[A-Z]{2,}\b|[a-z][A-Z]|[\"“«„].+[\"”»]"
)
"""Numbers, addresses, code, emphasis, paths, calls, names within a sentence, quotations."""
_DEMAND = re.compile(
    r"\b(?:must|never|always|not|no|only|cannot|don't|won't|except|unless|require[sd]?|warn\w*|error\w*|fail\w*|caution|"
    r"important|note|beware|danger\w*|deprecated|removed|breaking|secur\w+|default\w*|limit\w*|first|finally)\b",
    re.IGNORECASE,
)
_RELEVANT = 0.35
"""Of the best line's score, from which a line bears on what was asked."""
_LEAST_SAVED = 0.1
"""Of the text's tokens; for less a reader is not asked to do without the rest."""
_LISTED = re.compile(r"\s*(?:[-*+•‣◦–]|\(?(?:\d{1,3}|[a-zA-Z])[.)])\s+\S")
_COLUMNS = re.compile(r"[^\s.!?:;,)\"'](?: {2,}|\t)\S")
"""Cells set apart by blanks; behind a sentence two blanks are a habit of writing."""
_HARD = re.compile(
    r"\d|https?:|\b(?:must|never|warn|error|important|deprecated|requir|secur|caution|default)", re.IGNORECASE
)
"""What keeps a long paragraph however little else it says."""
_LONG = 40
"""Words."""
_FACT_EVERY = 20
"""Words to a fact, above which a long paragraph says little."""
_ADDRESS = re.compile(r"\w+://\S+")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_CODE_INDENT = re.compile(r"(?: {4}|\t)\S")


class KompressCompressor:
    """Long prose without the lines that neither tell facts nor bear on the question."""

    name = "kompress"
    kinds = frozenset({Kind.PROSE, Kind.TEXT})
    loss = Loss.LOSSY
    lines_stand_alone = True

    def __init__(self, scorer: Scorer | None = None) -> None:
        self._scorer = scorer

    def rewrite(self, block: Block, budget: Budget) -> Rewrite | None:
        """The text with its least relevant plain lines left out, at most `budget.tokens` tokens of them.

        None for texts under 6,000 characters, without a budget or a way back, when nothing asked is found in the text
        and there is no scorer (then there is no ground to choose on), and when less than a tenth of the text would go.
        """
        if not budget.allows_loss or len(block.text) < _MIN_CHARS:
            return None
        if has_gaps(block.text) or has_cuts(block.text):
            return None
        lines = block.text.split("\n")
        scores = _scores(_asked(block.question, block.call), lines)
        if self._scorer is None and not any(scores):
            return None
        staying = _staying(block, lines, scores)
        ranks = _ranks(lines, scores, staying)
        if self._scorer is not None:
            ranks = by_worth(lines, ranks, self._scorer)
        choice = choose(lines, _with_blanks(lines, ranks), budget.tokens)
        gone = {number for first, last in choice.gaps for number in range(first, last + 1)}
        left = budget.tokens - count_tokens("\n".join(lines[number] + "\n" for number in sorted(gone)))
        cut_lines, cuts_at_limit = cuts(lines, staying | gone, partial(_plain, block), self._scorer, left)
        rewrite = written(
            lines, choice.gaps, cut_lines, budget.handle, lambda first, last: _described(lines[first : last + 1])
        )
        at_limit = choice.at_limit or cuts_at_limit
        if count_tokens(rewrite.text) > (1 - _LEAST_SAVED) * count_tokens(block.text):
            return Rewrite.none_of(block.text, at_limit=at_limit)
        return replace(rewrite, at_limit=at_limit)

    def proof(self, original: str, rewritten: str) -> bool:
        """Whether every line left is the original's and every gap is named where it is."""
        return lines_survive(original, rewritten, find_cut)


def _relevant(scores: Sequence[float]) -> list[bool]:
    """Which lines bear on what was asked."""
    bar = max(scores) * _RELEVANT
    return [score >= bar > 0 for score in scores]


def _staying(block: Block, lines: Sequence[str], scores: Sequence[float]) -> frozenset[int]:
    """The lines that stay whole, whatever they say."""
    edges = {*range(_EDGE), *range(len(lines) - _EDGE, len(lines))}
    scored = {number for number, asked in enumerate(_relevant(scores)) if asked}
    return named_lines(block, lines) | _code(lines) | _listed(lines) | edges | scored


def _ranks(lines: Sequence[str], scores: Sequence[float], staying: Container[int]) -> list[int]:
    """0 for lines that stay, 1 for plain ones of paragraphs without an asked word, 2 for the plain rest, 3 for long
    paragraphs of few facts in sections without an asked word."""
    relevant = _relevant(scores)
    asked = {number for start, end in _sections(lines) if any(relevant[start:end]) for number in range(start, end)}
    ranks = [0] * len(lines)
    for start, last in runs_of(line.strip() != "" for line in lines):
        end = last + 1
        near = any(relevant[start:end])
        for number in range(start, end):
            if number in staying:
                continue
            if not _stays(lines, number, number == start, end - start == 1):
                ranks[number] = 2 if near else 1
            elif number not in asked and _says_little(lines[number]):
                ranks[number] = 3
    return ranks


def _plain(block: Block, sentences: Sequence[str]) -> list[bool]:
    """Which sentences neither tell facts nor demand, and hold no word that was asked for."""
    asked, named = _asked(block.question, block.call), named_lines(block, sentences)
    return [
        number not in named
        and not _FACT.search(sentence)
        and not _DEMAND.search(sentence)
        and asked.isdisjoint(word.lower() for word in _WORD.findall(sentence))
        for number, sentence in enumerate(sentences)
    ]


def _with_blanks(lines: Sequence[str], ranks: list[int]) -> list[int]:
    """Empty lines go with the line before them, so that a gap runs on over them."""
    for number in range(1, len(lines)):
        if not lines[number].strip():
            ranks[number] = ranks[number - 1]
    return ranks


def _sections(lines: Sequence[str]) -> list[tuple[int, int]]:
    """From each heading to the next, as ranges of lines."""
    starts = [0, *(number for number, line in enumerate(lines) if number and _HEADING.match(line)), len(lines)]
    return list(pairwise(starts))


def _says_little(line: str) -> bool:
    """Whether a line is a long paragraph without numbers and addresses, and with few names and code."""
    words = len(line.split())
    if words < _LONG or _HARD.search(line):
        return False
    return sum(1 for _ in _FACT.finditer(line)) <= words / _FACT_EVERY


def _stays(lines: Sequence[str], number: int, first: bool, alone: bool) -> bool:
    """Whether a line stays for what it is: the first of a wrapped paragraph, a heading, a fact, a demand."""
    line = lines[number]
    if first and (not alone or _TITLE.match(line)):
        return True
    return any(form.search(line) for form in (_HEADING, _FACT, _DEMAND))


def _code(lines: Sequence[str]) -> set[int]:
    """The lines of fenced and indented code."""
    code: set[int] = set()
    fenced = False
    for number, line in enumerate(lines):
        fence = _FENCE.match(line) is not None
        if fence or fenced or _CODE_INDENT.match(line):
            code.add(number)
        fenced ^= fence
    return code


def _listed(lines: Sequence[str]) -> set[int]:
    """The lines of lists, with what continues an item, and rows of tables: a reader counts them and compares them."""
    listed: set[int] = set()
    inside, blank = False, False
    for number, line in enumerate(lines):
        if not line.strip():
            blank = True
            continue
        inside = _LISTED.match(line) is not None or (inside and (not blank or line[0].isspace()))
        blank = False
        if inside or _COLUMNS.search(line):
            listed.add(number)
    return listed


@lru_cache(maxsize=16)
def _asked(question: str, call: Call) -> frozenset[str]:
    """The words of the question and of the arguments, but for addresses: those name the text, not what is asked."""
    values = call.values.values()
    told = " ".join(value[:ASKED] for value in values if isinstance(value, str)) or call.arguments[:ASKED]
    asked = _ADDRESS.sub(" ", f"{question[-ASKED:]} {told}")
    return frozenset(word.lower() for word in _WORD.findall(asked))


def _scores(asked: frozenset[str], lines: Sequence[str]) -> list[float]:
    """BM25 of each line; words on more than a fifth of the lines tell nothing and count nothing."""
    words = list(map(_WORD.findall, "\n".join(lines).lower().split("\n")))
    found = [() if asked.isdisjoint(line) else Counter(filter(asked.__contains__, line)).items() for line in words]
    spread = Counter(word for hits in found for word, _ in hits)
    total = sum(1 for line in words if line) or 1
    mean = sum(map(len, words)) / total or 1.0
    weight = {
        word: math.log(1 + (total - n + 0.5) / (n + 0.5)) if n <= total / 5 else 0.0 for word, n in spread.items()
    }
    return [
        sum(weight[word] * n * (_K1 + 1) / (n + _K1 * (1 - _B + _B * len(line) / mean)) for word, n in hits)
        if hits
        else 0.0
        for line, hits in zip(words, found, strict=True)
    ]


def _described(lines: Sequence[str]) -> str:
    """What a gap held, in a few words."""
    words = sum(len(line.split()) for line in lines)
    return f"{words} words of plain text"
