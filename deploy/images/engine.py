"""The container engine of this machine: Docker where its engine answers, else podman (and buildah).

Both are driven by their own command line, which is nearly the same; what differs is here.
"""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

INSTALL: Final = "install Docker, or: apt-get install podman buildah"
STOP_TIMEOUT_S: Final = 30
_DEADLINE_S: Final = 90


class EngineError(RuntimeError):
    """The engine could not do what was asked; the text is what it said."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A container engine.

    Attributes:
        program: ``docker`` or ``podman``.
    """

    program: str

    @classmethod
    def find(cls) -> "Engine":
        """The engine of this machine.

        Raises:
            EngineError: there is none.
        """
        for program in ("docker", "podman"):
            if shutil.which(program) and cls(program).answers():
                return cls(program)
        raise EngineError(f"no container engine answers; {INSTALL}")

    def answers(self) -> bool:
        """Whether the engine runs; the mere client of Docker is not enough."""
        return (
            subprocess.run([self.program, "info"], capture_output=True, check=False).returncode == 0
        )

    def call(self, *words: str) -> str:
        """Run a command to its end; its standard output.

        Raises:
            EngineError: it failed.
        """
        done = subprocess.run([self.program, *words], capture_output=True, text=True, check=False)
        if done.returncode:
            raise EngineError(f"{self.program} {' '.join(words)}:\n{done.stdout}{done.stderr}")
        return done.stdout.strip()

    def build(self, dockerfile: str, tag: str, options: Sequence[str]) -> None:
        """Build an image from the tree.

        Raises:
            EngineError: a step failed.
        """
        # podman's own format drops HEALTHCHECK.
        form = () if self.program == "docker" else ("--format", "docker")
        self.call("build", *form, "--file", dockerfile, "--tag", tag, *options, ".")

    def config(self, tag: str) -> dict[str, Any]:
        """User, command, environment, health check and labels of an image."""
        image = self._inspect(tag)
        found: dict[str, Any] = image["Config"]
        found.setdefault("Healthcheck", image.get("Healthcheck"))
        return found

    def unpacked_bytes(self, tag: str) -> int:
        """Bytes of all layers of an image on disk."""
        if self.program == "podman":
            return int(self._inspect(tag)["Size"])
        # What Docker calls the size of an image is, in some of its stores, that of packed layers.
        sizes = self.call("history", "--human=false", "--format", "{{.Size}}", tag)
        return sum(int(size) for size in sizes.split())

    def fetch(self, tag: str) -> None:
        """Take an image from its registry, unless it is here.

        Raises:
            EngineError: it is neither here nor there.
        """
        here = [self.program, "image", "inspect", tag]
        if subprocess.run(here, capture_output=True, check=False).returncode:
            self.call("pull", tag)

    @contextmanager
    def volume(self) -> Iterator[str]:
        """The name of an empty volume; removed in the end."""
        name = self.call("volume", "create")
        try:
            yield name
        finally:
            self.call("volume", "rm", "--force", name)

    def _inspect(self, tag: str) -> dict[str, Any]:
        (image,) = json.loads(self.call("image", "inspect", tag))
        found: dict[str, Any] = image
        return found

    def published(self, port: int, metrics_port: int) -> list[str]:
        """Options by which a service's two ports are reached at these ports of this machine."""
        if self.program == "docker":
            return ["-p", f"127.0.0.1:{port}:8080", "-p", f"127.0.0.1:{metrics_port}:9464"]
        # podman without privileges or netfilter has no port mapping that works everywhere.
        ports = [f"SCANDID_PORT={port}", f"SCANDID_METRICS_PORT={metrics_port}"]
        return ["--network", "host", "-e", ports[0], "-e", ports[1]]

    @contextmanager
    def running(self, tag: str, *options: str) -> Iterator["Container"]:
        """A container in the background; removed in the end."""
        container = Container(self, self.call("run", "--detach", *options, tag))
        try:
            yield container
        finally:
            # With the volumes that its image declares, which have no name to be removed by.
            self.call("rm", "--force", "--volumes", container.id)


@dataclass(frozen=True, slots=True)
class Container:
    """A container that was started.

    Attributes:
        engine: What runs it.
        id: Its id.
    """

    engine: Engine
    id: str

    @property
    def log(self) -> str:
        """Everything it wrote so far."""
        words = [self.engine.program, "logs", self.id]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    @property
    def state(self) -> dict[str, Any]:
        """What the engine says about it now."""
        (found,) = json.loads(self.engine.call("container", "inspect", self.id))
        state: dict[str, Any] = found["State"]
        return state

    def check_health(self) -> None:
        """Have the image's own health check run.

        Raises:
            EngineError: it failed, or Docker never ran it.
        """
        if self.engine.program == "podman":  # its timer needs systemd: run it by hand
            self.engine.call("healthcheck", "run", self.id)
            return
        deadline = time.monotonic() + _DEADLINE_S
        while (status := self.state["Health"]["Status"]) != "healthy":
            if time.monotonic() > deadline:
                raise EngineError(f"the health check says {status}\n{self.log}")
            time.sleep(1)

    def stop(self) -> int:
        """SIGTERM, and SIGKILL when it does not end; the exit code."""
        self.engine.call("stop", "-t", str(STOP_TIMEOUT_S), self.id)
        return int(self.state["ExitCode"])
