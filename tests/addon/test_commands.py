"""The commands, as they are typed: what they say, what they change, and what a replay leaves alone."""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mitmproxy import exceptions, http, types
from mitmproxy.addons.view import View

from tests.addon.rig import BODY, Rig, decision, rigged

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of pyparsing, which mitmproxy uses


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """With the list that commands take flows from."""
    with rigged(tmp_path, View(), attach="rewrite") as made:
        yield made


async def shown(rig: Rig, **headers: str) -> http.HTTPFlow:
    """A flow that was sent and is in the list, with the focus on it."""
    flow = await rig.send(BODY, "api.openai.com", **headers)
    rig.context.master.addons.get("view").add([flow])
    return flow


def run(rig: Rig, line: str) -> Any:
    return rig.context.master.commands.execute(line)


async def test_explain_says_what_was_decided_and_what_was_left_out(rig: Rig) -> None:
    await shown(rig)
    told = "\n".join(run(rig, "headroom.explain @focus"))
    assert (
        told.startswith("flow: ")
        and "/v1/chat/completions)\nsummary: -" in told
        and "# original against sent" in told
        and "left alone: " in told
    )
    assert "# conversation" not in told


async def test_a_flow_can_be_named_by_the_id_that_mitmwebs_address_has(rig: Rig) -> None:
    await shown(rig)
    later = await shown(rig)
    (told, *_) = run(rig, f"headroom.explain '~meta {later.id}'")
    assert told.startswith(f"flow: {later.id} ")


async def test_explain_says_of_a_strange_flow_that_it_is_none(rig: Rig) -> None:
    flow = await shown(rig)
    flow.metadata.clear()
    with pytest.raises(exceptions.CommandError, match="not looked at"):
        run(rig, "headroom.explain @focus")


async def test_stats_answers_in_lines(rig: Rig) -> None:
    await shown(rig)
    assert [line.partition(":")[0] for line in run(rig, "headroom.stats")] == [
        "saved", "not sent", "money saved, net", "cache", "left alone", "held", "failures",
    ]  # fmt: skip


async def test_the_mode_is_switched_by_its_option_and_no_other_is_taken(rig: Rig) -> None:
    assert run(rig, "headroom.mode off") == "headroom: mode off"
    assert rig.context.options.headroom_mode == "off"
    assert (await rig.send()).request.raw_content == BODY
    with pytest.raises(exceptions.CommandError):
        run(rig, "headroom.mode fast")


async def test_a_tool_is_left_alone_and_taken_up_again(rig: Rig) -> None:
    run(rig, "headroom.bypass tool read_*")
    assert rig.context.options.headroom_exclude_tools == "read_*"
    assert "looked at again" in run(rig, "headroom.bypass tool read_*")
    assert rig.context.options.headroom_exclude_tools == ""


async def test_a_client_is_left_alone_and_what_was_rewritten_before_is_replayed(rig: Rig) -> None:
    codex = {"user_agent": "codex_cli_rs/0.99"}
    first = await shown(rig, **codex)
    run(rig, "headroom.bypass client codex")
    again = await rig.send(BODY, "api.openai.com", **codex)
    assert again.request.raw_content == first.request.raw_content, "a conversation under way keeps its prefix"
    other = BODY.replace(b'"call_', b'"call_other_')
    flow = await rig.send(other, "api.openai.com", **codex)
    assert flow.request.raw_content == other
    assert {entry["reason"] for entry in flow.metadata["headroom"]["entries"]} == {"bypass"}
    with pytest.raises(exceptions.CommandError, match="netscape"):
        run(rig, "headroom.bypass client netscape")


async def test_a_replay_says_what_another_policy_would_have_done_and_touches_nothing(
    rig: Rig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rig.set(mode="off")
    flow = await shown(rig)
    before = flow.get_state(), decision(flow)
    with caplog.at_level(logging.INFO):
        assert "replaying" in run(rig, "headroom.replay @focus payg transforms=line_gutter,smart_crusher")
        async with asyncio.timeout(60):
            while "replay: block" not in caplog.text:
                await asyncio.sleep(0.1)
    assert "replay: -" in caplog.text and '"max_lossy_ratio":0.45' in caplog.text
    assert (flow.get_state(), decision(flow)) == before
    rig.set(mode="compress")
    assert decision(await rig.send()) == "mode_off", "the ledger knows of the first decision only"


@pytest.mark.parametrize("setting", ["home=/tmp", "no_such=1", "min_tokens=many"])
async def test_a_replay_refuses_what_it_cannot_set(rig: Rig, setting: str) -> None:
    await shown(rig)
    with pytest.raises(exceptions.CommandError, match=setting.partition("=")[0]):
        run(rig, f"headroom.replay @focus payg {setting}")


def test_every_command_says_what_it_does_and_what_it_takes(rig: Rig) -> None:
    commands = {name: c for name, c in rig.context.master.commands.commands.items() if name.startswith("headroom.")}
    assert {"headroom.explain", "headroom.bypass", "headroom.mode", "headroom.replay", "headroom.stats"} <= set(
        commands
    )
    assert all(found.help for found in commands.values())
    assert isinstance(commands["headroom.mode"].parameters[0].type, types.Choice), "so that it can be completed"
    assert run(rig, "headroom.mode.options") == ["compress", "shadow", "off"]
