"""Follows conversations from turn to turn, in the proxy's process: who broke the cached prefix, the client or we.

A conversation is known by the model's first answer in it, before that by its first items, and never by the system
text or by the connection: sub-agents, title requests and other side requests are conversations of their own, forks
of one conversation share its id. What we hold against the provider's figures are digests only, of the last turn.
Nothing here is remembered over a restart: the first turn seen of a conversation is compared with nothing.
"""

from collections import OrderedDict
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import count

from addon.cache.prefix import anchor
from addon.wire.usage import Usage
from transforms.cache_aligner import CacheAligner, Prefix, PrefixChange, PrefixVerdict, Section

_MOST_BRANCHES = 512
_MOST_BRANCHES_OF_ONE = 8
_MOST_BYTES = 32 * 1024 * 1024
"""Of all digests together."""
_TELLING_BYTES = 160
"""A first answer of this size stands in one conversation only; a shorter one ("OK") may stand in many."""
_HELD_SHARE = 0.9
_SLACK_TOKENS = 256
"""The prefix held when this share of what was in the cache is read from it, less two of OpenAI's 128-token steps."""
_NO_ITEM = b"-"
"""Stands for the digest of a first item where that is not known; nothing has it."""
_BINDING_MISMATCH = "prefix_binding_mismatch"
_IN_PLACE = frozenset({PrefixVerdict.NOISE, PrefixVerdict.BROKEN})
_CHANGED = "_changed"
"""How Anthropic's cache miss reasons end that tell of another prompt: `messages_changed`, `model_changed`…"""


class CacheVerdict(StrEnum):
    """What became of the provider's cache on one turn."""

    HELD = "held"
    """What was cached was read again, whatever changed."""
    CLIENT_BROKE = "client_broke"
    """It was not, and the client's own request had changed."""
    WE_BROKE = "we_broke"
    """We sent an item otherwise than before that the client had kept. Must never happen."""
    EXPIRED = "expired"
    """It was not, though nothing had changed: too late, evicted, or another machine."""
    UNKNOWN = "unknown"
    """First turn, no figures, or a client that caches nothing."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One request of a conversation, as it left."""

    conversation: str
    """An id of this process's own; empty where the request does not tell its beginning."""
    number: int
    """From 1; a retry has its predecessor's."""
    client_change: PrefixChange
    """The client's own request against its last one."""
    unkept: str = ""
    """The first item that the client kept and we did not (`Prefix.where`)."""
    cached_before: int = 0
    """Tokens which the provider should read from its cache: what it had read and written on the last turn, as far as
    the request goes along with that turn. 0 where it is not known."""
    given_up: int = 0
    """The same where the cached prefix is left on purpose: what that costs."""
    branch: int = 0

    def told(self, verdict: CacheVerdict) -> str:
        """The verdict for people: `cache held`, `cache client_broke at system 3, 40 tokens changed`."""
        change = self.client_change
        if verdict is CacheVerdict.WE_BROKE and self.unkept:
            return f"cache {verdict} at {self.unkept}"
        if verdict is CacheVerdict.CLIENT_BROKE and change.where:
            return f"cache {verdict} at {change.where}, {change.changed_tokens} tokens changed"
        return f"cache {verdict}"


@dataclass(frozen=True, slots=True)
class _Opening:
    """What a conversation is known by."""

    first: bytes
    """Digest of its first item."""
    answer: bytes
    """Digest of the model's first answer; empty before that."""
    answer_size: int

    @classmethod
    def of(cls, prefix: Prefix) -> "_Opening":
        first, answer = prefix.first(Section.CLIENT), prefix.first(Section.ANSWER)
        return cls(first.digest if first else b"", answer.digest if answer else b"", answer.size if answer else 0)

    def leads_to(self, later: "_Opening", before: Prefix, now: Prefix) -> bool:
        """Whether `now` is of the conversation that `before` belongs to."""
        if self.answer:
            return self.answer == later.answer and (self.first == later.first or self.answer_size >= _TELLING_BYTES)
        if self.first != later.first:
            return False
        return _shared_conversation(before, now) == len(before) - before.head and _alike(before, now)


