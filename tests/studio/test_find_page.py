"""The requests behind Find: the pictures most like one picture, of the dataset and of a bulk run."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from served import Served
from studio_pictures import shade

from running_server import run_in_thread
from whatsit import bulk
from whatsit.bulk.engines.here import HereEngine
from whatsit.studio.studio import Studio
from whatsit.studio.web.server import StudioServer

SHADES = {"dark": (20, 30, 40), "light": (200, 210, 220)}


@pytest.fixture
def running(serve: Callable[..., Served]) -> Served:
    """A studio on six grey pictures of two classes."""
    running = serve()
    for label, tones in SHADES.items():
        for tone in tones:
            running.studio.project.dataset.add(shade(tone), label)
    return running


def alike(page: httpx.Client, picture: bytes, **query: object) -> Any:
    return page.post("/api/find/picture", params={"where": "dataset", **query}, content=picture)


def labels_of(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["label"] for one in answer.json()["pictures"]]


def test_pictures_are_found_once_they_were_looked_at_the_most_alike_first(running: Served) -> None:
    with running.client() as page:
        assert page.get("/api/find").json()["missing"] == 6
        assert "were not looked at yet" in alike(page, shade(30)).json()["error"]
        assert page.post("/api/find").status_code == 200
        running.studio.gathering.wait()
        assert (page.get("/api/find").json()["state"], page.get("/api/find").json()["missing"]) == ("done", 0)
        found = alike(page, shade(30)).json()["pictures"]
        assert found[0]["similarity"] == pytest.approx(1, abs=1e-3) and len(found) == 6
        assert [one["similarity"] for one in found] == sorted((one["similarity"] for one in found), reverse=True)
        known = {"where": "dataset", "id": found[0]["id"], "k": 2}
        again = page.get("/api/find/known", params=known).json()["pictures"]
        assert again[0]["id"] == found[0]["id"] and len(again) == 2
        assert labels_of(alike(page, shade(30), label="light")) == ["light"] * 3


def test_a_relabelled_picture_is_found_as_what_it_is_now_and_a_new_one_is_missing(running: Served) -> None:
    dataset = running.studio.project.dataset
    with running.client() as page:
        page.post("/api/find")
        running.studio.gathering.wait()
        dataset.relabel(dataset.keys("dark")[:1], "night")
        assert "night" in labels_of(alike(page, shade(30)))
        dataset.add(shade(90), "grey")
        assert page.get("/api/find").json()["missing"] == 1


@pytest.mark.parametrize("query", [{"where": "disk"}, {"k": 0}, {"k": 1000}])
def test_what_is_not_asked_rightly_is_refused(running: Served, query: dict[str, object]) -> None:
    with running.client() as page:
        refused = alike(page, shade(1), **query)
        assert refused.status_code in (400, 422) and next(iter(query)) in refused.json()["error"]


def test_what_is_no_picture_and_what_was_not_given_is_one_line(running: Served) -> None:
    with running.client() as page:
        page.post("/api/find")
        running.studio.gathering.wait()
        for answer in (
            alike(page, b"no picture"), alike(page, shade(1), where="answers"), page.get("/find/tile/0.jpg"),
            page.get("/api/find/known", params={"where": "dataset", "id": "0" * 16}),
        ):  # fmt: skip
            assert answer.status_code == 400 and "\n" not in answer.json()["error"]


@pytest.fixture
def searching(photographs: dict[str, Path], taught: Any, tmp_path: Path) -> Iterator[Served]:
    """A studio that was started with the answers of a bulk run."""

    from whatsit import load_image
    from whatsit.backbones.embedder import PixelEmbedder

    folder = tmp_path / "crops"
    folder.mkdir()
    for name, path in photographs.items():
        for number in range(4):
            load_image(path).crop((40 * number, 20, 40 * number + 200, 220)).save(folder / f"{name}{number}.jpg")
    model = tmp_path / "model.tflite"
    model.write_bytes(taught.to_tflite())
    bulk.run(folder, tmp_path / "answers", model, embeddings=True, engine=HereEngine())
    studio = Studio(tmp_path / "project", PixelEmbedder(), "browser:", tmp_path / "answers")
    server = StudioServer(studio, port=0)
    with run_in_thread(server):
        yield Served(studio, server)


def test_a_bulk_run_is_searched_by_its_own_model_and_shows_its_pictures(searching: Served, tmp_path: Path) -> None:
    with searching.client() as page:
        assert page.get("/api/find").json()["answers"] == "answers"
        page.post("/api/find")
        searching.studio.gathering.wait()
        view = page.get("/api/find").json()
        assert (view["opened"], view["labels"], view["error"]) == (True, ["china", "flower"], "")
        content = (tmp_path / "crops" / "china2.jpg").read_bytes()
        found = alike(page, content, where="answers", k=3).json()["pictures"]
        assert found[0]["name"] == "china2.jpg" and {one["label"] for one in found} == {"china"}
        assert labels_of(alike(page, content, where="answers", label="flower")) == ["flower"] * 4
        again = page.get("/api/find/known", params={"where": "answers", "row": found[1]["row"]}).json()["pictures"]
        assert again[0]["row"] == found[1]["row"]
        for address in (f"/find/tile/{found[0]['row']}.jpg", f"/find/large/{found[0]['row']}.jpg"):
            assert page.get(address).content[:2] == b"\xff\xd8"
        assert page.get("/find/tile/8.jpg").status_code == 400  # of those with an answer there are eight
