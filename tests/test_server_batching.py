"""Texts of one turn share a model call; order, bounds, cancellation and failures stay apart."""

import asyncio
import time
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scandid import Answer
from server.batching import (
    PIECES_TOGETHER,
    QUIET_CALLS,
    Batcher,
    BatchLimits,
    QueueFull,
)
from server.weight import COUNTED_CHARS
from tests.fake_model import FakeModel, fake_answer

LIMITS = BatchLimits(max_batch_texts=8, max_batch_chars=100, max_queue_texts=1_000)

texts = st.text(max_size=150)
requests = st.lists(texts | st.lists(texts, max_size=30), max_size=20)


def batcher(model: FakeModel, *, queue: int = 1_000) -> Batcher:
    """A batcher with small limits."""
    return Batcher(model, replace(LIMITS, max_queue_texts=queue))


async def ask(batches: Batcher, request: str | list[str]) -> list[Answer]:
    """One text or several, as the resource would ask."""
    if isinstance(request, str):
        return [await batches.identify(request)]
    return await batches.identify_many(request)


def run(*awaitables: Coroutine[Any, Any, Any], keep_errors: bool = False) -> list[Any]:
    """Run coroutines side by side on a new event loop."""

    async def together() -> list[Any]:
        return await asyncio.gather(*awaitables, return_exceptions=keep_errors)

    return asyncio.run(together())


@given(requests)
def test_everybody_gets_the_own_answers_in_order(mix: list[str | list[str]]) -> None:
    """Whatever is asked side by side, each asker gets exactly its answers, in its order."""
    model = FakeModel()
    batches = batcher(model)
    found = run(*(ask(batches, request) for request in mix))
    asked = [[request] if isinstance(request, str) else request for request in mix]
    assert found == [[fake_answer(text) for text in own] for own in asked]
    assert batches.queued_texts == 0
    assert sum(map(len, model.calls)) == sum(map(len, asked))


@given(requests)
def test_calls_stay_within_their_bounds(mix: list[str | list[str]]) -> None:
    """No call holds too many texts, nor too many characters unless it is one long text."""
    model = FakeModel()
    batches = batcher(model)
    run(*(ask(batches, request) for request in mix))
    times = PIECES_TOGETHER if len(model.calls) > QUIET_CALLS else 1
    assert all(0 < len(texts) <= times * LIMITS.max_batch_texts for texts in model.calls)
    crowded = [texts for texts in model.calls if len(texts) > 1]
    assert all(sum(map(len, texts)) <= times * LIMITS.max_batch_chars for texts in crowded)


def test_long_texts_share_calls() -> None:
    """Of a page, which is read in excerpts, no more characters count than are mostly read."""
    limits = replace(LIMITS, max_batch_chars=4 * COUNTED_CHARS)
    pages = ["page " * 800] * 4
    single, listed = FakeModel(), FakeModel()
    of_single = Batcher(single, limits)
    run(*(of_single.identify(page) for page in pages))
    run(Batcher(listed, limits).identify_many([*pages, "more"]))
    assert single.calls == [pages]
    assert listed.calls == [pages, ["more"]]


def test_texts_that_are_searched_share_no_call_with_many() -> None:
    """Of a text as long as a file, which may all be looked at, more counts than of a page."""
    limits = replace(LIMITS, max_batch_chars=10 * COUNTED_CHARS)
    model = FakeModel()
    run(Batcher(model, limits).identify_many(["page " * 99_999, *["word"] * 4, "page " * 9_999]))
    assert [len(texts) for texts in model.calls] == [5, 1]


def test_texts_of_one_turn_share_one_call() -> None:
    """Requests that are there together cost one call, and a lone one does not wait."""
    model = FakeModel()
    batches = batcher(model)
    run(*(batches.identify(text) for text in "abc"))
    run(batches.identify("d"))
    assert model.calls == [["a", "b", "c"], ["d"]]


def test_texts_that_keep_coming_share_calls() -> None:
    """A call is left to fill up as long as each turn brings a text; the last ones are answered."""
    model = FakeModel()
    batches = batcher(model)

    async def arrive(turn: int) -> Answer:
        for _ in range(turn):
            await asyncio.sleep(0)
        return await batches.identify(str(turn))

    assert len(run(*(arrive(turn) for turn in range(20)))) == 20
    assert max(map(len, model.calls)) == LIMITS.max_batch_texts
    assert len(model.calls) <= 5


def test_a_long_list_leaves_turns_to_single_texts() -> None:
    """A single text that arrives behind a list is answered after one piece of it."""
    model = FakeModel()
    batches = batcher(model)
    run(batches.identify_many(["list"] * 80), batches.identify("single"))
    assert [texts[0] for texts in model.calls].index("single") <= 1


@pytest.mark.parametrize("few", ["single", ["a", "short", "list"]])
def test_lists_that_are_alone_are_cut_into_larger_pieces(few: str | list[str]) -> None:
    """Where long lists are all that is asked calls grow, until somebody asks for few texts."""
    model = FakeModel()
    batches = batcher(model)
    piece = LIMITS.max_batch_texts

    async def ask_in_turn() -> None:
        await batches.identify_many(["list"] * piece * QUIET_CALLS)
        await batches.identify_many(["alone"] * piece * PIECES_TOGETHER)
        await ask(batches, few)
        await batches.identify_many(["after"] * piece * 2)

    run(ask_in_turn())
    sizes = [(texts[-1], len(texts)) for texts in model.calls]
    assert sizes[:QUIET_CALLS] == [("list", piece)] * QUIET_CALLS
    assert sizes[QUIET_CALLS] == ("alone", piece * PIECES_TOGETHER)
    assert sizes[-2:] == [("after", piece)] * 2


