"""Makes the routing log of a request from what was decided."""

from addon.deciding import Verdicts
from addon.routing_log import Entry, Omitted, RoutingLog
from addon.rules import Rules
from addon.setting_values import LogLevel
from addon.shapes.detect import Detected
from addon.shapes.slot import Slot
from addon.store.ledger import Decision
from transforms.reasons import Reason

_STRONGEST = (Reason.FAILED, Reason.COMPRESSED, Reason.REPLAYED)
"""What a request as a whole is called after, if one of its blocks has it."""


def untouched(rules: Rules, client: str, reason: Reason) -> RoutingLog:
    """The log of a request that is not ours."""
    return _head(rules, client).model_copy(update={"decision": reason})


def decided(rules: Rules, client: str, detected: Detected, verdicts: Verdicts, *, cache_hint: bool) -> RoutingLog:
    """The log of a request whose blocks were decided on."""
    entries = tuple(_entries(rules, detected.slots, verdicts))
    return _head(rules, client).model_copy(
        update={
            "shape": detected.shape,
            "decision": _overall(entries),
            "tokens_before": sum(entry.tokens_before for entry in entries),
            "tokens_after": sum(entry.tokens_after for entry in entries),
            "fetched_tokens": verdicts.fetched_tokens,
            "failures": tuple(verdicts.failures),
            "cache_hint": cache_hint,
            "attach": "" if verdicts.attach is None else str(verdicts.attach),
            "entries": entries,
        }
    )


def _head(rules: Rules, client: str) -> RoutingLog:
    return RoutingLog(
        decision=Reason.NO_TOOL_OUTPUT,
        client=client,
        auth_mode=rules.auth_mode,
        mode=rules.settings.mode,
        policy=rules.policy,
    )


def _entries(rules: Rules, slots: tuple[Slot, ...], verdicts: Verdicts) -> list[Entry]:
    """One for each slot. Those of decisions that are only replayed are made once and told again with every turn."""
    told, keys = verdicts.told, verdicts.keys
    for number in range(len(told), len(slots)):
        if keys[number] in verdicts.fresh:
            break
        told.append(_made(number, slots[number].call.tool, verdicts.decisions[keys[number]], fresh=False))
    return [*told, *(_entry(rules, number, slots[number], verdicts) for number in range(len(told), len(slots)))]


def _entry(rules: Rules, number: int, slot: Slot, verdicts: Verdicts) -> Entry:
    key = verdicts.keys[number]
    entry = _made(number, slot.call.tool, verdicts.decisions[key], fresh=key in verdicts.fresh)
    if rules.settings.log_level is LogLevel.TRACE and (attempts := verdicts.attempts.get(key)):
        return entry.model_copy(update={"attempts": attempts})
    return entry


def _made(number: int, tool: str, decision: Decision, fresh: bool) -> Entry:
    sent = decision.tokens_before if decision.replacement is None else decision.tokens_after
    return Entry(
        block=number,
        tool=tool,
        transform_name=decision.transform_name,
        reason=_reason(decision, fresh=fresh),
        loss=decision.loss,
        compression_ratio=round(sent / decision.tokens_before, 4) if decision.tokens_before else 1.0,
        tokens_before=decision.tokens_before,
        tokens_after=sent,
        shadow_tokens=None if sent == decision.tokens_after else decision.tokens_after,
        new=fresh,
        omitted=tuple(
            Omitted(original=original, unit=gap.unit, first=gap.first, last=gap.last)
            for original, gap in decision.omitted
        ),
    )


def _reason(decision: Decision, *, fresh: bool) -> Reason:
    return Reason.REPLAYED if decision.reason is Reason.COMPRESSED and not fresh else decision.reason


def _overall(entries: tuple[Entry, ...]) -> Reason:
    """The request's own reason: the strongest among its blocks, else that of its largest block."""
    reasons = {entry.reason for entry in entries}
    for strongest in _STRONGEST:
        if strongest in reasons:
            return strongest
    return max(entries, key=lambda entry: entry.tokens_before).reason if entries else Reason.NO_TOOL_OUTPUT
