"""Metrics: their names and labels, what is counted, and that labels stay bounded whatever a request holds."""

import re
from collections.abc import Iterator

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from addon.cache.breaker import Trip
from addon.cache.conversations import CacheVerdict, Conversations
from addon.figures.tally import Answer, Tally
from addon.metrics import Metrics
from addon.routing_log import Entry, RoutingLog
from addon.wire.usage import Usage
from transforms.cache_aligner import Prefix
from transforms.compression_policy import AuthMode
from transforms.contract import Loss
from transforms.reasons import Reason

LABELS = {
    "headroom_compression_ratio": set(),
    "headroom_requests": {"shape", "decision", "auth_mode", "client"},
    "headroom_answers": {"outcome"},
    "headroom_blocks": {"reason"},
    "headroom_saved_tokens": {"counted"},
    "headroom_cost_tokens": {"cause"},
    "headroom_tokens_before": {"transform"},
    "headroom_tokens_after": {"transform"},
    "headroom_request_held_seconds": set(),
    "headroom_failures": {"seam"},
    "headroom_upstream_tokens": {"kind"},
    "headroom_cache_turns": {"verdict"},
    "headroom_breaker_trips": {"trip"},
}


class Counted(Metrics):
    """Metrics and the tally they are made from."""

    def __init__(self) -> None:
        self.tally = Tally()
        super().__init__(self.tally)

    def request(self, log: RoutingLog) -> None:
        """A request that is served at once."""
        self.tally.request(log)
        self.tally.answered(Answer(log, 200))


def entry(reason: Reason = Reason.COMPRESSED, before: int = 1000, after: int = 400, tool: str = "Bash") -> Entry:
    return Entry(
        block=0,
        tool=tool,
        transform_name="log_folder" if after < before else "none",
        reason=reason,
        loss=Loss.LOSSLESS if after < before else None,
        compression_ratio=after / before,
        tokens_before=before,
        tokens_after=after,
        new=reason is not Reason.REPLAYED,
    )


def log(*entries: Entry, decision: Reason = Reason.COMPRESSED, failures: tuple[str, ...] = ()) -> RoutingLog:
    return RoutingLog(
        decision=decision,
        shape="chat",
        client="codex",
        auth_mode=AuthMode.PAYG,
        milliseconds=12.0,
        failures=failures,
        entries=entries,
    )


def an_answer(usage: Usage, verdict: CacheVerdict | None = None, trip: Trip | None = None) -> Answer:
    turn = Conversations().turn(Prefix(), Prefix(), 128)
    return Answer(RoutingLog(decision=Reason.NO_TOOL_OUTPUT), 200, usage, turn, verdict, trip)


def samples(metrics: Metrics) -> Iterator[tuple[str, dict[str, str], float]]:
    for family in text_string_to_metric_families(generate_latest(metrics.registry).decode()):
        yield from ((sample.name, sample.labels, sample.value) for sample in family.samples)


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


@pytest.fixture
def metrics() -> Counted:
    return Counted()


def test_the_names_and_labels_are_those_that_dashboards_ask_for(metrics: Counted) -> None:
    metrics.request(log(entry()))
    metrics.tally.failure("request")
    metrics.tally.lost = 1
    metrics.tally.answered(an_answer(Usage(input_tokens=1), CacheVerdict.HELD, Trip.CLIENT_ERRORS))
    found = text_string_to_metric_families(generate_latest(metrics.registry).decode())
    families = {family.name: family for family in found if not family.name.endswith("_created")}
    assert set(families) == set(LABELS)
    for name, family in families.items():
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        assert labels == LABELS[name]
        assert re.fullmatch(r"headroom_[a-z_]+", name)
        assert family.documentation.endswith(".")


