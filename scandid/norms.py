"""The two written norms of Norwegian, told apart by words that only one of them permits.

*Jenta mi kasta boka på golvet og gikk ut i sola* is Bokmål with every choice that it shares with
Nynorsk. A network adds up what words and endings say, and there are many such endings; but one
*gikk* decides, for no spelling of Nynorsk has it. Of the benchmarks' texts that a network calls
Nynorsk and that hold such a word, and none of Nynorsk's own, all five are Bokmål, and so are nine
of twenty sentences like the one above (docs/LOG.md, "Words that decide"). *Fra* is not among them:
without its ring *frå* is written so.
"""

from collections.abc import Collection
from typing import Final

_BOKMAAL: Final = """
jeg ikke hun hva hvor hvordan hvorfor hvem hvilken hvilket hvilke hver hvert hvis dere dem selv
noen noe flere gjøre gjør sier være vært ble fikk gikk hjem hjemme hennes uken ukene kjøre veien
vannet
"""
_NYNORSK: Final = """
ikkje kva korleis kvifor kven frå dykk dei ein eit sjølv noko nokon nokre fleire utan gjere gjera
kjem vere vera vore vart fekk gjekk heim heime deira veke veker køyre mykje meir berre heile desse
difor sidan saman medan mogleg kvarandre pengar noreg
"""
ONLY_BOKMAAL: Final = frozenset(_BOKMAAL.encode().split())
ONLY_NYNORSK: Final = frozenset(_NYNORSK.encode().split())
"""Words of each norm, in UTF-8 and lower case, that the other does not permit, by the word lists of
Språkrådet: pronouns, question words, and forms of the commonest verbs."""

SURE: Final = 0.99
"""Probability of Nynorsk from which no word is asked: all 14 texts that were decided so had less
than 0.96, and three of four that are Nynorsk have more."""


def is_no_nynorsk(words: Collection[bytes]) -> bool:
    """Whether words of a text rule Nynorsk out: one is only Bokmål's, and none only Nynorsk's."""
    return not ONLY_BOKMAAL.isdisjoint(words) and ONLY_NYNORSK.isdisjoint(words)
