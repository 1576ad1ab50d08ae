"""The way of a request: bytes in, bytes and a routing log out. No flow, no socket, no clock but the deadline.

decode -> detect the shape -> recall what was decided -> decide what is new -> record -> splice -> encode
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from addon import body_codecs, ledger
from addon.deadline import Deadline
from addon.fail_open import OverBudget, describe, fail_open
from addon.ledger import Decision, Ledger, LedgerUnavailable
from addon.originals import Originals
from addon.routing_log import NO_TRANSFORM, Attempt, Entry, RoutingLog
from addon.settings import Attach, LogLevel, Mode, Settings
from addon.shapes import json_spans
from addon.shapes.detect import Detected, detect
from addon.shapes.slot import Slot
from transforms.catalog import TRANSFORMS
from transforms.compression_policy import AuthMode, CompressionPolicy, resolve_policy
from transforms.contract import Block, Transform
from transforms.reasons import Reason
from transforms.rewriting import BlockRewrite, Bounds, rewrite_block
from transforms.tokenizer import count_tokens

BODY_LIMIT = 32 * 1024 * 1024
"""Bytes of a decoded body; larger ones pass as they came."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the pipeline knows of a request."""

    body: bytes
    """As received."""
    encoding: str
    """The Content-Encoding header's value, or an empty string."""
    auth_mode: AuthMode | None
    client: str
    """The client's name, for the log."""
    deadline: Deadline
    keep: Reason | None = None
    """Decide nothing new, for this reason: new tool outputs are kept, and the keeping is remembered."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to send, and why."""

    body: bytes
    """The same object as the request's when nothing changed."""
    log: RoutingLog


@dataclass(slots=True)
class _Job:
    """One request on its way: what every step needs to know."""

    request: Request
    settings: Settings
    policy: CompressionPolicy
    transforms: tuple[Transform, ...]
    originals: Originals
    failures: list[str] = field(default_factory=list)
    attempts: dict[bytes, tuple[Attempt, ...]] = field(default_factory=dict)


def compress(request: Request, settings: Settings, store: Ledger) -> Outcome:
    """Make the request's tool outputs smaller. Does not raise for anything a client can send."""
    policy = resolve_policy(
        request.auth_mode, enforcement=settings.policy_enforcement, max_lossy_ratio=settings.max_lossy_ratio
    )
    job = _Job(request, settings, policy, _enabled(settings), Originals(settings.home))
    try:
        codec = body_codecs.codec_for(request.encoding)
        raw = codec.decode(request.body, BODY_LIMIT)
        detected = detect(json_spans.parse(raw))
    except body_codecs.BadEncoding:
        return _untouched(job, Reason.BAD_ENCODING)
    except json_spans.NotJson:
        return _untouched(job, Reason.NOT_JSON)
    if isinstance(detected, Reason):
        return _untouched(job, detected)
    keys = [ledger.key(slot.call_id, slot.part, slot.text) for slot in detected.slots]
    decisions = _settle(job, dict(zip(keys, detected.slots, strict=True)), store)
    sent = json_spans.splice(raw, _replacements(detected, keys, decisions))
    log = _log(job, detected, [(k, decisions[k]) for k in keys])
    return Outcome(request.body if sent is raw else codec.encode(sent), log)


def _settle(job: _Job, slots: Mapping[bytes, Slot], store: Ledger) -> dict[bytes, Decision]:
    """The decision on every slot: the one on record, or a new one, recorded before anything is sent."""
    try:
        known = store.recall(slots)
    except LedgerUnavailable as error:
        job.failures.append(describe(error))
        return {k: _kept(slot, Reason.LEDGER_UNAVAILABLE) for k, slot in slots.items()}
    new = {k: slot for k, slot in slots.items() if k not in known}
    try:
        return known | store.record({k: _decide(job, k, slot) for k, slot in new.items()})
    except LedgerUnavailable as error:
        job.failures.append(describe(error))
        return known | {k: _kept(slot, Reason.LEDGER_UNAVAILABLE) for k, slot in new.items()}


def _decide(job: _Job, key: bytes, slot: Slot) -> Decision:
    if reason := _reason_to_keep(job, slot):
        return _kept(slot, reason)
    try:
        with job.request.deadline.interrupting():
            rewrite = _rewrite(job, slot)
    except OverBudget:
        return _kept(slot, Reason.TIME_BUDGET)
    job.attempts[key] = tuple(
        Attempt(
            transform_name=a.transform_name,
            compression_ratio=a.compression_ratio,
            reason=a.reason,
            tokens_before=a.tokens_before,
            tokens_after=a.tokens_after,
        )
        for a in rewrite.attempts
    )
    held_back = _reason_to_hold_back(job)
    if rewrite.reason is not Reason.COMPRESSED:
        return _kept(slot, rewrite.reason, rewrite.tokens_before)
    return Decision(
        replacement=None if held_back else rewrite.text,
        transform_name=rewrite.transform_name,
        loss=rewrite.loss,
        tokens_before=rewrite.tokens_before,
        tokens_after=rewrite.tokens_after,
        reason=held_back or Reason.COMPRESSED,
    )


