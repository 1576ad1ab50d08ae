"""mitmproxy and what it imports use names that newer libraries deprecate; ours to see, not to mend.

Importing it once here keeps every other warning an error.
"""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import mitmproxy.test.taddons
    import mitmproxy.tools.main  # noqa: F401  # for its side effect, as the module's docstring says
