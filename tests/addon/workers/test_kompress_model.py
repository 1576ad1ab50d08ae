"""The user's own model for prose: checked when the option is set, loaded in a worker, late at its own cost only."""

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from mitmproxy import exceptions
from mitmproxy.test import taddons

from addon.deadline import Deadline
from addon.hooks import Headroom
from addon.request import Outcome, Request
from addon.settings import BadSetting
from addon.workers.job import Job
from addon.workers.kompress_model import KompressModel, check
from addon.workers.worker import Worker
from addon.workers.worker_pool import WorkerPool
from tests.kompress_models import Form, request_with, write_model
from transforms.compression_policy import AuthMode
from transforms.reasons import Reason

GOSSIP = "\n".join(
    f"On the way to the harbour people tell each other about the {thing}\n"
    "and so the gossip goes from one house to the next, and whoever hears it\n"
    "adds a little gossip of their own before it is told to the neighbours,\n"
    "so that in the end nobody knows who said it and whether there is any truth in it.\n"
    for thing in ("lamps", "weather", "dinner", "music", "garden", "bakery") * 8
)
WORTH = {"gossip": -4.0, "rope": 4.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model"), WORTH)


@pytest.fixture(scope="module")
def slow_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some tenths of a second for each window, and many windows in the text."""
    return write_model(tmp_path_factory.mktemp("slow"), WORTH, form=Form(slow=60))


@pytest.fixture
def worker() -> Iterator[Worker]:
    made = Worker()
    yield made
    made.close()


def job(home: Path, model: Path | str, seconds: float = 20.0) -> Job:
    values = {"home": str(home), "kompress_model": str(model)}
    deadline = Deadline(time.monotonic() + seconds)
    return Job(Request(request_with(GOSSIP, "Please go on."), "", AuthMode.PAYG, "test", deadline), values)


def answered(worker: Worker, asked: Job) -> Outcome:
    return worker.answer(asked, {}).outcome


def test_without_a_model_prose_without_an_asked_word_stays(worker: Worker, tmp_path: Path) -> None:
    assert answered(worker, job(tmp_path, "")).log.entries[0].reason is Reason.NO_TRANSFORM


def test_with_a_model_it_is_shortened_by_whole_lines(worker: Worker, tmp_path: Path, folder: Path) -> None:
    answer = answered(worker, job(tmp_path, folder))
    assert answer.log.entries[0].transform_name == "kompress"
    assert answer.log.failures == ()
    assert answer.log.entries[0].compression_ratio < 0.9


def test_what_was_decided_with_a_model_is_sent_again_without_it(worker: Worker, tmp_path: Path, folder: Path) -> None:
    """Law 3: the model is asked once, and its answer is on record."""
    first = answered(worker, job(tmp_path, folder))
    again = answered(worker, job(tmp_path, ""))
    assert first.is_changed
    assert again.body == first.body
    assert again.log.entries[0].reason is Reason.REPLAYED


def test_two_workers_decide_alike(tmp_path: Path, folder: Path) -> None:
    bodies = []
    for name in ("home-a", "home-b"):
        worker = Worker()
        answer = answered(worker, job(tmp_path / name, folder))
        worker.close()
        assert answer.is_changed
        bodies.append(re.sub(rb"[^ ]*/originals/\w+", b"ORIGINAL", answer.body))  # each folder's own ids
    assert bodies[0] == bodies[1]


def test_a_slow_model_costs_the_one_attempt_and_half_of_the_time(
    worker: Worker, tmp_path: Path, slow_folder: Path
) -> None:
    asked = job(tmp_path, slow_folder, seconds=0.6)
    started = time.monotonic()
    answer = answered(worker, asked)
    assert time.monotonic() - started < 0.6
    assert answer.log.entries[0].reason is Reason.FAILED
    assert "half of the time budget" in answer.log.failures[0]


def test_whoever_waits_for_a_slow_model_can_leave_at_any_time(slow_folder: Path) -> None:
    model = KompressModel(slow_folder)
    for seconds in (0.0, 0.05, 0.3):
        started = time.monotonic()
        with pytest.raises(TimeoutError):
            model.scores([GOSSIP], Deadline(started + seconds))
        assert time.monotonic() - started < seconds + 0.25
    model.close()


def test_a_folder_that_is_gone_fails_the_attempt_and_is_tried_again_later(
    worker: Worker, tmp_path: Path, folder: Path
) -> None:
    moved = tmp_path / "moved"
    failed = answered(worker, job(tmp_path / "one", moved))
    assert failed.log.entries[0].reason is Reason.FAILED
    assert failed.log.failures
    os.rename(write_model(tmp_path / "new", WORTH), moved)
    assert answered(worker, job(tmp_path / "two", moved)).log.entries[0].reason is Reason.COMPRESSED


async def test_a_real_worker_process_loads_the_model_and_the_proxy_does_not(tmp_path: Path, folder: Path) -> None:
    pool = WorkerPool(size=1)
    try:
        answer = await pool.run(job(tmp_path, folder))
    finally:
        pool.stop()
    assert answer.log.entries[0].transform_name == "kompress"


# The option


def test_a_folder_with_a_model_is_accepted(folder: Path) -> None:
    check(folder)


def test_a_folder_without_the_files_is_refused_with_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(
        BadSetting, match=r"headroom_kompress_model='.*': allowed: a folder with .*; missing: model.onnx"
    ):
        check(tmp_path / "nowhere")
    write_model(tmp_path, WORTH)
    (tmp_path / "tokenizer.json").unlink()
    with pytest.raises(BadSetting, match=r"missing: tokenizer.json"):
        check(tmp_path)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_damaged_files_are_refused(tmp_path: Path, name: str) -> None:
    write_model(tmp_path, WORTH)
    (tmp_path / name).write_bytes(b"not this")
    with pytest.raises(BadSetting, match=r"allowed: a token classification model in ONNX with its tokenizer; \w"):
        check(tmp_path)


def test_a_model_of_another_form_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=r"BadModel: model.onnx has the outputs vectors; wanted: logits"):
        check(write_model(tmp_path, WORTH, form=Form(output="vectors")))


def test_without_the_extra_the_option_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("addon.workers.kompress_model._LIBRARIES", ("numpy", "no_such_library"))
    with pytest.raises(BadSetting, match=r"allowed where the extra kompress is installed; missing: no_such_library"):
        check(folder)


async def test_a_bad_folder_is_told_as_an_option_error_and_the_old_value_stays(tmp_path: Path, folder: Path) -> None:
    with taddons.context() as context:
        addon = Headroom()
        context.master.addons.add(addon)
        context.configure(addon, headroom_kompress_model=str(folder))
        with pytest.raises(exceptions.OptionsError, match="headroom_kompress_model="):
            context.configure(addon, headroom_kompress_model=str(tmp_path))
        assert addon._settings.kompress_model == folder
        context.configure(addon, headroom_kompress_model="")
        assert addon._settings.kompress_model is None
