"""Install real agents, run each through the proxy against the stand-in, and tell what came of it.

`./scripts/clients [NAME …]`: all of them, or those named. Exit code 1 if one of them fails. Needs npm and its registry.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.clients.catalog import AGENTS, Agent
from tests.clients.session import NotInstalled, Session, install, run
from tests.e2e.rig import Loop


def main() -> int:
    """Do what the arguments say. Returns an exit code."""
    parser = argparse.ArgumentParser(prog="./scripts/clients", description=(__doc__ or "").partition("\n")[0])
    names = [agent.name for agent in AGENTS]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}; none: all of them")
    parser.add_argument("--cache", type=Path, default=Path("/tmp/headroom-clients"), help="where they are installed")
    parser.add_argument("--keep", type=Path, help="keep workspaces, logs and flows in this new folder")
    given = parser.parse_args()
    if wrong := sorted(set(given.names) - set(names)):
        parser.error(f"no such client: {', '.join(wrong)}")
    chosen = [agent for agent in AGENTS if not given.names or agent.name in given.names]
    loop = Loop()
    with TemporaryDirectory(prefix="headroom-clients-") as scratch:
        folder = given.keep or Path(scratch)
        good = [_one(agent, given.cache, folder / agent.name, loop) for agent in chosen]
    loop.close()
    return 0 if all(good) else 1


def _one(agent: Agent, cache: Path, folder: Path, loop: Loop) -> bool:
    try:
        programs = install(agent, cache)
    except NotInstalled as error:
        print(f"{agent.name}: not installed: {error}")
        return False
    session = run(agent, programs, folder, loop)
    for line in told(agent.name, session):
        print(line, flush=True)
    return is_good(session)


def is_good(session: Session) -> bool:
    """Whether the client worked as ever, and sent less."""
    works = session.exit_code == 0 and session.answered and session.prefix_held
    return works and session.after < session.before


def told(name: str, session: Session) -> Iterator[str]:
    """A report of a session."""
    share = 100 * (session.before - session.after) / session.before if session.before else 0
    yield (
        f"{name}: {'ok' if is_good(session) else 'FAILED'}, exit code {session.exit_code}, {session.seconds:.0f} s, "
        f"prefix law {'held' if session.prefix_held else 'BROKEN'}, answer {'as sent' if session.answered else 'MISSING'}, "
        f"{session.before:,} -> {session.after:,} tokens of tool outputs (-{share:.0f} %)"
    )
    for number, turn in enumerate(session.turns, 1):
        yield f"  turn {number}: {turn.before:,} -> {turn.after:,} {turn.decision}"
    if not is_good(session):
        yield "  " + "\n  ".join(session.output.splitlines()[-15:])


if __name__ == "__main__":
    sys.exit(main())
