"""The tracker as deploy/compose.yaml starts it, but for its folder and address."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import yaml

from tests.integration.mlflow_server import wait_until_healthy
from tests.integration.running_server import DEADLINE_S, ROOT, free_port
from tests.integration.runs import clean_environment


def compose_command(folder: Path, port: int) -> list[str]:
    """The command in the file, with its schema's and its server's options."""
    document = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
    places = {"0.0.0.0": "127.0.0.1", "5000": str(port), "/mlflow/": f"{folder}/", "$$": "$"}  # noqa: S104
    words: list[str] = document["services"]["mlflow"]["command"]
    for old, new in places.items():
        words = [word.replace(old, new) for word in words]
    return words


def test_the_tracker_starts_on_a_schema_of_its_release(tmp_path: Path) -> None:
    """The schema is brought up to date first, and then the server answers with its options."""
    port = free_port()
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    others = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "PATH": path}
    log = tmp_path / "server.log"
    with log.open("wb") as output:
        command = compose_command(tmp_path, port)
        process = subprocess.Popen(
            command, cwd=tmp_path, env=clean_environment(**others), stdout=output, stderr=output
        )
    try:
        wait_until_healthy(f"http://127.0.0.1:{port}", process, log)
    finally:
        process.terminate()
        process.wait(DEADLINE_S)
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        ((location,),) = database.execute("SELECT artifact_location FROM experiments").fetchall()
    assert location == "s3://scandid/runs/0"
    assert log.read_text().index("Updating database tables") < log.read_text().index("Uvicorn")
