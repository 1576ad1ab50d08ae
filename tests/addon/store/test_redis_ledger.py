"""Several proxies on one Redis or Valkey server: the first decision stands, and a server in trouble holds nobody up."""

import time
from collections.abc import Callable, Iterator

import pytest

from addon.store.ledger import Decision, FrontedLedger, LedgerUnavailable, key
from addon.store.redis_ledger import RedisLedger, shown
from tests.addon.store.valkey_server import ValkeyServer
from transforms.contract import Loss
from transforms.reasons import Reason

REWRITE = Decision(
    "short \ud800 text", "log_folder", Loss.LOSSLESS, 100, 40, Reason.COMPRESSED, (b"8 bytes.", b"8 more..")
)
KEEP = Decision(None, "none", None, 100, 100, Reason.TOO_SMALL)
ONE, TWO = key("call_1", 0, "text"), key("call_1", 1, "text")
LONGEST_WAIT = 1.5
"""Seconds, on a busy machine too."""

type Opener = Callable[[], RedisLedger]


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, unused_tcp_port_factory: Callable[[], int]
) -> Iterator[ValkeyServer]:
    started = ValkeyServer(tmp_path_factory.mktemp("v"), unused_tcp_port_factory())
    started.start()
    yield started
    started.stop()


@pytest.fixture
def server(running: ValkeyServer) -> ValkeyServer:
    """The server, empty."""
    with running.client() as client:
        client.flushall()
    return running


@pytest.fixture
def opened(server: ValkeyServer) -> Iterator[Opener]:
    ledgers: list[RedisLedger] = []

    def open_one() -> RedisLedger:
        ledgers.append(RedisLedger(server.url))
        return ledgers[-1]

    yield open_one
    for ledger in ledgers:
        ledger.close()


