"""Turns over a WebSocket: rewritten as over HTTP, the same after a cut, told of, and bounded."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from wsproto.frame_protocol import Opcode

from tests.addon.rig import Rig, a_flow, rigged
from tests.addon.socket_rig import Frame, Socket, encoded, split
from tests.recorded import frames
from transforms.reasons import Reason

DROP = [frame.body for frame in frames() if "codex_ws_drop" in frame.name]
REPLAY: Frame = json.loads(DROP[0])
FRAMES = [frame.body for frame in frames() if "codex_apikey_bulky" in frame.name]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with rigged(tmp_path) as made:
        yield made


def outputs(content: bytes) -> list[object]:
    return [item["output"] for item in json.loads(content)["input"] if item["type"].endswith("_output")]


async def talk(socket: Socket) -> list[object]:
    """The conversation of the recorded replay, as it went before the cut; returns the tool outputs that were sent."""
    first, rest = split(REPLAY, 7)
    await socket.says(encoded({**REPLAY, "input": first}))
    sent = []
    for frame, models in rest:
        await socket.answers(models)
        sent += outputs(await socket.says(encoded(frame)))
    return sent


async def test_a_recorded_session_arrives_smaller_and_all_but_its_tool_outputs_as_it_came(rig: Rig) -> None:
    socket, before, after = await rig.socket(), 0, 0
    for content in FRAMES:
        sent = await socket.says(content)
        was, now = json.loads(content), json.loads(sent)
        before, after = before + len(content), after + len(sent)
        for item, other in zip(was["input"], now["input"], strict=True):
            if item["type"].endswith("_output"):
                other["output"] = item["output"]
        assert was == now
        if not outputs(content):
            assert sent is content
        await socket.answers()
    assert after < 0.8 * before


async def test_after_a_cut_the_whole_conversation_is_sent_with_the_same_tool_outputs(rig: Rig) -> None:
    sent = await talk(await rig.socket())
    assert sent != outputs(DROP[0])
    assert outputs(await (await rig.socket()).says(DROP[0])) == sent


async def test_without_the_memory_of_the_ledger_the_replay_is_decided_as_the_frames_were_but_for_pointers(
    rig: Rig, tmp_path: Path
) -> None:
    """The kinds of outputs and the question come out alike, because a socket remembers calls and question."""
    rig.set(transforms="terminal_noise,log_sampler,search_sampler,log_folder,path_grouper,smart_crusher,line_gutter")
    sent = await talk(await rig.socket())
    rig.set(home=str(tmp_path / "other"), attach="rewrite")
    replayed = outputs(await (await rig.socket()).says(DROP[0]))
    assert _without_handles(replayed) == _without_handles(sent)


def _without_handles(value: object) -> str:
    return json.dumps(value).replace("/other", "")


async def test_a_tool_output_is_known_by_the_call_that_the_server_has_told_of(rig: Rig) -> None:
    rig.set(exclude_tools="secret")
    socket = await rig.socket()
    call = {"type": "function_call", "call_id": "c1", "name": "secret", "arguments": "{}"}
    await socket.answers([call])
    frame = {
        **json.loads(FRAMES[3]),
        "input": [{"type": "function_call_output", "call_id": "c1", "output": "x\n" * 900}],
    }
    await socket.says(encoded(frame))
    assert socket.data["entries"][0]["reason"] == Reason.TOOL_EXCLUDED


async def test_a_prewarm_a_realtime_event_and_all_that_is_no_request_pass_as_they_came(rig: Rig) -> None:
    socket = await rig.socket()
    others = [
        FRAMES[0],
        b'{"type":"response.create","response":{"instructions":"x"}}',
        b'{"type":"response.steer","input":[]}',
        b'{"type":"response.create","input":"text"}',
        b'{"type":"response.create"',
        b"response.create",
    ]
    for content in others:
        assert await socket.says(content) is content
    assert await socket.says(FRAMES[3], kind=Opcode.BINARY) is FRAMES[3]
    assert await socket.says(FRAMES[3], client=False) is FRAMES[3]
    assert socket.data["turns"][0]["decision"] == Reason.NO_TOOL_OUTPUT


async def test_the_note_begins_with_the_saving_of_all_turns_and_stays_one_short_line(rig: Rig) -> None:
    socket = await rig.socket()
    for number in range(60):
        await socket.says(encoded(numbered(FRAMES[3], number)))
        await socket.answers()
    comment = socket.flow.comment
    assert comment.startswith("-")
    assert "60 turns" in comment and "turn 60: -" in comment and "turn 57" not in comment
    assert "\n" not in comment and len(comment) < 1500
    assert len(socket.data["turns"]) == 50
    assert socket.data["turns"][-1]["decision"] == Reason.COMPRESSED


def numbered(content: bytes, number: int) -> Frame:
    """The same turn with another call id."""
    frame: Frame = json.loads(content)
    frame["input"] = [{**item, "call_id": f"call_{number}"} for item in frame["input"]]
    return frame


async def test_each_turn_gets_the_providers_figures_and_what_became_of_the_cache(rig: Rig) -> None:
    socket = await rig.socket()
    cached = [0, 20_000, 30_000, 100]
    for number, tokens in enumerate(cached):
        await socket.says(encoded(numbered(FRAMES[3], number)))
        await socket.answers(input_tokens=40_000, input_tokens_details={"cached_tokens": tokens})  # type: ignore[arg-type]
    turns = socket.data["turns"]
    assert [turn["usage"]["cached_tokens"] for turn in turns] == cached
    assert [turn["cache"] for turn in turns] == ["cache unknown", "cache held", "cache held", "cache expired"]
    assert "cache expired" in socket.flow.comment


async def page(rig: Rig, request: str) -> Any:
    """What `/r/ID` says."""
    flow = a_flow(b"", "headroom.internal")
    flow.request.method, flow.request.path, flow.request.headers["host"] = "GET", f"/r/{request}", flow.request.host
    await rig.addon.request(flow)
    assert flow.response is not None
    return flow.response.json()


async def test_a_turns_record_names_the_page_which_has_the_figures_as_soon_as_the_answer_ends(rig: Rig) -> None:
    socket = await rig.socket()
    await socket.says(encoded(numbered(FRAMES[3], 1)))
    request = socket.data["turns"][-1]["request"]
    assert request == socket.data["request"] == socket.flow.id
    assert "usage" not in await page(rig, request)
    await socket.answers(input_tokens=40_000)
    shown = await page(rig, request)
    assert shown["usage"]["input_tokens"] == shown["turns"][-1]["usage"]["input_tokens"] == 40_000
    assert shown["cache"] == "cache unknown"


async def test_an_error_that_points_at_our_change_withdraws_it_for_the_rest_of_the_socket(rig: Rig) -> None:
    socket = await rig.socket()
    assert await socket.says(FRAMES[3]) != FRAMES[3]
    error = {"type": "error", "status": 400, "error": {"message": "custom_tool_call_output: invalid tool output"}}
    await socket.says(encoded(error), client=False)
    assert "breaker provider_error" in socket.flow.comment
    assert await socket.says(FRAMES[3]) is FRAMES[3]
    assert await socket.says(FRAMES[4]) is FRAMES[4]


async def test_bypass_on_the_request_that_opens_it_leaves_the_whole_socket_alone_and_is_remembered(rig: Rig) -> None:
    socket = await rig.socket(x_headroom_bypass="true")
    assert not [name for name in socket.flow.request.headers if name.startswith("x-headroom")]
    assert await socket.says(FRAMES[3]) is FRAMES[3]
    assert socket.data["decision"] == Reason.BYPASS
    assert await (await rig.socket()).says(FRAMES[3]) is FRAMES[3]


@pytest.mark.parametrize("mode", ["shadow", "off"])
async def test_shadow_and_off_hold_for_sockets(rig: Rig, mode: str) -> None:
    rig.set(mode=mode)
    socket = await rig.socket()
    assert await socket.says(FRAMES[3]) is FRAMES[3]
    assert {entry["reason"] for entry in socket.data["entries"]} <= {mode, "mode_off", "too_small", "no_transform"}


async def test_a_socket_to_another_host_is_none_of_ours(rig: Rig) -> None:
    socket = await Socket(rig.addon).open("gateway.example.com")
    assert await socket.says(FRAMES[3]) is FRAMES[3]
    assert "headroom" not in socket.flow.metadata
    rig.set(hosts="gateway.example.com")
    assert await (await Socket(rig.addon).open("gateway.example.com")).says(FRAMES[3]) != FRAMES[3]


async def test_sockets_can_be_passed_on_or_refused_so_that_the_client_falls_back_to_http(rig: Rig) -> None:
    rig.set(websockets="pass")
    assert await (await rig.socket()).says(FRAMES[3]) is FRAMES[3]
    rig.set(websockets="refuse")
    refused = await rig.socket()
    assert refused.flow.response is not None
    assert refused.flow.response.status_code == 426
    realtime = await Socket(rig.addon).open(path="/v1/realtime?model=m")
    assert realtime.flow.response is not None
    assert realtime.flow.response.status_code == 101, "has no HTTP to fall back to"


async def test_messages_are_forgotten_but_for_the_last_ones(rig: Rig) -> None:
    rig.set(websocket_messages="20")
    socket = await rig.socket()
    for number in range(300):
        await socket.says(b'{"type":"response.output_text.delta","delta":"%d"}' % number, client=False)
    assert socket.flow.websocket is not None
    kept = [message.content for message in socket.flow.websocket.messages]
    assert len(kept) == 20
    assert b'"299"' in kept[-1]
    rig.set(websocket_messages="0")
    for _ in range(300):
        await socket.says(b"{}", client=False)
    assert len(socket.flow.websocket.messages) == 320


async def test_large_messages_are_forgotten_by_their_bytes(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("addon.socket_turns._MOST_MESSAGE_BYTES", 500_000)
    socket = await rig.socket()
    for number in range(40):
        await socket.says(encoded(numbered(FRAMES[3], number)))
    assert socket.flow.websocket is not None
    assert sum(len(message.content) for message in socket.flow.websocket.messages) <= 500_000
    assert len(socket.flow.websocket.messages) > 10


async def test_calls_are_remembered_within_bounds(rig: Rig) -> None:
    socket = await rig.socket()
    for number in range(1000):
        call = {"type": "function_call", "call_id": f"c{number}", "name": "write", "arguments": "x" * 5000}
        await socket.answers([call])
    remembered = rig.addon._sockets._sockets[socket.flow].calls
    assert "c999" in remembered
    assert sum(len(call.arguments) for call in remembered.values()) <= 256 * 1024


async def test_a_changed_frame_is_ascii_and_means_the_same(rig: Rig) -> None:
    frame: Frame = json.loads(FRAMES[3])
    frame["client_metadata"] = {"note": "Grüße 😀 \u2028"}
    sent = await (await rig.socket()).says(encoded(frame))
    assert sent.isascii()
    assert json.loads(sent)["client_metadata"] == frame["client_metadata"]
    untouched = encoded({**frame, "input": []})
    assert await (await rig.socket()).says(untouched) is untouched


async def test_an_error_of_ours_leaves_the_message_as_it_came(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    socket = await rig.socket()
    monkeypatch.setattr(rig.addon._sockets, "_ask", broken)
    assert await socket.says(FRAMES[3]) is FRAMES[3]
    assert "RuntimeError" in socket.flow.comment


async def test_a_saved_socket_that_is_opened_is_not_changed(rig: Rig) -> None:
    socket = Socket(rig.addon)
    socket.flow.live = False
    await socket.open()
    assert await socket.says(FRAMES[3]) is FRAMES[3]
