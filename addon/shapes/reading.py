"""What is read of one element of a conversation, kept as steps that are taken again in every later request."""

from collections.abc import Callable, Iterable

from addon.shapes.json_spans import Node
from addon.shapes.slot import Conversation, OutputText
from addon.store import ledger
from transforms.call import Call

type Step = Callable[[Conversation, int], None]
"""Tells a conversation what was read of an element, by the position that it has there."""


class Reading:
    """Takes what a shape reads of one element. Steps hold texts and no nodes, which would hold the whole body."""

    def __init__(self, element: Node) -> None:
        self.steps: list[Step] = []
        self._start = element.start

    def called(self, call_id: str | None, tool: str | None, arguments: str) -> None:
        """A tool call of the model."""
        call = Call(tool or "", arguments)
        self.steps.append(lambda conversation, _: conversation.called(call_id or "", call))

    def asked(self, text: str | None) -> None:
        """A text of the user."""
        self.steps.append(lambda conversation, _: conversation.asked(text))

    def answered(self) -> None:
        """A turn of the assistant, or a part of one."""
        self.steps.append(lambda conversation, _: conversation.answered())

    def thought(self) -> None:
        """The model's thinking."""
        self.steps.append(lambda conversation, _: conversation.thought())

    def output(
        self, call_id: str, parts: Iterable[tuple[int, Node]], *, is_error: bool = False, tool: str = ""
    ) -> None:
        """A tool output, by its text parts."""
        start = self._start
        texts = [
            OutputText(part, node.start - start, node.end - start, text, ledger.key(call_id, part, text))
            for part, node in parts
            if (text := node.text())
        ]
        self.steps.append(lambda conversation, element: conversation.output(element, texts, call_id, is_error, tool))
