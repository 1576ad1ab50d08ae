"""What a client must trust: mitmproxy's certificate authority, in one PEM file with the usual roots.

Almost every client *replaces* its roots by the file it is given, so a file with mitmproxy's certificate alone would
break each connection that is not intercepted. Private keys stay where mitmproxy keeps them, readable by the user only.
"""

import re
import subprocess
import sys
from pathlib import Path

import certifi

CONFDIR = Path("~/.mitmproxy")
"""mitmproxy's default for its option `confdir`."""

_ROOT = Path(__file__).resolve().parent.parent.parent
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")
_CREATE = "import sys; from mitmproxy.certs import CertStore; CertStore.from_store(sys.argv[1], 'mitmproxy', 2048)"
"""What mitmproxy does at its first start. In a process of its own: the import costs more than all else here."""


class NoAuthority(Exception):
    """mitmproxy could not create its certificate authority."""


def write_bundle(confdir: Path, own_roots: Path | None = None) -> Path:
    """Write the PEM file for clients and return its path. Creates mitmproxy's authority if there is none yet.

    `own_roots` is the PEM file the user's clients trust now (a company's, say); the default is certifi's.
    Raises `NoAuthority` or `OSError`.
    """
    authority = "\n".join(_CERTIFICATE.findall(_authority(confdir).read_text("ascii")))
    roots = _read_roots(own_roots)
    text = roots if authority in roots else f"{roots.rstrip()}\n\n# mitmproxy\n{authority}\n"
    bundle = bundle_path(confdir)
    if not bundle.is_file() or bundle.read_text("utf-8") != text:
        bundle.write_text(text, "utf-8")
    return bundle


def bundle_path(confdir: Path) -> Path:
    """In a checkout `certs/bundle.pem`; installed, or with another folder than the default, a file in that folder."""
    checkout = (_ROOT / "certs").is_dir() and (_ROOT / "pyproject.toml").is_file()
    if checkout and confdir == CONFDIR.expanduser():
        return _ROOT / "certs" / "bundle.pem"
    return confdir / "headroom-bundle.pem"


def _authority(confdir: Path) -> Path:
    """The file with the authority's key and certificate: mitmproxy's own or, under the same name, the user's."""
    path = confdir / "mitmproxy-ca.pem"
    if path.is_file():
        return path
    created = subprocess.run([sys.executable, "-P", "-c", _CREATE, confdir], capture_output=True, text=True)
    if created.returncode or not path.is_file():
        raise NoAuthority(f"mitmproxy could not create its certificates in {confdir}\n{created.stderr.strip()}")
    return path


def _read_roots(own_roots: Path | None) -> str:
    if own_roots is not None and own_roots.is_file():
        return own_roots.read_text("utf-8", "replace")
    return Path(certifi.where()).read_text("utf-8")
