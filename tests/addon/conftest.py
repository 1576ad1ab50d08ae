"""The addon as most tests of hooks need it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.addon.rig import Rig, rigged


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """Single requests with a history are rewritten."""
    with rigged(tmp_path, attach="rewrite") as made:
        yield made
