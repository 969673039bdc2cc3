"""Manuals and message catalogues of Debian packages as training texts."""

from pathlib import Path

import pytest

from scandid.errors import InputError
from tests.debian_packages import (
    EVENING,
    FOREST,
    catalogue,
    tables,
    write_catalogue,
    write_pack,
    write_page,
)
from training.packages import main, messages


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("dia-common/usr/share/locale/da/LC_MESSAGES/x.mo", "dan"),
        ("dia-common/usr/share/locale/sv/LC_MESSAGES/x.mo", "swe"),
        ("dia-common/usr/share/locale/nb/LC_MESSAGES/x.mo", "nob"),
        ("dia-common/usr/share/locale/no/LC_MESSAGES/x.mo", "nob"),
        ("dia-common/usr/share/locale/nn/LC_MESSAGES/x.mo", "nno"),
        ("dia-common/usr/share/locale/nn_NO/LC_MESSAGES/x.mo", "nno"),
        ("dia-common/usr/share/locale/sv-SE/LC_MESSAGES/x.mo", "swe"),
        ("firefox-esr-l10n-nn-no/usr/lib/firefox-esr/x.mo", "nno"),
        ("debian-edu-doc-nb-no/usr/share/locale/sv/LC_MESSAGES/x.mo", "swe"),
    ],
)
def test_the_path_names_the_language(tmp_path: Path, path: str, language: str) -> None:
    """The innermost folder named for a language decides, with or without a country."""
    write_catalogue(tmp_path / "packages" / path, EVENING)
    assert tables(tmp_path / "packages") == {"catalogues": {EVENING[1]: {language}}}


@pytest.mark.parametrize("folder", ["de", "noah", "sv_FI", "den", "x-dag"])
def test_a_folder_of_another_name_is_no_language(tmp_path: Path, folder: str) -> None:
    """Catalogues of other languages are not read, though names begin or end alike."""
    write_catalogue(catalogue(tmp_path / "packages", "da"), EVENING)
    write_catalogue(catalogue(tmp_path / "packages", folder), FOREST)
    assert tables(tmp_path / "packages") == {"catalogues": {EVENING[1]: {"dan"}}}


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_catalogue_is_read_in_both_byte_orders(tmp_path: Path, order: str) -> None:
    """A catalogue gives the same messages whether its numbers are little- or big-endian."""
    write_catalogue(tmp_path / "x.mo", EVENING, FOREST, order=order)
    assert list(messages(tmp_path / "x.mo")) == [EVENING, FOREST]


def test_every_form_of_a_plural_is_a_message(tmp_path: Path) -> None:
    """Both forms of a plural come with the singular as their original, without its context."""
    forms = ("game\x04One wolf\0%d wolves", "En ulv er her\0%d ulve er her")
    write_catalogue(tmp_path / "x.mo", forms)
    assert list(messages(tmp_path / "x.mo")) == [
        ("One wolf", "En ulv er her"),
        ("One wolf", "%d ulve er her"),
    ]


def test_a_message_left_in_english_is_dropped(tmp_path: Path) -> None:
    """A message like its original is no translation, be it whole or one form of a plural."""
    write_catalogue(
        tmp_path / "x.mo",
        ("Deep water", "Deep water"),
        ("menu\x04Grassy hill", "Grassy hill"),
        ("One wolf\0Some wolves", "En ulv\0Some wolves"),
    )
    assert list(messages(tmp_path / "x.mo")) == [("One wolf", "En ulv")]


