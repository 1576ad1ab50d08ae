"""What mitmproxy's certificate authority may sign for, where it is bound to hosts by name constraints.

mitmproxy does not know of such bounds: it would copy names out of the upstream's certificate, or put an address in,
and the client would refuse all of it. Here a certificate gets the one name that the client asks for.
"""

from pathlib import Path

from cryptography import x509
from mitmproxy import ctx, tls
from mitmproxy.addons.tlsconfig import TlsConfig
from mitmproxy.proxy import mode_specs

from addon.wire.name_constraints import KEY_FILE, Subtrees


def signing_bounds(confdir: Path) -> Subtrees | None:
    """The bounds of the authority in mitmproxy's folder; None: it may sign for everything, or there is none."""
    try:
        certificates = x509.load_pem_x509_certificates((confdir / KEY_FILE).read_bytes())
    except (OSError, ValueError):
        return None
    return Subtrees.of_certificates(certificates)


def may_open(bounds: Subtrees | None, data: tls.ClientHelloData) -> bool:
    """Whether a certificate for this connection would be believed. A reverse proxy is known by a name of its own."""
    if bounds is None or isinstance(data.context.client.proxy_mode, mode_specs.ReverseMode):
        return True
    return bounds.allow(asked_host(data))


def asked_host(data: tls.ClientHelloData) -> str:
    """The host that the client asks for, by name where it says one."""
    address = data.context.server.address
    return data.client_hello.sni or (address[0] if address else "")


def prepare_certificate(data: tls.ClientHelloData) -> None:
    """Have a certificate at hand with the asked name alone, before mitmproxy makes one with further names."""
    store, name = _tls_config().certstore, data.client_hello.sni
    address = data.context.server.address
    if name and address and address[0] != name and name not in store.certs:
        store.add_cert(store.get_cert(name, [x509.DNSName(name)]))


def _tls_config() -> TlsConfig:
    addon = ctx.master.addons.get("tlsconfig")
    assert isinstance(addon, TlsConfig)
    return addon
