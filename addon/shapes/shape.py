"""What a shape is: how the requests of one API are known and read. `addon.shapes.catalog` has them all."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from addon.shapes.json_spans import Elements, Node
from addon.shapes.reading import Reading
from addon.shapes.slot import string

type Members = dict[str, Node]
"""An object's values by key."""

_SAID = frozenset({"content", "tool_calls", "function_call", "refusal", "audio"})
"""What a message says something with; an assistant's may have no content."""


class Evidence(IntEnum):
    """What in a request speaks for a shape."""

    NONE = 0
    SHARED = 1
    """Something that other shapes have too."""
    OWN = 2
    """Something that only this one has."""


def _never(_: Members) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Shape:
    """One API's requests.

    `element` and `read` get one element of the conversation alone: what they tell is remembered by its bytes.
    """

    name: str
    """As it stands in the routing log and in metrics."""
    conversation: str
    """The key of the list that holds the conversation."""
    element: Callable[[Members], Evidence | None]
    """What an element speaks for; None where it can be none of such a conversation."""
    evidence: Callable[[Members, Evidence], Evidence]
    """What a request's members speak for, beside the strongest of what its elements do."""
    complete: Callable[[Members, Elements], bool]
    """Whether this is a turn, and not another request that looks like one; gets its members and its elements."""
    read: Callable[[Members, Reading], None]
    """Reads one element."""
    explains: frozenset[str] = frozenset()
    """Shapes whose shared evidence says nothing beside this one's own."""
    server_holds: Callable[[Members], bool] = _never
    """Whether the request only adds to what the server holds, and tells nothing of the conversation's beginning."""
    within: str = ""
    """The key of an object that may be wrapped around the request."""
    tools: tuple[str, ...] = ("tools",)
    """Keys of the tools' definitions, outermost first where they stand in an object."""
    system: tuple[str, ...] = ()
    """Keys under which the system text may stand, where it is not in the conversation."""

    def request(self, top: Members) -> Members:
        """The request in a body: the body itself, or what it is wrapped around."""
        wrapped = top.get(self.within) if self.conversation not in top else None
        return top if wrapped is None else wrapped.object()

    def elements(self, request: Members) -> Elements | None:
        """The elements of the conversation, where there is one."""
        return request[self.conversation].conversation() if self.conversation in request else None


def is_message(element: Members) -> bool:
    """Whether an element has a role and says something."""
    role = string(element, "role")
    return role == "assistant" or (role is not None and not _SAID.isdisjoint(element))


def not_empty(_: Members, elements: Elements) -> bool:
    """`Shape.complete` of APIs in which every conversation is a turn."""
    return bool(elements)


def blocks(element: Members, key: str = "content") -> list[Members]:
    """The blocks of a message; none where it is a text."""
    content = element.get(key)
    return [block.object() for block in content.elements()] if content else []
