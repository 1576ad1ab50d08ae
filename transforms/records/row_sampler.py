"""RowSampler: JSON in which routine rows of long arrays are left out, each gap marked in place.

What stays is written as `transforms.smart_crusher` writes it, whose documents are taken as well as JSON. Never a key
goes, nor a part of a value.
"""

from transforms.contract import Block, Budget, Kind, Loss, Rewrite
from transforms.lossy.focus import named_terms
from transforms.marker import Markers
from transforms.records.document import DocumentWriter
from transforms.records.legend import explain, strip
from transforms.records.reader import DocumentReader
from transforms.records.sample import MAX_SHARE, MIN_SHARE, Sampler, covers, names_of, words_of
from transforms.records.source import Source, decode, fewer_tokens
from transforms.tokenizer import count_tokens


class RowSampler:
    """Leaves routine rows out of arrays of 20 or more.

    Known limitation: the share of tokens a row has is told from its characters.
    """

    name = "smart_crusher_rows"
    kinds = frozenset({Kind.JSON, Kind.YAML, Kind.FIELDS})
    loss = Loss.LOSSY
    lines_stand_alone = False

    def rewrite(self, block: Block, budget: Budget) -> Rewrite | None:
        """The document without its routine rows; None when they are less than a tenth of it."""
        if not budget.allows_loss:
            return None
        try:
            return self._sample(decode(block.text), block, budget)
        except (ValueError, LookupError, RecursionError):
            return None

    def _sample(self, source: Source, block: Block, budget: Budget) -> Rewrite | None:
        total = count_tokens(block.text)
        markers = Markers(budget.handle)
        words = words_of(block.question, block.call)
        names = names_of(words, block.question)
        allowed = min(budget.tokens, MAX_SHARE * total)
        terms = frozenset(named_terms(block))
        sampler = Sampler(words, names, terms, allowed, total / len(source.minified), markers)
        tree = source.tree
        sampler.visit(tree)
        at_limit = sampler.at_limit and budget.tokens <= MAX_SHARE * total
        dropped = allowed - sampler.tokens
        if dropped < MIN_SHARE * total:
            return Rewrite.none_of(block.text, at_limit=at_limit)
        body = DocumentWriter(sampler.choices, sampler.strings, names).write(tree)
        if not sampler.written_in(body):
            return None
        text = explain(source.told(body))
        return Rewrite(text, tuple(markers.omitted), int(dropped), at_limit) if fewer_tokens(text, block.text) else None

    def proof(self, original: str, rewritten: str) -> bool:
        """Whether each row is the original's, in order, each other one is marked, and all else is there."""
        try:
            source = decode(original)
            found = strip(rewritten)
            if not found or found != source.told(found.body):
                return False
            return covers(source.tree, DocumentReader.of(found.body, gaps=True).document())
        except (ValueError, LookupError, RecursionError):
            return False
