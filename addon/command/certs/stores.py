"""Trust stores of systems and browsers: the commands that put a root certificate in and take it out again.

Nothing is run here: a `Machine` goes in, steps come out, so that they can be shown before anybody runs them.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from addon.command.certs.authority import Authority

_NSS_NAMES = (".pki/nssdb",)
"""Chromium, Chrome and other programs on NSS, below the home folder."""
_FIREFOX = (
    ".mozilla/firefox",
    "snap/firefox/common/.mozilla/firefox",
    ".var/app/org.mozilla.firefox/.mozilla/firefox",
    "Library/Application Support/Firefox/Profiles",
    "AppData/Roaming/Mozilla/Firefox/Profiles",
)
_SERVER_TRUST = "C,,"
"""NSS: trusted to issue servers' certificates, nothing else."""
_DEBIAN, _FEDORA = "usr/local/share/ca-certificates", "etc/pki/ca-trust/source/anchors"


@dataclass(frozen=True, slots=True)
class Machine:
    """What the commands depend on."""

    platform: str
    """As `sys.platform` has it."""
    home: Path
    root: Path = Path("/")
    """Another one than / is the tree of an image that is being built."""
    admin: tuple[str, ...] = ()
    """What goes before a command that needs an administrator: `sudo`."""

    def has(self, program: str) -> bool:
        """Whether the program is installed."""
        return shutil.which(program) is not None


@dataclass(frozen=True, slots=True)
class Step:
    """One command, and what it is for."""

    purpose: str
    command: tuple[str, ...]


def install_steps(machine: Machine, authority: Authority, certificate: Path) -> list[Step]:
    """How the root in `certificate` comes into every store that is found."""
    steps = [*_system(machine, authority, certificate, install=True)]
    for store in _nss_stores(machine):
        steps += _nss(store, authority, certificate)
    return steps


def uninstall_steps(machine: Machine, authority: Authority, certificate: Path) -> list[Step]:
    """How it is taken out again."""
    steps = [*_system(machine, authority, certificate, install=False)]
    for store in _nss_stores(machine):
        command = ("certutil", "-D", "-d", f"sql:{store}", "-n", authority.name)
        steps.append(Step(f"browsers with their store in {store}", command))
    return steps


def missing_tools(machine: Machine) -> list[str]:
    """What could be told to stores that are there if a program were installed."""
    if machine.platform == "win32" or machine.has("certutil") or not any(_profiles(machine)):
        return []
    return ["browsers: certutil is missing (Debian: libnss3-tools, Fedora: nss-tools, macOS: brew install nss)"]


def _system(machine: Machine, authority: Authority, certificate: Path, *, install: bool) -> Iterator[Step]:
    match machine.platform:
        case "darwin":
            yield from _keychain(machine, authority, certificate, install=install)
        case "win32":
            change = ("-addstore", "Root", str(certificate)) if install else ("-delstore", "Root", authority.thumbprint)
            yield Step("the user's trusted roots", ("certutil.exe", "-user", *change))
        case _:
            yield from _linux(machine, authority, certificate, install=install)


def _keychain(machine: Machine, authority: Authority, certificate: Path, *, install: bool) -> Iterator[Step]:
    keychain = str(machine.home / "Library/Keychains/login.keychain-db")
    if install:
        trust = ("security", "add-trusted-cert", "-r", "trustRoot", "-p", "ssl", "-k", keychain, str(certificate))
        yield Step("the login keychain", trust)
        return
    yield Step("its trust", ("security", "remove-trusted-cert", str(certificate)))
    delete = ("security", "delete-certificate", "-Z", authority.thumbprint, keychain)
    yield Step("the login keychain", delete)


def _linux(machine: Machine, authority: Authority, certificate: Path, *, install: bool) -> Iterator[Step]:
    stem = authority.name.lower().replace(" ", "-")
    for folder, update in ((_DEBIAN, _update_debian(machine)), (_FEDORA, ("update-ca-trust",))):
        if machine.has(update[0]) and (machine.root / folder).is_dir():
            target = str(machine.root / folder / f"{stem}.crt")
            change = ("install", "-m", "644", str(certificate), target) if install else ("rm", "-f", target)
            yield Step("the system's store", (*machine.admin, *change))
            yield Step("the system's store, made anew", (*machine.admin, *update))
            return
    if machine.has("trust"):
        action = "--store" if install else "--remove"
        yield Step("the system's store", (*machine.admin, "trust", "anchor", action, str(certificate)))


def _update_debian(machine: Machine) -> tuple[str, ...]:
    """`--fresh` drops what is no longer there."""
    update = ("update-ca-certificates", "--fresh")
    if machine.root == Path("/"):
        return update
    places = {
        "--localcertsdir": machine.root / _DEBIAN,
        "--etccertsdir": machine.root / "etc/ssl/certs",
        "--certsdir": machine.root / "usr/share/ca-certificates",
        "--certsconf": machine.root / "etc/ca-certificates.conf",
        "--hooksdir": machine.root / "etc/ca-certificates/update.d",
    }
    return (*update, *(part for flag, path in places.items() for part in (flag, str(path))))


def _nss(store: Path, authority: Authority, certificate: Path) -> Iterator[Step]:
    database, purpose = f"sql:{store}", f"browsers with their store in {store}"
    if not (store / "cert9.db").exists():
        yield Step(purpose, ("certutil", "-N", "-d", database, "--empty-password"))
    trust = ("-t", _SERVER_TRUST, "-n", authority.name, "-i", str(certificate))
    yield Step(purpose, ("certutil", "-A", "-d", database, *trust))


def _nss_stores(machine: Machine) -> Iterator[Path]:
    """None on Windows: its `certutil` is another program, and Firefox reads the system's store there."""
    if machine.platform != "win32" and machine.has("certutil"):
        yield from _profiles(machine)


def _profiles(machine: Machine) -> Iterator[Path]:
    yield from (machine.home / name for name in _NSS_NAMES if (machine.home / name).is_dir())
    for folder in (machine.home / name for name in _FIREFOX):
        yield from sorted(path.parent for path in folder.glob("*/cert9.db"))
