"""Manuals and message catalogues of Debian packages as training texts: one domain, four languages.

    training/packages.sh packages/
    python -m training.packages packages/ --out extra/

Nynorsk stands in statutes and Danish in subtitles, and a network learns the subject sooner than
the language. Programs say the same in all four: messages that most of them have go first.
Translators stop halfway: what is like its original, has English function words or stands in two
languages' manuals is left out. What English is left is for :mod:`training.noise`.
"""

import argparse
import hashlib
import re
import struct
import sys
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Final, NamedTuple

import datasets
from tqdm import tqdm

from scandid.errors import InputError, ScandidError
from scandid.labels import LANGUAGES
from training.translation import SENTENCE_END

_CODES: Final = {"da": "dan", "sv": "swe", "nb": "nob", "no": "nob", "nn": "nno"}
# da, nn_NO, gimp-help-nn, langpack-nn-NO@firefox.xpi; lazy, so that the no of nn-no is a country.
_NAMED: Final = re.compile(r"(?i)(?:.*?-)??(da|sv|nb|no|nn)(?:[-_](?:dk|se|no))?(?:@.*)?")
_STORIES: Final = ("wesnoth", "freeciv", "freedroidrpg")
_PROSE: Final = re.compile("dd|item|li|p|para|simpara")
_BLOCK: Final = re.compile(
    f"{_PROSE.pattern}|body|div|dl|dt|entry|figure|footer|h[1-6]|head|hr|itemizedlist|listitem|nav"
    "|note|ol|orderedlist|pre|programlisting|screen|script|section|style|synopsis|table|td|th|tr|ul"
)
# Lines of Fluent: message = text, .attribute = text, [one] text; of properties: message=text.
_MOZILLA: Final = re.compile(r"(?m)^\s*(-?[\w.-]+\s*=|\*?\[[\w-]+\])[ \t]*(.*)$")
# Tags, comments and entities, and line ends written as backslash and letter: all stand for a space.
_TAG: Final = re.compile(r"</?[A-Za-z][^<>]*>|<!--.*?-->|&#?\w+;|\\[nrt]")
_DROPPED: Final = re.compile(
    r"\$?\{[^{}]*\}|\$\([^()]*\)|\$+\w+\$?"  # {name}, ${name}, $(name), $1, $name$
    r"|%\([^()]*\)\d*[a-z]|%[A-Z_]{2,}%?"  # %(name)s, %NAME%
    r"|%[-+#0]*[\d.$*]*(?:hh?|ll?|z)?(?:[A-Za-z](?![a-zæøåäö]{2}))?"  # %1, %2$ld; of %fil, only %
    r"|\\|~|\([_&~]\w\)|[_&](?=\w)"  # mnemonics: ~File, File(_F), _File, &File
)
_NO_MESSAGES: Final = ("", "translator-credits", "translator_credits", "Your names", "Your emails")
# A wrong encoding, an address, or the gap where a placeholder or a reference stood.
_BROKEN: Final = re.compile(r"""[\ufffd@Ã]| [.,](?: |$)|«»|“”|‘’|""|''|\(\)""")
_ENGLISH: Final = re.compile(
    r"\b(?:the|of|and|is|are|this|that|with|you|your|from|which|when|has|have|will|been|not|or|by|an"
    r"|was|were|these|it|if|can|should|to|about|into|only|files?|page|used?|be|on|each|creates?"
    r"|between|title)\b"
)


class Passage(NamedTuple):
    """A text of one language; ``original`` is the same for all translations of a message."""

    text: str
    language: str
    original: str


