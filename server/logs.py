"""What the server has to say, as one JSON object a line. Imports nothing of the model's side."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from server.outlet import STDERR, Outlet


class JsonFormatter(logging.Formatter):
    """Makes a log record one line of JSON, its traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's time, level, logger, process, message and exception."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "pid": record.process,
            "message": _text(record.getMessage()),
        }
        if record.exc_info:
            line["exception"] = _text(self.formatException(record.exc_info))
        return orjson.dumps(line, option=orjson.OPT_UTC_Z).decode()


class OutletHandler(logging.Handler):
    """Writes records to standard error; what nobody takes is lost, and nobody waits for it."""

    def __init__(self, file: int = STDERR) -> None:
        super().__init__()
        self._outlet = Outlet(file)

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; what cannot be formatted is told by where it comes from.

        Not by ``handleError``, which writes to standard error and waits for it.
        """
        try:
            line = self.format(record)
        except Exception as error:  # a log must not stop what it tells of
            told = f"{record.pathname}:{record.lineno}: cannot be told: {error!r}"
            line = orjson.dumps({"level": "error", "message": _text(told)}).decode()
        self._outlet.put_all(line.encode() + b"\n")

    def close(self) -> None:
        """Open no more than one description each: gunicorn sets up all handlers anew at SIGHUP."""
        super().close()
        self._outlet.close()


def _text(words: str) -> str:
    """Words that JSON can hold: names of files may be no UTF-8."""
    return words.encode("utf-8", "backslashreplace").decode()


def logging_config(level: str) -> Mapping[str, Any]:
    """Configuration of the logging module: everything as JSON lines on standard error."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonFormatter}},
        "handlers": {"stderr": {"()": OutletHandler, "formatter": "json"}},
        "root": {"level": level.upper(), "handlers": ["stderr"]},
        "loggers": {
            "gunicorn.error": {"level": level.upper(), "handlers": [], "propagate": True},
            "gunicorn.access": {"level": level.upper(), "handlers": [], "propagate": True},
        },
    }
