"""Whole sessions through a real mitmdump: killed, restarted and set otherwise on the way, or attached in the middle.

What arrives for one turn is a prefix of what arrives for the next, also where the provider checks that itself.
"""

import json
import shutil
import ssl
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import pytest

from addon.command.stand_in import StandInUpstream
from tests.e2e.binding_upstream import BindingUpstream
from tests.e2e.rig import ROOT, Loop, Proxy, Trust, proxy
from tests.laws.client_wire import normalised
from tests.laws.conversations import Body, turns
from tests.long_conversation import messages, responses
from tests.recorded import Recorded, bodies

pytestmark = pytest.mark.e2e

_SESSIONS = ("chat__qwen_bulky", "messages__claude_apikey_bulky", "responses__codex_apikey_ws426_bulky")
_PATHS = {"chat": "/v1/chat/completions", "messages": "/v1/messages", "responses": "/v1/responses"}
_HOSTS = {"chat": "api.openai.com", "messages": "api.anthropic.com", "responses": "api.openai.com"}
_TURNS_PER_LIFE = 3
_LIVES = ((), ("headroom_max_lossy_ratio=0",), ("headroom_mode=shadow",), ("headroom_min_tokens=500",))
"""Options of one mitmdump after the other."""


def recorded(name: str) -> Recorded:
    return next(body for body in bodies() if body.name == name)


def post(client: httpx.Client, session: Recorded, body: bytes) -> httpx.Response:
    """Send one turn, as the client that was recorded does."""
    kept = ("authorization", "x-api-key", "anthropic-version", "anthropic-beta", "user-agent")
    headers = {name: value for name, value in session.headers if name.lower() in kept}
    url = f"https://{_HOSTS[session.shape]}{_PATHS[session.shape]}"
    return client.post(url, content=body, headers={**headers, "content-type": "application/json"})


@contextmanager
def through(running: Proxy) -> Iterator[httpx.Client]:
    with httpx.Client(proxy=running.url, verify=running.client_context, timeout=30) as client:
        yield client


def check_prefix(upstream: StandInUpstream, lives: Iterable[AbstractContextManager[Proxy]]) -> set[str]:
    """Play three turns of each session through each of these proxies, which is killed then; returns how requests were
    decided on."""
    sessions = {session: list(turns(session.body)) for session in map(recorded, _SESSIONS)}
    arrived: dict[Recorded, list[tuple[str, ...]]] = {session: [] for session in sessions}
    decisions: set[str] = set()
    for life, start in enumerate(lives):
        first = life * _TURNS_PER_LIFE
        with start as running, through(running) as client:
            for session, requests in sessions.items():
                # The client has no answer to its last request when the proxy dies, and sends it again.
                for body in requests[max(0, first - 1) : first + _TURNS_PER_LIFE]:
                    response = post(client, session, body)
                    assert response.status_code == 200
                    arrived[session].append(normalised(upstream.requests[-1].text))
                    decisions.add(json.loads(response.headers["x-headroom-routing-log"])["decision"])
            running.process.kill()
    for session, requests in sessions.items():
        sent = arrived[session]
        assert len(sent[-1]) == len(normalised(requests[-1]))
        for number, earlier in enumerate(sent):
            assert all(later[: len(earlier)] == earlier for later in sent[number:])
    return decisions


def test_killed_and_restarted_with_other_options_every_third_turn_the_prefix_holds(
    tmp_path: Path, upstream: StandInUpstream, trust: Trust
) -> None:
    lives = (proxy(tmp_path, upstream, trust, *options) for options in _LIVES)
    assert "compressed" in check_prefix(upstream, lives)


def test_killed_and_restarted_with_another_version_every_third_turn_the_prefix_holds(
    tmp_path: Path, upstream: StandInUpstream, trust: Trust
) -> None:
    """One that decides otherwise and has other words for it."""
    other = other_version(tmp_path / "checkout")

    def lives() -> Iterator[AbstractContextManager[Proxy]]:
        yield proxy(tmp_path, upstream, trust)
        yield proxy(tmp_path, upstream, trust, root=other)
        yield proxy(tmp_path, upstream, trust)
        yield proxy(tmp_path, upstream, trust, root=other)

    assert {"compressed", "made_smaller"} <= check_prefix(upstream, lives())


def other_version(root: Path) -> Path:
    """A copy of the program with a few of the transforms, and with a word for a reason that this version lacks."""
    for package in ("addon", "transforms"):
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    for path, before, after in (
        ("transforms/reasons.py", 'COMPRESSED = "compressed"', 'COMPRESSED = "made_smaller"'),
        ("transforms/catalog.py", "\n\n\ndef with_scorer", "\nTRANSFORMS = TRANSFORMS[-7:-2]\n\n\ndef with_scorer"),
    ):
        text = (root / path).read_text()
        assert before in text
        (root / path).write_text(text.replace(before, after))
    return root


