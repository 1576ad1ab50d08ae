"""The way of a request: bytes in, bytes and a routing log out. No flow, no socket, no clock but the deadline.

decode -> detect the shape -> settle (recall what was decided, decide what is new, record) -> splice -> encode
"""

from dataclasses import replace

from addon import reporting
from addon.cache.breaker import BreakerState
from addon.cache.insertion import insertion
from addon.cache.prefix import Prompt, anchor, cache_key, has_answer
from addon.deciding import Verdicts, settle
from addon.fail_open import describe, fail_open
from addon.request import Outcome, Request
from addon.routing_log import RoutingLog
from addon.rules import Rules
from addon.setting_values import Attach
from addon.settings import Settings
from addon.shapes import json_spans, messages
from addon.shapes.detect import Detected, detect
from addon.shapes.slot import Slot
from addon.shapes.splice import Edit, ascii_spelling, splice_elements
from addon.store.state import State
from addon.wire import body_codecs
from transforms.cache_aligner import Prefix
from transforms.catalog import TRANSFORMS
from transforms.compression_policy import resolve_policy
from transforms.contract import Transform
from transforms.reasons import Reason


def compress(
    request: Request, settings: Settings, state: State, catalog: tuple[Transform, ...] = TRANSFORMS
) -> Outcome:
    """Make the request's tool outputs smaller. Does not raise for anything a client can send."""
    policy = resolve_policy(
        request.auth_mode, enforcement=settings.policy_enforcement, max_lossy_ratio=settings.max_lossy_ratio
    )
    keep = request.keep or (Reason.BYPASS if request.client in settings.exclude_clients else None)
    rules = Rules(settings, policy, request.auth_mode, request.deadline, keep, catalog)
    try:
        codec = body_codecs.codec_for(request.encoding)
        raw = codec.decode(request.body, body_codecs.BODY_LIMIT)
        root = json_spans.parse(raw, state.seen)
        detected = detect(root, request.held)
    except body_codecs.BadEncoding:
        return Outcome(request.body, reporting.untouched(rules, request.client, Reason.BAD_ENCODING))
    except json_spans.NotJson:
        return Outcome(request.body, reporting.untouched(rules, request.client, Reason.NOT_JSON))
    if isinstance(detected, Reason):
        return Outcome(request.body, reporting.untouched(rules, request.client, detected))
    prompt = Prompt.of(root, detected.shape)
    client = prompt.prefix()
    tripped = request.breaker.get(anchor(client), request.breaker.get("", BreakerState.CLOSED))
    if tripped is not BreakerState.CLOSED:
        rules = replace(rules, keep=rules.keep or Reason.BREAKER)
    verdicts = settle(detected, raw, rules, state)
    if tripped is BreakerState.RAW:
        verdicts.withdraw()
    spliced, changed = splice_elements(raw, detected.elements, _edits(detected.slots, verdicts))
    # From here on the decisions are on record, so the spliced body leaves whatever goes wrong in telling of it.
    outcomes: list[Outcome] = []
    failures: list[BaseException] = []
    with fail_open(failures.append):
        sent = prompt.prefix(changed) if changed else client
        added = _insertion(request, rules, root, detected, client)
        log = reporting.decided(rules, request.client, detected, verdicts, cache_hint=added is not None)
        body = spliced if added is None else spliced[: added[0]] + added[1] + spliced[added[0] :]
        on_purpose = tripped is BreakerState.RAW or settings.attach is Attach.REWRITE or verdicts.rewrites_history
        outcome = Outcome(request.body, log, "", client, sent, on_purpose, detected.question)
        outcomes.append(outcome if body is raw else _changed(outcome, request, codec, body))
    if outcomes:
        return outcomes[0]
    told = tuple(describe(failure) for failure in failures)
    log = RoutingLog(decision=Reason.FAILED, client=request.client, mode=settings.mode, failures=told)
    outcome = Outcome(request.body, log)
    return outcome if spliced is raw else _changed(outcome, request, codec, spliced)


def _changed(outcome: Outcome, request: Request, codec: body_codecs.Codec, body: bytes) -> Outcome:
    """The outcome with a changed body, as it leaves."""
    wire = codec.encode(ascii_spelling(body) if request.ascii_only else body)
    return replace(outcome, body=wire, sha256=body_codecs.sha256(wire))


def _insertion(
    request: Request, rules: Rules, root: json_spans.Node, detected: Detected, client: Prefix
) -> tuple[int, bytes] | None:
    """The member that asks for caching, in front of all others, where the user and the policy want it."""
    settings = rules.settings
    if detected.shape == messages.SHAPE.name:
        wanted = settings.cache_control
    else:
        wanted = settings.prompt_cache_key and request.takes_cache_key
    if not wanted or not rules.policy.cache_aligner_enabled or rules.held_back or rules.keep is not None:
        return None
    return insertion(root, detected.shape, later_turn=has_answer(client), cache_key=cache_key(client))


def _edits(slots: tuple[Slot, ...], verdicts: Verdicts) -> dict[int, list[Edit]]:
    """What is written in place of outputs, by the position of their element."""
    edits: dict[int, list[Edit]] = {}
    for slot, key in zip(slots, verdicts.keys, strict=True):
        if (text := verdicts.decisions[key].replacement) is not None:
            element, start, end = slot.place
            edits.setdefault(element, []).append((start, end, text))
    return edits
