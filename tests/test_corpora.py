"""Training texts: sources, columns, codes, and errors of one line."""

import re
from pathlib import Path

import datasets
import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from scandid import LABELS, InputError
from training.corpora import load_corpora
from training.targets import shared, target

WILI_CLASSES = """
cdo glk jam lug san rue wol new mwl bre ara hye xmf ext cor yor div asm lat cym hif ace kbd tgk
rus nso mya msa ava cbk urd deu swa pus bxr udm csb yid vro por pdc eng tha hat lmo pag jav chv
nan sco kat bho bos kok oss mri fry cat azb kin hin sna dan egl mkd ron bul hrv som pam nav ksh
nci khm sgs srn bar cos ckb pfl arz roa-tara fra mai zh-yue guj fin kir vol hau afr uig lao swe
slv kor szl srp dty nrm dsb ind wln pnb ukr bpy vie tur aym lit zea pol est scn vls stq gag grn
kaz ben pcd bjn krc amh diq ltz ita kab bel ang mhr che koi glv ido fao bak isl bcl tet jpn kur
map-bms tyv olo arg ori lim tel lin roh sqi xho mlg fas hbs tam aze lad nob sin gla nap snd ast
mal mdf tsn nds tgl nno sun lzh jbo crh pap oci hak uzb zho hsb sme mlt vep lez nld nds-nl mrj
spa ceb ina heb hun que kaa mar vec frp ell sah eus ces slk chr lij nep srd ilo be-tarask bod
orm war glg mon gle min ibo ile epo lav lrc als mzn rup fur tat myv pan ton kom wuu tcy tuk kan
ltg
"""
"""The names of the integer labels of WiLI-2018 on the hub, in their order."""


def labels(targets: np.ndarray) -> list[set[str]]:
    """The labels of each row of targets."""
    return [{LABELS[place] for place in np.flatnonzero(row)} for row in targets]


def test_formats_agree(tmp_path: Path) -> None:
    """Parquet, TSV, CSV and a folder of them give the same texts and labels."""
    texts, codes = ["Ja, da.", "Jo.", "Yes", 'Han sa "hei".'], ["dan nob", "swe", "eng", "nno"]
    table = datasets.Dataset.from_dict({"text": texts, "languages": [c.split() for c in codes]})
    table.to_parquet(tmp_path / "a.parquet")
    flat = datasets.Dataset.from_dict({"text": texts, "language": codes})
    flat.to_csv(tmp_path / "b.csv", index=False)
    flat.to_csv(tmp_path / "c.tsv", index=False, sep="\t")
    (tmp_path / "notes.txt").write_text("not read", encoding="utf-8")
    corpus = load_corpora([str(tmp_path)])
    assert corpus.texts == texts * 3
    assert labels(corpus.targets) == [{"dan", "nob"}, {"swe"}, {"other"}, {"nno"}] * 3
    assert corpus.names == ("a", "b", "c")
    assert corpus.sources.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert corpus.targets.dtype == np.float32
    files = [str(tmp_path / name) for name in ("a.parquet", "b.csv", "c.tsv")]
    assert load_corpora(files).digest() == corpus.digest()


def test_wili_on_the_hub_is_understood(tmp_path: Path) -> None:
    """Columns and integer labels as in WiLI-2018 are read, all 235 of them."""
    names = WILI_CLASSES.split()
    features = datasets.Features(
        {"sentence": datasets.Value("string"), "label": datasets.ClassLabel(names=names)}
    )
    rows = {"sentence": names, "label": list(range(len(names)))}
    datasets.Dataset.from_dict(rows, features).to_parquet(tmp_path / "wili.parquet")
    corpus = load_corpora([str(tmp_path / "wili.parquet")])
    assert len(names) == 235
    found = dict(zip(corpus.texts, labels(corpus.targets), strict=True))
    for code in ("dan", "swe", "nob", "nno"):
        assert found.pop(code) == {code}
    assert set(map(frozenset, found.values())) == {frozenset({"other"})}
    assert {"be-tarask", "nds-nl", "zh-yue", "map-bms", "roa-tara"} <= found.keys()


