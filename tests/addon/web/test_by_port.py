"""The loopback port: real sockets, well-behaved and other clients."""

import http.client
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from addon.web import by_port
from addon.web.by_port import PortServer
from tests.addon.web.rig import TOKEN, sources


@pytest.fixture
def server(tmp_path: Path, unused_tcp_port: int) -> Iterator[PortServer]:
    running = PortServer(sources(tmp_path), unused_tcp_port)
    yield running
    running.stop()


def raw(port: int, request: bytes) -> bytes:
    """What comes back on a socket of our own."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(request)
        return b"".join(iter(lambda: client.recv(65536), b""))


def test_it_serves_until_stopped_and_says_that_a_port_is_taken(tmp_path: Path, server: PortServer) -> None:
    address = f"http://127.0.0.1:{server.port}/metrics"
    with urllib.request.urlopen(address, timeout=5) as response:
        assert response.headers["content-type"].startswith("text/plain")
        assert response.read() == b"headroom_blocks_total 1.0\n"
    with pytest.raises(OSError):
        PortServer(sources(tmp_path), server.port)
    server.stop()
    with pytest.raises(OSError):
        urllib.request.urlopen(address, timeout=5)
    PortServer(sources(tmp_path), server.port).stop()


def test_it_listens_on_loopback_only(server: PortServer) -> None:
    socket.create_connection(("127.0.0.1", server.port), timeout=1).close()
    with pytest.raises(OSError):  # one that listens on every address of the machine is there, too
        socket.create_connection(("127.0.0.2", server.port), timeout=1)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_it_goes_by_its_own_names_with_its_own_port(server: PortServer, host: str) -> None:
    def status(name: str) -> bytes:
        return raw(server.port, f"GET /healthz HTTP/1.1\r\nHost: {name}\r\n\r\n".encode()).split(b" ", 2)[1]

    assert status(f"{host}:{server.port}") == b"200"
    assert status(host) == b"421"
    assert status(f"evil.example:{server.port}") == b"421"


def test_without_a_host_there_is_no_answer(server: PortServer) -> None:
    assert b" 421 " in raw(server.port, b"GET /stats HTTP/1.0\r\n\r\n").splitlines()[0]


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"Transfer-Encoding: chunked", b"411"),
        (b"Content-Length: -1", b"411"),
        (b"Content-Length: 99999999999", b"413"),
    ],
)
def test_a_body_whose_length_is_not_told_is_not_read(server: PortServer, head: bytes, status: bytes) -> None:
    own = f"Host: 127.0.0.1:{server.port}\r\n".encode()
    assert raw(server.port, b"POST /stats HTTP/1.1\r\n" + own + head + b"\r\n\r\n").split(b" ", 2)[1] == status


def test_the_token_works_there_too(server: PortServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    connection.request("GET", "/healthz", headers={"Authorization": f"Bearer {TOKEN}"})
    assert connection.getresponse().status == 200
    connection.close()


def test_clients_that_dawdle_take_no_more_than_their_places(
    server: PortServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    idle = [socket.create_connection(("127.0.0.1", server.port), timeout=5) for _ in range(by_port._MOST_CONNECTIONS)]
    for client in idle:
        client.sendall(b"GET /healthz HTT")
    with pytest.raises(OSError):
        urllib.request.urlopen(f"http://127.0.0.1:{server.port}/healthz", timeout=5)
    for client in idle:
        client.close()
