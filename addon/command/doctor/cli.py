"""`headroom-mitm doctor`: try everything between a client and its API, and say of each failure what to do."""

import argparse
import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from addon.command.doctor import checks
from addon.command.doctor.finding import EXIT_CODES, Finding, Status, broken, ok
from addon.command.doctor.probes import CLIENTS, ask_with_runtime, find_program
from addon.command.doctor.trial import try_proxy
from addon.command.hints import Endpoint
from addon.command.own_proxy import ProxyFailed, own_proxy
from addon.command.start_plan import PORT
from addon.command.trust import CONFDIR, NoAuthority, write_bundle
from addon.command.wrap.running_proxy import version_of
from addon.command.wrap.variables import NoUpstream, client_variables, upstream_of
from addon.wire.hosts import LOOPBACK

_ANY = "python"
"""Whose way of trusting is tried where no client is named."""
_DEFAULTS = {"HEADROOM_ONLY_LLM_HOSTS": "true", "HEADROOM_TIME_BUDGET_MS": "20000"}
"""For a proxy of the doctor's own: its first request finds all cold."""
_SIGNS = {Status.OK: "ok    ", Status.LOOK: "look  ", Status.BROKEN: "BROKEN"}


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Do what the arguments say. Returns 0: works; 1: works, with something to look at; 2: does not work."""
    given = _parser().parse_args(arguments)
    findings = []
    for finding in _all(given, environ):
        findings.append(finding)
        if not given.json:
            print("\n".join(_told(finding)), flush=True)
    code = max(EXIT_CODES[finding.status] for finding in findings)
    if given.json:
        print(json.dumps({"exit_code": code, "findings": [asdict(finding) for finding in findings]}, indent=1))
    return code


def _all(given: argparse.Namespace, environ: Mapping[str, str]) -> Iterator[Finding]:
    finding, settings = checks.check_settings(environ)
    yield finding
    yield checks.check_state(settings)
    confdir, proxy = given.confdir.expanduser(), Endpoint(LOOPBACK, given.port)
    at_port = checks.check_proxy(proxy)
    yield at_port
    yield checks.check_authority(confdir)
    yield checks.check_upstream(environ, proxy)
    try:
        bundle = write_bundle(confdir, environ)
        with _proxy(proxy, confdir, environ) as running:
            if running != proxy:
                yield ok("proxy", f"one was started for these checks at {running.url}")
            yield from _through(running, given.client, bundle, environ, strict=settings.tls_strict)
    except (OSError, NoAuthority, ProxyFailed) as error:
        yield broken("proxy", str(error), "the last words above say why")


def _through(
    proxy: Endpoint, name: str | None, bundle: Path, environ: Mapping[str, str], *, strict: bool
) -> Iterator[Finding]:
    """What needs the proxy: the client's way to it, and traffic."""
    client = CLIENTS[name or _ANY]
    ours = not _leads_to(proxy, environ)
    seen = {**environ, **client_variables(proxy.url, bundle, environ)} if ours else environ
    if name:
        yield find_program(client, environ)
        yield from checks.check_variables(client, seen, proxy, ours=ours)
    named = next((Path(seen[one]) for one in client.ca_variables if seen.get(one)), bundle)
    yield checks.check_trust(proxy, named, client, strict=strict)
    if name and client.probe:
        yield ask_with_runtime(client, seen)
    yield from asyncio.run(try_proxy(proxy))


def _leads_to(proxy: Endpoint, environ: Mapping[str, str]) -> bool:
    try:
        upstream = upstream_of(environ)
    except NoUpstream:
        return False
    return upstream is not None and upstream.at == proxy


@contextmanager
def _proxy(proxy: Endpoint, confdir: Path, environ: Mapping[str, str]) -> Iterator[Endpoint]:
    """The one that runs, or one for the time of the checks."""
    if version_of(proxy):
        yield proxy
        return
    with TemporaryDirectory(prefix="headroom-doctor-") as home:  # what is tried is no experience
        settings = {**_DEFAULTS, **environ, "HEADROOM_HOME": home}
        with own_proxy(["--set", f"confdir={confdir}"], settings) as started:
            yield started.at


def _told(finding: Finding) -> Iterator[str]:
    yield f"{_SIGNS[finding.status]} {finding.check:<9} {finding.told}"
    if finding.advice:
        yield f"{'':>17}-> {finding.advice}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="headroom-mitm doctor",
        description="Try all between a client and its API. Exit code 0: works; 1: something to look at; 2: broken.",
        allow_abbrev=False,
    )
    parser.add_argument("--client", choices=sorted(CLIENTS), help="try this client's way: command, variables, runtime")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument(
        "-p", "--listen-port", dest="port", type=int, default=int(PORT), help=f"the proxy's port ({PORT})"
    )
    parser.add_argument("--confdir", type=Path, default=CONFDIR, help="mitmproxy's folder (default: %(default)s)")
    return parser
