"""Where a prompt leaves the one before it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.cache_aligner import CacheAligner, Item, Prefix, PrefixVerdict, Section

MODEL, TOOLS, SYSTEM, CLIENT, ANSWER = Section
ALIGNER = CacheAligner(32)


def item(name: str, section: Section = CLIENT, size: int = 360) -> Item:
    return Item(name.encode().ljust(8), size, section)


def prompt(conversation: str, *, system: str = "s", model: str = "m", sizes: int = 360) -> Prefix:
    """One letter an item of the conversation; capitals are the model's."""
    head = [item(model, MODEL, 10), item("tool", TOOLS), *(item(letter, SYSTEM, sizes) for letter in system)]
    return Prefix.of([*head, *(item(c, ANSWER if c.isupper() else CLIENT, sizes) for c in conversation)])


@pytest.mark.parametrize(
    ("before", "now", "verdict", "where"),
    [
        ("", "a", PrefixVerdict.APPENDED, ""),
        ("aB", "aBcD", PrefixVerdict.APPENDED, ""),
        ("aB", "aB", PrefixVerdict.REPEATED, ""),
        ("aBcDe", "aBc", PrefixVerdict.REWOUND, "conversation 3"),
        ("aBcDe", "aBx", PrefixVerdict.REWOUND, "conversation 2"),
        ("aBc", "aBxYzW", PrefixVerdict.REWOUND, "conversation 2"),
        ("aBcDe", "aBxDeFg", PrefixVerdict.BROKEN, "conversation 2"),
        ("aBcDe", "aBxcDeF", PrefixVerdict.BROKEN, "conversation 2"),
    ],
)
def test_a_conversation_is_compared_item_by_item(before: str, now: str, verdict: PrefixVerdict, where: str) -> None:
    change = ALIGNER.compare(prompt(before), prompt(now))
    assert (change.verdict, change.where) == (verdict, where)
    assert (change.first_changed is None) == (verdict in (PrefixVerdict.APPENDED, PrefixVerdict.REPEATED))


def test_a_conversation_s_first_prompt_is_compared_with_nothing() -> None:
    assert ALIGNER.compare(Prefix(), prompt("a")).verdict is PrefixVerdict.FIRST_TURN


@pytest.mark.parametrize(("size", "verdict"), [(115, PrefixVerdict.NOISE), (116, PrefixVerdict.BROKEN)])
def test_a_changed_span_of_at_most_the_threshold_is_noise(size: int, verdict: PrefixVerdict) -> None:
    """32 tokens are 115 bytes at 3.6 bytes a token."""
    before = Prefix.of([item("s", SYSTEM, size), item("a")])
    now = Prefix.of([item("t", SYSTEM, size), item("a"), item("B", ANSWER)])
    change = ALIGNER.compare(before, now)
    assert (change.verdict, change.first_changed, change.where) == (verdict, 0, "system 0")
    assert change.changed_tokens == (32 if verdict is PrefixVerdict.NOISE else 33)


def test_each_policy_s_threshold_decides() -> None:
    before, now = prompt("aB", system="date", sizes=180), prompt("aBc", system="dote", sizes=180)
    assert [CacheAligner(tokens).compare(before, now).verdict for tokens in (128, 64, 32)] == [
        "noise",
        "noise",
        "broken",
    ]


def test_several_small_spans_are_noise_and_their_tokens_are_added() -> None:
    change = ALIGNER.compare(prompt("aBc", system="uvwxy", sizes=90), prompt("aBc", system="1vw2y", sizes=90))
    assert (change.verdict, change.changed_tokens, change.where) == (PrefixVerdict.NOISE, 50, "system 0")


def test_neighbouring_changed_items_are_one_span() -> None:
    change = ALIGNER.compare(prompt("aBc", system="uvwxy", sizes=90), prompt("aBc", system="u12xy", sizes=90))
    assert (change.verdict, change.changed_tokens) == (PrefixVerdict.BROKEN, 50)


def test_a_line_added_to_the_system_text_changes_nothing_else() -> None:
    change = ALIGNER.compare(prompt("aB", system="xy", sizes=90), prompt("aBc", system="xny", sizes=90))
    assert (change.verdict, change.changed_tokens, change.where) == (PrefixVerdict.NOISE, 25, "system 1")


def test_another_model_is_never_noise() -> None:
    change = CacheAligner(10_000).compare(prompt("aB", model="m"), prompt("aBc", model="n"))
    assert (change.verdict, change.where) == (PrefixVerdict.BROKEN, "model")


def test_noise_in_front_of_a_fork_leaves_it_a_fork() -> None:
    change = ALIGNER.compare(prompt("aBcD", system="x", sizes=90), prompt("aBe", system="y", sizes=90))
    assert change.verdict is PrefixVerdict.REWOUND


def test_what_the_client_kept_and_we_did_not_is_found() -> None:
    clients = prompt("aBcD"), prompt("aBcDeF")
    sent = prompt("aB1D"), prompt("aB2DeF")
    assert ALIGNER.unkept(clients, (sent[0], prompt("aB1DeF"))) is None
    assert (found := ALIGNER.unkept(clients, sent)) is not None
    assert clients[1].where(found) == "conversation 2"


def test_what_changes_behind_the_client_s_own_change_is_not_ours() -> None:
    assert ALIGNER.unkept((prompt("aBcD"), prompt("xBcD")), (prompt("aB1D"), prompt("xB2D"))) is None


def test_noise_of_the_client_in_the_system_text_does_not_hide_what_we_broke() -> None:
    clients = prompt("aBcD", system="x"), prompt("aBcDe", system="y")
    assert ALIGNER.unkept(clients, (prompt("aB1D", system="x"), prompt("aBcDe", system="y"))) is not None


def test_a_system_text_of_ours_is_a_break_on_the_first_turn() -> None:
    assert ALIGNER.unkept((Prefix(), prompt("a", system="x")), (Prefix(), prompt("a", system="y"))) == 2


ITEMS = st.builds(Item, st.binary(min_size=8, max_size=8), st.integers(0, (1 << 28) - 1), st.sampled_from(Section))


@given(st.lists(ITEMS, max_size=20))
def test_a_prefix_survives_its_plain_form(items: list[Item]) -> None:
    prefix = Prefix.of(items)
    assert list(Prefix.parse(prefix.plain)) == items
    assert prefix.plain.isascii() and len(prefix) == len(items)


@pytest.mark.parametrize("plain", ["AAAA", "not base64!", "AAAAAAAAAAAAAAAAAAA"])
def test_a_damaged_plain_form_raises(plain: str) -> None:
    with pytest.raises(ValueError):
        Prefix.parse(plain)


FEW = st.lists(st.sampled_from([item(c, ANSWER if c.isupper() else CLIENT, 40) for c in "abcABC"]), max_size=8)


@given(FEW, FEW, st.integers(0, 200))
def test_any_two_prompts_can_be_compared(before: list[Item], now: list[Item], threshold: int) -> None:
    was, became = Prefix.of(before), Prefix.of(now)
    change = CacheAligner(threshold).compare(was, became)
    shared = next((i for i, (a, b) in enumerate(zip(before, now, strict=False)) if a != b), min(len(before), len(now)))
    assert was.shared(became) == shared
    assert change.keeps_prefix == (bool(before) and now[: len(before)] == before)
    if change.first_changed is not None:
        assert change.first_changed == shared
    assert CacheAligner.unkept((was, became), (was, became)) is None
