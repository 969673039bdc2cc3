"""Trainings that another program starts, which end with it."""

import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from types import FrameType
from typing import Any

_running: set[subprocess.Popen[bytes]] = set()
_stopped = threading.Event()


def run_child(command: Sequence[str], **options: Any) -> int:  # noqa: ANN401  # as Popen takes them
    """Run a program to its end; its exit code. Where this process is stopped, so is it."""
    with subprocess.Popen(command, **options) as child:
        _running.add(child)
        if _stopped.is_set():  # while it was started, so that nobody knew of it
            child.terminate()
        try:
            return child.wait()
        except BaseException:
            child.terminate()
            raise
        finally:
            _running.discard(child)


def end_children_with_us() -> None:
    """From now on SIGTERM goes on to what was started and runs; what it has kept can be resumed."""
    signal.signal(signal.SIGTERM, _end)


def _end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  # a handler takes both
    _stopped.set()
    for child in list(_running):
        child.terminate()
    sys.exit(128 + number)
