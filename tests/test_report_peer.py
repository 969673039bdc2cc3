"""Peers: real processes in the protocol, their codes, their failures."""

import ast
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from scandid.errors import InputError
from scandid.tables import LabelledText
from training.peers.adapters import ADAPTERS, NOTHING
from training.report.benchmark import Benchmark
from training.report.doubt import WITNESSES, doubts, objections
from training.report.panel import NOBODY, keep_panel
from training.report.peer import (
    ROOT,
    PeerError,
    PeerProcess,
    as_answer,
    interpreter,
    measure,
    measure_alone,
    score,
)

SERVE = "from training.peers.protocol import serve\n"
GUESS_BY_WORD = "serve(lambda: ('9', lambda text: 'da' if 'hvad' in text else 'fr'))"
BENCHMARK = Benchmark(
    "b",
    (
        LabelledText("hvad", frozenset({"dan"})),
        LabelledText("quoi", frozenset({"other"})),
        LabelledText("hvad då", frozenset({"swe"})),
    ),
)


def process(code: str) -> AbstractContextManager[PeerProcess]:
    """A peer that a line of Python makes."""
    return PeerProcess.start([sys.executable, "-c", SERVE + code], "test")


def test_a_peer_is_scored_on_the_rows_themselves() -> None:
    """Codes come back in order, are mapped to labels, and are scored against the gold."""
    with process(GUESS_BY_WORD) as peer:
        scores, labels = score(peer, ADAPTERS["py3langid"], BENCHMARK, limit_cpu_s=10)
        assert peer.version == "9"
        assert peer.peak_mb > 1
    assert labels == ["dan", "other", "dan"]
    assert (scores["n"], scores["of"]) == (3, 3)
    assert scores["accuracy"] == pytest.approx(2 / 3, abs=1e-6)
    assert scores["confusion"]["swe"]["dan"] == 1


def test_a_slow_peer_is_asked_a_part() -> None:
    """When its CPU seconds are used up, the scores say how many texts they stand on."""
    rows = Benchmark("many", BENCHMARK.rows * 500)
    with process(GUESS_BY_WORD) as peer:
        scores, _ = score(peer, ADAPTERS["py3langid"], rows, limit_cpu_s=1e-9)
    assert 0 < scores["n"] < scores["of"] == 1500


def test_printing_does_not_disturb_the_replies() -> None:
    """What a library prints goes elsewhere."""
    chatty = "serve(lambda: ('9', lambda text: print('loading...') or 'da'))"
    with process(chatty) as peer:
        assert peer.ask(["a", "b"], 10, "x")[0] == ["da", "da"]


def test_a_peer_that_fails_is_reported_with_its_words() -> None:
    """An exception in a peer ends the peer, not the report, and its text is kept."""
    broken = "serve(lambda: ('9', lambda text: 'da' if 'Hvad' in text else 1 / 0))"
    with (
        pytest.raises(PeerError, match="ZeroDivisionError"),
        process(broken) as peer,
    ):
        peer.ask(["x"], 10, "x")


def test_a_peer_that_is_not_installed_is_named() -> None:
    """The development environment has no peers; the report says which package is missing."""
    with pytest.raises(PeerError, match="whatlang-pyo3 is not installed here"):
        measure("whatlang", Path(sys.executable), [BENCHMARK], 1)


def test_an_environment_that_is_not_there_names_the_command(tmp_path: Path) -> None:
    """Without the peers' interpreter the error says how to get it."""
    with pytest.raises(PeerError, match="make peers"):
        interpreter(tmp_path / "python")


def test_scandid_is_asked_as_its_peers_are(shipped_model: Path) -> None:
    """Its speed and memory come from the same protocol, one text a call."""
    found = measure_alone(shipped_model, [BENCHMARK], 10)
    assert found["texts_per_cpu_s"]["b"] > 0
    assert found["peak_mb"] > 1


def test_gold_that_nobody_agrees_with_is_counted() -> None:
    """Only texts on which all give one answer, and none the gold, are doubtful."""
    witnesses = {name: {"b": ["nob", "und", "nob"]} for name in WITNESSES}
    objected = objections([BENCHMARK], witnesses)
    assert objected == {"b": {"0": "nob", "2": "nob"}}
    assert doubts([BENCHMARK], objected, {"b": ["dan", "other", "nob"]})["b"] == {
        "n": 3,
        "against": 1,
        "pairs": {"swe, all say nob": 1},
        "examples": [["hvad då", "swe", "nob"]],
    }


def test_witnesses_must_have_read_everything() -> None:
    """A witness that is missing or was cut short bears no witness."""
    cut_short = {name: {"b": ["nob"]} for name in WITNESSES}
    assert objections([BENCHMARK], cut_short) == {}
    assert objections([BENCHMARK], {WITNESSES[0]: {"b": ["nob", "und", "nob"]}}) == {}


def test_peers_are_kept_for_the_same_texts_only() -> None:
    """A report of another file, or of the same in another order, lends no figures."""
    before = {**NOBODY, "benchmarks": {"b": {"digest": BENCHMARK.digest}}, "seed": 1}
    assert keep_panel(before, [BENCHMARK]) == NOBODY
    turned = Benchmark("b", BENCHMARK.rows[::-1])
    with pytest.raises(InputError, match="other texts: b"):
        keep_panel(before, [turned])


def test_codes_become_labels() -> None:
    """Unknown codes are other languages, and no answer is undetermined, which names none."""
    adapter = ADAPTERS["lingua"]
    found = [as_answer(adapter, code) for code in ("NYNORSK", "GERMAN", NOTHING)]
    assert [answer.label for answer in found] == ["nno", "other", "und"]
    assert [answer.acceptable for answer in found] == [("nno",), (), ()]


def test_peers_import_nothing_that_their_environment_lacks() -> None:
    """Adapters stand on the standard library; packages are imported by name when loaded."""
    allowed = sys.stdlib_module_names | {"training"}
    for path in (ROOT / "training" / "peers").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert {alias.name.partition(".")[0] for alias in node.names} <= allowed
            if isinstance(node, ast.ImportFrom) and node.module:
                first, *rest = node.module.split(".")
                assert first in allowed
                assert first != "training" or rest[0] == "peers"


def test_every_peer_is_locked() -> None:
    """The peers' environment pins each package that an adapter loads."""
    lock = (ROOT / "requirements" / "peers.txt").read_text(encoding="utf-8")
    for adapter in ADAPTERS.values():
        assert f"\n{adapter.package}==" in lock
