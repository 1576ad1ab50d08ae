"""The hooks, as mitmproxy calls them: what is done to a flow, and what is not."""

import asyncio
import logging
from pathlib import Path

import pytest
from mitmproxy import exceptions, http, tls
from mitmproxy.proxy.context import Context
from mitmproxy.test import taddons, tflow

from tests.addon.rig import BODY, Rig, a_flow, decision
from transforms.reasons import Reason

HELLO = b"\3\3" + bytes(32) + b"\0" + b"\0\2\x13\1" + b"\1\0"
"""Of TLS: version, random, no session, one cipher suite, no compression; no extensions, and so no name."""


async def test_a_request_to_a_known_host_is_rewritten_and_says_so(rig: Rig) -> None:
    flow = await rig.send()
    sent = flow.request.raw_content or b""
    assert len(sent) < len(BODY)
    assert flow.request.headers["content-length"] == str(len(sent))
    assert flow.comment.startswith("-")
    assert decision(flow) == Reason.COMPRESSED
    assert flow.modified()


async def test_another_host_passes_untouched_unless_passthrough_is_on(rig: Rig) -> None:
    flow = await rig.send(host="gateway.example.com")
    assert flow.request.raw_content == BODY
    assert decision(flow) == Reason.UNKNOWN_HOST
    rig.set(compress_passthrough="on")
    assert decision(await rig.send(host="gateway.example.com")) == Reason.COMPRESSED


async def test_a_host_of_the_users_own_list_is_known(rig: Rig) -> None:
    rig.set(hosts="gateway.example.com")
    assert decision(await rig.send(host="gateway.example.com")) == Reason.COMPRESSED


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "AWS4-HMAC-SHA256 Credential=x"},
        {"x_amz_content_sha256": "0" * 64},
        {"content_digest": "sha-256=:x:"},
    ],
)
async def test_a_signed_body_is_never_touched(rig: Rig, headers: dict[str, str]) -> None:
    flow = await rig.send(BODY, "api.openai.com", **headers)
    assert flow.request.raw_content == BODY
    assert decision(flow) == Reason.SIGNED


async def test_bypass_leaves_a_request_alone_and_is_remembered_and_never_forwarded(rig: Rig) -> None:
    flow = await rig.send(x_headroom_bypass="true")
    assert flow.request.raw_content == BODY
    assert decision(flow) == Reason.BYPASS
    assert not [name for name in flow.request.headers if name.startswith("x-headroom")]
    assert (await rig.send()).request.raw_content == BODY, "a retry is sent as the first try was"


async def test_our_request_headers_never_reach_any_upstream(rig: Rig) -> None:
    flow = await rig.send(host="example.com", x_headroom_anything="1")
    assert not [name for name in flow.request.headers if name.startswith("x-headroom")]


async def test_a_saved_flow_that_is_opened_is_not_changed(rig: Rig) -> None:
    flow = a_flow()
    flow.live = False
    await rig.addon.request(flow)
    assert flow.request.raw_content == BODY
    assert not flow.comment


async def test_a_replay_is_not_compressed_twice_and_an_edited_one_is_new(rig: Rig) -> None:
    flow = await rig.send()
    sent = flow.request.raw_content
    await rig.addon.request(flow)
    assert flow.request.raw_content == sent
    assert decision(flow) == Reason.ALREADY_SENT
    flow.request.raw_content = BODY
    await rig.addon.request(flow)
    assert decision(flow) == Reason.REPLAYED


@pytest.mark.parametrize(
    "path", ["/v1/messages/count_tokens?beta=true", "/v1/responses/input_tokens", "/v1beta/models/m:countTokens"]
)
async def test_counting_endpoints_are_left_alone(rig: Rig, path: str) -> None:
    flow = a_flow()
    flow.request.path = path
    await rig.addon.request(flow)
    assert flow.request.raw_content == BODY
    assert decision(flow) == Reason.NOT_A_TURN


async def test_a_body_that_is_streamed_past_us_or_answered_by_another_addon_is_none_of_ours(rig: Rig) -> None:
    streamed, answered = a_flow(), a_flow()
    streamed.request.raw_content = None
    answered.response = http.Response.make(200)
    for flow in (streamed, answered):
        await rig.addon.request(flow)
        rig.addon.responseheaders(flow)
        assert "headroom" not in flow.metadata


async def test_a_chunked_request_stays_chunked(rig: Rig) -> None:
    flow = a_flow(transfer_encoding="chunked")
    del flow.request.headers["content-length"]
    await rig.addon.request(flow)
    assert len(flow.request.raw_content or b"") < len(BODY)
    assert "content-length" not in flow.request.headers


