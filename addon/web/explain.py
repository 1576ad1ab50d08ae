"""The pages of single requests: `/r/ID` is what stands in the flow's metadata, `?format=text` the same in words.

The id is mitmproxy's own for the flow, which is random; the response header has it as `request`. `/r/last` is the
request that came last, for the owner of the state folder.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from addon.views.record_text import circumstances, decision, failures
from addon.web.exchange import Reply, Request, json, text
from addon.web.sources import Facts, Sources

_UNKNOWN = "No such request is known here; the last 500 are, since the proxy was started."


def request(sources: Sources, asked: Request) -> Reply:
    """What was decided in one request."""
    return _page(sources, asked.names["id"], asked)


def last(sources: Sources, asked: Request) -> Reply:
    """What was decided in the last request."""
    return _page(sources, sources.recent.last() or "", asked)


def explained(name: str, record: Facts) -> str:
    """A request's record in words: the request, one line a block, and under it what was left out.

    That of a WebSocket has its turns instead; as the request it has the last of them.
    """
    lines = [f"request {name}: {_summary(record)}", *circumstances(record)]
    if turns := record.get("turns"):
        for turn in turns:
            lines += [f"turn: {_summary(turn)}", *_blocks(turn)]
    else:
        lines += _blocks(record)
    return "\n".join(lines) + "\n"


def _page(sources: Sources, name: str, asked: Request) -> Reply:
    record = sources.recent.get(name)
    if record is None:
        return text(f"{_UNKNOWN}\n", 404)
    if asked.fields().get("format") == "text":
        return text(explained(name, record))
    return json({**record, "request": name})


def _summary(record: Facts) -> str:
    told = [str(record.get(key) or "") for key in ("decision", "shape")]
    tokens = f"{record.get('tokens_before', 0):,} > {record.get('tokens_after', 0):,} tokens of tool outputs"
    held = f"held {record.get('milliseconds', 0):.0f} ms"
    return " · ".join([*filter(None, told), tokens, held])


def _blocks(record: Facts) -> Iterator[str]:
    yield from failures(record)
    for entry in record.get("entries", ()):
        yield decision(entry)
        yield from (_left_out(original, list(gaps)) for original, gaps in groupby(entry["omitted"], _original))


def _original(gap: dict[str, Any]) -> str:
    return str(gap["original"])


def _left_out(original: str, gaps: list[dict[str, Any]]) -> str:
    ranges = ", ".join(f"{gap['first']}-{gap['last']}" for gap in gaps)
    return f"  left out of original {original}: {gaps[0]['unit']} {ranges}"
