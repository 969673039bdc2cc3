"""What the workers of Locust and their master tell each other, where several processes ask."""

import time
from typing import Any, Final

import gevent
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

from loadtest.users import LAST_ANSWERS_S, TALLY

_TALLY: Final = "tally"
"""What a worker's report to its master holds the numbers of texts and of wrong labels under."""

_END, _ENDED = "end your users", "users have ended"
"""Messages: Locust's own way of quitting leaves workers half a second for their last answers."""

_ENDED_TIMEOUT_S: Final = LAST_ANSWERS_S + 3


def attach_worker(runner: WorkerRunner) -> None:
    """Have a worker report what it counted, and end when it is told to."""
    runner.environment.events.report_to_master.add_listener(_report_tally)
    runner.register_message(_END, _end_users, concurrent=True)


class Workers:
    """The workers as their master sees them; none where one process does everything.

    Args:
        environment: Locust's.
    """

    def __init__(self, environment: Environment) -> None:
        self._runner = environment.runner
        self._ended = 0
        if isinstance(self._runner, MasterRunner):
            environment.events.worker_report.add_listener(_gather_tally)
            self._runner.register_message(_ENDED, self._note_ended)

    def end_users(self) -> None:
        """Let the users of all workers end, and wait until they have their last answers."""
        if not isinstance(self._runner, MasterRunner):
            return
        self._ended, expected = 0, self._runner.worker_count
        self._runner.send_message(_END)
        deadline = time.monotonic() + _ENDED_TIMEOUT_S
        while self._ended < expected and time.monotonic() < deadline:
            gevent.sleep(0.05)

    def _note_ended(self, **_: object) -> None:
        self._ended += 1


def _end_users(environment: Environment, **_: object) -> None:
    if environment.runner is not None:
        environment.runner.stop()
        environment.runner.send_message(_ENDED)


def _report_tally(data: dict[str, Any], **_: object) -> None:
    """As a worker: send what was counted since the last report."""
    data[_TALLY] = (TALLY.texts, TALLY.wrong)
    TALLY.clear()


def _gather_tally(data: dict[str, Any], **_: object) -> None:
    """As the master: count what a worker has counted."""
    texts, wrong = data.get(_TALLY, (0, 0))
    TALLY.texts += texts
    TALLY.wrong += wrong
