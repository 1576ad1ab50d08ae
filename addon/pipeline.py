"""The way of a request: bytes in, bytes and a routing log out. No flow, no socket, no clock but the deadline.

decode -> detect the shape -> settle (recall what was decided, decide what is new, record) -> splice -> encode
"""

from dataclasses import dataclass

from addon import body_codecs, reporting
from addon.deadline import Deadline
from addon.deciding import Rules, Verdicts, settle
from addon.routing_log import RoutingLog
from addon.settings import Settings
from addon.shapes import json_spans
from addon.shapes.detect import Detected, detect
from addon.state import State
from transforms.compression_policy import AuthMode, resolve_policy
from transforms.reasons import Reason

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


def compress(request: Request, settings: Settings, state: State) -> Outcome:
    """Make the request's tool outputs smaller. Does not raise for anything a client can send."""
    policy = resolve_policy(
        request.auth_mode, enforcement=settings.policy_enforcement, max_lossy_ratio=settings.max_lossy_ratio
    )
    rules = Rules(settings, policy, request.auth_mode, request.deadline, request.keep)
    try:
        codec = body_codecs.codec_for(request.encoding)
        raw = codec.decode(request.body, BODY_LIMIT)
        detected = detect(json_spans.parse(raw))
    except body_codecs.BadEncoding:
        return Outcome(request.body, reporting.untouched(rules, request.client, Reason.BAD_ENCODING))
    except json_spans.NotJson:
        return Outcome(request.body, reporting.untouched(rules, request.client, Reason.NOT_JSON))
    if isinstance(detected, Reason):
        return Outcome(request.body, reporting.untouched(rules, request.client, detected))
    verdicts = settle(detected, raw, rules, state)
    sent = json_spans.splice(raw, _replacements(detected, verdicts))
    log = reporting.decided(rules, request.client, detected, verdicts)
    return Outcome(request.body if sent is raw else codec.encode(sent), log)


def _replacements(detected: Detected, verdicts: Verdicts) -> list[tuple[json_spans.Node, str]]:
    pairs = zip(detected.slots, verdicts.keys, strict=True)
    return [(slot.node, text) for slot, k in pairs if (text := verdicts.decisions[k].replacement) is not None]
