"""Checkpoints: weights in a file without code, and JSON beside it to repeat the run."""

import contextlib
import dataclasses
import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import torch

import scandid
from scandid.errors import InputError
from training.cascade import CascadeConfig, build_network
from training.exported import SUFFIX, read_network
from training.hashed import HashedTables
from training.network import Network, NetworkConfig
from training.transformer import Transformer, TransformerConfig

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

BEST: Final = "best.pt"
LAST: Final = "last.pt"
RUN: Final = "run.json"
HISTORY: Final = "history.jsonl"
VALIDATION: Final = "validation.parquet"
HELD_OUT: Final = "held_out.parquet"
TEST: Final = "test.parquet"


_FACTS: Final = (
    ("sampling", "max_bytes"),
    ("data", "digest"),
    ("provenance", "run_id"),
)
"""What a run tells of itself to the file that is made of it."""


@contextlib.contextmanager
def by_rename(path: Path) -> Iterator[Path]:
    """A place to write a file to, so that whatever happens leaves the old file or the new one.

    Raises:
        InputError: the block could not write it; nothing of it is left.
    """
    part = path.with_suffix(".tmp")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from error
    except RuntimeError as error:  # what torch raises where it cannot write, mostly without why
        reason = str(error).partition("\n")[0]
        raise InputError(
            f"{path}: cannot be written: is there room left on the disk? ({reason})"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def save_tensors(path: Path, state: Mapping[str, Any]) -> None:
    """Write tensors, by rename."""
    with by_rename(path) as part:
        torch.save(dict(state), part)


def save_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write JSON for people, by rename."""
    with by_rename(path) as part:
        part.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def load_tensors(path: Path) -> dict[str, Any]:
    """Read tensors; code in the file is refused, never run.

    Raises:
        InputError: the file is missing or damaged.
    """
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such checkpoint; train one with train.py") from error
    except Exception as error:  # torch raises RuntimeError, UnpicklingError, EOFError, ...
        reason = str(error).partition("\n")[0]
        raise InputError(f"{path}: is no checkpoint that can be read: {reason}") from error
    return state


def load_json(path: Path) -> dict[str, Any]:
    """Read the JSON beside the weights.

    Raises:
        InputError: the file is missing or is no JSON.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such run; train one with train.py") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise InputError(f"{path}: holds {type(value).__name__}, expected a JSON object")
    return value


def load_network(folder: Path) -> tuple[Network, dict[str, Any]]:
    """Build the network of a finished run.

    Args:
        folder: What ``train.py --out`` wrote.

    Returns:
        The network with its best weights, in evaluation mode, and the content of ``run.json``.

    Raises:
        InputError: a file is missing, weights and configuration do not fit, or the run's network
            is one that only teaches.
    """
    network, run = _load(folder)
    if not isinstance(network, Network):
        raise InputError(f"{folder}: holds a transformer, which can teach and cannot be shipped")
    return network, run


def require_finished(folder: Path, run: Mapping[str, Any]) -> None:
    """See that a run has ended, and tells of itself what goes into the file that is made of it.

    Raises:
        InputError: it has not, or something is missing.
    """
    if "result" not in run:
        raise InputError(f"{folder}: the run is not finished: train.py --resume ends it")
    for part, name in _FACTS:
        if not isinstance(run.get(part), dict) or name not in run[part]:
            raise InputError(f"{folder / RUN}: tells no {name} of its {part}; train it anew")


def load_teacher(path: Path) -> HashedTables:
    """Build the network of a finished run or of a model file, in evaluation mode.

    Raises:
        InputError: a file is missing, or what it holds does not fit.
    """
    return read_network(path) if path.suffix == SUFFIX else _load(path)[0]


def _load(folder: Path) -> tuple[HashedTables, dict[str, Any]]:
    run = load_json(folder / RUN)
    if not (folder / BEST).exists():
        raise InputError(f"{folder}: has no {BEST} yet: train.py --resume goes on to a validation")
    weights = load_tensors(folder / BEST)
    try:
        network = build(network_config(run["network"]))
        network.load_state_dict(weights)
    except (AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{folder / BEST}: does not fit {RUN}: {reason}") from error
    told = run.get("result", {}).get("weights_sha256")
    if told and told != file_sha256(folder / BEST):
        raise InputError(
            f"{folder / BEST}: is of another training than {RUN}, which tells of {told}"
        )
    return network.eval(), run


def file_sha256(path: Path) -> str:
    """Digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def build(config: NetworkConfig | TransformerConfig) -> HashedTables:
    """A network of these sizes with random weights."""
    return build_network(config) if isinstance(config, NetworkConfig) else Transformer(config)


def copy_weights(path: Path, network: HashedTables) -> list[str]:
    """Start a network from a run's best weights or a model file, as far as they mean the same.

    Tables of other n-grams or sizes and an LSTM of another shape start anew.

    Returns:
        Names of the tensors that start anew.

    Raises:
        InputError: it is missing, neither of its tables can be taken over, or it has no fitting
            weights for what is not fitted: a cascade's first stage.
    """
    source = load_teacher(path)
    own, taken = network.state_dict(), source.state_dict()
    if source.config.orders != network.config.orders or source.config.rows != network.config.rows:
        del taken["table"]
    if source.config.words != network.config.words:
        del taken["word_table"]
    fitting = {n: w for n, w in taken.items() if n in own and w.shape == own[n].shape}
    anew = [name for name in own if name not in fitting]
    never_fitted = {name for name, each in network.named_parameters() if not each.requires_grad}
    if {"table", "word_table"} <= set(anew) or never_fitted & set(anew):
        raise InputError(f"--init: {path} holds {source.config}, the flags say {network.config}")
    network.load_state_dict(own | fitting)
    return anew


def network_config(fields: Mapping[str, Any]) -> NetworkConfig | TransformerConfig:
    """Rebuild the configuration from JSON, where tuples have become lists."""
    known: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()
    }
    if "layers" in known:
        return TransformerConfig(**known)
    return CascadeConfig(**known) if "doubt" in known else NetworkConfig(**known)


def provenance(device: str) -> dict[str, str | int]:
    """What else a run depends on: versions of code and libraries, and the machine."""
    libraries = ("torch", "numpy", "datasets", "pycountry")
    return {
        "scandid": scandid.__version__,
        **{name: importlib.metadata.version(name) for name in libraries},
        "python": platform.python_version(),
        "machine": platform.machine(),
        "device": device,
        "threads": torch.get_num_threads(),
        "run_id": uuid.uuid4().hex,
        "git_commit": _git_commit(),
        "lock": _lock_digest(),
    }


def _git_commit() -> str:
    """Commit of the checkout, in an image the one it was built from, else ``unknown``."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40"]
    here = Path(__file__).parent
    try:
        return subprocess.check_output(
            command, cwd=here, stderr=subprocess.DEVNULL, text=True
        ).strip()
    except (OSError, subprocess.CalledProcessError):
        return os.environ.get("GIT_COMMIT") or "unknown"


def _lock_digest() -> str:
    """The sha256 of the lock that the training's environment is made from, or ``unknown``."""
    lock = Path(__file__).parent.parent / "requirements" / "train.txt"
    return hashlib.sha256(lock.read_bytes()).hexdigest() if lock.exists() else "unknown"


def as_json(config: "DataclassInstance") -> dict[str, Any]:
    """A configuration dataclass as JSON-ready values."""
    fields: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(config)))
    return fields