@dataclass(slots=True)
class _Branch:
    """The last turn of a conversation, or of one of its forks."""

    conversation: str
    number: int
    opening: _Opening
    client: Prefix
    sent: Prefix
    usage: Usage | None = None
    harmless: int | None = None
    """Index of a changed item on a turn whose cache held: the provider leaves it out, or a mark stands before it."""
    we_broke: bool = False

    @property
    def size(self) -> int:
        return len(self.client.packed) + (0 if self.sent is self.client else len(self.sent.packed))


class Conversations:
    """The conversations seen last. Bounded in number and bytes."""

    def __init__(self) -> None:
        self._branches: OrderedDict[int, _Branch] = OrderedDict()
        self._keys = count(1)
        self._bytes = 0

    def turn(self, client: Prefix, sent: Prefix, threshold: int, *, on_purpose: bool = False) -> Turn:
        """Take up a request that leaves now: what the client sent, what we sent, and the policy's
        `volatile_token_threshold`. Retries and parallel requests may come in any order.

        `on_purpose`: the prefix may be left here, because rewriting history pays, or the client's own bytes were asked
        for. That is no alarm, and nothing is expected of the cache.
        """
        aligner = CacheAligner(threshold)
        sent = client if sent == client else sent
        if not client:
            change = aligner.compare(client, client)
            return Turn("", 1, change)
        opening = _Opening.of(client)
        key, change = self._find(opening, client, aligner)
        before = self._branches[key] if key else _Branch("", 0, opening, Prefix(), Prefix())
        unkept = aligner.unkept((before.client, client), (before.sent, sent))
        cached = _cached_before(before, client, change)
        turn = Turn(
            conversation=before.conversation or f"{opening.first.hex()[:8]}-{next(self._keys)}",
            number=before.number + (change.verdict is not PrefixVerdict.REPEATED),
            client_change=change,
            unkept="" if unkept is None or on_purpose else client.where(unkept),
            cached_before=0 if on_purpose else cached,
            given_up=cached if on_purpose and unkept is not None else 0,
            branch=key if _goes_on(change) else next(self._keys),
        )
        now = replace(before, opening=opening, client=client, sent=sent, number=turn.number)
        now.conversation, now.we_broke = turn.conversation, before.we_broke or unkept is not None
        self._keep(turn.branch, now)
        return turn

    def continued(self, before: Turn | None) -> Turn:
        """Take up a request that only adds to what the server holds, so that nothing before it can have changed.

        `before` is its predecessor on the same connection; without one a conversation begins here.
        """
        branch = self._branches.get(before.branch) if before else None
        change = PrefixChange(PrefixVerdict.APPENDED if branch else PrefixVerdict.FIRST_TURN)
        key = before.branch if before and branch else next(self._keys)
        branch = branch or _Branch(f"held-{key}", 0, _Opening(_NO_ITEM, b"", 0), Prefix(), Prefix())
        cached = _cached_before(branch, Prefix(), change)
        turn = Turn(branch.conversation, branch.number + 1, change, cached_before=cached, branch=key)
        self._keep(key, replace(branch, number=turn.number))
        return turn

    def answered(self, turn: Turn, usage: Usage | None, status: int) -> CacheVerdict:
        """What became of the cache on a turn, by the answer's HTTP status and the provider's figures."""
        branch = self._branches.get(turn.branch)
        served = usage if 200 <= status < 300 else None
        verdict = _verdict(turn, served, branch)
        if branch is not None and served is not None:
            branch.usage = served
            if verdict is CacheVerdict.HELD and turn.client_change.verdict in _IN_PLACE:
                branch.harmless = turn.client_change.first_changed
        return verdict

    def anchors(self, conversation: str) -> set[str]:
        """What requests of a conversation can be told by (`prefix.anchor`); empty before its second turn."""
        branches = (branch for branch in self._branches.values() if branch.conversation == conversation)
        return {found for branch in branches if (found := anchor(branch.client))}

    def _find(self, opening: _Opening, client: Prefix, aligner: CacheAligner) -> tuple[int, PrefixChange]:
        """The branch that the request goes on with, and how; key 0 for a new conversation.

        The longest that is kept as a whole or but for noise, else the one that shares most.
        """
        found, best, rank = 0, aligner.compare(Prefix(), client), (False, -1, 0)
        for key, branch in self._branches.items():
            if not branch.opening.leads_to(opening, branch.client, client):
                continue
            change = aligner.compare(branch.client, client)
            if (this := (_goes_on(change), _shared_conversation(branch.client, client), key)) > rank:
                found, best, rank = key, change, this
        return found, best

    def _keep(self, key: int, branch: _Branch) -> None:
        if (old := self._branches.pop(key, None)) is not None:
            self._bytes -= old.size
        self._branches[key] = branch
        self._bytes += branch.size
        of_one = [key for key, other in self._branches.items() if other.conversation == branch.conversation]
        for other_key in of_one[:-_MOST_BRANCHES_OF_ONE]:
            self._forget(other_key)
        while len(self._branches) > _MOST_BRANCHES or (self._bytes > _MOST_BYTES and len(self._branches) > 1):
            self._forget(next(iter(self._branches)))

    def _forget(self, key: int) -> None:
        self._bytes -= self._branches.pop(key).size


