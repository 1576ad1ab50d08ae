"""Long histories: subjects, hashes and diffstats stay, messages may go, the newest and the named ones stay."""

from functools import partial

import pytest

from tests.transforms.rewritten import rewritten, used
from transforms.call import Call
from transforms.diffs.history import HistoryTrimmer

_CALL = Call("bash", '{"command": "git log --stat"}')
_trimmed = partial(rewritten, HistoryTrimmer(), call=_CALL)
_used = partial(used, HistoryTrimmer(), call=_CALL)
_BODY = "".join(f"    Line {n} of an explanation that goes on for quite a while, as they do.\n" for n in range(6))


def _commit(number: int, body: str = _BODY) -> str:
    head = f"commit {number:040x}\nAuthor: Ada <ada@example.org>\n\n    Subject {number}\n"
    return f"{head}    \n{body}\n src/f{number}.py | 2 +-\n\n"


def test_every_hash_subject_and_file_stays_and_the_newest_messages() -> None:
    text = "".join(map(_commit, range(30)))
    trimmed = _trimmed(text)
    lines = text.split("\n")
    kept = trimmed.split("\n")
    assert all(line in kept for line in lines if line.startswith(("commit", "Author", "    Subject", " src")))
    assert "".join(map(_commit, range(3))) in trimmed


def test_a_message_that_is_named_stays() -> None:
    commits = [_commit(number) for number in range(30)]
    commits[17] = _commit(17, _BODY.replace("Line 3", "Undoes the change to `retry_limit`:"))
    trimmed = _trimmed("".join(commits), "When was retry_limit changed?")
    assert commits[17] in trimmed


@pytest.mark.parametrize("text", ["".join(map(_commit, range(12))), "".join(_commit(n, "") for n in range(40))])
def test_a_short_history_or_one_of_subjects_stays(text: str) -> None:
    assert _used(text) == text


def test_notes_of_a_commit_are_no_part_of_its_message() -> None:
    notes = "Notes:\n" + "".join(
        f"    REVERTED in production, part {n} of a longer story told here\n" for n in range(6)
    )
    text = "".join(_commit(number, "").rstrip("\n") + f"\n\n{notes}\n" for number in range(30))
    assert _used(text) == text
