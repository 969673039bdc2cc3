"""The settings of the server: one frozen value, read from ``SCANDID_*`` variables and checked once.

No other module reads the environment. docs/api.md describes every variable.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Final

from server.checks import CHECKS
from server.cores import available_cores

PREFIX: Final = "SCANDID_"

STORE_SCHEME: Final = "s3://"
"""Begin of ``SCANDID_MODEL`` where the model is in a store and not a file."""

LIMITS: Final[Mapping[str, tuple[int, int]]] = {
    "port": (1, 65_535),
    "metrics_port": (0, 65_535),
    "workers": (1, 1_024),
    "model_timeout_s": (1, 3_600),
    "max_texts": (1, 1_000_000),
    "max_body_bytes": (1, 2**30),
    "max_batch_texts": (1, 4_096),
    "max_batch_chars": (1, 2**24),
    "max_queue_texts": (1, 10_000_000),
    "max_queue_bytes": (1, 2**36),
    "keepalive_s": (1, 3_600),
    "graceful_timeout_s": (1, 3_600),
}
"""Least and greatest value of every number."""

LOG_LEVELS: Final = ("debug", "info", "warning", "error", "critical")
SWITCH: Final = ("on", "off")

CHOICES: Final[Mapping[str, tuple[str, ...]]] = {"log_level": LOG_LEVELS, "request_log": SWITCH}
"""The words that a setting takes."""

_NUMBER: Final = re.compile("[0-9]{1,18}")
"""Python's own reading takes ``8_0`` for eighty."""


class SettingsError(ValueError):
    """A setting cannot be used; the text names the variable, its value and the limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an operator may choose.

    Attributes:
        host: Address to listen on.
        port: TCP port to listen on.
        workers: Processes that answer; the cores the process may use.
        model: Model file, ``s3://bucket/key``, or the empty string for the shipped one.
        model_cache: Folder for models that come from S3.
        model_timeout_s: Seconds that one attempt to fetch and verify a model may take.
        max_texts: Most texts in one request.
        max_body_bytes: Most bytes in one request body.
        max_batch_texts: Most texts in one model call; four times as many where long lists are all
            that is asked.
        max_batch_chars: Most characters in one model call of several texts, likewise; 512 of each
            at most.
        max_queue_texts: Most texts a worker holds unanswered before it refuses new requests.
        max_queue_bytes: Most bytes of long bodies a worker holds unanswered, likewise.
        keepalive_s: Seconds an idle connection stays open.
        graceful_timeout_s: Seconds that running requests get to finish at shutdown.
        log_level: Least severity that is logged.
        request_log: Whether each request is logged, ``on`` or ``off``.
        metrics_port: TCP port of ``/metrics``, or 0 where nothing is measured.
        traces_endpoint: Where spans are sent, or the empty string for nowhere.
        metrics_dir: Folder of the metrics' values, or the empty string for a private one.

    Raises:
        SettingsError: A value is outside its limits, or is no address that can be used.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = field(default_factory=available_cores)
    model: str = ""
    model_cache: str = "~/.cache/scandid"
    model_timeout_s: int = 300
    max_texts: int = 1_000
    max_body_bytes: int = 4 * 2**20
    max_batch_texts: int = 128
    max_batch_chars: int = 16_384
    max_queue_texts: int = 4_096
    max_queue_bytes: int = 32 * 2**20
    keepalive_s: int = 75
    graceful_timeout_s: int = 25
    log_level: str = "info"
    request_log: str = "on"
    metrics_port: int = 0
    metrics_dir: str = ""
    traces_endpoint: str = ""

    def __post_init__(self) -> None:
        for name, (least, greatest) in LIMITS.items():
            value = getattr(self, name)
            if not least <= value <= greatest:
                raise SettingsError(f"{variable(name)}={value}: must be {least} to {greatest}")
        for name, choices in CHOICES.items():
            value = getattr(self, name)
            if value not in choices:
                raise SettingsError(
                    f"{variable(name)}={value}: must be one of {', '.join(choices)}"
                )
        for name, holds, demand in CHECKS:
            value = getattr(self, name)
            if not holds(value):
                raise SettingsError(f"{variable(name)}={value}: {demand}")
        if self.metrics_port == self.port:
            raise SettingsError(
                f"{variable('metrics_port')}={self.metrics_port}: "
                f"must differ from {variable('port')}, which is public"
            )
        if self.max_queue_texts < self.max_texts:
            raise SettingsError(
                f"{variable('max_queue_texts')}={self.max_queue_texts}: "
                f"must be at least {variable('max_texts')}, which is {self.max_texts}"
            )

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Read the ``SCANDID_*`` variables; one that is unset or empty keeps its default.

        Raises:
            SettingsError: A value is not a number, is outside its limits, or cannot be used.
        """
        given = {f.name: environ.get(variable(f.name), "").strip() for f in fields(cls)}
        values = {name: _convert(name, text) for name, text in given.items() if text}
        return cls(**values)  # type: ignore[arg-type]  # _convert gives each field its type

    @property
    def logs_requests(self) -> bool:
        """Whether each request is logged: it is switched on, and its level is."""
        return self.request_log == "on" and self.log_level in ("debug", "info")

    @property
    def bind(self) -> str:
        """``host:port`` as gunicorn wants it, IPv6 addresses in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def variable(name: str) -> str:
    """Name of the environment variable of a setting: ``port`` is ``SCANDID_PORT``."""
    return PREFIX + name.upper()


def _convert(name: str, text: str) -> int | str:
    if name not in LIMITS:
        return text.lower() if name in CHOICES else text
    if _NUMBER.fullmatch(text):
        return int(text)
    least, greatest = LIMITS[name]
    raise SettingsError(f"{variable(name)}={text}: must be a whole number, {least} to {greatest}")
