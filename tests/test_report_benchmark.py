"""Words and pairs cut from benchmarks: the rule as it is written down."""

from pathlib import Path

from scandid.tables import LabelledText
from training.report.benchmark import Benchmark, cut, load

SAMPLE = Path(__file__).parent / "data" / "flores_sample.parquet"


def benchmark(*rows: tuple[str, str]) -> Benchmark:
    """A benchmark of single-label texts."""
    return Benchmark("b", tuple(LabelledText(text, frozenset({gold})) for text, gold in rows))


def cut_texts(source: Benchmark) -> dict[str, set[str]]:
    """The texts of each benchmark that is cut."""
    return {found.name: set(found.texts) for found in cut([source], seed=1)}


def test_words_have_five_letters_and_no_capital() -> None:
    """Short words, names, numbers and words with a capital are no single words."""
    source = benchmark(("Kari kjøpte 20000 i Oslo", "nob"), ("x2spill og ABBA", "nob"))
    assert cut_texts(source)["words"] == {"kjøpte"}


def test_pairs_are_neighbours_with_one_space() -> None:
    """Two words that punctuation or a capital parts are no pair."""
    source = benchmark(("han, som Kari heter nå. ja", "nob"))
    assert cut_texts(source)["pairs"] == {"heter nå"}


def test_any_gold_is_every_label_a_word_occurs_in() -> None:
    """A word that stands in texts of two languages, in any case, is right as either."""
    source = benchmark(("huset", "nob"), ("Det huset", "dan"), ("vindue", "dan"))
    _, shared, _ = cut([source], seed=1)
    gold = {(row.text, row.gold) for row in shared.rows}
    assert ("huset", frozenset({"nob", "dan"})) in gold
    assert {(text, labels) for text, labels in gold if text == "vindue"} <= {
        ("vindue", frozenset({"dan"}))
    }


def test_a_seed_gives_the_same_texts_in_the_same_order() -> None:
    """Two runs with one seed compare like with like; another seed orders otherwise."""
    first, again, other = (load("sample", SAMPLE, seed) for seed in (1, 1, 2))
    assert first == again
    assert first.texts != other.texts
    assert set(first.texts) == set(other.texts)
    assert cut([first], seed=1) == cut([again], seed=1)


def test_a_limit_takes_a_sample() -> None:
    """A quick look holds as many texts as asked for, of several languages."""
    rows = load("sample", SAMPLE, seed=1, limit=40).rows
    assert len(rows) == 40
    assert len({row.gold for row in rows}) > 3
