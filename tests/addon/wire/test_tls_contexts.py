"""Our own TLS contexts differ by one flag."""

import ssl
from pathlib import Path

import certifi
import pytest

from addon.wire.tls_contexts import client_context


def test_without_strictness_one_flag_is_cleared_and_nothing_else() -> None:
    strict, loose = (client_context(Path(certifi.where()), strict=strict) for strict in (True, False))
    assert strict.verify_flags ^ loose.verify_flags == ssl.VERIFY_X509_STRICT
    for context in (strict, loose):
        assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_roots_that_are_not_there_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        client_context(tmp_path / "none.pem", strict=True)