def _shared_conversation(before: Prefix, now: Prefix) -> int:
    return before.cut(before.head).shared(now.cut(now.head))


def _alike(before: Prefix, now: Prefix) -> bool:
    """Whether at least half of the tools and system text is the same: a side request about the same first message
    has others."""
    was, head = before.cut(0, before.head), now.cut(0, now.head)
    known = set(was)
    return 2 * sum(item.size for item in head if item in known) >= max(was.size, head.size)


def _goes_on(change: PrefixChange) -> bool:
    """Whether a request takes its predecessor's place; else both may go on, as forks."""
    return change.keeps_prefix or change.verdict is PrefixVerdict.NOISE


def _cached_before(before: _Branch, client: Prefix, change: PrefixChange) -> int:
    if before.usage is None:
        return 0
    tokens = before.usage.cached_tokens + before.usage.written_tokens
    if change.verdict is not PrefixVerdict.REWOUND:
        return tokens
    shared = before.client.cut(0, before.client.shared(client)).size
    return int(tokens * shared / before.client.size) if before.client.size else 0


def _verdict(turn: Turn, usage: Usage | None, branch: _Branch | None) -> CacheVerdict:
    change = turn.client_change
    if turn.unkept:
        return CacheVerdict.WE_BROKE
    if usage is None or change.verdict is PrefixVerdict.FIRST_TURN:
        return CacheVerdict.UNKNOWN
    if any(_BINDING_MISMATCH in told for told in usage.input_transformations):
        # Thinking stays bound to the prompt it was made from: a break of ours is told of on all later turns.
        return CacheVerdict.WE_BROKE if branch is not None and branch.we_broke else CacheVerdict.CLIENT_BROKE
    if not turn.cached_before:
        return CacheVerdict.HELD if usage.cached_tokens else CacheVerdict.UNKNOWN
    if usage.cached_tokens >= _HELD_SHARE * turn.cached_before - _SLACK_TOKENS:
        return CacheVerdict.HELD
    if usage.cache_miss_reason.endswith(_CHANGED):
        return CacheVerdict.CLIENT_BROKE
    harmless = change.keeps_prefix or (branch is not None and change.first_changed == branch.harmless)
    return CacheVerdict.EXPIRED if harmless else CacheVerdict.CLIENT_BROKE
