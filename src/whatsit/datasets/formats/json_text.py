"""JSON from outside, parsed so that nothing in it is lost in silence."""

import json
from collections.abc import Iterator
from typing import Any

from whatsit.datasets.formats.list_text import list_text
from whatsit.errors import SourceError


class _TwiceError(ValueError):
    """A key that an object has twice: JSON parsers keep the last."""


def parsed_json(content: bytes, path: str) -> Any:
    """The document in a file, or a list of its objects where there is one per line.

    Raises:
        SourceError: not text, neither JSON nor one JSON object per line, nested too deeply, or an object has a key
            twice.
    """
    text = list_text(content, path)
    try:
        return _loads(text)
    except _TwiceError as error:
        raise SourceError(f"{path}: names {error} twice; keep one of them") from error
    except (ValueError, RecursionError) as error:
        lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
        if len(lines) < 2 or not lines[0][1].lstrip().startswith("{") or not lines[0][1].rstrip().endswith("}"):
            raise SourceError(f"{path}: not JSON: {_reason(error)}; export it again") from error
    found = []
    for number, line in lines:
        try:
            found.append(_loads(line))
        except _TwiceError as error:
            raise SourceError(f"{path}, line {number}: names {error} twice; keep one of them") from error
        except (ValueError, RecursionError) as error:
            raise SourceError(
                f"{path}, line {number}: neither JSON nor one JSON object per line; export it again"
            ) from error
    return found


def texts_in(document: Any) -> Iterator[str]:
    """Every text in a document, keys included."""
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from value
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _loads(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_object, parse_constant=lambda _: None)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _TwiceError(repr(twice[:60]))
    return found


def _reason(error: BaseException) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else (str(error).splitlines() or ["?"])[0]
