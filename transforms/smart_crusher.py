"""SmartCrusher: JSON in fewer tokens, every value in place and spelled as it was.

Records that repeat their keys become tables, text with escaped line breaks becomes lines, spacing goes. The result is
plain JSON, or a document whose first line says how it is read (`transforms.json_document`).
"""

from dataclasses import dataclass

from transforms.contract import Block, Budget, Kind, Loss, Rewrite
from transforms.json_document import DocumentWriter
from transforms.json_legend import explain, strip
from transforms.json_reader import DocumentReader, whole
from transforms.json_tree import Tree, dumps, parse_stream
from transforms.tokenizer import count_tokens

_CLEARLY = 0.75
"""Of two texts whose lengths are this far apart the shorter has fewer tokens; nearer ones are counted."""


@dataclass(frozen=True, slots=True)
class Source:
    """The values of a text; more than one when it is JSON lines."""

    values: list[Tree]

    @classmethod
    def read(cls, text: str) -> "Source":
        """Raises ValueError for what is not JSON, RecursionError for too deep nesting."""
        values = parse_stream(text)
        if not values:
            raise ValueError("no value")
        return cls(values)

    @property
    def lines(self) -> bool:
        """Whether the values stand on lines of their own, with no array around them."""
        return len(self.values) > 1

    @property
    def tree(self) -> Tree:
        """The one value, or the array of all."""
        return self.values if self.lines else self.values[0]

    @property
    def minified(self) -> str:
        """The shortest JSON."""
        return "\n".join(map(dumps, self.values))


class SmartCrusher:
    """Writes JSON as tables and lines, losslessly.

    >>> SmartCrusher().rewrite(Block('{"a": 1.0,  "b": [1, 2]}', Call()), Budget(0, "")).text
    '{"a":1.0,"b":[1,2]}'

    Known limitation: records whose values are mostly long and different (URLs, hashes) stay long.
    """

    name = "smart_crusher"
    kinds = frozenset({Kind.JSON})
    loss = Loss.LOSSLESS

    def rewrite(self, block: Block, budget: Budget) -> Rewrite | None:
        """The shortest of minified JSON and the document; None when neither has fewer tokens than the text."""
        try:
            source = Source.read(block.text)
            body = DocumentWriter().write(source.tree)
        except (ValueError, RecursionError):
            return None
        best = source.minified
        if "\n" in body:
            document = explain(body, source.lines)
            best = document if fewer_tokens(document, best) else best
        return Rewrite(best) if fewer_tokens(best, block.text) else None

    def proof(self, original: str, rewritten: str) -> bool:
        """Whether the values of both texts are the same: keys in order, numbers by their spelling, strings decoded."""
        try:
            return Source.read(original).minified == decode(rewritten).minified
        except (ValueError, LookupError, RecursionError):
            return False


def decode(rewritten: str) -> Source:
    """The values of a text that `SmartCrusher` wrote. Raises ValueError or LookupError for other texts."""
    found = strip(rewritten)
    if not found:
        return Source.read(rewritten)
    body, lines = found
    reader = DocumentReader.of(body)
    tree = whole(reader.read())
    if reader.at < len(reader.lines):
        raise ValueError("text behind the document")
    if lines and not (isinstance(tree, list) and len(tree) > 1):
        raise ValueError("not JSON lines")
    return Source(tree) if lines and isinstance(tree, list) else Source([tree])


def fewer_tokens(text: str, other: str) -> bool:
    """Whether `text` has fewer tokens than `other`."""
    if len(text) < _CLEARLY * len(other):
        return True
    return len(text) < len(other) and count_tokens(text) < count_tokens(other)
