"""Requests that arrive together share one model call; nobody waits for a timer.

Texts submitted in one turn of the event loop are answered by one call when the turn ends. An
idle server therefore answers at once, and a busy one forms batches by itself. Knows neither
HTTP nor arrays.
"""

import asyncio
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from time import perf_counter
from typing import Final

from scandid import Answer
from server.model import TextIdentifier
from server.weight import counted_chars

TURNS_TO_ANSWER: Final = 2
"""Turns of the event loop before the next call, in which answers leave: their requests wake in one
and their connections write in the other. A call made meanwhile holds the answers up as long as it
lasts, two milliseconds for a piece of a list (docs/LOG.md, "Between two pieces of a list")."""

QUIET_CALLS: Final = 64
"""Model calls without a request for few texts, after which long lists have the worker to
themselves: a few tenths of a second of work."""

PIECES_TOGETHER: Final = 4
"""Pieces of a list that one call takes then. Its texts cost a tenth less, and the request that ends
the quiet waits for 512 of them instead of 128, once (docs/LOG.md, "Lists that are alone")."""


class QueueFull(Exception):
    """Too many texts wait already; nothing of the new request was kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLimits:
    """Bounds of the batcher.

    Attributes:
        max_batch_texts: Most texts in one model call; :data:`PIECES_TOGETHER` times as many where
            long lists are all that is asked.
        max_batch_chars: Most characters in one model call, likewise, unless a single text has more;
            of each text as many count as :func:`~server.weight.counted_chars` says.
        max_queue_texts: Most texts admitted and not yet answered.
    """

    max_batch_texts: int
    max_batch_chars: int
    max_queue_texts: int


@dataclass(slots=True, eq=False)
class _Job:
    """Texts that are answered by the same model call, and whoever waits for them.

    Not frozen: one is made for each request, and a frozen one takes four times as long (1 µs).
    """

    texts: Sequence[str]
    chars: int
    answers: asyncio.Future[list[Answer]]
    submitted_s: float


class Batcher:
    """Gathers texts into model calls; belongs to one event loop.

    Single texts and pieces of lists wait in separate lanes that take turns, so a list of a
    thousand texts delays a single text by one piece, not by a thousand texts. Pieces are larger
    while nobody asks for few texts.

    Args:
        identifier: Answers.
        limits: Bounds.
        on_wait: Told before each call how many seconds its first text has waited.
    """

    _loop: asyncio.AbstractEventLoop

    def __init__(
        self,
        identifier: TextIdentifier,
        limits: BatchLimits,
        on_wait: Callable[[float], None] | None = None,
    ) -> None:
        self._identifier = identifier
        self._limits = limits
        self._on_wait = on_wait
        self._singles: deque[_Job] = deque()
        self._pieces: deque[_Job] = deque()
        self._lanes = deque((self._singles, self._pieces))
        self._queued_texts = 0
        self._flush_scheduled = False
        self._turns_left = 0
        self._seen = 0
        self._quiet_calls = 0

    @property
    def queued_texts(self) -> int:
        """Texts admitted and not yet answered."""
        return self._queued_texts

    def check_room(self) -> None:
        """Raise :class:`QueueFull` where not even one more text would be admitted."""
        if self._queued_texts >= self._limits.max_queue_texts:
            raise QueueFull

    async def identify(self, text: str) -> Answer:
        """Answer one text, together with others of the same turn.

        Raises:
            QueueFull: There is no room for it.
        """
        self._admit(1)
        self._quiet_calls = 0
        try:
            return (await self._submit(self._singles, [text], counted_chars(text)))[0]
        finally:
            self._queued_texts -= 1

    async def identify_many(self, texts: Sequence[str]) -> list[Answer]:
        """Answer texts in their order, piece by piece, leaving turns to others in between.

        Raises:
            QueueFull: There is no room for all of them.
        """
        self._admit(len(texts))
        if len(texts) <= self._limits.max_batch_texts:
            self._quiet_calls = 0
        answers: list[Answer] = []
        try:
            for piece, chars in self._cut(texts):
                answers += await self._submit(self._pieces, piece, chars)
        finally:
            self._queued_texts -= len(texts)
        return answers

    def _admit(self, count: int) -> None:
        if self._queued_texts + count > self._limits.max_queue_texts:
            raise QueueFull
        self._queued_texts += count

    def _cut(self, texts: Sequence[str]) -> Iterator[tuple[Sequence[str], int]]:
        """Pieces within the limits of one model call, and the characters of each.

        A piece is cut when the last one has been answered: what was asked meanwhile decides
        whether it is several in one.
        """
        limits = self._limits
        ends = [0, *accumulate([counted_chars(text) for text in texts])]
        start = 0
        while start < len(texts):
            times = PIECES_TOGETHER if self._quiet_calls >= QUIET_CALLS else 1
            fitting = bisect_right(ends, ends[start] + times * limits.max_batch_chars) - 1
            end = min(start + times * limits.max_batch_texts, max(fitting, start + 1))
            yield texts[start:end], ends[end] - ends[start]
            start = end

    def _fits(self, texts: int, chars: int) -> bool:
        limits = self._limits
        return texts <= limits.max_batch_texts and chars <= limits.max_batch_chars

    def _submit(
        self, lane: deque[_Job], texts: Sequence[str], chars: int
    ) -> asyncio.Future[list[Answer]]:
        if not self._flush_scheduled:
            # Once a turn: asking is a call into the kernel, to see whether the process was forked.
            self._loop = asyncio.get_running_loop()
            self._schedule()
        job = _Job(texts, chars, self._loop.create_future(), perf_counter())
        lane.append(job)
        return job.answers

    def _schedule(self) -> None:
        self._flush_scheduled = True
        self._seen = 0
        self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        """Make one model call, and plan another for what did not fit."""
        if self._leaves_a_turn():
            self._loop.call_soon(self._flush)
            return
        self._flush_scheduled = False
        jobs = self._take_turn()
        if jobs:
            self._quiet_calls += 1
            if self._on_wait:
                self._on_wait(perf_counter() - jobs[0].submitted_s)
            self._answer(jobs)
        if self._singles or self._pieces:
            self._turns_left = TURNS_TO_ANSWER
            self._schedule()

    def _leaves_a_turn(self) -> bool:
        """Whether the call waits for another turn of the loop.

        The answers of the last call leave first. Then, as long as the last turn brought texts and
        the call is not full, it leaves one more: an idle loop's turn takes microseconds, a busy
        one works on requests meanwhile, and a fuller call costs less a text (a request 5% less
        with 32 connections).
        """
        if self._turns_left:
            self._turns_left -= 1
            return True
        waiting = len(self._singles)
        if self._seen < waiting < self._limits.max_batch_texts:
            self._seen = waiting
            return True
        return False

    def _take_turn(self) -> list[_Job]:
        """Jobs of the lane whose turn it is, else of the other one.

        A lane that was empty keeps its turn, so that single texts which come during a piece of a
        list are answered before the next piece.
        """
        first, second = self._lanes
        jobs = self._take(first)
        if jobs:
            self._lanes.rotate()
            return jobs
        return self._take(second)

    def _take(self, lane: deque[_Job]) -> list[_Job]:
        """Jobs from the head of the lane, as many as fit one call; cancelled ones are dropped."""
        jobs: list[_Job] = []
        texts = chars = 0
        while lane:
            job = lane[0]
            if not job.answers.done():
                texts += len(job.texts)
                chars += job.chars
                if jobs and not self._fits(texts, chars):
                    break
                jobs.append(job)
            lane.popleft()
        return jobs

    def _answer(self, jobs: Sequence[_Job]) -> None:
        try:
            found = self._identifier.identify_batch([text for job in jobs for text in job.texts])
        except Exception as error:
            if len(jobs) == 1:
                jobs[0].answers.set_exception(error)
            else:  # a text that fails must not fail those of strangers
                for job in jobs:
                    self._answer([job])
            return
        start = 0
        for job in jobs:
            end = start + len(job.texts)
            job.answers.set_result(found[start:end])
            start = end
