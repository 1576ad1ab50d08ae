"""Install real agents, run each through the proxy against the stand-in, and tell what came of it.

`./scripts/clients [NAME …]`: all of them, or those named. Exit code 1 if one of them fails. Needs npm and its registry.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.clients.catalog import AGENTS, Agent
from tests.clients.report import is_good, told
from tests.clients.session import CACHE, NotInstalled, install, run
from tests.e2e.rig import Loop


def main() -> int:
    """Do what the arguments say. Returns an exit code."""
    parser = argparse.ArgumentParser(prog="./scripts/clients", description=(__doc__ or "").partition("\n")[0])
    names = [agent.name for agent in AGENTS]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}; none: all of them")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where they are installed (default: %(default)s)")
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


if __name__ == "__main__":
    sys.exit(main())
