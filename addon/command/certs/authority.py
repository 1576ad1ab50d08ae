"""Make the certificate authority that can sign for LLM API hosts only, in the form in which mitmproxy takes it.

Two certificates: a root, which clients are to trust, and an issuer below it, whose key mitmproxy signs with. Both are
bound by critical name constraints. The root's own key is never written anywhere and gone when it has signed the issuer:
so the bounds hold also for clients that do not look for constraints in a root (Java), and nobody can sign anything new.
"""

import datetime
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from addon.wire.name_constraints import KEY_FILE, Subtrees

ROOT_FILE = "mitmproxy-ca-cert.pem"
"""The root alone, for clients. The same as .cer and .p12, which mitm.it hands out."""
_PUBLIC_FILES = (ROOT_FILE, "mitmproxy-ca-cert.cer", "mitmproxy-ca-cert.p12")
_OTHER_KEYS = ("mitmproxy-ca.p12",)
_DAYS = 5 * 365
_BACK_DATED = datetime.timedelta(days=2)
"""A client whose clock is slow must not find the authority in its future."""


class AuthorityExists(Exception):
    """There is an authority in the folder already."""


@dataclass(frozen=True, slots=True)
class Authority:
    """An authority as its certificates tell of it, the issuer first and the root last."""

    certificates: tuple[x509.Certificate, ...]

    @property
    def root(self) -> x509.Certificate:
        """What clients are to trust."""
        return self.certificates[-1]

    @property
    def name(self) -> str:
        """The root's common name, under which trust stores list it."""
        return str(self.root.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)

    @property
    def subtrees(self) -> Subtrees | None:
        """What it may sign for; None: everything."""
        return Subtrees.of_certificates(self.certificates)

    @property
    def fingerprint(self) -> str:
        """The root's SHA-256, as browsers and keychains show it."""
        return self.root.fingerprint(hashes.SHA256()).hex(":").upper()

    @property
    def thumbprint(self) -> str:
        """The root's SHA-1, by which Windows and macOS find a certificate."""
        return self.root.fingerprint(hashes.SHA1()).hex().upper()


def read_authority(confdir: Path) -> Authority | None:
    """The authority in mitmproxy's folder, or None. Raises `ValueError` for a file without a certificate."""
    path = confdir / KEY_FILE
    if not path.is_file():
        return None
    return Authority(tuple(x509.load_pem_x509_certificates(path.read_bytes())))


def make_authority(confdir: Path, subtrees: Subtrees, *, replace: bool = False) -> Authority:
    """Write a new authority into the folder. Raises `AuthorityExists` unless `replace`, which sets the old one aside.

    The key's file is readable by its owner only, from its first byte on.
    """
    if (confdir / KEY_FILE).exists() and not replace:
        raise AuthorityExists(f"there is an authority in {confdir} already")
    key, certificates = _sign(subtrees)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    chain = [certificate.public_bytes(serialization.Encoding.PEM) for certificate in certificates]
    confdir.mkdir(mode=0o700, parents=True, exist_ok=True)
    _set_aside(confdir, [*_PUBLIC_FILES, *_OTHER_KEYS, KEY_FILE])
    root = certificates[-1]
    store = pkcs12.serialize_key_and_certificates(b"headroom", None, root, None, serialization.NoEncryption())
    for name, content in zip(_PUBLIC_FILES, (chain[-1], chain[-1], store), strict=True):
        (confdir / name).write_bytes(content)
    with _private(confdir / KEY_FILE) as file:
        os.write(file, b"".join((private, *chain)))
    return Authority(certificates)


def _sign(subtrees: Subtrees) -> tuple[rsa.RSAPrivateKey, tuple[x509.Certificate, x509.Certificate]]:
    """The issuer's key, and the certificates of issuer and root. The root's key ends with this call."""
    root_key, key = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    name = f"Headroom LLM hosts only {secrets.token_hex(4)}"
    root_name, issuer_name = _name(name), _name(f"{name} issuer")
    above = x509.SubjectKeyIdentifier.from_public_key(root_key.public_key())
    made = []
    for subject, public_key, depth in ((issuer_name, key.public_key(), 0), (root_name, root_key.public_key(), 1)):
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder(root_name, subject, public_key, x509.random_serial_number())
            .not_valid_before(now - _BACK_DATED)
            .not_valid_after(now + datetime.timedelta(days=_DAYS))
            .add_extension(x509.BasicConstraints(ca=True, path_length=depth), critical=True)
            .add_extension(_key_usage(), critical=True)
            .add_extension(subtrees.extension(), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(above), critical=False)
        )
        made.append(builder.sign(root_key, hashes.SHA256()))
    return key, (made[0], made[1])


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _key_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )


def _set_aside(confdir: Path, names: Sequence[str]) -> None:
    for path in (confdir / name for name in names):
        if path.exists():
            path.replace(path.with_name(f"{path.name}.old"))


@contextmanager
def _private(path: Path) -> Iterator[int]:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        yield file
    finally:
        os.close(file)
