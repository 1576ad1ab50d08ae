"""What the site's pages are made of: where each kind of fact comes from, so that pages reach for nothing themselves."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from addon.web.recent import Recent

type Facts = dict[str, Any]
"""Plain data, as JSON has it."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Each is asked when a page needs it, from any thread."""

    home: Callable[[], Path]
    """The state folder."""
    token: Callable[[], str]
    metrics: Callable[[], bytes]
    """In Prometheus' text format."""
    stats: Callable[[], Facts]
    recent: Recent
    key: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    """What stands for the token here and nowhere else: it may be shown to who could be somebody else."""
