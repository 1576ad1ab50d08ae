"""The addon in a mitmproxy context, with a worker in this process, and flows for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mitmproxy import http
from mitmproxy.test import taddons, tflow, tutils

from addon.hooks import Headroom
from tests.addon.direct_pool import DirectPool
from tests.addon.socket_rig import Socket
from tests.recorded import bodies

BODY = next(body.body for body in bodies() if body.name.startswith("chat__sdkpy"))


class Rig:
    """What hooks are called through."""

    def __init__(self, home: Path, context: taddons.context, **settings: str) -> None:
        self.addon = Headroom()
        self.pool = DirectPool()
        self.addon._pool = self.pool  # type: ignore[assignment]  # the same methods
        self.context = context
        context.master.addons.add(self.addon)
        self.set(home=str(home), time_budget_ms="20000", **settings)

    def set(self, **values: str) -> None:
        self.context.configure(self.addon, **{f"headroom_{name}": value for name, value in values.items()})

    async def send(self, body: bytes = BODY, host: str = "api.openai.com", **headers: str) -> http.HTTPFlow:
        flow = a_flow(body, host, **headers)
        await self.addon.request(flow)
        return flow

    async def socket(self, **headers: str) -> Socket:
        return await Socket(self.addon, **headers).open()


@contextmanager
def rigged(home: Path, *addons: object, **settings: str) -> Iterator[Rig]:
    """With further addons, and with these settings."""
    with taddons.context(*addons) as context:
        rig = Rig(home, context, **settings)
        yield rig
        rig.pool.stop()


def a_flow(body: bytes = BODY, host: str = "api.openai.com", **headers: str) -> http.HTTPFlow:
    flow = tflow.tflow(req=tutils.treq(method=b"POST", host=host, path=b"/v1/chat/completions", content=body))
    flow.live = True
    flow.request.headers["content-type"] = "application/json"
    for name, value in headers.items():
        flow.request.headers[name.replace("_", "-")] = value
    return flow


def decision(flow: http.HTTPFlow) -> str | None:
    data: dict[str, Any] = flow.metadata.get("headroom", {})
    return data.get("decision")
