"""Rough variants: what each does to a text."""

from itertools import pairwise

import pytest

from training.report.length import BUCKETS, bucket_of, bucket_range
from training.report.variant import DESCRIPTIONS, VARIANTS


@pytest.mark.parametrize(
    ("name", "rough"),
    [
        ("all capitals", "BLÅBÆR OG SØTE KIRSEBÆR FRÅ ÉN GÅRD"),
        ("lower case", "blåbær og søte kirsebær frå én gård"),
        ("NFD", "Bla\u030abær og søte kirsebær fra\u030a e\u0301n ga\u030ard"),
        ("digraphs", "Blaabaer og soete kirsebaer fraa én gaard"),
        ("bare ASCII", "Blabaer og sote kirsebaer fra en gard"),
        ("typos", "Bålbær og søte kirsebær frå én gård"),
        ("missing spaces", "Blåbær og søtekirsebær frå én gård"),
        ("littered", "@anna92 Blåbær og søte kirsebær frå én gård https://t.co/x7Kq2 #123 😂"),
    ],
)
def test_a_variant_is_as_described(name: str, rough: str) -> None:
    """Each variant changes what its name says, and nothing else."""
    assert VARIANTS[name]("Blåbær og søte kirsebær frå én gård") == rough


def test_every_variant_is_described() -> None:
    """The report explains each column."""
    assert list(DESCRIPTIONS) == list(VARIANTS)


def test_every_fifth_word_has_a_typo() -> None:
    """In a longer text the first and the fifth of the longer words are changed."""
    assert VARIANTS["typos"]("aber bord dobl tekst fest") == "aebr bord dobl tekst fset"


def test_buckets_meet_without_a_gap() -> None:
    """A text of the longest length of a bucket is in it, one letter more is in the next."""
    names = list(BUCKETS)
    for name, following in pairwise(names):
        end = BUCKETS[name]
        assert end is not None
        assert bucket_of("x" * end) == name
        assert bucket_of("x" * (end + 1)) == following
        assert bucket_range(following).startswith(f"{end + 1} ")
    assert bucket_of("") == names[0]
