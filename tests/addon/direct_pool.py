"""A worker pool without processes, so that a test can see and break what happens inside a worker."""

from addon.request import Outcome
from addon.workers.job import Job
from addon.workers.worker import Worker


class DirectPool:
    """Has the methods of `WorkerPool` and answers on the spot."""

    def __init__(self) -> None:
        self.worker = Worker()
        self.remembered: list[Job] = []

    def start(self) -> None: ...

    async def ready(self) -> None: ...

    def stop(self) -> None:
        self.worker.close()

    async def run(self, job: Job) -> Outcome:
        return self.worker.answer(job, {}).outcome

    def remember(self, job: Job) -> None:
        self.remembered.append(job)
        self.worker.answer(job, {})
