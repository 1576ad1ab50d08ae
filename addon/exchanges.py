"""From a decided request to the end of its answer: what passes is read, counted and told, and goes on as it came.

The routing log goes on top of the answer, its body through a tee, and what the provider says of tokens and of its
cache into the flow's note and metadata, the tally and the breaker. Nothing here decides on a request.
"""

from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from mitmproxy import http

from addon import sinks
from addon.cache.conversations import Turn
from addon.cache.watch import CacheWatch, Judgement
from addon.event_log import LOGGER
from addon.figures.tally import Answer, Tally
from addon.request import Outcome
from addon.response_tee import ResponseTee
from addon.routing_log import RoutingLog
from addon.web.recent import Recent
from addon.wire.body_codecs import BadEncoding, codec_for
from addon.wire.usage import Ended, Usage
from transforms.reasons import Reason

_ERROR_STATUS = 400
"""From this status on an answer is small and read as a whole; below, it is streamed."""
_ERROR_BYTES = 64 * 1024


@dataclass(slots=True)
class _Exchange:
    """What is remembered between a request and the end of its response."""

    log: RoutingLog
    changed: bool
    turn: Turn | None = None
    """None where the request is not followed as a turn of a conversation."""
    tee: ResponseTee | None = None


class Exchanges:
    """Those that are under way; one that is given up by mitmproxy is forgotten with its flow.

    `on_failure` is told of what goes wrong in the tee; all else is raised.
    """

    def __init__(
        self, tally: Tally, watch: CacheWatch, recent: Recent, on_failure: Callable[[BaseException], None]
    ) -> None:
        self._on_failure = on_failure
        self._tally = tally
        self._watch = watch
        self._recent = recent
        self._under_way: WeakKeyDictionary[http.HTTPFlow, _Exchange] = WeakKeyDictionary()

    def begin(self, flow: http.HTTPFlow, outcome: Outcome, log: RoutingLog) -> None:
        """A request leaves: `outcome` is what was decided for it, `log` tells of it."""
        exchange = self._under_way[flow] = _Exchange(log, outcome.is_changed)
        exchange.turn = self._turn(outcome, log)
        self._tally.request(log)
        if log.decision is not Reason.UNKNOWN_HOST:
            self.remember(flow)

    def open_answer(self, flow: http.HTTPFlow) -> None:
        """The head of an answer has come: it gets the routing log, its body will be streamed through a tee."""
        exchange = self._under_way.get(flow)
        if exchange is None or flow.response is None or exchange.log.decision is Reason.UNKNOWN_HOST:
            return
        headers = flow.response.headers
        kind, encoding = headers.get("content-type", ""), headers.get("content-encoding", "")
        value = sinks.header(exchange.log)
        exchange.tee = ResponseTee(kind, encoding, self._on_failure)
        headers[sinks.HEADER] = value
        wanted = flow.response.stream is True or flow.response.status_code < _ERROR_STATUS
        if wanted and not callable(flow.response.stream):
            flow.response.stream = exchange.tee

    def end(self, flow: http.HTTPFlow) -> bool:
        """An answer has passed whole, or was cut off; mitmweb keeps the flow, and we nothing of it.

        False for what has not begun here: mitmproxy tells of the flows of a file that is opened in the same way.
        """
        exchange = self._under_way.pop(flow, None)
        if exchange is None or exchange.tee is None:
            return exchange is not None
        response, tee = flow.response, exchange.tee
        passed = flow.error is None and response is not None and response.stream is tee
        if passed and response is not None and (body := tee.take()) is not None:
            response.raw_content = body  # the copy, so that mitmweb can show it and a saved flow has it
        self._read(flow, exchange, tee.usage)
        return True

    def remember(self, flow: http.HTTPFlow) -> None:
        """Have what is told of a flow at hand for its page."""
        if (record := flow.metadata.get(sinks.METADATA)) is not None:
            self._recent.put(flow.id, record)

    def _turn(self, outcome: Outcome, log: RoutingLog) -> Turn | None:
        if not len(outcome.client) or log.policy is None:
            return None
        threshold = log.policy.volatile_token_threshold
        return self._watch.conversations.turn(
            outcome.client, outcome.sent, threshold, on_purpose=outcome.breaks_on_purpose
        )

    def _read(self, flow: http.HTTPFlow, exchange: _Exchange, usage: Usage | None) -> None:
        """Take in what the provider says of tokens and of its cache."""
        if usage is not None:
            flow.metadata[sinks.METADATA] = {**flow.metadata[sinks.METADATA], "usage": sinks.usage_metadata(usage)}
        status = flow.response.status_code if flow.response else 0
        text = _error_text(flow.response) if flow.response and status >= _ERROR_STATUS else ""
        verdict, trip = None, None
        if exchange.turn is not None:
            ended = Ended(status, usage, text)
            judgement = self._watch.judge(exchange.log.client, exchange.turn, ended, exchange.changed)
            verdict, trip = judgement.verdict, judgement.trip
            _tell(flow, judgement)
        cut_off = flow.error is not None
        self._tally.answered(Answer(exchange.log, status, usage, exchange.turn, verdict, trip, cut_off))
        self.remember(flow)


def _tell(flow: http.HTTPFlow, judgement: Judgement) -> None:
    """Say whether the cache held, and who broke it."""
    if judgement.is_news:
        flow.comment = f"{flow.comment} · {judgement.told}"
    flow.metadata[sinks.METADATA] = {**flow.metadata[sinks.METADATA], "cache": judgement.told}
    if judgement.is_alarm:
        LOGGER.warning("headroom: %s", judgement.told)


def _error_text(response: http.Response) -> str:
    """The text of an error, or nothing where it is long or damaged."""
    try:
        codec = codec_for(response.headers.get("content-encoding", ""))
        return codec.decode(response.raw_content or b"", _ERROR_BYTES)[:_ERROR_BYTES].decode("utf-8", "replace")
    except BadEncoding:
        return ""
