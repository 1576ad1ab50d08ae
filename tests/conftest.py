"""mitmproxy and what it imports use names that newer libraries deprecate; ours to see, not to mend.

Importing it once here keeps every other warning an error.
"""

import warnings
from pathlib import Path

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import mitmproxy.test.taddons
    import mitmproxy.tools.main  # noqa: F401  # for its side effect, as the module's docstring says


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--corpus FOLDER`: a folder of request bodies (`*.json`), whose tool outputs are read back too."""
    parser.addoption("--corpus", type=Path, default=None, metavar="FOLDER")
