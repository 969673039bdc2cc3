"""What a peer's process reads and says: a line of JSON with texts in, a line with codes out.

    {"texts": ["Hvad hedder du?"]}  ->  {"codes": ["dan"], "cpu_s": 0.1, "peak_mb": 880}

The first line out says what was loaded: ``{"version": ...}``.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

Identify = Callable[[str], str]
"""From a text to the peer's own code of the likeliest language."""

_WARM_UP = "Hvad hedder du, og hvor kommer du fra?"


def serve(load: Callable[[], tuple[str, Identify]]) -> None:
    """Load, then answer standard input line after line until it ends.

    Args:
        load: Returns the version of what it loads, and the function to ask.
    """
    # What a library prints must not stand between the replies.
    replies, sys.stdout = sys.stdout, sys.stderr
    version, identify = load()
    identify(_WARM_UP)
    _say(replies, {"version": version})
    for line in sys.stdin:
        texts = json.loads(line)["texts"]
        start_s = time.process_time()
        codes = [identify(text) for text in texts]
        cpu_s = time.process_time() - start_s
        _say(replies, {"codes": codes, "cpu_s": cpu_s, "peak_mb": _peak_mb()})


def _say(replies: TextIO, reply: dict[str, object]) -> None:
    replies.write(json.dumps(reply) + "\n")
    replies.flush()


def _peak_mb() -> float:
    """Most memory held; ``ru_maxrss`` would count the parent before this program was started."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