def test_who_made_a_catalogue_is_no_message(tmp_path: Path) -> None:
    """The head of a catalogue and the names of its translators are left out."""
    head = ("", "Language: da\nPlural-Forms: nplurals=2\n")
    names = ("translator-credits", "Ane Holm og Bo Dahl")
    desktop = ("NAME OF TRANSLATORS\x04Your names", "Ane Holm og Bo Dahl")
    write_catalogue(tmp_path / "x.mo", head, names, desktop, EVENING)
    assert list(messages(tmp_path / "x.mo")) == [EVENING]


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("Kunne ikke åbne filen %s", "Kunne ikke åbne filen"),
        ("%2$ld af filerne er slettet", "af filerne er slettet"),
        ("Filen %1 er for stor", "Filen er for stor"),
        ("Gem %filen nu igen", "Gem filen nu igen"),
        ("Hej %(name)s og velkommen hertil", "Hej og velkommen hertil"),
        ("Hej ${name} og {0} og velkommen", "Hej og og velkommen"),
        ("Hej $name$ og $(other) velkommen hertil", "Hej og velkommen hertil"),
        ("Åbn %PRODUCTNAME% på ny", "Åbn på ny"),
        ("_Gem filen som", "Gem filen som"),
        ("&Gem filen som", "Gem filen som"),
        ("~Gem filen som", "Gem filen som"),
        ("Gem filen som(_G)", "Gem filen som"),
        ("Gem <b>denne</b> fil<br/>som", "Gem denne fil som"),
        ("Gem fil&nbsp;som &lt;ny&gt; fil", "Gem fil som ny fil"),
        ("Gem filen<!-- <i> --> som", "Gem filen som"),
        ("Gem filen\\nsom ny", "Gem filen som ny"),
        ("Gem filen\nsom ny", "Gem filen som ny"),
        ("Gem filen som|/|$[plural ny nye]", "Gem filen som"),
    ],
)
def test_only_the_words_of_a_message_stay(tmp_path: Path, message: str, text: str) -> None:
    """Placeholders, mnemonics, tags, escapes and KDE's scripts are taken out of a message."""
    write_catalogue(catalogue(tmp_path / "packages", "da"), ("original", message))
    assert tables(tmp_path / "packages") == {"catalogues": {text: {"dan"}}}


@pytest.mark.parametrize(
    "message",
    [
        "Gem fil",
        "12 + 34 = 46 og 7",
        "Gem som %s. Prøv igen",
        "Skriv til ane@example.org",
        "GÃ¥ hjem nu",
        "Select which key to use",
        "Ulven og " * 60,
    ],
)
def test_what_is_no_text_is_dropped(tmp_path: Path, message: str) -> None:
    """Too short or long, mostly figures, with gaps, addresses or wrong letters, or English."""
    write_catalogue(catalogue(tmp_path / "packages", "da"), EVENING, ("original", message))
    assert tables(tmp_path / "packages") == {"catalogues": {EVENING[1]: {"dan"}}}


def test_a_long_message_is_taken_by_sentences(tmp_path: Path) -> None:
    """A message of more than 400 characters gives its sentences, a shorter one stays whole."""
    short = "Ulven sover nu. Skoven er stille."
    long = " ".join(f"Ulven {word} hele dagen." for word in ["løber" * 20] * 4 + ["sover"])
    write_catalogue(catalogue(tmp_path / "packages", "da"), ("short", short), ("long", long))
    assert set(tables(tmp_path / "packages")["catalogues"]) == {
        short,
        f"Ulven {'løber' * 20} hele dagen.",
        "Ulven sover hele dagen.",
    }


def test_a_message_keeps_all_its_languages(tmp_path: Path) -> None:
    """A text that catalogues of several languages hold is one row with all of them."""
    for language in ("da", "nb"):
        write_catalogue(catalogue(tmp_path / "packages", language), EVENING, FOREST)
    write_catalogue(catalogue(tmp_path / "packages", "sv"), (FOREST[0], "Skogen är mörk och tyst"))
    assert tables(tmp_path / "packages")["catalogues"] == {
        EVENING[1]: {"dan", "nob"},
        FOREST[1]: {"dan", "nob"},
        "Skogen är mörk och tyst": {"swe"},
    }


@pytest.mark.parametrize("package", ["wesnoth-1.16-httt", "freeciv-data", "freedroidrpg-data"])
def test_games_with_a_story_are_a_table_of_their_own(tmp_path: Path, package: str) -> None:
    """Messages of these packages are stories, their manuals are handbooks like all others."""
    packages = tmp_path / "packages"
    write_catalogue(catalogue(packages, "da", package), EVENING)
    write_catalogue(catalogue(packages, "da"), FOREST)
    write_page(packages / package / "usr/share/doc/da/a.html", "<p>Her vokser der et træ.</p>")
    assert tables(packages) == {
        "stories": {EVENING[1]: {"dan"}},
        "catalogues": {FOREST[1]: {"dan"}},
        "handbooks": {"Her vokser der et træ.": {"dan"}},
    }


