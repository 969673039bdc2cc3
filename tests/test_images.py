"""The images as files: lint, what goes into the build and out again, and the health check."""

import re
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from deploy.images import __main__ as images
from deploy.images.engine import Engine, EngineError
from deploy.images.proof import LABELS, SERVE, TRAIN, ProofError, check
from deploy.images.serving import readme_examples
from deploy.images.slim import slim
from server.probe import probe
from server.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
DOCKERFILES = [ROOT / "Dockerfile.serve", ROOT / "Dockerfile.train"]


def program(name: str) -> str:
    """Path of a program of the development environment."""
    return str(Path(sys.executable).parent / name)


def stages(dockerfile: Path) -> list[str]:
    """The text of each build stage."""
    return re.split(r"^FROM ", dockerfile.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.name)
def test_dockerfiles_pass_the_linter(dockerfile: Path) -> None:
    """The linter has nothing to say, not even about style."""
    command = [program("hadolint"), "--failure-threshold", "style", str(dockerfile)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.name)
def test_the_base_is_an_argument_with_a_digest(dockerfile: Path) -> None:
    """Both stages stand on the same base, which is named with its digest and can be replaced."""
    text = dockerfile.read_text(encoding="utf-8")
    assert re.search(r"^ARG BASE=\S+@sha256:[0-9a-f]{64}$", text, re.MULTILINE)
    assert [stage.split()[0] for stage in stages(dockerfile)] == ["${BASE}", "${BASE}"]


def test_the_images_stand_on_one_base() -> None:
    """Training and serving run the same Python."""
    first, second = (re.findall(r"^ARG BASE=(\S+)", path.read_text(), re.M) for path in DOCKERFILES)
    assert first == second


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.name)
def test_the_final_stage_is_plain(dockerfile: Path) -> None:
    """A numeric user, commands without a shell, every label, and nothing installed at the end."""
    build, final = stages(dockerfile)
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", final, re.MULTILINE)
    assert all(
        line.split(maxsplit=1)[1].startswith("[")
        for line in final.splitlines()
        if line.startswith(("CMD", "ENTRYPOINT", "    CMD"))
    )
    assert set(re.findall(r"org\.opencontainers\.image\.([\w.]+)=", final)) == set(LABELS)
    assert "--require-hashes" in build
    assert "pip install" not in final


def test_the_build_gets_only_what_it_copies() -> None:
    """.dockerignore lets in what a Dockerfile copies, and no data, test, run or history."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    allowed = {line[1:] for line in lines if line.startswith("!")}
    assert lines[1] == "*"
    copied = {
        word.rstrip("/").replace("${TORCH_LOCK}", "torch*.txt")
        for dockerfile in DOCKERFILES
        for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile.read_text(), re.MULTILINE)
        for word in line.split()[:-1]
    }
    assert copied == allowed


def test_budgets_are_those_that_were_promised() -> None:
    """Megabytes above the base: 180 to serve, 1,300 to train."""
    assert (SERVE.budget_mb, TRAIN.budget_mb) == (180, 1_300)


def test_the_proof_posts_what_the_readme_shows() -> None:
    """The README has an example with an answer, and the proof finds it."""
    assert [answer["label"] for _, answer in readme_examples()] == ["nob"]


def test_slimming_takes_out_what_is_named(tmp_path: Path) -> None:
    """Named paths and distributions go, tests and sources too, and the rest stays."""
    for name in ("big/tool/a.py", "big/__init__.py", "big/tests/test_a.py", "big/fast.pyx"):
        write(tmp_path / name)
    write(tmp_path / "other-1.0.dist-info/METADATA", "Name: other\nVersion: 1.0\n")
    write(tmp_path / "other/sub/x.py")
    record = "other/sub/x.py,,\nother/sub/gone.py,,\nother-1.0.dist-info/METADATA,,\n"
    write(tmp_path / "other-1.0.dist-info/RECORD", record + "other-1.0.dist-info/RECORD,,\n")
    packages = tmp_path.rename(tmp_path.with_name("site-packages"))
    slim(packages, ["big/tool", "other"])
    assert [path for path in packages.rglob("*") if path.is_file()] == [
        packages / "big/__init__.py"
    ]
    assert not (packages / "other").exists()


def test_slimming_refuses_what_is_not_there(tmp_path: Path) -> None:
    """A name that a release has moved stops the build."""
    with pytest.raises(SystemExit, match="numpy/gone: is not in"):
        slim(tmp_path, ["numpy/gone"])


def test_a_broken_rule_is_an_error() -> None:
    """The proof ends at the first thing that is not as it must be, and says what."""
    with pytest.raises(ProofError, match="too large"):
        check(False, "too large")


def test_no_engine_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without Docker and podman the command says what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match="install Docker, or: apt-get install podman"):
        Engine.find()
    assert images.main([]) == 1


class Answering(BaseHTTPRequestHandler):
    """Says what its server says."""

    def do_GET(self) -> None:
        """Answer with the server's status."""
        self.send_response(int(str(self.server.status)))  # type: ignore[attr-defined]
        self.end_headers()
        self.wfile.write(b'{"detail": "the model is loading"}')

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize(
    ("status", "trouble"), [(200, ""), (503, '503: {"detail": "the model is loading"}')]
)
def test_the_probe_says_whether_the_service_is_ready(status: int, trouble: str) -> None:
    """The health check passes on 200 alone, and tells what it got otherwise."""
    server = HTTPServer(("127.0.0.1", 0), Answering)
    server.status = status  # type: ignore[attr-defined]
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        assert probe(Settings(host="0.0.0.0", port=server.server_port)) == trouble  # noqa: S104
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_probe_fails_where_nobody_listens() -> None:
    """No server, no health."""
    server = HTTPServer(("127.0.0.1", 0), Answering)
    server.server_close()
    assert "refused" in probe(Settings(host="::ffff:127.0.0.1", port=server.server_port))


def write(path: Path, text: str = "") -> None:
    """A file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
