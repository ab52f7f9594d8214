"""A page is a folder: found there, served from there, and nothing else in it is."""

import asyncio
import shutil
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest
from starlette.types import ASGIApp, Message

from whatsit.studio.pages.shared import page as pages
from whatsit.studio.pages.shared.page import FOLDER, STATIC, find_pages
from whatsit.studio.web.app import Scripts


def test_every_folder_of_pages_is_a_page_in_the_navigation(page: httpx.Client) -> None:
    folders = {file.parent.name for file in FOLDER.glob("*/page.py")} - {"shared"}
    found = find_pages()
    assert {one.name for one in found} == folders
    assert len({one.path for one in found}) == len({one.order for one in found}) == len(found)
    navigation = page.get("/").text.partition("<nav")[2].partition("</nav>")[0]
    places = [navigation.index(f'href="{one.path}"') for one in found if one.listed]
    assert places == sorted(places)
    for one in found:
        answer = page.get(one.path)
        assert answer.status_code == 200
        assert f'data-page="{one.name}"' in answer.text
        assert page.get(f"/static/{one.name}/{one.name}.js").status_code == 200


def test_a_new_folder_is_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "other_pages"
    (package / "hello").mkdir(parents=True)
    (package / "hello" / "page.py").write_text(
        "from fastapi import APIRouter\n"
        "from whatsit.studio.pages.shared.page import Page\n"
        "PAGE = Page('hello', '/hello', order=5)\n"
        "router = APIRouter()\n"
    )
    (package / "notes").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(pages, "_PACKAGE", "other_pages")
    (hello,) = find_pages(package)
    assert (hello.name, hello.path, hello.messages) == ("hello", "/hello", {})
    assert hello.router.routes == []


def test_what_only_one_page_uses_lies_in_its_folder() -> None:
    texts = {file: file.read_text("utf-8") for file in FOLDER.rglob("*") if file.suffix in (".js", ".html", ".css")}
    for shared in STATIC.iterdir():
        users = {file for file, text in texts.items() if f"/{shared.name}" in text and file != shared}
        pages_ = {file.parent.name for file in users if file.parent != STATIC}
        assert len(pages_) > 1 or any(file.parent == STATIC for file in users) or "shared" in pages_, shared.name


@pytest.mark.parametrize(
    "path",
    [
        "page.py", "messages.py", "check.html", "__init__.py", "__pycache__", "", ".", "..", "../check/page.py",
        "../shared/base.html", "../shared/locales/en.json", "%2e%2e/%2e%2e/web/app.py", "..%2f..%2fweb%2fapp.py",
        "..%5cweb%5capp.py", "/etc/passwd", "..%2fshared%2fstatic%2fstudio.css", "page.py%00.js", "page.py%23.js",
        "page.py;.js", "check.js%00", "CHECK.JS", "nothing.js", "folder.js", "secret.js", "%ff.js",
        "../secret.js", "a" * 5000 + ".js",
    ],
)  # fmt: skip
def test_of_a_pages_folder_only_scripts_and_styles_are_served(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "check"
    shutil.copytree(FOLDER / "check", folder)
    (folder / "folder.js").mkdir()
    (tmp_path / "secret.js").write_text("secret")
    (folder / "secret.js").symlink_to(tmp_path / "secret.js")
    scripts = Scripts(directory=folder)
    assert asyncio.run(status(scripts, "check.js")) == 200
    assert asyncio.run(status(scripts, path)) == 404


async def status(app: ASGIApp, path: str) -> int:
    """The status of the answer to a path, which reaches the app as it is written but for its escapes."""
    answered: list[int] = []

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answered.append(message["status"])

    scope = {"type": "http", "method": "GET", "path": f"/{unquote(path, errors='surrogateescape')}", "headers": []}
    try:
        await app(scope, receive, send)
    except Exception as error:
        answered.append(getattr(error, "status_code", 500))
    return answered[0]
