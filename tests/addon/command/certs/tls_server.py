"""A TLS server that answers as whatever host it is asked for, with certificates as mitmproxy makes them."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from mitmproxy.certs import CertStore

_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"


def leaf_file(confdir: Path, host: str) -> Path:
    """A file with the host's certificate, its chain and its key."""
    entry = CertStore.from_store(confdir, "mitmproxy", 2048).get_cert(host, [x509.DNSName(host)])
    key = entry.privatekey.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    path = confdir / f"{host}.pem"
    path.write_bytes(b"".join((entry.cert.to_pem(), *(one.to_pem() for one in entry.chain_certs), key)))
    return path


@contextmanager
def serving(confdir: Path, *hosts: str) -> Iterator[int]:
    """Serve these hosts by the authority in `confdir`; yields the port on 127.0.0.1."""
    contexts = {}
    for host in hosts:
        contexts[host] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        contexts[host].load_cert_chain(leaf_file(confdir, host))
    first = next(iter(contexts.values()))

    def choose(connection: ssl.SSLSocket | ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        connection.context = contexts[name or hosts[0]]

    first.sni_callback = choose
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, first), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def _serve(listener: socket.socket, context: ssl.SSLContext) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            connection.settimeout(5)
            with suppress(OSError), connection, context.wrap_socket(connection, server_side=True) as secured:
                secured.recv(4096)
                secured.sendall(_ANSWER)
