"""The tracker as deploy/compose.yaml starts it, but for its folder and address."""

import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import yaml

from tests.integration.mlflow_server import wait_until_healthy
from tests.integration.running_server import DEADLINE_S, ROOT, free_port
from tests.integration.runs import clean_environment


def compose_service() -> dict[str, Any]:
    """The tracker in the file."""
    document = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
    service: dict[str, Any] = document["services"]["mlflow"]
    return service


def compose_command(folder: Path, port: int) -> list[str]:
    """The command in the file, with its schema's and its server's options."""
    places = {"0.0.0.0": "127.0.0.1", "5000": str(port), "/mlflow/": f"{folder}/", "$$": "$"}  # noqa: S104
    words: list[str] = compose_service()["command"]
    for old, new in places.items():
        words = [word.replace(old, new) for word in words]
    return words


def test_the_tracker_starts_on_a_schema_of_its_release(tmp_path: Path) -> None:
    """The schema comes first, and the server answers with its options and without its jobs."""
    port = free_port()
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    jobs = "MLFLOW_SERVER_ENABLE_JOB_EXECUTION"
    others = {jobs: compose_service()["environment"][jobs], "PATH": path}
    log = tmp_path / "server.log"
    with log.open("wb") as output:
        command = compose_command(tmp_path, port)
        process = subprocess.Popen(
            command, cwd=tmp_path, env=clean_environment(**others), stdout=output, stderr=output
        )
    try:
        wait_until_healthy(f"http://127.0.0.1:{port}", process, log)
        running = psutil.Process(process.pid).children(recursive=True)
        commands = [" ".join(child.cmdline()) for child in running]
    finally:
        process.terminate()
        process.wait(DEADLINE_S)
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        ((location,),) = database.execute("SELECT artifact_location FROM experiments").fetchall()
    assert location == "s3://scandid/runs/0"
    assert any("uvicorn" in command for command in commands)
    assert not any("jobs" in command for command in commands), "they take 1.3 GB"
    assert log.read_text().index("Updating database tables") < log.read_text().index("Uvicorn")
