"""How a connection hands on what it cannot read as HTTP, so that it is answered as all else is.

A head that cannot be read becomes a request of its own, for :data:`PATH`. A body that cannot be
read on ends, and the scope of its request says why.
"""

from typing import Final

PATH: Final = "malformed"
"""Path of such a request: without a slash at its beginning, it is none that a client can ask."""

DETAIL: Final = "scandid.malformed"
"""Where the ASGI scope says what is wrong."""
