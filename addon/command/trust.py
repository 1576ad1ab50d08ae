"""What a client must trust: mitmproxy's certificate authority, in one PEM file with the usual roots.

Almost every client *replaces* its roots by the file it is given, so a file with mitmproxy's certificate alone would
break each connection that is not intercepted. Private keys stay where mitmproxy keeps them, readable by the user only.
"""

import os
import re
import ssl
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import certifi

CONFDIR = Path("~/.mitmproxy")
"""mitmproxy's default for its option `confdir`."""

CA_VARIABLES = (
    "SSL_CERT_FILE",  # OpenSSL, and what is built on it: Python, Ruby; Go on Linux; rustls; Bun
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "CODEX_CA_CERTIFICATE",
    "GIT_SSL_CAINFO",
    "AWS_CA_BUNDLE",
    "DENO_CERT",
    "PIP_CERT",
    "CARGO_HTTP_CAINFO",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "NIX_SSL_CERT_FILE",
)
"""Environment variables that name a file of certificate authorities. The first one replaces the usual roots."""

_ROOT = Path(__file__).resolve().parent.parent.parent
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")
_CREATE = "import sys; from mitmproxy.certs import CertStore; CertStore.from_store(sys.argv[1], 'mitmproxy', 2048)"
"""What mitmproxy does at its first start. In a process of its own: the import costs more than all else here."""
_SYSTEM_FILES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
"""Debian and Arch, Fedora, Alpine and macOS."""
_MACOS_ADDED = ("security", "find-certificate", "-a", "-p", "/Library/Keychains/System.keychain")


class NoAuthority(Exception):
    """mitmproxy could not create its certificate authority."""


def write_bundle(confdir: Path, environ: Mapping[str, str]) -> Path:
    """Write the PEM file for clients and return its path. Creates mitmproxy's authority if there is none yet.

    What the variables of `CA_VARIABLES` name is kept in it: a company's roots, often.
    Raises `NoAuthority` or `OSError`.
    """
    authority = _CERTIFICATE.findall(_authority(confdir).read_text("ascii"))
    roots = read_roots(environ)
    known = set(map(_body, _CERTIFICATE.findall(roots)))
    new = [one for one in authority if _body(one) not in known]
    text = f"{roots.rstrip()}\n\n# mitmproxy\n{'\n'.join(new)}\n" if new else roots
    if same := [path for path in _own_files(environ) if path.read_text("utf-8", "replace") == text]:
        return same[0]
    return _write(bundle_path(confdir), text)


def write_upstream_roots(confdir: Path, environ: Mapping[str, str]) -> Path:
    """Write the roots alone, by which the proxy itself is to know servers, and return the file's path."""
    return _write(confdir / "headroom-roots.pem", read_roots(environ))


def bundle_path(confdir: Path) -> Path:
    """In a checkout `certs/bundle.pem`; installed, or with another folder than the default, a file in that folder."""
    checkout = (_ROOT / "certs").is_dir() and (_ROOT / "pyproject.toml").is_file()
    if checkout and confdir == CONFDIR.expanduser():
        return _ROOT / "certs" / "bundle.pem"
    return confdir / "headroom-bundle.pem"


def read_roots(environ: Mapping[str, str]) -> str:
    """The roots that this environment's clients trust now, as PEM: the usual ones, and what variables name."""
    own, usual = _own_files(environ), Path(certifi.where())
    replaced = Path(environ.get(CA_VARIABLES[0], "")) in own
    first, *others = own if replaced else (usual, *own)
    text = first.read_text("utf-8", "replace")
    more = [path.read_text("utf-8", "replace") for path in others]
    if first == usual:
        more += _system_roots()
    return text + "".join(f"\n{one}\n" for one in _not_in(text, more))


def _not_in(text: str, others: Iterable[str]) -> Iterator[str]:
    """The certificates of other texts that are not in this one, each once."""
    known = set(map(_body, _CERTIFICATE.findall(text)))
    for certificate in (one for other in others for one in _CERTIFICATE.findall(other)):
        if _body(certificate) not in known:
            known.add(_body(certificate))
            yield certificate


def _body(certificate: str) -> str:
    return "".join(certificate.split())


def _own_files(environ: Mapping[str, str]) -> tuple[Path, ...]:
    paths = (Path(environ[name]) for name in CA_VARIABLES if environ.get(name))
    return tuple(dict.fromkeys(path for path in paths if path.is_file()))


def _system_roots() -> Iterator[str]:
    """What an administrator has added to the system's store is in no package's roots."""
    yield from (Path(name).read_text("utf-8", "replace") for name in _SYSTEM_FILES if Path(name).is_file())
    if sys.platform == "darwin":
        yield subprocess.run(_MACOS_ADDED, capture_output=True, text=True, check=False).stdout
    if sys.platform == "win32":
        yield from map(ssl.DER_cert_to_PEM_cert, ssl.create_default_context().get_ca_certs(binary_form=True))


def _write(path: Path, text: str) -> Path:
    """Write in one go: a client may be reading."""
    if not path.is_file() or path.read_text("utf-8") != text:
        new = path.with_name(f"{path.name}.{os.getpid()}")
        new.write_text(text, "utf-8")
        new.replace(path)
    return path


def _authority(confdir: Path) -> Path:
    """The file with the authority's key and certificate: mitmproxy's own or, under the same name, the user's."""
    path = confdir / "mitmproxy-ca.pem"
    if path.is_file():
        return path
    created = subprocess.run([sys.executable, "-P", "-c", _CREATE, confdir], capture_output=True, text=True)
    if created.returncode or not path.is_file():
        why = (created.stderr.strip() or "no reason given").splitlines()[-1]  # above it, the way through its code
        raise NoAuthority(f"mitmproxy could not create its certificates in {confdir}: {why}")
    return path
