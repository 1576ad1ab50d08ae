"""The token classifier reads a folder as it is documented, and says the same of the same texts, whatever their length."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kompress_models import Form, write_model
from transforms.prose.token_classifier import BadModel, TokenClassifier, load

WORTH = {"rope": 4.0, "gossip": -4.0, "barge": 0.0}


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> TokenClassifier:
    return load(write_model(tmp_path_factory.mktemp("model"), WORTH))


def test_a_text_is_worth_what_its_tokens_are_on_average(classifier: TokenClassifier) -> None:
    scores = classifier.scores(["rope rope", "gossip", "barge", "rope gossip", "", "   "])
    assert scores == pytest.approx([0.982, 0.018, 0.5, 0.5, 0.0, 0.0], abs=0.001)


def test_a_long_text_is_read_in_windows_to_its_end(classifier: TokenClassifier) -> None:
    half = "gossip " * 3_000
    assert classifier.scores([half + "rope " * 3_000])[0] == pytest.approx(0.5, abs=0.001)
    assert classifier.scores(["x " * 2_000])[0] == pytest.approx(0.119, abs=0.001)
    assert classifier.scores(["rope" * 5_000])[0] < 0.2, "one word without a blank"


def test_texts_do_not_lend_their_worth_to_their_neighbours(classifier: TokenClassifier) -> None:
    texts = ["rope rope", "gossip gossip", ""] * 700
    assert classifier.scores(texts) == pytest.approx([0.982, 0.018, 0.0] * 700, abs=0.001)


def test_the_same_texts_have_the_same_scores_to_the_last_digit(classifier: TokenClassifier, tmp_path: Path) -> None:
    texts = [f"{'rope ' * n}{'gossip ' * (n % 7)}{n}" for n in range(200)]
    assert classifier.scores(texts) == load(write_model(tmp_path, WORTH)).scores(texts) == classifier.scores(texts)


@given(st.lists(st.text(st.characters(exclude_categories=()), max_size=40), max_size=8))
@settings(max_examples=60)
def test_any_text_has_a_score_between_0_and_1(texts: list[str]) -> None:
    scores = _SHARED[0].scores(texts)
    assert len(scores) == len(texts)
    assert all(0 <= score <= 1 for score in scores)


_SHARED: list[TokenClassifier] = []


@pytest.fixture(autouse=True, scope="module")
def shared(classifier: TokenClassifier) -> None:
    _SHARED.append(classifier)


def test_whoever_has_no_time_left_gets_no_scores(classifier: TokenClassifier) -> None:
    assert classifier.scores(["rope"], lambda: True) == [0.0]


def test_a_model_that_asks_for_token_types_gets_zeros(tmp_path: Path) -> None:
    inputs = ("input_ids", "attention_mask", "token_type_ids")
    assert load(write_model(tmp_path, WORTH, form=Form(inputs=inputs))).scores(["rope"])[0] > 0.9


@pytest.mark.parametrize(
    ("form", "told"),
    [
        (Form(inputs=("input_ids",)), "attention_mask"),
        (Form(inputs=("input_ids", "attention_mask", "past_key_values")), "past_key_values"),
        (Form(output="last_hidden_state"), "last_hidden_state"),
        (Form(labels=9), "shape"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_model_of_another_form_is_refused_with_what_is_wrong(tmp_path: Path, form: Form, told: str) -> None:
    with pytest.raises(BadModel, match=told):
        load(write_model(tmp_path, WORTH, form=form))


def test_logits_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadModel, match="no number"):
        load(write_model(tmp_path, WORTH, unknown=float("nan")))
