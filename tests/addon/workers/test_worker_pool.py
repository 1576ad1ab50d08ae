"""Real worker processes: answers come back, and nothing a worker does or suffers holds a request for long."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil
import pytest

from addon.deadline import Deadline
from addon.request import Request
from addon.workers import worker_pool
from addon.workers.job import Job
from addon.workers.lanes import LARGE
from addon.workers.worker_pool import NoWorker, WorkerPool
from tests.addon.store.valkey_server import ValkeyServer
from tests.recorded import bodies
from transforms.compression_policy import AuthMode
from transforms.reasons import Reason

BODY = next(body.body for body in bodies() if body.name.startswith("chat__sdkpy"))


def job(home: Path, body: bytes = BODY, seconds: float = 20.0, **settings: str) -> Job:
    values = {"home": str(home), "attach": "rewrite", **settings}
    return Job(Request(body, "", AuthMode.PAYG, "test", Deadline(time.monotonic() + seconds)), values)


@pytest.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    running = WorkerPool(size=1)
    yield running
    running.stop()
    await asyncio.sleep(0.1)


type Broken = Callable[[str], Callable[[], int]]


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Broken:
    """Has new workers run some code before they answer a job, and tells how many jobs they were given."""
    log = tmp_path / "jobs"
    log.touch()

    def break_with(code: str) -> Callable[[], int]:
        start = worker_pool._START.removesuffix("main()")
        monkeypatch.setattr(worker_pool, "_START", start + _BREAK.format(log=str(log), code=code))
        return lambda: log.stat().st_size

    return break_with


_BREAK = """
import os, time
from addon.workers.worker import Worker
answer = Worker.answer
def other(*job):
    earlier = os.path.getsize({log!r})
    with open({log!r}, "a") as log:
        log.write(".")
    {code}
    return answer(*job)
