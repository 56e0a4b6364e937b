"""Logs on standard error: text for people, or one JSON object per line with the ids of the request and job."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any, Literal

from telemetry.correlation import CURRENT

LogFormat = Literal["text", "json"]
TEXT = "%(asctime)s %(levelname)s %(name)s %(message)s"
FIELDS = "fields"  # `logger.info(…, extra={FIELDS: {…}})` adds named fields to the JSON object


class JsonLines(logging.Formatter):
    """Formats time (UTC), level, logger, message, then if set: request_id, job_id, trace_id, FIELDS, exception."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as one line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        document: dict[str, Any] = {
            "time": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **CURRENT.get().log_fields(),
            **getattr(record, FIELDS, {}),
        }
        if record.exc_info:
            document["exception"] = self.formatException(record.exc_info)
        return json.dumps(document, ensure_ascii=False)


def configure_logs(log_format: LogFormat) -> None:
    """Log from INFO on, unless logging is already configured."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if log_format == "json" else logging.Formatter(TEXT))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