@pytest.fixture(autouse=True)
def patient(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine under load is no slow server, but where a test is about that."""
    if "server_that_" not in request.node.name and "without_it" not in request.node.name:
        monkeypatch.setattr("addon.store.redis_ledger._WAIT", 10.0)
        monkeypatch.setattr("addon.store.redis_ledger._LATEST", 9.0)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pause after a failure, shortened."""
    monkeypatch.setattr("addon.store.redis_ledger._PAUSE", 0.05)


def refused_quickly(work: Callable[[], object]) -> float:
    """Seconds after which `work` says that the ledger is unavailable."""
    started = time.monotonic()
    with pytest.raises(LedgerUnavailable):
        work()
    return time.monotonic() - started


def test_the_first_writer_wins_and_is_told_to_the_second(opened: Opener) -> None:
    first, second = opened(), opened()
    assert first.record({ONE: REWRITE}) == {ONE: REWRITE}
    assert second.record({ONE: KEEP, TWO: KEEP}) == {ONE: REWRITE, TWO: KEEP}
    assert first.recall([ONE, TWO, b"missing"]) == {ONE: REWRITE, TWO: KEEP}


def test_a_server_is_reached_by_its_socket_too(server: ValkeyServer) -> None:
    ledger = RedisLedger(server.socket_url)
    assert ledger.record({ONE: REWRITE}) == {ONE: REWRITE}
    ledger.close()


def test_a_whole_history_is_recorded_at_once(opened: Opener) -> None:
    many = {key("call", number, ""): KEEP for number in range(2000)}
    assert opened().record(many) == many


def test_what_is_used_lives_on_and_what_is_not_ends(server: ValkeyServer, opened: Opener) -> None:
    ledger = opened()
    ledger.record({ONE: REWRITE, TWO: KEEP})
    with server.client() as client:
        for name in client.keys("headroom:decision:*"):
            client.expire(name, 100)
        ledger.recall([ONE])
        left = sorted(client.ttl(name) for name in client.keys("headroom:decision:*"))
    assert left[0] <= 100
    assert left[1] > 29 * 86_400


def test_a_server_that_is_gone_holds_the_first_request_shortly_and_the_next_not_at_all(
    server: ValkeyServer, opened: Opener
) -> None:
    ledger = opened()
    ledger.record({ONE: REWRITE})
    server.stop()
    try:
        assert refused_quickly(lambda: ledger.recall([TWO])) < LONGEST_WAIT
        assert refused_quickly(lambda: ledger.recall([TWO])) < 0.1
    finally:
        server.start()


def test_a_server_that_stalls_holds_the_first_request_shortly_and_the_next_not_at_all(
    server: ValkeyServer, opened: Opener
) -> None:
    ledger, other = opened(), opened()
    ledger.record({ONE: REWRITE})
    server.stall()
    try:
        assert refused_quickly(lambda: ledger.recall([TWO])) < LONGEST_WAIT
        assert refused_quickly(lambda: ledger.recall([TWO])) < 0.1
        assert refused_quickly(lambda: other.recall([TWO])) < LONGEST_WAIT, "a new connection"
    finally:
        server.go_on()


@pytest.mark.usefixtures("impatient")
def test_a_server_that_comes_back_is_used_again(server: ValkeyServer, opened: Opener) -> None:
    ledger = opened()
    ledger.record({ONE: REWRITE})
    server.stop()
    refused_quickly(lambda: ledger.record({TWO: KEEP}))
    server.start()
    time.sleep(0.1)
    assert ledger.record({TWO: KEEP}) == {TWO: KEEP}


@pytest.mark.usefixtures("impatient")
def test_a_decision_whose_request_left_without_it_is_not_recorded_later(server: ValkeyServer, opened: Opener) -> None:
    """The server does what it was asked when it goes on, but by then the client's own bytes have left."""
    ledger = opened()
    ledger.recall([ONE])
    server.stall()
    refused_quickly(lambda: ledger.record({ONE: REWRITE}))
    server.go_on()
    time.sleep(0.1)
    assert opened().recall([ONE]) == {}


@pytest.mark.usefixtures("impatient")
def test_the_memory_answers_for_what_it_holds_while_the_server_is_gone(server: ValkeyServer) -> None:
    ledger = FrontedLedger(RedisLedger(server.url))
    ledger.record({ONE: REWRITE})
    server.stop()
    try:
        assert ledger.recall([ONE]) == {ONE: REWRITE}
        with pytest.raises(LedgerUnavailable) as caught:
            ledger.recall([ONE, TWO])
        assert caught.value.known == {ONE: REWRITE}
    finally:
        server.start()
        ledger.close()


def test_a_full_server_is_read_and_not_written(server: ValkeyServer, opened: Opener) -> None:
    ledger = opened()
    ledger.record({ONE: REWRITE})
    with server.client() as client:
        client.config_set("maxmemory", "1")
        try:
            assert ledger.recall([ONE]) == {ONE: REWRITE}
            with pytest.raises(LedgerUnavailable, match="maxmemory"):
                ledger.record({TWO: KEEP})
        finally:
            client.config_set("maxmemory", "0")


def test_a_newer_schema_is_left_alone(server: ValkeyServer, opened: Opener) -> None:
    with server.client() as client:
        client.set("headroom:schema", 99)
    with pytest.raises(LedgerUnavailable, match="newer version"):
        opened().recall([ONE])


def test_what_is_none_of_ours_is_an_unavailable_ledger_not_a_crash(server: ValkeyServer, opened: Opener) -> None:
    with server.client() as client:
        client.set(b"headroom:decision:" + ONE, b"{}")
        client.lpush(b"headroom:decision:" + TWO, b"x")
    with pytest.raises(LedgerUnavailable):
        opened().recall([ONE])
    with pytest.raises(LedgerUnavailable):
        opened().record({TWO: KEEP})


def test_the_password_of_a_store_is_not_shown() -> None:
    assert shown("redis://user:secret@db.example:6380/1?x=y") == "redis://db.example:6380/1"
    with pytest.raises(LedgerUnavailable) as caught:
        RedisLedger("redis://:secret@127.0.0.1:1").recall([ONE])
    assert "secret" not in str(caught.value)
