"""Whether the service on this machine is ready, as a command for HEALTHCHECK: no curl, no shell.

    python -m server.probe

Ends with 0 when ``/health/ready`` answers 200, else with 1 and one line that says what it got.
"""

import http.client
import sys
from typing import Final

from server.settings import Settings, SettingsError

_TIMEOUT_S: Final = 2
_ANY: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # what is listened on, not asked
_MOST_CHARS: Final = 500


def probe(settings: Settings) -> str:
    """Ask once; what is wrong, or the empty string."""
    host = _ANY.get(settings.host, settings.host)
    connection = http.client.HTTPConnection(host, settings.port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", "/health/ready")
        answer = connection.getresponse()
        body = answer.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return f"{host}:{settings.port}: {error}"
    finally:
        connection.close()
    return "" if answer.status == http.client.OK else f"{answer.status}: {body[:_MOST_CHARS]}"


def main() -> int:
    """Run the command; the exit code."""
    try:
        trouble = probe(Settings.from_environ())
    except SettingsError as error:
        trouble = str(error)
    if trouble:
        sys.stderr.write(f"scandid: {trouble}\n")
    return bool(trouble)


if __name__ == "__main__":
    sys.exit(main())
