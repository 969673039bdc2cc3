"""The model that SCANDID_MODEL names, on disk and verified: the service's own check, as a command.

    SCANDID_MODEL=s3://models/champion/scandid.onnx python -m server.fetch

Prints digest and path of the file to serve, or one line with the trouble and ends with 2. Where
the store fails and the folder SCANDID_MODEL_CACHE has the file accepted last, it prints both; with
``--present`` that one will not do. With ``--wait`` it tries until it has a model, or until the
process that started it has ended.
"""

import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scandid import Identifier, ModelError
from scandid.model import shipped_path
from server.cache import ModelCache
from server.model_check import PRESENT, WAIT
from server.settings import STORE_SCHEME, Settings, SettingsError, variable
from server.store import StoredObject

_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """A model file that may be served.

    Attributes:
        path: The file; its golden examples were replayed.
        sha256: Its digest.
        trouble: Why it is the one accepted earlier and not the present one, or why the present one
            will not outlive its store; empty where all is well.
    """

    path: Path
    sha256: str
    trouble: str = ""


def fetch(settings: Settings, *, present: bool = False) -> Fetched:
    """Find the model, download it where it is in a store, and verify it.

    Args:
        settings: Name it.
        present: Whether only the one that is in the store now will do.

    Raises:
        ModelError: there is no model that may be served; the text says why.
    """
    if not settings.model.startswith(STORE_SCHEME):
        path = Path(settings.model) if settings.model else shipped_path()
        return Fetched(path, _verify(path))
    cache = ModelCache(_folder(settings.model_cache))
    try:
        return _fetch_object(settings.model, cache)
    except ModelError as error:
        known = None if present else cache.accepted(settings.model)
        if known is None:
            raise
        return Fetched(known, _verify(known), f"{error}; the copy accepted earlier is served")


def _fetch_object(uri: str, cache: ModelCache) -> Fetched:
    """Bring the object to the cache unless it is there already."""
    stored = StoredObject.parse(uri)
    incoming = stored.get()
    digest = incoming.digest
    path = cache.find(digest)
    if path is None:
        with cache.room() as part:
            found = incoming.write(part)
            if found != digest:
                raise ModelError(
                    f"{stored}: {part.stat().st_size} bytes with sha256 {found} came, expected was "
                    f"{digest}: the object is cut, damaged or half replaced; upload it again"
                )
            try:
                _verify(part)
            except ModelError as error:
                raise ModelError(f"{stored}: {str(error).replace(str(part), 'it')}") from error
            path = cache.keep(part, digest)
    else:
        _verify(path)
    try:
        cache.accept(uri, digest)
    except OSError as error:
        setting = f"{variable('model_cache')}={cache.folder}"
        trouble = f"{setting}: which model was accepted cannot be noted: {error.strerror}"
        return Fetched(path, digest, trouble)
    return Fetched(path, digest)


def _folder(name: str) -> Path:
    try:
        return Path(name).expanduser()
    except RuntimeError as error:
        raise ModelError(f"{variable('model_cache')}={name}: {error}; name a folder") from error


def _verify(path: Path) -> str:
    """Load a file the way a worker does and replay its golden examples; its sha256."""
    identifier = Identifier.load(path)
    identifier.verify()
    return identifier.metadata.sha256


def fetch_patiently(settings: Settings, *words: str) -> int:
    """Run the command until it succeeds, each time in a process that ends in time; 0."""
    parent, pause_s = os.getppid(), _FIRST_PAUSE_S
    while os.getppid() == parent:
        trouble = _try_once(settings, words)
        if not trouble:
            break
        pause_s = min(_LONGEST_PAUSE_S, pause_s * random.uniform(1.5, 2.5))
        sys.stderr.write(f"{trouble}; next attempt in {pause_s:.0f} s\n")
        sys.stderr.flush()
        time.sleep(pause_s)
    return 0


def _try_once(settings: Settings, words: Sequence[str]) -> str:
    """Pass on what the command prints where it succeeds; else the trouble."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "server.fetch", *words],
            capture_output=True,
            text=True,
            timeout=settings.model_timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        limit = f"{variable('model_timeout_s')}={settings.model_timeout_s}"
        return f"scandid: {settings.model}: was not there in time ({limit})"
    except OSError as error:
        return f"scandid: {settings.model}: cannot be looked for: {error.strerror}"
    if done.returncode:
        ended = f"scandid: {settings.model}: its check ended with {done.returncode}"
        return done.stderr.strip().rpartition("\n")[2] or ended
    sys.stderr.write(done.stderr)
    sys.stdout.write(done.stdout)
    return ""


def main() -> int:
    """Run the command; the exit code."""
    try:
        settings = Settings.from_environ()
        words = [word for word in sys.argv[1:] if word != WAIT]
        if WAIT in sys.argv[1:]:
            return fetch_patiently(settings, *words)
        found = fetch(settings, present=PRESENT in words)
    except (SettingsError, ModelError) as error:
        sys.stderr.write(f"scandid: {error}\n")
        return 2
    if found.trouble:
        sys.stderr.write(f"scandid: {found.trouble}\n")
    sys.stdout.write(f"{found.sha256}  {found.path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
