"""What all folds have in common."""

import pytest

from tests.goldens import load
from transforms.catalog import TRANSFORMS
from transforms.folding import Folding

FOLDS = [transform for transform in TRANSFORMS if isinstance(transform, Folding)]


@pytest.mark.parametrize("fold", FOLDS, ids=lambda fold: fold.name)
def test_a_text_that_is_no_folded_one_has_no_way_back(fold: Folding) -> None:
    folded = [golden for golden in load(fold.name) if golden.after]
    assert [fold.unfold(golden.after) for golden in folded] == [golden.before for golden in folded]
    assert not any(fold.unfold(golden.before) for golden in folded)
    assert fold.unfold("") is fold.unfold("plain\n") is None
