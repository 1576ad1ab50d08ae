"""The entry file: `mitmdump -s addon/headroom.py`.

mitmproxy loads it under a name of its own and leaves the checkout's root off the path.
"""

import sys
from pathlib import Path

_ROOT = str(Path(__file__).resolve().parent.parent)
if _ROOT not in sys.path:
    sys.path.insert(0, _ROOT)

from addon.hooks import Headroom  # noqa: E402  # needs the path set above

addons = [Headroom()]
