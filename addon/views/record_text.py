"""A request's record in words, for the view, for the request's page and for the MCP tool.

Pure: plain data in, as `addon.sinks.metadata` has it, lines out.
"""

from collections.abc import Iterator
from typing import Any

from addon.views.page_of_text import shown

_NAME = 60
"""Characters of a tool's name."""


def circumstances(record: dict[str, Any]) -> Iterator[str]:
    """Who asked, under which policy, and what became of the cache."""
    yield f"client: {record.get('client')}, {record.get('auth_mode') or 'unknown'}, mode {record.get('mode')}"
    if policy := record.get("policy"):
        yield f"policy: {', '.join(f'{name} {value}' for name, value in sorted(policy.items()))}"
    if cache := record.get("cache"):
        yield f"cache: {str(cache).removeprefix('cache ')}"


def failures(record: dict[str, Any]) -> Iterator[str]:
    """What went wrong in us."""
    yield from (f"failure: {shown(str(failure))}" for failure in record.get("failures") or ())


def decision(entry: dict[str, Any]) -> str:
    """What was decided for one block, and why."""
    before, after = entry["tokens_before"], entry["tokens_after"]
    name = f"block {entry['block']}: {shown(entry['tool'] or 'tool', _NAME)}"
    if before == after:
        would = f" (would be {entry['shadow_tokens']:,})" if entry.get("shadow_tokens") is not None else ""
        return f"{name} · {before:,} tokens{would} · left alone: {entry['reason']}"
    how = f"{entry['reason']}, {entry['class']}, {entry['transform_name']}"
    return f"{name} · {before:,} > {after:,} tokens, -{100 * (1 - after / before):.0f}% · {how}"
