"""`headroom-mitm mcp`: the MCP tools over stdio, for clients that start their servers themselves.

Originals are read from the state folder, with or without a proxy; figures and decisions are asked of the proxy that
runs on this folder, at its loopback port.
"""

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import ProxyHandler, Request, build_opener

from addon.settings import BadSetting, Settings
from addon.web.beacon import announced
from addon.web.mcp_page import retrieve, tools_module
from addon.web.recent import Recent
from addon.web.sources import Sources

_SECONDS = 10
_MISSING = "MCP needs the extra: pip install '.[mcp]' in the checkout"
_NO_PROXY = "no proxy with headroom_port runs on the state folder {}"


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Serve stdin and stdout until stdin ends."""
    parser = argparse.ArgumentParser(prog="headroom-mitm mcp", description=__doc__, allow_abbrev=False)
    parser.parse_args(arguments)
    try:
        settings = Settings.of_environment(environ)
        tools = tools_module()
    except (BadSetting, ImportError) as error:
        print(f"{parser.prog}: {_MISSING if isinstance(error, ImportError) else error}", file=sys.stderr)
        return 1
    asyncio.run(_serve(tools, settings))
    return 0


async def _serve(tools: Any, settings: Settings) -> None:
    sources = Sources(lambda: settings.home, lambda: "", lambda: b"", dict, Recent())
    answers = tools.Answers(
        retrieve=lambda name, fields: retrieve(sources, name, fields),
        stats=lambda: _ask(settings, "/stats"),
        explain=lambda name: _ask(settings, f"/r/{quote(name, safe='')}?format=text"),
    )
    await tools.over_stdio(answers)


def _ask(settings: Settings, target: str) -> str:
    """What the running proxy says. Raises ValueError."""
    for port, key in announced(settings.home).items():  # not the token: whoever is there may be somebody else by now
        request = Request(f"http://127.0.0.1:{port}{target}", headers={"authorization": f"Bearer {key}"})
        try:
            with build_opener(ProxyHandler({})).open(request, timeout=_SECONDS) as response:
                return str(response.read().decode("utf-8", "replace"))
        except HTTPError as error:
            with error:
                raise ValueError(error.read().decode("utf-8", "replace").strip()) from None
        except (URLError, OSError):
            continue
    raise ValueError(_NO_PROXY.format(settings.home))
