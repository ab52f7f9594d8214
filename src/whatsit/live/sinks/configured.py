"""``[[sinks]]`` of ``whatsit.toml``: an address under ``to``, and its options as keys beside it."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from whatsit.datasets.project_id import project_id
from whatsit.datasets.settings_file import read_document, settings_file
from whatsit.errors import DataError, WhatsitError
from whatsit.live.sink import Sink
from whatsit.live.sinks import SINKS
from whatsit.validation import short

_MOST_SINKS = 32
_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class SinkChoice:
    """A sink as the file names it. Nothing is opened by it."""

    to: str = field(repr=False)
    """The address; it can carry options too."""
    options: Mapping[str, str] = field(repr=False)
    """Those that stand as keys beside it."""
    name: str
    """The address without secrets, for people."""
    scheme: str

    def open(self) -> Sink:
        """The sink.

        Raises:
            WhatsitError: it cannot be opened now; as ``open_sink``.
        """
        address, kind = SINKS.resolve(self.to)
        return kind.open(replace(address, options={**address.options, **self.options}))


def read_sinks(path: Path) -> tuple[SinkChoice, ...]:
    """The sinks in a TOML file, or in ``whatsit.toml`` of a project's folder; none is no error.

    Raises:
        DataError: it cannot be read, or one of them is wrong.
    """
    file = settings_file(path)
    document = read_document(file, "a TOML file with [[sinks]]")
    try:
        found = sinks_of(document)
    except DataError as error:
        raise DataError(f"{file}: {error}") from error
    return tuple(_known_by(one, path) for one in found) if path.is_dir() else found


def sinks_of(document: Mapping[str, Any]) -> tuple[SinkChoice, ...]:
    """The sinks in a TOML document.

    Raises:
        DataError: one of them is wrong. The text never has a secret in it.
    """
    tables = document.get("sinks", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise DataError("sinks: expected tables called [[sinks]]")
    if len(tables) > _MOST_SINKS:
        raise DataError(f"{len(tables)} sinks; expected at most {_MOST_SINKS}")
    return tuple(_choice(table, f"sink {number}") for number, table in enumerate(tables, 1))


def open_choices(choices: tuple[SinkChoice, ...]) -> list[Sink]:
    """All of them; where one cannot be opened, those before it are closed.

    Raises:
        WhatsitError: as ``SinkChoice.open``.
    """
    with ExitStack() as opened:
        sinks = []
        for choice in choices:
            sinks.append(choice.open())
            opened.callback(sinks[-1].close)
        opened.pop_all()
    return sinks


def _known_by(choice: SinkChoice, project: Path) -> SinkChoice:
    """A sink that others know by an id, by the project's where it names none."""
    address, kind = SINKS.parse(choice.to)
    named = "id" in choice.options or "id" in address.options
    if named or all(option.name != "id" for option in kind.options):
        return choice
    number = project_id(project)
    return choice if number is None else replace(choice, options={**choice.options, "id": f"whatsit_{number}"})


def _choice(table: Mapping[str, Any], where: str) -> SinkChoice:
    to = table.get("to")
    if not isinstance(to, str) or not to.strip() or len(to) > _LONGEST:
        raise DataError(f'{where}: to {short(to)}: expected an address, such as to = "jsonl:seen.jsonl"')
    try:
        address, kind = SINKS.parse(to)
    except WhatsitError as error:
        raise DataError(f"{where}: {error}") from error
    known = sorted(option.name for option in kind.options)
    options = {}
    for key, value in table.items():
        if key == "to":
            continue
        if key not in known:
            raise DataError(f"{where}: no key {short(key)}; expected to, {', '.join(known)}")
        if key in address.options:
            raise DataError(f"{where}: {key} stands in the address and beside it; leave out one of them")
        options[key] = _text(value, f"{where}: {key}")
    return SinkChoice(to, options, address.text, address.scheme)


def _text(value: object, where: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str) and value.isprintable() and 0 < len(value) <= _LONGEST:
        return value
    raise DataError(f"{where}: expected text in quotes, a number, true or false")
