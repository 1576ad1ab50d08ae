"""Two proxies on one Redis or Valkey server: a conversation may change between them, and survives its loss."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from addon.command.stand_in import StandInUpstream
from tests.addon.store.valkey_server import ValkeyServer
from tests.e2e.rig import Trust, proxy
from tests.e2e.test_sessions import post, recorded, through
from tests.laws.client_wire import normalised
from tests.laws.conversations import turns

pytestmark = pytest.mark.e2e


def test_a_conversation_that_changes_between_proxies_keeps_its_prefix(
    tmp_path: Path, upstream: StandInUpstream, trust: Trust, unused_tcp_port: int
) -> None:
    session = recorded("messages__claude_apikey_bulky")
    server = ValkeyServer(tmp_path, unused_tcp_port)
    server.start()
    store = f"headroom_store={server.url}"
    arrived: list[tuple[str, ...]] = []
    try:
        with (
            proxy(tmp_path / "one", upstream, trust, store) as one,
            proxy(tmp_path / "two", upstream, trust, store, "headroom_min_tokens=500") as two,
            through(one) as first,
            through(two) as second,
        ):
            requests = list(turns(session.body))
            for number, body in enumerate(requests):
                assert post((first, second)[number % 2], session, body).status_code == 200
                arrived.append(normalised(upstream.requests[-1].text))
            server.stop()
            response = post(first, session, requests[-1])
            log = json.loads(response.headers["x-headroom-routing-log"])
            assert any("redis" in failure for failure in log["failures"]) or log["decision"] == "replayed"
        saved = sum(map(len, normalised(requests[-1]))) - sum(map(len, arrived[-1]))
        for earlier, later in pairwise(arrived):
            assert later[: len(earlier)] == earlier
        assert saved > 0
        assert not (tmp_path / "one" / "home" / "originals").exists(), "a marker would name a file of one machine"
    finally:
        server.stop()
