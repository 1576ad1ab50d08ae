"""Requests of real clients, as they went over the wire. See `tests/fixtures/README.md`."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent / "fixtures" / "recorded"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request body, or one WebSocket frame."""

    name: str
    body: bytes

    def __str__(self) -> str:
        return self.name

    @property
    def shape(self) -> str:
        """The API it was sent to."""
        return self.name.partition("__")[0].removesuffix("-ws")

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The request's headers, in order."""
        path = _FOLDER / f"{self.name}.headers.json"
        return [(name, value) for name, value in json.loads(path.read_text())["headers"]]

    @property
    def url(self) -> str:
        """Where it was sent."""
        return str(json.loads((_FOLDER / f"{self.name}.headers.json").read_text())["url"])


def bodies() -> list[Recorded]:
    """All HTTP request bodies."""
    paths = sorted(_FOLDER.glob("*.json.gz"))
    return [Recorded(path.name.removesuffix(".json.gz"), gzip.decompress(path.read_bytes())) for path in paths]


def frames() -> list[Recorded]:
    """All WebSocket frames."""
    return list(_frames())


def _frames() -> Iterator[Recorded]:
    for path in sorted(_FOLDER.glob("*.jsonl.gz")):
        name = path.name.removesuffix(".jsonl.gz")
        for number, line in enumerate(gzip.decompress(path.read_bytes()).splitlines()):
            yield Recorded(f"{name}:{number}", line)
