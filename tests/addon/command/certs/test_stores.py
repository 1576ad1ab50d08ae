"""What is told to trust stores: on Linux by running it in a scratch tree, elsewhere by its command lines."""

import shutil
import subprocess
from pathlib import Path

import pytest
import trustme

from addon.command.certs import cli, stores
from addon.command.certs.authority import ROOT_FILE, Authority, make_authority
from addon.command.certs.stores import Machine, install_steps, missing_tools, uninstall_steps
from addon.wire.name_constraints import Subtrees


@pytest.fixture(scope="module")
def confdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("authority")


@pytest.fixture(scope="module")
def authority(confdir: Path) -> Authority:
    return make_authority(confdir, Subtrees.of_patterns(["api.openai.com"]))


def run(steps: list[stores.Step]) -> None:
    for step in steps:
        subprocess.run(step.command, check=True, capture_output=True)


@pytest.fixture
def debian(tmp_path: Path) -> Path:
    """The tree of a Debian system, as far as its trust store goes."""
    for folder in ("usr/local/share/ca-certificates", "etc/ssl/certs", "etc/ca-certificates/update.d"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "usr/share/ca-certificates").mkdir(parents=True)
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "usr/share/ca-certificates/usual.crt"))
    (tmp_path / "etc/ca-certificates.conf").write_text("usual.crt\n")
    return tmp_path


@pytest.mark.skipif(not shutil.which("update-ca-certificates"), reason="no Debian")
def test_debians_store_has_it_after_install_and_not_after_uninstall(
    debian: Path, confdir: Path, authority: Authority
) -> None:
    machine = Machine("linux", debian / "home", debian)
    body = (confdir / ROOT_FILE).read_text().strip()
    bundle = debian / "etc/ssl/certs/ca-certificates.crt"
    run(install_steps(machine, authority, confdir / ROOT_FILE))
    assert body in bundle.read_text()
    run(uninstall_steps(machine, authority, confdir / ROOT_FILE))
    assert body not in bundle.read_text()


@pytest.mark.skipif(not shutil.which("certutil"), reason="no NSS tools")
def test_browsers_trust_it_for_servers_after_install_and_not_after_uninstall(
    tmp_path: Path, confdir: Path, authority: Authority
) -> None:
    chromium, firefox = tmp_path / ".pki/nssdb", tmp_path / ".mozilla/firefox/x.default"
    for store in (chromium, firefox):
        store.mkdir(parents=True)
    subprocess.run(["certutil", "-N", "-d", f"sql:{firefox}", "--empty-password"], check=True)
    machine = Machine("linux", tmp_path, tmp_path)
    run(install_steps(machine, authority, confdir / ROOT_FILE))
    listed = [
        subprocess.run(["certutil", "-L", "-d", f"sql:{one}"], capture_output=True, text=True).stdout
        for one in (chromium, firefox)
    ]
    assert all(authority.name in text and "C,," in text for text in listed)
    run(uninstall_steps(machine, authority, confdir / ROOT_FILE))
    listed = [
        subprocess.run(["certutil", "-L", "-d", f"sql:{one}"], capture_output=True, text=True).stdout
        for one in (chromium, firefox)
    ]
    assert not any(authority.name in text for text in listed)


def test_browsers_that_cannot_be_told_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    machine = Machine("linux", tmp_path, tmp_path)
    assert missing_tools(machine) == []
    (tmp_path / ".pki/nssdb").mkdir(parents=True)
    assert "libnss3-tools" in missing_tools(machine)[0]


@pytest.mark.parametrize(
    ("program", "folder", "command"),
    [
        ("update-ca-trust", "etc/pki/ca-trust/source/anchors", ("sudo", "update-ca-trust")),
        ("trust", "nowhere", ("sudo", "trust", "anchor", "--store", "root.pem")),
    ],
)
def test_fedora_and_arch_are_told_in_their_own_way(
    tmp_path: Path,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    program: str,
    folder: str,
    command: tuple[str, ...],
) -> None:
    (tmp_path / program).touch(0o755)
    (tmp_path / folder).mkdir(parents=True)
    monkeypatch.setenv("PATH", str(tmp_path))
    machine = Machine("linux", tmp_path / "home", tmp_path, admin=("sudo",))
    assert install_steps(machine, authority, Path("root.pem"))[-1].command == command


def test_macos_is_told_by_its_keychain(authority: Authority) -> None:
    machine, home = Machine("darwin", Path("/Users/me")), "/Users/me/Library/Keychains/login.keychain-db"
    trust = ("security", "add-trusted-cert", "-r", "trustRoot", "-p", "ssl", "-k", home, "/c/root.pem")
    assert install_steps(machine, authority, Path("/c/root.pem"))[0].command == trust
    undo = [step.command for step in uninstall_steps(machine, authority, Path("/c/root.pem"))]
    assert undo[:2] == [
        ("security", "remove-trusted-cert", "/c/root.pem"),
        ("security", "delete-certificate", "-Z", authority.thumbprint, home),
    ]


def test_windows_is_told_by_its_own_certutil(authority: Authority) -> None:
    machine = Machine("win32", Path("home"))
    (install,), (undo,) = (plan(machine, authority, Path("root.pem")) for plan in (install_steps, uninstall_steps))
    assert install.command == ("certutil.exe", "-user", "-addstore", "Root", "root.pem")
    assert undo.command == ("certutil.exe", "-user", "-delstore", "Root", authority.thumbprint)
    assert len(authority.thumbprint) == 40


@pytest.mark.skipif(not shutil.which("update-ca-certificates"), reason="no Debian")
def test_nothing_is_changed_without_a_yes(
    debian: Path,
    confdir: Path,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("HOME", str(debian))
    monkeypatch.setattr("builtins.input", lambda _: "")
    given = ["install", "--confdir", str(confdir), "--root", str(debian)]
    assert cli.main(given, {}) == 1
    told = capsys.readouterr().out
    assert "update-ca-certificates" in told and told.endswith("Nothing was changed.\n")
    assert not list((debian / "usr/local/share/ca-certificates").iterdir())
    assert cli.main([*given, "--yes"], {}) == 0
    assert list((debian / "usr/local/share/ca-certificates").iterdir())


def test_make_tells_what_it_may_sign_and_what_is_left_out_and_show_tells_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--confdir", str(tmp_path / "new")]
    assert cli.main(["show", *where], {}) == 1
    assert (
        cli.main(["make", *where, "--host", "aiplatform.eu.rep.googleapis.com"], {"HEADROOM_HOSTS": "*.gw.example"})
        == 0
    )
    made = capsys.readouterr().out
    for name in ("api.openai.com", "gw.example", "headroom.internal", "aiplatform.eu.rep.googleapis.com"):
        assert f"    {name}\n" in made
    assert "bedrock-runtime.*.amazonaws.com" in made
    assert cli.main(["show", *where], {}) == 0
    assert made.startswith(capsys.readouterr().out)


def test_one_that_signs_for_everything_is_not_installed_by_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["bundle", "--confdir", str(tmp_path)], {})  # mitmproxy makes its own
    assert cli.main(["install", "--yes", "--confdir", str(tmp_path), "--root", str(tmp_path)], {}) == 1
    assert "every host" in capsys.readouterr().err


@pytest.mark.parametrize("given", [["--host", "https://x"], ["--host", "*"]])
def test_a_host_that_is_none_is_told(tmp_path: Path, given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["make", "--confdir", str(tmp_path), *given], {}) == 1
    assert given[1] in capsys.readouterr().err
