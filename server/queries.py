"""A request body as the texts it asks about, checked field by field."""

from typing import Final

import falcon
import orjson

from server.errors import Problem, shown

JSON: Final = "application/json"
PLAIN_TEXT: Final = "text/plain"
_FIELDS: Final = ("text", "texts")
_CHARSETS: Final = ("utf-8", "utf8", "us-ascii", "ascii")

Query = str | list[str]
"""One text, or a list of texts."""


def parse_query(body: bytes, content_type: str | None, max_texts: int) -> Query:
    """What the body asks about; a body without a media type, or an empty one, is taken for JSON.

    Raises:
        Problem: The body cannot be used; the detail says what would be right.
    """
    # Nearly every client sends exactly this header: parsing it would be wasted on them.
    if content_type == JSON or not content_type:
        return _parse_json(body, max_texts)
    media_type, parameters = falcon.parse_header(content_type)
    if media_type.lower() not in (JSON, PLAIN_TEXT):
        detail = (
            f"Content-Type is {shown(media_type or content_type)}; send {JSON} or {PLAIN_TEXT}."
        )
        raise Problem("unsupported_media_type", detail)
    charset = parameters.get("charset", "utf-8")
    if charset.lower() not in _CHARSETS:
        raise Problem("unsupported_media_type", f"charset is {shown(charset)}; send UTF-8.")
    return _parse_json(body, max_texts) if media_type.lower() == JSON else _decode(body)


def _parse_json(body: bytes, max_texts: int) -> Query:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        _decode(body)
        raise Problem("invalid_json", f"{error}.") from None
    if not isinstance(document, dict):
        raise _wrong_type("the body", "an object with text or texts", document)
    return _parse_document(document, max_texts)


def _parse_document(document: dict[str, object], max_texts: int) -> Query:
    for name in document:
        if name not in _FIELDS:
            field = shown(name)
            raise Problem(
                "unknown_field", f"{field!r} is unknown; send text or texts.", field=field
            )
    if len(document) != 1:
        found = "both are there" if document else "neither is there"
        raise Problem("text_or_texts", f"Send either text or texts; {found}.")
    if "texts" in document:
        return _check_texts(document["texts"], max_texts)
    text = document["text"]
    if not isinstance(text, str):
        raise _wrong_type("text", "a string", text)
    return text


def _check_texts(texts: object, max_texts: int) -> list[str]:
    if not isinstance(texts, list):
        raise _wrong_type("texts", "an array of strings", texts)
    if len(texts) > max_texts:
        detail = f"texts holds {len(texts)} texts; at most {max_texts} are taken."
        raise Problem("too_many_texts", detail, field="texts", limit=max_texts)
    for index, text in enumerate(texts):
        if not isinstance(text, str):
            raise _wrong_type(f"texts[{index}]", "a string", text)
    return texts


def _decode(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        detail = f"Byte {error.start} (0x{body[error.start]:02x}) is not UTF-8: {error.reason}."
        raise Problem("invalid_utf8", detail) from None


def _wrong_type(field: str, wanted: str, value: object) -> Problem:
    detail = f"{field} must be {wanted}, not {_json_type(value)}."
    return Problem("wrong_type", detail, field=field)


def _json_type(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    names = {dict: "an object", list: "an array", str: "a string", int: "a number"}
    return names.get(type(value), "a number")
