"""The one ground of all numbers: what was decided, sent, billed and broken since the start.

It takes routing logs when requests leave and answers when they end; metrics, `/stats`, the dashboard and the commands
read it and count nothing themselves, so that numbers of one name are equal everywhere.

Two figures of saving are kept apart. *Once*: each tool output counted when it is decided. *Sent*: each tool output
counted in every request that the provider served, since a conversation sends it again with every turn; a retry of a
served turn, a refused request and one that never got an answer count nothing. What costs is taken off neither, but
counted beside: what the model fetched because an output had been shortened, and cached tokens that we made useless.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from addon.cache.breaker import Trip
from addon.cache.conversations import CacheVerdict, Turn
from addon.figures.history import Bucket, Minutes
from addon.figures.prices import price_of
from addon.figures.saving import Distribution, Row, Saving, Split
from addon.figures.talks import Talk, Talks
from addon.routing_log import NO_TRANSFORM, Entry, RoutingLog
from addon.wire.clients import DOCTOR
from addon.wire.usage import Usage
from transforms.compression_policy import AuthMode
from transforms.reasons import Reason

_RATIOS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_MOST_TOOLS = 60
_MOST_COMBINATIONS = 100
_MOST_PLAIN = 100
_WAITED = frozenset({Reason.BUSY, Reason.TIME_BUDGET, Reason.FAILED})


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of a request's response."""

    log: RoutingLog
    status: int
    usage: Usage | None = None
    turn: Turn | None = None
    verdict: CacheVerdict | None = None
    trip: Trip | None = None
    cut_off: bool = False
    """Whether the client or the upstream ended it early."""

    @property
    def served(self) -> bool:
        """Whether the provider took the request."""
        return 200 <= self.status < 300


@dataclass(slots=True)
class Money:
    """US dollars by list prices, of requests that are paid by the token and whose model has a published price."""

    spent: float = 0.0
    saved: float = 0.0
    """What the tokens not sent would have cost, less what fetching them and broken caches did cost."""
    priced: int = 0
    unpriced: int = 0
    """Served requests with and without a price."""


