"""Tables whose rows are chosen by an address: cameras, and the sinks of live answers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import parse_qsl, urlsplit

from whatsit.errors import WhatsitError
from whatsit.plugins.address import Address, url_without_password
from whatsit.plugins.option import Option
from whatsit.plugins.requirement import Extra, Requirement
from whatsit.plugins.table import Table
from whatsit.validation import short


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressedRow:
    """What everybody needs to know of a row that an address chooses. Its key in the table is the address's scheme."""

    description: str
    """What it is, in a few words: "a USB camera (V4L2)"."""
    example: str
    """An address that somebody could type, or one that ends in ``…``: ``usb:0``, ``rtsp://…``."""
    url: bool = False
    """True where the whole address is a URL, so that what follows its ``?`` is not for us."""
    carries_url: bool = False
    """True where the target is somebody else's URL: messages show only its host, since its path and query can be
    secret, and a ``?`` in it is not for us unless our options follow."""
    options: tuple[Option, ...] = ()
    """What can follow a ``?``; any other option is refused."""
    requirement: Requirement | None = None
    """What has to be installed for it; where that is missing, the address is refused."""
    hidden: bool = False
    """True for what only tests and demonstrations use: hints and lists leave it out."""


Row = TypeVar("Row", bound=AddressedRow)


class AddressTable(Table[Row]):
    """A table with the scheme of an address as its key."""

    def __init__(
        self,
        group: str,
        kind: type[Row],
        built_in: Mapping[str, str],
        *,
        noun: str,
        error: type[WhatsitError],
        argument_error: type[WhatsitError] | None = None,
        paths: Mapping[str, str] | None = None,
    ) -> None:
        """Declare a table.

        Args:
            group: the entry-point group, such as ``whatsit.cameras``.
            kind: the class of every row.
            built_in: scheme -> ``module:attribute``.
            noun: what a row is, for messages: "camera".
            error: the class of the errors about addresses.
            argument_error: the class for an address that is not understood; None: ``error``.
            paths: regular expression of an address without a scheme -> the scheme it means.
        """
        super().__init__(group, kind, built_in)
        self._noun = noun
        self._error = error
        self._argument_error = argument_error or error
        self._paths = dict(paths or {})

    def rows(self) -> list[Row]:
        """Every row once, in order, without the hidden ones; several schemes can share a row."""
        rows: list[Row] = []
        for row in self.values():
            if not row.hidden and row not in rows:
                rows.append(row)
        return rows

    def parse(self, text: str) -> tuple[Address, Row]:
        """Take an address apart and look up its row.

        Raises:
            WhatsitError: of this table's class: not an address, or an unknown scheme or option.
            PluginError: an installed package announces the scheme, and cannot be used.
        """
        scheme, rest = self._split(text)
        if scheme not in self:
            raise self._argument_error(f"{_shown(text)}: no {self._noun} of kind {scheme!r}; {self._hint()}")
        row = self[scheme]
        return self._url(text, scheme) if row.url else self._with_options(text, scheme, rest, row), row

    def resolve(self, text: str) -> tuple[Address, Row]:
        """As ``parse``, for an address that is about to be opened.

        Raises:
            WhatsitError: also where something is missing that pip does not install.
            MissingExtraError: the row needs an extra that is not installed.
        """
        address, row = self.parse(text)
        requirement = row.requirement
        if requirement is not None and not requirement.installed:
            if isinstance(requirement, Extra):
                raise requirement.missing(f"{address.text}: {row.description}")
            raise address.refusal(f"needs {requirement.name}, which is not installed: run  {requirement.fix}")
        return address, row

    def _split(self, text: str) -> tuple[str, str]:
        if isinstance(text, str) and text.strip() and text.isprintable():
            for pattern, scheme in self._paths.items():
                if re.fullmatch(pattern, text):
                    return scheme, text
            scheme, colon, rest = text.partition(":")
            if colon and re.fullmatch(r"[a-z][a-z0-9+.-]+", scheme.lower()):
                return scheme.lower(), rest
        raise self._argument_error(f"{_shown(text)} is not a {self._noun}'s address; {self._hint()}")

    def _url(self, text: str, scheme: str) -> Address:
        try:
            return Address(url_without_password(text), scheme, text, error=self._error)
        except ValueError as error:
            raise self._argument_error(f"{_shown(text)} is not a {self._noun}'s address: {error}") from error

    def _with_options(self, text: str, scheme: str, rest: str, row: Row) -> Address:
        known = sorted(option.name for option in row.options)
        has_secrets = any(option.is_secret for option in row.options)
        target, mark, query = rest.rpartition("?")
        if row.carries_url:
            return self._with_url(scheme, rest, known)
        if not mark or (query and not all(_is_option(part, known) for part in query.split("&"))):
            # the question mark is part of a file's name
            return Address(_without_values(text) if has_secrets else text, scheme, rest, error=self._error)
        options = dict(parse_qsl(query, keep_blank_values=True))
        shown = text
        if has_secrets:
            open_names = {option.name for option in row.options if not option.is_secret}
            parts = [_option_shown(part, open_names) for part in query.split("&")]
            shown = _without_password(text.removesuffix(query) + "&".join(parts))
        address = Address(shown, scheme, target, options, self._error)
        for name in address.options:
            if name not in known:
                choice = f"it takes {', '.join(known)}" if known else "it takes none"
                raise self._argument_error(f"{address.text}: no option named {name!r}; {choice}")
        return address

    def _with_url(self, scheme: str, rest: str, known: list[str]) -> Address:
        target, mark, query = rest.rpartition("?")
        ours = dict(parse_qsl(query, keep_blank_values=True))
        if not mark or not ours.keys() & set(known):
            target, ours = rest, {}
        try:
            parts = urlsplit(target)
            port = f":{parts.port}" if parts.port else ""
            shown = f"{scheme}:{parts.scheme}://{parts.hostname}{port}/…" if parts.hostname else f"{scheme}:…"
        except ValueError:
            shown = f"{scheme}:…"
        address = Address(shown if target else f"{scheme}:", scheme, target, ours, self._error)
        if ours.keys() - set(known):
            raise self._argument_error(
                f"{shown}: options of the URL and of whatsit ({', '.join(known)}) behind one ?; put whatsit's "
                "behind a second one, at the end"
            )
        return address

    def _hint(self) -> str:
        return "try  " + "  ".join(row.example for row in self.rows())


def _shown(text: object) -> str:
    """An address that cannot be used, for a message: short, on one line, and without a password."""
    return short(_without_password(text) if isinstance(text, str) else text)


def _without_password(text: str) -> str:
    return re.sub(r"//([^/@:]*):[^/@]*@", r"//\1:***@", text)


def _without_values(text: str) -> str:
    """An address whose query was not understood: it may be a secret with a misspelt name."""
    target, mark, query = _without_password(text).partition("?")
    return target + mark + re.sub(r"=[^&]*", "=***", query)


def _option_shown(part: str, names: set[str]) -> str:
    name, _, value = part.partition("=")
    is_place = value.startswith(("env:", "file:"))
    return part if name in names or not value or is_place else f"{name}=***"


def _is_option(part: str, known: list[str]) -> bool:
    name, equals, _ = part.partition("=")
    return bool(re.fullmatch(r"[a-z_]+", name)) and (bool(equals) or name in known)
