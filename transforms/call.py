"""The tool call behind a tool output: its name, and what its arguments say about the text to expect."""

import json
from dataclasses import dataclass
from functools import lru_cache

_COMMAND_KEYS = ("command", "cmd", "script", "shell_command")
_PATH_KEYS = (
    "file_path",
    "path",
    "filePath",
    "filename",
    "absolute_path",
    "target_file",
    "notebook_path",
    "uri",
    "url",
)
_RANGE_KEYS = ("offset", "limit", "start_line", "end_line", "startLine", "endLine", "view_range", "line_range", "lines")


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call as the model made it."""

    tool: str = ""
    """Name of the tool; empty when the request does not hold the call."""
    arguments: str = ""
    """The arguments as the wire has them: JSON text, or free text for custom tools."""

    @property
    def values(self) -> dict[str, object]:
        """The arguments by name; empty when they are not a JSON object."""
        return self._decoded or {}

    @property
    def command(self) -> str:
        """The shell command, where the call has one: a list of words is joined, free text is taken whole."""
        decoded = self._decoded
        for key in _COMMAND_KEYS:
            match (decoded or {}).get(key):
                case str(command):
                    return command
                case list(words):
                    return " ".join(str(word) for word in words)
        return self.arguments if decoded is None else ""

    @property
    def path(self) -> str:
        """The file or address that the call names, or an empty string."""
        values = self.values
        return next((v for key in _PATH_KEYS if isinstance(v := values.get(key), str)), "")

    @property
    def ranged(self) -> bool:
        """Whether the call asked for a part of the file by line numbers."""
        values = self.values
        return any(values.get(key) is not None for key in _RANGE_KEYS)

    @property
    def _decoded(self) -> dict[str, object] | None:
        return _decoded(self.arguments)


@lru_cache(maxsize=32)
def _decoded(arguments: str) -> dict[str, object] | None:
    try:
        decoded = json.loads(arguments)
    except (ValueError, RecursionError):
        return None
    return decoded if isinstance(decoded, dict) else None
