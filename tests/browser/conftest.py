"""One browser for all tests of pages; without a Chromium they are skipped, and `./scripts/test` says so."""

from collections.abc import Iterator

import pytest

from tests.browser.chromium import Page, chromium, executable


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    if executable() is None:
        pytest.skip("NO chromium. ./scripts/test installs it where it may (root, apt)")
    with chromium(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened
