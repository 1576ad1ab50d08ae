"""`headroom-mitm run` and `headroom-mitm env`: one command through the proxy, and the same for a shell."""

import argparse
import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from addon.command.hints import Endpoint
from addon.command.own_proxy import ProxyFailed, own_proxy
from addon.command.start_plan import PORT, read_plan
from addon.command.trust import NoAuthority, write_bundle, write_upstream_roots
from addon.command.wrap.child import NOT_EXECUTABLE, NOT_FOUND, run_command
from addon.command.wrap.java_store import write_java_store
from addon.command.wrap.running_proxy import figures_of, is_trusted, version_of
from addon.command.wrap.shells import SHELLS, forgotten_by, told_to, usual_shell
from addon.command.wrap.variables import (
    BEFORE,
    client_variables,
    is_java,
    java_options,
    unproxied,
    upstream_of,
    values_before,
)
from addon.settings import Settings, option_default
from addon.wire.hosts import LOOPBACK

_RUN_EPILOG = """\
Without --, the first word is the command. All other arguments before -- go to mitmproxy and start a proxy of its own:
  headroom-mitm run --set headroom_mode=shadow -- claude
"""
_MODE = ("-m", "--mode", "mode=")
_PROXIES = frozenset({"regular", "upstream"})
"""mitmproxy's modes that `HTTPS_PROXY` can lead to."""
_BASE_URL = "start it with ./scripts/run and set the client's base URL"
_UPSTREAM_ROOTS = "ssl_verify_upstream_trusted_ca"


def run(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run a command through the proxy. Returns its exit code; 1 when the proxy cannot be had."""
    parser = _run_parser()
    ours, command = _split(arguments)
    given, rest = parser.parse_known_args(ours)
    if not command:
        parser.error("say which command: run -- COMMAND ...")
    if shutil.which(command[0]) is None:
        return _tell(f"{command[0]}: command not found", NOT_FOUND)
    try:
        plan = read_plan([*rest, "--listen-port", str(given.port)], dump=True)
        if other := next((mode for mode in plan.modes if mode.type_name not in _PROXIES), None):
            return _tell(f"run leads a command through a proxy: -m {other.full_spec} is none ({_BASE_URL})", 1)
        Settings.of_environment(environ, plan.settings)
        bundle = write_bundle(plan.confdir, environ)
        with _proxy(given, rest, environ, plan.confdir, bundle) as proxy:
            return _wrapped(command, environ, proxy, bundle, quiet=given.quiet)
    except (OSError, ValueError, NoAuthority, ProxyFailed) as error:
        return _tell(str(error), 1)


def env(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Print what leads a shell's clients through the proxy. Returns an exit code."""
    given, rest = _env_parser().parse_known_args(arguments)
    shell = given.shell or usual_shell(environ)
    proxy = Endpoint(LOOPBACK, given.port)
    try:
        bundle = write_bundle(read_plan(rest, dump=True).confdir, environ)
        variables = client_variables(proxy.url, bundle, environ)
        if given.java:
            variables |= java_options(proxy.url, write_java_store(bundle), environ)
        before = values_before(variables, environ)
    except (OSError, ValueError, NoAuthority) as error:
        return _tell(str(error), 1)
    if given.unset:
        names = [name for name in variables if name not in before]
        sys.stdout.write(told_to(shell, before) + forgotten_by(shell, [*names, BEFORE]))
        return 0
    sys.stdout.write(told_to(shell, {**variables, BEFORE: json.dumps(before)}))
    if version_of(proxy) is None:
        _tell(f"no proxy with the addon answers at {proxy.url} yet: ./scripts/run starts one")
    return 0


def _wrapped(command: Sequence[str], environ: Mapping[str, str], proxy: Endpoint, bundle: Path, *, quiet: bool) -> int:
    variables = client_variables(proxy.url, bundle, environ)
    if is_java(command[0]):
        variables |= java_options(proxy.url, write_java_store(bundle), environ)
    if kept_away := unproxied(environ):
        _tell(f"NO_PROXY={','.join(kept_away)} keeps LLM APIs away from the proxy: nothing is rewritten there")
    before = figures_of(proxy)
    try:
        code = run_command(command, {**environ, **variables})
    except PermissionError as error:
        return _tell(str(error), NOT_EXECUTABLE)
    if not quiet:
        _tell(str(figures_of(proxy).since(before)))
    return code


@contextmanager
def _proxy(
    given: argparse.Namespace, rest: Sequence[str], environ: Mapping[str, str], confdir: Path, bundle: Path
) -> Iterator[Endpoint]:
    """The one that runs already, if it is one of ours and its authority is in the bundle, else one for this command."""
    strict = Settings.parse({"tls_strict": option_default("tls_strict", environ)}).tls_strict
    upstream = upstream_of(environ)
    ours = [Endpoint(LOOPBACK, given.port), *([upstream.at] if upstream else [])]
    if (
        not rest
        and not given.log
        and (running := next((one for one in ours if is_trusted(one, bundle, strict=strict)), None))
    ):
        yield running
        return
    private: list[str] = []
    arguments: list[str] = []
    if upstream and not any(argument.startswith(_MODE) for argument in rest):
        arguments += ["--mode", f"upstream:{upstream.url}"]
        private = ["--set", f"upstream_auth={upstream.credentials}"] if upstream.credentials else []
    if not any(argument.startswith(_UPSTREAM_ROOTS) for argument in rest):
        arguments += ["--set", f"{_UPSTREAM_ROOTS}={write_upstream_roots(confdir, environ)}"]
    settings = {"HEADROOM_ONLY_LLM_HOSTS": "true", **environ}
    with own_proxy([*arguments, *rest], settings, private=private, log=given.log) as proxy:
        yield proxy.at


def _split(arguments: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    if "--" in arguments:
        at = arguments.index("--")
        return arguments[:at], arguments[at + 1 :]
    plain = not arguments or arguments[0].startswith("-")
    return (arguments, []) if plain else ([], arguments)


def _tell(message: str, code: int = 0) -> int:
    print(f"headroom: {message}", file=sys.stderr, flush=True)
    return code


def _run_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="headroom-mitm run",
        usage="%(prog)s [options] -- COMMAND ...",
        description="Run one command through the proxy: settings are in its environment only, nothing is written.",
        epilog=_RUN_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_port(parser, "use the proxy at this port if one of ours runs there; else one is started for the command")
    parser.add_argument("--log", type=Path, help="start a proxy for the command and keep its log in this file")
    parser.add_argument("-q", "--quiet", action="store_true", help="do not say in the end what was saved")
    return parser


def _env_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="headroom-mitm env",
        description='Print the variables for a shell: eval "$(headroom-mitm env)"',
        allow_abbrev=False,
    )
    _add_port(parser, "the proxy's port")
    parser.add_argument("--shell", choices=SHELLS, help="whose lines (default: your shell's)")
    parser.add_argument("--java", action="store_true", help="JAVA_TOOL_OPTIONS too, which each Java program mentions")
    parser.add_argument("--unset", action="store_true", help="the lines that undo it")
    return parser


def _add_port(parser: argparse.ArgumentParser, told: str) -> None:
    parser.add_argument("-p", "--listen-port", dest="port", type=int, default=int(PORT), help=f"{told} ({PORT})")
