"""How a connection hands on what it cannot read as HTTP, so that it is answered as all else is."""

from typing import Final

PATH: Final = "malformed"
"""Path of such a request: without a slash at its beginning, it is none that a client can ask."""

DETAIL: Final = "scandid.malformed"
"""Where its ASGI scope says what is wrong with it."""
