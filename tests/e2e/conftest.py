"""Servers that are started once for all end-to-end tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from addon.command.stand_in import StandInUpstream
from tests.e2e.rig import Loop, Proxy, Trust, make_trust, proxy


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    running = Loop()
    yield running
    running.close()


@pytest.fixture(scope="session")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Trust:
    return make_trust(tmp_path_factory.mktemp("trust"))


@pytest.fixture(scope="session")
def upstream(loop: Loop, trust: Trust) -> Iterator[StandInUpstream]:
    server = StandInUpstream(tls=trust.server)
    loop.run(server.start())
    yield server
    loop.run(server.stop())


@pytest.fixture(scope="session")
def headroom(tmp_path_factory: pytest.TempPathFactory, upstream: StandInUpstream, trust: Trust) -> Iterator[Proxy]:
    """The proxy with its defaults but one: single requests with a history may be rewritten."""
    folder: Path = tmp_path_factory.mktemp("proxy")
    with proxy(folder, upstream, trust, "headroom_attach=rewrite") as running:
        yield running
