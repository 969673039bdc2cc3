"""Names of a request: ids are taken where they are well-formed, made where not."""

from typing import Any

import pytest

from server.exchange import KEY, UNMATCHED, exchange_of, open_exchange
from tests.fake_model import fake_answer

ROUTES = frozenset({"/identify"})
TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"


def scope(path: str = "/identify", **headers: str) -> dict[str, Any]:
    """The scope of a request, as gunicorn makes it."""
    pairs = [
        (name.replace("_", "-").encode(), value.encode("latin-1"))
        for name, value in headers.items()
    ]
    return {"type": "http", "method": "POST", "path": path, "headers": pairs}


@pytest.mark.parametrize("given", ["order-17/a", "a=b:c@d+e_f.G", "7" * 128])
def test_an_id_is_kept(given: str) -> None:
    """The client's own id comes back."""
    assert open_exchange(scope(x_request_id=given), ROUTES).request_id == given


@pytest.mark.parametrize("given", ["", "a b", "a" * 129, 'a"b', "æ", "a\nb"])
def test_a_malformed_id_is_replaced(given: str) -> None:
    """What could break a line of the log, or fill it, gives way to an id of our own."""
    assert len(open_exchange(scope(x_request_id=given), ROUTES).request_id) == 32


def test_ids_differ() -> None:
    """Requests without an id get one each."""
    assert len({open_exchange(scope(), ROUTES).request_id for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize(
    ("version", "flags", "sampled"),
    [("00", "01", 1), ("00", "00", 0), ("00", "02", 0), ("cc", "ff", 1), ("fe", "10", 0)],
)
def test_a_trace_is_continued(version: str, flags: str, sampled: int) -> None:
    """A valid traceparent gives trace and parent, whatever its version adds in flags."""
    exchange = open_exchange(scope(traceparent=f"{version}-{TRACE}-{SPAN}-{flags}"), ROUTES)
    assert (exchange.trace_id, exchange.parent_id, exchange.sampled) == (TRACE, SPAN, sampled)


@pytest.mark.parametrize(
    "given",
    [
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-01\n",
        "nonsense",
    ],
)
def test_a_malformed_trace_is_ignored(given: str) -> None:
    """What the standard calls invalid is treated as if it were not there."""
    assert open_exchange(scope(traceparent=given), ROUTES).trace_id is None


def test_other_paths_share_one_name() -> None:
    """A path that the application does not have never becomes a label."""
    assert open_exchange(scope("/secret/4711"), ROUTES).route == UNMATCHED


def test_the_scope_carries_the_exchange() -> None:
    """Whoever holds the scope finds the exchange; without one, a substitute that nobody reads."""
    request = scope()
    assert exchange_of(request) is not open_exchange(request, ROUTES)
    assert exchange_of(request) is request[KEY]


def test_one_answer_is_told_in_full() -> None:
    """A single text has a label and a confidence, several have a count of each label."""
    exchange = open_exchange(scope(), ROUTES)
    exchange.chars, exchange.answers = 3, (fake_answer("Hej"),)
    confidence = fake_answer("Hej").confidence
    assert exchange.summary() == {
        "texts": 1,
        "chars": 3,
        "label": "dan",
        "confidence": confidence,
    }
    exchange.answers = [fake_answer("a"), fake_answer("b")]
    assert exchange.summary() == {"texts": 2, "chars": 3, "labels": {"dan": 2}}
