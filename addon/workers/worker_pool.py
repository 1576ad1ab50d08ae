"""The proxy's side of the workers: a queue, a few processes, and deadlines that hold whatever a worker does.

All deciding happens in worker processes, small bodies included: a round trip costs a fraction of a millisecond, and
no native call that holds the interpreter lock can stall the proxy's event loop.
"""

import asyncio
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from addon.deadline import GRACE
from addon.fail_open import describe, fail_open
from addon.request import Outcome
from addon.workers import frames
from addon.workers.job import Answer, Job
from addon.workers.lanes import LARGE, Lanes
from addon.workers.news import News, Told
from transforms.reasons import Reason

_ROOT = Path(__file__).parent.parent.parent
_IGNORE_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
_START = (
    f"{_IGNORE_CTRL_C}; import sys; sys.path.insert(0, {str(_ROOT)!r}); from addon.workers.worker import main; main()"
)
_STARTUP = 60.0
"""Seconds a new process may take to come up. It takes one or two; on a machine under heavy load, many more."""
_PATIENCE = 10.0
"""Seconds that requests wait for a process where there is none."""
_RESPAWN_PAUSE = 1.0
_SPARE_AFTER = 10.0
"""Seconds after which there is a second process though nobody has needed one: most short runs are over by then."""
_WATCH = 0.5
"""Seconds between two looks at a process that has nothing to do."""
_ATTEMPTS = 2
"""How many workers may be lost with one job."""


class NoWorker(Exception):
    """No answer: the workers are overloaded, gone, or over the time budget. `reason` says which."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(detail or reason)
        self.reason = reason
        self.failures = (detail,) if detail else ()
        """What went wrong, where that is more than being late."""


class _Lost(Exception):
    """A worker process can no longer be used."""


@dataclass(slots=True)
class _Ticket:
    job: Job
    outcome: asyncio.Future[Outcome]
    attempts: int = 0
    """How many workers were given it."""
    is_put_back: bool = False
    """Whether its worker was lost, and it waits for another one."""

    @property
    def size(self) -> int:
        """Bytes of the body."""
        return len(self.job.request.body)


class WorkerPool:
    """Runs jobs in up to `size` processes, which are started when first needed and replaced when they fail.

    The first one comes up alone: loading takes two seconds of a core.
    """

    def __init__(self, size: int | None = None) -> None:
        self._size = size or min(2, os.cpu_count() or 1)
        self._lanes: Lanes[_Ticket] = Lanes()
        self._threads = ThreadPoolExecutor(self._size, thread_name_prefix="headroom")
        self._runners: list[asyncio.Task[None]] = []
        self._processes: dict[int, _Process] = {}
        """By the number of the runner that serves them."""
        self._news = News()
        self._ready = asyncio.Event()
        self._failed_starts = 0
        """Starts that failed since the last one that did not."""
        self._second_wanted = asyncio.Event()
        """Set once a job finds all that are up busy, or will keep one of them so, or one was lost."""

    def start(self) -> None:
        """Start the first process, so that the first request need not wait for it. Does nothing when started."""
        if not self._runners:
            runners = (self._run(number) for number in range(self._size))
            self._runners = [asyncio.create_task(runner, name="headroom worker") for runner in runners]

    def stop(self) -> None:
        """End all processes at once; jobs under way get no answer."""
        for runner in self._runners:
            runner.cancel()
        for process in self._processes.values():
            process.kill()
        self._processes.clear()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def ready(self) -> None:
        """Wait until some process has loaded everything, or two have failed to, for at most ten seconds."""
        self.start()
        self._look_for_losses()
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await self._ready.wait()

    async def run(self, job: Job) -> Outcome:
        """What comes of a job, at the latest `GRACE` seconds behind its deadline. Raises `NoWorker`.

        Where the process that had it was lost, it waits up to ten seconds more for the next one, which replays what it
        can: a conversation that goes on without its rewrites is cached anew, and that costs more than the wait.
        """
        ticket = self._enqueue(job)
        await asyncio.wait([ticket.outcome], timeout=max(0.0, job.request.deadline.left) + GRACE)
        if not ticket.outcome.done() and ticket.is_put_back:
            await asyncio.wait([ticket.outcome], timeout=_PATIENCE)
        if not ticket.outcome.done():
            raise NoWorker(Reason.TIME_BUDGET if ticket.attempts else Reason.BUSY)
        return ticket.outcome.result()

    def remember(self, job: Job) -> None:
        """Have a worker record a job's decisions some time soon; nobody waits for the answer."""
        with suppress(NoWorker):
            self._enqueue(job)

    def _enqueue(self, job: Job) -> _Ticket:
        self.start()
        if not self._lanes.has_room(len(job.request.body)):
            raise NoWorker(Reason.BUSY)
        ticket = _Ticket(job, asyncio.get_running_loop().create_future())
        known, best = max(
            ((process.knows(job.request.body), number) for number, process in self._processes.items()), default=(0, 0)
        )
        # What nobody knows is for the first, which has the practice: nothing is slower than code's first run.
        self._lanes.put(ticket, ticket.size, known=known, best=best if 2 * known >= ticket.size else 0)
        if self._lanes.is_crowded or ticket.size >= LARGE:
            self._second_wanted.set()
        return ticket

    async def _run(self, number: int) -> None:
        """Serve the queue with one process after the other."""
        if number:
            await self._until_needed()
        while True:
            try:
                process = _Process()
            except OSError as error:  # no memory, no file handles, no interpreter: nothing can be decided for now
                self._ready.set()
                self._refuse_queued(error)
                await asyncio.sleep(_RESPAWN_PAUSE)
                continue
            self._processes[number] = process
            try:
                await self._warm_up(process)
                await self._serve(process, number)
            except _Lost:
                continue
            finally:
                process.kill()
                self._second_wanted.set()
                self._look_for_losses()
                self._processes.pop(number, None)
                self._news.forget(process)

    async def _until_needed(self) -> None:
        """Wait for the first process, and then until a second one would be of use, at most for a while."""
        await self._ready.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(_SPARE_AFTER):
                await self._second_wanted.wait()

    def _look_for_losses(self) -> None:
        """Where all processes that were up have ended, requests wait for the next one, as they did for the first."""
        up = [process for process in self._processes.values() if process.is_up]
        if up and all(process.has_ended for process in up):
            self._ready.clear()

    async def _warm_up(self, process: "_Process") -> None:
        """Wait until a new process answers. Raises `_Lost`."""
        failures: list[BaseException] = []
        with fail_open(failures.append):
            async with asyncio.timeout(_STARTUP):
                await asyncio.get_running_loop().run_in_executor(self._threads, process.echo)
        self._failed_starts = self._failed_starts + 1 if failures else 0
        if self._failed_starts != 1:  # one may have been ended by somebody, and is worth waiting for the next
            self._ready.set()
        if self._failed_starts > 1:
            self._refuse_queued(failures[0])
        if failures:
            await asyncio.sleep(_RESPAWN_PAUSE)  # a process that cannot come up is not tried again at once
            raise _Lost

    async def _serve(self, process: "_Process", number: int) -> None:
        """Pass jobs to one process until that fails in any way. Raises `_Lost`."""
        loop = asyncio.get_running_loop()
        while True:
            ticket = await self._next(process, number)
            if process.has_ended:  # just now, while it was idle: nothing is lost but the process
                self._put_back(ticket)
                raise _Lost
            ticket.attempts += 1
            told = self._news.take(process, ticket.job.store)
            answers: list[Answer] = []
            failures: list[BaseException] = []
            with fail_open(failures.append):
                async with asyncio.timeout(max(0.0, ticket.job.request.deadline.left) + GRACE):
                    answers.append(await loop.run_in_executor(self._threads, process.exchange, ticket.job, told))
            if not answers:
                self._lost(ticket, failures[0])
                raise _Lost
            self._news.add(process, ticket.job.store, answers[0].news)
            if not ticket.outcome.done():
                ticket.outcome.set_result(answers[0].outcome)

    async def _next(self, process: "_Process", number: int) -> _Ticket:
        """The next job for a process. Raises `_Lost` when that ends while it has nothing to do."""
        while not process.has_ended:
            with suppress(TimeoutError):
                async with asyncio.timeout(_WATCH):
                    return await self._lanes.take(number, also_large=number == 0 or not self._has_first)
        raise _Lost

    @property
    def _has_first(self) -> bool:
        """Whether the process for large bodies is there; while it is replaced they are anybody's."""
        return 0 in self._processes and self._processes[0].is_up

    def _lost(self, ticket: _Ticket, error: BaseException) -> None:
        """The process is gone with this job: give it to another one, which replays what the first has recorded.

        Not one that took too long, which the next worker would not survive either.
        """
        late = isinstance(error, TimeoutError) or ticket.job.request.deadline.left <= 0
        if late or ticket.attempts >= _ATTEMPTS:
            reason = Reason.TIME_BUDGET if late else Reason.FAILED
            _refuse(ticket, reason, f"the worker was lost: {describe(error)}")
        else:
            self._put_back(ticket)

    def _put_back(self, ticket: _Ticket) -> None:
        ticket.is_put_back = True
        self._lanes.put(ticket, ticket.size)

    def _refuse_queued(self, error: BaseException) -> None:
        """No process can be started: what waits is not held for it, unless another one is up."""
        if not any(process.is_up for process in self._processes.values()):
            for ticket in self._lanes.drain():
                _refuse(ticket, Reason.FAILED, f"no worker process: {describe(error)}")


