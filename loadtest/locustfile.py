"""The load suite for Locust: users, shape, thresholds, and an eye on both machines' load.

locust -f loadtest/locustfile.py --host http://localhost:8080          with the web page
locust -f loadtest/locustfile.py --host http://there --processes 2     with two processes that ask
python -m loadtest.run --shape spike                                   with a server of its own
"""

import os
import sys
from pathlib import Path
from typing import Any, Final

from locust import LoadTestShape, events
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.runners import WorkerRunner

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # Locust is started from anywhere, without the suite being installed

from loadtest.command import arrivals, at_least_one, not_negative  # noqa: E402
from loadtest.judge import Judge  # noqa: E402
from loadtest.shapes import DURATIONS_S, SHAPES, users_at  # noqa: E402
from loadtest.thresholds import SHIPPED, ThresholdError  # noqa: E402
from loadtest.users import LAST_ANSWERS_S, Asker  # noqa: E402
from loadtest.workers import attach_worker  # noqa: E402

__all__ = ["Asker", "PlannedShape"]


class PlannedShape(LoadTestShape):
    """Follows the shape that was chosen by ``--shape``."""

    def tick(self) -> tuple[int, float] | None:
        """Users, and how many of them start or end in a second; None at the end."""
        if self.runner is None:
            return None
        options: Any = self.runner.environment.parsed_options
        duration_s = options.duration or DURATIONS_S[options.shape]
        users = users_at(SHAPES[options.shape](options.peak, duration_s), self.get_run_time())
        # At any other rate than the peak's a spike would take its time to end.
        return None if users is None else (users, max(1, options.peak))


@events.init_command_line_parser.add_listener
def add_options(parser: LocustArgumentParser) -> None:
    """Options of the suite; the web page shows those that name no file and no process."""
    parser.add_argument("--shape", choices=[*SHAPES], default="steady", help="course of the load")
    parser.add_argument("--peak", type=at_least_one, default=16, help="most users at once")
    parser.add_argument(
        "--duration", type=not_negative, default=0.0, help="seconds; 0: as the shape says"
    )
    parser.add_argument(
        "--arrivals", type=arrivals, default=0.0, help="requests/s of each user; 0: closed loop"
    )
    hidden: dict[str, Any] = {"include_in_web_ui": False}
    parser.add_argument(
        "--thresholds", default=str(SHIPPED), help="TOML file of the limits", **hidden
    )
    parser.add_argument("--server-pid", type=int, default=0, help="process to watch", **hidden)
    parser.add_argument(
        "--watch-csv", default="", help="file for CPU and memory by the second", **hidden
    )


@events.init.add_listener
def attach(environment: Environment, **_: object) -> None:
    """Have the test watched and judged, by the process that knows all of it."""
    # Users that end are given time for the answers that are under way.
    environment.stop_timeout = environment.stop_timeout or LAST_ANSWERS_S + 1
    if isinstance(environment.runner, WorkerRunner):
        attach_worker(environment.runner)
        return
    if environment.host and not environment.host.startswith(("http://", "https://")):
        sys.exit(f"loadtest: --host {environment.host} must begin with http:// or https://")
    try:
        judge = Judge(environment, client_pid=os.getpid())
    except ThresholdError as error:
        sys.exit(f"loadtest: {error}")
    environment.events.test_start.add_listener(judge.start)
    environment.events.test_stopping.add_listener(judge.note_the_end)
    environment.events.test_stop.add_listener(judge.stop)
    environment.events.quitting.add_listener(judge.quit)
