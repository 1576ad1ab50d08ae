"""Commands for mitmproxy's console and mitmweb's command bar: explain, replay, stats, mode, bypass.

https://docs.mitmproxy.org/stable/concepts/commands/. What they change they change by options, so that it is seen there.
"""

# mypy: disable-error-code="untyped-decorator"
# mitmproxy's decorators have no types

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mitmproxy import command, ctx, exceptions, http, types
from mitmproxy import flow as mitmproxy_flow

from addon import sinks
from addon.dashboard.stats import lines
from addon.event_log import LOGGER
from addon.setting_values import LogLevel, Mode
from addon.settings import PREFIX, BadSetting, Settings, named_value, option_names
from addon.views.content_view import original_body
from addon.views.request_text import decisions
from addon.wire.body_codecs import BODY_LIMIT, BadEncoding, codec_for
from addon.wire.clients import classify
from addon.workers.apart import AS_NEW, FIXED, decide_apart
from addon.workers.worker_pool import NoWorker
from transforms.compression_policy import AuthMode

_SECONDS = 20.0
"""For a replay; nobody's request waits for it."""
_OPTION_OF = {"client": "exclude_clients", "tool": "exclude_tools"}


class HeadroomCommands:
    """An addon of its own within the addon, which has the commands and nothing else."""

    def __init__(self, stats: Callable[[], Mapping[str, Any]], raw: Callable[[], Mapping[str, str]]) -> None:
        self._stats = stats
        self._raw = raw
        self._replays: set[asyncio.Task[None]] = set()

    @command.command("headroom.explain")
    def explain(self, flow: mitmproxy_flow.Flow) -> Sequence[str]:
        """What was decided for a request and why, and what was left out of which tool result."""
        log = flow.metadata.get(sinks.METADATA)
        if not isinstance(flow, http.HTTPFlow) or not isinstance(log, dict):
            raise exceptions.CommandError("headroom has not looked at this flow: no POST with a JSON body")
        try:
            told = decisions(flow.comment, log, _sent_body(flow), original_body(flow))
        except (ValueError, BadEncoding):  # no conversation: the decision is all there is
            told = [f"summary: {flow.comment}"]
        return [f"flow: {_named(flow)}", *told]

    @command.command("headroom.stats")
    def show_stats(self) -> Sequence[str]:
        """What was saved, whether the cache held, what was left alone, how long requests were held."""
        return lines(self._stats())

    @command.command("headroom.mode")
    @command.argument("mode", type=types.Choice("headroom.mode.options"))
    def set_mode(self, mode: str) -> str:
        """Switch between compress, shadow and off; the same as the option headroom_mode."""
        ctx.options.update(headroom_mode=mode)
        return f"headroom: mode {mode}"

    @command.command("headroom.mode.options")
    def modes(self) -> Sequence[str]:
        """The modes there are."""
        return list(Mode)

    @command.command("headroom.bypass")
    @command.argument("kind", type=types.Choice("headroom.bypass.options"))
    def bypass(self, kind: str, name: str) -> str:
        """Decide nothing new for a client or a tool any more; the same again takes that back."""
        option = PREFIX + _OPTION_OF[kind]
        named = [word.strip() for word in str(getattr(ctx.options, option) or "").split(",") if word.strip()]
        taken_back = name in named
        kept = [word for word in named if word != name] if taken_back else [*named, name]
        try:
            ctx.options.update(**{option: ",".join(kept)})
        except exceptions.OptionsError as error:
            raise exceptions.CommandError(str(error)) from None
        return f"headroom: {kind} {name} is {'looked at again' if taken_back else 'left alone'} ({option})"

    @command.command("headroom.bypass.options")
    def bypass_kinds(self) -> Sequence[str]:
        """What can be left alone."""
        return list(_OPTION_OF)

    @command.command("headroom.replay")
    @command.argument("policy", type=types.Choice("headroom.replay.options"))
    def replay(self, flow: mitmproxy_flow.Flow, policy: str, *settings: str) -> str:
        """Say in the event log what another policy would have done; NAME=VALUE sets options. Changes nothing."""
        if not isinstance(flow, http.HTTPFlow) or flow.request.raw_content is None:
            raise exceptions.CommandError("this flow holds no request body")
        try:
            body = original_body(flow) or _sent_body(flow)
            given = self._replay_settings(settings)
            Settings.parse(given)
        except (BadSetting, BadEncoding) as error:
            raise exceptions.CommandError(str(error)) from None
        client = classify({name.lower(): value for name, value in flow.request.headers.items()}).client
        auth_mode = None if policy == "unknown" else AuthMode(policy)
        task = asyncio.get_running_loop().create_task(_replay(body, client, auth_mode, given))
        self._replays.add(task)
        task.add_done_callback(self._replays.discard)
        return f"headroom: replaying {_named(flow)}; the outcome stands in the event log in a moment"

    @command.command("headroom.replay.options")
    def policies(self) -> Sequence[str]:
        """The policies there are, by auth mode."""
        return [*AuthMode, "unknown"]

    def _replay_settings(self, settings: Sequence[str]) -> dict[str, str]:
        given = {**self._raw(), **AS_NEW, "policy_enforcement": "on"}
        for setting in settings:
            name, value = named_value(setting)
            if name not in set(option_names()) - FIXED:
                raise exceptions.CommandError(f"not an option for a replay: {name}")
            given[name] = value
        return {**given, "home": "/"}


async def _replay(body: bytes, client: str, auth_mode: AuthMode | None, settings: dict[str, str]) -> None:
    """Decide the request in a process and a state folder of its own, both gone afterwards, and log the outcome."""
    try:
        outcome = await decide_apart(body, client, auth_mode, settings, _SECONDS)
    except NoWorker as error:
        LOGGER.warning("headroom: replay: %s", error)
        return
    for line in sinks.log_lines(outcome.log, LogLevel.DEBUG):
        LOGGER.info("headroom: replay: %s", line.text.removeprefix("headroom: "))


def _named(flow: http.HTTPFlow) -> str:
    """Which flow it is: mitmweb does not say which one is selected there, and takes the first for the focused one."""
    return f"{flow.id} ({flow.request.method} {flow.request.pretty_url})"


def _sent_body(flow: http.HTTPFlow) -> bytes:
    codec = codec_for(flow.request.headers.get("content-encoding", ""))
    return codec.decode(flow.request.raw_content or b"", BODY_LIMIT)