class _Process:
    """One worker process and the pipe to it. Raises OSError when it cannot be started."""

    def __init__(self) -> None:
        self._popen = subprocess.Popen([sys.executable, "-c", _START], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._sent, self._received = frames.Bodies(), frames.Bodies()
        self.is_up = False
        """Whether it has answered at all."""

    @property
    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self._popen.poll() is not None

    def knows(self, body: bytes) -> int:
        """How many bytes at the beginning of a body it has had before, in one of the last ones."""
        return self._sent.closest(body)[1]

    def exchange(self, job: Job, told: Told) -> Answer:
        """Send a job and wait for its answer: blocking, for a thread. Raises OSError or EOFError when it is gone.

        `told`: what other workers have come to know.
        """
        return Answer.of(job, *self._ask(job.header(told), job.request.body))

    def echo(self) -> None:
        """Wait until the process answers at all, likewise."""
        self._ask(frames.WARM_UP, b"")
        self.is_up = True

    def _ask(self, header: frames.Header, body: bytes) -> tuple[frames.Header, bytes]:
        if self._popen.stdin is None or self._popen.stdout is None:
            raise EOFError
        frames.write(self._popen.stdin, header, body, self._sent)
        if (frame := frames.read(self._popen.stdout, self._received)) is None:
            raise EOFError
        return frame

    def kill(self) -> None:
        """End it; a thread that waits for its answer gets the end of the pipe."""
        self._popen.kill()
        self._popen.wait()
        for pipe in (self._popen.stdin, self._popen.stdout):
            with suppress(OSError):  # what was not written yet has no reader any more
                if pipe is not None:
                    pipe.close()


def _refuse(ticket: _Ticket, reason: Reason, detail: str) -> None:
    if not ticket.outcome.done():
        ticket.outcome.set_exception(NoWorker(reason, detail))
        ticket.outcome.exception()  # marks it as seen: nobody may be waiting any more
