"""`/mcp`: the MCP tools over streamable HTTP. Only POST: there is nothing a server of ours would say unasked."""

import importlib
from typing import Any

import orjson

from addon.store.originals import Found, named_in
from addon.web.excerpt import Wanted, excerpt
from addon.web.exchange import Reply, Request, text
from addon.web.explain import explained
from addon.web.original import farewell, find
from addon.web.sources import Sources

_MISSING = "MCP needs the extra: pip install '.[mcp]' in the checkout\n"


def mcp(sources: Sources, request: Request) -> Reply:
    """One message of a client and its answer."""
    try:
        tools = tools_module()
    except ImportError:
        return text(_MISSING, 501)
    answers = tools.Answers(
        retrieve=lambda name, fields: retrieve(sources, name, fields),
        stats=lambda: orjson.dumps(sources.stats(), option=orjson.OPT_INDENT_2).decode(),
        explain=lambda name: _explain(sources, name, request),
    )
    reply: Reply = tools.reply(answers, request)
    return reply


def tools_module() -> Any:
    """The module that needs the SDK, which takes a second or two to load. Raises ImportError where it is missing."""
    return importlib.import_module("addon.web.mcp_tools")


def retrieve(sources: Sources, name: str, fields: dict[str, str]) -> str:
    """A part of an original as text, with what is left of it. Raises ValueError for a question that is none."""
    ids = named_in(f" {name} ")
    found = find(sources, next(iter(ids)) if len(ids) == 1 else name.strip())
    if not isinstance(found, Found):
        return farewell(found)
    part = excerpt(found.data, Wanted.parse(fields))
    shown = part.body.decode("utf-8", "replace")
    if part.rest is None:
        return shown
    end = "" if shown.endswith("\n") else "\n"
    skip = f", skip {part.rest.skip}" if part.rest.skip else ""
    return f"{shown}{end}[lines {part.rest.first}-{part.rest.last} of {part.total} left{skip}]\n"


def _explain(sources: Sources, name: str, request: Request) -> str:
    if name == "last" and not request.trusted:
        raise ValueError("last: with the token only (header Authorization: Bearer TOKEN); or give a request's id")
    name = (sources.recent.last() or "") if name == "last" else name
    record = sources.recent.get(name)
    if record is None:
        raise ValueError("no such request is known")
    return explained(name, record)