@pytest.mark.parametrize(
    ("name", "page"),
    [
        (
            "gimp-help-nn/usr/share/gimp/2.0/help/nn/a.html",
            "<html><head><title>Ikkje ta med tittelen her</title></head><body><h1>Ikkje ta med"
            " overskrifta her</h1><p>Vel ein <b>farge</b><br>til biletet. Lagre så &oslash;vste"
            "\n laget.</p><ul><li>Opne eit nytt bilete<pre>Ikkje ta med kommandoen"
            " her</pre></li></ul><p>Lukk dette vindauget</p>"
            "<div class='para'>Klikk på eit lag</div><div>Ikkje ta med botnen her</div>",
        ),
        (
            "kate5-data/usr/share/doc/HTML/nn/kate/index.docbook",
            "<?xml version='1.0'?><article><title>Ikkje ta med tittelen her</title><para>Vel ein"
            " <guilabel>farge</guilabel> til biletet. Lagre så øvste\nlaget.</para><itemizedlist>"
            "<listitem><para>Opne eit nytt bilete<screen>Ikkje"
            " ta med kommandoen her</screen></para></listitem></itemizedlist>"
            "<simpara>Klikk på eit &lag;</simpara></article>",
        ),
        (
            "gnome-user-docs/usr/share/help/nn/gnome-help/a.page",
            "<page><title>Ikkje ta med tittelen her</title><p>Vel ein <gui>farge</gui> til"
            " biletet. Lagre så øvste laget.</p><steps><item><p>Opne eit nytt bilete</p></item>"
            "</steps><list><item>Klikk på eit lag</item></list></page>",
        ),
    ],
)
def test_a_page_gives_the_sentences_of_its_paragraphs(tmp_path: Path, name: str, page: str) -> None:
    """HTML, DocBook and Mallard: paragraphs and items, of four words or more, no commands."""
    write_page(tmp_path / "packages" / name, page)
    assert tables(tmp_path / "packages") == {
        "handbooks": {
            "Vel ein farge til biletet.": {"nno"},
            "Lagre så øvste laget.": {"nno"},
            "Opne eit nytt bilete": {"nno"},
            "Klikk på eit lag": {"nno"},
        }
    }


def test_a_handbook_sentence_has_one_language(tmp_path: Path) -> None:
    """What stands in the manuals of two languages was not translated in one, so it is left out."""
    help_of = "gimp-help-common/usr/share/gimp/2.0/help"
    both = "<p>Klik her for at fortsætte.</p>"
    write_page(tmp_path / "packages" / help_of / "da/a.html", f"{both}<p>Vælg en farve her.</p>")
    write_page(tmp_path / "packages" / help_of / "nn/a.html", f"{both}<p>Vel ein farge her.</p>")
    assert tables(tmp_path / "packages") == {
        "handbooks": {"Vælg en farve her.": {"dan"}, "Vel ein farge her.": {"nno"}}
    }


def test_an_english_sentence_of_a_manual_is_dropped(tmp_path: Path) -> None:
    """Two English function words or one "the" make a sentence English; one that is Danish not."""
    page = (
        "<p>Open the menu now. Choose what you draw with. Der ligger en by ved havet."
        " Vælg en farve her.</p>"
    )
    write_page(tmp_path / "packages/gimp-help-da/usr/share/gimp/2.0/help/da/a.html", page)
    assert set(tables(tmp_path / "packages")["handbooks"]) == {
        "Der ligger en by ved havet.",
        "Vælg en farve her.",
    }


def test_a_language_pack_is_read(tmp_path: Path) -> None:
    """A pack of Firefox gives messages, attributes and variants, and no remarks or other files."""
    fluent = (
        "# Denne linje er en bemærkning\n"
        "quit = Afslut { -brand-short-name } nu igen\n"
        "open =\n    .label = Åbn en ny fane\n"
        "tabs = { $count ->\n    [one] Luk kun denne fane\n   *[other] Luk alle disse faner\n}\n"
    )
    write_pack(
        tmp_path / "packages/firefox-esr-l10n-da/langpack-da@firefox-esr.mozilla.org.xpi",
        {
            "localization/da/browser/a.ftl": fluent,
            "chrome/da/locale/da/dom.properties": "Stop=Stop dette program\n",
            "manifest.json": "name = Dette er ingen besked",
        },
    )
    assert set(tables(tmp_path / "packages")["catalogues"]) == {
        "Afslut nu igen",
        "Åbn en ny fane",
        "Luk kun denne fane",
        "Luk alle disse faner",
        "Stop dette program",
    }


@pytest.mark.parametrize("name", ["", "dia-common/usr/share/locale/da/x.txt", "a/b/de/x.html"])
def test_a_folder_without_texts_is_named(tmp_path: Path, name: str) -> None:
    """Nothing to read, or nothing that is a text of the four languages, is one clear line."""
    packages = tmp_path / "packages"
    packages.mkdir()
    if name:
        write_page(packages / name, "<p>Hier steht ein ganzer Satz.</p>")
    with pytest.raises(InputError, match=f"{packages}: no manual or catalogue in any of the four"):
        main([str(packages), "--out", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()
