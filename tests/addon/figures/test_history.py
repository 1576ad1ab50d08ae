"""The numbers over time: what is kept how long, and that proxies which share a folder add up."""

import stat
from pathlib import Path

from addon.figures.history import Bucket, Days, Minutes

NOON = 1_790_000_000.0


def test_minutes_are_kept_for_a_day_and_read_in_steps() -> None:
    minutes = Minutes()
    for minute in range(3000):
        minutes.at(NOON + 60 * minute).add(Bucket(requests=1))
    now = NOON + 60 * 2999
    assert len(minutes._buckets) == 24 * 60
    hour = minutes.series(now, minutes=60, step=1)
    assert len(hour) == 60 and sum(bucket.requests for _, bucket in hour) == 60
    quarters = minutes.series(now, minutes=24 * 60, step=15)
    assert len(quarters) == 96 and quarters[-2][1].requests == 15


def test_a_quiet_time_is_shown_as_empty() -> None:
    minutes = Minutes()
    minutes.at(NOON).add(Bucket(once=5))
    series = minutes.series(NOON + 600, minutes=60, step=1)
    assert [bucket.once for _, bucket in series if bucket.once] == [5]


def test_days_add_up_over_proxies_and_starts(tmp_path: Path) -> None:
    for _ in range(2):
        assert Days(tmp_path).add({"2026-11-24": Bucket(requests=2, once=10), "2026-11-25": Bucket(once=1)})
    assert Days(tmp_path).all() == {"2026-11-24": Bucket(requests=4, once=20), "2026-11-25": Bucket(once=2)}
    assert stat.S_IMODE((tmp_path / "days.sqlite").stat().st_mode) == 0o600


def test_a_disk_that_cannot_be_used_costs_the_history_only(tmp_path: Path) -> None:
    (tmp_path / "days.sqlite").mkdir()
    assert not Days(tmp_path).add({"2026-11-24": Bucket()})
    assert Days(tmp_path).all() == {}


def test_no_more_than_400_days_are_kept(tmp_path: Path) -> None:
    Days(tmp_path).add({f"{1000 + year}-01-01": Bucket(requests=1) for year in range(450)})
    kept = Days(tmp_path).all()
    assert len(kept) == 400 and "1449-01-01" in kept
