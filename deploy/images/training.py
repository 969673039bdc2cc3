"""Trains in the training image for a minute, and serves in the other what it exports."""

from collections.abc import Iterator
from typing import Final

import httpx

from deploy.images.engine import Engine
from deploy.images.proof import TRAIN, check
from deploy.images.serving import HARDENED, ROOT, service

SAMPLES: Final = ROOT / "tests" / "data"
MINUTES: Final = 1
MEMORY: Final = "4g"
_MODEL: Final = "runs/scandid.onnx"


def prove_training(engine: Engine) -> Iterator[str]:
    """Train on the sample texts, export, serve.

    Yields:
        What was found, a line at a time.

    Raises:
        ProofError: something is not as it must be.
        EngineError: training or export failed.
    """
    # A volume and no folder of this machine: what the image's user writes, a caller may not remove.
    with engine.volume() as runs:
        options = ("--memory", MEMORY, *HARDENED, "--network", "none", "--tmpfs", "/tmp")  # noqa: S108
        mounts = ("-v", f"{SAMPLES}:/data:ro", "-v", f"{runs}:/app/runs")
        once = ("run", "--rm", *options, *mounts, TRAIN.tag)
        texts = "/data/sample.parquet"
        engine.call(*once, "train.py", "--data", texts, "--minutes", str(MINUTES), "--threads", "1")
        yield f"trained for {MINUTES} minute, read-only, without a network"
        said = engine.call(*once, "export.py", "runs/latest", "--out", _MODEL).splitlines()
        yield said[-1]
        digest = said[-1].rpartition(" ")[2]
        mount = ("-v", f"{runs}:/models:ro", "-e", "SCANDID_MODEL=/models/scandid.onnx")
        with service(engine, *mount) as (container, url, _):
            model = httpx.get(f"{url}/model", trust_env=False).raise_for_status().json()
            check(model["sha256"] == digest, f"{model['sha256']} is served, not {digest}")
            answer = httpx.post(
                f"{url}/identify", json={"text": "Jag heter Sofie."}, trust_env=False
            )
            check(answer.status_code == httpx.codes.OK, answer.text)
            check(container.stop() == 0, container.log)
        yield f"served by the other image: {digest[:12]}"
