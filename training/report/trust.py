"""How often answers that are called reliable are right, file by file: a mean hides the hardest."""

from collections.abc import Mapping
from typing import Any, Final

from training.report.length import BUCKETS, bucket_range
from training.report.markdown import percent, table

_TRUST: Final = """\
Right of the reliable answers, by file and characters. The table above is mostly of words and pairs
that were cut; short texts that are whole are fewer and harder, and where a file gives one language
to a text that is right in two, the other one counts as a mistake."""


def trust(found: Mapping[str, Any]) -> str:
    """Share of answers that are called reliable, and how often these are right."""
    if "reliable" not in found:  # figures of before they were kept by file
        return ""
    return f" Reliable {percent(found['reliable'])}, right of these {kept(found)}."


def kept(found: Mapping[str, Any]) -> str:
    """How often reliable answers are right; nothing where no answer is."""
    return percent(found["reliable_right"]) if found["reliable"] else ""


def trust_table(benchmarks: Mapping[str, Any]) -> list[str]:
    """The same of every benchmark and length; nothing where the figures do not have it."""
    rows = {
        name: [_cell(scores["by_length"].get(bucket, {})) for bucket in BUCKETS]
        for name, scores in benchmarks.items()
    }
    if not any(cell for row in rows.values() for cell in row):
        return []
    return [_TRUST, table(["benchmark", *map(bucket_range, BUCKETS)], rows)]


def _cell(found: Mapping[str, Any]) -> str:
    return kept(found) if "reliable" in found else ""
