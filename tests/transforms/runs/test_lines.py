"""What is looked for first, because it is found fast, stands in all that the slower forms match."""

from hypothesis import given
from hypothesis import strategies as st

from transforms.runs import lines, progress


@given(st.from_regex(lines._SIGN))
def test_a_word_stands_in_every_sign_of_something_wrong(text: str) -> None:
    lowered = text.lower().replace("ſ", "s")  # which regular expressions take for an s
    assert any(stem in lowered for stem in lines._SIGN_STEMS)


@given(st.from_regex(progress._HOW_FAR))
def test_all_that_says_how_far_a_transfer_is_shows_it(text: str) -> None:
    assert progress._SHOWS_FAR.search(text) or not text.isascii()