Worker.answer = other
main()
"""


def worker_processes() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if is_worker(child)]


def is_worker(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):  # also where it has ended and nobody has asked for its exit code yet
        return "addon.workers.worker" in " ".join(process.cmdline())
    return False


@asynccontextmanager
async def two_workers() -> AsyncIterator[WorkerPool]:
    """A pool whose second process is up too."""
    pool = WorkerPool(size=2)
    try:
        await pool.ready()
        pool._second_wanted.set()
        async with asyncio.timeout(60):
            while len([process for process in pool._processes.values() if process.is_up]) < 2:
                await asyncio.sleep(0.05)
        yield pool
    finally:
        pool.stop()


async def test_a_second_process_comes_up_once_a_job_finds_the_first_one_busy(tmp_path: Path) -> None:
    pool = WorkerPool(size=2)
    try:
        await pool.ready()
        for _ in range(3):
            await pool.run(job(tmp_path))
        assert len(worker_processes()) == 1
        await asyncio.gather(*(pool.run(job(tmp_path)) for _ in range(2)))
        async with asyncio.timeout(10):
            while len(worker_processes()) < 2:
                await asyncio.sleep(0.05)
    finally:
        pool.stop()


@pytest.mark.parametrize("reason", ["a large body", "a loss"])
async def test_a_second_process_comes_up_where_it_will_be_of_use(reason: str, tmp_path: Path) -> None:
    pool = WorkerPool(size=2)
    try:
        await pool.ready()
        if reason == "a loss":
            worker_processes()[0].kill()
        else:
            await pool.run(job(tmp_path, b" " * 2_000_000))
        async with asyncio.timeout(10):
            while len(worker_processes()) < 2:
                await asyncio.sleep(0.05)
    finally:
        pool.stop()


async def test_a_second_process_comes_up_after_a_while_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_pool, "_SPARE_AFTER", 0.1)
    pool = WorkerPool(size=2)
    try:
        await pool.ready()
        async with asyncio.timeout(10):
            while len(worker_processes()) < 2:
                await asyncio.sleep(0.05)
    finally:
        pool.stop()


async def test_what_nobody_knows_is_decided_by_the_first_process_while_it_is_idle(tmp_path: Path) -> None:
    """Which has run all of the code before, and so takes less time."""
    async with two_workers() as pool:
        new = [b'{"%d":1,' % number + BODY[1:] for number in range(10)]
        for body in new:
            await pool.run(job(tmp_path, body))
        assert [pool._processes[0].knows(body) for body in new] == [len(body) for body in new]
        assert [pool._processes[1].knows(body) for body in new] == [0] * len(new)


async def test_a_job_is_answered_with_a_smaller_body_and_its_log(pool: WorkerPool, tmp_path: Path) -> None:
    answer = await pool.run(job(tmp_path))
    assert answer.is_changed
    assert len(answer.body) < len(BODY)
    assert answer.log.decision is Reason.COMPRESSED


async def test_answers_are_not_mixed_up_under_load(pool: WorkerPool, tmp_path: Path) -> None:
    marked = [BODY.replace(b'"model":"', f'"model":"{number}-'.encode(), 1) for number in range(20)]
    answers = await asyncio.gather(*(pool.run(job(tmp_path, body)) for body in marked))
    for number, answer in enumerate(answers):
        assert answer.is_changed
        assert f'"model":"{number}-'.encode() in answer.body[:2000]


async def test_a_job_whose_worker_is_killed_is_answered_by_the_next_one(pool: WorkerPool, tmp_path: Path) -> None:
    await pool.ready()
    for process in worker_processes():
        process.send_signal(signal.SIGSTOP)
    waiting = asyncio.create_task(pool.run(job(tmp_path)))
    await asyncio.sleep(0.2)
    for process in worker_processes():
        process.kill()
    assert (await waiting).is_changed


async def test_a_job_is_replayed_also_where_the_next_worker_takes_longer_to_come_up_than_its_budget(
    pool: WorkerPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await pool.run(job(tmp_path))
    monkeypatch.setattr(worker_pool, "GRACE", 0.5)
    monkeypatch.setattr(worker_pool, "_START", f"import time; time.sleep(1.5); {worker_pool._START}")
    (process,) = worker_processes()
    process.send_signal(signal.SIGSTOP)
    waiting = asyncio.create_task(pool.run(job(tmp_path, seconds=0.5)))
    await asyncio.sleep(0.2)
    process.kill()
    assert (await waiting).body == first.body


async def test_what_waits_behind_a_job_whose_worker_is_lost_is_held_no_longer_than_its_budget(
    pool: WorkerPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pool.ready()
    monkeypatch.setattr(worker_pool, "GRACE", 0.5)
    monkeypatch.setattr(worker_pool, "_START", "import time; time.sleep(60)")
    (process,) = worker_processes()
    process.send_signal(signal.SIGSTOP)
    first = asyncio.create_task(pool.run(job(tmp_path, seconds=0.5)))
    await asyncio.sleep(0.1)
    second = asyncio.create_task(pool.run(job(tmp_path, seconds=0.5)))
    await asyncio.sleep(0.1)
    process.kill()
    await asyncio.wait([second], timeout=3)
    assert second.done()
    assert not first.done(), "it had that worker, so it waits for the next one"
    with pytest.raises(NoWorker) as error:
        await second
    assert error.value.reason is Reason.BUSY
    first.cancel()


async def test_what_left_because_no_worker_was_free_is_remembered_as_it_left(
    pool: WorkerPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pool.ready()
    monkeypatch.setattr(worker_pool, "GRACE", 0.0)
    (process,) = worker_processes()
    process.send_signal(signal.SIGSTOP)
    hanging = asyncio.create_task(pool.run(job(tmp_path / "other", seconds=1)))
    await asyncio.sleep(0.1)
    with pytest.raises(NoWorker) as error:
        await pool.run(job(tmp_path, seconds=0.2))
    assert error.value.reason is Reason.BUSY
    monkeypatch.undo()
    with suppress(NoWorker):
        await hanging
    later = await pool.run(job(tmp_path))
    assert not later.is_changed
    assert later.log.decision is Reason.TIME_BUDGET


async def test_a_start_that_fails_once_is_waited_for(
    pool: WorkerPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody may have ended that process."""
    fails_once = (
        f"import os, sys; os.path.exists(p := {str(tmp_path / 'begun')!r}) or sys.exit(open(p, 'w').close() or 3)"
    )
    monkeypatch.setattr(worker_pool, "_START", f"{fails_once}; {worker_pool._START}")
    await pool.ready()
    assert [process.is_up for process in pool._processes.values()] == [True]
    assert (await pool.run(job(tmp_path))).is_changed


async def test_where_no_worker_can_start_requests_go_on_and_nothing_of_them_stays(
    pool: WorkerPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_pool, "_START", "import sys; sys.exit(3)")
    await pool.ready()
    for _ in range(2):
        started = time.monotonic()
        with pytest.raises(NoWorker, match="no worker process: ") as error:
            await pool.run(job(tmp_path))
        assert error.value.reason is Reason.FAILED
        assert time.monotonic() - started < 3
    assert not list(pool._lanes.drain())


async def test_a_worker_that_is_up_serves_what_waits_though_another_one_cannot_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_workers() as pool:
        monkeypatch.setattr(worker_pool, "_START", "import sys; sys.exit(3)")
        busy = psutil.Process(pool._processes[1]._popen.pid)
        busy.send_signal(signal.SIGSTOP)
        pool._processes[0].kill()
        waiting = [asyncio.create_task(pool.run(job(tmp_path))) for _ in range(2)]
        async with asyncio.timeout(20):
            while pool._failed_starts < 2:
                await asyncio.sleep(0.05)
        busy.send_signal(signal.SIGCONT)
        assert all(answer.is_changed for answer in await asyncio.gather(*waiting))


async def test_a_large_body_does_not_wait_for_the_process_that_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = BODY + b" " * LARGE
    async with two_workers() as pool:
        first = await pool.run(job(tmp_path, large))
        monkeypatch.setattr(worker_pool, "_START", f"import time; time.sleep(60); {worker_pool._START}")
        pool._processes[0].kill()
        assert (await pool.run(job(tmp_path, large))).body == first.body


