"""All that knows mitmproxy: options, hooks, and what is done to a flow.

Every hook computes first and touches the flow last; an error while deciding leaves the flow as it came.
"""

import asyncio
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from mitmproxy import addonmanager, connection, contentviews, ctx, exceptions, http, tls
from mitmproxy.proxy import mode_specs, server_hooks

from addon import settings as options
from addon import sinks
from addon.cache.breaker import Breaker, BreakerState, Trip
from addon.cache.conversations import CacheVerdict, Conversations, Turn
from addon.deadline import Deadline
from addon.event_log import LOGGER, EventLog
from addon.fail_open import describe, fail_open
from addon.figures.history import Bucket, Days
from addon.figures.tally import Answer as Answered
from addon.figures.tally import Tally
from addon.metrics import Metrics
from addon.response_tee import ResponseTee
from addon.routing_log import RoutingLog
from addon.scope import Scope, scope_of, strip_own_headers, wants_bypass
from addon.settings import BadSetting, Settings
from addon.signing import asked_host, may_open, prepare_certificate, signing_bounds
from addon.views.content_view import HeadroomView
from addon.web.access_token import access_token
from addon.web.by_port import PortServer
from addon.web.by_proxy import ProxyDoor
from addon.web.exchange import HOST
from addon.web.sources import Sources
from addon.wire.body_codecs import BadEncoding, codec_for, sha256
from addon.wire.hosts import HostSet
from addon.wire.name_constraints import Subtrees
from addon.workers import kompress_model
from addon.workers.worker_pool import Answer, Job, NoWorker, WorkerPool
from transforms.reasons import Reason

_OPENAI = HostSet(("api.openai.com", "*.api.openai.com"))
_ERROR_STATUS = 400
"""From this status on an answer is small and read as a whole; below, it is streamed."""
_ERROR_BYTES = 64 * 1024
_MOST_TOLD = 100
_KEEP_DAYS_SECONDS = 30.0
_SENT = "headroom_sent_sha256"
"""Metadata: the hash of the body this addon has written, so that a replay is not written again."""


@dataclass(slots=True)
class _Exchange:
    """What is remembered between a request and the end of its response."""

    log: RoutingLog
    changed: bool
    turn: Turn | None = None
    """None where the request is not followed as a turn of a conversation."""
    tee: ResponseTee | None = None


