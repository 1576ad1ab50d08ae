"""The loop for servers that agents talk to."""

from collections.abc import Iterator

import pytest

from tests.e2e.rig import Loop


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    running = Loop()
    yield running
    running.close()
