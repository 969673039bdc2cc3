"""FastAPI + lingua, told of nine languages only, all its models loaded at the start."""

from lingua import Language, LanguageDetectorBuilder

from loadtest.peers.contract import build

_LANGUAGES = (
    *(Language.DANISH, Language.SWEDISH, Language.BOKMAL, Language.NYNORSK, Language.ENGLISH),
    *(Language.GERMAN, Language.DUTCH, Language.FINNISH, Language.ICELANDIC),
)
_DETECTOR = (
    LanguageDetectorBuilder.from_languages(*_LANGUAGES).with_preloaded_language_models().build()
)


def identify(text: str) -> tuple[str, float]:
    """The likeliest language; lingua computes all nine confidences for it."""
    best = _DETECTOR.compute_language_confidence_values(text)[0]
    return str(best.language.name), float(best.value)


app = build(identify)
