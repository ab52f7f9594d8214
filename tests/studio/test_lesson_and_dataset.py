"""From the dataset into the lesson, and from the lesson to a model of the project."""

from collections.abc import Callable
from pathlib import Path

import pytest
from served import Served
from studio_pictures import jpeg, shade

from shape_pictures import write_shapes
from whatsit import Classifier
from whatsit.backbones.backbone import Backbone
from whatsit.datasets.formats.importing import import_path
from whatsit.datasets.project import Project
from whatsit.errors import DataError
from whatsit.studio.lessons.session import MOST_EACH, TeachSession


def test_the_pictures_of_the_dataset_are_taught_by_one_edit(session: TeachSession) -> None:
    taught = session.add_class(shade(1), "dark").label
    for number in range(2, 6):
        session.dataset.add(shade(number), taught, split="training")
        session.dataset.add(shade(200 + number), "light", split="training" if number < 5 else "test")
    assert session.teach_dataset() == 4 + 3
    lesson = session.lesson
    assert {one.label: len(lesson.shots_of(one.id)) for one in lesson.classes} == {"dark": 5, "light": 3}
    assert not lesson.unlearnt
    assert session.teach_dataset() == 0
    session.dataset.undo()
    assert len(session.lesson.shots) == 1 and session.dataset.count("light") == 4


def test_of_a_large_class_some_are_taught(session: TeachSession) -> None:
    for number in range(MOST_EACH + 20):
        session.dataset.add(shade(number), "dark", split="training")
    assert session.teach_dataset() == MOST_EACH


def test_a_lesson_becomes_a_model_that_answers_the_same(tmp_path: Path) -> None:
    pairs = write_shapes(tmp_path / "pictures", ("brick", "leaf"), 3)
    with Project(tmp_path / "things") as project:
        import_path(project.dataset, tmp_path / "pictures")
        session = TeachSession(project.dataset, Backbone.builtin(size=96))
        with pytest.raises(DataError):
            session.learner.to_tflite()
        project.dataset.set_split(project.dataset.pictures(), "training")
        session.teach_dataset()
        (tmp_path / "taught.tflite").write_bytes(session.learner.to_tflite())
        session.close()
    model = Classifier(tmp_path / "taught.tflite")
    assert [model.classify(path)[0].label for path, _ in pairs] == [label for _, label in pairs]


def grey(value: int) -> bytes:
    return jpeg((value, value, value))


def test_learning_says_where_each_sample_went_and_that_unknown_needs_a_second_picture(
    serve: Callable[..., Served],
) -> None:
    running = serve(camera="browser:")
    session = running.studio.session
    session.set_auto_learn(False)
    dark, light = (session.add_class(grey(number), label) for number, label in ((1, "dark"), (250, "light")))
    with running.client() as page:
        assert not page.get("/api/lesson").json()["says_unknown"]
        for number in (3, 240, 245):
            session.add_sample(grey(number))
        session.add_sample(grey(9), dark.id)
        assert page.post("/api/lesson/learn").json()["values"]["went"] == [
            {"label": "dark", "n": 1}, {"label": "light", "n": 2},
        ]  # fmt: skip
        lesson = page.get("/api/lesson").json()
        assert [shot["went"] for shot in lesson["unlabelled"]["shots"]] == ["dark", "light", "light"]
        assert {shot["went"] for one in lesson["classes"] for shot in one["shots"]} == {None}
        assert lesson["says_unknown"]
        page.post("/api/lesson/rename", json={"class_id": light.id, "label": "bright"})
        assert page.get("/api/lesson").json()["unlabelled"]["shots"][1]["went"] == "bright"


def test_a_backbone_that_is_no_network_is_refused_in_one_line(serve: Callable[..., Served]) -> None:
    running = serve(camera="browser:")
    for number, label in ((1, "dark"), (250, "light")):
        running.studio.session.add_class(shade(number), label)
    with running.client() as page:
        answer = page.post("/api/lesson/save", json={})
        assert answer.status_code == 400 and "\n" not in answer.json()["error"]
    assert not list(running.studio.project.models.glob("*.tflite"))
