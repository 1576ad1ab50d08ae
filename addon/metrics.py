"""Prometheus metrics: the tally in Prometheus' own words, on a registry of its own.

Nothing is counted here. Names follow https://prometheus.io/docs/practices/naming/; label values are bounded: closed
sets, and the combinations of transforms that occur. Names of tools are none of them: they tell what people work on.
"""

from collections.abc import Iterator, Mapping
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from addon.figures.saving import Distribution
from addon.figures.tally import Tally

type _Labels = tuple[str, ...]


class Metrics(Collector):
    """The metrics of one tally; each addon instance has its own, so that reloading the script never clashes."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self.registry = CollectorRegistry()
        self.registry.register(self)

    def text(self) -> bytes:
        """All of them: https://prometheus.io/docs/instrumenting/exposition_formats/"""
        return generate_latest(self.registry)

    def figures(self) -> dict[str, float]:
        """The same by sample, `name{label="value"}`."""
        return {
            sample.name + _written(sample.labels): sample.value
            for family in self.registry.collect()
            for sample in family.samples
            if not sample.name.endswith("_created")
        }

    def collect(self) -> Iterator[Metric]:
        """Every metric, as the tally stands now."""
        t = self._tally
        total = t.total
        yield _histogram(
            "headroom_compression_ratio",
            "Tokens after / before of tool outputs when they are rewritten for the first time.",
            t.ratios,
        )
        yield _counter(
            "headroom_requests", "Requests looked at.", t.requests, "shape", "decision", "auth_mode", "client"
        )
        yield _counter(
            "headroom_answers",
            "Answers by outcome: served, cut_off, retried (the same turn served again) or refused.",
            _labelled(t.answers),
            "outcome",
        )
        yield _counter(
            "headroom_blocks",
            "Decisions on tool outputs when they are taken, and replays whenever they happen.",
            _labelled(t.blocks),
            "reason",
        )
        by_transform = list(t.by_transform.rows.items())
        yield _counter(
            "headroom_tokens_before",
            "Tokens of tool outputs as the client sent them, in served requests.",
            {(name,): row.sent.before for name, row in by_transform},
            "transform",
        )
        yield _counter(
            "headroom_tokens_after",
            "Tokens of tool outputs as they were sent on, in served requests.",
            {(name,): row.sent.after for name, row in by_transform},
            "transform",
        )
        yield _counter(
            "headroom_saved_tokens",
            "Tokens saved: once, each tool output counted when it is decided; sent, in every served request.",
            {("once",): total.once.saved, ("sent",): total.sent.saved},
            "counted",
        )
        yield _counter(
            "headroom_cost_tokens",
            "What saving did cost in served requests: outputs fetched because of it, caches that we broke.",
            {("fetched",): t.fetched_sent, ("cache_lost",): t.lost},
            "cause",
        )
        yield _histogram("headroom_request_held_seconds", "Time requests were held for.", t.held)
        yield _counter("headroom_failures", "Errors of ours, by seam.", _labelled(t.failures), "seam")
        yield _counter("headroom_upstream_tokens", "Tokens by the provider's own count.", _labelled(t.provider), "kind")
        yield _counter(
            "headroom_cache_turns",
            "Turns by what became of the provider's cache; we_broke must stay 0.",
            _labelled(t.cache),
            "verdict",
        )
        yield _counter("headroom_breaker_trips", "Times the breaker opened, by cause.", _labelled(t.trips), "trip")


def _labelled[L: str](counts: Mapping[L, int]) -> dict[tuple[L], int]:
    return {(label,): count for label, count in dict(counts).items() if count}


def _counter[L: _Labels](name: str, help_text: str, values: Mapping[L, int], *labels: str) -> CounterMetricFamily:
    family = CounterMetricFamily(name, help_text, labels=labels)
    for label_values, value in dict(values).items():
        family.add_metric(label_values, value)
    return family


def _histogram(name: str, help_text: str, observed: Distribution) -> HistogramMetricFamily:
    bounds = [*map(float, observed.bounds), float("inf")]
    buckets = [
        ("+Inf" if bound == float("inf") else str(bound), count)
        for bound, count in zip(bounds, accumulate(observed.counts), strict=True)
    ]
    return HistogramMetricFamily(name, help_text, buckets=buckets, sum_value=observed.sum)


def _written(labels: dict[str, str]) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}" if labels else ""
