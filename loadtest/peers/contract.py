"""A FastAPI application around any function from text to language, with scandid's requests.

The handler is a coroutine that computes in place: a thread pool would cost the peers more.
"""

from collections.abc import Callable

from fastapi import FastAPI
from pydantic import BaseModel

Identify = Callable[[str], tuple[str, float]]


class Query(BaseModel):
    """One text or several."""

    text: str | None = None
    texts: list[str] | None = None


class Language(BaseModel):
    """A language and how sure the library is."""

    language: str
    confidence: float


class Languages(BaseModel):
    """One answer a text."""

    answers: list[Language]


def build(identify: Identify) -> FastAPI:
    """Make the application."""
    app = FastAPI()

    @app.post("/identify")
    async def answer(query: Query) -> Language | Languages:
        if query.text is not None:
            return _language(identify, query.text)
        return Languages(answers=[_language(identify, text) for text in query.texts or ()])

    @app.get("/health/ready")
    async def ready() -> dict[str, str]:
        return {"status": "ready"}

    return app


def _language(identify: Identify, text: str) -> Language:
    language, confidence = identify(text)
    return Language(language=language, confidence=confidence)
