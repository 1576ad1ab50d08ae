"""Turn 500 of a conversation of 2 MB costs little more than turn 10: CPU of mitmdump and its workers, all told."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from addon.command.stand_in import StandInUpstream
from tests.e2e.rig import Proxy, Trust, proxy
from tests.e2e.test_sessions import through
from tests.long_conversation import messages, responses

pytestmark = pytest.mark.e2e

EARLY, LATE = 10, 490
MOST = 3.0
"""Times the CPU of an early turn, for the same new bytes; 1.6 to 2.1 was measured."""
ROUNDS, TURNS = 4, 8
"""The least of the rounds counts: a busy machine makes single ones dearer, none cheaper."""
_LEAST = 8.0
"""Milliseconds that an early turn is taken to cost: it is a difference of two small figures of a coarse clock."""
_WARM_UP = 3
_SHAPES: dict[str, tuple[str, dict[str, str], Callable[[int], bytes]]] = {
    "messages": ("https://api.anthropic.com/v1/messages", {"x-api-key": "sk-ant-api03-test"}, messages),
    "responses": ("https://api.openai.com/v1/responses", {"authorization": "Bearer sk-test"}, responses),
}


class Agent:
    """A client with one conversation, behind a proxy whose CPU time it reads."""

    def __init__(self, shape: str, running: Proxy, client: httpx.Client, upstream: StandInUpstream) -> None:
        self._url, self._headers, self._body = _SHAPES[shape]
        self._process = psutil.Process(running.process.pid)
        self._client = client
        self._upstream = upstream

    def send(self, turn: int) -> None:
        headers = {**self._headers, "content-type": "application/json"}
        body = self._body(turn)
        assert self._client.post(self._url, content=body, headers=headers).status_code == 200
        self.sent = len(self._upstream.requests.pop().body) / len(body)
        self._upstream.requests.clear()

    def seconds(self, first: int) -> float:
        """CPU of `TURNS` turns from this one on."""
        before = self._cpu()
        for turn in range(first, first + TURNS):
            self.send(turn)
        return self._cpu() - before

    def _cpu(self) -> float:
        times = [process.cpu_times() for process in (self._process, *self._process.children(recursive=True))]
        return sum(float(spent.user + spent.system) for spent in times)


@pytest.fixture(scope="module")
def proxies(
    tmp_path_factory: pytest.TempPathFactory, upstream: StandInUpstream, trust: Trust
) -> Iterator[tuple[Proxy, Proxy]]:
    """One with the addon, and a bare mitmdump."""
    folder: Path = tmp_path_factory.mktemp("turn_cost")
    with (
        proxy(folder / "ours", upstream, trust, "headroom_attach=rewrite") as ours,
        proxy(folder / "bare", upstream, trust, addon=False) as bare,
    ):
        yield ours, bare


@pytest.mark.parametrize("shape", _SHAPES)
def test_a_late_turn_costs_at_most_three_times_an_early_one_above_bare_mitmdump(
    proxies: tuple[Proxy, Proxy], upstream: StandInUpstream, shape: str
) -> None:
    ours, bare = proxies
    own: dict[int, float] = {}
    with through(ours) as our_client, through(bare) as bare_client:
        agents = Agent(shape, ours, our_client, upstream), Agent(shape, bare, bare_client, upstream)
        for first in (EARLY, LATE):
            for turn in range(first - _WARM_UP, first):
                for agent in agents:
                    agent.send(turn)
            rounds = range(first, first + ROUNDS * TURNS, TURNS)
            with_addon, without = (min(agent.seconds(turn) for turn in rounds) for agent in agents)
            own[first] = (with_addon - without) / TURNS * 1000
        print(own)
        assert agents[0].sent < 0.9 < agents[1].sent == 1
    assert own[LATE] <= MOST * max(own[EARLY], _LEAST), f"{own[EARLY]:.1f} ms early, {own[LATE]:.1f} ms late"
