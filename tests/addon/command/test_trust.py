"""Clients get the usual roots and mitmproxy's certificate in one file, and never a private key."""

import stat
from pathlib import Path

import certifi
import pytest

from addon.command import trust
from addon.command.trust import NoAuthority, bundle_path, write_bundle, write_upstream_roots

_OLD = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"
_KEY = "-----BEGIN RSA PRIVATE KEY-----\nsecret\n-----END RSA PRIVATE KEY-----"


@pytest.fixture
def confdir(tmp_path: Path) -> Path:
    """With an authority of the user's own: key and certificate in one file."""
    (tmp_path / "mitmproxy-ca.pem").write_text(f"{_KEY}\n{_OLD}\n")
    return tmp_path


def test_an_authority_is_created_where_there_is_none(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "new", {}).read_text()
    assert (tmp_path / "new" / "mitmproxy-ca-cert.pem").read_text().strip() in bundle
    key = tmp_path / "new" / "mitmproxy-ca.pem"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_the_bundle_has_the_usual_roots_and_the_authority_but_not_its_key(confdir: Path) -> None:
    bundle = write_bundle(confdir, {}).read_text()
    assert Path(certifi.where()).read_text().strip() in bundle
    assert bundle.endswith(f"# mitmproxy\n{_OLD}\n")
    assert "PRIVATE KEY" not in bundle


def test_the_roots_a_user_trusts_already_take_the_place_of_the_usual_ones(confdir: Path) -> None:
    roots = confdir / "company.pem"
    roots.write_text("company\n")
    assert write_bundle(confdir, {"SSL_CERT_FILE": str(roots)}).read_text() == f"company\n\n# mitmproxy\n{_OLD}\n"


def test_a_bundle_made_from_the_bundle_is_the_same_and_not_written_again(confdir: Path) -> None:
    bundle = write_bundle(confdir, {})
    before = bundle.read_bytes(), bundle.stat().st_mtime_ns
    assert write_bundle(confdir, {"SSL_CERT_FILE": str(bundle), "NODE_EXTRA_CA_CERTS": str(bundle)}) == bundle
    assert (bundle.read_bytes(), bundle.stat().st_mtime_ns) == before


def test_roots_that_are_named_but_missing_are_passed_over(confdir: Path) -> None:
    missing = {"SSL_CERT_FILE": str(confdir / "missing.pem")}
    assert len(write_bundle(confdir, missing).read_text()) > 100_000


def test_roots_that_other_variables_name_are_added_once(confdir: Path) -> None:
    company = confdir / "company.pem"
    company.write_text(_OLD.replace("AAAA", "CCCC"))
    named = {"NODE_EXTRA_CA_CERTS": str(company), "AWS_CA_BUNDLE": str(company)}
    bundle = write_bundle(confdir, named).read_text()
    assert bundle.count("CCCC\n") == 1
    assert Path(certifi.where()).read_text().strip() in bundle


def test_the_proxys_own_roots_are_without_the_authority(confdir: Path) -> None:
    roots = write_upstream_roots(confdir, {}).read_text()
    assert Path(certifi.where()).read_text().strip() in roots
    assert _OLD not in roots


def test_a_folder_that_cannot_be_written_is_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NoAuthority, match=r"could not create its certificates in .*below: \w+Error: [^\n]+$"):
        write_bundle(tmp_path / "file" / "below", {})


def test_the_default_folder_of_a_checkout_has_its_bundle_in_certs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trust, "_ROOT", tmp_path)
    default = trust.CONFDIR.expanduser()
    assert bundle_path(default) == default / "headroom-bundle.pem"
    (tmp_path / "certs").mkdir()
    (tmp_path / "pyproject.toml").touch()
    assert bundle_path(default) == tmp_path / "certs" / "bundle.pem"
    assert bundle_path(tmp_path) == tmp_path / "headroom-bundle.pem"
