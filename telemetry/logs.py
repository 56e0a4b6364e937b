"""What a process says on standard error: lines for people, or one JSON object a line with the ids of the work."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any, Literal

from telemetry.correlation import CURRENT

LogFormat = Literal["text", "json"]
TEXT = "%(asctime)s %(levelname)s %(name)s %(message)s"
FIELDS = "fields"  # of a record: `logger.info(…, extra={FIELDS: {…}})` says them by name in JSON


class JsonLines(logging.Formatter):
    """time (UTC), level, logger, message; request_id, job_id and trace_id where there are; fields; exception."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        document: dict[str, Any] = {
            "time": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **CURRENT.get().told(),
            **getattr(record, FIELDS, {}),
        }
        if record.exc_info:
            document["exception"] = self.formatException(record.exc_info)
        return json.dumps(document, ensure_ascii=False)


def configure_logs(log_format: LogFormat) -> None:
    """Let the process say all from INFO on, unless somebody has seen to its logging before."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if log_format == "json" else logging.Formatter(TEXT))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
