"""A consumer of the log that stops reading takes lines, and nothing else."""

import os
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.integration.running_server import (
    COMMAND,
    DEADLINE_S,
    ROOT,
    RunningServer,
    environment,
    free_port,
)
from tests.pipes import full_pipe

REQUESTS = 600


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_log_that_nobody_reads_stops_nobody(
    shipped_model: Path, tmp_path: Path, stream: str
) -> None:
    """The server starts, answers, counts what it could not say, and ends in order."""
    reader, writer = full_pipe()
    log, port, metrics_port = tmp_path / "server.log", free_port(), free_port()
    settings = {"workers": "1", "model": str(shipped_model), "port": str(port)}
    environ = environment(metrics_port=str(metrics_port), **settings)
    with log.open("wb") as file:
        out, err = (writer, file) if stream == "stdout" else (file, writer)
        process = subprocess.Popen(COMMAND, cwd=ROOT, env=environ, stdout=out, stderr=err)
    server = RunningServer(process, port, log)
    try:
        server.wait_for("/health/ready", 200)
        with server.client() as client:
            for _ in range(REQUESTS):
                client.post("/identify", json={"text": "Hva heter du?"}).raise_for_status()
        metrics = httpx.get(f"http://127.0.0.1:{metrics_port}/metrics", trust_env=False).text
        assert server.stop() == 0
    finally:
        process.kill()
        process.wait(DEADLINE_S)
    assert os.read(reader, 2**21).strip() == b""
    lost = [line for line in metrics.splitlines() if line.startswith("scandid_lost_log_lines")]
    if stream == "stdout":
        assert float(lost[0].split()[1]) >= REQUESTS - 64
        assert server.log.count("lines about requests are lost") == 1
    else:
        assert lost == ["scandid_lost_log_lines_total 0.0"]
        assert server.log.count('"message":"request"') >= REQUESTS
