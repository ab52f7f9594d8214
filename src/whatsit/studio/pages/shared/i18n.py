"""The pages' words in each language, and which language a visitor reads."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

FOLDER = Path(__file__).parent / "locales"
"""One file per language: ``<code>.json``, message key -> text."""
SOURCE = "en"
"""The language the others are translated from; its text stands where another has none."""


@dataclass(frozen=True, slots=True)
class Language:
    """One language as its file describes it.

    Its file names it under ``language.name`` (as its readers write it), ``language.short`` (a few letters, for narrow
    screens) and ``language.html`` (the ``lang`` attribute, a BCP 47 tag such as ``zh-Hans``).
    """

    code: str
    messages: Mapping[str, str]

    @property
    def name(self) -> str:
        """Such as ``English``."""
        return self.messages["language.name"]

    @property
    def short(self) -> str:
        """Such as ``EN``."""
        return self.messages["language.short"]

    @property
    def html(self) -> str:
        """The tag for the ``lang`` attribute."""
        return self.messages["language.html"]


class Languages(Mapping[str, Language]):
    """Every language in a folder, by code; the source language first."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder

    def __getitem__(self, code: str) -> Language:
        return self._all[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def own(self, code: str) -> Mapping[str, str]:
        """The messages in a language's file, without the source language's in place of missing ones."""
        messages: dict[str, str] = json.loads((self._folder / f"{code}.json").read_text("utf-8"))
        return messages

    @cached_property
    def _all(self) -> dict[str, Language]:
        codes = sorted((path.stem for path in self._folder.glob("*.json")), key=lambda code: (code != SOURCE, code))
        source = self.own(SOURCE)
        return {code: Language(code, {**source, **_unnamed(code), **self.own(code)}) for code in codes}

    def choose(self, asked: str | None, remembered: str | None, accept: str) -> Language:
        """The language to show: asked for in the address, remembered from last time, or preferred by the browser.

        Args:
            asked: a code from the address; an unknown one is ignored, as is an unknown ``remembered``.
            accept: an Accept-Language header (RFC 9110, section 12.5.4).
        """
        for code in (asked, remembered):
            if code is not None and code in self:
                return self[code]
        weighted = [_weighted(part) for part in accept[:500].split(",")]
        for _, code in sorted(weighted, key=lambda pair: -pair[0]):
            if code in self:
                return self[code]
        return self[SOURCE]


def _unnamed(code: str) -> dict[str, str]:
    """What stands for a language whose file does not name it."""
    return {"language.name": code, "language.short": code.upper(), "language.html": code}


def _weighted(part: str) -> tuple[float, str]:
    name, _, quality = part.partition(";q=")
    try:
        weight = float(quality) if quality else 1.0
    except ValueError:
        weight = 0.0
    return weight, name.strip().lower().partition("-")[0]
