"""The figures as plain data, for `/stats`, the dashboard and the command `headroom.stats`: the tally by other names."""

import ast
import time
from collections.abc import Mapping
from dataclasses import astuple
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from addon.cache.conversations import CacheVerdict
from addon.figures.history import COLUMNS, Bucket, Days
from addon.figures.prices import PRICES_OF
from addon.figures.saving import Row, Saving, Split
from addon.figures.talks import Talk
from addon.figures.tally import Tally
from addon.routing_log import VERSION
from transforms import reasons
from transforms.reasons import Reason

_DAY = 24 * 60
_QUARTER = 15
_MOST_DAYS = 90
_NOT_OURS = frozenset(
    {
        *(Reason.UNKNOWN_HOST, Reason.NOT_JSON, Reason.UNKNOWN_SHAPE, Reason.MIXED_SHAPE, Reason.SIGNED),
        *(Reason.TOO_LARGE, Reason.BAD_ENCODING, Reason.ALREADY_SENT),
    }
)
"""Requests that were not looked into, though they may have had tool outputs."""
_REWRITTEN = (Reason.COMPRESSED, Reason.REPLAYED)


def stats(tally: Tally, home: Path, mode: str) -> dict[str, Any]:
    """Everything that is counted. Blocking: reads the days from the state folder."""
    now = time.time()
    held, money = tally.held, tally.money
    return {
        "version": VERSION,
        "mode": mode,
        "since": round(tally.since, 3),
        "now": round(now, 3),
        "saved": {
            "once": {**_saving(tally.total.once), "net": tally.net_once},
            "sent": {**_saving(tally.total.sent), "net": tally.net_sent},
        },
        "costs": {"fetched_once": tally.fetched, "fetched_sent": tally.fetched_sent, "cache_lost": tally.lost},
        "shadow": _saving(tally.shadow),
        "money": {
            "currency": "USD",
            "prices_of": PRICES_OF,
            "saved_net": round(money.saved, 6) if money.priced else None,
            "spent": round(money.spent, 6) if money.priced else None,
            "priced": money.priced,
            "unpriced": money.unpriced,
        },
        "provider": {kind: tally.provider[kind] for kind in ("input_fresh", "input_cached", "input_written", "output")},
        "requests": {
            "total": sum(tally.requests.values()),
            "decisions": (decisions := _by_decision(tally.requests)),
            "not_ours": {reason: n for reason, n in decisions.items() if reason in _NOT_OURS},
        },
        "answers": {kind: tally.answers[kind] for kind in ("served", "cut_off", "retried", "refused")},
        "blocks": _sorted(tally.blocks),
        "left_alone": _sorted({reason: n for reason, n in tally.blocks.items() if reason not in _REWRITTEN}),
        "cache": {str(verdict): tally.cache[verdict] for verdict in CacheVerdict},
        "breaker_trips": _sorted(tally.trips),
        "failures": _sorted(tally.failures),
        "held": {
            "count": held.count,
            "mean_ms": round(1000 * held.sum / held.count, 1) if held.count else None,
            "median_ms_at_most": 1000 * held.quantile(0.5) if held.count else None,
            "p95_ms_at_most": 1000 * held.quantile(0.95) if held.count else None,
        },
        "by": {
            "client": _rows(tally.by_client),
            "tool": _rows(tally.by_tool),
            "transform": _rows(tally.by_transform),
            "shape": _rows(tally.by_shape),
        },
        "conversations": [_talk(talk) for talk in tally.talks.latest()],
        "series": {
            "columns": COLUMNS,
            "hour": _series(tally.minutes.series(now, 60, 1)),
            "day": _series(tally.minutes.series(now, _DAY, _QUARTER)),
            "days": [[day, *astuple(bucket)] for day, bucket in _days(tally, home).items()],
        },
        "meanings": meanings(),
    }


