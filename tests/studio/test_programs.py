"""The routes for programs inside the studio: the project's models, under the studio's rules of access."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from served import Served

import whatsit

TOKEN = "open-sesame-street"


@pytest.fixture
def studio(serve: Callable[..., Served], taught: whatsit.TaughtModel) -> Callable[..., Served]:
    """A studio whose project has one model."""

    def start(**settings: object) -> Served:
        running = serve(camera="browser:", **settings)
        models = running.studio.project.models
        models.mkdir(exist_ok=True)
        (models / "places.tflite").write_bytes(taught.to_tflite())
        return running

    return start


def test_a_program_without_an_origin_can_classify_with_the_projects_models(
    studio: Callable[..., Served], photographs: dict[str, Path]
) -> None:
    running = studio(token=TOKEN)
    with whatsit.Client(running.origin, TOKEN) as client:
        assert [model["name"] for model in client.models()] == ["places"]
        assert client.classify(photographs["china"])[0].label == "china"
    with whatsit.Client(running.origin) as stranger, pytest.raises(whatsit.ServerError, match="token") as refused:
        stranger.classify(photographs["china"])
    assert refused.value.status == 401


def test_nothing_else_of_the_studio_takes_changes_without_an_origin(studio: Callable[..., Served]) -> None:
    running = studio(token=TOKEN)
    with running.client(authorization=f"Bearer {TOKEN}") as program:
        del program.headers["origin"]
        for path in ("/api/lesson/class", "/api/camera", "/api/v1x/classify", "/api/v1/../lesson/class"):
            assert program.post(path, json={"label": "mug"}).status_code == 403, path
        assert program.post("/v1/vision/scene", files={"image": b"x"}).status_code == 403
    assert not running.studio.session.lesson.classes


def test_a_page_of_another_site_reaches_neither(studio: Callable[..., Served], photographs: dict[str, Path]) -> None:
    running = studio()
    picture = photographs["china"].read_bytes()
    with running.client(origin="http://evil.example") as browser:
        assert browser.post("/api/v1/classify", files={"image": picture}).status_code == 403
    with running.client() as own_page:
        assert own_page.post("/api/v1/classify", files={"image": picture}).status_code == 200


def test_a_program_asks_what_the_camera_sees_now(page: httpx.Client) -> None:
    nothing = page.get("/api/answer").json()
    assert (nothing["model"], nothing["state"], nothing["label"]) == ("taught", "nothing", None)
    page.post("/api/lesson/class", json={"label": "mug"})
    seen = page.get("/api/answer", params={"model": "taught"}).json()
    assert (seen["state"], seen["label"], seen["classes"][0]["label"]) == ("label", "mug", "mug")
    assert seen["ms"] >= 0 and seen["age"] < 10
    refused = page.get("/api/answer", params={"model": "file:none"})
    assert refused.status_code == 400 and "no such model in this project" in refused.json()["error"]
