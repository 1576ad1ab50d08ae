"""`headroom-mitm certs`: make, show, install, uninstall an authority that can sign for LLM API hosts only."""

import argparse
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from addon.command.certs.authority import ROOT_FILE, Authority, AuthorityExists, make_authority, read_authority
from addon.command.certs.stores import Machine, Step, install_steps, missing_tools, uninstall_steps
from addon.command.consent import agreed
from addon.command.trust import CONFDIR, write_bundle
from addon.settings import BadSetting, Settings, option_default
from addon.wire.hosts import KNOWN_HOSTS, parse_host_pattern
from addon.wire.name_constraints import Subtrees

_LOCAL_SITE = "headroom.internal"
"""The addon's own pages."""
_EPILOG = """\
make       a new authority in mitmproxy's folder; mitmproxy uses it from its next start
show       which one is there, and what it may sign for
install    trust it: in the system's store, in Chromium's and Firefox's; each command is shown, then asked for
uninstall  the opposite
bundle     write the certificates clients need, print the file's path
"""


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Do what the arguments say. Returns an exit code."""
    given = _parser().parse_args(arguments)
    confdir = given.confdir.expanduser()
    try:
        match given.action:
            case "make":
                return _make(given, confdir, environ)
            case "bundle":
                print(write_bundle(confdir, environ))
                return 0
            case _:
                return _with_authority(given, confdir)
    except (OSError, ValueError, AuthorityExists, subprocess.CalledProcessError) as error:
        print(f"certs: {error}", file=sys.stderr)
        return 1


def _make(given: argparse.Namespace, confdir: Path, environ: Mapping[str, str]) -> int:
    hosts = [*KNOWN_HOSTS, _LOCAL_SITE, *_own_hosts(environ), *map(parse_host_pattern, given.host)]
    try:
        authority = make_authority(confdir, Subtrees.of_patterns(hosts), replace=given.replace)
    except AuthorityExists as error:
        raise AuthorityExists(f"{error}\n{_ABOUT_REPLACING}") from None
    for line in _told(confdir, authority):
        print(line)
    if left_out := Subtrees.of_patterns(hosts).left_out:
        print(f"Not among them, since a constraint cannot hold a * inside a name: {', '.join(left_out)}.")
        print("They pass unopened. Name the ones you use: --host bedrock-runtime.eu-central-1.amazonaws.com")
    return 0


_ABOUT_REPLACING = """\
--replace sets it aside. mitmproxy then opens TLS of LLM API hosts only, whatever it is used for with this folder; what
trusts the old one must be told (`certs uninstall` first, where it was installed).
--confdir FOLDER keeps both: start the proxy with --set confdir=FOLDER."""

_ABOUT_ANY_HOST = """\
this authority can sign for every host: whoever gets hold of its key could pose as your bank. Make one that cannot
(`certs make --replace`), or give --any-host."""


def _own_hosts(environ: Mapping[str, str]) -> tuple[str, ...]:
    try:
        return Settings.parse({"hosts": option_default("hosts", environ)}).hosts
    except BadSetting as error:
        raise ValueError(str(error)) from None


def _with_authority(given: argparse.Namespace, confdir: Path) -> int:
    authority = read_authority(confdir)
    if authority is None:
        raise ValueError(f"no authority in {confdir}: `certs make` makes one")
    if given.action == "show":
        for line in _told(confdir, authority):
            print(line)
        return 0
    if given.action == "install" and authority.subtrees is None and not given.any_host:
        raise ValueError(_ABOUT_ANY_HOST)
    machine = _machine(given.root)
    plan = install_steps if given.action == "install" else uninstall_steps
    steps = plan(machine, authority, confdir / ROOT_FILE)
    for missing in missing_tools(machine):
        print(f"passed over {missing}")
    return _run(steps, yes=given.yes)


def _run(steps: Sequence[Step], *, yes: bool) -> int:
    """Show the steps, and run them on a yes. Exit code 1 without one, or when one of them fails."""
    if not steps:
        print("No trust store found that could be told.")
        return 1
    for step in steps:
        print(f"# {step.purpose}\n{shlex.join(step.command)}", flush=True)
    if not yes and not agreed("Run these?"):
        print("Nothing was changed.")
        return 1
    failed = [step for step in steps if subprocess.run(step.command, check=False).returncode]
    for step in failed:
        print(f"failed: {shlex.join(step.command)}", file=sys.stderr)
    return 1 if failed else 0


def _told(confdir: Path, authority: Authority) -> Iterator[str]:
    subtrees = authority.subtrees
    yield f"{authority.name}, in {confdir}"
    yield f"  SHA-256 {authority.fingerprint}"
    yield f"  until   {authority.root.not_valid_after_utc:%Y-%m-%d}"
    if subtrees is None:
        yield "  signs for every host"
        return
    yield "  signs for these and all below them, and nothing else:"
    yield from (f"    {name}" for name in (*subtrees.names, *map(str, subtrees.addresses)))


def _machine(root: Path) -> Machine:
    admin = ("sudo",) if sys.platform == "linux" and os.geteuid() else ()
    return Machine(sys.platform, Path.home(), root, admin)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="headroom-mitm certs", description=__doc__, epilog=_EPILOG, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("action", choices=("make", "show", "install", "uninstall", "bundle"))
    parser.add_argument("--confdir", type=Path, default=CONFDIR, help="mitmproxy's folder (default: %(default)s)")
    parser.add_argument("--host", action="append", default=[], help="make: one more host; may be given several times")
    parser.add_argument("--replace", action="store_true", help="make: set an authority that is there aside")
    parser.add_argument("--yes", action="store_true", help="install, uninstall: run without asking")
    parser.add_argument("--any-host", action="store_true", help="install: also one that can sign for every host")
    parser.add_argument("--root", type=Path, default=Path("/"), help="install: another system tree than / (an image)")
    return parser
