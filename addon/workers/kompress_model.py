"""The user's own model for ranking prose, in a worker: loaded when first wanted, in a thread, bounded in time.

The only place that reaches for `transforms.prose.token_classifier`, by name and when a model is set: its libraries are
an extra that need not be there, take half a second to import, and never enter the proxy's own process.
"""

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from addon.deadline import Deadline
from addon.settings import PREFIX, BadSetting

_ROOT = Path(__file__).parent.parent.parent
_MODULE = "transforms.prose.token_classifier"
_FILES = ("model.onnx", "tokenizer.json")
_LIBRARIES = ("numpy", "onnxruntime", "tokenizers")
_TRY = f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from {_MODULE} import load, Path; load(Path(sys.argv[1]))"
_PATIENCE = 60.0
"""Seconds that loading may take when the option is set; a model that is slower than that ranks nothing in time."""


class Classifier(Protocol):
    """The face of `token_classifier.TokenClassifier`."""

    def scores(self, texts: Sequence[str], is_stopped: Callable[[], bool]) -> list[float]:
        """See there."""


class KompressModel:
    """A model that is being loaded, or has been, in a thread of its own.

    All its work is done there, one text after the other, so that whoever waits can leave when the time is up,
    whatever a library is doing.
    """

    def __init__(self, folder: Path) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="headroom model")
        self._loading: Future[Classifier] = self._thread.submit(_load, folder)

    @property
    def has_failed(self) -> bool:
        """Whether it could not be loaded."""
        return self._loading.done() and self._loading.exception() is not None

    def scores(self, texts: Sequence[str], deadline: Deadline) -> list[float]:
        """What the model says of `texts`. Raises TimeoutError at the deadline, or what loading and scoring raise."""
        stopped = threading.Event()
        try:
            classifier = self._loading.result(max(0.0, deadline.left))
            asked = self._thread.submit(classifier.scores, texts, stopped.is_set)
            return asked.result(max(0.0, deadline.left))
        except TimeoutError:
            raise TimeoutError("the model was not done in half of the time budget") from None
        finally:
            stopped.set()

    def close(self) -> None:
        """Let go of it, whatever it is doing."""
        self._thread.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True, slots=True)
class TimedScorer:
    """A model with a deadline: a `transforms.prose.worth.Scorer` for one request."""

    model: KompressModel
    deadline: Deadline

    def scores(self, texts: Sequence[str]) -> list[float]:
        """See `KompressModel.scores`."""
        return self.model.scores(texts, self.deadline)


def check(folder: Path) -> None:
    """Raise `BadSetting` when `folder` holds no model that can be used here. It is tried out in another process."""
    missing = [name for name in _FILES if not (folder / name).is_file()]
    if missing:
        raise _bad(folder, f"allowed: a folder with {' and '.join(_FILES)}, or nothing; missing: {', '.join(missing)}")
    if absent := [name for name in _LIBRARIES if find_spec(name) is None]:
        raise _bad(folder, f"allowed where the extra kompress is installed; missing: {', '.join(absent)}")
    try:
        tried = subprocess.run(
            [sys.executable, "-P", "-c", _TRY, folder],
            stderr=subprocess.PIPE,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _bad(folder, f"allowed: a model that is loaded within {_PATIENCE:.0f} s") from None
    if tried.returncode != 0:
        told = next((line for line in reversed(tried.stderr.splitlines()) if line.strip()), f"exit {tried.returncode}")
        raise _bad(folder, f"allowed: a token classification model in ONNX with its tokenizer; {told[:300]}")


def _bad(folder: Path, reason: str) -> BadSetting:
    return BadSetting(f"{PREFIX}kompress_model={str(folder)!r}: {reason}")


def _load(folder: Path) -> Classifier:
    load: Callable[[Path], Classifier] = import_module(_MODULE).load
    return load(folder)
