"""Labelled texts from files: formats, codes, and errors that name file, row and column."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scandid import InputError
from scandid.tables import LabelledText, gold_labels, read_table, split_codes


def parquet(path: Path, **columns: object) -> Path:
    """Write columns as Parquet."""
    pa.parquet.write_table(pa.table(columns), path)
    return path


def text_file(path: Path, *lines: str) -> Path:
    """Write lines."""
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


EXPECTED = [
    LabelledText("Hvad, siger du?", frozenset({"dan"})),
    LabelledText("Ja.", frozenset({"dan", "nob"})),
    LabelledText("Yes.", frozenset({"other"})),
]


def test_formats_agree(tmp_path: Path) -> None:
    """Parquet with lists or strings, TSV and CSV with any separator of codes hold the same rows."""
    texts = [row.text for row in EXPECTED]
    files = [
        parquet(tmp_path / "a.parquet", text=texts, languages=[["dan"], ["nob", "dan"], ["eng"]]),
        parquet(
            tmp_path / "b.PARQUET", languages=["dan", "nob,dan", "eng"], text=texts, more=[1, 2, 3]
        ),
        text_file(
            tmp_path / "a.tsv",
            "text\tlanguages",
            "Hvad, siger du?\tdan",
            "Ja.\tdan nob",
            "Yes.\teng",
        ),
        text_file(
            tmp_path / "a.csv", "languages,text", 'dan,"Hvad, siger du?"', "nob|dan,Ja.", "eng,Yes."
        ),
    ]
    for file in files:
        assert list(read_table(file)) == EXPECTED, file


def test_a_byte_order_mark_is_no_column(tmp_path: Path) -> None:
    """CSV as spreadsheets write it is read."""
    path = tmp_path / "bom.csv"
    path.write_bytes("text,languages\r\nJa.,dan\r\n".encode("utf-8-sig"))
    assert list(read_table(path)) == [LabelledText("Ja.", frozenset({"dan"}))]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5))
def test_any_text_survives_parquet(tmp_path: Path, texts: list[str]) -> None:
    """Texts come back as they were written."""
    path = parquet(tmp_path / "t.parquet", text=texts, languages=[["swe"]] * len(texts))
    assert [row.text for row in read_table(path)] == texts


def test_files_are_read_in_parts(tmp_path: Path) -> None:
    """The first row is there before the last one is read."""
    rows = ["text\tlanguages", *["Ja.\tdan"] * 50_000, "Nej.\tdanish"]
    table = read_table(text_file(tmp_path / "long.tsv", *rows))
    assert next(table).text == "Ja."
    with pytest.raises(InputError, match="row 50001: column languages: 'danish'"):
        list(table)


@pytest.mark.parametrize(
    ("name", "lines", "message"),
    [
        (
            "a.tsv",
            ["text\tlanguage", "Ja.\tdan"],
            "column 'languages' is missing, found text, lang",
        ),
        ("a.csv", ["sentence,languages", "Ja.,dan"], "column 'text' is missing, found sentence"),
        ("a.csv", [], "column 'text' is missing, found none"),
        ("a.csv", ["text,languages"], "holds no rows"),
        ("a.tsv", ["text\tlanguages", "Ja.\tdan", "Nei."], "row 2: column languages: is empty"),
        ("a.tsv", ["text\tlanguages", "Ja.\t"], "row 1: column languages: is empty, expected at"),
        ("a.tsv", ["text\tlanguages", "Ja.\tno"], "row 1: column languages: 'no' is no ISO 639-3"),
        (
            "a.tsv",
            ["text\tlanguages", "Ja.\tDAN"],
            "row 1: column languages: 'DAN' is no ISO 639-3",
        ),
        ("a.tsv", ["text\tlanguages", "Ja.\tnor"], "row 1: column languages: 'nor' is undecided"),
        ("a.tsv", ["text\tlanguages", "Ja.\tdan", '"Nei.\tnob'], "after line 2: unexpected end of"),
        ("a.txt", ["text"], r"ends in '\.txt', expected \.parquet, \.tsv or \.csv"),
        ("a.parquet", ["text"], "is no Parquet file that can be read"),
    ],
)
def test_what_cannot_be_used_is_named(
    tmp_path: Path, name: str, lines: list[str], message: str
) -> None:
    """One line names the file, the row and the column, and says what was expected."""
    path = text_file(tmp_path / name, *lines)
    with pytest.raises(InputError, match=message) as caught:
        list(read_table(path))
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_faulty_parquet_is_named(tmp_path: Path) -> None:
    """Bytes in place of a text, and a column that stands twice, are one line each."""
    codes = pa.array([["dan"]])
    raw = pa.array([b"bl\xe5"]).view(pa.utf8())
    pa.parquet.write_table(pa.table({"text": raw, "languages": codes}), tmp_path / "raw.parquet")
    with pytest.raises(InputError, match=r"raw\.parquet: a text is no UTF-8: .* write it anew"):
        list(read_table(tmp_path / "raw.parquet"))
    twice = pa.Table.from_arrays([pa.array(["Ja."])] * 2 + [codes], ["text", "text", "languages"])
    pa.parquet.write_table(twice, tmp_path / "twice.parquet")
    with pytest.raises(InputError, match="column 'text' stands 2 times, expected once"):
        list(read_table(tmp_path / "twice.parquet"))


def test_bytes_that_are_no_utf8_are_named(tmp_path: Path) -> None:
    """A Latin-1 file is an error with line and byte, in its first line and far into it."""
    begin = b"text,languages\n"
    cases = {1: b"text,spr\xe5k\n", 2: b"", 2002: b"Ja,dan\n" * 2000}
    for line, rows in cases.items():
        (tmp_path / "latin.csv").write_bytes(rows if line == 1 else begin + rows + b"bl\xe5,swe\n")
        message = rf"latin\.csv: line {line}: byte 0xe5 is no UTF-8; save it as UTF-8"
        with pytest.raises(InputError, match=message):
            list(read_table(tmp_path / "latin.csv"))


@pytest.mark.parametrize(
    "lines",
    [
        ("text\tlanguages", '"Ja.\tdan', "Jo.\tswe", 'Kom nu."\tdan'),
        ("text\tlanguages", '"Ja.\tdan nob', 'Kom nu."\tdan'),
        ("languages\ttext", 'dan\t"Ja.', 'swe\tKom nu."'),
        ("id\ttext\tlanguages", '1\t"Ja.\tdan', '2\tKom nu."\tdan'),
        ("languages\ttext\tid", 'dan\t"Ja.\t1', 'swe\tKom nu."\t2'),
    ],
)
def test_rows_that_a_quote_swallows_are_named(tmp_path: Path, lines: tuple[str, ...]) -> None:
    """Two lone quotes in different rows make no text of the rows between, whatever the columns."""
    path = text_file(tmp_path / "a.tsv", *lines)
    with pytest.raises(InputError, match=r"after line 1: .* swallows the row '(Ja|swe)"):
        list(read_table(path))


@pytest.mark.parametrize("text", ["Ja.\nNei, men\nhei.", "Ja,\r\nmen\r\nhei, dan", "1,2\n3,4"])
def test_texts_of_several_lines_are_read(tmp_path: Path, text: str) -> None:
    """Line breaks, and words as short as codes behind a comma, are part of a quoted text."""
    path = tmp_path / "a.csv"
    path.write_text(f'text,languages\n"{text}",nob\nJa,dan\n', encoding="utf-8", newline="")
    assert [row.text for row in read_table(path)] == [text, "Ja"]


def test_long_cells_are_read(tmp_path: Path) -> None:
    """A text of more characters than csv takes by default is a text."""
    path = text_file(tmp_path / "a.tsv", "text\tlanguages", "ja " * 50_000 + "\tdan")
    assert len(next(read_table(path)).text) == 150_000


def test_blank_lines_and_columns_without_a_name_are_passed_over(tmp_path: Path) -> None:
    """Before the names, between rows and at the end nothing is expected, nor beside the columns."""
    path = text_file(
        tmp_path / "a.csv", "", "text,languages,,", "", "Ja,dan,,", "", "Jo,swe,,,", ""
    )
    assert [row.text for row in read_table(path)] == ["Ja", "Jo"]


def test_missing_values_of_parquet_are_named(tmp_path: Path) -> None:
    """A null text or a null list is an error with its row; so is a missing file."""
    cases: list[tuple[list[str | None], list[list[str] | None], str]] = [
        (["a", None], [["dan"], ["dan"]], "row 2: column text: None is no text"),
        (["a", "b"], [["dan"], None], "row 2: column languages: is empty"),
        (["a", "b"], [["dan"], []], "row 2: column languages: is empty"),
    ]
    for texts, languages, message in cases:
        path = parquet(tmp_path / "null.parquet", text=texts, languages=languages)
        with pytest.raises(InputError, match=message):
            list(read_table(path))
    with pytest.raises(InputError, match="no such file"):
        list(read_table(tmp_path / "absent.tsv"))


def test_codes_become_labels() -> None:
    """The four languages stay; others are other, unless a language of the four is there too."""
    assert gold_labels(["dan", "nob"], "") == {"dan", "nob"}
    assert gold_labels(["isl", "fao"], "") == {"other"}
    assert gold_labels(["eng", "dan"], "") == {"dan"}
    assert gold_labels(["mul"], "") == gold_labels(["other"], "") == {"other"}
    assert gold_labels(["be-tarask"], "") == {"other"}


@given(st.lists(st.sampled_from(["dan", "nob", "eng"])), st.sampled_from([" ", ",", "|", "; "]))
def test_separators_are_equal(codes: list[str], separator: str) -> None:
    """A string of codes is the list of them, whatever stands between."""
    assert split_codes(separator.join(codes)) == codes == split_codes(codes)


@pytest.mark.parametrize("suffix", ["tsv", "csv"])
def test_a_disk_that_fails_is_named(tmp_path: Path, suffix: str) -> None:
    """What the system says of a file that cannot be read is one line."""
    path = tmp_path / f"memory.{suffix}"
    path.symlink_to("/proc/self/mem")  # root too can read nothing at its start
    with pytest.raises(InputError, match=rf"memory\.{suffix}: cannot be read: Input/output error"):
        list(read_table(path))


def test_damaged_parquet_is_named(tmp_path: Path) -> None:
    """Where the rows are damaged, and the names of the columns are not, it is one line as well."""
    path = parquet(tmp_path / "bad.parquet", text=["Ja."] * 900, languages=[["dan"]] * 900)
    path.write_bytes(b"PAR1" + b"\xff" * 60 + path.read_bytes()[64:])
    with pytest.raises(InputError, match=r"bad\.parquet: is no Parquet file that can be read"):
        list(read_table(path))
