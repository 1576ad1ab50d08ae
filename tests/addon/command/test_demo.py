"""The demo shows a real run of all three APIs, and says why where it cannot."""

import json
from pathlib import Path

import pytest

from addon.command import launch
from addon.command.demo import main
from addon.command.demo_requests import DemoRequest, demo_requests


@pytest.mark.parametrize("sent", demo_requests(), ids=lambda sent: sent.path)
def test_every_request_holds_the_tool_outputs_it_names(sent: DemoRequest) -> None:
    outputs = sent.outputs(json.loads(json.dumps(sent.body)))
    assert len(outputs) == len(sent.tools)
    assert all(len(output) > 4_000 for output in outputs)


@pytest.mark.e2e
def test_an_addon_that_does_not_load_is_told_with_mitmproxys_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("raise RuntimeError('this one is broken')")
    monkeypatch.setattr(launch, "_ENTRY", broken)
    assert main(["--once"]) == 1
    assert "this one is broken" in capsys.readouterr().err
