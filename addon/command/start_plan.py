"""What a start with given mitmproxy arguments will do: where it listens, which folder it keeps its certificates in.

mitmproxy itself parses the arguments once it runs; here only those are read that decide what a user is told before.
"""

import argparse
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from mitmproxy.proxy.mode_specs import ProxyMode, ReverseMode

from addon.command.hints import Endpoint
from addon.command.trust import CONFDIR
from addon.settings import PREFIX, Settings, bare_value, option_names
from addon.wire.hosts import LOOPBACK, HostSet

PORT, WEB_PORT, PAGES_PORT = "8080", "8081", "8082"
_NOT_SERVED = ("--options", "--commands", "-n", "--no-server")


class PortTaken(Exception):
    """A port cannot be listened on; the message says which, why, and what to do."""


@dataclass(frozen=True, slots=True)
class StartPlan:
    """A start, as the arguments have it."""

    modes: tuple[ProxyMode, ...]
    proxy: Endpoint
    """Port 0: each mode's own default."""
    web: Endpoint | None
    """None for mitmdump."""
    confdir: Path
    settings: Mapping[str, str]
    """Raw values of our own options, by the settings' names."""
    serves: bool
    """False: flows are only read, or options listed."""
    quiet: bool

    @property
    def first(self) -> Endpoint:
        """Where the first mode listens; port 0 if it is not known."""
        return self._endpoint(self.modes[0])

    def check_ports(self, settings: Settings) -> None:
        """Raise `PortTaken` unless all TCP ports, those of `settings` too, can be listened on now, together."""
        modes = [self._endpoint(mode) for mode in self.modes if self.serves and mode.transport_protocol != "udp"]
        ports = [(mode, "-p PORT") for mode in modes] + ([(self.web, "--web-port PORT")] if self.web else [])
        for name, port in (("port", settings.port), ("metrics_port", settings.metrics_port)):
            ports.append((Endpoint(LOOPBACK, port), f"--set {PREFIX}{name}=PORT"))
        with ExitStack() as open_until_all_are:
            for endpoint, flag in ports:
                if endpoint.port:
                    open_until_all_are.enter_context(_listen(endpoint, flag))

    def shortcomings(self, settings: Settings) -> list[str]:
        """What a user will miss with these settings, and what would give it."""
        told = []
        known = HostSet.known(settings.hosts)
        upstreams = [mode.address[0] for mode in self.modes if isinstance(mode, ReverseMode)]
        for host in upstreams if not settings.compress_passthrough else ():
            if not known.matches(host):
                told.append(f"Nothing is rewritten for {host}, no known LLM API: --set headroom_hosts={host} names it.")
        if not settings.port and "port" not in self.settings and not is_free(PAGES_PORT):
            told.append(f"No dashboard: port {PAGES_PORT} is taken. --set headroom_port=PORT gives one.")
        return told

    def arguments(self, rest: Sequence[str]) -> list[str]:
        """mitmproxy's arguments: our defaults, then the user's own, which win."""
        ours = ["--listen-host", self.proxy.host]
        if self.proxy.port:
            ours += ["--listen-port", str(self.proxy.port)]
        if self.web:
            ours += ["--web-host", self.web.host, "--web-port", str(self.web.port), "--no-web-open-browser"]
        return [*ours, *rest]

    def _endpoint(self, mode: ProxyMode) -> Endpoint:
        return Endpoint(mode.listen_host(self.proxy.host), mode.listen_port(self.proxy.port or None) or 0)


def read_plan(arguments: Sequence[str], *, dump: bool) -> StartPlan:
    """The plan for mitmweb, or for mitmdump. Raises `ValueError` for a port or mode that is none."""
    known, _ = _parser().parse_known_args(arguments)
    named = [entry.partition("=")[::2] for entry in known.set]
    options = dict(named)
    specs = [*known.mode, *(value for name, value in named if name == "mode")]
    port = known.listen_port or options.get("listen_port") or (None if specs else PORT)
    web_port = known.web_port or options.get("web_port") or WEB_PORT
    web_host = known.web_host or options.get("web_host") or LOOPBACK
    return StartPlan(
        modes=tuple(_mode(spec) for spec in specs or ["regular"]),
        proxy=Endpoint(known.listen_host or options.get("listen_host") or LOOPBACK, _port(port or "0")),
        web=None if dump else Endpoint(web_host, _port(web_port)),
        confdir=Path(options.get("confdir") or CONFDIR).expanduser(),
        settings=dict(_own(known.set)),
        serves=not any(flag in arguments for flag in _NOT_SERVED),
        quiet=known.quiet,
    )


def _own(entries: Sequence[str]) -> Iterator[tuple[str, str]]:
    for entry in entries:
        name, given, value = entry.partition("=")
        if name.startswith(PREFIX):
            name = name.removeprefix(PREFIX)
            yield name, value if given or name not in option_names() else bare_value(name)


def is_free(port: str) -> bool:
    """Whether a loopback port can be listened on now."""
    try:
        _listen(Endpoint(LOOPBACK, int(port)), "").close()
    except PortTaken:
        return False
    return True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("-m", "--mode", action="append", default=[])
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("-p", "--listen-port")
    for name in ("--listen-host", "--web-port", "--web-host"):
        parser.add_argument(name)
    parser.add_argument("-q", "--quiet", action="store_true")
    return parser


def _mode(spec: str) -> ProxyMode:
    try:
        return ProxyMode.parse(spec)
    except ValueError as error:
        raise ValueError(f"--mode {spec}: {error}") from error


def _port(text: str) -> int:
    if not (text.isdecimal() and int(text) < 1 << 16):
        raise ValueError(f"not a port: {text}")
    return int(text)


def _listen(endpoint: Endpoint, flag: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in endpoint.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        # As asyncio and tornado do, which will listen here: a connection in TIME_WAIT is no hindrance.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((endpoint.host, endpoint.port))
        listener.listen(1)
    except OSError as error:
        listener.close()
        where = f"{endpoint.host or '*'}:{endpoint.port}"
        raise PortTaken(f"cannot listen on {where}: {error.strerror}. Choose another port: {flag}") from error
    return listener
