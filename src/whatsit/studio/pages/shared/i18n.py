"""The page's words in each language, and which language a visitor reads."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

LANGUAGES = {"en": "English", "zh": "中文"}
_FOLDER = Path(__file__).parent / "locales"


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Every message of a language in ``LANGUAGES``, by key."""
    messages: dict[str, str] = json.loads((_FOLDER / f"{language}.json").read_text("utf-8"))
    return messages


def choose(asked: str | None, remembered: str | None, accept: str) -> str:
    """The language to show: asked for in the address, remembered from last time, or preferred by the browser.

    Args:
        accept: an Accept-Language header (RFC 9110, section 12.5.4).
    """
    for language in (asked, remembered):
        if language in LANGUAGES:
            return language
    weighted = [_weighted(part) for part in accept[:500].split(",")]
    for _, language in sorted(weighted, key=lambda pair: -pair[0]):
        if language in LANGUAGES:
            return language
    return "en"


def _weighted(part: str) -> tuple[float, str]:
    name, _, quality = part.partition(";q=")
    try:
        weight = float(quality) if quality else 1.0
    except ValueError:
        weight = 0.0
    return weight, name.strip().lower().partition("-")[0]
