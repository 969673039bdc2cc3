"""The state of a worker, taken down once a second: what is so at one moment and not at the next."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

INTERVAL_S: Final = 1


class Sampler:
    """As a lifespan component, calls a function at the worker's start and every second after it.

    Counting the state up and down with every request would cost more than all other metrics, and
    nobody scrapes more often than this.

    Args:
        sample: Takes the state down.
    """

    def __init__(self, sample: Callable[[], None]) -> None:
        self._sample = sample
        self._task: asyncio.Task[None] | None = None

    async def process_startup(self, scope: Mapping[str, Any], event: Mapping[str, Any]) -> None:  # noqa: ARG002
        """Begin."""
        self._task = asyncio.create_task(self._repeat())

    async def process_shutdown(self, scope: Mapping[str, Any], event: Mapping[str, Any]) -> None:  # noqa: ARG002
        """End."""
        if self._task:
            self._task.cancel()

    async def _repeat(self) -> None:
        while True:
            self._sample()
            await asyncio.sleep(INTERVAL_S)