class Tally:
    """All totals. `clock` gives seconds since the epoch."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self.since = clock()
        self.requests: Counter[tuple[str, str, str, str]] = Counter()
        """By shape, decision, auth mode and client."""
        self.blocks: Counter[Reason] = Counter()
        """Decisions when they are taken, and replays whenever they happen."""
        self.answers: Counter[str] = Counter()
        """`served`, `cut_off` (served, and ended early), `retried` (served again), `refused`."""
        self.total = Row()
        self.by_transform, self.by_tool = Split(_MOST_COMBINATIONS), Split(_MOST_TOOLS)
        self.by_client, self.by_shape = Split(_MOST_PLAIN), Split(_MOST_PLAIN)
        self.shadow = Saving()
        """What was decided and not done, each output once."""
        self.fetched, self.fetched_sent, self.lost = 0, 0, 0
        self.provider: Counter[str] = Counter()
        self.money = Money()
        self.cache: Counter[CacheVerdict] = Counter()
        self.trips: Counter[Trip] = Counter()
        self.failures: Counter[str] = Counter()
        self.held, self.ratios = Distribution(_SECONDS), Distribution(_RATIOS)
        self.talks, self.minutes = Talks(), Minutes()
        self._days: dict[str, Bucket] = {}

    @property
    def net_once(self) -> int:
        """Tokens taken out once, less those that the model fetched because of it."""
        return self.total.once.saved - self.fetched

    @property
    def net_sent(self) -> int:
        """Tokens not sent, less those fetched (in every request that sent them) and those lost to broken caches."""
        return self.total.sent.saved - self.fetched_sent - self.lost

    # What comes in

    def request(self, log: RoutingLog) -> None:
        """A request leaves. What the doctor tries is nobody's saving."""
        if log.client == DOCTOR:
            return
        self.requests[log.shape or "none", log.decision, log.auth_mode or "unknown", log.client] += 1
        if log.shape or log.decision in _WAITED:
            self.held.observe(log.milliseconds / 1000)
        self.failures["request" if log.decision is Reason.FAILED else "transform"] += len(log.failures)
        self.fetched += log.fetched_tokens
        self.blocks.update(e.reason for e in log.entries if e.new or e.reason is Reason.REPLAYED)
        saved = sum(self._decided(log, entry) for entry in log.entries if entry.new)
        self._note(Bucket(requests=1, once=saved))

    def answered(self, answer: Answer) -> None:
        """A response has ended, with or without figures."""
        if answer.log.client == DOCTOR:
            return
        talk = self.talks.of(answer.turn.conversation) if answer.turn and answer.turn.conversation else Talk("")
        bucket = Bucket()
        if answer.usage is not None:
            self._billed(answer.usage, talk, bucket)
        if answer.verdict is not None and answer.turn is not None:
            self.cache[answer.verdict] += 1
            talk.judged(answer.turn, answer.verdict)
        if answer.trip is not None:
            self.trips[answer.trip] += 1
        if not answer.served:
            self.answers["refused"] += 1
        elif answer.turn is not None and talk.conversation and talk.is_retry(answer.turn):
            self.answers["retried"] += 1
            talk.retries += 1
        else:
            self.answers["cut_off" if answer.cut_off else "served"] += 1
            self._served(answer, talk, bucket)
        talk.client, talk.seen = answer.log.client, self._clock()
        self._note(bucket)

    def failure(self, seam: str) -> None:
        """An error of ours that no routing log tells of."""
        self.failures[seam] += 1

    def take_days(self) -> dict[str, Bucket]:
        """What was counted by day since this was last asked, for keeping."""
        taken, self._days = self._days, {}
        return taken

    def unkept_days(self) -> dict[str, Bucket]:
        """What `take_days` would give."""
        return {day: replace(bucket) for day, bucket in list(self._days.items())}

    def give_back(self, days: dict[str, Bucket]) -> None:
        """Days that could not be kept."""
        for day, bucket in days.items():
            self._days.setdefault(day, Bucket()).add(bucket)

    # Steps

    def _decided(self, log: RoutingLog, entry: Entry) -> int:
        """Count one new decision; the tokens it took out for the first time."""
        for row in self._rows(log, _transform(entry), entry.tool):
            row.once.add(entry.tokens_before, entry.tokens_after)
        if entry.reason is Reason.COMPRESSED:
            self.ratios.observe(entry.compression_ratio)
        if entry.shadow_tokens is not None:
            self.shadow.add(entry.tokens_before, entry.shadow_tokens)
        return entry.tokens_before - entry.tokens_after

    def _rows(self, log: RoutingLog, transform: str, tool: str) -> tuple[Row, ...]:
        """Every row that entries of a transform and a tool count in."""
        return (
            self.total,
            self.by_transform.row(transform),
            self.by_tool.row(tool or "unnamed"),
            self.by_client.row(log.client),
            self.by_shape.row(log.shape),
        )

    def _served(self, answer: Answer, talk: Talk, bucket: Bucket) -> None:
        log = answer.log
        sums: defaultdict[tuple[str, str], Saving] = defaultdict(Saving)
        for entry in log.entries:
            sums[_transform(entry), entry.tool].add(entry.tokens_before, entry.tokens_after)
        for (transform, tool), sent in sums.items():
            for row in self._rows(log, transform, tool):
                row.sent.add(sent.before, sent.after)
        talk.turns += 1
        talk.fetched += log.fetched_tokens
        talk.before, talk.after = talk.before + log.tokens_before, talk.after + log.tokens_after
        lost = _lost(answer)
        self.fetched_sent += talk.fetched
        self.lost += lost
        bucket.add(
            Bucket(answered=1, before=log.tokens_before, after=log.tokens_after, fetched=talk.fetched, lost=lost)
        )
        self._priced(answer, talk.fetched - log.fetched_tokens, lost)

    def _priced(self, answer: Answer, fetched_before: int, lost: int) -> None:
        log, usage = answer.log, answer.usage
        price = price_of(usage.model) if usage and log.auth_mode is not AuthMode.SUBSCRIPTION else None
        if usage is None or price is None:
            self.money.unpriced += 1
            return
        price = price.for_prompt(usage.input_tokens)
        new = sum(entry.tokens_before - entry.tokens_after for entry in log.entries if entry.new)
        again = log.tokens_before - log.tokens_after - new
        self.money.priced += 1
        self.money.spent += price.of(usage)
        self.money.saved += price.of_first(new - log.fetched_tokens, usage) + price.of_again(
            again - fetched_before, usage
        )
        self.money.saved -= price.of_lost(lost)

    def _billed(self, usage: Usage, talk: Talk, bucket: Bucket) -> None:
        """The provider's own figures, of every answer: a retry is billed too."""
        fresh = usage.fresh_tokens
        self.provider["input_fresh"] += fresh
        self.provider["input_cached"] += usage.cached_tokens
        self.provider["input_written"] += usage.written_tokens
        self.provider["output"] += usage.output_tokens
        bucket.fresh, bucket.cached, bucket.written = fresh, usage.cached_tokens, usage.written_tokens
        talk.model = usage.model or talk.model
        talk.input, talk.cached = talk.input + usage.input_tokens, talk.cached + usage.cached_tokens

    def _note(self, bucket: Bucket) -> None:
        now = self._clock()
        self.minutes.at(now).add(bucket)
        day = datetime.fromtimestamp(now, UTC).date().isoformat()
        self._days.setdefault(day, Bucket()).add(bucket)


def _transform(entry: Entry) -> str:
    """The transform that an entry counts for."""
    return NO_TRANSFORM if entry.tokens_after == entry.tokens_before else entry.transform_name


def _lost(answer: Answer) -> int:
    """Cached tokens that the provider did not read because we sent another prefix, by mistake or on purpose."""
    if answer.turn is None or answer.usage is None:
        return 0
    broken = answer.turn.cached_before if answer.verdict is CacheVerdict.WE_BROKE else 0
    return max(0, max(broken, answer.turn.given_up) - answer.usage.cached_tokens)
