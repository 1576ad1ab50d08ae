"""The doctor finds what commonly stands in the way, each provoked here, and says what to do."""

import asyncio
import datetime
import json
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from addon.command.certs.authority import make_authority
from addon.command.doctor import checks, cli
from addon.command.doctor.finding import Finding, Status
from addon.command.doctor.probes import CLIENTS, Client, ask_with_runtime, explain, find_program
from addon.command.doctor.trial import try_proxy
from addon.command.hints import Endpoint
from addon.command.own_proxy import own_proxy
from addon.command.trust import write_bundle
from addon.command.wrap.variables import client_variables
from addon.settings import Settings
from addon.wire.hosts import KNOWN_HOSTS
from addon.wire.name_constraints import Subtrees

_PYTHON = Client(sys.executable, ("SSL_CERT_FILE",), (sys.executable, *CLIENTS["python"].probe[1:]))
_CLEAN = {"PATH": os.environ["PATH"], "HOME": "/nowhere"}


@contextmanager
def started(folder: Path, **options: str) -> Iterator[Endpoint]:
    """A proxy with an authority in this folder."""
    settings = {"confdir": folder, "headroom_home": folder / "home", "headroom_time_budget_ms": 20000, **options}
    arguments = [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
    with own_proxy(arguments, os.environ) as running:
        yield running.at


@pytest.fixture(scope="module")
def confdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("doctor")
    make_authority(folder, Subtrees.of_patterns([*KNOWN_HOSTS, "headroom.internal"]))
    return folder


@pytest.fixture(scope="module")
def proxy(confdir: Path) -> Iterator[Endpoint]:
    with started(confdir) as running:
        yield running


@pytest.fixture(scope="module")
def bundle(confdir: Path) -> Path:
    return write_bundle(confdir, {})


def is_broken(finding: Finding, told: str, advice: str) -> bool:
    return finding.status is Status.BROKEN and told in finding.told and advice in finding.advice


@pytest.mark.e2e
@pytest.mark.skipif(not shutil.which("curl"), reason="NO curl. ./scripts/test installs it where it may (root, apt)")
def test_where_all_is_well_a_request_and_a_socket_get_smaller_and_it_says_so(
    proxy: Endpoint, confdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = {**_CLEAN, "HEADROOM_HOME": str(confdir / "home")}
    code = cli.main(["--json", "-p", str(proxy.port), "--confdir", str(confdir), "--client", "curl"], environ)
    told = json.loads(capsys.readouterr().out)
    found = {finding["check"]: finding["status"] for finding in told["findings"]}
    resolves = found.pop("upstream") == Status.OK  # not everywhere is there a network
    assert set(found.values()) == {"ok"}, told
    assert set(found) >= {"proxy", "authority", "trust", "runtime", "request", "streaming", "websocket", "state"}
    assert code == told["exit_code"] == (0 if resolves else 1)


@pytest.mark.e2e
def test_nothing_compressed_is_told_with_its_reason(confdir: Path) -> None:
    with started(confdir, headroom_mode="shadow") as running:
        found = {finding.check: finding for finding in asyncio.run(try_proxy(running))}
    assert found["request"].told == "nothing compressed because: shadow"
    assert "headroom_mode=shadow" in found["request"].advice
    assert found["websocket"].status is Status.LOOK


@pytest.mark.e2e
def test_a_client_without_our_roots_is_told_to_take_the_bundle(proxy: Endpoint, bundle: Path) -> None:
    environ = {**_CLEAN, **client_variables(proxy.url, bundle, {})}
    assert ask_with_runtime(_PYTHON, environ).status is Status.OK
    environ["SSL_CERT_FILE"] = certifi.where()
    found = ask_with_runtime(_PYTHON, environ)
    assert is_broken(found, "CERTIFICATE_VERIFY_FAILED", "SSL_CERT_FILE must name the bundle")
    trusted = checks.check_trust(proxy, Path(certifi.where()), _PYTHON, strict=True)
    assert is_broken(trusted, "CERTIFICATE_VERIFY_FAILED", "headroom-mitm run")


@pytest.mark.e2e
def test_a_client_that_ignores_the_proxy_is_found(proxy: Endpoint, bundle: Path) -> None:
    environ = {**_CLEAN, "SSL_CERT_FILE": str(bundle)}  # nothing leads it to the proxy
    assert is_broken(ask_with_runtime(_PYTHON, environ), "it ignores the proxy", "NODE_USE_ENV_PROXY")


@pytest.mark.e2e
def test_an_authority_that_is_not_marked_critical_is_told_and_passes_without_the_strict_flag(tmp_path: Path) -> None:
    loose_authority(tmp_path)
    bundle = write_bundle(tmp_path, {})
    with started(tmp_path) as running:
        strict = checks.check_trust(running, bundle, _PYTHON, strict=True)
        assert is_broken(strict, "Basic Constraints of CA cert not marked critical", "HEADROOM_TLS_STRICT=0")
        assert checks.check_trust(running, bundle, _PYTHON, strict=False).status is Status.OK
        untrusted = checks.check_trust(running, Path(certifi.where()), _PYTHON, strict=False)
        assert untrusted.status is Status.BROKEN


def loose_authority(folder: Path) -> None:
    """An authority as home-made ones often are."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loose")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(days=2)).not_valid_after(
        now + datetime.timedelta(days=9)
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=False)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = builder.add_extension(identifier, critical=False).sign(key, hashes.SHA256())
    form = serialization.PrivateFormat.TraditionalOpenSSL
    private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    (folder / "mitmproxy-ca.pem").write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))


def test_a_command_that_is_not_there_is_told(tmp_path: Path) -> None:
    found = find_program(CLIENTS["claude"], {"PATH": str(tmp_path)})
    assert is_broken(found, "claude: command not found", "PATH")


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        ("UNABLE_TO_GET_ISSUER_CERT_LOCALLY unable to get local issuer certificate", "must name the bundle"),
        ("SELF_SIGNED_CERT_IN_CHAIN self-signed certificate in certificate chain", "must name the bundle"),
        ("ENOTFOUND getaddrinfo ENOTFOUND headroom.internal", "NODE_USE_ENV_PROXY=1"),
        ("curl: (6) Could not resolve host: headroom.internal", "base URL"),
        ("segmentation fault", "by hand"),
    ],
)
def test_an_error_of_a_client_is_explained(error: str, advice: str) -> None:
    assert advice in explain(CLIENTS["node"], error).advice


def test_a_port_without_a_proxy_and_one_with_something_else_are_told_apart() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.listen()
        port = other.getsockname()[1]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("addon.command.wrap.running_proxy._SECONDS", 0.2)
            found = checks.check_proxy(Endpoint("127.0.0.1", port))
            assert found.status is Status.LOOK and "something else" in found.told and "-p" in found.advice
    assert checks.check_proxy(Endpoint("127.0.0.1", port)).status is Status.LOOK


def test_a_clock_that_is_wrong_is_told(confdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stopped(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> "Stopped":
            return cls(1970, 1, 1, tzinfo=tz)

    assert checks.check_authority(confdir).status is Status.OK
    monkeypatch.setattr("addon.command.doctor.checks.datetime.datetime", Stopped)
    assert is_broken(checks.check_authority(confdir), "clock says 1970-01-01", "clock")


def test_no_authority_and_a_damaged_one_are_told(tmp_path: Path) -> None:
    assert checks.check_authority(tmp_path).status is Status.LOOK
    (tmp_path / "mitmproxy-ca.pem").write_text("nothing")
    assert is_broken(checks.check_authority(tmp_path), str(tmp_path), "certs make --replace")


def test_what_a_client_would_see_is_judged(bundle: Path, tmp_path: Path) -> None:
    client, at = CLIENTS["claude"], Endpoint("127.0.0.1", 8080)
    (good,) = checks.check_variables(client, client_variables(at.url, bundle, {}), at, ours=True)
    assert good.status is Status.OK
    (unset,) = checks.check_variables(client, {}, at, ours=False)
    assert is_broken(unset, "NODE_EXTRA_CA_CERTS or SSL_CERT_FILE is not set", "headroom-mitm run")
    away = {"NODE_EXTRA_CA_CERTS": str(tmp_path / "gone.pem"), "NO_PROXY": "*"}
    gone, kept_away = checks.check_variables(client, away, at, ours=False)
    assert is_broken(gone, "no such file", "certs bundle")
    assert is_broken(kept_away, "NO_PROXY=* keeps LLM APIs away", "NO_PROXY")


def test_a_proxy_of_the_users_own_that_is_gone_or_of_another_kind_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        environ = {"HTTPS_PROXY": f"http://127.0.0.1:{listener.getsockname()[1]}"}
        assert checks.check_upstream(environ, Endpoint("127.0.0.1", 1)).status is Status.OK
    assert is_broken(checks.check_upstream(environ, Endpoint("127.0.0.1", 1)), "your own proxy", "HTTPS_PROXY")
    socks = checks.check_upstream({"HTTPS_PROXY": "socks5://127.0.0.1:1"}, Endpoint("127.0.0.1", 1))
    assert is_broken(socks, "http:// and https:// proxies only", "unset")


def test_a_state_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    settings = Settings.parse({"home": str(tmp_path / "file" / "below")})
    (tmp_path / "file").touch()
    assert is_broken(checks.check_state(settings), "cannot be written", "HEADROOM_HOME")
    assert checks.check_state(Settings.parse({"home": str(tmp_path / "home")})).status is Status.OK


def test_a_bad_variable_is_told_and_a_mode_that_changes_nothing_is_worth_a_look() -> None:
    bad, _ = checks.check_settings({"HEADROOM_MIN_TOKENS": "many"})
    assert is_broken(bad, "headroom_min_tokens='many'", "will not start")
    shadow, _ = checks.check_settings({"HEADROOM_MODE": "shadow"})
    assert shadow.status is Status.LOOK