def lines(figures: Mapping[str, Any]) -> list[str]:
    """The same in a few lines for people, the answers to what is asked first."""
    once, sent, costs = figures["saved"]["once"], figures["saved"]["sent"], figures["costs"]
    money, cache_, held = figures["money"], figures["cache"], figures["held"]
    left = ", ".join(f"{reason} {n}" for reason, n in list(figures["left_alone"].items())[:5]) or "nothing"
    priced = money["saved_net"] is not None
    worth = f"{money['saved_net']:.4f} USD (list prices of {money['prices_of']})" if priced else "n/a"
    judged = ", ".join(f"{verdict} {n}" for verdict, n in cache_.items() if n) or "no answered turn yet"
    average = f", {held['mean_ms']} ms on average, 95 % within {held['p95_ms_at_most']} ms"
    wait = average if held["count"] else ""
    return [
        f"saved: {once['saved']:,} tokens, each output counted once ({_share(once)}); net {once['net']:,}",
        f"not sent: {sent['saved']:,} tokens over all turns ({_share(sent)}); net {sent['net']:,}, "
        f"less {costs['fetched_sent']:,} fetched again and {costs['cache_lost']:,} lost to broken caches",
        f"money saved, net: {worth}",
        f"cache: {judged}",
        f"left alone: {left}",
        f"held: {held['count']} requests{wait}",
        f"failures: {sum(figures['failures'].values())}",
    ]


@cache
def meanings() -> dict[str, str]:
    """What each reason means, as it stands below its definition."""
    source = ast.parse(Path(reasons.__file__).read_text("utf-8"))
    body = next(node for node in source.body if isinstance(node, ast.ClassDef)).body
    found = {}
    for defined, told in pairwise(body):
        match defined, told:
            case ast.Assign(value=ast.Constant(value=str(name))), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = " ".join(text.split()).replace("`", "")
    return found


def _saving(saving: Saving) -> dict[str, int]:
    return {"before": saving.before, "after": saving.after, "saved": saving.saved}


def _share(saving: Mapping[str, int]) -> str:
    return f"-{100 * saving['saved'] / saving['before']:.0f} %" if saving["before"] else "nothing yet"


def _rows(split: Split) -> list[dict[str, Any]]:
    rows: list[tuple[str, Row]] = sorted(split.rows.items(), key=lambda row: -row[1].sent.saved)
    return [{"name": _plain(name), "once": _saving(row.once), "sent": _saving(row.sent)} for name, row in rows]


def _talk(talk: Talk) -> dict[str, Any]:
    return {
        "id": talk.conversation,
        "client": talk.client,
        "model": _plain(talk.model),
        "seen": round(talk.seen, 3),
        "turns": talk.turns,
        "retries": talk.retries,
        "before": talk.before,
        "after": talk.after,
        "input": talk.input,
        "cached": talk.cached,
        "fetched": talk.fetched,
        "verdicts": {str(verdict): n for verdict, n in talk.verdicts.items()},
        "last": talk.last,
        "broken": talk.broken,
    }


def _days(tally: Tally, home: Path) -> dict[str, Bucket]:
    """The days on disk and what has not been written yet."""
    days = Days(home).all()
    for day, bucket in tally.unkept_days().items():
        days.setdefault(day, Bucket()).add(bucket)
    return dict(sorted(days.items())[-_MOST_DAYS:])


def _series(buckets: list[tuple[int, Bucket]]) -> list[list[Any]]:
    return [[at, *astuple(bucket)] for at, bucket in buckets]


def _by_decision(counts: Mapping[tuple[str, str, str, str], int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for (_, decision, _, _), n in dict(counts).items():
        found[decision] = found.get(decision, 0) + n
    return _sorted(found)


def _sorted[L: str](counts: Mapping[L, int]) -> dict[str, int]:
    return {str(name): n for name, n in sorted(dict(counts).items(), key=lambda c: -c[1]) if n}


def _plain(name: str) -> str:
    return name.encode("utf-8", "replace").decode()
