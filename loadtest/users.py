"""The users: each asks real texts, one at a time or a short list, and checks what comes back.

A wait is counted from the moment at which a request was due. At a constant arrival rate that is
when it should have been sent: what a slow server, or this client, holds up counts as waiting.
"""

import random
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from gevent import GreenletExit, sleep
from gevent.pool import Pool
from locust import FastHttpUser, task

from loadtest.answers import AnswerTally
from loadtest.command import MAX_ARRIVALS
from loadtest.texts import KnownText, known_texts

TALLY: Final = AnswerTally()
"""Answers of all users of this process."""

LAST_ANSWERS_S: Final = 5
"""How long a user that ends waits for its answers; those that do not come by then are failures."""

_LATE_S: Final = 1
"""What should have been sent this long before the end, and was not, is a failure too."""

_IN_FLIGHT: Final = 64
"""Connections of one user where arrivals do not wait for answers."""

_LIST_TEXTS: Final = 20

_Ask = Callable[[list[KnownText], float], None]


class Asker(FastHttpUser):
    """Asks for the language of texts.

    With ``--arrivals`` 0 it asks again when it has been answered (closed loop); otherwise so many
    times a second, whether or not it has been answered (constant arrival rate).
    """

    concurrency = _IN_FLIGHT

    def on_start(self) -> None:
        """Prepare what arrivals need; users that start together do not ask in step."""
        options: Any = self.environment.parsed_options
        self.client.base_url = str(self.client.base_url).rstrip("/")  # as copied from a browser
        self._rate: float = min(MAX_ARRIVALS, options.arrivals)
        self._pool = Pool(_IN_FLIGHT)
        self._next_due = self._told_to_stop = float("inf")
        if self._rate > 0:
            sleep(random.uniform(0, 1 / self._rate))
            self._next_due = time.perf_counter()

    def stop(self, force: bool = False) -> bool:
        """Note when, for :meth:`on_stop`."""
        self._told_to_stop = time.perf_counter()
        return bool(super().stop(force))

    def on_stop(self) -> None:
        """Wait for what is under way, and count what has failed: unanswered, or never sent."""
        ended = min(self._told_to_stop, time.perf_counter())
        try:
            self._pool.join(timeout=max(0.0, ended + LAST_ANSWERS_S - time.perf_counter()))
        finally:
            self._pool.kill()
            late = RuntimeError("all connections of this user were busy, or the client itself")
            while self._next_due < ended - _LATE_S:
                self._fail("arrival that was never sent", self._next_due, late)
                self._next_due += 1 / self._rate

    def wait_time(self) -> float:
        """Seconds to the next arrival; none in a closed loop."""
        return max(0.0, self._next_due - time.perf_counter()) if self._rate > 0 else 0.0

    @task(9)
    def ask_one(self) -> None:
        """Ask one text."""
        self._arrive(self._ask_one, [random.choice(known_texts())])

    @task(1)
    def ask_list(self) -> None:
        """Ask a short list."""
        self._arrive(self._ask_list, random.choices(known_texts(), k=_LIST_TEXTS))

    def _arrive(self, ask: _Ask, asked: list[KnownText]) -> None:
        """Ask now; where arrivals do not wait for answers, as soon as a connection is free."""
        if self._rate <= 0:
            ask(asked, time.perf_counter())
            return
        self._pool.spawn(ask, asked, self._next_due)
        self._next_due += 1 / self._rate

    def _ask_one(self, asked: list[KnownText], due: float) -> None:
        self._post("one text", asked, {"text": asked[0].text}, due)

    def _ask_list(self, asked: list[KnownText], due: float) -> None:
        self._post("list of texts", asked, {"texts": [known.text for known in asked]}, due)

    def _post(
        self, name: str, asked: Sequence[KnownText], body: dict[str, Any], due: float
    ) -> None:
        """Send one request and judge its answer; killed after a long wait, it has failed."""
        try:
            with self.client.post(
                "/identify", json=body, name=name, catch_response=True
            ) as response:
                response.request_meta["response_time"] = _ms_since(due)
                if fault := _fault(response, asked, listed="texts" in body):
                    response.failure(fault)
        except GreenletExit:
            # Locust may also end a user in the very moment at which it has asked again.
            if time.perf_counter() - due >= LAST_ANSWERS_S:
                self._fail(name, due, TimeoutError("no answer until the end"))
            raise
        except Exception as error:  # whatever the client makes of a broken answer
            self._fail(name, due, error)

    def _fail(self, name: str, due: float, error: Exception) -> None:
        """Count a request that was due and has no answer."""
        self.environment.events.request.fire(
            request_type="POST",
            name=name,
            response_time=_ms_since(due),
            response_length=0,
            exception=error,
        )


def _ms_since(moment: float) -> float:
    return 1e3 * (time.perf_counter() - moment)


def _fault(response: Any, asked: Sequence[KnownText], *, listed: bool) -> Exception | str | None:  # noqa: ANN401  # Locust has several classes
    """What is wrong with an answer: its status, the connection, its form; None if nothing is."""
    if response.status_code not in (0, 200):
        return f"status {response.status_code}: {str(response.text)[:100]}"
    broken: Exception | None = response.request_meta["exception"]
    return broken or TALLY.read(asked, response.content, listed=listed)
