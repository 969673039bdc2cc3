"""The shipped model behind a real gunicorn with two workers, asked over real sockets."""

import json
import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest

from tests.integration.running_server import DEADLINE_S, RunningServer, running_server

TEXTS = {
    "dan": "Jeg ved ikke, hvad der skete i går aftes, men døren var åben, da vi kom hjem.",
    "swe": "Jag vet inte vad som hände igår kväll, men dörren var öppen när vi kom hem.",
    "nob": "Jeg vet ikke hva som skjedde i går kveld, men døra var åpen da vi kom hjem.",
    "nno": "Eg veit ikkje kva som hende i går kveld, men døra var open då me kom heim.",
    "other": "I do not know what happened last night, but the door was open when we came home.",
    "und": "",
}
RUSSIAN = "Я не знаю, что случилось вчера вечером, но дверь была открыта, когда мы пришли домой."


@pytest.mark.parametrize(("label", "text"), [*TEXTS.items(), ("other", RUSSIAN)])
def test_the_shipped_model_answers_rightly(client: httpx.Client, label: str, text: str) -> None:
    """A plain sentence of each kind gets the label that any reader would give."""
    answer = client.post("/identify", json={"text": text}).raise_for_status().json()
    assert answer["label"] == label
    assert answer["confidence"] == answer["probabilities"].get(label, 0)


def test_a_list_is_answered_in_order(client: httpx.Client) -> None:
    """Texts of different languages and lengths keep their places, whatever they are batched by."""
    labels = [*TEXTS, *reversed(TEXTS)] * 20
    texts = [f"{TEXTS[label]} " * (1 + index % 3) for index, label in enumerate(labels)]
    answers = client.post("/identify", json={"texts": texts}).raise_for_status().json()["answers"]
    assert [answer["label"] for answer in answers] == labels


def test_company_does_not_change_an_answer(server: RunningServer) -> None:
    """A text asked amid the requests of others gets the probabilities it gets alone."""

    def ask(text: str) -> dict[str, float]:
        with server.client() as own:
            answer = own.post("/identify", json={"text": text}).raise_for_status().json()
            found: dict[str, float] = answer["probabilities"]
            return found

    texts = [text * length for text in TEXTS.values() if text for length in (1, 5)]
    alone = [ask(text) for text in texts]
    with ThreadPoolExecutor(16) as pool:
        together = list(pool.map(ask, texts * 10))
    for found, expected in zip(together, alone * 10, strict=True):
        assert found == pytest.approx(expected, abs=1.01e-4)  # the last digit of an answer


def test_a_connection_is_kept(client: httpx.Client) -> None:
    """Answers and errors leave the connection open for the next request."""
    ports = set()
    for body in ({"text": "a"}, {"text": 1}, {"texts": ["a", "b"]}) * 5:
        stream = client.post("/identify", json=body).extensions["network_stream"]
        ports.add(stream.get_extra_info("client_addr"))
    assert len(ports) == 1


def test_a_connection_is_kept_after_long_lists(client: httpx.Client) -> None:
    """Bodies that arrive in many pieces are answered one after another on one connection."""
    texts = [TEXTS["dan"] * 2] * 1_000
    ports = set()
    for _ in range(30):
        response = client.post("/identify", json={"texts": texts}).raise_for_status()
        assert len(response.json()["answers"]) == len(texts)
        ports.add(response.extensions["network_stream"].get_extra_info("client_addr"))
    assert len(ports) == 1


def test_a_silent_connection_is_closed(tmp_path: Path) -> None:
    """The server ends a connection on which nothing follows for as long as it is told to wait."""
    with running_server(tmp_path, {"keepalive_s": "1", "workers": "1"}) as server:
        server.wait_for("/health/ready", 200)
        address = (httpx.URL(server.url).host, httpx.URL(server.url).port or 0)
        with socket.create_connection(address, timeout=DEADLINE_S) as silent:
            silent.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"".join(iter(partial(silent.recv, 4096), b"")).endswith(b'{"status":"live"}')


def test_an_endless_body_is_cut_off(client: httpx.Client) -> None:
    """A chunked body beyond the limit is refused before its end, and the service lives on."""
    sent = 0

    def body() -> Iterator[bytes]:
        nonlocal sent
        while sent < 2**30:
            sent += 2**16
            yield b"a" * 2**16

    with suppress(httpx.TransportError):  # a client that never stops to send is cut in the end
        client.post("/identify", content=body(), headers={"Content-Type": "text/plain"})
    assert sent < 2**28
    assert client.get("/health/ready").status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Connection": "close"}])
def test_a_body_too_long_is_told_so(server: RunningServer, headers: dict[str, str]) -> None:
    """A client that sends all of its body before it reads gets 413, and no reset."""
    url = httpx.URL(server.url)
    body, asked = b"a" * 40_000_000, {"Content-Type": "text/plain"} | headers
    for _ in range(5):
        with closing(HTTPConnection(url.host, url.port, timeout=DEADLINE_S)) as connection:
            connection.request("POST", "/identify", body, asked)
            answer = connection.getresponse()
            assert (answer.status, json.load(answer)["code"]) == (413, "body_too_large")


