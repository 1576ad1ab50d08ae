"""TLS contexts of our own: for the connections that we make, never for those of mitmproxy and of clients."""

import ssl
from pathlib import Path


def client_context(roots: Path, *, strict: bool) -> ssl.SSLContext:
    """Trusts the roots in the file and nothing else. Raises `OSError` for a file that is none.

    Not `strict` clears the flag by which OpenSSL holds certificates to RFC 5280 (`VERIFY_X509_STRICT`, on from Python
    3.13), for authorities that do not keep to it; chain, name and validity are checked as ever.
    """
    context = ssl.create_default_context(cafile=roots)
    if strict:
        context.verify_flags |= ssl.VERIFY_X509_STRICT
    else:
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context
