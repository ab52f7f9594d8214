"""What a program sends with pictures: to have them classified, or corrected; in one of three forms."""

import base64
import binascii
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from whatsit.datasets.formats.list_cost import MAX_COST, list_cost
from whatsit.serving.form import read_form
from whatsit.serving.refused import RefusedError
from whatsit.serving.service import THRESHOLD
from whatsit.validation import short

TOP_K = 5
_MOST_TOP_K = 1000
Options: TypeAlias = Mapping[str, tuple[tuple[type, ...], str]]
"""Name -> its types in JSON, and what is expected."""
_OPTIONS: Options = {
    "model": ((str,), "a name"),
    "top_k": ((int,), "a whole number"),
    "threshold": ((int, float), "a number from 0 to 1"),
}
_EXPECTED = "a form with files (curl -F image=@x.jpg), a picture (content-type image/jpeg), or JSON with base64"


@dataclass(frozen=True, slots=True)
class Submission:
    """Pictures to classify."""

    pictures: tuple[bytes, ...]
    model: str | None = None
    top_k: int = TOP_K
    threshold: float = THRESHOLD


def read_submission(body: bytes, content_type: str, query: Mapping[str, str]) -> Submission:
    """The pictures in a body, and the options in its fields, else in the address.

    Raises:
        RefusedError: another content type, a broken body, a field that is not known, or an option out of range.
    """
    pictures, fields = read_pictures(body, content_type, query, _OPTIONS)
    return Submission(pictures, fields.get("model") or None, _top_k(fields), number(fields, "threshold", THRESHOLD))


def read_pictures(
    body: bytes, content_type: str, query: Mapping[str, str], options: Options
) -> tuple[tuple[bytes, ...], dict[str, Any]]:
    """The pictures in a body, and the options in its fields, else in the address: text, or of the types in JSON.

    Raises:
        RefusedError: another content type, a broken body, no picture, or a field that is not known.
    """
    kind = content_type.partition(";")[0].strip().lower()
    fields: dict[str, Any] = dict(query)
    if kind == "multipart/form-data":
        form = read_form(body, content_type)
        pictures = [content for name, content in form.files if _is_picture_field(name)]
        _refuse_others((name for name, _ in form.files if not _is_picture_field(name)), options)
        if any(map(_is_picture_field, form.texts)):
            raise RefusedError(400, "image: sent as text; expected a file (curl -F image=@x.jpg, with the @)")
        _add(fields, form.texts)
    elif kind == "application/json":
        pictures, found = _from_json(body, options)
        _add(fields, found)
    elif kind.startswith("image/") or kind == "application/octet-stream":
        pictures = [body] if body else []
    else:
        raise RefusedError(415, f"content-type {short(kind)}: expected {_EXPECTED}")
    _refuse_others((name for name in fields if name not in options), options)
    if not pictures:
        raise RefusedError(400, f"image is missing: expected {_EXPECTED}")
    return tuple(pictures), fields


def number(fields: Mapping[str, Any], name: str, default: float) -> float:
    """A field from 0 to 1.

    Raises:
        RefusedError: it is something else.
    """
    value = fields.get(name)
    if value is None or value == "":
        return default
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not 0 <= found <= 1:
        raise RefusedError(400, f"{name} {short(value)}: expected a number from 0 to 1")
    return found


def json_object(text: bytes) -> dict[str, Any]:
    """A JSON object.

    Raises:
        RefusedError: it is something else.
    """
    if list_cost(text) > MAX_COST:
        raise RefusedError(
            413, f"the request: JSON of {len(text):,} bytes would take too much memory; send less at once"
        )
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RefusedError(400, f"the request: expected JSON: {error}") from error
    if not isinstance(found, dict):
        raise RefusedError(400, f"the request: expected a JSON object, not {type(found).__name__}")
    return found


def from_base64(text: object, name: str) -> bytes:
    """The bytes of base64 text (RFC 4648), also as a ``data:`` address.

    Raises:
        RefusedError: it is something else.
    """
    if not isinstance(text, str):
        raise RefusedError(400, f"{name} {short(text)}: expected a picture in base64")
    content = text.partition(",")[2] if text.startswith("data:") else text
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RefusedError(400, f"{name} {short(text)}: expected a picture in base64") from error


def _from_json(body: bytes, options: Options) -> tuple[list[bytes], dict[str, Any]]:
    found = json_object(body)
    given = found.pop("image", None)
    texts = given if isinstance(given, list) else [] if given is None else [given]
    for name, (kinds, expected) in options.items():
        if name in found and type(found[name]) not in kinds:
            raise RefusedError(400, f"{name} {short(found[name])}: expected {expected}")
    return [from_base64(text, "image") for text in texts], found


def _add(fields: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Add a body's options to those of the address."""
    for name, value in more.items():
        if str(fields.setdefault(name, value)) != str(value):
            raise RefusedError(
                400, f"{short(name)}: {short(fields[name])} in the address, {short(value)} in the body; send one"
            )


def _is_picture_field(name: str) -> bool:
    return name in ("image", "image[]", "images")


def _refuse_others(names: Iterable[str], options: Options) -> None:
    for name in names:
        raise RefusedError(400, f"{short(name)}: there is no such field; expected image, {', '.join(options)}")


def _top_k(fields: Mapping[str, Any]) -> int:
    value = fields.get("top_k")
    if value is None or value == "":
        return TOP_K
    text = str(value)
    digits = text.isascii() and text.isdecimal() and len(text) < 9
    if not digits or not 1 <= int(text) <= _MOST_TOP_K:
        raise RefusedError(400, f"top_k {short(value)}: expected a whole number from 1 to {_MOST_TOP_K}")
    return int(text)
