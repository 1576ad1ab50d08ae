"""A model that tells for every token whether to keep it, asked how much of a text is worth keeping.

`load` takes a folder with `tokenizer.json` (of the library `tokenizers`) and `model.onnx`: a token classification
model with the inputs `input_ids` and `attention_mask` (and `token_type_ids`, where it asks for them; all int64,
[batch, tokens]) and the output `logits` ([batch, tokens, 2]: drop, keep). Raises `BadModel`, or what the libraries
raise. Only local files are read.

Contract: pure after loading, one thread, linear in the texts; the same numbers for the same texts on one machine.
Importing this module takes half a second and needs the extra `kompress`, so no other module names it in its imports.

Known limitation: a token sees the window it stands in, about 1,500 characters, and nothing beyond.
The form of the task is that of LLMLingua-2 (Pan et al. 2024, https://arxiv.org/abs/2403.12968).
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

MODEL, TOKENIZER = "model.onnx", "tokenizer.json"
_NEEDED, _OPTIONAL = frozenset({"input_ids", "attention_mask"}), frozenset({"token_type_ids"})
_OUTPUT = "logits"
_WINDOW = 512
"""Tokens at a time: what encoders of the size that is fast enough take."""
_PIECE = 1_500
"""Characters that are encoded at a time, so that no call into a library takes long."""


class BadModel(ValueError):
    """The folder holds no model of the form that is asked for."""


class TokenClassifier:
    """A loaded model."""

    def __init__(self, session: onnxruntime.InferenceSession, tokenizer: Tokenizer) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self._inputs = [given.name for given in session.get_inputs()]

    def scores(self, texts: Sequence[str], is_stopped: Callable[[], bool] = lambda: False) -> list[float]:
        """For each text the mean probability that its tokens are kept; 0 for one without tokens.

        Between two windows `is_stopped` is asked, and the rest left at 0 where it says so.
        """
        totals, counts = [0.0] * len(texts), [0] * len(texts)
        for piece in _pieces(texts):
            for window in self._windows(piece.text):
                if is_stopped():
                    return [0.0] * len(texts)
                for start, share in self._keep(window):
                    at = piece.text_at(start)
                    totals[at] += share
                    counts[at] += 1
        return [total / count if count else 0.0 for total, count in zip(totals, counts, strict=True)]

    def _windows(self, text: str) -> list[Encoding]:
        encoding = self._tokenizer.encode(text)
        return [encoding, *encoding.overflowing]

    def _keep(self, window: Encoding) -> Iterator[tuple[int, float]]:
        """Where each token starts, and how likely it is kept; special tokens are none of the text's."""
        ids = np.array([window.ids], dtype=np.int64)
        values = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        logits = self._session.run([_OUTPUT], {name: values[name] for name in self._inputs})[0]
        shares = _shares(logits, len(window.ids))
        for (start, _), special, share in zip(window.offsets, window.special_tokens_mask, shares, strict=True):
            if not special:
                yield start, share


def load(folder: Path) -> TokenClassifier:
    """The model of `folder`, tried out."""
    classifier = TokenClassifier(_session(folder / MODEL), _tokenizer(folder / TOKENIZER))
    classifier.scores(["a"])
    return classifier


def _session(path: Path) -> onnxruntime.InferenceSession:
    """One thread and the processor itself, so that the same numbers come out every time."""
    onnxruntime.disable_telemetry_events()  # on by default in builds for Windows
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.use_deterministic_compute = True
    options.log_severity_level = 4  # its errors are raised as well
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    inputs = {given.name: given.type for given in session.get_inputs()}
    outputs = [given.name for given in session.get_outputs()]
    if not _NEEDED <= inputs.keys() <= _NEEDED | _OPTIONAL or set(inputs.values()) != {"tensor(int64)"}:
        raise BadModel(f"{MODEL} has the inputs {inputs}; wanted: {', '.join(sorted(_NEEDED))}, int64")
    if _OUTPUT not in outputs:
        raise BadModel(f"{MODEL} has the outputs {', '.join(outputs)}; wanted: {_OUTPUT}")
    return session


def _tokenizer(path: Path) -> Tokenizer:
    tokenizer: Tokenizer = Tokenizer.from_file(str(path))
    own = tokenizer.truncation["max_length"] if tokenizer.truncation else _WINDOW
    tokenizer.no_padding()
    tokenizer.enable_truncation(min(own, _WINDOW))
    return tokenizer


def _shares(logits: NDArray[np.generic], tokens: int) -> list[float]:
    """Of each token the probability of its second class. Raises `BadModel`."""
    if logits.shape != (1, tokens, 2):
        raise BadModel(f"{_OUTPUT} of {tokens} tokens have the shape {logits.shape}; wanted: (1, {tokens}, 2)")
    values = logits[0].astype(np.float64)
    if not np.isfinite(values).all():
        raise BadModel(f"{_OUTPUT} hold what is no number")
    margins = np.clip(values[:, 0] - values[:, 1], -60.0, 60.0)
    shares: list[float] = (1.0 / (1.0 + np.exp(margins))).tolist()
    return shares


@dataclass(frozen=True, slots=True)
class _Piece:
    """Texts, or pieces of long ones, that stand together."""

    text: str
    starts: list[int]
    """Where each text starts in it."""
    numbers: list[int]
    """Which texts these are."""

    def text_at(self, place: int) -> int:
        """The number of the text that a character belongs to."""
        return self.numbers[bisect_right(self.starts, place) - 1]


def _pieces(texts: Sequence[str]) -> Iterator[_Piece]:
    """The texts in windows of a bounded length; what cannot be encoded is replaced character by character."""
    starts, numbers, held, size = list[int](), list[int](), list[str](), 0
    for number, text in enumerate(texts):
        clean = text.encode("utf-8", "replace").decode()
        for at in range(0, len(clean), _PIECE):
            cut = clean[at : at + _PIECE]
            if held and size + len(cut) > _PIECE:
                yield _Piece("\n".join(held), starts, numbers)
                starts, numbers, held, size = [], [], [], 0
            starts.append(size)
            numbers.append(number)
            held.append(cut)
            size += len(cut) + 1
    if held:
        yield _Piece("\n".join(held), starts, numbers)
