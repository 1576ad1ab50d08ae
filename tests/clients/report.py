"""What is told of a session, and when it is a good one."""

from collections.abc import Iterator

from tests.clients.session import Session


def is_good(session: Session) -> bool:
    """Whether the client worked as ever, and sent less."""
    works = session.exit_code == 0 and session.answered and session.prefix_held and session.coding_kept
    return works and session.repeated != 0 and session.after < session.before


def told(name: str, session: Session) -> Iterator[str]:
    """A report of a session: a line, and one for each turn."""
    share = 100 * (session.before - session.after) / session.before if session.before else 0
    repeated = "" if session.repeated is None else f"{session.repeated} results sent again after the cut, "
    yield (
        f"{name}: {'ok' if is_good(session) else 'FAILED'}, exit code {session.exit_code}, {session.seconds:.0f} s, "
        f"prefix law {'held' if session.prefix_held else 'BROKEN'}, "
        f"answer {'as sent' if session.answered else 'MISSING'}, {repeated}"
        f"coding {'kept' if session.coding_kept else 'CHANGED'}, "
        f"{session.before:,} -> {session.after:,} tokens of tool outputs (-{share:.0f} %)"
    )
    for number, turn in enumerate(session.turns, 1):
        yield f"  turn {number}: {turn.before:,} -> {turn.after:,} {turn.decision}"
    if not is_good(session):
        yield "  " + "\n  ".join(session.output.splitlines()[-15:])