def test_attached_at_turn_10_what_was_sent_before_stays_as_it_was(
    tmp_path: Path, upstream: StandInUpstream, trust: Trust
) -> None:
    with proxy(tmp_path, upstream, trust) as running, through(running) as client:
        for shape, write in (("messages", messages), ("responses", responses)):
            before = normalised(write(10))
            headers = {"authorization": "Bearer sk-test", "content-type": "application/json"}
            for turn in range(11, 21):
                url = f"https://{_HOSTS[shape]}{_PATHS[shape]}"
                assert client.post(url, content=write(turn), headers=headers).status_code == 200
                now = normalised(upstream.requests[-1].text)
                assert now[: len(before)] == before
                before = now
            assert len(upstream.requests[-1].text) < 0.9 * len(write(20)), "later outputs are rewritten"


@pytest.mark.parametrize("name", _SESSIONS)
def test_attached_in_the_middle_what_was_sent_before_arrives_as_the_client_has_it(
    tmp_path: Path, upstream: StandInUpstream, trust: Trust, name: str
) -> None:
    session = recorded(name)
    requests = list(turns(session.body))
    middle = len(requests) // 2
    with httpx.Client(verify=ssl.create_default_context(cafile=trust.authority)) as client:
        for body in requests[:middle]:
            client.post(f"{upstream.url}{_PATHS[session.shape]}", content=body)
    before = normalised(upstream.requests[-1].text)
    with proxy(tmp_path, upstream, trust) as running, through(running) as client:
        for body in requests[middle:]:
            post(client, session, body)
            now = normalised(upstream.requests[-1].text)
            assert now[: len(before)] == before
            before = now
    assert len(upstream.requests[-1].text) < len(requests[-1]), "later outputs are rewritten"


class ThinkingClient:
    """Plays a recorded session of Claude Code against a model that signs its thinking, and carries the signatures."""

    def __init__(self, session: Recorded) -> None:
        self._session = session
        self._signatures: dict[int, str] = {}
        """By the position of the model's message."""
        self.turns: list[Body] = [{**json.loads(body), "stream": False} for body in turns(session.body)]

    def play(self, client: httpx.Client, first: int, last: int, url: str = "") -> list[int]:
        """Send turns and take the answers' signatures; returns the status of each."""
        statuses = []
        for turn in self.turns[first:last]:
            body = json.dumps({**turn, "messages": [*map(self._signed, enumerate(turn["messages"]))]}).encode()
            response = client.post(url, content=body) if url else post(client, self._session, body)
            statuses.append(response.status_code)
            if response.status_code == httpx.codes.OK:
                self._signatures[len(turn["messages"])] = response.json()["content"][0]["signature"]
        return statuses

    def _signed(self, numbered: tuple[int, Body]) -> Body:
        at, message = numbered
        if not isinstance(message["content"], list):
            return message
        given = {"signature": self._signatures[at]} if at in self._signatures else {}
        return {**message, "content": [b | given if b["type"] == "thinking" else b for b in message["content"]]}


@pytest.fixture
def binding(loop: Loop, trust: Trust, unused_tcp_port: int) -> Iterator[BindingUpstream]:
    async def make() -> BindingUpstream:
        server = BindingUpstream(trust, unused_tcp_port)
        await server.start()
        return server

    server = loop.run(make())
    yield server
    loop.run(server.stop())


def test_thinking_that_is_bound_to_the_conversation_stays_valid(
    tmp_path: Path, binding: BindingUpstream, trust: Trust
) -> None:
    """Over a restart, and with rewrites in the conversation."""
    session = ThinkingClient(recorded("messages__claude_apikey_bulky"))
    statuses: list[int] = []
    for first, last in ((0, 5), (5, 9)):
        with proxy(tmp_path, binding.port, trust) as running, through(running) as client:
            statuses += session.play(client, first, last)
            running.process.kill()
    assert statuses == [200] * 9
    assert len(binding.bodies[-1]) < len(json.dumps(session.turns[-1]).encode())


def test_attached_in_the_middle_thinking_stays_valid(tmp_path: Path, binding: BindingUpstream, trust: Trust) -> None:
    session = ThinkingClient(recorded("messages__claude_apikey_bulky"))
    directly = f"https://127.0.0.1:{binding.port}/v1/messages"
    with httpx.Client(verify=ssl.create_default_context(cafile=trust.authority)) as client:
        assert session.play(client, 0, 4, directly) == [200] * 4
    with proxy(tmp_path, binding.port, trust) as running, through(running) as client:
        assert session.play(client, 4, 9) == [200] * 5


def test_thinking_behind_rewritten_history_is_refused(tmp_path: Path, binding: BindingUpstream, trust: Trust) -> None:
    """What the two tests above would look like if they failed: other bytes in front of a signed block are a 400."""
    session = ThinkingClient(recorded("messages__claude_apikey_bulky"))
    with proxy(tmp_path, binding.port, trust) as running, through(running) as client:
        assert session.play(client, 0, 5) == [200] * 5
        running.process.kill()
    shutil.rmtree(tmp_path / "home")
    options = "headroom_attach=rewrite", "headroom_max_lossy_ratio=0"
    with proxy(tmp_path, binding.port, trust, *options) as running, through(running) as client:
        assert session.play(client, 5, 6) == [400]
    assert binding.refused == 1