def test_several_class_labels_of_one_text(tmp_path: Path) -> None:
    """A list of integer labels is read as well, and one without a name is an error."""
    feature = datasets.List(datasets.ClassLabel(names=["dan", "nob"]))
    features = datasets.Features({"text": datasets.Value("string"), "languages": feature})
    rows = {"text": ["Ja.", "Nej."], "languages": [[0, 1], [0]]}
    datasets.Dataset.from_dict(rows, features).to_parquet(tmp_path / "a.parquet")
    assert labels(load_corpora([str(tmp_path / "a.parquet")]).targets) == [{"dan", "nob"}, {"dan"}]
    single = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["dan"])}
    )
    unnamed = {"text": ["Ja.", "Nej."], "label": [0, -1]}
    datasets.Dataset.from_dict(unnamed, single).to_parquet(tmp_path / "b.parquet")
    with pytest.raises(InputError, match=r"b\.parquet: row 2: column label: is empty"):
        load_corpora([str(tmp_path / "b.parquet")])


def test_words_that_mean_missing_elsewhere_are_texts(tmp_path: Path) -> None:
    """`null` and `NA` are texts, and `nan` is Min Nan Chinese."""
    path = tmp_path / "a.csv"
    path.write_text("text,language\nnull,dan\nNA,swe\nJa,nan\n,nob\n", encoding="utf-8")
    corpus = load_corpora([str(path)])
    assert corpus.texts == ["null", "NA", "Ja", ""]
    assert labels(corpus.targets) == [{"dan"}, {"swe"}, {"other"}, {"nob"}]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", "is an empty file"),
        ("a.csv", "text,languages\n", "a.csv: holds no rows"),
        ("a.parquet", "", "is an empty file"),
        (
            "a.csv",
            "words,languages\nJa,dan\n",
            "column 'text' is missing (or sentence); found words",
        ),
        ("a.tsv", "text\tcode\nJa\tdan\n", "column 'languages' is missing (or language, label)"),
        ("a.csv", "text,language\nJa,dan\nNei,xxq\n", "row 2: column language: 'xxq' is no ISO"),
        (
            "a.csv",
            "text,language\nJa,da\n",
            "row 1: column language: 'da' is no ISO 639-3 code: did",
        ),
        ("a.csv", "text,language\nJa,no\n", "can be used: say nob (Bokmål) or nno (Nynorsk)"),
        ("a.csv", "text,language\nJa,nor\n", "can be used: say nob (Bokmål) or nno (Nynorsk)"),
        (
            "a.csv",
            "text,language\nJa,\n",
            "row 1: column language: is empty, expected at least one",
        ),
        ("a.csv", "text,language\nJa\n", "row 1: column language: is empty"),
        ("a.csv", "text,language\nJa,DAN\n", "'DAN' is no ISO 639-3 code: did you mean 'dan'?"),
        ("a.csv", "text,language\nJa,Danish\n", "is no ISO 639-3 code: did you mean 'dan'?"),
        ("a.csv", "text,language\nJa,NOR\n", "can be used: say nob (Bokmål) or nno (Nynorsk)"),
        ("a.csv", "text;language\nJa;dan\n", "found text;language; is ';' between them? .csv"),
        ("a.csv", "text,language\nJa, nej,dan\n", "after line 1: 3 cells where the first line has"),
        ("a.csv", "text,language\nJa,dan\nJa, nej,dan\n", "as csv: after line 2: 3 cells"),
        ("a.csv", "text,text,language\nJa,Ja,dan\n", "column 'text' stands 2 times"),
        ("a.parquet", "no parquet", "cannot be read as parquet: "),
        ("a.json", "{}", "ends in '.json', expected one of .parquet, .csv, .tsv"),
    ],
)
def test_what_cannot_be_used_is_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, content: str, message: str
) -> None:
    """One line names the file, the row and the column; nothing else is printed."""
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        load_corpora([str(path)])
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_bytes_that_are_no_utf8_are_named(tmp_path: Path) -> None:
    """A Latin-1 file is an error of one line, which tells where its first such byte stands."""
    (tmp_path / "latin.csv").write_bytes(b"text,language\nbl\xe5,swe\n")
    with pytest.raises(InputError, match=r"latin\.csv: line 2: byte 0xe5 is no UTF-8; save it"):
        load_corpora([str(tmp_path / "latin.csv")])


