"""What stands in mitmproxy's event log: lines of text or of JSON, from the level that was asked for, without keys."""

import json
import logging
import time
from collections.abc import Mapping

from addon.redaction import redact
from addon.setting_values import LogFormat, LogLevel

LOGGER = logging.getLogger("headroom")
TRACE = 5
LEVELS = {
    LogLevel.ERROR: logging.ERROR,
    LogLevel.WARN: logging.WARNING,
    LogLevel.INFO: logging.INFO,
    LogLevel.DEBUG: logging.DEBUG,
    LogLevel.TRACE: TRACE,
}
_NAMES = {severity: level for level, severity in LEVELS.items()}
_FIELDS = "headroom_fields"
_SEVERITY = "headroom_severity"


def tell(severity: int, event: str, line: str, fields: Mapping[str, object]) -> None:
    """Log a line; as JSON it is an object with these fields instead.

    What is finer than info is handed on as info: mitmproxy shows nothing below, and our own level has let it through.
    """
    extra = {_FIELDS: {"event": event, **fields}, _SEVERITY: severity}
    LOGGER.log(max(severity, logging.INFO), line, extra=extra)


class EventLog(logging.Filter):
    """Sits on our logger while the addon is loaded: every line passes here, whoever writes it."""

    def __init__(self) -> None:
        super().__init__()
        self.level, self.format = LogLevel.INFO, LogFormat.TEXT

    def install(self) -> None:
        """Take the place on our logger, and that of any other instance: a script that is reloaded makes a new one."""
        for other in [found for found in LOGGER.filters if isinstance(found, EventLog)]:
            LOGGER.removeFilter(other)
        LOGGER.addFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is shown; it is rewritten on the way."""
        given = vars(record)
        severity = given.get(_SEVERITY, record.levelno)
        if severity < LEVELS[self.level]:
            return False
        text = record.getMessage()
        if self.format is LogFormat.JSON:
            fields = given.get(_FIELDS) or {"event": "message", "message": text.removeprefix("headroom: ")}
            head = {"time": round(time.time(), 3), "level": _NAMES.get(severity, "info")}
            text = json.dumps({**head, **fields}, separators=(",", ":"), default=str)
        record.msg, record.args = redact(text), ()
        return True
