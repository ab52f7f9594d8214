"""Programs correct a model: in the project of a server of models, and in a running studio, whose answers follow."""

import base64
import fcntl
from pathlib import Path

import pytest
from model_server import Serving, serving

import whatsit
from drawn_pictures import COLOURS, jpeg
from running_server import run_in_thread
from whatsit.backbones.embedder import PixelEmbedder
from whatsit.datasets.places import LOCK
from whatsit.datasets.project import Project
from whatsit.studio.studio import Studio
from whatsit.studio.watching.models import TAUGHT
from whatsit.studio.web.server import StudioServer

CORRECT = "/api/v1/correct"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project without pictures."""
    with Project(tmp_path / "things"):
        return tmp_path / "things"


def labels(folder: Path) -> dict[str, int]:
    with Project(folder) as project:
        return project.dataset.totals()


def test_a_correction_lies_in_the_project_and_can_be_undone(folder: Path, photographs, places_file) -> None:
    with serving(places_file, project=folder) as running, whatsit.Client(running.url) as client:
        for picture, label, new in (("china", "temple", True), ("flower", "temple", False), ("flower", None, False)):
            found = client.correct(photographs[picture], label)
            assert found == {"label": label, "new_class": new, "at_once": False}
        assert client.classify(photographs["china"], model="places")[0].label == "china"
    with Project(folder) as project:
        assert [len(project.dataset.keys("temple")), len(project.dataset.strangers())] == [1, 1]
        project.dataset.undo()
        project.dataset.undo()
    assert labels(folder) == {"temple": 1}


def test_a_picture_comes_in_each_form_that_classify_takes(folder: Path, china: bytes) -> None:
    text = base64.b64encode(china).decode()
    with serving(project=folder) as running, running.client() as client:
        for answer in (
            client.post(CORRECT, files={"image": china}, data={"label": "塔"}),
            client.post(CORRECT, params={"label": "塔"}, content=china, headers={"content-type": "image/jpeg"}),
            client.post(CORRECT, json={"image": text, "label": "塔"}),
            client.post(CORRECT, json={"image": text, "label": "塔", "none": False}),
        ):
            assert (answer.status_code, answer.json()["label"]) == (200, "塔"), answer.text
        answer = client.post(CORRECT, files={"image": china}, data={"none": "true"})
        assert answer.json()["label"] is None
    assert labels(folder).get("塔", 0) == 0


REFUSED = [
    ({}, "label is missing"), ({"label": ""}, "expected some text"), ({"label": "_strangers"}, "_strangers"),
    ({"label": "a", "none": "true"}, "both label and none"), ({"none": "maybe"}, "expected true or false"),
    ({"label": "x" * 65}, "at most 64"), ({"label": "a", "model": "m"}, "no such field"),
]  # fmt: skip


def test_what_cannot_be_kept_is_refused_and_nothing_is_changed(folder: Path, china: bytes, running: Serving) -> None:
    with serving(project=folder) as kept, kept.client() as client:
        for fields, reason in REFUSED:
            answer = client.post(CORRECT, files={"image": china}, data=fields)
            assert answer.status_code == 400 and reason in answer.json()["error"], answer.text
        for wrong in ({"label": 7}, {"label": None}, {"none": 1}):
            text = base64.b64encode(china).decode()
            assert client.post(CORRECT, json={"image": text, **wrong}).status_code == 400
        two = [("image", china), ("image", china)]
        assert "expected one" in client.post(CORRECT, files=two, data={"label": "a"}).json()["error"]
        with whatsit.Client(kept.url) as program, pytest.raises(whatsit.ImageError, match="not a"):
            program.correct(b"no picture", "a")
    assert labels(folder) == {}
    with whatsit.Client(running.url) as client, pytest.raises(whatsit.ServerError, match="serve --project") as refused:
        client.correct(china, "a")
    assert refused.value.status == 404


def test_a_project_that_somebody_else_writes_to_is_refused(folder: Path, china: bytes) -> None:
    with (
        serving(project=folder) as running,
        whatsit.Client(running.url) as client,
        LOCK.below(folder).open("rb+") as lock,
        pytest.raises(whatsit.ServerError) as refused,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        client.correct(china, "a")
    assert refused.value.status == 409


def test_the_document_says_how_where_it_is_possible(folder: Path, running: Serving) -> None:
    with running.client() as client:
        assert CORRECT not in client.get("/api/v1/openapi.json").json()["paths"]
    with serving(project=folder) as kept, kept.client() as client:
        post = client.get("/api/v1/openapi.json").json()["paths"][CORRECT]["post"]
        example = post["requestBody"]["content"]["application/json"]["example"]
        assert client.post(CORRECT, json=example).json() == {"label": "green", "new_class": True, "at_once": False}


def test_the_answers_of_a_studio_follow_at_once(tmp_path: Path) -> None:
    studio = Studio(tmp_path / "project", PixelEmbedder(), "browser:")
    for name in ("red", "blue"):
        studio.session.add_class(jpeg(1, COLOURS[name]), name)
    server = StudioServer(studio, port=0)
    with run_in_thread(server):
        yellow = jpeg(7, COLOURS["yellow"])
        with whatsit.Client(server.address.url) as client:
            assert client.correct(yellow, "yellow") == {"label": "yellow", "new_class": True, "at_once": True}
        assert studio.models.get(TAUGHT).answer(yellow)["label"] == "yellow"
