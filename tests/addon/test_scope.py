"""The scope: which requests are looked at, and which are refused from their head alone."""

import pytest
from mitmproxy import http
from mitmproxy.test import tflow, tutils

from addon.scope import Scope, is_known_host, scope_of, strip_own_headers, wants_bypass
from addon.settings import Settings
from addon.wire.body_codecs import BODY_LIMIT
from addon.wire.hosts import HostSet
from transforms.compression_policy import AuthMode
from transforms.reasons import Reason

HOSTS = HostSet.known(["*.corp.test"])
BODY = b'{"messages":[]}'
DEFAULT, PASSTHROUGH = Settings(), Settings.parse({"compress_passthrough": "on"})


def a_flow(
    host: str = "api.openai.com",
    path: str = "/v1/chat/completions",
    method: str = "POST",
    **headers: str,
) -> http.HTTPFlow:
    """A request as it is at the hook; underscores in header names stand for hyphens."""
    request = tutils.treq(method=method.encode(), host=host, path=path.encode(), content=BODY)
    flow = tflow.tflow(req=request)
    for name, value in ({"content_type": "application/json"} | headers).items():
        flow.request.headers[name.replace("_", "-")] = value
    return flow


def with_body(flow: http.HTTPFlow, body: bytes | None) -> http.HTTPFlow:
    flow.request.raw_content = body
    return flow


def scope(flow: http.HTTPFlow, settings: Settings = DEFAULT) -> Scope | None:
    return scope_of(flow, settings, HOSTS)


def refusal(flow: http.HTTPFlow, settings: Settings = DEFAULT) -> Reason | None:
    found = scope(flow, settings)
    assert found is not None
    return found.refusal


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        "application/vnd.api+json",
        "",
        "text/plain",
    ],
)
def test_a_post_that_may_be_json_is_looked_at(kind: str) -> None:
    found = scope(a_flow(content_type=kind))
    assert found is not None
    assert (found.body, found.refusal) == (BODY, None)


def test_a_post_without_a_content_type_is_looked_at() -> None:
    flow = a_flow()
    del flow.request.headers["content-type"]
    assert scope(flow) is not None


@pytest.mark.parametrize(
    "kind",
    [
        *(
            "multipart/form-data; boundary=x",
            "application/x-www-form-urlencoded",
            "application/octet-stream",
            "text/html",
        ),
        *("application/grpc", "application/x-protobuf", "application/vnd.amazon.eventstream", "audio/wav"),
    ],
)
def test_other_content_is_none_of_our_business(kind: str) -> None:
    assert scope(a_flow(content_type=kind)) is None
    assert scope(a_flow(content_type=kind), PASSTHROUGH) is None


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "CONNECT"])
def test_other_methods_are_none_of_our_business(method: str) -> None:
    assert scope(a_flow(method=method), PASSTHROUGH) is None


def test_what_has_no_body_or_an_answer_already_is_none_of_our_business() -> None:
    empty, streamed, answered = with_body(a_flow(), b""), with_body(a_flow(), None), a_flow()
    answered.response = http.Response.make(200)
    for flow in (empty, streamed, answered):
        assert scope(flow, PASSTHROUGH) is None


@pytest.mark.parametrize("host", ["api.openai.com", "API.Anthropic.com", "eu.api.openai.com", "llm.corp.test"])
def test_known_hosts_and_the_users_own_are_ours_whatever_the_path(host: str) -> None:
    for path in ("/v1/messages", "/openai/deployments/x/chat/completions?api-version=1", "/", "/anything/else"):
        assert refusal(a_flow(host, path)) is None


@pytest.mark.parametrize(
    "host", ["example.com", "api.openai.com.evil.test", "corp.test", "127.0.0.1", "xapi.openai.com"]
)
def test_another_host_is_refused_unless_passthrough_is_on(host: str) -> None:
    assert refusal(a_flow(host)) is Reason.UNKNOWN_HOST
    assert refusal(a_flow(host), PASSTHROUGH) is None


def test_a_host_is_known_by_its_address_or_by_the_name_the_client_uses() -> None:
    """A reverse proxy or a hosts file gives the address of something else."""
    by_name, by_address = a_flow("10.0.0.7"), a_flow("api.openai.com")
    by_name.request.headers["host"] = "llm.corp.test"
    by_address.request.headers["host"] = "localhost:8080"
    for flow in (by_name, by_address):
        assert is_known_host(flow, HOSTS)
        assert refusal(flow) is None
    assert not is_known_host(a_flow("10.0.0.7"), HOSTS)


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "AWS4-HMAC-SHA256 Credential=x/20260211/us-east-1/bedrock/aws4_request"},
        {"x_amz_content_sha256": "UNSIGNED-PAYLOAD"},
        {"content_digest": "sha-256=:x:"},
        {"content_md5": "x"},
        {"signature_input": "sig=()"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_signed_bytes_are_refused_with_passthrough_too(headers: dict[str, str]) -> None:
    assert refusal(a_flow(**headers)) is Reason.SIGNED
    assert refusal(a_flow("example.com", **headers), PASSTHROUGH) is Reason.SIGNED


@pytest.mark.parametrize(
    "path", ["/v1/messages/count_tokens", "/v1/messages/count_tokens?beta=true", "/x/input_tokens"]
)
def test_an_endpoint_that_only_counts_is_refused(path: str) -> None:
    assert refusal(a_flow(path=path)) is Reason.NOT_A_TURN


@pytest.mark.parametrize("path", ["/v1/messages?next=/count_tokens", "/count_tokens/v1/messages", "/recount_tokens_x"])
def test_a_path_that_only_looks_like_one_that_counts_is_a_turn(path: str) -> None:
    assert refusal(a_flow(path=path)) is None


def test_a_body_of_the_limit_is_ours_and_one_byte_more_is_not() -> None:
    assert refusal(with_body(a_flow(), bytes(BODY_LIMIT))) is None
    assert refusal(with_body(a_flow(), bytes(BODY_LIMIT + 1))) is Reason.TOO_LARGE


def test_the_scope_holds_the_bytes_as_received_their_coding_and_who_pays() -> None:
    flow = a_flow(content_encoding="gzip", authorization="Bearer sk-test", user_agent="codex_cli_rs/1")
    found = scope(flow)
    assert found is not None
    assert found.body is flow.request.raw_content is not None
    assert found.encoding == "gzip"
    assert (found.credentials.auth_mode, found.credentials.client) == (AuthMode.PAYG, "codex")


@pytest.mark.parametrize(
    ("value", "wanted"), [("true", True), (" TRUE ", True), ("1", True), ("", False), ("false", False)]
)
def test_a_client_asks_for_bypass_as_a_switch_is_set(value: str, wanted: bool) -> None:
    assert wants_bypass(a_flow(x_headroom_bypass=value).request) is wanted


def test_no_header_means_no_bypass() -> None:
    assert not wants_bypass(a_flow().request)


def test_our_request_headers_are_taken_off_and_no_others() -> None:
    flow = a_flow(x_headroom_bypass="true", **{"X-Headroom-Other": "1", "x-headroomy": "2", "x-api-key": "3"})
    flow.request.headers.add("x-headroom-bypass", "twice")
    strip_own_headers(flow.request)
    left = {name.lower() for name in flow.request.headers}
    assert not [name for name in left if name.startswith("x-headroom-")]
    assert {"x-headroomy", "x-api-key", "content-type"} <= left
