"""What finished flows hold in memory is bounded, and nothing that is still needed goes."""

import gc
from collections.abc import Sequence
from pathlib import Path

import pytest
from mitmproxy import http
from mitmproxy.addons.savehar import SaveHar
from mitmproxy.flow import Flow
from mitmproxy.test import tutils

from addon.kept_bodies import DROPPED, KeptBodies
from tests.addon.rig import BODY, Rig, a_flow, rigged
from tests.recorded import frames

MB = 1 << 20
TURN = next(frame.body for frame in frames() if "codex_apikey_bulky" in frame.name)


class Listening:
    """As mitmweb's list of flows."""

    def __init__(self) -> None:
        self.told: list[Flow] = []

    def update(self, flows: Sequence[Flow]) -> None:
        self.told += flows


def ended(size: int) -> http.HTTPFlow:
    """A flow whose request was changed: its two bodies and that of its answer have `size` bytes each."""
    flow = a_flow(b"a" * size)
    flow.backup()
    flow.request.raw_content = b"b" * size
    flow.response = tutils.tresp(content=b"c" * size)
    flow.live = False
    return flow


def is_whole(flow: http.HTTPFlow) -> bool:
    there = [flow.request.raw_content, flow.response and flow.response.raw_content, flow.get_state()["backup"]]
    assert all(there) or not any(there)
    return all(there)


def test_of_older_flows_the_last_keep_their_bodies_and_the_others_their_notes() -> None:
    kept, flows = KeptBodies(), [ended(1000) for _ in range(5)]
    for flow in flows:
        flow.comment = "-10% tokens"
        kept.keep(flow, 9_500)
    assert [is_whole(flow) for flow in flows] == [False, False, True, True, True]
    assert [flow.comment for flow in flows[1:3]] == [f"-10% tokens · {DROPPED}", "-10% tokens"]
    kept.keep(flows[2], 9_500)
    assert is_whole(flows[2]), "what comes again, as a socket does, counts once and as new"
    kept.keep(large := ended(10_000), 9_500)
    assert [is_whole(flow) for flow in (*flows, large)] == [False] * 5 + [True], "the last one stays, whatever it has"


def test_without_a_bound_all_stay() -> None:
    kept, flows = KeptBodies(), [ended(1000) for _ in range(5)]
    for flow in flows:
        kept.keep(flow, 0)
    assert all(map(is_whole, flows))


def test_a_flow_that_is_under_way_keeps_its_bodies_until_it_has_ended() -> None:
    kept, flows = KeptBodies(), [ended(1000) for _ in range(4)]
    flows[0].live = True
    for flow in flows[:3]:
        kept.keep(flow, 3_500)
    assert [is_whole(flow) for flow in flows[:3]] == [True, False, True]
    flows[0].live = False
    kept.keep(flows[3], 3_500)
    assert [is_whole(flow) for flow in flows] == [False, False, False, True]


@pytest.mark.parametrize("most", [0, 9_500])
def test_flows_that_mitmproxy_lets_go_of_are_not_kept_by_us(most: int) -> None:
    kept = KeptBodies()
    for _ in range(5):
        kept.keep(ended(1000), most)
    gc.collect()
    flows = [ended(1000) for _ in range(3)]
    for flow in flows:
        kept.keep(flow, most)
    assert all(map(is_whole, flows))
    assert (list(kept._flows), kept._bytes) == ([flow.id for flow in flows], 9_000)


async def answered(rig: Rig) -> http.HTTPFlow:
    flow = await rig.send(BODY + b" " * MB)
    flow.response = tutils.tresp(content=b"{}")
    rig.addon.responseheaders(flow)
    rig.addon.response(flow)
    flow.live = False
    return flow


async def test_the_option_bounds_what_mitmweb_holds(rig: Rig) -> None:
    rig.set(bodies_mb="5")
    flows = [await answered(rig) for _ in range(4)]
    assert [flow.request.raw_content is None for flow in flows] == [True, True, False, False]
    assert flows[0].comment.endswith(DROPPED)
    assert flows[0].metadata["headroom"]["decision"] == "compressed"
    rig.set(bodies_mb="0")
    more = [await answered(rig) for _ in range(4)]
    assert all(flow.request.raw_content for flow in more)


async def test_the_list_of_flows_is_told_of_those_that_went(tmp_path: Path) -> None:
    with rigged(tmp_path, Listening(), bodies_mb="1", attach="rewrite") as rig:
        flows = [await answered(rig) for _ in range(2)]
        assert rig.context.master.addons.get("listening").told == flows[:1]


async def test_a_file_that_is_opened_loses_nothing(rig: Rig) -> None:
    rig.set(bodies_mb="1")
    await answered(rig)
    saved = [ended(MB) for _ in range(3)]
    for flow in saved:
        flow.metadata["headroom"] = {"decision": "compressed"}
        await rig.context.master.load_flow(flow)
    assert all(map(is_whole, saved))


async def test_where_a_har_file_is_to_be_written_every_flow_stays_whole(tmp_path: Path) -> None:
    with rigged(tmp_path, SaveHar(), bodies_mb="1") as rig:
        rig.context.configure(rig.addon, hardump=str(tmp_path / "flows.har"))
        flows = [await answered(rig) for _ in range(3)]
    assert all(flow.request.raw_content for flow in flows)


async def test_an_ended_socket_counts_with_its_messages(rig: Rig) -> None:
    rig.set(bodies_mb="1")
    sockets = [await rig.socket() for _ in range(2)]
    for socket in sockets:
        await socket.says(TURN + b" " * MB)
        socket.flow.live = False
        rig.addon.websocket_end(socket.flow)
    assert [bool(socket.flow.websocket and socket.flow.websocket.messages) for socket in sockets] == [False, True]
    assert sockets[0].flow.comment.endswith(DROPPED)


async def test_of_what_has_ended_we_keep_nothing_though_mitmweb_keeps_its_flow(rig: Rig) -> None:
    flow, socket = await answered(rig), await rig.socket()
    await socket.says(TURN)
    rig.addon.websocket_end(socket.flow)
    assert [*rig.addon._exchanges._under_way, *rig.addon._sockets._sockets] == []
    assert flow.comment
    assert socket.flow.comment
