"""What the proof of the images asks of a container engine, which itself is not needed here.

A program that notes its commands, and has neither images nor models, stands for the engine: one
that runs containers is on few machines that run tests. `make images` is the proof with a real one.
"""

from contextlib import suppress
from pathlib import Path

import pytest

from deploy.images.engine import Engine, EngineError
from deploy.images.training import prove_training

PROGRAM = """#!/bin/sh
echo "$@" >> {log}
case "$*" in
    "volume create") echo made ;;
    "image inspect away"* | *export.py*) exit 1 ;;
esac
"""


class NotingEngine:
    """An engine that does nothing and says that all went well.

    Attributes:
        engine: The engine.
        log: Its commands, one a line.
    """

    def __init__(self, folder: Path) -> None:
        self.log = folder / "log"
        program = folder / "docker"
        program.write_text(PROGRAM.format(log=self.log))
        program.chmod(0o755)
        self.engine = Engine(str(program))

    @property
    def commands(self) -> list[str]:
        """What it was told to do."""
        return self.log.read_text().splitlines()


@pytest.fixture
def noting(tmp_path: Path) -> NotingEngine:
    """An engine that notes what it is told."""
    return NotingEngine(tmp_path)


def test_a_base_that_is_not_here_is_fetched(noting: NotingEngine) -> None:
    """The base is asked for its size: where the build has not left it here, it is pulled first."""
    noting.engine.fetch("away@sha256:1")
    noting.engine.fetch("here")
    assert noting.commands == [
        "image inspect away@sha256:1",
        "pull away@sha256:1",
        "image inspect here",
    ]


def test_a_volume_is_removed_whatever_happens(noting: NotingEngine) -> None:
    """No volume is left behind by a proof that fails."""
    with suppress(EngineError), noting.engine.volume() as name:
        noting.engine.call("image", "inspect", f"away/{name}")
    assert noting.commands == [
        "volume create",
        "image inspect away/made",
        "volume rm --force made",
    ]


def test_a_container_goes_with_the_volumes_that_its_image_declares(noting: NotingEngine) -> None:
    """Docker keeps volumes without a name when their container is removed, unless it is told."""
    with suppress(EngineError), noting.engine.running("image") as container:
        noting.engine.call("image", "inspect", "away")
    assert noting.commands == [
        "run --detach image",
        "image inspect away",
        f"rm --force --volumes {container.id}",
    ]


def test_training_writes_into_a_volume(noting: NotingEngine) -> None:
    """The image's user writes nothing into a folder of a caller, who could not remove it."""
    with pytest.raises(EngineError, match=r"export\.py"):
        list(prove_training(noting.engine))
    runs = [command for command in noting.commands if command.startswith("run")]
    assert len(runs) == 2
    for run in runs:
        mounts = [words.split()[0] for words in run.split(" -v ")[1:]]
        assert [mount for mount in mounts if not mount.endswith(":ro")] == ["made:/app/runs"]
    assert noting.commands[-1] == "volume rm --force made"