def _reason_to_keep(job: _Job, slot: Slot) -> Reason | None:
    """Why a block is not even tried; the first that holds."""
    settings, threshold = job.settings, max(job.settings.min_tokens, job.policy.volatile_token_threshold)
    rules: tuple[tuple[Reason, Callable[[], bool]], ...] = (
        (Reason.BEFORE_ATTACH, lambda: not slot.in_tail and settings.attach is Attach.KEEP),
        (Reason.MODE_OFF, lambda: settings.mode is Mode.OFF),
        (Reason.TOOL_ERROR, lambda: slot.is_error),
        (Reason.TOOL_EXCLUDED, lambda: any(fnmatchcase(slot.call.tool, name) for name in settings.exclude_tools)),
        (Reason.TOO_SMALL, lambda: _has_fewer_tokens(slot.text, threshold)),
    )
    if job.request.keep is not None:
        return job.request.keep
    return next((reason for reason, holds in rules if holds()), None)


def _reason_to_hold_back(job: _Job) -> Reason | None:
    """Why a rewrite that was found is only logged."""
    if job.settings.mode is Mode.SHADOW:
        return Reason.SHADOW
    return None if job.request.auth_mode in job.settings.auth_modes else Reason.AUTH_MODE


def _rewrite(job: _Job, slot: Slot) -> BlockRewrite:
    """What the transforms make of a block. The originals of a lossy rewrite are on disk when this returns."""

    def guard[T](work: Callable[[], T], /) -> T | None:
        results: list[T] = []
        with fail_open(lambda error: job.failures.append(describe(error))):
            results.append(work())
        return results[0] if results else None

    bounds = Bounds(job.policy.max_lossy_ratio, job.originals.handle if job.settings.originals else lambda _text: "")
    rewrite = rewrite_block(Block(slot.text, slot.call, slot.question), job.transforms, bounds, guard)
    try:
        job.originals.save(rewrite.originals)
    except OSError as error:
        job.failures.append(describe(error))
        return replace(rewrite, reason=Reason.NO_WAY_BACK)
    return rewrite


def _kept(slot: Slot, reason: Reason, tokens: int | None = None) -> Decision:
    count = count_tokens(slot.text) if tokens is None else tokens
    return Decision(None, NO_TRANSFORM, None, count, count, reason)


def _has_fewer_tokens(text: str, threshold: int) -> bool:
    """Whether `text` has fewer tokens than `threshold`. A token has at most 128 characters, and a byte at least."""
    if len(text) >= 128 * threshold:
        return False
    return len(text.encode("utf-8", "replace")) < threshold or count_tokens(text) < threshold


def _enabled(settings: Settings) -> tuple[Transform, ...]:
    return tuple(t for t in TRANSFORMS if not settings.transforms or t.name in settings.transforms)


def _replacements(
    detected: Detected, keys: list[bytes], decisions: Mapping[bytes, Decision]
) -> list[tuple[json_spans.Node, str]]:
    pairs = zip(detected.slots, keys, strict=True)
    return [(slot.node, text) for slot, k in pairs if (text := decisions[k].replacement) is not None]


def _untouched(job: _Job, reason: Reason) -> Outcome:
    return Outcome(job.request.body, _head(job).model_copy(update={"decision": reason}))


def _log(job: _Job, detected: Detected, decided: list[tuple[bytes, Decision]]) -> RoutingLog:
    entries = tuple(
        _entry(job, number, slot, k, decision)
        for number, (slot, (k, decision)) in enumerate(zip(detected.slots, decided, strict=True))
    )
    totals = {
        "shape": detected.shape,
        "decision": _overall(entries),
        "tokens_before": sum(entry.tokens_before for entry in entries),
        "tokens_after": sum(entry.tokens_after for entry in entries),
        "entries": entries,
    }
    return _head(job).model_copy(update=totals)


def _head(job: _Job) -> RoutingLog:
    return RoutingLog(
        decision=Reason.NO_TOOL_OUTPUT,
        client=job.request.client,
        auth_mode=job.request.auth_mode,
        mode=job.settings.mode,
        policy=job.policy,
        failures=tuple(job.failures),
    )


def _entry(job: _Job, number: int, slot: Slot, key: bytes, decision: Decision) -> Entry:
    sent = decision.tokens_before if decision.replacement is None else decision.tokens_after
    fresh = key in job.attempts
    replayed = decision.reason is Reason.COMPRESSED and not fresh
    return Entry(
        block=number,
        tool=slot.call.tool,
        transform_name=decision.transform_name,
        reason=Reason.REPLAYED if replayed else decision.reason,
        loss=decision.loss,
        compression_ratio=round(sent / decision.tokens_before, 4) if decision.tokens_before else 1.0,
        tokens_before=decision.tokens_before,
        tokens_after=sent,
        shadow_tokens=None if sent == decision.tokens_after else decision.tokens_after,
        attempts=job.attempts.get(key, ()) if job.settings.log_level is LogLevel.TRACE else (),
    )


def _overall(entries: tuple[Entry, ...]) -> Reason:
    """The request's own reason: the strongest among its blocks, else that of its largest block."""
    reasons = {entry.reason for entry in entries}
    for strongest in (Reason.FAILED, Reason.COMPRESSED, Reason.REPLAYED):
        if strongest in reasons:
            return strongest
    return max(entries, key=lambda entry: entry.tokens_before).reason if entries else Reason.NO_TOOL_OUTPUT
