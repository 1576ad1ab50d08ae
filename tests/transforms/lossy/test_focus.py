"""Lines that name what was asked about are found; words of the language are not names."""

import pytest

from transforms.call import Call
from transforms.contract import Block
from transforms.lossy.focus import named_lines

LINES = [
    "def datagram_flow(self):",
    "    return AgentType.CLAUDE",
    "tests/test_pay.py::test_refund PASSED",
    "import upstream",
    "see https://example.org/a/b?id=4711 for more",
    "nothing of interest",
    "the build is green",
]


def found(question: str, call: Call | None = None) -> set[int]:
    return set(named_lines(Block("\n".join(LINES), call or Call(), question), LINES))


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("What happens to `datagram_flow`?", 0),
        ("what is agentType", 1),
        ("AgentType.CLAUDE is wrong", 1),
        ("does test_refund pass", 2),
        ("run tests/test_pay.py::test_refund", 2),
        ("Start with what happens to `import` here", 3),
        ("look at https://example.org/a/b?id=4711", 4),
        ("what does upstream mean", 3),
    ],
)
def test_a_name_in_the_question_finds_its_line(question: str, line: int) -> None:
    assert found(question) == {line}


def test_a_name_in_the_arguments_finds_its_line() -> None:
    assert found("", Call("Bash", '{"command": "grep -n datagram_flow app.py"}')) == {0}
    assert found("", Call("shell", '{"command": ["rg", "AgentType"]}')) == {1}
    assert found("", Call("exec", "free text that says test_refund")) == {2}


def test_words_of_the_language_find_nothing() -> None:
    assert found("Please check this and tell me what to do next with these") == set()
    assert found("") == set()


def test_a_part_of_a_word_is_no_name() -> None:
    assert found("flow") == set()


def test_a_term_on_very_many_lines_names_nothing() -> None:
    lines = [f"pkg_a line {n}" for n in range(500)] + ["pkg_b is here"]
    block = Block("\n".join(lines), Call(), "compare pkg_a with pkg_b")
    assert named_lines(block, lines) == {500}


def test_a_huge_question_is_read_from_its_end() -> None:
    assert found("lorem_ipsum " * 50_000 + "`datagram_flow`") == {0}
