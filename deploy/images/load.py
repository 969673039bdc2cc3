"""Clients that ask a service without a pause until it says goodbye."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import httpx

CONNECTIONS: Final = 16
WARM_REQUESTS: Final = 30
TEXT: Final = "Hva heter du, og hvor kommer du fra?"
_TIMEOUT_S: Final = 60


def ask_while_it_stops(url: str, stop: Callable[[], int]) -> tuple[int, int]:
    """Load a service, stop it in the middle, and see that every request that was sent is answered.

    A client leaves when an answer announces the end of its connection, as HTTP has it.

    Args:
        url: The service.
        stop: Stops it; returns its exit code.

    Returns:
        The exit code, and how many requests were answered, all of them rightly.

    Raises:
        httpx.HTTPError: a request was lost, or not answered with 200.
        TimeoutError: the load did not come up.
    """
    under_load = threading.Semaphore(0)
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        clients = [pool.submit(_ask_until_closed, url, under_load) for _ in range(CONNECTIONS)]
        for _ in clients:
            if not under_load.acquire(timeout=_TIMEOUT_S):
                raise TimeoutError(f"{url} did not answer {WARM_REQUESTS} requests a connection")
        code = stop()
        return code, sum(client.result(_TIMEOUT_S) for client in clients)


def _ask_until_closed(url: str, under_load: threading.Semaphore) -> int:
    """Ask on one connection; the number of answers."""
    count = 0
    with httpx.Client(base_url=url, timeout=_TIMEOUT_S, trust_env=False) as client:
        while True:
            response = client.post("/identify", json={"text": TEXT}).raise_for_status()
            if response.json()["label"] != "nob":
                raise httpx.DecodingError(response.text)
            count += 1
            if count == WARM_REQUESTS:
                under_load.release()
            if response.headers.get("connection") == "close":
                return count
