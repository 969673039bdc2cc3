"""Models in a store that a server is started on, and clients that ask meanwhile."""

import hashlib
import threading
import time

import httpx

from tests.integration.object_store import ObjectStore
from tests.integration.running_server import DEADLINE_S, RunningServer

BUCKET = "serving"
URI = f"s3://{BUCKET}/model.onnx"
TEXT = "Hva heter du, og hvor kommer du fra?"
ASKERS = 8


def put(store: ObjectStore, content: bytes) -> str:
    """Store a model; its digest."""
    digest = hashlib.sha256(content).hexdigest()
    store.client().create_bucket(Bucket=BUCKET)
    store.client().put_object(
        Bucket=BUCKET, Key="model.onnx", Body=content, Metadata={"sha256": digest}
    )
    return digest


def wait_for_model(server: RunningServer, digest: str) -> None:
    """Wait until every worker serves the model: a dozen new connections in a row meet it."""
    deadline = time.monotonic() + DEADLINE_S
    met = 0
    while met < 12:
        assert time.monotonic() < deadline, server.log
        answer = httpx.get(f"{server.url}/model", trust_env=False)
        right = answer.status_code == 200 and answer.json()["sha256"] == digest
        met = met + 1 if right else 0


def ask(server: RunningServer, end: threading.Event) -> int:
    """Ask for texts on kept connections until the end; the number of answers, all of them good."""
    count = 0
    while not end.is_set():
        with server.client() as client:
            while not end.is_set():
                response = client.post("/identify", json={"text": TEXT})
                assert response.status_code == 200, response.text
                count += 1
                if response.headers.get("connection") == "close":
                    break
    return count
