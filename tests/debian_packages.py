"""Files as unpacked Debian packages hold them, and what is read from them."""

import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

from scandid.tables import read_table
from training.packages import main

EVENING = ("Good evening", "Det var en kold aften")
FOREST = ("Dark forest", "Skoven er mørk og stille")


def write_catalogue(path: Path, *pairs: tuple[str, str], order: str = "<") -> None:
    """A gettext catalogue; forms of a plural stand between zero bytes, a context before byte 4."""
    place = 28 + 16 * len(pairs)
    entries: list[bytes] = []
    strings = b""
    for text in [original for original, _ in pairs] + [message for _, message in pairs]:
        entries.append(struct.pack(f"{order}2I", len(text.encode()), place + len(strings)))
        strings += text.encode() + b"\0"
    tables = (28, 28 + 8 * len(pairs), 0, 0)
    head = struct.pack(f"{order}7I", 0x950412DE, 0, len(pairs), *tables)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(head + b"".join(entries) + strings)


def write_page(path: Path, content: str) -> None:
    """A page of a manual with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def write_pack(path: Path, files: Mapping[str, str]) -> None:
    """A language pack of Firefox."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as pack:
        for name, content in files.items():
            pack.writestr(name, content)


def catalogue(packages: Path, language: str, package: str = "dia-common") -> Path:
    """Where a package keeps its messages of a language."""
    return packages / package / "usr/share/locale" / language / "LC_MESSAGES" / "x.mo"


def tables(packages: Path, *flags: str) -> dict[str, dict[str, set[str]]]:
    """Texts of each table that the command writes, with their languages."""
    out = packages.parent / f"{packages.name}-tables"
    main([str(packages), "--out", str(out), *flags])
    return {
        path.stem: {row.text: set(row.gold) for row in read_table(path)}
        for path in out.glob("*.parquet")
    }
