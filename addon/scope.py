"""Whether a request is looked at at all, from its head alone. What its body is, the pipeline tells."""

from dataclasses import dataclass

from mitmproxy import http

from addon.setting_values import ON
from addon.settings import Settings
from addon.wire.body_codecs import BODY_LIMIT
from addon.wire.clients import Credentials, classify
from addon.wire.hosts import HostSet
from transforms.reasons import Reason

_BYPASS = "x-headroom-bypass"
_OURS = "x-headroom-"
_COUNTING = ("/count_tokens", "/input_tokens", ":countTokens")
"""Endpoints with the body of a turn that only count it: what is counted is to be what the client has."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A request that may be ours."""

    body: bytes
    encoding: str
    credentials: Credentials
    refusal: Reason | None
    """Why it is not ours after all; None: the body decides."""


def scope_of(flow: http.HTTPFlow, settings: Settings, hosts: HostSet) -> Scope | None:
    """The scope of a request, or None when it is none of our business: no body, no JSON, a web page, telemetry."""
    request = flow.request
    body = request.raw_content
    if request.method != "POST" or not body or flow.response is not None or not _may_be_json(request):
        return None
    headers = {name.lower(): value for name, value in request.headers.items()}
    credentials = classify(headers)
    encoding = headers.get("content-encoding", "")
    return Scope(body, encoding, credentials, _refusal(flow, settings, hosts, credentials))


def socket_scope(flow: http.HTTPFlow, settings: Settings, hosts: HostSet) -> Scope:
    """The scope of a WebSocket, from the request that opens it; its body stands for that of every message."""
    credentials = classify({name.lower(): value for name, value in flow.request.headers.items()})
    return Scope(b"", "", credentials, _refusal(flow, settings, hosts, credentials))


def opens_socket(request: http.Request) -> bool:
    """Whether a request asks for a WebSocket: https://www.rfc-editor.org/rfc/rfc6455#section-4.1"""
    return request.method == "GET" and request.headers.get("upgrade", "").strip().lower() == "websocket"


def speaks_responses(request: http.Request) -> bool:
    """Whether a WebSocket is for Responses, which clients can do without. Only the path tells."""
    return request.path.partition("?")[0].endswith("/responses")


def wants_bypass(request: http.Request) -> bool:
    """Whether the client asks for this one request to be left alone."""
    return str(request.headers.get(_BYPASS, "")).strip().lower() in ON


def strip_own_headers(request: http.Request) -> None:
    """Take our own request headers off, whatever becomes of the request."""
    for name in [name for name in request.headers if name.lower().startswith(_OURS)]:
        del request.headers[name]


def is_known_host(flow: http.HTTPFlow, hosts: HostSet) -> bool:
    """Whether the request goes to an LLM API, by the address or by the name the client uses for it."""
    return hosts.matches(flow.request.host) or hosts.matches(flow.request.pretty_host)


def _refusal(flow: http.HTTPFlow, settings: Settings, hosts: HostSet, credentials: Credentials) -> Reason | None:
    if not settings.compress_passthrough and not is_known_host(flow, hosts):
        return Reason.UNKNOWN_HOST
    if credentials.signed:
        return Reason.SIGNED
    if flow.request.path.partition("?")[0].endswith(_COUNTING):
        return Reason.NOT_A_TURN
    return Reason.TOO_LARGE if len(flow.request.raw_content or b"") > BODY_LIMIT else None


def _may_be_json(request: http.Request) -> bool:
    kind = request.headers.get("content-type", "").lower()
    return "json" in kind or kind == "" or kind.startswith("text/plain")
