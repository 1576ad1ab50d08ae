"""The bundle as Java reads it: a trust store of its own kind, beside the PEM file."""

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from addon.command.wrap.variables import JAVA_STORE_PASSWORD


def write_java_store(bundle: Path) -> Path:
    """Write the store and return its path; nothing is done when it is newer than the bundle."""
    path = bundle.with_suffix(".p12")
    if path.is_file() and path.stat().st_mtime_ns > bundle.stat().st_mtime_ns:
        return path
    roots = x509.load_pem_x509_certificates(bundle.read_bytes())
    entries = [pkcs12.PKCS12Certificate(root, str(number).encode()) for number, root in enumerate(roots)]
    protection = serialization.BestAvailableEncryption(JAVA_STORE_PASSWORD.encode())
    path.write_bytes(pkcs12.serialize_java_truststore(entries, protection))
    return path
