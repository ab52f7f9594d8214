"""``whatsit.toml`` as text: read with a limit, and changed so that comments and all other keys stay."""

import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whatsit.datasets.places import SETTINGS, protect_project
from whatsit.errors import DataError
from whatsit.files import read_bounded
from whatsit.validation import short

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

MOST_BYTES = 2**20
NAMES = ("name", "camera", "split", "design", "model", "inbox", "recognise_all", "rules", "sinks")
"""What stands at the top of ``whatsit.toml``."""
_SHOWN_AS = {"rules": "[[rules]]", "sinks": "[[sinks]]", "design": "[design]"}


def settings_file(path: Path) -> Path:
    """A file, or ``whatsit.toml`` of a project's folder."""
    if not path.is_dir():
        return path
    protect_project(path)
    return SETTINGS.below(path)


def read_document(file: Path, what: str = "a TOML file") -> dict[str, Any]:
    """A TOML file.

    Args:
        what: what was expected, for messages.

    Raises:
        DataError: it cannot be read, or a name at its top is misspelt.
    """
    content = read_bounded(file, MOST_BYTES, what)
    try:
        document = tomllib.loads(content.decode())
    except (UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"{file}: not text, or nested too deep; expected {what}") from error
    except ValueError as error:
        raise DataError(f"{file}: cannot be read: {(str(error).splitlines() or [''])[0]}; correct it") from error
    check_names(document, file)
    return document


def check_names(document: Mapping[str, Any], file: Path) -> None:
    """Refuse a name at the top that is nearly one of ``NAMES``; others may be of a later version.

    Raises:
        DataError: there is one.
    """
    for name, value in document.items():
        if name in NAMES:
            continue
        if alike := get_close_matches(name.casefold(), NAMES, n=1, cutoff=0.8):
            kind = "table" if isinstance(value, dict | list) else "key"
            meant = _SHOWN_AS.get(alike[0], alike[0])
            raise DataError(f"{file}: no {kind} {short(name)}; did you mean {meant}?")


def with_values(text: str, values: Mapping[str, Any]) -> str:
    """The text of a TOML document with other values at its top; what stays the same stays as it is written.

    Args:
        values: None takes a key away; a mapping replaces the table of that name, key by key.
    """
    document = _parsed(text)
    for key, value in values.items():
        _set(document, key, value)
    return _written(document)


def with_tables(text: str, name: str, tables: Sequence[Mapping[str, Any]], by: str) -> str:
    """The text with other ``[[name]]`` tables; one that was there before, by its key ``by``, keeps its comments.

    One without that key is known by its number: ``rule 2`` of ``[[rules]]``.
    """
    import tomlkit

    document = _parsed(text)
    there = document.get(name)
    before: dict[object, Any] = {}
    for number, table in enumerate(there if isinstance(there, list) else (), 1):
        if isinstance(table, tomlkit.items.Table):
            before.setdefault(table.get(by, f"{name.removesuffix('s')} {number}"), table)
    fresh = tomlkit.aot()
    for values in tables:
        kept = before.pop(values.get(by), None)
        table = kept if kept is not None else tomlkit.table()
        for key in [*table]:
            if key not in values:
                del table[key]
        for key, value in values.items():
            _set(table, key, value)
        fresh.append(table)
    if name in document:
        document[name] = fresh
        if not tables:
            del document[name]
    elif tables:
        document.append(name, fresh)
    return _written(document)


def _parsed(text: str) -> "TOMLDocument":
    import tomlkit

    return tomlkit.parse(text)


def _written(document: "TOMLDocument") -> str:
    text = document.as_string()
    if tomllib.loads(text) != document.unwrap():
        raise DataError("the settings cannot be written as TOML; change the file by hand")
    return text if text.endswith("\n") or not text else text + "\n"


def _set(table: Any, key: str, value: Any) -> None:
    there: Any = table.get(key)
    if value is None:
        if key in table:
            del table[key]
    elif isinstance(value, Mapping) and isinstance(there, dict):
        for gone in [one for one in there if one not in value or value[one] is None]:
            del there[gone]
        for name, one in value.items():
            _set(there, name, one)
    elif there is None or _plain(there) != value or isinstance(_plain(there), bool) is not isinstance(value, bool):
        table[key] = {k: v for k, v in value.items() if v is not None} if isinstance(value, Mapping) else value


def _plain(value: Any) -> Any:
    return value.unwrap() if hasattr(value, "unwrap") else value