@pytest.mark.parametrize("turns", range(12))
def test_a_single_text_is_answered_between_two_pieces(turns: int) -> None:
    """Whenever it comes, one piece at most precedes it, and its answer leaves before the next."""
    model = FakeModel()
    batches = batcher(model)

    async def single() -> tuple[int, int]:
        for _ in range(turns):
            await asyncio.sleep(0)
        came = len(model.calls)
        await batches.identify("single")
        await asyncio.sleep(0)  # a connection writes in the turn after the one that answers
        return came, len(model.calls)

    _, (came, left) = run(batches.identify_many(["list"] * 80), single())
    answered = model.calls.index(["single"])
    assert answered - came <= 1
    assert left == answered + 1


def test_single_texts_do_not_starve_a_list() -> None:
    """A list is answered while single texts keep coming."""
    model = FakeModel()
    batches = batcher(model)
    finished = asyncio.Event()

    async def singles() -> None:
        while not finished.is_set():
            await asyncio.gather(*(batches.identify("single") for _ in range(20)))

    async def whole_list() -> None:
        await batches.identify_many(["list"] * 40)
        finished.set()

    run(singles(), singles(), whole_list())
    assert sum(texts.count("list") for texts in model.calls) == 40


def test_two_lists_share_the_server() -> None:
    """Pieces of two lists alternate instead of one list waiting for the other's end."""
    model = FakeModel()
    batches = batcher(model)
    run(batches.identify_many(["a"] * 40), batches.identify_many(["b"] * 40))
    assert [texts[0] for texts in model.calls[:4]] == ["a", "b", "a", "b"]


def test_the_ends_of_two_lists_share_a_call() -> None:
    """What is left of several lists is answered together where it fits into one call."""
    model = FakeModel()
    batches = batcher(model)
    run(batches.identify_many(["list a 10."] * 9), batches.identify_many(["list b 10."] * 9))
    assert [len(texts) for texts in model.calls] == [8, 8, 2]


def test_each_call_tells_how_long_its_first_text_waited() -> None:
    """A text that came before the call for another one waited as long as that took."""
    pause_s = 0.01
    waits: list[float] = []

    class Slow(FakeModel):
        def identify_batch(self, texts: Sequence[str]) -> list[Answer]:
            time.sleep(pause_s)
            return super().identify_batch(texts)

    batches = Batcher(Slow(), replace(LIMITS, max_batch_texts=1), waits.append)
    run(batches.identify("a"), batches.identify("b"))
    assert len(waits) == 2
    assert waits[0] >= 0
    assert waits[1] >= pause_s


def test_a_cancelled_text_is_not_computed() -> None:
    """Who leaves before the call is dropped from it; the others get their answers."""
    model = FakeModel()
    batches = batcher(model)

    async def leave() -> list[Answer | BaseException]:
        tasks = [asyncio.create_task(batches.identify(text)) for text in "abc"]
        await asyncio.sleep(0)
        tasks[1].cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    found = asyncio.run(leave())
    assert [found[0], found[2]] == [fake_answer("a"), fake_answer("c")]
    assert isinstance(found[1], asyncio.CancelledError)
    assert model.calls == [["a", "c"]]
    assert batches.queued_texts == 0


def test_a_cancelled_list_stops() -> None:
    """The rest of a list whose asker left is never computed."""
    model = FakeModel()
    batches = batcher(model)

    async def leave() -> None:
        task = asyncio.create_task(batches.identify_many(["a"] * 80))
        while not model.calls:
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await batches.identify("b")

    asyncio.run(leave())
    assert len(model.calls) <= 3
    assert batches.queued_texts == 0


def test_a_failure_reaches_who_asked_for_it_only() -> None:
    """A text that the model fails on fails; others of its call and of later ones are answered."""
    batches = batcher(FakeModel(poison="x"))
    a, x, b = run(*map(batches.identify, "axb"), keep_errors=True)
    assert [a, b] == [fake_answer("a"), fake_answer("b")]
    assert isinstance(x, RuntimeError)
    assert run(batches.identify("c")) == [fake_answer("c")]
    assert batches.queued_texts == 0


def test_a_full_queue_refuses_at_once() -> None:
    """Texts beyond the bound are refused whole, and those admitted before are answered."""
    model = FakeModel()
    batches = batcher(model, queue=5)
    found = run(
        batches.identify_many(["a"] * 4),
        batches.identify_many(["b"] * 2),
        batches.identify("c"),
        batches.identify("d"),
        keep_errors=True,
    )
    assert [type(result) for result in found] == [list, QueueFull, Answer, QueueFull]
    assert batches.queued_texts == 0
    assert "b" not in {text for texts in model.calls for text in texts}


def test_room_is_known_before_a_request_is_read() -> None:
    """check_room raises exactly where no further text would be admitted."""
    batches = batcher(FakeModel(), queue=2)

    async def fill() -> None:
        batches.check_room()
        task = asyncio.create_task(batches.identify_many(["a", "b"]))
        await asyncio.sleep(0)
        with pytest.raises(QueueFull):
            batches.check_room()
        await task
        batches.check_room()

    asyncio.run(fill())
