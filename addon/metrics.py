"""Prometheus metrics, made from routing logs and usage figures, on a registry of their own.

Names follow https://prometheus.io/docs/practices/naming/; label values
are bounded: closed sets, and the combinations of transforms that occur.
"""

from threading import Thread
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server

from addon.cache.breaker import Trip
from addon.cache.conversations import CacheVerdict
from addon.routing_log import NO_TRANSFORM, RoutingLog
from addon.wire.usage import Usage
from transforms.reasons import Reason

_RATIOS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)


class Metrics:
    """One set of metrics; each addon instance has its own, so that reloading the script never clashes."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        self._ratio = Histogram(
            "headroom_compression_ratio",
            "Tokens after / before of tool outputs when they are rewritten for the first time.",
            buckets=_RATIOS,
            registry=registry,
        )
        self._requests = Counter(
            "headroom_requests", "Requests looked at.", ["shape", "decision", "auth_mode", "client"], registry=registry
        )
        self._blocks = Counter("headroom_blocks", "Decisions on tool outputs.", ["reason"], registry=registry)
        by_transform = ["transform"]
        self._tokens_before = Counter(
            "headroom_tokens_before", "Tokens of tool outputs as the client sent them.", by_transform, registry=registry
        )
        self._tokens_after = Counter(
            "headroom_tokens_after", "Tokens of tool outputs as they were sent on.", by_transform, registry=registry
        )
        self._seconds = Histogram(
            "headroom_request_held_seconds", "Time requests were held for.", buckets=_SECONDS, registry=registry
        )
        self._failures = Counter("headroom_failures", "Errors of ours, by seam.", ["seam"], registry=registry)
        self._upstream = Counter(
            "headroom_upstream_tokens", "Tokens by the provider's own count.", ["kind"], registry=registry
        )

        self._cache = Counter(
            "headroom_cache_turns",
            "Turns by what became of the provider's cache; we_broke must stay 0.",
            ["verdict"],
            registry=registry,
        )
        self._trips = Counter(
            "headroom_breaker_trips", "Times the breaker opened, by cause.", ["trip"], registry=registry
        )

    def request(self, log: RoutingLog) -> None:
        """Count one request and its decisions."""
        self._requests.labels(log.shape or "none", log.decision, log.auth_mode or "unknown", log.client).inc()
        self._seconds.observe(log.milliseconds / 1000)
        for _ in log.failures:
            self._failures.labels("transform" if log.decision is not Reason.FAILED else "request").inc()
        for entry in log.entries:
            self._blocks.labels(entry.reason).inc()
            name = NO_TRANSFORM if entry.tokens_after == entry.tokens_before else entry.transform_name
            self._tokens_before.labels(name).inc(entry.tokens_before)
            self._tokens_after.labels(name).inc(entry.tokens_after)
            if entry.reason is Reason.COMPRESSED:
                self._ratio.observe(entry.compression_ratio)

    def failure(self, seam: str) -> None:
        """Count an error that no routing log tells of."""
        self._failures.labels(seam).inc()

    def cache(self, verdict: CacheVerdict, trip: Trip | None) -> None:
        """Count one answered turn."""
        self._cache.labels(verdict).inc()
        if trip is not None:
            self._trips.labels(trip).inc()

    def usage(self, usage: Usage) -> None:
        """Count what the provider says it read and wrote."""
        fresh = usage.input_tokens - usage.cached_tokens - usage.written_tokens
        for kind, tokens in (
            ("input_fresh", fresh),
            ("input_cached", usage.cached_tokens),
            ("input_written", usage.written_tokens),
            ("output", usage.output_tokens),
        ):
            self._upstream.labels(kind).inc(max(0, tokens))


class _Server(Protocol):
    def shutdown(self) -> None: ...
    def server_close(self) -> None: ...


class MetricsServer:
    """Serves the registry at http://127.0.0.1:PORT/metrics until stopped. Raises OSError when the port is taken."""

    def __init__(self, metrics: Metrics, port: int) -> None:
        self.port = port
        self._server: _Server
        self._thread: Thread
        self._server, self._thread = start_http_server(port, addr="127.0.0.1", registry=metrics.registry)

    def stop(self) -> None:
        """Close the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(2)
