"""The shipped model behind a real gunicorn with two workers, asked over real sockets."""

import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
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

    try:
        result = client.post("/identify", content=body(), headers={"Content-Type": "text/plain"})
    except httpx.TransportError:
        pass  # the connection may be gone before the answer is read
    else:
        assert result.json()["code"] == "body_too_large"
    assert sent < 2**28
    assert client.get("/health/ready").status_code == 200


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
