"""`/stats`: everything as plain data, equal to the metrics, and the Grafana dashboard made of metrics that exist."""

import json
import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from addon.cache.conversations import CacheVerdict
from addon.dashboard import stats as module
from addon.dashboard.stats import lines, meanings, stats
from addon.figures.tally import Answer, Tally
from addon.metrics import Metrics
from addon.routing_log import RoutingLog
from tests.addon.figures.test_tally import USAGE, entry, log, turn
from transforms.reasons import Reason

GRAFANA = json.loads((Path(module.__file__).parent / "grafana.json").read_text())


@pytest.fixture
def tally() -> Tally:
    made = Tally()
    for number, new in enumerate((True, False), 1):
        record = log(entry(new), fetched=0 if new else 50)
        made.request(record)
        made.answered(Answer(record, 200, USAGE, turn(number), CacheVerdict.HELD))
    made.failure("response")
    return made


def test_the_figures_can_be_written_as_json(tally: Tally, tmp_path: Path) -> None:
    assert orjson.loads(orjson.dumps(stats(tally, tmp_path, "compress")))["mode"] == "compress"


def test_before_any_traffic_there_are_figures_too(tmp_path: Path) -> None:
    empty = stats(Tally(), tmp_path, "shadow")
    assert empty["money"]["saved_net"] is None and empty["held"]["mean_ms"] is None
    assert orjson.dumps(empty) and "n/a" in "\n".join(lines(empty))


def test_requests_that_were_not_looked_into_are_counted_by_reason(tmp_path: Path) -> None:
    """Where nothing else has come, they are what there is to say."""
    made = Tally()
    for reason in (Reason.UNKNOWN_HOST, Reason.UNKNOWN_HOST, Reason.NO_TOOL_OUTPUT):
        made.request(RoutingLog(decision=reason, client="other", auth_mode=None, mode="compress"))
    assert stats(made, tmp_path, "compress")["requests"]["not_ours"] == {"unknown_host": 2}


def test_stats_metrics_and_lines_say_the_same(tally: Tally, tmp_path: Path) -> None:
    figures, metrics = stats(tally, tmp_path, "compress"), Metrics(tally).figures()
    sent = figures["saved"]["sent"]
    assert sent["saved"] == metrics['headroom_saved_tokens_total{counted="sent"}'] == 1200
    assert sent["before"] == sum(
        value for name, value in metrics.items() if name.startswith("headroom_tokens_before_total")
    )
    assert sent["net"] == 1200 - metrics['headroom_cost_tokens_total{cause="fetched"}'] == 1150
    assert figures["cache"]["held"] == metrics['headroom_cache_turns_total{verdict="held"}'] == 2
    assert figures["provider"]["input_written"] == metrics['headroom_upstream_tokens_total{kind="input_written"}']
    assert "not sent: 1,200 tokens over all turns (-60 %); net 1,150" in "\n".join(lines(figures))


def test_the_series_add_up_to_the_totals(tally: Tally, tmp_path: Path) -> None:
    figures = stats(tally, tmp_path, "compress")
    place = figures["series"]["columns"].index
    for span in ("hour", "day", "days"):
        summed = [
            sum(point[1:][place(name)] for point in figures["series"][span]) for name in ("before", "after", "requests")
        ]
        assert summed == [2000, 800, 2], span


def test_every_reason_has_its_meaning() -> None:
    assert set(meanings()) == set(Reason)


def test_grafana_asks_for_metrics_that_exist_by_labels_that_they_have(tally: Tally) -> None:
    known: dict[str, set[str]] = {}
    for family in Metrics(tally).registry.collect():
        name = f"{family.name}_total" if family.type == "counter" else family.name
        for suffix in ("", "_bucket", "_sum", "_count"):
            known[name + suffix] = {label for sample in family.samples for label in sample.labels} | {"le"}
    labels = {"headroom_breaker_trips_total": {"trip"}, "headroom_cost_tokens_total": {"cause"}}
    asked = [target["expr"] for panel in GRAFANA["panels"] for target in panel["targets"]]
    for expression in asked:
        names = re.findall(r"headroom_[a-z_]+", expression)
        assert names and set(names) <= set(known), expression
        allowed = set().union(*(known[name] | labels.get(name, set()) for name in names))
        grouped = {label for group in re.findall(r"by \(([^)]*)\)", expression) for label in group.split(", ")}
        matched = set(re.findall(r"(\w+)!?=", "".join(re.findall(r"\{[^}]*\}", expression))))
        assert grouped | matched <= allowed, expression
    used = {
        name
        for expression in asked
        for name in re.findall(r"headroom_[a-z]+(?:_[a-z]+)*?(?=_bucket|_total)", expression)
    }
    assert used == {family.name for family in Metrics(tally).registry.collect()}, "every metric has its place"


def test_panels_have_titles_and_places_of_their_own() -> None:
    panels: list[dict[str, Any]] = GRAFANA["panels"]
    assert len({panel["id"] for panel in panels}) == len({panel["title"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for place in (panel["gridPos"] for panel in panels):
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert taken.isdisjoint(cells) and place["x"] + place["w"] <= 24
        taken |= cells
