"""Every transform writes what its goldens say, proves it, and leaves it alone the second time."""

from dataclasses import replace

import pytest

from tests.goldens import Golden, load
from transforms.catalog import TRANSFORMS
from transforms.contract import Block, Budget, Rewrite, Transform
from transforms.listings import folder
from transforms.listings.folder import ListingFolder

AMPLE = Budget(10**6, "/o/1")
CASES = [pytest.param(t, golden, id=f"{t.name}-{golden}") for t in TRANSFORMS for golden in load(t.name)]


@pytest.fixture(autouse=True)
def _short_lists_of_paths_are_folded_too(transform: Transform, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only here do goldens differ from what is sent: a list that is long enough would fill pages."""
    if isinstance(transform, ListingFolder):
        monkeypatch.setattr(folder, "_FEWEST_PATHS", 2)


@pytest.mark.parametrize(("transform", "golden"), CASES)
def test_what_goes_in_comes_out_as_written_down(transform: Transform, golden: Golden) -> None:
    block = Block(golden.before, golden.call)
    rewrite = transform.rewrite(block, AMPLE)
    assert (rewrite.text if rewrite else "") == golden.after
    if rewrite:
        assert transform.proof(golden.before, golden.after)
        assert transform.rewrite(replace(block, text=golden.after), AMPLE) in (None, Rewrite(golden.after))
