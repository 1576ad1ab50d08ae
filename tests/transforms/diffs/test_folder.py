"""DiffFolder says names and addresses once, and everything can be put back."""

from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.rewritten import sent, used
from transforms.call import Call
from transforms.contract import Block
from transforms.diffs.folder import DiffFolder

FOLDER = DiffFolder()
_used = partial(used, FOLDER)
_sent = partial(sent, FOLDER)
FILE = (
    "diff --git a/src/pkg/module_{0}.py b/src/pkg/module_{0}.py\nindex 1..2 100644\n"
    "--- a/src/pkg/module_{0}.py\n+++ b/src/pkg/module_{0}.py\n@@ -1 +1 @@\n-a\n+b\n"
)
COMMIT = "commit {0:040x}\nAuthor: {1} <{1}@mathematics.example.org>\n\n    Subject {0}\n\n"
TEXT = "".join(COMMIT.format(n, ("ada", "grace", "joan")[n % 3]) + FILE.format(n) for n in range(9))


def test_a_log_with_patches_is_folded_and_comes_back() -> None:
    out = _used(TEXT)
    assert "--- a/src" not in out
    assert out.count("@mathematics.example.org") == 3
    assert out.count("diff --git a/src/pkg/module_") == 9


def test_a_header_without_names_before_its_hunk_makes_the_rewrite_unprovable() -> None:
    odd = "diff --git a/x b/x\nindex 1..2\n@@ -1 +1 @@\n-a\n+b\n" + TEXT
    assert FOLDER.fold(Block(odd, Call())) is not None
    assert _sent(odd) == odd


def test_an_author_without_an_address_makes_the_rewrite_unprovable() -> None:
    odd = "Author: ada\n" + TEXT
    assert FOLDER.fold(Block(odd, Call())) is not None
    assert _sent(odd) == odd


@given(st.data())
@settings(max_examples=60)
def test_damaged_diffs_are_settled_at_once_and_get_no_longer(data: st.DataObject) -> None:
    lines = TEXT.split("\n")
    for _ in range(data.draw(st.integers(0, 5))):
        at = data.draw(st.integers(0, len(lines) - 1))
        lines[at : at + data.draw(st.integers(0, 2))] = data.draw(
            st.lists(st.sampled_from(["", "new file mode 100644", "--- /dev/null", "@@ -1 +1 @@", "Author: ada", "\r"]))
        )
    text = "\n".join(lines)
    assert len(_sent(text)) <= len(text)
    assert _sent(_sent(text)) == _sent(text)
