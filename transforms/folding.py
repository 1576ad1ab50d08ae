"""What all transforms that are undone to the character have in common: a form of a text, and the way back from it."""

from abc import ABC, abstractmethod

from transforms.contract import Block, Budget, Kind, Loss, Rewrite


class Folding(ABC):
    """Says once what a text repeats."""

    name: str
    kinds: frozenset[Kind]
    loss = Loss.LOSSLESS
    lines_stand_alone = False

    @abstractmethod
    def fold(self, block: Block) -> str | None:
        """The folded form of `block.text`; None where nothing repeats, or for a folded text."""

    @abstractmethod
    def unfold(self, text: str) -> str | None:
        """The text that was folded to `text`; None where `text` is no folded one."""

    def rewrite(self, block: Block, budget: Budget) -> Rewrite | None:
        """The folded text, or None where there is nothing to fold."""
        text = self.fold(block)
        return None if text is None else Rewrite(text)

    def proof(self, original: str, rewritten: str) -> bool:
        """Whether the text written out again is `original`, character by character."""
        return self.unfold(rewritten) == original
