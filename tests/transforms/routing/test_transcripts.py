"""What several commands printed is cut where the call has printed lines between them, and each piece has its command."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.routing.test_kinds import LOG, LS, MATCHES, PYTHON, bash
from transforms.call import Call
from transforms.contract import Block, Kind
from transforms.routing.parts import join, split
from transforms.routing.transcripts import outputs


def _cut(text: str, command: str) -> list[tuple[str, str]]:
    """The texts between the lines, each with its command."""
    pieces = outputs(text, bash(command))
    assert "".join(piece.text for piece in pieces) == text
    return [(piece.text, piece.call.command) for piece in pieces if not piece.separator]


@pytest.mark.parametrize(
    "echo",
    ["echo ---", "echo '---'", 'echo "=== log ==="', "echo -e '\\n--- log ---'", "echo '--- log ---' && true;"],
)
def test_each_output_has_its_command(echo: str) -> None:
    line = {"echo ---": "---", "echo '---'": "---", 'echo "=== log ==="': "=== log ==="}.get(echo, "--- log ---")
    first, second = _cut(f"M a.py\n{line}\nabc123 start\n", f"git status -s; {echo}; git log --oneline")
    assert first == ("M a.py\n", "git status -s")
    assert second[0] == "abc123 start\n"
    assert second[1].endswith("git log --oneline")


def test_a_line_with_a_variable_is_known_by_what_stands_around_it() -> None:
    """How often a loop runs is unknown, so its pieces keep the whole call."""
    command = 'for f in a b; do echo "== $f =="; cat $f; done'
    assert _cut("== a ==\n1\n== b ==\n2\n", command) == [("1\n", command), ("2\n", command)]


@pytest.mark.parametrize(
    "command", ["git log; git status", "echo done; ls", "cat '---'", 'echo "$x"; ls', 'echo "$x--$y"; ls', ""]
)
def test_a_call_that_prints_no_lines_between_its_commands_is_not_cut(command: str) -> None:
    assert _cut("a\n---\ndone\nb\n", command) == [("a\n---\ndone\nb\n", command)]


def test_every_piece_of_a_transcript_has_its_own_kind() -> None:
    command = "rg -n handle; echo '---'; ls -la; echo '---'; tail app.log; echo '---'; cat a.py"
    text = "---\n".join([MATCHES, LS, LOG, PYTHON])
    parts = split(Block(text, bash(command)))
    assert join(parts, [part.text for part in parts]) == text
    assert [part.kind for part in parts if part.kind] == [Kind.SEARCH, Kind.LISTING, Kind.LOG, Kind.CODE]


def test_very_many_outputs_stay_together() -> None:
    command = 'for f in *; do echo "== $f"; wc -l $f; done'
    text = "".join(f"== {n}.py\n{n} {n}.py\n" for n in range(40))
    assert _cut(text, command) == [(text, command)]


def test_a_long_line_is_read_but_once() -> None:
    """However often something is put into the line that the call prints."""
    command = 'echo "--$a-$b-$c-$d-$e-$f--"; ls'
    text = ("-" * 100_000 + "x\n") * 3
    start = time.process_time()
    assert _cut(text, command) == [(text, command)]
    assert time.process_time() - start < 1


@given(st.text("-=ab \n"), st.text("-=ab$'\";&\\ \necho"))
def test_the_pieces_of_any_text_are_the_text(text: str, command: str) -> None:
    call = Call("Bash", json.dumps({"command": command}))
    assert "".join(piece.text for piece in outputs(text, call)) == text
