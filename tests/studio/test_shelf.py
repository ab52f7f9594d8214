"""The projects of one folder: listed, made and switched by name, at one address."""

import threading
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest
from served import served

from whatsit.backbones.embedder import PixelEmbedder
from whatsit.datasets.project import Project
from whatsit.errors import DataError
from whatsit.studio.shelf import Shelf
from whatsit.studio.web import launch as launching
from whatsit.studio.web.server import StudioServer


def test_projects_are_the_folders_that_are_projects(tmp_path: Path) -> None:
    for name in ("bottles", "birds"):
        Project(tmp_path / name)
    (tmp_path / "notes").mkdir()
    (tmp_path / "away").symlink_to(tmp_path / "birds")
    assert Shelf(tmp_path).names() == ["birds", "bottles"]


@pytest.mark.parametrize("name", ["../up", "/etc", "a/b", ".hidden", "", "a\n", "x" * 65, "..", "trailing.", "CON\0"])
def test_a_name_is_never_a_path(tmp_path: Path, name: str) -> None:
    shelf = Shelf(tmp_path / "shelf")
    for ask in (shelf.make, shelf.open):
        with pytest.raises(DataError, match="project"):
            ask(name)
    assert shelf.take() is None


def test_a_taken_name_is_refused_and_an_unknown_one_too(tmp_path: Path) -> None:
    Project(tmp_path / "bottles")
    shelf = Shelf(tmp_path)
    with pytest.raises(DataError, match="taken"):
        shelf.make("Bottles")
    with pytest.raises(DataError, match="none of that name"):
        shelf.open("birds")
    shelf.open("bottles")
    assert (shelf.take(), shelf.take()) == (tmp_path / "bottles", None)


def test_a_studio_on_one_project_says_how_to_switch(tmp_path: Path) -> None:
    with served(tmp_path / "things", "browser:") as running, running.client() as page:
        assert page.get("/api/projects").json() == {
            "names": ["things"], "open": "things", "choosable": False, "problem": "",
        }  # fmt: skip
        answer = page.post("/api/projects/make", json={"name": "others"})
        assert answer.status_code == 400 and "--projects" in answer.json()["error"]
        assert page.get("/connect/phone.svg").status_code == 400
    assert not (tmp_path / "others").exists()


def test_another_project_is_made_and_opened_at_the_same_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers: list[StudioServer] = []

    class Noted(StudioServer):
        def run(self) -> None:
            servers.append(self)
            super().run()

    monkeypatch.setattr(launching, "StudioServer", Noted)
    monkeypatch.setattr(launching, "_embedder", lambda *_: PixelEmbedder())
    start = {"camera": "browser:", "port": 0, "open_page": False, "projects": tmp_path}
    running = threading.Thread(target=launching.launch, args=(None,), kwargs=start)
    running.start()
    try:
        with httpx.Client() as page:
            first = asked(page, servers, 1, "names")
            assert first == ["project"]
            make = f"{servers[0].address.url}api/projects/make"
            origin = {"origin": servers[0].address.url.rstrip("/")}
            assert page.post(make, json={"name": "my birds"}, headers=origin).json()["message"] == "opening"
            assert asked(page, servers, 2, "open") == "my birds"
            assert servers[1].address == servers[0].address
            assert (tmp_path / "my birds" / "dataset").is_dir()
    finally:
        servers[-1].stop()
        running.join()


def asked(page: httpx.Client, servers: list[StudioServer], number: int, field: str) -> object:
    """A field of the list of projects, from the server of this number once it runs."""
    while len(servers) < number:
        threading.Event().wait(0.01)
    for _ in range(1000):
        try:
            return page.get(f"{servers[-1].address.url}api/projects").json()[field]
        except httpx.TransportError:
            threading.Event().wait(0.01)
    raise AssertionError("no answer")


def test_the_address_is_on_the_connect_page_as_a_qr_code(tmp_path: Path) -> None:
    with served(tmp_path / "things", "browser:", host="0.0.0.0", token="a-token-of-the-test") as running:
        headers = {"authorization": "Bearer a-token-of-the-test"}
        with httpx.Client(base_url=running.origin, headers=headers) as page:
            assert "/connect/phone.svg" in page.get("/connect").text
            drawn = page.get("/connect/phone.svg")
            assert drawn.headers["content-type"] == "image/svg+xml"
            assert ElementTree.fromstring(drawn.content).tag.endswith("svg")
        with httpx.Client(base_url=running.origin) as stranger:
            assert stranger.get("/connect/phone.svg").status_code == 401
