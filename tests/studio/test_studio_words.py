"""The word lists agree, a language is one file, and the right one is chosen."""

import asyncio
import json
import re
import shutil
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

import whatsit.studio
from whatsit.backbones.embedder import PixelEmbedder
from whatsit.studio.pages.shared.i18n import FOLDER, Languages
from whatsit.studio.studio import Studio
from whatsit.studio.web.app import create_app
from whatsit.web.access import Access

PACKAGE = Path(whatsit.studio.__file__).parent
_PLURAL = re.compile(r"\.(one|other)$")


def test_every_language_has_the_same_messages_with_the_same_blanks() -> None:
    languages = Languages()
    stems = {code: {_PLURAL.sub("", key) for key in languages.own(code)} for code in languages}
    assert stems["en"] == stems["zh"]
    for key, text in languages.own("zh").items():
        assert set(re.findall(r"\{(\w+)\}", text)) == set(re.findall(r"\{(\w+)\}", languages.own("en")[key]))


def test_a_language_is_one_file(tmp_path: Path) -> None:
    for file in FOLDER.glob("*.json"):
        shutil.copy(file, tmp_path)
    words = {**Languages().own("en"), "nav.check": "Ellenőrzés", "check.begin": "Képek ellenőrzése"}
    names = {"language.name": "magyar", "language.short": "HU", "language.html": "hu"}
    (tmp_path / "hu.json").write_text(json.dumps({**words, **names}), "utf-8")
    (tmp_path / "xx.json").write_text("{}", "utf-8")
    languages = Languages(tmp_path)
    assert list(languages) == ["en", "hu", "xx", "zh"]
    assert languages.choose(None, None, "hu-HU,en;q=0.5").name == "magyar"
    app = create_app(Studio(tmp_path / "project", PixelEmbedder()), Access.of("localhost", 80, None), languages)
    with closing(app.state.studio):
        answer = asyncio.run(fetch(app, "/check?lang=hu"))
    assert '<html lang="hu"' in answer.text
    assert "Képek ellenőrzése" in answer.text
    assert 'aria-current="page">Ellenőrzés</a>' in answer.text
    assert 'hreflang="hu" aria-current="true"><span class="long">magyar</span>' in answer.text
    assert '<span class="short" aria-hidden="true">HU</span>' in answer.text
    # A file that leaves something out has the source's text there, and its code for a name.
    assert '<span class="long">xx</span><span class="short" aria-hidden="true">XX</span>' in answer.text
    assert languages["xx"].messages["nav.check"] == "Check"
    assert "whatsit_lang=hu" in answer.headers["set-cookie"]


async def fetch(app: FastAPI, address: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        return await client.get(address)


def test_nothing_is_loaded_from_elsewhere() -> None:
    paths = [path for path in PACKAGE.rglob("*") if path.suffix in (".html", ".js", ".css")]
    assert {path.suffix for path in paths} == {".html", ".js", ".css"}
    for path in paths:
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
