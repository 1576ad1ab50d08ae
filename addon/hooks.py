"""All that knows mitmproxy: options, hooks, and what is done to a flow.

Every hook computes first and touches the flow last; an error while deciding leaves the flow as it came.
"""

import asyncio
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from weakref import WeakSet

from mitmproxy import addonmanager, connection, contentviews, ctx, exceptions, http, tls
from mitmproxy.hooks import UpdateHook
from mitmproxy.optmanager import _UnconvertedStrings
from mitmproxy.proxy import mode_specs, server_hooks

from addon import settings as options
from addon import sinks
from addon.cache.breaker import BreakerState
from addon.cache.watch import CacheWatch
from addon.commands import HeadroomCommands
from addon.dashboard.stats import stats
from addon.deadline import Deadline
from addon.event_log import LOGGER, EventLog
from addon.exchanges import Exchanges
from addon.fail_open import describe, fail_open
from addon.figures.history import Bucket, Days
from addon.figures.tally import Tally
from addon.kept_bodies import KeptBodies
from addon.metrics import Metrics
from addon.request import Outcome, Request
from addon.routing_log import VERSION, RoutingLog
from addon.scope import Scope, opens_socket, scope_of, speaks_responses, strip_own_headers, wants_bypass
from addon.settings import BadSetting, Settings
from addon.shapes.slot import Held
from addon.signing import asked_host, may_open, prepare_certificate, signing_bounds
from addon.socket_turns import SocketTurns
from addon.store.folder import is_writable
from addon.views.content_view import HeadroomView
from addon.web.access_token import access_token
from addon.web.exchange import HOST, TRIAL_HOST
from addon.web.own_site import PortTaken, Site
from addon.web.recent import Recent
from addon.web.sources import Sources
from addon.wire.body_codecs import sha256
from addon.wire.hosts import LOOPBACK, HostSet
from addon.wire.name_constraints import Subtrees
from addon.workers import kompress_model
from addon.workers.job import Job
from addon.workers.worker_pool import NoWorker, WorkerPool
from transforms.reasons import Reason

