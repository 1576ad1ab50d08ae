"""SmartCrusher: JSON in fewer tokens, every value in place and spelled as it was.

Records that repeat their keys become tables, text with escaped line breaks becomes lines, spacing goes. The result is
plain JSON, or a document whose first line says how it is read (`transforms.records.document`). JSON whose end was cut
off is written as far as it goes, and the last line says what is missing (`transforms.records.cut_off`). JSON lines may
stand behind the names of what wrote them (`transforms.records.framed_lines`). YAML becomes a document likewise
(`transforms.records.yaml_reader`), where that is clearly shorter, and so do records of one field a line
(`transforms.records.fields`).
"""

from transforms.contract import Block, Budget, Kind, Loss, Rewrite
from transforms.records.document import DocumentWriter
from transforms.records.legend import Form, explain
from transforms.records.sample import names_of, words_of
from transforms.records.source import decode, fewer_tokens, read

_CLEARLY = 0.6
"""Of the characters of YAML, a quarter of which are indentation; with more, it is read more easily as it is."""


class SmartCrusher:
    """Writes JSON as tables and lines, losslessly.

    >>> SmartCrusher().rewrite(Block('{"a": 1.0,  "b": [1, 2]}', Call()), Budget(0, "")).text
    '{"a":1.0,"b":[1,2]}'

    Known limitation: records whose values are mostly long and different (hashes, texts) stay long.
    """

    name = "smart_crusher"
    kinds = frozenset({Kind.JSON, Kind.YAML, Kind.FIELDS})
    loss = Loss.LOSSLESS
    lines_stand_alone = False

    def rewrite(self, block: Block, budget: Budget) -> Rewrite | None:
        """The shortest of minified JSON and the document; None when neither has fewer tokens than the text."""
        try:
            source = read(block.text)
            names = names_of(words_of(block.question, block.call), block.question)
            body = DocumentWriter(words=names).write(source.tree)
        except (ValueError, RecursionError):
            return None
        best = source.minified
        if "\n" in body or not source.is_plain:
            document = explain(source.told(body))
            best = document if not source.is_plain or fewer_tokens(document, best) else best
        if source.form is Form.YAML and len(best) > _CLEARLY * len(block.text):
            return None
        return Rewrite(best) if fewer_tokens(best, block.text) else None

    def proof(self, original: str, rewritten: str) -> bool:
        """Whether the values of both texts are the same: keys in order, numbers by their spelling, strings decoded."""
        try:
            before, after = read(original), decode(rewritten)
            return (before.form, before.minified) == (after.form, after.minified)
        except (ValueError, LookupError, RecursionError):
            return False
