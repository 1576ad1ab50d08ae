"""Folded blames: the code of every line stays, and who wrote it can be written out again."""

from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.rewritten import rewritten, sent
from transforms.diffs.blame import BlameFolder
from transforms.tokenizer import count_tokens

_folded = partial(rewritten, BlameFolder())
_sent = partial(sent, BlameFolder())
_ADA = "d4812e58 src/a.py    (Ada Lovelace 2026-11-20 21:30:57 +0000"
_BOB = "^1f0c77a old/src/a.py (Bob          2026-11-21 08:02:11 +0000"
_head = st.sampled_from(
    [_ADA, _BOB, _ADA.replace("src/a.py", "lib/b.py"), "d4812e58 (A (B) C 2026-11-20 21:30:57 +0000"]
)
_code = st.sampled_from(["", " ", " import re", " 12) x", " f(x)  # (3)", "\tx = 1\r", " d4812e58 (Ada 1) y"])
_other = st.sampled_from(["", "12) x", "d4812e58 3) y", "fatal: no such path", _ADA])


@given(st.lists(st.one_of(st.tuples(_head, _code), _other), max_size=30))
def test_any_blame_is_settled_at_once(rows: list[tuple[str, str] | str]) -> None:
    numbered = enumerate(rows, 1)
    text = "\n".join(row if isinstance(row, str) else f"{row[0]} {number:>3}){row[1]}" for number, row in numbered)
    assert _sent(_sent(text)) == _sent(text)


def test_a_commit_that_wrote_two_files_is_told_by_its_first_one() -> None:
    moved = _ADA.replace("src/a.py   ", "old/name.py")
    heads = [*[_ADA] * 8, _BOB, moved, _BOB, _ADA]
    folded = _folded("\n".join(f"{head} {n:>4}) x = {n}" for n, head in enumerate(heads, 1)))
    assert folded.endswith(f"\n{moved}   10) x = 10\n^1f0c77a 11) x = 11\nd4812e58 12) x = 12")


def test_the_commit_of_many_lines_is_said_once() -> None:
    text = "\n".join(f"{_BOB if n % 40 == 7 else _ADA} {n:>4}) value_{n} = load({n})" for n in range(1, 200))
    folded = _folded(text)
    assert folded.count("Ada Lovelace") == 1
    assert "\n47) " not in folded and "\n^1f0c77a 47) value_47 = load(47)\n" in folded
    assert count_tokens(folded) < 0.5 * count_tokens(text)
