"""Memory that has been freed goes back to the system, and does not stay with the process."""

import ctypes
from typing import Final

_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
"""Parameters of mallopt(3)."""

_OWN_PAGES_BYTES: Final = 1 << 17
"""Blocks this long have pages of their own, which go back when they are freed. It is glibc's own
value, which glibc raises up to 32 MB with each block that is freed: then blocks share the heap, and
a few short ones between long ones kept 500 MB of it (docs/LOG.md, "Bodies in flight")."""

_SPARE_BYTES: Final = 1 << 23
"""So much stays at the end of the heap, or every large model call would ask for it again."""


def give_back_what_is_freed() -> None:
    """Set this process's allocator, where it is glibc's; others have no such fault."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_M_MMAP_THRESHOLD, _OWN_PAGES_BYTES)
        libc.mallopt(_M_TRIM_THRESHOLD, _SPARE_BYTES)
