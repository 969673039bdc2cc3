"""The standard AWS variables, made such that the S3 client can read them."""

import os
from collections.abc import MutableMapping
from typing import Final

from scandid import ModelError
from server.checks import is_web_address

_PREFIX: Final = "AWS_"
_ENDPOINTS: Final = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")


def prepare_variables(environ: MutableMapping[str, str] = os.environ) -> None:
    """Remove the empty ones, and see that the endpoint is an address.

    The client takes an empty key for a key, where a role would have given one, and an endpoint that
    is none for a fault of its own.

    Raises:
        ModelError: The endpoint is no address; the text names the variable.
    """
    for name in [name for name in environ if name.startswith(_PREFIX)]:
        if not environ[name].strip():
            del environ[name]
    for name in _ENDPOINTS:
        endpoint = environ.get(name)
        if endpoint is not None and not is_web_address(endpoint):
            raise ModelError(f"{name}={endpoint}: must be http://HOST or https://HOST")