class _Paragraphs(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found = [""]
        self._taking = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if _BLOCK.fullmatch(tag):
            self.found.append("")
            self._taking = bool(_PROSE.fullmatch(tag)) or ("class", "para") in attrs
        elif tag == "br" or ("hidden", "true") in attrs:  # hidden: a menu's name on another system
            self.found[-1] += " "

    def handle_endtag(self, tag: str) -> None:
        self._taking = self._taking and not _BLOCK.fullmatch(tag)

    def handle_data(self, data: str) -> None:
        self.found[-1] += data if self._taking else ""


def paragraphs(path: Path) -> list[str]:
    """Text of the paragraphs and items of a page in HTML, DocBook or Mallard."""
    parser = _Paragraphs()
    parser.feed(path.read_text("utf-8", "replace"))
    parser.close()
    return [re.sub(r"&([A-Za-z][\w.-]*);", r"\1", text) for text in parser.found]


def messages(path: Path) -> Iterator[tuple[str, str]]:
    """Originals and translations of a gettext catalogue, without those left in English."""
    data = path.read_bytes()
    order = ">" if data.startswith(b"\x95") else "<"
    count, *tables = struct.unpack_from(f"{order}3I", data, 8)
    listed = [struct.iter_unpack(f"{order}2I", data[at : at + 8 * count]) for at in tables]
    for places in zip(*listed, strict=True):
        both = [data[start : start + size].decode("utf-8", "replace") for size, start in places]
        originals, forms = (text.rpartition("\x04")[2].split("\0") for text in both)
        if originals[0] not in _NO_MESSAGES:
            yield from ((originals[0], form) for form in forms if form not in originals)


def mozilla(path: Path) -> Iterator[tuple[str, str]]:
    """Names and messages of a language pack of Firefox or Thunderbird."""
    with zipfile.ZipFile(path) as files:
        for name in files.namelist():
            if name.endswith((".ftl", ".properties")):
                inner = [part for part in name.split("/") if not _NAMED.fullmatch(part)]
                message = ""
                for key, text in _MOZILLA.findall(files.read(name).decode("utf-8", "replace")):
                    message = message if key[0] in ".[*" else key
                    yield f"{'/'.join(inner)} {message} {key}", text


def mostly_letters(text: str) -> bool:
    """Whether four fifths of a text are letters and spaces."""
    letters = sum(letter.isalpha() or letter == " " for letter in text)
    return letters >= 0.8 * len(text)


def usable(text: str, least_words: int) -> bool:
    """Whether a text is neither short nor long, four fifths letters and not plainly English."""
    fits = len(text) <= 400 and len(text.split()) >= least_words and not _BROKEN.search(text)
    english = set(_ENGLISH.findall(text.lower()))
    return fits and mostly_letters(text) and len(english) < 2 and "the" not in english


def plain(message: str) -> list[str]:
    """A message without placeholders, mnemonics and tags; its sentences where it is long."""
    text = " ".join(_DROPPED.sub("", _TAG.sub(" ", message.partition("|/|")[0])).split())
    return [text] if len(text) <= 400 else SENTENCE_END.split(text)


def read(path: Path, language: str) -> Iterator[Passage]:
    """Usable texts of a file: messages without placeholders and tags, or sentences of a manual."""
    if path.suffix in {".mo", ".xpi"}:
        for original, message in messages(path) if path.suffix == ".mo" else mozilla(path):
            found = (part for part in plain(message) if usable(part, 3))
            yield from (Passage(part, language, original) for part in found)
    elif path.suffix in {".html", ".xhtml", ".htm", ".docbook", ".page"}:
        for paragraph in paragraphs(path):
            parts = SENTENCE_END.split(" ".join(paragraph.split()))
            yield from (Passage(part, language, part) for part in parts if usable(part, 4))


def collect(folder: Path) -> dict[str, set[Passage]]:
    """Usable texts of unpacked packages by table: handbooks, catalogues and stories."""
    tables: dict[str, set[Passage]] = defaultdict(set)
    for path in tqdm(sorted(folder.rglob("*.*")), desc="reading", unit="file", disable=None):
        inner = path.relative_to(folder).parts
        named = [match for part in reversed(inner) if (match := _NAMED.fullmatch(part))]
        if named and path.is_file() and not path.is_symlink():
            kind = "stories" if inner[0].startswith(_STORIES) else "catalogues"
            table = kind if path.suffix in {".mo", ".xpi"} else "handbooks"
            tables[table].update(read(path, _CODES[named[0][1].lower()]))
    return {name: passages for name, passages in tables.items() if passages}


def choose(passages: set[Passage], limit: int, most_languages: int) -> dict[str, list[str]]:
    """Texts with their languages: those that most languages translate, then what chance decides."""
    languages: dict[str, set[str]] = defaultdict(set)
    translated: dict[str, set[str]] = defaultdict(set)
    for text, language, original in passages:
        languages[text].add(language)
        translated[original].add(language)

    def rank(one: Passage) -> tuple[int, bytes, Passage]:
        return -len(translated[one.original]), hashlib.sha256(one.original.encode()).digest(), one

    chosen: dict[str, list[str]] = {}
    counts: Counter[str] = Counter()
    for text in dict.fromkeys(one.text for one in sorted(passages, key=rank)):
        mine: list[str] = [code for code in LANGUAGES if code in languages[text]]
        if len(mine) <= most_languages and all(counts[code] < limit for code in mine):
            chosen[text] = mine
            counts.update(mine)
    return chosen


def main(arguments: Sequence[str] | None = None) -> None:
    """Read unpacked packages, write each table as Parquet."""
    flags = argparse.ArgumentParser(prog="python -m training.packages", description=__doc__)
    flags.add_argument("folder", type=Path, help="folder with a folder for each package")
    flags.add_argument("--per-language", type=int, default=40_000, help="most texts of each")
    flags.add_argument("--out", type=Path, required=True, help="folder to write")
    options = flags.parse_args(arguments)
    tables = collect(options.folder)
    if not tables:
        raise InputError(f"{options.folder}: no manual or catalogue in any of the four languages")
    options.out.mkdir(parents=True, exist_ok=True)
    for name, passages in tables.items():
        texts = choose(passages, options.per_language, 1 if name == "handbooks" else len(LANGUAGES))
        columns = {"text": list(texts), "languages": list(texts.values())}
        datasets.Dataset.from_dict(columns).to_parquet(options.out / f"{name}.parquet")
        counts = Counter(code for codes in texts.values() for code in codes)
        sys.stdout.write(f"wrote {name}.parquet: {len(texts):,} texts, {dict(counts)}\n")


if __name__ == "__main__":
    try:
        main()
    except ScandidError as error:
        sys.stderr.write(f"training.packages: {error}\n")
        sys.exit(2)
