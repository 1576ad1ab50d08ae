"""Splits a block's text into parts of one kind each, and joins them again exactly.

Contract: `join(parts, [part.text for part in parts])` is the block's text, character by character; this is checked
before `split` returns, and a text for which it does not hold is one part. Pure, linear, never raises.

Only texts that hold several documents are cut: what an agent puts around a tool's output
(`transforms.routing.wrappers`), what several commands printed (`transforms.routing.transcripts`), and JSON values,
diffs, pages and fenced code between other lines (`transforms.routing.regions`); so are reports that are JSON for the
most part. Anything shorter than some 40 tokens stays with its neighbour, or as it is.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from transforms.call import Call
from transforms.contract import Block, Kind
from transforms.routing.expected_kind import expected
from transforms.routing.kinds import kind_of
from transforms.routing.regions import MIN_CHARACTERS, Region, regions
from transforms.routing.spelling import Spelling
from transforms.routing.transcripts import outputs
from transforms.routing.wrappers import Piece, unwrap

_MAX_PARTS = 64
"""A text that would fall into more parts is one."""
_MIXED = frozenset({Kind.TEXT, Kind.LOG, Kind.PROSE, Kind.JSON, Kind.DIFF})
"""Kinds that may hold other documents. Source code, pages, matches and reports hold them as their own."""
_OF_SEVERAL_COMMANDS = frozenset({*_MIXED, Kind.CODE, Kind.TABLE})
"""Kinds that a text seems to be of when it holds what several commands printed. The steps for others know of parts."""
_WRITTEN_ANEW = frozenset({Kind.JSON, Kind.MARKUP})
"""Kinds of which the last line end is no part of the content."""
_AROUND_JSON = frozenset({Kind.TEST, Kind.CODE, Kind.TABLE})
"""Kinds for which a text is taken that is JSON for the most part, below what a tool says first."""
_MOST = 0.5
_OTHER_THAN_JSON = re.compile(r"\n(?:\[\w+\][ \t]+\S|(?![\s{}\[\]\",\d-]|true|false|null|\Z))")
"""A line that no JSON value has at its start, in the spelling of any printer."""


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a block's text."""

    text: str
    """As the reader sees it: escapes of a JSON string around it are resolved."""
    kind: Kind | None
    """None: wrapper text, kept as it is."""
    spelling: Spelling = Spelling.PLAIN
    """How the text is written in the block."""
    ending: str = ""
    """Line ends behind the text, whatever becomes of it."""

    def written(self, text: str) -> str:
        """`text` as it is to stand in the block in this part's place."""
        return self.spelling.write(text + self.ending)


def split(block: Block) -> tuple[Part, ...]:
    """The parts of `block`, in order: at most 64."""
    payloads = _payloads(unwrap(block.text), block.call)
    for parts in (_documents(payloads, block.call), payloads):
        if len(parts) <= _MAX_PARTS and join(parts, [part.text for part in parts]) == block.text:
            return parts
    return (Part(block.text, kind_of(block.text, block.call)),)


def join(parts: Sequence[Part], texts: Sequence[str]) -> str:
    """The block's text with `texts` in the places of `parts`."""
    return "".join(part.written(text) for part, text in zip(parts, texts, strict=True))


def _documents(payloads: Sequence[Part], call: Call) -> tuple[Part, ...]:
    """The parts of `payloads`, those that hold several documents cut."""
    return tuple(
        document for part in payloads for own, printed_by in _printed(part, call) for document in _cut(own, printed_by)
    )


def _printed(part: Part, call: Call) -> list[tuple[Part, Call]]:
    """What each command of the call printed, and the lines that it has printed between them."""
    if part.kind not in _OF_SEVERAL_COMMANDS:
        return [(part, call)]
    pieces = outputs(part.text, call)
    if len(pieces) == 1:
        return [(part, call)]
    kinds = [None if piece.separator else _kind(piece.text, piece.call) for piece in pieces]
    return [(replace(part, text=piece.text, kind=kind), piece.call) for piece, kind in zip(pieces, kinds, strict=True)]


def _kind(text: str, call: Call) -> Kind | None:
    return kind_of(text, call) if len(text) >= MIN_CHARACTERS else None


def _payloads(pieces: Sequence[Piece], call: Call) -> tuple[Part, ...]:
    """One part for each of `pieces`; what is tiny beside others counts as wrapper text."""
    return tuple(
        Part(piece.text, kind_of(piece.text, call) if _worth_it(piece, len(pieces)) else None, piece.spelling)
        for piece in pieces
    )


def _worth_it(piece: Piece, pieces: int) -> bool:
    return piece.payload and (pieces == 1 or len(piece.text) >= MIN_CHARACTERS)


def _cut(part: Part, call: Call) -> list[Part]:
    """The documents in `part`, and what stands between them; `part` itself if it is of one kind."""
    if part.kind is Kind.JSON and _OTHER_THAN_JSON.search(part.text) is None:
        return [part]
    if part.kind in _MIXED:
        found = _below_their_headers(part.text, regions(part.text, prose=part.kind is Kind.PROSE), call)
    elif part.kind in _AROUND_JSON and not expected(call).file:
        found = [region for region in regions(part.text, prose=False) if region.kind is Kind.JSON]
        found = found if sum(region.end - region.start for region in found) >= _MOST * len(part.text) else []
    else:
        return [part]
    if len(found) > _MAX_PARTS or not found or (len(found) == 1 and _covers(found[0], part)):
        return [part]
    parts, at = [], 0
    for region in found:
        parts += _between(part, at, region.start, call)
        text, ending = _document(part.text, region)
        parts.append(Part(text, region.kind or kind_of(text, Call()), part.spelling, ending))
        at = region.end
    return parts + _between(part, at, len(part.text), call)


def _document(text: str, region: Region) -> tuple[str, str]:
    """A document, and the line ends behind it where these are no part of it: they part it from what follows."""
    document = text[region.start : region.end]
    if region.kind not in _WRITTEN_ANEW:
        return document, ""
    end = len(document.rstrip("\r\n"))
    return document[:end], document[end:]


def _covers(region: Region, part: Part) -> bool:
    return region.kind is part.kind and not (part.text[: region.start] + part.text[region.end :]).strip()


def _below_their_headers(text: str, found: Sequence[Region], call: Call) -> list[Region]:
    """Diffs start with the commit header above them."""
    extended, at = [], 0
    for region in found:
        headed = region.kind is Kind.DIFF and kind_of(text[at : region.start], call) is Kind.DIFF
        extended.append(replace(region, start=at) if headed else region)
        at = region.end
    return extended


def _between(part: Part, start: int, end: int, call: Call) -> list[Part]:
    """What stands from `start` to `end`, between two documents."""
    text = part.text[start:end]
    if not text:
        return []
    return [Part(text, _kind(text, call), part.spelling)]
