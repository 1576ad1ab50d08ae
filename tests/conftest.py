"""mitmproxy and what it imports use names that newer libraries deprecate; ours to see, not to mend.

Importing it once here keeps every other warning an error.
"""

import gc
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import mitmproxy.test.taddons
    import mitmproxy.tools.main  # noqa: F401  # for its side effect, as the module's docstring says

settings.register_profile("same", deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
settings.register_profile("explore", settings.get_profile("same"), derandomize=False, print_blob=True)
settings.load_profile("same")
"""The same examples in every run. Others: `./scripts/test --hypothesis-profile explore`."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--corpus FOLDER`: a folder of request bodies (`*.json`), whose tool outputs are read back too."""
    parser.addoption("--corpus", type=Path, default=None, metavar="FOLDER")


@pytest.fixture
def no_garbage_collection() -> Iterator[None]:
    """For tests that take times: it costs the more the more other tests have left behind."""
    gc.disable()
    yield
    gc.enable()