class Headroom:
    """The addon. mitmproxy calls its methods by their names: https://docs.mitmproxy.org/stable/api/events.html"""

    def __init__(self) -> None:
        self._raw: dict[str, str] = {}
        self._settings = Settings()
        self._hosts = HostSet.known()
        self._bounds: Subtrees | None = None
        self._pool = WorkerPool()
        self.tally = Tally()
        self._metrics = Metrics(self.tally)
        self._sources = Sources(
            home=lambda: self._settings.home,
            token=lambda: access_token(self._settings.home, self._settings.token),
            metrics=self._metrics.text,
            stats=self._metrics.figures,
        )
        self._door = ProxyDoor(self._sources)
        self._ports: dict[str, PortServer] = {}
        self._conversations = Conversations()
        self._breaker = Breaker()
        self._keeping: asyncio.Task[None] | None = None
        self._event_log = EventLog()
        self._told: set[str] = set()
        self._exchanges: WeakKeyDictionary[http.HTTPFlow, _Exchange] = WeakKeyDictionary()

    # Options

    def load(self, loader: addonmanager.Loader) -> None:
        self._event_log.install()
        contentviews.add(HeadroomView())
        for name in options.option_names():
            # Typed as text and parsed by us: mitmproxy unloads an addon silently when an int option does not parse.
            default = options.option_default(name, os.environ)
            kind: Any = str | None  # named without a value it is None
            loader.add_option(options.PREFIX + name, kind, default, options.option_help(name))

    def configure(self, updated: set[str]) -> None:
        if not any(name.startswith(options.PREFIX) for name in updated):
            return
        given = {name: getattr(ctx.options, options.PREFIX + name) for name in options.option_names()}
        raw = {name: options.bare_value(name) if value is None else value for name, value in given.items()}
        try:
            parsed = Settings.parse(raw)
            if parsed.kompress_model not in (None, self._settings.kompress_model):
                kompress_model.check(parsed.kompress_model)
        except BadSetting as error:
            raise exceptions.OptionsError(str(error)) from None
        self._serve(port=parsed.port, metrics_port=parsed.metrics_port)
        self._raw, self._settings, self._hosts = raw, parsed, HostSet.known(parsed.hosts)
        self._event_log.level, self._event_log.format = parsed.log_level, parsed.log_format

    async def running(self) -> None:
        for name in sorted(name for name in ctx.options.deferred if name.startswith(options.PREFIX)):
            # An error during the start ends mitmproxy: going on would do what the user did not ask for.
            LOGGER.error("headroom: no such option: %s%s", name, options.suggestion(name))
        self._bounds = signing_bounds(Path(ctx.options.confdir).expanduser())
        if self._settings.defaults:
            _set_defaults(bounded=self._bounds is not None)
        self._pool.start()
        self._keeping = asyncio.create_task(self._keep_days(), name="headroom days")
        s = self._settings
        LOGGER.info("headroom: %s, passthrough %s, state in %s", s.mode, _on(s.compress_passthrough), s.home)

    def done(self) -> None:
        self._pool.stop()
        if self._keeping is not None:
            self._keeping.cancel()
        self._keep(self.tally.take_days())
        self._door.stop()
        self._serve(port=0, metrics_port=0)
        LOGGER.warning("headroom: unloaded; traffic is no longer compressed")
        LOGGER.removeFilter(self._event_log)

    # Traffic

    def tls_clienthello(self, data: tls.ClientHelloData) -> None:
        wanted = self._settings.compress_passthrough or self._is_llm_connection(data)
        if self._settings.only_llm_hosts and not wanted:
            data.ignore_connection = True
        elif not may_open(self._bounds, data):
            data.ignore_connection = True
            self._tell_once(asked_host(data), "is beyond what the certificate authority may sign for: passed unopened")
        elif self._bounds is not None:
            prepare_certificate(data)

    def http_connect(self, flow: http.HTTPFlow) -> None:
        if self._door.is_for_us(flow):
            self._door.accept_tunnel(flow)

    def server_connect(self, data: server_hooks.ServerConnectionHookData) -> None:
        self._door.refuse_connection(data)

    def client_disconnected(self, client: connection.Client) -> None:
        self._door.forget(client)

    async def request(self, flow: http.HTTPFlow) -> None:
        if not flow.live:  # a saved flow that is looked at: its history stays as it was
            return
        if self._door.is_for_us(flow):
            await self._door.respond(flow)
            return
        with fail_open(lambda error: self._failed_request(flow, error)):
            bypass = wants_bypass(flow.request)
            strip_own_headers(flow.request)
            scope = scope_of(flow, self._settings, self._hosts)
            if scope is None:
                return
            if scope.refusal is None:
                await self._pool.ready()  # the time in which the proxy comes up is nobody's time budget
            started = time.monotonic()
            answer = await self._decide(flow, scope, bypass, started)
            self._apply(flow, answer, answer.log.with_time((time.monotonic() - started) * 1000))

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        exchange = self._exchanges.get(flow)
        if exchange is None or flow.response is None or exchange.log.decision is Reason.UNKNOWN_HOST:
            return
        with fail_open(self._failed_response):
            headers = flow.response.headers
            kind, encoding = headers.get("content-type", ""), headers.get("content-encoding", "")
            value = sinks.header(exchange.log)
            exchange.tee = ResponseTee(kind, encoding, self._failed_response)
            headers[sinks.HEADER] = value
            wanted = flow.response.stream is True or flow.response.status_code < _ERROR_STATUS
            if wanted and not callable(flow.response.stream):
                flow.response.stream = exchange.tee

    def response(self, flow: http.HTTPFlow) -> None:
        exchange = self._exchanges.get(flow)
        if exchange is None or exchange.tee is None or flow.response is None:
            return
        with fail_open(self._failed_response):
            if flow.response.stream is exchange.tee and (body := exchange.tee.take()) is not None:
                flow.response.raw_content = body  # the copy, so that mitmweb can show it and a saved flow has it
            self._finish(flow, exchange)

    def error(self, flow: http.HTTPFlow) -> None:
        """Also where a client cancels an HTTP/2 stream once it has what it wants: Codex does so on each turn."""
        if (exchange := self._exchanges.get(flow)) is not None and exchange.tee is not None:
            with fail_open(self._failed_response):
                self._finish(flow, exchange)

    # Steps

    async def _decide(self, flow: http.HTTPFlow, scope: Scope, bypass: bool, started: float) -> Answer:
        if scope.refusal is not None:
            return self._untouched(scope, scope.refusal)
        if (sent := flow.metadata.get(_SENT)) and sent == await asyncio.to_thread(sha256, scope.body):
            return self._untouched(scope, Reason.ALREADY_SENT)
        job = Job(
            body=scope.body,
            encoding=scope.encoding,
            auth_mode=scope.credentials.auth_mode,
            client=scope.credentials.client,
            settings=self._raw,
            deadline=Deadline(started + self._settings.time_budget_ms / 1000),
            keep=Reason.BYPASS if bypass else None,
            breaker=self._tripped(scope.credentials.client),
            takes_cache_key=_OPENAI.matches(flow.request.host),
        )
        if bypass:
            self._pool.remember(job)
            return self._untouched(scope, Reason.BYPASS)
        try:
            return await self._pool.run(job)
        except NoWorker as error:
            return self._untouched(scope, error.reason, *error.failures)

    def _untouched(self, scope: Scope, reason: Reason, *failures: str) -> Answer:
        log = RoutingLog(
            decision=reason,
            client=scope.credentials.client,
            auth_mode=scope.credentials.auth_mode,
            mode=self._settings.mode,
            failures=failures,
        )
        return Answer(None, log)

    def _apply(self, flow: http.HTTPFlow, answer: Answer, log: RoutingLog) -> None:
        """The one place that changes a request. The body goes first: it is on record as sent."""
        if answer.changed is not None:
            flow.backup()
            flow.request.raw_content = answer.changed.body
            if "transfer-encoding" not in flow.request.headers:
                flow.request.headers["content-length"] = str(len(answer.changed.body))
            flow.metadata[_SENT] = answer.changed.sha256
        with fail_open(self._failed_telling):
            note, data = sinks.note(log), sinks.metadata(log)
            flow.comment = note
            flow.marked = flow.marked or sinks.marker(log)
            flow.metadata[sinks.METADATA] = data
            self._exchanges[flow] = _Exchange(log, answer.changed is not None)
            self._exchanges[flow].turn = self._turn(answer, log)
            self.tally.request(log)
            if log.decision is Reason.UNKNOWN_HOST:
                host, way = flow.request.pretty_host, "name it in headroom_hosts to have it rewritten"
                self._tell_once(host, f"is no known LLM API host: {way}")
            else:
                sinks.event_log(log, self._settings.log_level)

    async def _keep_days(self) -> None:
        """Write the counts of the day to the state folder now and then."""
        while True:
            await asyncio.sleep(_KEEP_DAYS_SECONDS)
            await asyncio.to_thread(self._keep, self.tally.take_days())

    def _keep(self, days: dict[str, Bucket]) -> None:
        if days and not Days(self._settings.home).add(days):
            self.tally.give_back(days)

    def _tell_once(self, host: str, message: str) -> None:
        """Say of a host why nothing is rewritten for it."""
        if host not in self._told and len(self._told) < _MOST_TOLD:
            self._told.add(host)
            LOGGER.info("headroom: %r %s", host, message)

    def _turn(self, answer: Answer, log: RoutingLog) -> Turn | None:
        if not len(answer.client_prefix) or log.policy is None:
            return None
        threshold = log.policy.volatile_token_threshold
        return self._conversations.turn(
            answer.client_prefix, answer.sent_prefix, threshold, on_purpose=answer.on_purpose
        )

    def _tripped(self, client: str) -> dict[str, BreakerState]:
        """What the breaker says of the conversations it is open for, and of this client."""
        conversations = self._breaker.open_conversations().items()
        tripped = {anchor: state for talk, state in conversations for anchor in self._conversations.anchors(talk)}
        return {**tripped, "": self._breaker.state(client, "")}

    def _finish(self, flow: http.HTTPFlow, exchange: _Exchange) -> None:
        """Read what the provider says of tokens and of its cache, once."""
        tee, exchange.tee = exchange.tee, None
        if tee is None:
            return
        usage = tee.usage
        if usage is not None:
            flow.metadata[sinks.METADATA] = {**flow.metadata[sinks.METADATA], "usage": sinks.usage_metadata(usage)}
        status = flow.response.status_code if flow.response else 0
        verdict, trip = None, None
        if exchange.turn is not None:
            verdict, trip = self._judge(flow, exchange, exchange.turn, tee)
        cut_off = flow.error is not None
        self.tally.answered(Answered(exchange.log, status, usage, exchange.turn, verdict, trip, cut_off))

    def _judge(
        self, flow: http.HTTPFlow, exchange: _Exchange, turn: Turn, tee: ResponseTee
    ) -> tuple[CacheVerdict, Trip | None]:
        """Say whether the cache held and who broke it, and trip the breaker where that was us."""
        status = flow.response.status_code if flow.response else 0
        verdict = self._conversations.answered(turn, tee.usage, status)
        text = _error_text(flow.response) if flow.response and status >= _ERROR_STATUS else ""
        client = exchange.log.client
        trip = self._breaker.observe(client, turn.conversation, status, text, exchange.changed, verdict)
        told = turn.told(verdict) + (f" · breaker {trip}" if trip else "")
        if verdict is not CacheVerdict.UNKNOWN or trip:
            flow.comment = f"{flow.comment} · {told}"
        flow.metadata[sinks.METADATA] = {**flow.metadata[sinks.METADATA], "cache": told}
        if trip or verdict is CacheVerdict.WE_BROKE:
            LOGGER.warning("headroom: %s", told)
        return verdict, trip

    def _failed_request(self, flow: http.HTTPFlow, error: BaseException) -> None:
        self.tally.failure("request")
        flow.comment, flow.marked = f"0% {Reason.FAILED} · {describe(error)}", sinks.FAILED_OPEN
        LOGGER.error("headroom: forwarded untouched: %s", describe(error))

    def _failed_telling(self, error: BaseException) -> None:
        self.tally.failure("telling")
        LOGGER.error("headroom: decided and sent, but could not be told: %s", describe(error))

    def _failed_response(self, error: BaseException) -> None:
        self.tally.failure("response")
        LOGGER.error("headroom: response passed on untouched: %s", describe(error))

    def _is_llm_connection(self, data: tls.ClientHelloData) -> bool:
        if isinstance(data.context.client.proxy_mode, mode_specs.ReverseMode):
            return True  # the user named the one upstream there is
        address = data.context.server.address
        names = (data.client_hello.sni, address[0] if address else None)
        return any(name is not None and (name == HOST or self._hosts.matches(name)) for name in names)

    def _serve(self, **ports: int) -> None:
        """Have the site at these ports and no others. Raises OptionsError when one is taken."""
        for name, port in ports.items():
            running = self._ports.get(name)
            if port == (running.port if running else 0):
                continue
            try:
                started = PortServer(self._sources, port) if port else None
            except OSError as error:
                raise exceptions.OptionsError(f"{options.PREFIX}{name}={port}: {error}") from None
            if running:
                self._ports.pop(name).stop()
            if started:
                self._ports[name] = started


def _set_defaults(*, bounded: bool) -> None:
    """What LLM traffic needs of mitmproxy, unless the user has set it. `bounded`: the authority cannot sign for all."""
    opts = ctx.options
    if bounded and not opts.has_changed("upstream_cert"):
        opts.update(upstream_cert=False)  # the other names in an upstream's certificate may lie beyond its bounds
    if not opts.has_changed("http2"):
        # A graceful GOAWAY of an HTTP/2 upstream ends every stream in flight: https://github.com/python-hyper/h2/issues/1181
        opts.update(http2=False)
    if "web_columns" in opts and not opts.has_changed("web_columns"):
        opts.update(web_columns=[*opts.web_columns, "comment"])


def _error_text(response: http.Response) -> str:
    """The text of an error, or nothing where it is long or damaged."""
    try:
        codec = codec_for(response.headers.get("content-encoding", ""))
        return codec.decode(response.raw_content or b"", _ERROR_BYTES)[:_ERROR_BYTES].decode("utf-8", "replace")
    except BadEncoding:
        return ""


def _on(switch: bool) -> str:
    return "on" if switch else "off"
