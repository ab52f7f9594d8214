"""Tables that installed packages extend: cameras, dataset formats, deploy targets, sinks and so on.

A table maps a name to a row: a value that carries everything the command line, the pages and ``doctor`` need to know.
The built-in rows are listed by reference (``module:attribute``) and imported when they are first looked up. A package
adds rows by entry points in the table's group (PyPA, "Entry points specification")::

    [project.entry-points."whatsit.cameras"]
    pattern = "my_package:PATTERN"
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from whatsit.errors import PluginError
from whatsit.validation import short

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint, EntryPoints

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class BrokenPlugin:
    """An entry point that cannot be used, and why."""

    group: str
    name: str
    package: str
    reason: str


class Table(Mapping[str, Row], Generic[Row]):
    """Rows of one kind by name: the built-in ones first, then those of installed packages, by name.

    Looking up a built-in row never reads the installed packages. A package cannot replace a built-in row. An entry
    point that cannot be used is left out of the iteration; ``broken`` names it and looking it up raises.
    """

    def __init__(self, group: str, kind: type[Row], built_in: Mapping[str, str]) -> None:
        """Declare a table.

        Args:
            group: the entry-point group, such as ``whatsit.cameras``.
            kind: the class of every row.
            built_in: name -> ``module:attribute``.
        """
        self.group = group
        self._kind = kind
        self._built_in = dict(built_in)
        self._loaded: dict[str, Row] = {}

    def __getitem__(self, name: str) -> Row:
        """The row of that name.

        Raises:
            KeyError: there is none.
            PluginError: an installed package announces it, and it cannot be used.
        """
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        unusable = {broken.name for broken in self.broken}
        yield from self._built_in
        yield from (name for name in self._announced if name not in unusable)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return name in self._built_in or name in self._announced

    def package(self, name: str) -> str | None:
        """The package that adds the row of that name; None for a built-in row."""
        point = self._announced.get(name)
        return _package(point) if point is not None else None

    @cached_property
    def broken(self) -> tuple[BrokenPlugin, ...]:
        """The entry points of this group that cannot be used."""
        found = [
            self._broken(point, f"{point.name!r} is the name of a built-in one")
            for point in _entry_points(self.group)
            if point.name in self._built_in
        ]
        for name, point in self._announced.items():
            try:
                self[name]
            except PluginError as error:
                found.append(self._broken(point, str(error)))
        return tuple(found)

    @cached_property
    def _announced(self) -> "dict[str, EntryPoint]":
        points = sorted(_entry_points(self.group), key=lambda point: point.name)
        return {point.name: point for point in points if point.name not in self._built_in}

    def _load(self, name: str) -> Row:
        reference = self._built_in.get(name)
        if reference is not None:
            row: Row = _by_reference(reference)
            return row
        point = self._announced.get(name)
        if point is None:
            raise KeyError(name)
        try:
            loaded = point.load()
        except Exception as error:  # somebody else's code: whatever it raises, the rest goes on
            reason = f"{type(error).__name__}: {short(str(error))}"
            raise PluginError(
                f"{_package(point)}: {self.group} {name!r} cannot be loaded ({reason}); update or uninstall the package"
            ) from error
        if not isinstance(loaded, self._kind):
            raise PluginError(
                f"{_package(point)}: {self.group} {name!r} is {short(loaded)}, expected a {self._kind.__name__}"
            )
        return loaded

    def _broken(self, point: "EntryPoint", reason: str) -> BrokenPlugin:
        return BrokenPlugin(self.group, point.name, _package(point), reason)


def _entry_points(group: str) -> "EntryPoints":
    from importlib.metadata import entry_points  # a tenth of the time to start classifying, and seldom needed

    return entry_points(group=group)


def _package(point: "EntryPoint") -> str:
    return point.dist.name if point.dist is not None else point.value


TABLES = (
    "whatsit.backbones:BACKBONES",
    "whatsit.cameras.sources:CAMERAS",
    "whatsit.datasets.formats:FORMATS",
    "whatsit.deployment.targets:TARGETS",
    "whatsit.heads.learners:LEARNERS",
    "whatsit.live.sinks:SINKS",
)
"""Every table of ours, by reference."""


def tables() -> list[Table[Any]]:
    """Every table of ours; for ``doctor``, which names the packages that extend them."""
    return [_by_reference(reference) for reference in TABLES]


def _by_reference(reference: str) -> Any:
    module, _, attribute = reference.partition(":")
    return getattr(import_module(module), attribute)