async def test_what_a_killed_worker_has_recorded_is_what_the_next_one_sends(
    pool: WorkerPool, tmp_path: Path, broken: Broken
) -> None:
    broken("done = answer(*job); earlier or os._exit(1); return done")
    answer = await pool.run(job(tmp_path))
    assert answer.is_changed
    assert answer.log.decision is Reason.REPLAYED


async def test_a_job_that_two_workers_were_lost_with_is_given_to_no_other(
    pool: WorkerPool, tmp_path: Path, broken: Broken
) -> None:
    jobs = broken("os._exit(1)")
    with pytest.raises(NoWorker, match="lost") as error:
        await pool.run(job(tmp_path))
    assert error.value.reason is Reason.FAILED
    await pool.ready()
    await asyncio.sleep(0.2)
    assert jobs() == 2


async def test_a_job_that_took_its_worker_too_long_is_given_to_no_other(
    pool: WorkerPool, tmp_path: Path, broken: Broken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_pool, "GRACE", 0.2)
    jobs = broken("time.sleep(60)")
    await pool.ready()
    with pytest.raises(NoWorker) as error:
        await pool.run(job(tmp_path, seconds=0.2))
    assert error.value.reason is Reason.TIME_BUDGET
    await asyncio.sleep(0.1)
    await pool.ready()
    await asyncio.sleep(0.2)
    assert jobs() == 1


async def test_a_worker_that_dies_while_idle_is_replaced_before_anybody_asks(pool: WorkerPool) -> None:
    await pool.ready()
    (dead,) = worker_processes()
    dead.kill()
    async with asyncio.timeout(10):
        while not [process for process in worker_processes() if process.pid != dead.pid]:
            await asyncio.sleep(0.05)


async def test_once_all_workers_are_dead_the_next_one_to_come_up_is_nobodys_time_budget(tmp_path: Path) -> None:
    async with two_workers() as pool:
        await pool.run(job(tmp_path))
        for process in worker_processes():
            process.kill()
        await asyncio.sleep(0.1)
        await pool.ready()
        assert (await pool.run(job(tmp_path, seconds=0.5))).log.decision is Reason.REPLAYED


async def test_without_its_store_a_conversation_is_replayed_by_whichever_worker_it_meets(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    """By one that has never seen it, and by one that was started later."""
    server = ValkeyServer(tmp_path, unused_tcp_port)
    server.start()
    try:
        async with two_workers() as pool:
            first = await pool.run(job(tmp_path, store=server.url))
            server.stop()
            both = await asyncio.gather(*(pool.run(job(tmp_path, store=server.url)) for _ in range(2)))
            for process in worker_processes():
                process.kill()
            await asyncio.sleep(0.2)
            both += await asyncio.gather(*(pool.run(job(tmp_path, store=server.url)) for _ in range(2)))
    finally:
        server.stop()
    assert first.is_changed
    for later in both:
        assert later.is_changed
        assert later.body == first.body
        assert later.log.decision is Reason.REPLAYED


async def test_a_worker_that_hangs_is_given_up_after_the_time_budget(
    pool: WorkerPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pool.run(job(tmp_path))
    monkeypatch.setattr(worker_pool, "GRACE", 0.2)
    (stuck,) = worker_processes()
    stuck.send_signal(signal.SIGSTOP)
    started = time.monotonic()
    with pytest.raises(NoWorker) as error:
        await pool.run(job(tmp_path, seconds=0.2))
    assert error.value.reason is Reason.TIME_BUDGET
    assert time.monotonic() - started < 2
    assert (await pool.run(job(tmp_path))).log.entries


async def test_a_job_that_begins_after_its_deadline_decides_nothing_new(pool: WorkerPool, tmp_path: Path) -> None:
    await pool.run(job(tmp_path, b"{}"))
    answer = await pool.run(job(tmp_path, seconds=-1))
    assert not answer.is_changed
    assert {entry.reason for entry in answer.log.entries} == {Reason.BUSY}
    later = await pool.run(job(tmp_path))
    assert not later.is_changed, "the keeping is remembered"


async def test_without_an_interpreter_requests_are_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "missing"))
    pool = WorkerPool(size=1)
    started = time.monotonic()
    with pytest.raises(NoWorker, match="no worker process"):
        await pool.run(job(tmp_path))
    assert time.monotonic() - started < 2
    pool.stop()


def test_workers_end_when_the_proxy_is_killed(tmp_path: Path) -> None:
    script = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom tests.addon.workers.test_worker_pool import WorkerPool, job\n"
        "async def main():\n    pool = WorkerPool(size=2)\n    pool._second_wanted.set()\n    await pool.run(job(Path(sys.argv[1])))\n"
        "    print('ready', flush=True)\n    await asyncio.sleep(60)\nasyncio.run(main())"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, cwd=os.getcwd()
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        workers = psutil.Process(parent.pid).children()
        assert workers
        parent.kill()
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert alive == []
