"""What trackers and stores raise, in words: what went wrong in one line, and what to try."""

from dataclasses import dataclass
from typing import Final

_SKEWED: Final = "RequestTimeTooSkewed"
_FORBIDDEN: Final = "(403)"  # all that an answer without a body tells


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why something did not arrive.

    Attributes:
        text: Where and why, in one line.
        silent: Nobody answered in time, so asking again would take as long again.
    """

    text: str
    silent: bool

    def __str__(self) -> str:
        return self.text


def first_line(error: BaseException) -> str:
    """What went wrong, without the traces that some libraries put into their messages."""
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:400]


def advice(error: BaseException, otherwise: str) -> str:
    """What to try: keys that are right are refused where clocks differ, else what is given."""
    text = str(error)
    if _SKEWED in text:
        return "this machine's clock and the store's differ: set the clock"
    if _FORBIDDEN in text and otherwise:
        return f"{otherwise}, and this machine's clock"
    return otherwise


def is_silence(error: BaseException) -> bool:
    """Whether a time that ran out is at the bottom of it, however often it was wrapped."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, TimeoutError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
