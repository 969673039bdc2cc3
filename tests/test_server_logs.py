"""What the server has to say is one JSON object a line, whatever it says."""

import json
import logging
import os
import sys

from server.logs import JsonFormatter, OutletHandler, logging_config
from tests.pipes import is_ended


def record(message: str, *args: object, failed: bool = False) -> logging.LogRecord:
    """A log record, with the exception of this moment where it failed."""
    info = sys.exc_info() if failed else None
    return logging.LogRecord("server.test", logging.WARNING, "f", 1, message, args, info)


def test_a_record_is_one_line() -> None:
    """Line breaks and quotes stay within the message; time, level and logger are there."""
    line = JsonFormatter().format(record('a "%s"\nand more', "b"))
    assert "\n" not in line
    found = json.loads(line)
    assert found["message"] == 'a "b"\nand more'
    assert (found["level"], found["logger"]) == ("warning", "server.test")
    assert found["time"].endswith("Z")


def test_a_traceback_is_in_the_line() -> None:
    """An exception is part of its record and not lines of its own."""
    try:
        int("x")
    except ValueError:
        line = JsonFormatter().format(record("failed", failed=True))
    assert "\n" not in line
    assert "ValueError" in json.loads(line)["exception"]


def test_the_level_is_set() -> None:
    """The configuration takes the level of the settings, for gunicorn's loggers too."""
    config = logging_config("error")
    assert config["root"]["level"] == "ERROR"
    assert {logger["level"] for logger in config["loggers"].values()} == {"ERROR"}


def test_handlers_that_are_replaced_leave_nothing_open() -> None:
    """The end of a pipe is closed with the handler that wrote to it, however often that happens."""
    reader, writer = os.pipe()
    for _ in range(3):
        OutletHandler(writer).close()
    os.close(writer)
    assert is_ended(reader)
    os.close(reader)


def test_a_record_that_cannot_be_formatted_stops_nobody() -> None:
    """Names that are no UTF-8 are shown escaped, and a faulty record is told by its place."""
    reader, writer = os.pipe()
    handler = OutletHandler(writer)
    handler.setFormatter(JsonFormatter())
    logger = logging.Logger("test")  # of this test alone
    logger.addHandler(handler)
    logger.warning("%s", os.fsdecode(b"/m/\xe5.onnx"))
    logger.warning("%d", "a")
    os.close(writer)
    lines = [json.loads(line) for line in os.read(reader, 65536).splitlines()]
    os.close(reader)
    assert lines[0]["message"] == "/m/\\udce5.onnx"
    assert "test_server_logs.py" in lines[1]["message"]
    assert "TypeError" in lines[1]["message"]