_OPENAI = HostSet(("api.openai.com", "*.api.openai.com"))
_MOST_TOLD = 100
"""Hosts of which the same is said."""
_LONGEST_HOST = 255
_UNKNOWN = "is no known LLM API host: name it in headroom_hosts to have it rewritten"
_KEEP_DAYS_SECONDS = 30.0
_PASSED = "x-headroom-passed"
"""Header of the request for a tunnel through the next proxy."""
_SENT = "headroom_sent_sha256"
"""Metadata: the hash of the body this addon has written, so that a replay is not written again."""


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
        recent = Recent()
        sources = Sources(
            home=lambda: self._settings.home,
            token=lambda: access_token(self._settings.home, self._settings.token),
            metrics=self._metrics.text,
            stats=self.stats,
            recent=recent,
        )
        self._site = Site(sources)
        self._watch = CacheWatch()
        self._exchanges = Exchanges(self.tally, self._watch, recent, self._failed_response)
        self._bodies = KeptBodies()
        self._sockets = SocketTurns(self._ask, self._watch, self.tally, self._exchanges.remember)
        self._keeping: asyncio.Task[None] | None = None
        self._event_log = EventLog()
        self._told: set[tuple[str, str]] = set()
        self._behind: WeakSet[connection.Client] = WeakSet()
        """Connections of a proxy of ours, which has decided already on all that comes over them."""
        self.addons = [HeadroomCommands(self.stats, lambda: self._raw)]
        """Loaded by mitmproxy together with this one."""

    # Options

    def load(self, loader: addonmanager.Loader) -> None:
        self._event_log.install()
        contentviews.add(HeadroomView())
        for message in options.misspelled_variables(os.environ):
            LOGGER.warning("headroom: %s", message)
        for name, given in ctx.options.deferred.items():
            several = given.val if isinstance(given, _UnconvertedStrings) else []
            if name.startswith(options.PREFIX) and len(several) > 1:  # mitmproxy would unload us without a word
                LOGGER.warning("headroom: %s is set %d times; the last one holds: %s", name, len(several), several[-1])
                del several[:-1]
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
            self._site.serve(parsed.home, port=parsed.port, metrics_port=parsed.metrics_port)
        except BadSetting as error:
            raise exceptions.OptionsError(str(error)) from None
        except PortTaken as error:
            raise exceptions.OptionsError(options.PREFIX + str(error)) from None
        self._raw, self._settings, self._hosts = raw, parsed, HostSet.known((*parsed.hosts, TRIAL_HOST))
        self._event_log.level, self._event_log.format = parsed.log_level, parsed.log_format

    async def running(self) -> None:
        for name in sorted(filter(options.is_meant_for_us, ctx.options.deferred)):
            # An error during the start ends mitmproxy: going on would do what the user did not ask for.
            LOGGER.error("headroom: no such option: %s%s", name, options.suggestion(name))
        self._bounds = signing_bounds(Path(ctx.options.confdir).expanduser())
        if self._settings.defaults:
            _set_defaults(bounded=self._bounds is not None)
        self._pool.start()
        self._keeping = asyncio.create_task(self._keep_days(), name="headroom days")
        s = self._settings
        LOGGER.info("headroom: %s, passthrough %s, state in %s", s.mode, _on(s.compress_passthrough), s.home)
        if not is_writable(s.home):
            LOGGER.warning("headroom: %s cannot be written: new tool outputs are left alone", s.home)
        access_token(s.home, s.token)  # there before it is first asked for

    def done(self) -> None:
        self._pool.stop()
        if self._keeping is not None:
            self._keeping.cancel()
        self._keep(self.tally.take_days())
        self._site.stop(self._settings.home)
        if not ctx.master.should_exit.is_set():
            LOGGER.warning("headroom: unloaded; traffic is no longer compressed")
        LOGGER.removeFilter(self._event_log)

    # Traffic

    def tls_clienthello(self, data: tls.ClientHelloData) -> None:
        wanted = self._settings.compress_passthrough or self._is_llm_connection(data)
        if self._settings.only_llm_hosts and not wanted:
            data.ignore_connection = True
            self._tell_once(asked_host(data), "is no known LLM API host: passed unopened (headroom_hosts names yours)")
        elif not may_open(self._bounds, data):
            data.ignore_connection = True
            self._tell_once(asked_host(data), "is beyond what the certificate authority may sign for: passed unopened")
        elif self._bounds is not None:
            prepare_certificate(data)

    def http_connect_upstream(self, flow: http.HTTPFlow) -> None:
        """Tell the next proxy that we have been here. The tunnel's request goes to that proxy alone, to no API."""
        flow.request.headers[_PASSED] = VERSION

    def http_connect(self, flow: http.HTTPFlow) -> None:
        if _PASSED in flow.request.headers:
            self._behind.add(flow.client_conn)
        if self._site.door.is_for_us(flow):
            self._site.door.accept_tunnel(flow)

    def server_connect(self, data: server_hooks.ServerConnectionHookData) -> None:
        self._site.door.refuse_connection(data)
        if data.server.address and data.server.address[0] == TRIAL_HOST:
            data.server.address = (LOOPBACK, data.server.address[1])

    def client_disconnected(self, client: connection.Client) -> None:
        self._site.door.forget(client)

    async def request(self, flow: http.HTTPFlow) -> None:
        if not flow.live:  # a saved flow that is looked at: its history stays as it was
            return
        with fail_open(lambda error: self._failed_request(flow, error)):
            if self._site.door.is_for_us(flow):
                await self._site.door.respond(flow)
                return
            bypass = wants_bypass(flow.request)
            strip_own_headers(flow.request)
            if flow.client_conn in self._behind:
                return
            if opens_socket(flow.request):
                self._open_socket(flow, bypass)
            elif (scope := scope_of(flow, self._settings, self._hosts)) is not None:
                self._apply(flow, await self._decide(flow, scope, bypass))

    async def websocket_message(self, flow: http.HTTPFlow) -> None:
        await self._sockets.message(flow, self._settings)

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        with fail_open(self._failed_response):
            self._exchanges.open_answer(flow)

    def response(self, flow: http.HTTPFlow) -> None:
        with fail_open(self._failed_response):
            if self._exchanges.end(flow):
                self._bound_bodies(flow)

    def error(self, flow: http.HTTPFlow) -> None:
        """Also where a client cancels an HTTP/2 stream once it has what it wants: Codex does so on each turn."""
        self.response(flow)

    def websocket_end(self, flow: http.HTTPFlow) -> None:
        with fail_open(self._failed_response):
            if self._sockets.close(flow):
                self._bound_bodies(flow)

    # Steps

    def _open_socket(self, flow: http.HTTPFlow, bypass: bool) -> None:
        scope = self._sockets.open(flow, bypass, self._settings, self._hosts)
        if scope.refusal is Reason.UNKNOWN_HOST and speaks_responses(flow.request):
            self._tell_once(flow.request.pretty_host, _UNKNOWN)

    async def _decide(self, flow: http.HTTPFlow, scope: Scope, bypass: bool) -> Outcome:
        if (sent := flow.metadata.get(_SENT)) and sent == await asyncio.to_thread(sha256, scope.body):
            scope = replace(scope, refusal=scope.refusal or Reason.ALREADY_SENT)
        breaker = self._watch.tripped(scope.credentials.client)
        return await self._ask(scope, bypass, breaker, takes_cache_key=_OPENAI.matches(flow.request.host))

    async def _ask(
        self,
        scope: Scope,
        bypass: bool,
        breaker: dict[str, BreakerState],
        held: Held | None = None,
        *,
        takes_cache_key: bool = False,
    ) -> Outcome:
        """What a worker makes of a request, and for how long that held it. `held`: it came over a WebSocket."""
        if scope.refusal is not None:
            return self._untouched(scope, scope.refusal)
        began = time.monotonic()
        await self._pool.ready()  # the time in which the proxy comes up is nobody's time budget, but it is waited for
        started = time.monotonic()
        request = Request(
            body=scope.body,
            encoding=scope.encoding,
            auth_mode=scope.credentials.auth_mode,
            client=scope.credentials.client,
            deadline=Deadline(started + self._settings.time_budget_ms / 1000),
            keep=Reason.BYPASS if bypass else None,
            breaker=breaker,
            takes_cache_key=takes_cache_key,
            held=held,
            ascii_only=held is not None,  # mitmproxy cuts a changed message where it likes, through characters too
        )
        outcome = await self._outcome(scope, Job(request, self._raw))
        return replace(outcome, log=outcome.log.with_time((time.monotonic() - began) * 1000))

    async def _outcome(self, scope: Scope, job: Job) -> Outcome:
        if job.request.keep is Reason.BYPASS:
            self._pool.remember(job)
            return self._untouched(scope, Reason.BYPASS)
        try:
            return await self._pool.run(job)
        except NoWorker as error:
            return self._untouched(scope, error.reason, *error.failures)

    def _untouched(self, scope: Scope, reason: Reason, *failures: str) -> Outcome:
        log = RoutingLog(
            decision=reason,
            client=scope.credentials.client,
            auth_mode=scope.credentials.auth_mode,
            mode=self._settings.mode,
            failures=failures,
        )
        return Outcome(scope.body, log)

    def _apply(self, flow: http.HTTPFlow, outcome: Outcome) -> None:
        """The one place that changes a request. The body goes first: it is on record as sent."""
        log = outcome.log.for_request(flow.id)
        if outcome.is_changed:
            flow.backup()
            flow.request.raw_content = outcome.body
            if "transfer-encoding" not in flow.request.headers:
                flow.request.headers["content-length"] = str(len(outcome.body))
            flow.metadata[_SENT] = outcome.sha256
        with fail_open(self._failed_telling):
            note, data = sinks.note(log), sinks.metadata(log)
            flow.comment = note
            flow.marked = flow.marked or sinks.marker(log)
            flow.metadata[sinks.METADATA] = data
            self._exchanges.begin(flow, outcome, log)
            if log.decision is Reason.UNKNOWN_HOST:
                self._tell_once(flow.request.pretty_host, _UNKNOWN)
            else:
                sinks.event_log(log, self._settings.log_level)

    def _bound_bodies(self, flow: http.HTTPFlow) -> None:
        """A flow has ended: let go of older bodies, unless all of them go into a HAR file at the end."""
        every = "hardump" in ctx.options and ctx.options.hardump
        if dropped := self._bodies.keep(flow, 0 if every else self._settings.bodies_mb << 20):
            ctx.master.addons.trigger(UpdateHook(dropped))

    def stats(self) -> dict[str, Any]:
        """All figures, as `/stats` has them. Blocking."""
        figures = stats(self.tally, self._settings.home, self._settings.mode)
        return {**figures, "metrics": self._metrics.figures()}

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
        host = host[:_LONGEST_HOST]
        if (host, message) not in self._told and sum(told == message for _, told in self._told) < _MOST_TOLD:
            self._told.add((host, message))
            LOGGER.info("headroom: %r %s", host, message)

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


def _on(switch: bool) -> str:
    return "on" if switch else "off"