@pytest.mark.parametrize(
    ("name", "value"), [("mode", "fast"), ("min_tokens", "many"), ("hosts", "not a host"), ("max_lossy_ratio", "2")]
)
async def test_a_bad_option_is_refused_by_name_and_the_old_settings_stay(rig: Rig, name: str, value: str) -> None:
    with pytest.raises(exceptions.OptionsError, match=f"headroom_{name}"):
        rig.set(**{name: value})
    assert decision(await rig.send()) == Reason.COMPRESSED


async def test_an_unknown_option_and_the_end_of_the_addon_are_said_loudly(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.context.options.deferred["headroom_min_token"] = ["5"]
    with caplog.at_level(logging.INFO):
        await rig.addon.running()
        rig.addon.done()
    assert "no such option: headroom_min_token; did you mean headroom_min_tokens?" in caplog.text
    assert "no longer compressed" in caplog.text
    caplog.clear()
    rig.context.master.should_exit.set()
    rig.addon.done()
    assert "no longer compressed" not in caplog.text, "the whole proxy ends"


async def test_a_misspelled_prefix_or_variable_is_said_loudly_too(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADROOM_MOED", "shadow")
    monkeypatch.setenv("HEADROOM_OF_SOME_OTHER_PROGRAM", "1")
    with taddons.context() as context:
        context.options.set("hedroom_mode=shadow", "some_others=5", defer=True)
        rig = Rig(tmp_path, context)
        await rig.addon.running()
        rig.addon.done()
    assert "no such option: hedroom_mode; did you mean headroom_mode?" in caplog.text
    assert "HEADROOM_MOED is no setting; did you mean HEADROOM_MODE?" in caplog.text
    assert "OTHER_PROGRAM" not in caplog.text
    assert "some_others" not in caplog.text


async def test_a_tunnel_that_is_passed_unopened_is_told_once(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.set(only_llm_hosts="on", compress_passthrough="off")
    client, server = tflow.tclient_conn(), tflow.tserver_conn()
    server.address = ("llm.example.com", 443)
    hello = tls.ClientHelloData(Context(client, rig.context.options), tls.ClientHello(HELLO))
    hello.context.server = server
    with caplog.at_level(logging.INFO):
        rig.addon.tls_clienthello(hello)
        rig.addon.tls_clienthello(hello)
    assert hello.ignore_connection
    assert caplog.text.count("'llm.example.com' is no known LLM API host: passed unopened") == 1


async def test_of_an_option_that_is_set_twice_the_last_one_holds(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """mitmproxy would refuse it while it loads the addon, and go on without."""
    with taddons.context() as context:
        context.options.set("headroom_mode=shadow", "headroom_mode=off", defer=True)
        rig = Rig(tmp_path, context)
        rig.pool.stop()
        assert context.options.headroom_mode == "off"
    assert "headroom_mode is set 2 times" in caplog.text


async def test_a_state_folder_that_cannot_be_written_is_told_at_the_start(
    rig: Rig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rig.set(home=str(tmp_path / "later"))
    (tmp_path / "later").touch()
    await rig.addon.running()
    assert f"{tmp_path / 'later'} cannot be written" in caplog.text


async def test_the_token_is_there_before_it_is_asked_for(rig: Rig, tmp_path: Path) -> None:
    await rig.addon.running()
    assert len((tmp_path / "token").read_text()) > 20
    rig.addon.done()


async def test_http2_is_off_by_default_and_left_alone_on_request(rig: Rig) -> None:
    rig.set(defaults="off")
    await rig.addon.running()
    assert rig.context.options.http2
    rig.set(defaults="on")
    await rig.addon.running()
    assert not rig.context.options.http2


async def test_the_response_is_passed_on_as_it_is_and_carries_the_routing_log(rig: Rig) -> None:
    flow = await rig.send()
    flow.response = http.Response.make(200, b"", {"content-type": "text/event-stream"})
    rig.addon.responseheaders(flow)
    assert len(flow.response.headers["x-headroom-routing-log"]) <= 2000
    stream = flow.response.stream
    assert callable(stream)
    assert stream(b"data: {}\n\n") == b"data: {}\n\n"


async def test_usage_is_read_also_when_the_client_cancels_the_stream(rig: Rig) -> None:
    flow = await rig.send()
    flow.response = http.Response.make(200, b"", {"content-type": "text/event-stream"})
    rig.addon.responseheaders(flow)
    stream = flow.response.stream
    assert callable(stream)
    stream(b'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2}}\n\n')
    rig.addon.error(flow)
    assert flow.metadata["headroom"]["usage"]["input_tokens"] == 7


async def test_a_stream_that_another_addon_has_set_is_left_in_place(rig: Rig) -> None:
    flow = await rig.send()
    flow.response = http.Response.make(200, b"")
    flow.response.stream = lambda chunk: chunk.upper()
    rig.addon.responseheaders(flow)
    stream = flow.response.stream
    assert callable(stream)
    assert stream(b"x") == b"X"


async def test_metrics_are_served_at_a_port_and_a_taken_port_is_an_option_error(rig: Rig, unused_tcp_port: int) -> None:
    await rig.send()
    rig.set(metrics_port=str(unused_tcp_port))
    text = await _fetch(unused_tcp_port)
    assert 'headroom_requests_total{auth_mode="unknown",client="other",decision="compressed",shape="chat"} 1.0' in text
    assert "headroom_compression_ratio_bucket" in text
    with pytest.raises(exceptions.OptionsError, match=f"headroom_port={unused_tcp_port}"):
        rig.set(port=str(unused_tcp_port))
    rig.set(metrics_port="0")


async def _fetch(port: int) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    text = (await reader.read()).decode()
    writer.close()
    return text


async def answered(
    rig: Rig, flow: http.HTTPFlow, status: int = 200, body: bytes = b'{"usage":{"prompt_tokens":9}}'
) -> None:
    """The response, as mitmproxy would hand it to the hooks."""
    flow.response = http.Response.make(status, body, {"content-type": "application/json"})
    rig.addon.responseheaders(flow)
    if callable(flow.response.stream):
        flow.response.stream(body)
    rig.addon.response(flow)


async def test_the_note_says_what_became_of_the_cache(rig: Rig) -> None:
    flow = await rig.send()
    await answered(rig, flow)
    assert "cache" not in flow.comment, "nothing is known of the first turn"
    assert flow.metadata["headroom"]["cache"] == "cache unknown"


async def test_an_error_that_points_at_our_change_withdraws_it_for_the_conversation(rig: Rig) -> None:
    flow = await rig.send()
    await answered(rig, flow, 400, b'{"error":{"message":"The block is bound to a different conversation"}}')
    assert "breaker" in flow.comment
    again = await rig.send()
    assert again.request.raw_content == BODY
    assert {entry["reason"] for entry in again.metadata["headroom"]["entries"]} & {"breaker"}


async def test_a_burst_of_client_errors_stops_new_decisions_for_the_client(rig: Rig) -> None:
    for number in range(3):
        body = BODY.replace(b'"call_', f'"call_{number}_'.encode()).replace(
            b"Do the job", f"Do the job {number}".encode()
        )
        await answered(rig, await rig.send(body), 422, b'{"error":{"message":"no"}}')
    other = BODY.replace(b'"call_', b'"call_other_').replace(b"Do the job", b"Do something else")
    flow = await rig.send(other)
    assert flow.request.raw_content == other
    assert decision(flow) == Reason.BREAKER


@pytest.mark.parametrize("status", [413, 429, 529])
async def test_an_error_of_the_upstream_is_not_streamed_and_stays_as_it_is(rig: Rig, status: int) -> None:
    flow = await rig.send()
    flow.response = http.Response.make(status, b'{"error":"overloaded"}', {"content-type": "application/json"})
    rig.addon.responseheaders(flow)
    assert flow.response.stream is False
    rig.addon.response(flow)
    assert flow.response.raw_content == b'{"error":"overloaded"}'


async def test_a_cache_key_is_added_where_the_client_uses_no_caching_and_the_user_wants_it(rig: Rig) -> None:
    rig.set(prompt_cache_key="on")
    flow = await rig.send(BODY, "api.openai.com", authorization="Bearer sk-test")
    assert b'{"prompt_cache_key":"' in (flow.request.raw_content or b"")[:40]
    assert flow.metadata["headroom"]["cache_hint"]
    other = await rig.send(BODY, "api.groq.com", authorization="Bearer sk-test")
    assert b"prompt_cache_key" not in (other.request.raw_content or b"")


async def test_what_a_proxy_of_ours_has_passed_on_is_left_alone(rig: Rig) -> None:
    first = await rig.send()
    again = await rig.send(first.request.raw_content or b"")
    assert again.request.raw_content == first.request.raw_content, "with the same ledger"
    assert {entry["reason"] for entry in again.metadata["headroom"]["entries"]} & {Reason.ALREADY_SENT}
    onward = a_flow(b"")
    rig.addon.http_connect_upstream(onward)
    tunnelled = a_flow()
    tunnelled.client_conn = onward.client_conn
    rig.addon.http_connect(onward)
    await rig.addon.request(tunnelled)
    assert tunnelled.request.raw_content == BODY, "with any ledger"
    assert not [name for name in tunnelled.request.headers if name.startswith("x-headroom")]
