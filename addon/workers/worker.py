"""A worker: the process in which requests are decided, so that no work of ours ever runs in the proxy's own.

Reads jobs from stdin and answers on stdout (`addon.workers.frames`) until stdin ends, which it does when the proxy
dies. A watchdog of the C library ends the process when a job overruns, even while native code holds the interpreter
lock.
"""

import faulthandler
import gc
import json
import os
import signal
import sys
import time
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import IO

from addon import pipeline
from addon.deadline import GRACE, Deadline
from addon.fail_open import describe, fail_open
from addon.request import Outcome, Request
from addon.routing_log import RoutingLog
from addon.settings import Settings
from addon.store.ledger import from_json, to_json
from addon.store.state import State
from addon.workers import frames
from addon.workers.job import Answer, Job
from addon.workers.kompress_model import KompressModel, TimedScorer
from addon.workers.news import Told
from transforms import tokenizer
from transforms.catalog import TRANSFORMS, with_scorer
from transforms.contract import Transform
from transforms.reasons import Reason

_TIDY_SECONDS = 600.0


class Worker:
    """Handles jobs one after the other."""

    def __init__(self) -> None:
        self._states: dict[tuple[Path, str], State] = {}
        self._tidy_at = 0.0
        self._models: dict[Path, KompressModel] = {}

    def answer(self, job: Job, told: Told) -> Answer:
        """What comes of one job. Never raises. `told`: what other workers have come to know."""
        request = job.request
        failures: list[BaseException] = []
        outcomes: list[Outcome] = []
        news: dict[str, str] = {}
        with fail_open(failures.append):
            settings = _parsed(json.dumps(job.settings))
            ledger = self._state(settings.home, settings.store).ledger
            ledger.learn({bytes.fromhex(key): from_json(text) for key, text in told.items()})
            outcomes.append(self._compress(request, settings))
            news = {key.hex(): to_json(decision) for key, decision in ledger.news().items()}
        log = RoutingLog(
            decision=Reason.FAILED,
            client=request.client,
            auth_mode=request.auth_mode,
            failures=tuple(map(describe, failures)),
        )
        return Answer(outcomes[0] if outcomes else Outcome(request.body, log), news)

    def _compress(self, request: Request, settings: Settings) -> Outcome:
        if request.deadline.left <= 0:
            request = replace(request, keep=request.keep or Reason.BUSY)
        catalog = self._catalog(settings.kompress_model, request.deadline)
        return pipeline.compress(request, settings, self._state(settings.home, settings.store), catalog)

    def _catalog(self, folder: Path | None, deadline: Deadline) -> tuple[Transform, ...]:
        """The transforms, with the user's model where there is one; it may take half of the time that is left."""
        if folder is None:
            return TRANSFORMS
        model = self._models.get(folder)
        if model is None or model.has_failed:
            self._let_go_of_models()
            model = self._models[folder] = KompressModel(folder)
        return with_scorer(TimedScorer(model, deadline.share(0.5)))

    def _let_go_of_models(self) -> None:
        for model in self._models.values():
            model.close()
        self._models.clear()

    def _state(self, home: Path, store: str) -> State:
        """The opened folder; one that could not be used is tried again with the next job."""
        state = self._states.get((home, store))
        if state is None or not state.is_usable:
            state = self._states[home, store] = State.open(home, store)
        return state

    def tidy(self) -> None:
        """Between two jobs: put on record what was learned, and now and then remove what is too old or too much."""
        for state in self._states.values():
            state.learned.write()
        if time.monotonic() >= self._tidy_at:
            self._tidy_at = time.monotonic() + _TIDY_SECONDS
            for state in self._states.values():
                state.prune()

    def close(self) -> None:
        """Give the files back."""
        for state in self._states.values():
            state.close()
        self._let_go_of_models()


def serve(source: IO[bytes], out: IO[bytes]) -> None:
    """Answer jobs until the pipe ends."""
    tokenizer.load()
    # What is remembered of conversations is many objects and no garbage; looking through them took a third of a turn.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    worker, received, sent = Worker(), frames.Bodies(), frames.Bodies()
    with Path(os.devnull).open("w") as nowhere:
        while (frame := frames.read(source, received)) is not None:
            header, body = frame
            if header == frames.WARM_UP:
                frames.write(out, frames.WARM_UP, b"", sent)
                continue
            seconds = max(0.0, header["deadline"] - time.monotonic()) + GRACE
            faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
            answer = worker.answer(Job.of(header, body), header["told"])
            faulthandler.cancel_dump_traceback_later()
            frames.write(out, *answer.frame, sent)
            worker.tidy()


def main() -> None:
    """Serve the pipes this process was started with; what is printed by accident goes to stderr."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with os.fdopen(os.dup(0), "rb") as source, os.fdopen(os.dup(1), "wb") as out:
        os.dup2(2, 1)
        try:
            serve(source, out)
        except BrokenPipeError:
            sys.exit(0)


@lru_cache(maxsize=8)
def _parsed(raw: str) -> Settings:
    return Settings.parse(json.loads(raw))
