"""Whether a setting that is a text can be used: an address, and what it takes to send there.

Loads nothing else of the server; the arbiter and every worker read the settings.
"""

import re
import socket
from collections.abc import Callable
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

_NAME: Final = re.compile(
    r"(?!.*[^.]{64})(?:[a-z0-9_-]+\.)*[a-z0-9_-]*[a-z][a-z0-9_-]*\.?", re.IGNORECASE
)
"""The last part of a name has a letter: ``10.0.0`` is an address that lacks something.
Parts have 63 characters at the most."""

_MODEL: Final = re.compile(r"(?!.*://).*|s3://[^/]+/.*[^/]", re.DOTALL)
_TRACING: Final = ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http")


def is_host(text: str) -> bool:
    """Whether this is a name or an IP address; it need not be one of this machine."""
    try:
        ip_address(text)
    except ValueError:
        return _NAME.fullmatch(text) is not None
    return True


def require_address(host: str) -> None:
    """See that this machine has the address: gunicorn would try for five seconds, and not say what.

    Raises:
        OSError: It has not, or the name is unknown.
    """
    family, kind, _, _, address = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind) as probe:
        probe.bind(address)


def is_model(text: str) -> bool:
    """Whether this is a path, or the address of an object in a store."""
    return _MODEL.fullmatch(text) is not None


def is_web_address(text: str) -> bool:
    """Whether something could be asked for here with HTTP."""
    try:
        url = urlsplit(text)
        return url.scheme in ("http", "https") and is_host(url.hostname or "") and url.port != 0
    except ValueError:  # a port that is no number, a bracket that is not closed
        return False


def is_collector(text: str) -> bool:
    """Whether spans could be sent here, or are sent nowhere."""
    return not text or is_web_address(text)


def can_trace(text: str) -> bool:
    """Whether there is what sends spans, if any are sent."""
    try:
        return not text or all(find_spec(package) for package in _TRACING)
    except ModuleNotFoundError:  # not even what the package is a part of
        return False


CHECKS: Final[tuple[tuple[str, Callable[[str], bool], str], ...]] = (
    ("host", is_host, "must be a host's name or an IP address, IPv6 without brackets"),
    ("model", is_model, "must be a path or s3://BUCKET/KEY"),
    ("traces_endpoint", is_collector, "must be http://HOST/PATH or https://HOST/PATH"),
    ("traces_endpoint", can_trace, "needs OpenTelemetry: install requirements/tracing.txt"),
)
"""Name of a setting, what must hold of it, and what to say where that does not."""
