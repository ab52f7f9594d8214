"""The catalogues agree, and the right language is chosen."""

import re
from pathlib import Path

import pytest

import whatsit.studio
from whatsit.studio.pages.shared.i18n import Languages

PACKAGE = Path(whatsit.studio.__file__).parent
_PLURAL = re.compile(r"\.(one|other)$")


def test_every_language_has_the_same_messages_with_the_same_blanks() -> None:
    languages = Languages()
    stems = {code: {_PLURAL.sub("", key) for key in languages.own(code)} for code in languages}
    assert stems["en"] == stems["zh"]
    for key, text in languages.own("zh").items():
        assert set(re.findall(r"\{(\w+)\}", text)) == set(re.findall(r"\{(\w+)\}", languages.own("en")[key]))


def test_every_word_a_page_or_script_asks_for_exists() -> None:
    words = Languages().own("en")
    stems = {_PLURAL.sub("", key) for key in words}
    asked = set()
    for path in PACKAGE.rglob("*.html"):
        asked |= set(re.findall(r"t\('([\w.]+)'\)", path.read_text("utf-8")))
    for path in PACKAGE.rglob("*.js"):
        asked |= set(re.findall(r"\bt\(\"([\w.]+)\"", path.read_text("utf-8")))
    assert len(asked) > 80
    assert asked <= stems


def test_nothing_is_loaded_from_elsewhere() -> None:
    for suffix in ("*.html", "*.js", "*.css"):
        for path in PACKAGE.rglob(suffix):
            text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
            assert not re.search(r"(src|href|url|import|fetch)\W{1,3}https?://", text), path.name


@pytest.mark.parametrize(
    ("asked", "remembered", "accept", "language"),
    [
        (None, None, "", "en"),
        (None, None, "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        (None, None, "fr;q=1, en-GB;q=0.5, zh;q=0.7", "zh"),
        (None, None, "de,en;q=0.3", "en"),
        (None, "zh", "en", "zh"),
        ("en", "zh", "zh", "en"),
        ("xx", "../../etc", ",;q=,;;;q=x", "en"),
    ],
)
def test_the_language_is_asked_for_remembered_or_the_browsers(
    asked: str | None, remembered: str | None, accept: str, language: str
) -> None:
    assert Languages().choose(asked, remembered, accept).code == language
