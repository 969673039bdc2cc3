"""Bad data at the start of training: texts of benchmarks, contradictions, faulty rows."""

from pathlib import Path

import pytest

import train
from scandid import InputError
from tests.labelled import write_table
from training.cleaning import clean, summary
from training.contamination import (
    benchmark_letters,
    check_benchmarks,
    find_contamination,
    letters,
    main,
)
from training.corpora import load_corpora
from training.targets import labels_of

SAMPLE = Path(__file__).parent / "data" / "sample.parquet"
UD = Path(__file__).parent / "data" / "ud_sample.parquet"


def test_texts_of_a_benchmark_are_refused(tmp_path: Path) -> None:
    """Other case, accents and punctuation hide nothing; the error names source, count, example."""
    bench = write_table(
        tmp_path / "bench.tsv", ("Smørrebrød, spist i går!", "dan"), ("Hej med dig", "dan")
    )
    data = write_table(
        tmp_path / "mine.tsv",
        ("SMØRREBRØD spist i ga\u030ar", "dan"),
        ("Smørrebrød spist i går", "nob"),
        ("Hej med dig", "dan"),
        ("Noget helt andet her", "dan"),
    )
    corpus = load_corpora([str(data)])
    homes = benchmark_letters([bench])
    assert [len(each.texts) for each in find_contamination(corpus, homes)] == [2]
    with pytest.raises(InputError, match=r"mine: 2 texts stand in bench\.tsv: 'SMØRREBRØD spist"):
        check_benchmarks(corpus, [bench], allowed=False)
    assert len(check_benchmarks(corpus, [bench], allowed=True)) == 1


def test_letters_are_compared() -> None:
    """Case, composition, spaces, digits and punctuation are no difference; letters are."""
    assert letters("A\u030a, ja 12!") == letters("åja") == "åja"
    assert letters("ø") != letters("o")


def test_short_texts_prove_nothing(tmp_path: Path) -> None:
    """Twelve letters may stand in both, thirteen may not."""
    texts = [("abcdefg hijkl", "dan"), ("abcdefg hijklm", "dan")]
    corpus = load_corpora([str(write_table(tmp_path / "a.tsv", *texts))])
    bench = write_table(tmp_path / "b.tsv", *texts)
    (found,) = find_contamination(corpus, benchmark_letters([bench]))
    assert found.texts == ("abcdefg hijklm",)


def test_training_refuses_a_benchmark_unless_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """train.py stops before the run folder is made; with the flag it says what it found."""
    flags = ["--data", str(SAMPLE), "--batch", "64", "--threads", "1", "--steps", "1"]
    out = ["--out", str(tmp_path / "run")]
    with pytest.raises(InputError, match=r"sample: \d+ texts stand in sample\.parquet"):
        train.train([*flags, "--out", str(tmp_path / "no"), "--benchmark", str(UD), str(SAMPLE)])
    train.train([*flags, *out, "--benchmark", str(SAMPLE), "--allow-contamination"])
    assert "texts stand in sample.parquet" in capsys.readouterr().err
    assert (tmp_path / "run" / "best.pt").exists()


def test_training_refuses_a_test_set_it_trains_on_unless_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Texts of --test are none of --data, except those of a source that is left out."""
    flags = ["--data", str(SAMPLE), "--batch", "64", "--threads", "1", "--steps", "1"]
    flags += ["--test", str(SAMPLE)]
    with pytest.raises(InputError, match=r"--data: texts of --test: sample: \d+ texts stand in"):
        train.train([*flags, "--out", str(tmp_path / "no")])
    train.train([*flags, "--out", str(tmp_path / "told"), "--allow-contamination"])
    assert "sample: " in capsys.readouterr().err
    both = ["--data", str(UD), "--leave-out", "sample", "--out", str(tmp_path / "left")]
    train.train([*flags, *both])


def test_contradictions_within_a_source_are_named(tmp_path: Path) -> None:
    """The same letters under two labels of one source are counted; of two sources they are not."""
    first = write_table(tmp_path / "one.tsv", ("Ja da", "dan"), ("ja, da!", "swe"), ("Nei", "nob"))
    second = write_table(tmp_path / "two.tsv", ("Nei", "nno"), ("Nei", "nno"))
    corpus, report = clean(load_corpora([str(first), str(second)]))
    assert [(each.source, each.keys) for each in report.within] == [("one", ("ja da",))]
    assert "one: 1 texts contradict themselves: 'ja da'" in summary(corpus, report)


def test_faulty_rows_are_counted(tmp_path: Path) -> None:
    """The first unknown code is named with its row, and how many rows are faulty."""
    rows = [("Ja", "dan"), ("Jo", "xx"), ("Nej", "swe"), ("Hei", "no"), ("Hå", "xx")]
    path = write_table(tmp_path / "codes.tsv", *rows)
    with pytest.raises(InputError, match=r"row 2: .*'xx' is no .* \(3 of 5 rows are faulty\)"):
        load_corpora([str(path)])


def test_corpora_are_written_without_texts_of_a_benchmark(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The text a benchmark has is left out and counted; the others keep their labels."""
    bench = write_table(tmp_path / "bench.tsv", ("Smørrebrød, spist i går!", "dan"))
    data = write_table(
        tmp_path / "mine.tsv",
        ("Smørrebrød spist i går", "nob"),
        ("Noget helt andet her", "dan,nob"),
    )
    main([str(data), "--benchmark", str(bench), "--out", str(tmp_path / "clean")])
    left = load_corpora([str(tmp_path / "clean")])
    assert left.texts == ["Noget helt andet her"]
    assert labels_of(left.targets[0]) == ["dan", "nob"]
    assert "left out 1 of 2 texts" in capsys.readouterr().out
