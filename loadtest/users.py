"""The users: each asks real texts, one at a time or a short list, and checks what comes back."""

import random
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from gevent.pool import Pool
from locust import FastHttpUser, task

from loadtest.answers import AnswerTally
from loadtest.texts import KnownText, known_texts

TALLY: Final = AnswerTally()
"""Answers of all users of this process."""

_IN_FLIGHT: Final = 64
"""Requests one user has under way at most, where arrivals do not wait for answers."""

_LIST_TEXTS: Final = 20


class Asker(FastHttpUser):
    """Asks for the language of texts.

    With ``--arrivals`` 0 it asks again when it has been answered (closed loop); otherwise so many
    times a second, whether or not it has been answered (constant arrival rate).
    """

    concurrency = _IN_FLIGHT

    def on_start(self) -> None:
        """Prepare what arrivals need."""
        options: Any = self.environment.parsed_options
        self._rate: float = options.arrivals
        self._pool = Pool(_IN_FLIGHT)
        self._due = time.monotonic()

    def on_stop(self) -> None:
        """Wait for what is under way."""
        self._pool.join(timeout=5)

    def wait_time(self) -> float:
        """Seconds to the next arrival; none in a closed loop."""
        if not self._rate:
            return 0.0
        self._due += 1 / self._rate
        return max(0.0, self._due - time.monotonic())

    @task(9)
    def ask_one(self) -> None:
        """Ask one text."""
        self._arrive(self._ask_one, [random.choice(known_texts())])

    @task(1)
    def ask_list(self) -> None:
        """Ask a short list."""
        self._arrive(self._ask_list, random.choices(known_texts(), k=_LIST_TEXTS))

    def _arrive(self, ask: Callable[[list[KnownText]], None], asked: list[KnownText]) -> None:
        """Ask now; in the background where arrivals do not wait for answers."""
        if not self._rate:
            ask(asked)
        elif self._pool.free_count():
            self._pool.spawn(ask, asked)
        else:
            self._post("arrival without a free connection", asked, None)

    def _ask_one(self, asked: list[KnownText]) -> None:
        self._post("one text", asked, {"text": asked[0].text})

    def _ask_list(self, asked: list[KnownText]) -> None:
        self._post("list of texts", asked, {"texts": [known.text for known in asked]})

    def _post(self, name: str, asked: Sequence[KnownText], body: dict[str, Any] | None) -> None:
        """Send a request; without a body, only note that it could not be sent."""
        if body is None:
            self.environment.events.request.fire(
                request_type="POST",
                name=name,
                response_time=0,
                response_length=0,
                exception=RuntimeError(f"{_IN_FLIGHT} requests of this user are unanswered"),
            )
            return
        begin = time.perf_counter()
        try:
            with self.client.post(
                "/identify", json=body, name=name, catch_response=True
            ) as response:
                if fault := _fault(response, asked, listed="texts" in body):
                    response.failure(fault)
        except Exception as error:  # whatever the client makes of a broken answer
            self._fail(name, begin, error)

    def _fail(self, name: str, due: float, error: Exception) -> None:
        """Count a request that has no answer."""
        self.environment.events.request.fire(
            request_type="POST",
            name=name,
            response_time=1e3 * (time.perf_counter() - due),
            response_length=0,
            exception=error,
        )


def _fault(response: Any, asked: Sequence[KnownText], *, listed: bool) -> Exception | str | None:  # noqa: ANN401  # Locust has several classes
    """What is wrong with an answer: its status, the connection, its form; None if nothing is."""
    if response.status_code not in (0, 200):
        return f"status {response.status_code}: {str(response.text)[:100]}"
    broken: Exception | None = response.request_meta["exception"]
    return broken or TALLY.read(asked, response.content, listed=listed)
