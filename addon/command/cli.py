"""The console command `headroom-mitm`: start mitmweb or mitmdump with this addon, after saying how to use it.

Our own arguments are taken out, all others go to mitmproxy, behind our defaults so that they win; what is printed and
checked follows them. Exit code 1, before anything is started, when a port is taken.
"""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from addon.command import mcp, state, try_out
from addon.command.certs import cli as certs
from addon.command.doctor import cli as doctor
from addon.command.hints import Endpoint, hints
from addon.command.launch import PYTHON, mitmproxy_command
from addon.command.start_plan import PAGES_PORT, PortTaken, is_free, read_plan
from addon.command.trust import NoAuthority, write_bundle
from addon.command.wrap import cli as wrap
from addon.settings import Settings, did_you_mean
from addon.wire.hosts import LOOPBACK

type Command = Callable[[Sequence[str], Mapping[str, str]], int]

_COMMANDS: Mapping[str, Command] = {
    "run": wrap.run,
    "env": wrap.env,
    "doctor": doctor.main,
    "certs": certs.main,
    "mcp": mcp.main,
    "state": state.main,
    "try": try_out.main,
}
"""By the first argument; `--help` behind it tells more. Each takes the further arguments and the environment."""

_EPILOG = """\
commands, each with a --help of its own:
  run -- COMMAND ...                   run one command through the proxy; starts it where none runs
  env [--shell SHELL]                  print the variables that lead a shell's clients through it
  doctor [--client NAME]               try everything between a client and its API, say what to do
  try [FILE]                           print what a model would get in place of a tool output, and why
  mcp                                  serve the MCP tools over stdio
  certs ACTION                         a certificate authority for LLM API hosts only: make, show, install, uninstall
  state [--wipe | --forget-learned]    show what stands in the state folder; delete it

All other arguments go to mitmproxy. The most useful:
  -p PORT, --web-port PORT             ports of the proxy (8080) and of the web UI (8081)
  -m reverse:https://api.anthropic.com a base URL for clients in place of a proxy; needs no certificate
  -m upstream:http://proxy:3128        go on through another proxy
  -w FILE, -r FILE                     save flows; read saved flows
  --set headroom_mode=shadow           decide and log, change nothing
  --options                            list all options, the addon's among them
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say. Returns an exit code, or not at all: what is started takes our place."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given and (command := _COMMANDS.get(given[0])):
        try:
            code = command(given[1:], os.environ)
            if sys.stdout and not sys.stdout.closed:  # None where it was closed before we started
                sys.stdout.flush()
            return code
        except KeyboardInterrupt:
            return 128 + signal.SIGINT
        except BrokenPipeError:  # `| head` has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
    parser = _parser()
    if given and given[0].isalpha():  # mitmproxy's own arguments begin with a dash, its filters with a sign
        parser.error(f"no such command: {given[0]}{did_you_mean(given[0], _COMMANDS)}")
    own, rest = parser.parse_known_args(given)
    if own.demo:
        return _become([*PYTHON, "-m", "addon.command.demo", *rest])
    # A variable is the weakest way to set an option: the user's own one and `--set` win.
    os.environ.setdefault("HEADROOM_ONLY_LLM_HOSTS", "true")
    if is_free(PAGES_PORT):
        os.environ.setdefault("HEADROOM_PORT", PAGES_PORT)
    try:
        plan = read_plan(rest, dump=own.dump)
        bundle = write_bundle(plan.confdir, os.environ)
        if not own.ca_bundle:
            settings = Settings.of_environment(os.environ, plan.settings)
            plan.check_ports(settings)
    except (ValueError, OSError, NoAuthority, PortTaken) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    if own.ca_bundle:
        print(bundle)
        return 0
    if plan.serves and not plan.quiet:
        mode = plan.modes[0].type_name if plan.first.port else ""
        pages = Endpoint(LOOPBACK, settings.port) if settings.port else None
        print(hints(mode, plan.first, plan.web, bundle, pages), flush=True)
        for shortcoming in plan.shortcomings(settings):
            print(f"{shortcoming}\n", flush=True)
    return _become(mitmproxy_command("mitmdump" if own.dump else "mitmweb", plan.arguments(rest)))


def _become(command: list[str]) -> int:
    if os.name != "nt":
        os.execv(command[0], command)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches both; the child ends, we wait for it
    return subprocess.call(command)


def _parser() -> argparse.ArgumentParser:
    name = Path(sys.argv[0]).name
    parser = argparse.ArgumentParser(
        prog="./scripts/run" if name == "cli.py" else name,
        description="Start mitmproxy with the headroom addon on 127.0.0.1 and say how to point a client at it.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--dump", action="store_true", help="mitmdump: no web UI, flows in the terminal")
    parser.add_argument(
        "--demo", action="store_true", help="show what it does: needs no key and no network (--once: end by itself)"
    )
    parser.add_argument(
        "--ca-bundle", action="store_true", help="write the certificates clients need, print the file's path"
    )
    parser.add_argument("--version", action="version", version=_versions())
    return parser


def _versions() -> str:
    python = ".".join(map(str, sys.version_info[:3]))
    return f"headroom-mitmproxy {version('headroom-mitmproxy')}, mitmproxy {version('mitmproxy')}, Python {python}"


if __name__ == "__main__":
    sys.exit(main())
