"""Values that real servers keep in memory: removed where the server was killed, and only there."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.integration.running_server import RunningServer, free_port, running_server


def test_what_a_killed_server_left_is_removed(tmp_path: Path, shipped_model: Path) -> None:
    """The next start removes the private values of a server that was killed, of no other one."""
    with measured_servers(tmp_path, shipped_model, "killed", "running") as (killed, running):
        left, used = private_folder(killed), private_folder(running)
        os.killpg(killed.process.pid, signal.SIGKILL)
        killed.process.wait()
        assert list(left.iterdir())
        with measured_servers(tmp_path, shipped_model, "next"):
            assert not left.exists()
            assert list(used.iterdir())
    assert not used.exists()


@contextmanager
def measured_servers(folder: Path, model: Path, *names: str) -> Iterator[list[RunningServer]]:
    """Servers with a private folder of values, each with one worker that is ready."""
    with ExitStack() as stack:
        servers = []
        for name in names:
            (folder / name).mkdir()
            settings = {"workers": "1", "model": str(model), "metrics_port": str(free_port())}
            servers.append(stack.enter_context(running_server(folder / name, settings)))
        for server in servers:
            server.wait_for("/health/ready", 200)
        yield servers


def private_folder(server: RunningServer) -> Path:
    """Where the server keeps its values: it holds the folder open."""
    opened = (path.resolve() for path in Path(f"/proc/{server.process.pid}/fd").iterdir())
    (folder,) = (path for path in opened if path.name.startswith("scandid-metrics-"))
    return folder
