"""One object in an S3 store: where it is, what its digest is, its bytes. Knows no models.

Endpoint, region and credentials are those of the standard AWS variables, which the client reads.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from scandid import ModelError
from server.aws_variables import prepare_variables
from server.credentials import profile_credentials
from server.settings import STORE_SCHEME

if TYPE_CHECKING:
    from obstore import BytesStream, GetResult

MAX_OBJECT_BYTES: Final = 2**30

_CHUNK_BYTES: Final = 2**20
_CONNECT_TIMEOUT_S: Final = 5
_READ_TIMEOUT_S: Final = 20
_RETRIES: Final = 2
_CODE: Final = re.compile(r"<Code>(\w+)</Code>")
_ADDRESS: Final = re.compile(r"Error performing \w+ (\S+?)(?:\?\S*)? in ")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_ADVICE: Final = {
    "NoSuchBucket": "the bucket is not there: check the bucket and AWS_ENDPOINT_URL",
    "NoSuchKey": "the object is not there: check the key",
    "RequestTimeTooSkewed": "this machine's clock and the store's differ: set the clock",
}
_REFUSED: Final = "the store refuses: check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION"
_SILENT: Final = "the store does not answer as it should: check AWS_ENDPOINT_URL and that it is up"


class StoreError(ModelError):
    """The store did not give the object; the text names the object, where it was and what to do."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """Address of an object.

    Attributes:
        bucket: Its bucket.
        key: Its key.
    """

    bucket: str
    key: str

    @classmethod
    def parse(cls, uri: str) -> "StoredObject":
        """Read ``s3://bucket/key``.

        Raises:
            StoreError: bucket or key is missing.
        """
        bucket, _, key = uri.removeprefix(STORE_SCHEME).partition("/")
        if not uri.startswith(STORE_SCHEME) or not bucket or not key or key.endswith("/"):
            raise StoreError(f"SCANDID_MODEL={uri}: must be s3://BUCKET/KEY")
        return cls(bucket, key)

    def __str__(self) -> str:
        return f"{STORE_SCHEME}{self.bucket}/{self.key}"

    def get(self) -> "Incoming":
        """Ask for the object; its bytes are on the way when its digest is known.

        Digest and bytes are of one answer, so an object that is replaced meanwhile does no harm.

        Raises:
            StoreError: the store does not give it, it is larger than 1 GiB, or no sha256 is there.
            ModelError: the variables name no store.
        """
        prepare_variables()
        with self.asking():
            store = self._open()
            answer = store.get(self.key)
            size = answer.meta["size"]
            noted = answer.attributes.get("sha256", "") or self._digest_beside(store)
        if size > MAX_OBJECT_BYTES:
            raise StoreError(f"{self}: has {size} bytes, at most {MAX_OBJECT_BYTES} are read")
        found = _DIGEST.match(str(noted).strip().lower())
        if found is None:
            raise StoreError(f"{self}: its sha256 is {noted!r}, which is no sha256")
        return Incoming(self, answer, found[0])

    def _digest_beside(self, store: S3Store) -> str:
        name = f"{self.key}.sha256"
        try:
            with self.asking():
                return bytes(store.get(name).bytes()).decode("ascii", "replace")
        except StoreError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise
            raise StoreError(
                f"{self}: has no sha256, neither as metadata 'sha256' nor as {STORE_SCHEME}"
                f"{self.bucket}/{name}; a model without one is not served"
            ) from error

    def _open(self) -> S3Store:
        return S3Store(
            self.bucket,
            config=profile_credentials(),
            client_options={
                "allow_http": True,  # whether to is the endpoint's matter: http:// or https://
                "connect_timeout": timedelta(seconds=_CONNECT_TIMEOUT_S),
                "read_timeout": timedelta(seconds=_READ_TIMEOUT_S),
                "timeout": timedelta(days=1),  # a slow store may take long, a silent one not
            },
            retry_config={"max_retries": _RETRIES},
        )

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Turn what the client raises into one line."""
        try:
            yield
        except BaseException as error:
            # What the client's own code, in Rust, gives up on derives from BaseException, and its
            # class cannot be imported.
            known = isinstance(error, BaseError | OSError | ValueError)
            if not known and type(error).__name__ != "PanicException":
                raise
            text = str(error) or "the client failed"
            code = _CODE.search(text)
            refused = isinstance(error, PermissionDeniedError | UnauthenticatedError)
            advice = _ADVICE.get(code[1] if code else "", _REFUSED if refused else _SILENT)
            address = _ADDRESS.search(text)
            asked = f" ({address[1]})" if address else ""
            said = code[1] if code else text.splitlines()[0][-120:]
            raise StoreError(f"{self}{asked}: {said}: {advice}") from error


class Incoming:
    """An object on its way.

    Attributes:
        digest: The sha256 that the store has for it.
    """

    def __init__(self, stored: StoredObject, answer: "GetResult", digest: str) -> None:
        self.digest = digest
        self._stored = stored
        self._answer = answer

    def write(self, path: Path) -> str:
        """Write it to a file; the sha256 of what arrived.

        Raises:
            StoreError: the store stopped giving it.
            OSError: the file cannot be written.
        """
        total = hashlib.sha256()
        chunks = self._answer.stream(min_chunk_size=_CHUNK_BYTES)
        with path.open("wb") as file:
            while chunk := self._next(chunks):
                total.update(chunk)
                file.write(chunk)
        return total.hexdigest()

    def _next(self, chunks: "BytesStream") -> bytes:
        with self._stored.asking():
            return bytes(next(chunks, b""))