def test_a_request_is_counted_with_its_decisions_and_tokens(metrics: Counted) -> None:
    metrics.request(log(entry(), entry(Reason.REPLAYED, 500, 100), entry(Reason.TOO_SMALL, 20, 20)))
    labels = {"shape": "chat", "decision": "compressed", "auth_mode": "payg", "client": "codex"}
    assert value(metrics, "headroom_requests_total", **labels) == 1
    assert [value(metrics, "headroom_blocks_total", reason=r) for r in ("compressed", "replayed", "too_small")] == [
        1
    ] * 3
    assert value(metrics, "headroom_tokens_before_total", transform="log_folder") == 1500
    assert value(metrics, "headroom_tokens_after_total", transform="log_folder") == 500
    assert value(metrics, "headroom_tokens_before_total", transform="none") == 20
    assert value(metrics, "headroom_tokens_after_total", transform="none") == 20
    assert value(metrics, "headroom_request_held_seconds_sum") == pytest.approx(0.012)


def test_only_first_rewrites_enter_the_distribution_of_ratios(metrics: Counted) -> None:
    metrics.request(log(entry(), entry(Reason.REPLAYED), entry(Reason.NO_TRANSFORM, 50, 50)))
    assert value(metrics, "headroom_compression_ratio_count") == 1
    assert value(metrics, "headroom_compression_ratio_sum") == pytest.approx(0.4)
    assert value(metrics, "headroom_compression_ratio_bucket", le="0.3") == 0
    assert value(metrics, "headroom_compression_ratio_bucket", le="0.4") == 1


def test_a_rewrite_that_was_only_logged_saved_nothing(metrics: Counted) -> None:
    metrics.request(log(entry(Reason.SHADOW, 1000, 1000).model_copy(update={"shadow_tokens": 400})))
    assert value(metrics, "headroom_tokens_after_total", transform="none") == 1000
    assert value(metrics, "headroom_compression_ratio_count") == 0


def test_failures_are_counted_by_the_seam_where_they_were_caught(metrics: Counted) -> None:
    metrics.request(log(entry(), failures=("ValueError: a", "ValueError: b")))
    metrics.request(log(decision=Reason.FAILED, failures=("ValueError: c",)))
    metrics.tally.failure("response")
    counted = {
        seam: value(metrics, "headroom_failures_total", seam=seam) for seam in ("transform", "request", "response")
    }
    assert counted == {"transform": 2, "request": 1, "response": 1}


def test_the_providers_tokens_add_up_to_its_own_figures(metrics: Counted) -> None:
    metrics.tally.answered(an_answer(Usage(input_tokens=1000, cached_tokens=700, written_tokens=100, output_tokens=50)))
    metrics.tally.answered(an_answer(Usage(input_tokens=10, cached_tokens=30)))
    kinds = ("input_fresh", "input_cached", "input_written", "output")
    counted = [value(metrics, "headroom_upstream_tokens_total", kind=kind) for kind in kinds]
    assert counted == [200, 730, 100, 50], "figures that contradict each other never count backwards"


def test_what_a_request_holds_makes_no_new_series(metrics: Counted) -> None:
    """A label of tools' names, paths or errors would grow for ever, and tell what people work on."""
    metrics.request(log(entry(), failures=("x",)))
    before = {(name, *sorted(labels.items())) for name, labels, _ in samples(metrics)}
    for number in range(50):
        metrics.request(log(entry(tool=f"mcp__secret_{number}"), failures=(f"OSError: /home/dev/{number}",)))
    assert {(name, *sorted(labels.items())) for name, labels, _ in samples(metrics)} == before


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_can_be_counted(metrics: Counted, reason: Reason) -> None:
    metrics.request(RoutingLog(decision=reason, entries=(entry(reason),)))
    assert value(metrics, "headroom_blocks_total", reason=reason) == 1


def test_two_instances_count_apart() -> None:
    """Reloading the script makes a second one in the same process."""
    first, second = Counted(), Counted()
    first.request(log(entry()))
    assert value(second, "headroom_compression_ratio_count") == 0


def test_the_text_and_the_figures_say_the_same(metrics: Counted) -> None:
    metrics.request(log(entry()))
    assert b'headroom_blocks_total{reason="compressed"} 1.0' in metrics.text()
    assert metrics.figures()['headroom_blocks_total{reason="compressed"}'] == 1.0
    assert metrics.figures()["headroom_request_held_seconds_count"] == 1.0
