"""What stands in a request before a block, exactly as it is sent: what references may point to."""

import hashlib
import re
from dataclasses import dataclass, field

from addon.shapes.slot import Slot
from transforms.call import Call
from transforms.repeats.index import Earlier, Index

_WRITTEN_CHARS = 200
"""An argument of a call that is at least this long counts as a text that the model itself has written."""
_COMMAND_CHARS = 60
_ESCAPED = re.compile(r'^.*["\\].*$', re.MULTILINE)
_NOT_SHOWN = "\0"
"""Stands for a line of an argument that the request spells with escapes: nothing is to be looked up in that."""


@dataclass(slots=True)
class Context:
    """The texts of a request from its top, added in order. They are indexed only when somebody asks."""

    _texts: list[Earlier] = field(default_factory=list)
    _identities: set[bytes] = field(default_factory=set)
    _names: dict[str, list[bytes]] = field(default_factory=dict)
    _index: Index = field(default_factory=Index)
    _indexed: int = 0

    def add(self, slot: Slot, sent: str) -> None:
        """A tool output as it is sent, and before it what the model wrote in the call."""
        if slot.part == 0:
            for argument in slot.call.values.values():
                if isinstance(argument, str) and len(argument) >= _WRITTEN_CHARS:
                    self._add(_written_name(slot.call), _ESCAPED.sub(_NOT_SHOWN, argument))
        self._add(_output_name(slot.call), sent)

    def holds(self, needs: tuple[bytes, ...]) -> bool:
        """Whether all these texts stand here."""
        return self._identities.issuperset(needs)

    def namesakes(self, needs: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """These texts and all others of their names: a pointer counts them, so it needs them too."""
        together = [group for group in self._names.values() if not set(needs).isdisjoint(group)]
        return tuple(dict.fromkeys(identity for group in together for identity in group))

    @property
    def index(self) -> Index:
        """All that was added so far, for looking up."""
        for text in self._texts[self._indexed :]:
            self._index.add(text)
        self._indexed = len(self._texts)
        return self._index

    def _add(self, name: str, text: str) -> None:
        identity = _identity(name, text)
        self._texts.append(Earlier(text, name, identity))
        self._identities.add(identity)
        self._names.setdefault(name, []).append(identity)


def _output_name(call: Call) -> str:
    if call.path:
        return f"the {call.tool} of {call.path}"
    if command := " ".join(call.command.split()):
        return f"the output of `{command[:_COMMAND_CHARS]}`"
    return f"the output of {call.tool or 'the tool'}"


def _written_name(call: Call) -> str:
    return f"your {call.tool} of {call.path}" if call.path else f"your {call.tool} call"


def _identity(name: str, text: str) -> bytes:
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8)
    digest.update(text.encode("utf-8", "surrogatepass"))
    return digest.digest()