def test_a_client_that_offers_http2_is_answered(client: httpx.Client) -> None:
    """What Java's client and curl ask with HTTP/1.1, to go on with HTTP/2, is answered as asked."""
    offer = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAQ"}
    for _ in range(3):
        answer = client.post("/identify", json={"text": "Hva heter du?"}, headers=offer)
        assert answer.raise_for_status().json()["label"] == "nob"


@pytest.mark.parametrize("garbage", [b"\xff\xfe\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"a" * 2**20])
def test_what_is_no_http_gets_a_document(server: RunningServer, garbage: bytes) -> None:
    """It is refused as any other request is: with a code, a reason and an id that is logged."""
    head, _, body = answered(server, garbage).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"content-type: application/problem+json" in head
    assert json.loads(body)["code"] == "bad_request"
    request_id = head.partition(b"x-request-id: ")[2].split()[0].decode()
    server.wait_for_log(f'"request_id":"{request_id}"', times=1)
    assert all(line.startswith("{") for line in server.log.splitlines())


def answered(server: RunningServer, sent: bytes) -> bytes:
    """What comes back until the server closes."""
    url = httpx.URL(server.url)
    with socket.create_connection((url.host, url.port or 0), timeout=DEADLINE_S) as connection:
        connection.sendall(sent)
        return b"".join(iter(partial(connection.recv, 4096), b""))


def test_a_body_that_is_refused_is_not_asked_for(server: RunningServer) -> None:
    """A client that waits to be told to send 40 MB is told that they are too many, and no more."""
    head = b"POST /identify HTTP/1.1\r\nHost: l\r\nExpect: 100-continue\r\n"
    answer = answered(server, head + b"Content-Length: 40000000\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer


def test_a_body_that_will_be_read_is_asked_for(client: httpx.Client) -> None:
    """A client that waits is told to go on, once for each request, on a connection that is kept."""
    url = client.base_url
    body = b'{"text": "Hva heter du?"}'
    head = b"POST /identify HTTP/1.1\r\nHost: l\r\nExpect: 100-continue\r\n"
    with socket.create_connection((url.host, url.port or 0), timeout=DEADLINE_S) as connection:
        for _ in range(2):
            connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body))
            assert connection.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.sendall(body)
            answer = connection.recv(4096)
            assert answer.startswith(b"HTTP/1.1 200 ")
            assert b"connection: close" not in answer


def test_a_client_of_http_1_0_is_told_nothing_else(server: RunningServer) -> None:
    """To whom 100 is unknown the answer comes at once, whatever is expected."""
    body = b'{"text": "Hva heter du?"}'
    head = b"POST /identify HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
    assert answered(server, head % len(body) + body).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("more", [b"", b"Expect: 100-continue\r\n"])
def test_a_body_that_breaks_off_is_one_request(server: RunningServer, more: bytes) -> None:
    """A chunk that is none gets 400, and its request is told of once, by its route and id."""
    head = b"POST /identify HTTP/1.1\r\nHost: l\r\nTransfer-Encoding: chunked\r\n" + more
    name = f"broken-{len(more)}"
    body = b"X-Request-Id: %b\r\n\r\n4\r\nabcd\r\nwhat\r\n" % name.encode()
    answer = answered(server, head + body)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"x-request-id: %b" % name.encode() in answer
    server.wait_for_log(f'"request_id":"{name}"', times=1)
    line = next(line for line in server.log.splitlines() if name in line)
    found = json.loads(line)
    assert (found["route"], found["status"]) == ("/identify", 400)
    assert found["problem"] == "bad_request"


def test_both_workers_answer(server: RunningServer) -> None:
    """Connections are shared equally between the workers, by what they hold and not by chance."""
    idle = {pid: sockets(pid) for pid in server.worker_pids}
    assert len(idle) == 2
    with ExitStack() as stack:
        for _ in range(16):
            client = stack.enter_context(server.client())
            client.post("/identify", json={"text": "Hva heter du?"}).raise_for_status()
        taken = [sockets(pid) - count for pid, count in idle.items()]
    assert sum(taken) == 16
    assert max(taken) - min(taken) <= 2


def test_a_worker_that_hangs_keeps_no_client_waiting(server: RunningServer) -> None:
    """New connections are answered by the other worker, however few the one that hangs has."""
    hanging = server.worker_pids[0]
    os.kill(hanging, signal.SIGSTOP)
    try:
        for _ in range(16):
            with server.client() as client:
                client.get("/health/live").raise_for_status()
    finally:
        os.kill(hanging, signal.SIGCONT)


def sockets(pid: int) -> int:
    """How many sockets a process has open."""
    return sum(
        str(link.readlink()).startswith("socket:") for link in Path(f"/proc/{pid}/fd").iterdir()
    )


def test_the_model_describes_itself(client: httpx.Client) -> None:
    """The service names the file it answers with and the scores it was released with."""
    model = client.get("/model").raise_for_status().json()
    assert len(model["sha256"]) == 64
    assert set(model["labels"]) == {"dan", "swe", "nob", "nno", "other"}
    assert model["scores"]
