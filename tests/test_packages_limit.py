"""Which texts of Debian packages are taken where there are more than asked for."""

from pathlib import Path

from tests.debian_packages import (
    EVENING,
    catalogue,
    tables,
    write_catalogue,
    write_pack,
)


def test_the_limit_keeps_what_most_languages_have(tmp_path: Path) -> None:
    """Of more messages than asked for, one with a translation in other languages goes first."""
    packages = tmp_path / "packages"
    alone = [(f"{word} wolf", f"Her sover en {word} ulv") for word in ("old", "big", "shy", "wet")]
    write_catalogue(catalogue(packages, "da"), *alone, EVENING)
    write_catalogue(catalogue(packages, "nn"), (EVENING[0], "Det var ein kald kveld"))
    assert tables(packages, "--per-language", "1")["catalogues"] == {
        EVENING[1]: {"dan"},
        "Det var ein kald kveld": {"nno"},
    }


def test_the_limit_knows_a_message_in_packs_of_other_languages(tmp_path: Path) -> None:
    """Messages of packs are the same by file and name, though files lie in a language's folder."""
    packs = {
        "da": "old =\n .label = Den gamle ulv\nbig =\n .label = Den store ulv\n"
        "shy =\n .label = Den sky ulv\nboth =\n .label = Den unge ulv\n",
        "nn-NO": "both =\n .label = Den unge ulven\n",
    }
    for code, fluent in packs.items():
        path = tmp_path / f"packages/firefox/langpack-{code}@firefox.mozilla.org.xpi"
        write_pack(path, {f"localization/{code}/browser/a.ftl": fluent})
    assert tables(tmp_path / "packages", "--per-language", "1")["catalogues"] == {
        "Den unge ulv": {"dan"},
        "Den unge ulven": {"nno"},
    }


def test_the_limit_counts_each_language(tmp_path: Path) -> None:
    """Each language has up to the limit, and a sample is the same every time."""
    packages = tmp_path / "packages"
    names = [chr(97 + place) * 5 for place in range(9)]
    for language, words in (("da", "Her sover"), ("sv", "Nu springer")):
        texts = [(name, f"{words} {name} igen") for name in names]
        write_catalogue(catalogue(packages, language), *texts)
    found = tables(packages, "--per-language", "4")["catalogues"]
    assert sorted(code for codes in found.values() for code in codes) == ["dan"] * 4 + ["swe"] * 4
    assert tables(packages, "--per-language", "4")["catalogues"] == found


def test_the_limit_holds_for_a_text_of_two_languages(tmp_path: Path) -> None:
    """A text that two languages share goes only where both still have room."""
    packages = tmp_path / "packages"
    shared = ("Old wolf", "En gammel ulv sover")
    write_catalogue(catalogue(packages, "da"), EVENING, shared)
    write_catalogue(catalogue(packages, "nb"), shared)
    for language in ("sv", "nn"):
        write_catalogue(catalogue(packages, language), (EVENING[0], f"Kvällen {language} är kall"))
    found = tables(packages, "--per-language", "1")["catalogues"]
    assert EVENING[1] in found
    assert shared[1] not in found
