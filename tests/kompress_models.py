"""Token classifiers that the tests make themselves: a tokenizer of whole words, and a table of what each is worth."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers, processors

_SPECIAL = ("[UNK]", "[CLS]", "[SEP]")
_ENDS = 8.0
"""Logit of special tokens: as if they were to be kept, so that a test sees it when they count."""


@dataclass(frozen=True, slots=True)
class Form:
    """What is odd about a model."""

    inputs: tuple[str, ...] = ("input_ids", "attention_mask")
    output: str = "logits"
    labels: int = 2
    slow: int = 0
    """Products of large matrices, which come to nothing, for each window."""


def write_model(folder: Path, worth: Mapping[str, float], *, unknown: float = -2.0, form: Form = Form()) -> Path:
    """A model that keeps each word by its logit, and those it does not know by `unknown`."""
    folder.mkdir(parents=True, exist_ok=True)
    words = [*_SPECIAL, *worth]
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    tokenizer.enable_padding(length=7)  # as some are published; ours is to take it off
    tokenizer.save(str(folder / "tokenizer.json"))
    logits = [unknown, _ENDS, _ENDS, *worth.values()]
    table = np.array([[0.0, logit] for logit in logits], dtype=np.float32)
    onnx.save(_graph(table, form), str(folder / "model.onnx"))
    return folder


def _graph(table: NDArray[np.float32], form: Form) -> onnx.ModelProto:
    """A table of logits by token, looked up."""
    given = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in form.inputs]
    wide = table if form.labels == 2 else np.zeros((len(table), form.labels), dtype=np.float32)
    constants = [numpy_helper.from_array(wide, "table")]
    nodes = [helper.make_node("Gather", ["table", "input_ids"], ["found"])]
    last = "found"
    if form.slow:
        side = 1500
        constants += [
            numpy_helper.from_array(np.zeros((2, side), dtype=np.float32), "widen"),
            numpy_helper.from_array(np.zeros((side, side), dtype=np.float32), "square"),
            numpy_helper.from_array(np.zeros((side, 2), dtype=np.float32), "narrow"),
        ]
        nodes.append(helper.make_node("MatMul", ["found", "widen"], ["wide0"]))
        nodes += [helper.make_node("MatMul", [f"wide{n}", "square"], [f"wide{n + 1}"]) for n in range(form.slow)]
        nodes.append(helper.make_node("MatMul", [f"wide{form.slow}", "narrow"], ["nothing"]))
        nodes.append(helper.make_node("Add", ["found", "nothing"], ["sum"]))
        last = "sum"
    nodes.append(helper.make_node("Identity", [last], [form.output]))
    told = helper.make_tensor_value_info(form.output, TensorProto.FLOAT, ["batch", "tokens", form.labels])
    graph = helper.make_graph(nodes, "words", given, [told], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def request_with(text: str, question: str = "What does the page say?") -> bytes:
    """A Messages request whose last tool output is `text`."""
    call = {"type": "tool_use", "id": "toolu_1", "name": "WebFetch", "input": {"url": "https://example.org/h"}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": text}
    turns = [("user", question), ("assistant", [call]), ("user", [result])]
    body = {
        "model": "claude-x",
        "max_tokens": 100,
        "messages": [{"role": role, "content": content} for role, content in turns],
    }
    return json.dumps(body).encode()
