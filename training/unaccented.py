r"""Texts of close languages without accents: what tells them from Nynorsk when these are gone.

    python -m training.unaccented raw/*.parquet --language isl --language fao \
        --benchmark benchmarks/*.parquet --out unaccented.parquet

Icelandic and Faroese are known by their accents, and corpora hold few of their texts. Without any,
most of what was taken for another language was theirs, taken for Nynorsk (docs/LOG.md, "Without
accents").
"""

import argparse
import sys
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import datasets

from scandid.errors import InputError, ScandidError
from scandid.tables import COLUMNS
from training.accents import bare, barest
from training.contamination import benchmark_letters, letters
from training.corpora import texts_alone


def unaccented(
    texts: Iterable[tuple[str, str]], benchmarked: Collection[str]
) -> dict[str, list[str]]:
    """Each text without accents, in both ways of writing that, where it has any.

    Args:
        texts: Code and text.
        benchmarked: What :func:`~training.contamination.letters` makes of texts to be left out.

    Returns:
        The languages of each text, of all whose texts become the same.
    """
    found: dict[str, set[str]] = {}
    for language, text in texts:
        if letters(text) not in benchmarked:
            for written in {bare(text), barest(text)} - {text}:
                found.setdefault(written, set()).add(language)
    return {text: sorted(languages) for text, languages in sorted(found.items())}


def main(arguments: Sequence[str] | None = None) -> None:
    """Read corpora, write the texts as Parquet."""
    flags = argparse.ArgumentParser(prog="python -m training.unaccented", description=__doc__)
    flags.add_argument("data", nargs="+", help="corpora")
    code = "ISO 639-3 code of a language whose texts to take; repeatable"
    flags.add_argument("--language", action="append", required=True, help=code)
    apart = "labelled tables whose texts are left out"
    flags.add_argument("--benchmark", nargs="+", type=Path, default=[], help=apart)
    flags.add_argument("--out", type=Path, required=True, help="Parquet file to write")
    options = flags.parse_args(arguments)
    benchmarked = benchmark_letters(options.benchmark)
    rows = unaccented(texts_alone(options.data, options.language), benchmarked)
    if not rows:
        raise InputError(f"--language: no text with accents in {', '.join(options.language)} alone")
    columns = dict(zip(COLUMNS, (list(rows), list(rows.values())), strict=True))
    datasets.Dataset.from_dict(columns).to_parquet(options.out)
    sys.stdout.write(f"wrote {options.out}: {len(rows):,} texts\n")


if __name__ == "__main__":
    try:
        main()
    except ScandidError as error:
        sys.stderr.write(f"training.unaccented: {error}\n")
        sys.exit(2)
