"""X.509 name constraints: which hosts an authority may sign for, as host patterns give it and as certificates say it.

A constraint names a host and allows it together with all names below it; it knows no `*`. So `*.openai.azure.com`
becomes `openai.azure.com`, and a pattern with a `*` further in (`bedrock-runtime.*.amazonaws.com`) has none: the
smallest subtree around it would be all of `amazonaws.com`. https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.10
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from cryptography import x509

KEY_FILE = "mitmproxy-ca.pem"
"""Where mitmproxy looks for its authority in `confdir`: key, certificate, and the chain up to the root."""

type Address = ipaddress.IPv4Network | ipaddress.IPv6Network

_ALL_ADDRESSES = ("0.0.0.0/0", "::/0")


@dataclass(frozen=True, slots=True)
class Subtrees:
    """Names, each standing for itself and all below it, and single addresses."""

    names: tuple[str, ...]
    addresses: tuple[Address, ...] = ()
    left_out: tuple[str, ...] = ()
    """Patterns that no subtree stands for."""

    @classmethod
    def of_patterns(cls, patterns: Iterable[str]) -> Self:
        """The subtrees for host patterns, as `parse_host_pattern` returns them."""
        names, addresses, left_out = set[str](), list[Address](), list[str]()
        for pattern in patterns:
            if address := _address(pattern):
                addresses.append(address)
            elif "*" in (name := pattern.removeprefix("*.")):
                left_out.append(pattern)
            else:
                names.add(name)
        widest = (name for name in names if not any(name.endswith(f".{other}") for other in names))
        return cls(tuple(sorted(widest)), tuple(dict.fromkeys(addresses)), tuple(left_out))

    @classmethod
    def of_certificates(cls, certificates: Iterable[x509.Certificate]) -> Self | None:
        """What the first certificate that is constrained allows; None where none is."""
        for certificate in certificates:
            try:
                told = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
            except x509.ExtensionNotFound:
                continue
            allowed = list(told.permitted_subtrees or ())
            names = tuple(name.value for name in allowed if isinstance(name, x509.DNSName))
            addresses = (name.value for name in allowed if isinstance(name, x509.IPAddress))
            return cls(names, tuple(ipaddress.ip_network(str(address)) for address in addresses))
        return None

    def extension(self) -> x509.NameConstraints:
        """The extension. A kind of name it does not mention would be free, so addresses are always mentioned."""
        allowed: list[x509.GeneralName] = [x509.DNSName(name) for name in self.names]
        allowed += [x509.IPAddress(address) for address in self.addresses]
        none = [x509.IPAddress(ipaddress.ip_network(every)) for every in _ALL_ADDRESSES]
        return x509.NameConstraints(allowed, None if self.addresses else none)

    def allow(self, host: str) -> bool:
        """Whether a certificate for this host would be believed."""
        if address := _address(host):
            return address in self.addresses
        name = host.lower().removesuffix(".")
        return any(name == one or name.endswith(f".{one.removeprefix('.')}") for one in self.names)


def _address(host: str) -> Address | None:
    try:
        return ipaddress.ip_network(host)
    except ValueError:
        return None
