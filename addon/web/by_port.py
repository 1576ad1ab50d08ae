"""The way in for browsers, agents' shells and Prometheus: a small HTTP server on a loopback port.

One thread a connection and one request a connection, both bounded; a client that dawdles is let go.
"""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from threading import BoundedSemaphore, Thread
from typing import Any

from addon.routing_log import VERSION
from addon.web.exchange import BODY_LIMIT, Reply, Request, text
from addon.web.routes import answer
from addon.web.sources import Sources
from addon.wire.hosts import LOOPBACK

_MOST_CONNECTIONS = 32
_SECONDS = 10.0
"""How long a client may take to say what it wants, and to take the reply."""


class PortServer:
    """Serves the site at http://127.0.0.1:PORT/ until stopped. Raises OSError when the port is taken."""

    def __init__(self, sources: Sources, port: int) -> None:
        self._server = _Server((LOOPBACK, port), sources)
        self.port: int = self._server.server_address[1]
        self._thread = Thread(target=self._server.serve_forever, name=f"headroom port {port}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(2)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], sources: Sources) -> None:
        self.sources = sources
        self.places = BoundedSemaphore(_MOST_CONNECTIONS)
        super().__init__(address, _Handler)

    @property
    def names(self) -> frozenset[str]:
        """How clients of this machine call it."""
        return frozenset(f"{name}:{self.server_address[1]}" for name in (LOOPBACK, "localhost", "[::1]"))

    def process_request(self, request: Any, client_address: Any) -> None:
        if self.places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.places.release()

    def handle_error(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
        """A client that went away is no error of ours; `answer` itself never raises."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _SECONDS
    server: _Server

    def handle_one_request(self) -> None:
        """One, and no second one on the same connection."""
        super().handle_one_request()
        self.close_connection = True

    def respond(self) -> None:
        """Answer a request of any method."""
        self._send(self._reply())

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = respond

    def _reply(self) -> Reply:
        length = self.headers.get("content-length", "0")
        if "transfer-encoding" in self.headers or not length.isdecimal():
            return text("Say how long the body is.\n", 411)
        if int(length) > BODY_LIMIT:
            return text("Too large.\n", 413)
        path, _, query = self.path.partition("?")
        request = Request(
            method=self.command,
            path=path,
            query=query,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(length)),
            peer=self.client_address[0],
            hosts=self.server.names,
            base=f"http://{LOOPBACK}:{self.server.server_address[1]}",
        )
        return answer(self.server.sources, request)

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.head.items():
            self.send_header(name, value)
        self.send_header("connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    def version_string(self) -> str:
        return f"headroom/{VERSION}"

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: mitmproxy's log is for traffic."""
