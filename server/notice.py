"""A line of text that the arbiter writes and its workers read: why there is no model yet."""

import mmap
from typing import Final

_SIZE: Final = 4096


class Notice:
    """Text in memory that is shared with every process forked after it was made."""

    def __init__(self, text: str) -> None:
        self._memory = mmap.mmap(-1, _SIZE)
        self.write(text)

    def write(self, text: str) -> None:
        """Replace the text; what does not fit into 4 kB is cut."""
        content = text.encode()[: _SIZE - 1]
        self._memory[: len(content) + 1] = content + b"\0"

    def read(self) -> str:
        """The text."""
        return bytes(self._memory[:_SIZE]).partition(b"\0")[0].decode("utf-8", "replace")


MODEL_NOTICE: Final = Notice("The model is being fetched.")
"""Why the model is not there: the keeper writes it, workers without a model read it."""
