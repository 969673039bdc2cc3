"""Text that is no clean sentence of one language: mixed halves, names, code and addresses in it.

Measured on the shipped model; each tolerance is stated with what it bounds.
"""

from pathlib import Path
from statistics import mean

import pytest

from scandid import Answer, Identifier
from scandid.tables import LabelledText, read_table

DATA = Path(__file__).parent / "data"
SAMPLE = DATA / "flores_sample.parquet"

NAMES = (
    *("Anders Sørensen", "Kjersti Haugen", "Björn Lindqvist", "Ingeborg Øvrebø", "Åsa Nyström"),
    *("Mette Frederiksen", "Jonas Gahr Støre", "Emma Johnson", "Wolfgang Müller", "Siri Kvamme"),
)

NAME_CHANGED = 0.03
"""Share of pairs of names that may change a sentence's label; 0.016 was measured."""

INSERTED = {
    "address": "{} https://www.example.com/2024/05/index.html",
    "mention": "@kari_92 {}",
    "hashtag": "{} #fredag #kaffe",
    "emoji": "😂 {} 👍🏽",
    "call": "{} print(user_id)",
    "path": "{} /usr/local/lib/python3/site.py",
    "mail": "{} anna.berg@example.org",
    "digest": "{} 5f4dcc3b5aa765d61d8327deb882cf99",
}
"""What stands around texts on the net and in tickets."""

INSERTED_CHANGED = 0.02
"""Share of sentences whose label one of these may change; 0.010 was the most measured."""

CODE_CLAIMED = 3
"""Lines of code that may be called one of the four, never reliably; 3 were."""

CODE_LIKE = (
    "def get_user(user_id: int) -> User | None:",
    "for (int i = 0; i < n; ++i) { sum += a[i]; }",
    "SELECT name, email FROM customers WHERE id = 42;",
    "docker run --rm -it ubuntu:24.04 bash",
    '{"status": "ok", "items": []}',
    "ERROR 2024-05-01T12:00:00Z connection refused",
    "https://example.com/search?q=test&page=2",
    "kubectl get pods --namespace production",
)


@pytest.fixture(scope="module")
def identifier() -> Identifier:
    """The shipped model."""
    return Identifier.load()


@pytest.fixture(scope="module")
def rows() -> list[LabelledText]:
    """Wikipedia-like sentences of the sample, in their order."""
    return list(read_table(SAMPLE))


def of(rows: list[LabelledText], label: str) -> list[str]:
    """The sentences of one label."""
    return [row.text for row in rows if row.gold == {label}]


def sure(answers: list[Answer]) -> float:
    """Mean confidence."""
    return mean(answer.confidence for answer in answers)


@pytest.mark.parametrize("second", ["nob", "nno", "swe"])
def test_two_languages_in_one_text_lower_the_confidence(
    identifier: Identifier, rows: list[LabelledText], second: str
) -> None:
    """Half Danish, half another: either or both are the answer, and far less surely.

    Measured: confidence 0.41 to 0.55, where each half alone has 0.95 and more.
    """
    pairs = list(zip(of(rows, "dan"), of(rows, second), strict=False))
    mixed = identifier.identify_batch([f"{one} {other}" for one, other in pairs])
    alone = [identifier.identify_batch([pair[at] for pair in pairs]) for at in (0, 1)]
    doubled = identifier.identify_batch([f"{one} {one}" for one, _ in pairs])
    assert mean(answer.label in {"dan", second} for answer in mixed) >= 0.9
    assert sure(mixed) < min(*map(sure, alone), sure(doubled)) - 0.2
    assert mean(answer.reliable for answer in mixed) < mean(a.reliable for a in doubled)


def test_names_say_little(identifier: Identifier, rows: list[LabelledText]) -> None:
    """Who said it does not decide the language: another name leaves the label as it was."""
    said = {label: of(rows, label)[:60] for label in ("dan", "swe", "nob", "nno")}
    changed = []
    for texts in said.values():
        answers = [identifier.identify_batch([f"{n}: {text}" for text in texts]) for n in NAMES]
        for others in answers[1:]:
            changed += [a.label != b.label for a, b in zip(answers[0], others, strict=True)]
    assert mean(changed) <= NAME_CHANGED


@pytest.mark.parametrize("name", INSERTED)
def test_what_is_no_language_changes_few_labels(
    identifier: Identifier, rows: list[LabelledText], name: str
) -> None:
    """Addresses, mentions, emoji and pieces of code beside a sentence leave its label alone."""
    texts = [row.text for row in rows]
    clean = identifier.identify_batch(texts)
    changed = identifier.identify_batch([INSERTED[name].format(text) for text in texts])
    assert mean(a.label != b.label for a, b in zip(clean, changed, strict=True)) <= INSERTED_CHANGED


def test_code_is_not_claimed_for_a_language(identifier: Identifier) -> None:
    """Lines of code, logs and addresses: few are called one of the four, and none reliably."""
    answers = identifier.identify_batch(CODE_LIKE)
    claimed = [answer for answer in answers if answer.label not in {"other", "und"}]
    assert len(claimed) <= CODE_CLAIMED
    assert not any(answer.reliable for answer in claimed)
