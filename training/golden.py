"""Texts whose answers travel with the model and are replayed wherever it is loaded."""

from typing import Final

TEXTS: Final = (
    "Jeg ved ikke, hvad der skete, men vi må hellere spørge hende i morgen.",
    "Det er første gang, at børnene skal besøge deres bedstemor alene.",
    "Jag vet inte vad som hände, men vi får väl fråga henne i morgon.",
    "Det är första gången som barnen ska hälsa på sin mormor själva.",
    "Jeg vet ikke hva som skjedde, men vi får heller spørre henne i morgen.",
    "Det er første gang barna skal besøke bestemoren sin alene.",
    "Eg veit ikkje kva som hende, men vi får heller spørje henne i morgon.",
    "Det er fyrste gongen borna skal vitje bestemora si åleine.",
    "I do not know what happened, but we had better ask her tomorrow.",
    "Ich weiß nicht, was passiert ist, aber wir fragen sie lieber morgen.",
    "Ég veit ekki hvað gerðist, en við skulum spyrja hana á morgun.",
    "Я не знаю, что случилось, но лучше спросим её завтра.",
    "HVA HETER DU?",
    "smo\u0308rga\u030as",
    "kjærlighet",
    "Lorem ipsum 12345 http://example.com/ @navn 😀",
    "ja",
    "日本語のテキスト",
    "Kommunen har vedtatt en ny plan for skolene. " * 40,
)
"""Every label, capitals, decomposed accents, one word, other scripts, and a text that is cut."""
