"""`headroom-mitm state`: what stands in the state folder, and how to be rid of it.

Reads, unless told to delete; needs no running proxy and stops none.
"""

import argparse
import re
import sqlite3
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from addon.command.consent import agreed
from addon.settings import BadSetting, Settings, environment_variable, option_default
from addon.store import learned, shelf, sqlite_ledger
from addon.store.learned import Learned

FILES = ("days.sqlite", "learned.sqlite", "ledger.damaged", "ledger.sqlite", "originals.damaged", "originals.sqlite")
ORIGINALS = "originals"
_BESIDE = r"(?:-wal|-shm|-journal)?"
_OURS = re.compile(rf"(?:{'|'.join(map(re.escape, FILES))}){_BESIDE}|token(?:\.[0-9]+\.[0-9a-f]{{8}})?|port\.[0-9]+")
"""The names that the addon gives to files, none but these: nothing else is ever deleted."""
_MOST_NAMED = 5


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Do what the arguments say. Returns an exit code: 1 where the folder cannot be read or emptied."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        home = Settings.parse({"home": given.home or option_default("home", environ)}).home
        if given.wipe:
            return _wipe(home) if given.yes or _agreed(home) else 1
        if given.forget_learned:
            return _forget(home)
        print("\n".join(_shown(home)))
    except (BadSetting, OSError, sqlite3.Error) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    return 0


def _shown(home: Path) -> Iterable[str]:
    entries = _ours(home)
    yield f"{home}: {_size(entries) if entries else 'nothing of ours there'}"
    for entry in entries:
        told = _TOLD.get(entry.name)
        yield f"  {entry.name:<22} {_size([entry]):>10}  {told(entry) if told else ''}".rstrip()
    if experience := _learned(home):
        yield "learned, by tool and kind of output:"
    for one in experience:
        counts = f"{one.shortened:.0f} shortened, {one.asked_again:.0f} asked for again"
        yield f"  {one.sort.tool} {one.sort.kind}: {counts}, so {one.share:.0%} of the policy's lossy budget"


def _ours(home: Path) -> list[Path]:
    """Our files in the folder itself, and the folder of originals where there is one."""
    entries = home.iterdir() if home.is_dir() else ()
    ours = (e for e in entries if (e.is_dir() if e.name == ORIGINALS else e.is_file() and _OURS.fullmatch(e.name)))
    return sorted(ours)


def _files(entry: Path) -> list[Path]:
    """Our files behind an entry."""
    if not entry.is_dir():
        return [entry]
    return [file for file in entry.iterdir() if shelf.is_ours(file.name) and not file.is_dir()]


def _agreed(home: Path) -> bool:
    if not sys.stdin.isatty():
        print("--wipe asks before it deletes; without a terminal it needs --yes", file=sys.stderr)
        return False
    return agreed(f"Delete what is ours in {home}?")


def _wipe(home: Path) -> int:
    """Delete what is ours in the folder, and the folders where nothing else is left in them."""
    ours = _ours(home)
    files = [file for entry in ours for file in _files(entry)]
    size = _size(ours)
    for file in files:
        file.unlink(missing_ok=True)
    print(f"{home}: {size} deleted")
    if ours:
        within, beside = _left(home / ORIGINALS), _left(home)
        left = within + [entry for entry in beside if not within or entry.name != ORIGINALS]
        names = [str(entry.relative_to(home)) for entry in left[:_MOST_NAMED]]
        if more := len(left) - len(names):
            names.append(f"{more} more")
        if names:
            print(f"Left, as it is not ours: {', '.join(names)}")
    if files:
        print(_AFTER_WIPE)
    return 0


def _left(folder: Path) -> list[Path]:
    """What is left in a folder, which goes when that is nothing."""
    left = sorted(folder.iterdir()) if folder.is_dir() else []
    if not left and folder.is_dir() and not folder.is_symlink():
        folder.rmdir()
    return left


_AFTER_WIPE = """\
A proxy that runs goes on with what it remembers: start it again. Conversations that were rewritten begin anew for the
provider's cache, and markers in them name files that are gone."""


def _forget(home: Path) -> int:
    known = Learned(home)
    with closing(known):
        count = len(known.all())
        known.reset()
    print(
        f"{home}: what was learned of {count} sorts of output is forgotten" if count else f"{home}: nothing was learned"
    )
    return 0


def _learned(home: Path) -> list[learned.Experience]:
    if not (home / learned.FILE).exists():
        return []
    with closing(Learned(home)) as known:
        return known.all()


def _decisions(path: Path) -> str:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", timeout=1, uri=True)) as connection:
        statement = (
            "SELECT count(*), count(decision ->> 0), date(min(used_day) * 86400, 'unixepoch'), "
            "coalesce(sum((decision ->> 3) - (decision ->> 4)) FILTER (WHERE decision ->> 0 IS NOT NULL), 0) "
            "FROM decisions"
        )
        count, rewritten, oldest, saved = connection.execute(statement).fetchone()
    since = f"; last use of the oldest: {oldest}" if oldest else ""
    return f"{count} decisions, {rewritten} of them rewrites that save {saved} tokens each time they are sent{since}"


def _originals(path: Path) -> str:
    return f"{len(_files(path))} originals of outputs that were shortened"


_TOLD: Mapping[str, Callable[[Path], str]] = {sqlite_ledger.FILE: _decisions, ORIGINALS: _originals}
"""What is said of an entry besides its size."""


def _size(entries: Iterable[Path]) -> str:
    return _told_size(sum(file.lstat().st_size for entry in entries for file in _files(entry)))


def _told_size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size} bytes"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="headroom-mitm state",
        description="Show what stands in the state folder: decisions, originals, what was learned per tool.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--home", metavar="FOLDER", help=f"the state folder ({environment_variable('home')}, else ~/.headroom)"
    )
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--wipe", action="store_true", help="delete all of it; asks before")
    action.add_argument("--forget-learned", action="store_true", help="forget what was learned per tool")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    return parser
