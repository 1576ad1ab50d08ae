"""BlobElider names blobs by length and hash, in place, within the budget; what is copied or asked for stays."""

import base64
import json
import random
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.rewritten import used
from transforms.blobs import BlobElider
from transforms.call import Call
from transforms.contract import Block, Budget, Omission, Rewrite
from transforms.tokenizer import count_tokens

ELIDER = BlobElider()
BUDGET = Budget(5_000, "/o/1")
DATA = base64.b64encode(random.Random(7).randbytes(1_500)).decode()
WRAPPED = "\n".join(textwrap.wrap(DATA, 76))
SCRIPT = "!function(t,e){return t&&e||function(n){var r=n(e);return r}}(x,y);" * 40
STYLE = ".a{color:red;margin:0}.bb{padding:1px;top:0}" * 60


def elided(text: str, budget: Budget = BUDGET) -> Rewrite:
    """The rewrite of `text`, which there must be, proven."""
    rewrite = ELIDER.rewrite(Block(text, Call()), budget)
    assert rewrite and ELIDER.proof(text, rewrite.text)
    return rewrite


def test_a_data_uri_in_json_is_elided_and_the_json_still_parses() -> None:
    text = json.dumps({"icon": f"data:image/png;base64,{DATA}", "n": 1})
    rewrite = elided(text, Budget(5_000, "C:\\state\\1.txt"))
    icon = json.loads(rewrite.text)["icon"]
    assert icon.startswith("data:image/png;base64,[base64 omitted: 2000 characters, sha256 ")
    assert icon.endswith("; full text: C:/state/1.txt]")
    assert rewrite.omitted == (Omission("characters", 33, 2032),)


@pytest.mark.parametrize(("blob", "what"), [(WRAPPED, "base64"), (SCRIPT, "minified code"), (STYLE, "minified code")])
def test_wrapped_data_and_minified_code_are_elided_whole(blob: str, what: str) -> None:
    rewrite = elided(f"before\n{blob}\nafter\n")
    first, marker, *rest = rewrite.text.split("\n")
    assert [first, *rest] == ["before", "after", ""]
    assert marker.startswith(f"[{what} omitted: {len(blob)} characters, sha256 ")


def test_data_wrapped_within_a_string_is_elided_as_in_the_pictures_of_notebooks() -> None:
    text = json.dumps({"image/png": f"{WRAPPED}\n", "text/plain": ["<Figure size 640x480>"]})
    rewrite = elided(text)
    read = json.loads(rewrite.text)
    assert read["image/png"].startswith("[base64 omitted: ") and read["image/png"].endswith("; full text: /o/1]\n")
    assert read["text/plain"] == ["<Figure size 640x480>"]


def test_of_certificates_and_keys_within_a_string_the_keys_stay() -> None:
    crt, key = (f"-----BEGIN {what}-----\n{WRAPPED}\n-----END {what}-----\n" for what in ("CERTIFICATE", "PRIVATE KEY"))
    rewrite = elided(json.dumps({"crt": crt, "key": key}))
    read = json.loads(rewrite.text)
    assert read["crt"].startswith("-----BEGIN CERTIFICATE-----\n[base64 omitted: ")
    assert read["key"] == key


def test_of_a_source_map_the_positions_go_and_the_names_stay() -> None:
    mappings = ";".join("AAAA,IAAIA,CAAC,SAASC,EAAE" for _ in range(60))
    text = json.dumps({"version": 3, "sources": ["src/cart.ts"], "names": ["total"], "mappings": mappings})
    rewrite = elided(text)
    read = json.loads(rewrite.text)
    assert read["sources"] == ["src/cart.ts"]
    assert read["mappings"].startswith(f"[source map omitted: {len(mappings)} characters, sha256 ")


def test_a_blob_larger_than_the_budget_keeps_its_start() -> None:
    rewrite = elided(f"x {DATA} y", Budget(300, "/o/1"))
    (gap,) = rewrite.omitted
    assert count_tokens(f"x {DATA} y"[gap.first - 1 : gap.last]) <= 300
    assert rewrite.text.startswith("x " + DATA[:500])


def test_only_the_first_marker_names_the_full_text() -> None:
    rewrite = elided(f"{DATA} and {DATA[::-1]}")
    assert rewrite.text.count("omitted") == 2
    assert rewrite.text.count("full text") == 1


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer eyJ{DATA}",
        f"-----BEGIN PRIVATE KEY-----\n{WRAPPED}\n-----END PRIVATE KEY-----",
        f"ssh-rsa AAAAB3NzaC1yc2E{DATA} me@host",
        "/usr/share/doc/packages" * 20,
        json.dumps([{"id": n, "name": f"item-{n}"} for n in range(200)], separators=(",", ":")),
        "A" * 400,
    ],
    ids=["token", "private key", "public key", "path", "json", "filler"],
)
def test_what_is_copied_or_read_stays(text: str) -> None:
    assert used(ELIDER, text) == text


@pytest.mark.parametrize("question", ["decode the base64 in it", f"why is {DATA[40:60]} in there?"])
def test_what_the_question_is_about_stays(question: str) -> None:
    text = f"x {DATA} y"
    assert used(ELIDER, text, question) == text


def test_the_proof_sees_a_wrong_length_hash_or_text() -> None:
    text = f"x {DATA} y"
    rewrite = elided(text)
    assert not ELIDER.proof(text, rewrite.text.replace("2000", "1999"))
    assert not ELIDER.proof(text, rewrite.text.replace("sha256 ", "sha256 0")[: len(rewrite.text)])
    assert not ELIDER.proof(text, rewrite.text.replace("x ", "z "))
    assert not ELIDER.proof(text.replace(DATA[9], "?", 1), rewrite.text)


@given(
    st.lists(
        st.sampled_from([DATA, WRAPPED, SCRIPT, "\n", " ", "\r\n", "a b", "{", '"', "\ud800", "\x00", DATA[:250]]),
        max_size=7,
    ),
    st.integers(0, 3_000),
)
@settings(max_examples=60)
def test_any_mixture_is_proven_within_the_budget_and_settled_at_once(pieces: list[str], tokens: int) -> None:
    text = "".join(pieces)
    rewrite = ELIDER.rewrite(Block(text, Call()), Budget(tokens, "/o/1"))
    if rewrite is not None and rewrite.omitted:
        assert ELIDER.proof(text, rewrite.text)
        assert sum(count_tokens(text[gap.first - 1 : gap.last]) for gap in rewrite.omitted) <= tokens
        assert used(ELIDER, rewrite.text) == rewrite.text
