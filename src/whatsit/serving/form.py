"""A form with files (``multipart/form-data``, RFC 7578), read from memory."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from whatsit.serving.refused import RefusedError
from whatsit.validation import short

MOST_PARTS = 100
_LONGEST_TEXT = 2000
_LONGEST_NAME = 200
_LONGEST_PLAIN = 2**16


@dataclass(slots=True)
class Form:
    """What a form holds. A part is a file where it says a file name or the type of a picture."""

    texts: dict[str, str] = field(default_factory=dict)
    files: list[tuple[str, bytes]] = field(default_factory=list)
    """Field name and content, in their order."""


def read_form(body: bytes, content_type: str) -> Form:
    """The form in a body.

    Raises:
        RefusedError: it is broken, has too many parts or a text that is too long.
    """
    kind, options = parse_options_header(content_type)
    if kind == b"application/x-www-form-urlencoded":
        return _read_plain(body)
    boundary = options.get(b"boundary")
    if not boundary:
        raise RefusedError(400, "the form: its content type has no boundary")
    reading = _Reading()
    try:
        parser = MultipartParser(boundary, reading.callbacks())  # type: ignore[arg-type]  # a subset of them
        parser.write(body)
        parser.finalize()
    except (MultipartParseError, UnicodeDecodeError, ValueError) as error:
        raise RefusedError(400, f"the form: broken: {error}") from error
    if not reading.complete:
        raise RefusedError(400, "the form: it ends before its last boundary")
    return reading.form


class _Reading:
    """The form so far, as the parser goes through the body."""

    def __init__(self) -> None:
        self.form = Form()
        self.complete = False
        self._parts = 0
        self._headers: dict[bytes, bytes] = {}
        self._name, self._value = b"", b""
        self._content: list[bytes] = []

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise RefusedError(413, f"the form: more than {MOST_PARTS} parts")
        self._headers, self._content = {}, []

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name, self._value = b"", b""

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._content.append(data[start:end])

    def _end(self) -> None:
        kind, options = parse_options_header(self._headers.get(b"content-disposition"))
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if kind != b"form-data" or not 0 < len(name) <= _LONGEST_NAME:
            raise RefusedError(400, "the form: a part without a name")
        content = self._content[0] if len(self._content) == 1 else b"".join(self._content)
        if b"filename" in options or self._headers.get(b"content-type", b"").lower().startswith(b"image/"):
            self.form.files.append((name, content))
        else:
            _keep(self.form.texts, name, _text(content, name))

    def _finish(self) -> None:
        self.complete = True


def _read_plain(body: bytes) -> Form:
    """A form without files: what programs send that only have a key to show."""
    if len(body) > _LONGEST_PLAIN:
        raise RefusedError(415, "a form without files: expected pictures as files (curl -F image=@x.jpg)")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_PARTS)
    except ValueError as error:
        raise RefusedError(400, f"the form: broken: {error}") from error
    form = Form()
    for name, text in pairs:
        _keep(form.texts, name, _text(text.encode("utf-8", "replace"), name))
    return form


def _keep(texts: dict[str, str], name: str, text: str) -> None:
    before = texts.setdefault(name, text)
    if before != text:
        raise RefusedError(400, f"{short(name)}: given twice, as {short(before)} and {short(text)}")


def _text(content: bytes, name: str) -> str:
    if len(content) > _LONGEST_TEXT:
        raise RefusedError(413, f"field {name!r}: text of {len(content):,} bytes; send a picture as a file")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise RefusedError(400, f"field {name!r}: neither a file nor text in UTF-8") from error
