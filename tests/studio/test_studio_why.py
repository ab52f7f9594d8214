"""Why the studio's models answer as they do: about the camera's frame, and about pictures of the dataset."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from served import served

from shape_pictures import write_shapes
from whatsit import Backbone, MapKind
from whatsit.datasets.formats.importing import import_path
from whatsit.datasets.project import Project
from whatsit.datasets.split import Split
from whatsit.demo import scene_views
from whatsit.models.taught_model import png_bytes
from whatsit.studio.lessons.reasons import taught_explainer
from whatsit.studio.lessons.session import TeachSession
from whatsit.teaching.teach import teach
from whatsit.training.train import split_examples


@pytest.fixture
def with_a_model(tmp_path: Path) -> Iterator[httpx.Client]:
    """A page of a studio on a project of 24 pictures with a model taught from them."""
    write_shapes(tmp_path / "pictures", ("brick", "leaf"), 12)
    with Project(tmp_path / "project") as project:
        import_path(project.dataset, tmp_path / "pictures")
        teach(split_examples(project, Split.TRAINING)).save(project.models / "model.tflite")
    with served(tmp_path / "project") as running, running.client() as client:
        yield client


def nearest(page: httpx.Client, why: dict[str, object], tries: int = 2000) -> dict[str, object]:
    """The nearest pictures, once they are there."""
    for _ in range(tries):
        found = page.get("/api/why/nearest", params={"id": str(why["id"])}).json()
        if found["preparing"] is None:
            return dict(found)
        page.get("/api/dataset")  # something else meanwhile
    raise AssertionError("the taught pictures were never embedded")


def test_nothing_taught_is_a_line_and_not_an_explanation(page: httpx.Client) -> None:
    page.post("/api/camera/show", json={"name": "mug"})
    refused = page.post("/api/why", json={"model": "taught"})
    assert refused.status_code == 400
    assert "nothing is taught yet" in refused.json()["error"]


def test_what_was_just_taught_is_explained_by_its_pictures(page: httpx.Client) -> None:
    for name in ("mug", "duck"):
        page.post("/api/camera/show", json={"name": name})
        page.post("/api/lesson/class", json={"label": name})
    why = page.post("/api/why", json={"model": "taught"}).json()
    assert why["best"] == "duck"
    assert why["picture"] is None
    assert all(why[name].startswith("data:image/jpeg;base64,") for name in ("seen", "looked"))
    found = nearest(page, why)["classes"]
    assert [one["label"] for one in found] == ["duck", "mug"]
    for one in found:
        assert page.get(f"/dataset/tile/{one['nearest'][0]['id']}.jpg").status_code == 200
    assert found[0]["nearest"][0]["distance"] < found[1]["nearest"][0]["distance"]


def test_the_frame_that_was_shown_is_explained_also_when_the_camera_sees_something_else_by_now(
    page: httpx.Client,
) -> None:
    shown = {}
    for name in ("mug", "duck"):
        page.post("/api/camera/show", json={"name": name})
        page.post("/api/lesson/class", json={"label": name})
        shown[name] = page.get("/api/answer", params={"model": "taught"}).json()["time"]
    for name, frame in shown.items():
        assert page.post("/api/why", json={"model": "taught", "frame": frame}).json()["best"] == name
    refused = page.post("/api/why", json={"model": "taught", "frame": shown["duck"] + 1})
    assert refused.status_code == 400 and "no longer kept" in refused.json()["error"]


def test_a_picture_of_the_dataset_is_compared_with_the_training_pictures_and_can_be_mended(
    with_a_model: httpx.Client,
) -> None:
    page = with_a_model
    row = page.get("/api/dataset/pictures", params={"label": "brick"}).json()["pictures"][0]
    why = page.post("/api/why", json={"model": "file:model", "picture": row["id"]}).json()
    assert (why["picture"], why["label"], why["best"], why["clear"]) == (row["key"], "brick", "brick", True)
    first = nearest(page, why)
    assert [one["label"] for one in first["classes"]] == ["brick", "leaf"]
    assert all(len(one["nearest"]) == 3 for one in first["classes"])
    assert nearest(page, why, tries=1) == first
    assert page.post("/api/dataset/relabel", json={"keys": [why["picture"]], "label": "leaf"}).status_code == 200


def test_what_cannot_be_explained_is_refused_in_one_line(with_a_model: httpx.Client) -> None:
    page = with_a_model
    for asked, reason in (
        ({"model": "file:other"}, "no such model"),
        ({"model": "file:model", "picture": "0" * 16}, "no such content"),
        ({"model": "file:model", "picture": "../../x"}, "picture"),
    ):
        refused = page.post("/api/why", json=asked)
        assert refused.status_code == 400
        assert reason in refused.json()["error"]
        assert "\n" not in refused.json()["error"]
    forgotten = page.get("/api/why/nearest", params={"id": "0" * 16})
    assert forgotten.status_code == 400
    assert "ask again" in forgotten.json()["error"]


def test_what_is_taught_on_a_real_backbone_is_explained_by_its_feature_maps(tmp_path: Path) -> None:
    views = {name: list(scene_views(name, 4)) for name in ("mug", "duck")}
    with Project(tmp_path / "project") as project:
        session = TeachSession(project.dataset, Backbone.builtin(size=96))
        for name, (first, *others, _) in views.items():
            taught = session.add_class(png_bytes(first), name)
            for one in others:
                session.add_sample(png_bytes(one), taught.id)
        for name, (*_, asked) in views.items():
            found = taught_explainer(session).explain(asked)
            assert found.looked_at.kind is MapKind.ACTIVATION
            assert (found.classes[0].label, len(found.classes[0].nearest)) == (name, 3)
            assert found.classes[0].nearest[0].distance < found.classes[1].nearest[0].distance
        session.close()
