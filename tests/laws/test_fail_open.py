"""Law 1: whatever function of ours raises, the client's own bytes go on and the response comes back."""

import asyncio
import importlib
import inspect
import pkgutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any

import pytest
from mitmproxy import http
from mitmproxy.test import taddons, tflow, tutils

import addon as addon_package
import transforms as transforms_package
from addon import hooks
from addon.hooks import Headroom
from tests.addon.direct_pool import DirectPool
from tests.laws.conversations import restored, turns
from tests.recorded import Recorded, bodies

_WHOLE = next(body for body in bodies() if body.name.startswith("chat__mini_swe"))
RECORDED = Recorded(_WHOLE.name, list(turns(_WHOLE.body))[4])
"""A conversation's beginning: the same functions run as for all of it, in less time."""
ANSWER = b'{"id":"x","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":1}}'
_OFF_THE_WAY = (
    "addon.command",
    "addon.fail_open",
    "addon.headroom",
    "addon.hooks",
    "addon.settings",
    "transforms.catalog",
    "addon.workers.worker_pool",
)
"""Not on the way of a request, or driven by the test itself."""
_BEHIND_ONE_SEAM = tuple(
    f"transforms.{p}." for p in ["diffs", "listings", "logs", "lossy", "pages", "records", "runs", "search", "terminal"]
)
"""Insides of single transforms: one seam is around them all, and a few of them stand for the others."""
MODULES: tuple[ModuleType, ...] = tuple(
    importlib.import_module(found.name)
    for package in (addon_package, transforms_package)
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if not found.ispkg and not found.name.startswith(_OFF_THE_WAY + _BEHIND_ONE_SEAM)
)


class Panic(BaseException):
    """As native libraries raise it."""


def targets() -> Iterator[tuple[Any, str]]:
    """Every function and method of our own modules on the way of a request, and where it is looked up."""
    for module in MODULES:
        for name, value in vars(module).items():
            if getattr(value, "__module__", None) != module.__name__:
                continue
            if inspect.isfunction(value):
                yield module, name
            elif inspect.isclass(value) and not issubclass(value, BaseException):
                yield from (
                    (value, n)
                    for n, member in vars(value).items()
                    if inspect.isfunction(member) and not n.startswith("__")
                )
    yield from ((Headroom, name) for name in ("_decide", "_apply", "_untouched"))


TARGETS = {f"{owner.__name__}.{name}": (owner, name) for owner, name in targets()}
OUTSIDE_TRANSFORMS = [
    name for name, (owner, _) in TARGETS.items() if getattr(owner, "__module__", owner.__name__).startswith("addon.")
]
"""Within a transform a `ValueError` may be its own way to decline, which is no fault."""


async def exchange(addon: Headroom, body: Recorded) -> http.HTTPFlow:
    """One request and its response, as mitmproxy would call the hooks."""
    flow = tflow.tflow(
        req=tutils.treq(method=b"POST", host="api.openai.com", path=b"/v1/chat/completions", content=body.body)
    )
    flow.live = True
    flow.request.headers["content-type"] = "application/json"
    flow.request.headers["authorization"] = "Bearer sk-test"
    await addon.request(flow)
    flow.response = http.Response.make(200, b"", {"content-type": "application/json"})
    flow.response.raw_content = None
    addon.responseheaders(flow)
    stream = flow.response.stream
    for chunk in (ANSWER[:20], ANSWER[20:]):
        assert not callable(stream) or stream(chunk) == chunk
    addon.response(flow)
    return flow


@contextmanager
def configured(home: Path) -> Iterator[Headroom]:
    """The addon with a worker in this process."""
    headroom = Headroom()
    pool = DirectPool()
    headroom._pool = pool  # type: ignore[assignment]  # the same methods
    with taddons.context(headroom) as context:
        context.configure(headroom, headroom_home=str(home), headroom_attach="rewrite", headroom_time_budget_ms="20000")
        yield headroom
        pool.stop()


@pytest.fixture
def addon(tmp_path: Path) -> Iterator[Headroom]:
    with configured(tmp_path) as headroom:
        yield headroom


@pytest.fixture(scope="module")
def on_the_way(tmp_path_factory: pytest.TempPathFactory) -> frozenset[CodeType]:
    """The functions that the request and its replay call: a fault in any other one is none in them."""
    called: set[CodeType] = set()

    def note(frame: FrameType, _event: str, _argument: object) -> None:
        called.add(frame.f_code)

    async def twice() -> None:
        await exchange(headroom, RECORDED)
        await exchange(headroom, RECORDED)

    with configured(tmp_path_factory.mktemp("on_the_way")) as headroom:
        threading.setprofile_all_threads(note)
        try:
            asyncio.run(twice())
        finally:
            threading.setprofile_all_threads(None)
    return frozenset(called)


def test_hundreds_of_functions_are_on_the_way(on_the_way: frozenset[CodeType]) -> None:
    assert sum(code_of(*target) in on_the_way for target in TARGETS.values()) > 250


def code_of(owner: Any, attribute: str) -> CodeType:
    code: CodeType = inspect.unwrap(getattr(owner, attribute)).__code__
    return code


async def test_without_a_fault_the_request_gets_smaller_and_the_response_is_read(addon: Headroom) -> None:
    flow = await exchange(addon, RECORDED)
    assert len(flow.request.raw_content or b"") < len(RECORDED.body)
    assert flow.metadata["headroom"]["usage"]["input_tokens"] == 10
    assert flow.response is not None
    assert flow.response.raw_content == ANSWER
    assert "x-headroom-routing-log" in flow.response.headers


@pytest.mark.parametrize(
    ("name", "error"),
    [(name, Panic) for name in TARGETS] + [(name, ValueError) for name in OUTSIDE_TRANSFORMS],
)
async def test_a_function_that_raises_costs_the_saving_and_nothing_else(
    tmp_path: Path,
    on_the_way: frozenset[CodeType],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    error: type[BaseException],
) -> None:
    owner, attribute = TARGETS[name]
    if code_of(owner, attribute) not in on_the_way:
        return

    def broken(*_args: object, **_keywords: object) -> object:
        raise error("broken")

    with configured(tmp_path) as addon:
        wanted = getattr(owner, attribute)
        for place in (owner, *(m for m in (*MODULES, hooks) if getattr(m, attribute, None) is wanted)):
            monkeypatch.setattr(place, attribute, broken)
        flow = await exchange(addon, RECORDED)
        sent = flow.request.raw_content
        monkeypatch.undo()
        assert sent is not None
        if sent != RECORDED.body:
            assert restored(sent, RECORDED.body) == RECORDED.body
            later = await exchange(addon, RECORDED)
            assert later.request.raw_content == sent, "what left under the fault is replayed"


async def test_cancelling_a_request_under_way_is_not_swallowed(
    addon: Headroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forever(*_: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(addon._pool, "run", forever)
    task = asyncio.create_task(exchange(addon, RECORDED))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
