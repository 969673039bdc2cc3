"""FastAPI + heliport, which is HeLI-OTS in Rust: 200 languages, 129 MB on disk."""

from heliport import Identifier

from loadtest.peers.contract import build

_IDENTIFIER = Identifier()


def identify(text: str) -> tuple[str, float]:
    """The likeliest language and its score, lower being better."""
    code, score = _IDENTIFIER.identify_with_score(text)
    return str(code), float(score)


identify("Hvad hedder du?")
app = build(identify)
