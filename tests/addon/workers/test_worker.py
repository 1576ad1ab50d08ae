"""A worker between two jobs."""

import time
from pathlib import Path

from addon.store.shelf import Source
from addon.workers.worker import Worker


def test_now_and_then_it_removes_originals_that_nobody_used_for_long(tmp_path: Path) -> None:
    worker = Worker()
    originals = worker._state(tmp_path, "").originals
    originals.save(["old"], Source())
    path = originals.path_of(originals.id_of("old"))
    with originals._shelf._transaction() as table:
        table.execute("UPDATE originals SET used = 1")
    worker.tidy()
    assert not path.exists()
    originals.save(["old"], Source())
    with originals._shelf._transaction() as table:
        table.execute("UPDATE originals SET used = 1")
    worker.tidy()
    assert path.exists(), "not between every two jobs"
    worker._tidy_at = time.monotonic()
    worker.tidy()
    assert not path.exists()
    worker.close()
