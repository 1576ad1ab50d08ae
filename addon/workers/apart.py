"""One request decided apart from all others: by a worker and in a state folder of its own, both gone afterwards."""

import time
from collections.abc import Mapping
from tempfile import TemporaryDirectory

from addon.deadline import Deadline
from addon.request import Outcome, Request
from addon.workers.job import Job
from addon.workers.worker_pool import WorkerPool
from transforms.compression_policy import AuthMode

AS_NEW = {"mode": "compress", "auth_modes": "all", "attach": "rewrite", "store": "", "log_level": "trace"}
"""Settings for a request as if it were the first one seen of a new conversation, with every attempt told."""
FIXED = frozenset({"home", "store", "port", "metrics_port", "token", "log_level", "time_budget_ms"})
"""Options that are set here, or that have no meaning where nobody waits and nothing is kept."""


async def decide_apart(
    body: bytes, client: str, auth_mode: AuthMode | None, settings: Mapping[str, str], seconds: float
) -> Outcome:
    """What comes of a body, in at most `seconds` once the worker is up. Raises `NoWorker`; OSError for the folder."""
    pool = WorkerPool(1)
    with TemporaryDirectory(prefix="headroom-") as home:
        try:
            await pool.ready()
            request = Request(body, "", auth_mode, client, Deadline(time.monotonic() + seconds))
            return await pool.run(Job(request, {**settings, "home": home}))
        finally:
            pool.stop()
