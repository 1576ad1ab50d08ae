"""The way in for clients of the proxy: what they ask of `headroom.internal`, plain and over TLS.

No upstream connection is made and no name is resolved. Over TLS mitmproxy's eager strategy would connect when the
tunnel is asked for; an answer of ours to the CONNECT lets the client go on, and an error on the server connection
keeps it from being tried.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from mitmproxy import connection, http
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from addon.web.exchange import HOST, Request, text
from addon.web.routes import answer
from addon.web.sources import Sources

_THREADS = 4
_MOST_WAITING = 32
_NOT_CONNECTED = "answered by headroom itself"


class ProxyDoor:
    """Answers in threads of its own, a bounded number at a time."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="headroom site")
        self._waiting = 0
        self._tunnels: set[str] = set()
        """Ids of the client connections that are tunnels to the site."""

    def is_for_us(self, flow: http.HTTPFlow) -> bool:
        """Whether a request (or the CONNECT before it) is for the site."""
        return flow.request.host.lower() == HOST or flow.client_conn.id in self._tunnels

    async def respond(self, flow: http.HTTPFlow) -> None:
        """Put the site's reply on a flow that `is_for_us`."""
        if self._waiting >= _MOST_WAITING:
            reply = text("Too much at once.\n", 503)
        else:
            self._waiting += 1
            try:
                loop = asyncio.get_running_loop()
                reply = await loop.run_in_executor(self._threads, answer, self._sources, _request(flow))
            finally:
                self._waiting -= 1
        flow.response = http.Response.make(reply.status, reply.body, reply.head)

    def accept_tunnel(self, flow: http.HTTPFlow) -> None:
        """Let a client open a TLS tunnel to the site, which ends here."""
        self._tunnels.add(flow.client_conn.id)
        flow.response = http.Response.make(200)

    def refuse_connection(self, data: ServerConnectionHookData) -> None:
        """Keep mitmproxy from looking up, and connecting to, what is at the end of such a tunnel: nothing."""
        if data.client.id in self._tunnels:
            data.server.error = _NOT_CONNECTED

    def forget(self, client: connection.Client) -> None:
        """A client has gone."""
        self._tunnels.discard(client.id)

    def stop(self) -> None:
        """Take no more."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _request(flow: http.HTTPFlow) -> Request:
    request = flow.request
    path, _, query = request.path.partition("?")
    peer = flow.client_conn.peername
    return Request(
        method=request.method.upper(),
        path=path,
        query=query,
        headers={"host": HOST, **{name.lower(): value for name, value in request.headers.items()}},
        body=request.raw_content or b"",
        peer=peer[0] if peer else "",
        base=f"{request.scheme}://{HOST}",
    )