def test_missing_values_of_parquet_are_named(tmp_path: Path) -> None:
    """A null text or null languages are errors with their row."""
    for texts, codes, message in (
        (["a", None], [["dan"], ["dan"]], "row 2: column text: None is no text"),
        (["a", "b"], [["dan"], None], "row 2: column languages: is empty"),
    ):
        table = datasets.Dataset.from_dict({"text": texts, "languages": codes})
        table.to_parquet(tmp_path / f"{texts[1]}.parquet")
        with pytest.raises(InputError, match=message):
            load_corpora([str(tmp_path / f"{texts[1]}.parquet")])


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        ([0, 4], "row 1: column languages: 0 is no ISO 639-3 code (2 of 2 rows are faulty)"),
        (
            [{"is": "dan"}, {"is": "swe"}],
            "column languages: holds {'is': Value('string')}, expected",
        ),
        ([["dan"], [None]], "row 2: column languages: 'None' is no ISO 639-3 code"),
    ],
)
def test_codes_that_are_no_words_are_named(
    tmp_path: Path, codes: list[object], message: str
) -> None:
    """Numbers without names, fields within fields and nothing in a list are errors, by column."""
    path = tmp_path / "a.parquet"
    datasets.Dataset.from_dict({"text": ["Ja", "Jo"], "languages": codes}).to_parquet(path)
    with pytest.raises(InputError, match=re.escape(f"a.parquet: {message}")):
        load_corpora([str(path)])


def test_a_parquet_file_without_rows_says_so(tmp_path: Path) -> None:
    """Columns without a row are told as in other formats, not by what the reader trips over."""
    columns = {"text": pyarrow.array([], "string"), "languages": pyarrow.array([], "string")}
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"a\.parquet: holds no rows"):
        load_corpora([str(tmp_path / "a.parquet")])


def test_missing_sources_are_named(tmp_path: Path) -> None:
    """A folder without tables and a name that is neither a file nor on the hub are errors."""
    with pytest.raises(InputError, match=r"no \.parquet, \.csv, \.tsv file in this folder"):
        load_corpora([str(tmp_path)])
    with pytest.raises(InputError, match="no such file or folder, and no name of a dataset"):
        load_corpora([str(tmp_path / "absent.csv")])


def test_a_hub_that_gives_nothing_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the hub, a dataset's name is an error of one line and no traceback."""
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match="and the hub does not give it") as caught:
        load_corpora(["MartinThoma/no_such_dataset"])
    assert "\n" not in str(caught.value)


def test_the_digest_sees_every_text_and_label(tmp_path: Path) -> None:
    """Another text, another label or another order is another digest."""
    digests = set()
    for number, content in enumerate(
        ("Ja,dan\nJo,swe", "Ja,dan\nJa,swe", "Jo,swe\nJa,dan", "Ja,dan\nJo,nob")
    ):
        path = tmp_path / f"{number}.csv"
        path.write_text(f"text,language\n{content}\n", encoding="utf-8")
        digests.add(load_corpora([str(path)]).digest())
    assert len(digests) == 4


def test_targets() -> None:
    """Languages get a one each; other gets it only where none of them is there."""
    assert target(["dan", "nob", "eng"], "").tolist() == [1, 0, 1, 0, 0]
    for code in ("eng", "mul", "other", "ber", "kzj", "ajp", "nds-nl"):
        assert target([code], "").tolist() == [0, 0, 0, 0, 1]


def test_shares_say_how_well_each_label_holds() -> None:
    """The best label has 1 and the others their part of it, whatever the shares add up to."""
    row = target(["dan", "nob"], "row 1")
    assert shared(row, ["dan", "nob"], [0.25, 0.5], "row 1").tolist() == [0.5, 0, 1, 0, 0]


@pytest.mark.parametrize(
    "shares", [[1.0], [0.0, 1.0], [0.5, 1.5], [None, 1.0], ["a", 1.0], None, 1.0, "ab"]
)
def test_shares_that_are_none_are_named(shares: object) -> None:
    """A missing share, one of nothing, one above 1 and what is no list of numbers are refused."""
    row = target(["dan", "nob"], "row 1")
    with pytest.raises(InputError, match="row 1: column shares"):
        shared(row, ["dan", "nob"], shares, "row 1: column shares")
