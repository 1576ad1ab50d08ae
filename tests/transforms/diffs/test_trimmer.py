"""DiffTrimmer drops what nobody reads line by line, says so in place, and alters nothing."""

import re
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.rewritten import used
from transforms.diffs.trimmer import DiffTrimmer

trimmed = partial(used, DiffTrimmer())


def hunk(path: str, body: list[str], mode: str = "100644") -> str:
    """One file of a git diff, whose counts fit its body."""
    old, new = (sum(line[0] in marks for line in body) for marks in ("- ", "+ "))
    head = f"diff --git a/{path} b/{path}\nindex 83db48f..bf269f4 {mode}\n--- a/{path}\n+++ b/{path}\n"
    return f"{head}@@ -1,{old} +1,{new} @@\n" + "".join(f"{line}\n" for line in body)


LOCK = hunk(
    "uv.lock",
    [
        f'{sign}    {{ url = "https://files.example.org/{n}.whl", hash = "sha256:{n * 7919:064x}" }},'
        for n in range(20)
        for sign in "-+"
    ],
)


def test_a_diff_of_thirty_files_still_names_thirty_files() -> None:
    text = "".join(
        hunk(f"vendor/lib{n}/mod.js", [f"+line {n} {m} of the bundle" for m in range(30)]) for n in range(30)
    )
    out = trimmed(text)
    assert len(out) < len(text) / 2
    for mark in ("diff --git ", "index ", "--- a/", "+++ b/"):
        assert len(re.findall(f"^{re.escape(mark)}", out, re.MULTILINE)) == 30
    assert len(re.findall(r"^\[lines? .* omitted: hunks of vendor/lib\d+/mod\.js, \+30 -0", out, re.MULTILINE)) == 30


def test_a_mode_stays_as_it_is() -> None:
    out = trimmed(LOCK.replace("100644", "100755") + hunk("run.sh", ["-a", "+b"], mode="100755"))
    assert out.count("100755") == 2
    assert "100644" not in out


def test_the_counts_of_a_gap_are_those_of_its_lines() -> None:
    assert "omitted: hunks of uv.lock, +20 -20; full text: /o/1]" in trimmed(LOCK)


def test_a_line_that_the_question_names_stays_with_its_hunk_header() -> None:
    text = LOCK.replace("/7.whl", "/ruamel_yaml-0.19.whl")
    out = trimmed(text, "What happens to `ruamel_yaml` here?")
    assert out.count("ruamel_yaml") == 2
    assert "@@ -1,20 +1,20 @@" in out
    assert "omitted" in out


def test_a_file_that_the_question_names_keeps_its_changed_versions() -> None:
    lines = LOCK.split("\n")
    lines[20] = '+version = "2.0"'
    text = "\n".join(lines)
    assert 'version = "2.0"' in trimmed(text, "Explain the change of uv.lock.")


def test_code_that_a_person_wrote_stays_whole() -> None:
    text = hunk("src/app.py", [f"{'+-'[n % 2]}statement {n}" for n in range(300)])
    assert trimmed(text) == text


def test_a_new_file_stays_whole_however_long() -> None:
    text = hunk("src/tasks.py", [f"+    step({n}, retries={n})" for n in range(600)])
    text = text.replace("index 83db48f", "new file mode 100644\nindex 0000000")
    assert trimmed(text) == text


def test_the_middle_of_a_long_deleted_file_goes_and_its_outline_stays() -> None:
    body = [f"-def task_{n // 20}():" if n % 20 == 0 else f"-    step({n}, retries={n})" for n in range(600)]
    out = trimmed(hunk("src/old.py", body).replace("index 83db48f", "deleted file mode 100755\nindex 83db48f"))
    assert "omitted: deleted content of src/old.py, +0 -19" in out
    assert "deleted file mode 100755" in out
    assert all(f"-def task_{n}():" in out for n in range(30))
    assert body[0] in out and body[-1] in out


def test_a_deleted_line_that_looks_like_a_header_opens_no_file() -> None:
    body = ["--- a/vendor/x.js", "+++ b/vendor/x.js", *[f"+note {n} of the changelog, in full" for n in range(40)]]
    text = hunk("notes.md", body)
    assert trimmed(text) == text


def test_combined_diffs_are_read_by_their_own_columns() -> None:
    body = ["  same", "--both had it", "- first had it", " -second had it", "++new", *["  context"] * 30]
    text = (
        "diff --cc yarn.lock\nindex 1111111,2222222..3333333\n--- a/yarn.lock\n+++ b/yarn.lock\n"
        f"@@@ -1,{1 + 2 + 30} -1,{1 + 2 + 30} +1,{2 + 30} @@@\n" + "".join(f"{line}\n" for line in body) + "\nafter\n"
    )
    out = trimmed(text)
    assert "hunks of yarn.lock, +1 -3" in out
    assert out.endswith("]\n\nafter\n")


def test_binary_data_goes() -> None:
    text = (
        "diff --git a/logo.png b/logo.png\nindex 1111111..2222222 100644\nGIT binary patch\nliteral 4000\n"
        + "".join(f"zcmV-{n:04d}Q~}}d2@ITX>fFDZ*Bk~X8|{n:06d}5Nv00000NkvXXu0mjf\n" for n in range(40))
        + "\nliteral 0\nHcmV?d00001\n\n"
    )
    out = trimmed(text)
    assert "GIT binary patch\n[lines 4-" in out
    assert "omitted: binary data; full text" in out


@pytest.mark.parametrize(
    "head",
    [
        "Index: trunk/yarn.lock\n===================================\n--- trunk/yarn.lock\t(revision 7)\n"
        "+++ trunk/yarn.lock\t(working copy)\n",
        "diff -r 3f1c2aa yarn.lock\n--- a/yarn.lock\tThu Jan 01 00:00:00 2026 +0000\n"
        "+++ b/yarn.lock\tThu Jan 01 00:00:00 2026 +0000\n",
        "--- old/yarn.lock\t2026-01-01 00:00:00\n+++ new/yarn.lock\t2026-01-02 00:00:00\n",
    ],
    ids=["svn", "hg", "diff -u"],
)
def test_headers_of_other_tools_are_known(head: str) -> None:
    body = "".join(f'+  resolved "https://registry.example.org/pkg-{n}.tgz#{n:040x}"\n' for n in range(20))
    out = trimmed(head + f"@@ -0,0 +1,20 @@\n{body}")
    assert out.startswith(head)
    assert "yarn.lock, +20 -0; full text" in out


def test_a_file_name_cannot_name_another_place_for_the_full_text() -> None:
    out = trimmed(LOCK.replace("uv.lock", "x; full text: elsewhere/uv.lock"))
    (marker,) = [line for line in out.split("\n") if line.startswith("[lines")]
    assert "hunks of a file, +20 -20; full text: /o/1]" in marker


@given(st.data())
@settings(max_examples=60)
def test_damaged_diffs_are_proven_or_left_alone_and_never_shrink_twice(data: st.DataObject) -> None:
    lines = (LOCK + hunk("src/a.py", ["-a", "+b", *[" same line of context"] * 40, "+c"])).split("\n")
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        lines[at : at + data.draw(st.integers(0, 2))] = data.draw(
            st.lists(
                st.sampled_from(["", "\r", "@@ -1,9 +1,9 @@", "--- a", "+++ b", "\ud800", "+x", "GIT binary patch"])
            )
        )
    out = trimmed("\n".join(lines))
    assert trimmed(out) == out
