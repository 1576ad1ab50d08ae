"""What stands in a request before a block, exactly as it is sent: what references may point to."""

import hashlib
import re
from dataclasses import dataclass, field
from typing import NamedTuple

from addon.routing_log import NO_TRANSFORM
from addon.shapes.slot import Slot
from transforms.call import Call
from transforms.catalog import TRANSFORMS
from transforms.names import REFERENCES
from transforms.repeats.index import Earlier, Index

_WRITTEN = ("content", "file_text", "contents")
"""Arguments that hold a whole file as the model writes it. Parts of files (`new_string`) are none: a name for each
of them would have to tell the calls apart, and `old_string` is what is gone."""
_NAME_CHARS = 70
_ESCAPED = re.compile(r'^.*["\\].*$', re.MULTILINE)
_NOT_SHOWN = "\0"
"""Stands for a line of an argument that the request spells with escapes: nothing is to be looked up in that."""
_SELF_EXPLANATORY = frozenset({NO_TRANSFORM, REFERENCES, *(t.name for t in TRANSFORMS if t.lines_stand_alone)})


@dataclass(slots=True, eq=False)
class Context:
    """The texts of a request from its top, added in order. They are indexed only when somebody asks."""

    size: int = 0
    """Characters of all texts."""
    _texts: list[Earlier] = field(default_factory=list)
    _name_of: dict[bytes, str] = field(default_factory=dict)
    _names: dict[str, list[bytes]] = field(default_factory=dict)
    _index: Index = field(default_factory=Index)
    _indexed: int = 0

    def add(self, slot: Slot, sent: str, transform_name: str) -> None:
        """A tool output as it is sent, and before it the file that the model itself wrote in the call."""
        call = slot.call
        if not call.tool:  # the call stands in an earlier request; with it the output would have another name
            return
        told = _told(call)
        if slot.part == 0 and told.written is not None:
            self._add(f"what you wrote to {told.path}", _ESCAPED.sub(_NOT_SHOWN, told.written))
        self._add(told.output, sent, whole=not speaks_for_itself(transform_name))

    def __len__(self) -> int:
        """How many texts there are."""
        return len(self._texts)

    def cut(self, count: int) -> None:
        """Take out all but the first `count` texts, as if the others had never been added."""
        self._index.cut(count)
        self._indexed = min(self._indexed, count)
        while len(self._texts) > count:
            text = self._texts.pop()
            self.size -= len(text.text)
            namesakes = self._names[text.name]
            namesakes.pop()
            if text.identity not in namesakes:
                del self._name_of[text.identity]
            if not namesakes:
                del self._names[text.name]

    def holds(self, needs: tuple[bytes, ...]) -> bool:
        """Whether these texts stand here as the first ones of their names, in this order."""
        if not needs:
            return True
        found: dict[str, list[bytes]] = {}
        for identity in needs:
            found.setdefault(self._name_of.get(identity, ""), []).append(identity)
        return all(name and self._names[name][: len(group)] == group for name, group in found.items())

    def namesakes(self, needs: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """These texts and all others of their names: a pointer counts them, so it needs them too."""
        together = [group for group in self._names.values() if not set(needs).isdisjoint(group)]
        return tuple(identity for group in together for identity in group)

    @property
    def index(self) -> Index:
        """All that was added so far, for looking up."""
        for text in self._texts[self._indexed :]:
            self._index.add(text)
        self._indexed = len(self._texts)
        return self._index

    def _add(self, name: str, text: str, *, whole: bool = False) -> None:
        identity = _identity(name, text)
        self.size += len(text)
        self._texts.append(Earlier(text, name, identity, whole))
        self._name_of[identity] = name
        self._names.setdefault(name, []).append(identity)


def speaks_for_itself(transform_name: str) -> bool:
    """Whether every line of a text that these transforms (joined by `+`) wrote means the same anywhere else."""
    return _SELF_EXPLANATORY.issuperset(transform_name.split("+"))


class _Told(NamedTuple):
    """What a call tells of the texts that come with it."""

    path: str
    written: str | None
    """The file that the model itself wrote."""
    output: str
    """The output's name."""


def _told(call: Call) -> _Told:
    values, path = call.values, call.path
    written = next((text for key in _WRITTEN if isinstance(text := values.get(key), str)), None) if path else None
    return _Told(_shortened(path), written, _output_name(call))


def _output_name(call: Call) -> str:
    if call.path:
        return f"the {call.tool} of {_shortened(call.path)}"
    if command := " ".join(call.command.split()):
        cut = len(command) > _NAME_CHARS
        return f"the output of `{command[:_NAME_CHARS]}{'…' if cut else ''}`"
    return f"the output of {call.tool}"


def _shortened(path: str) -> str:
    """A path by its end, which tells files apart."""
    return path if len(path) <= _NAME_CHARS else f"…{path[-_NAME_CHARS:]}"


def _identity(name: str, text: str) -> bytes:
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8)
    digest.update(text.encode("utf-8", "surrogatepass"))
    return digest.digest()
