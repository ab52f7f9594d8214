"""Which models are served, by which names, and what happens when their files change."""

import os
from pathlib import Path

import httpx
import pytest
from model_server import Serving, serving, until

import whatsit
from whatsit.serving.model_files import all_files, named_files


def classes(running: Serving, picture: bytes, model: str) -> list[str]:
    """The classes of the model that answers."""
    with running.client() as client:
        answer = client.post("/api/v1/classify", files={"image": picture}, data={"model": model})
    assert answer.status_code == 200, answer.text
    return sorted(one["label"] for one in answer.json()["answers"][0]["predictions"])


def view(running: Serving, name: str) -> dict[str, object]:
    with running.client() as client:
        return next(one for one in client.get("/api/v1/models").json()["models"] if one["name"] == name)


def replace(file: Path, content: bytes) -> None:
    """A new file in another's place, as a program writes it that does so whole."""
    fresh = file.with_name("fresh")
    fresh.write_bytes(content)
    os.replace(fresh, file)


def foreign(small_model, file: Path, classes: int) -> Path:
    file.write_bytes(small_model(classes, 8, seed=classes))
    return file


def test_a_file_that_changes_is_served_anew(small_model, tmp_path, china: bytes) -> None:
    file = foreign(small_model, tmp_path / "things.tflite", 3)
    with serving(file) as running:
        assert classes(running, china, "things") == ["class 0", "class 1", "class 2"]
        replace(file, small_model(2, 8))
        until(lambda: classes(running, china, "things") == ["class 0", "class 1"])
        assert view(running, "things")["error"] is None


@pytest.mark.parametrize("content", [b"", b"half of a mod", b"TFL3" * 100])
def test_a_broken_new_file_leaves_the_old_model_at_work_and_says_so(
    small_model, tmp_path, china: bytes, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    file = foreign(small_model, tmp_path / "things.tflite", 3)
    with serving(file) as running:
        assert len(classes(running, china, "things")) == 3
        file.write_bytes(content)
        until(lambda: len(classes(running, china, "things")) == 3 and bool(view(running, "things")["error"]))
        assert view(running, "things")["state"] == "loaded"
        assert "the one before goes on" in str(view(running, "things")["error"])
        assert [record for record in caplog.records if "model things" in record.getMessage()]
        replace(file, small_model(2, 8))
        until(lambda: len(classes(running, china, "things")) == 2)
        assert view(running, "things")["error"] is None


def test_a_file_that_is_taken_away_leaves_the_model_at_work(small_model, tmp_path, china: bytes) -> None:
    file = foreign(small_model, tmp_path / "things.tflite", 3)
    with serving(file) as running:
        assert len(classes(running, china, "things")) == 3
        file.unlink()
        until(lambda: len(classes(running, china, "things")) == 3 and bool(view(running, "things")["error"]))


def test_a_model_that_never_was_whole_is_refused_until_its_file_is(small_model, tmp_path, china: bytes) -> None:
    file = tmp_path / "things.tflite"
    file.write_bytes(b"half of a mod")
    with serving(file) as running, running.client() as client:
        answer = client.post("/api/v1/classify", files={"image": china})
        assert answer.status_code == 503 and str(file) in answer.json()["error"]
        assert client.get("/readyz").status_code == 503
        assert view(running, "things")["state"] == "broken"
        replace(file, small_model(3, 8))
        assert len(classes(running, china, "things")) == 3
        assert client.get("/readyz").status_code == 200


def test_the_models_used_least_make_room(small_model, tmp_path, china: bytes) -> None:
    files = [foreign(small_model, tmp_path / f"model-{number}.tflite", number) for number in (2, 3, 4)]
    with serving(*files, workers=1, memory=2 * 2 * files[-1].stat().st_size) as running:
        for name in ("model-2", "model-3", "model-2", "model-4"):
            classes(running, china, name)
        states = {name: view(running, name)["state"] for name in ("model-2", "model-3", "model-4")}
        assert states == {"model-2": "loaded", "model-3": "not loaded", "model-4": "loaded"}
        assert len(classes(running, china, "model-3")) == 3


def test_the_models_of_a_project_come_and_go(taught, tmp_path, china: bytes) -> None:
    project = tmp_path / "project"
    with whatsit.Project(project) as made:
        made.models.mkdir(exist_ok=True)
        with serving(project=project) as running, running.client() as client:
            assert client.get("/api/v1/models").json() == {"models": []}
            assert client.get("/readyz").status_code == 503
            (made.models / "first.tflite").write_bytes(taught.to_tflite())
            assert classes(running, china, "first") == ["china", "flower"]
            (made.models / "first.tflite").unlink()
            gone = client.post("/api/v1/classify", files={"image": china}, data={"model": "first"})
            assert gone.status_code == 404
            assert "first" not in client.get("/metrics").text


def test_a_link_in_a_project_leads_nowhere(places_file, tmp_path) -> None:
    (tmp_path / "project" / "models").mkdir(parents=True)
    (tmp_path / "project" / "models" / "linked.tflite").symlink_to(places_file)
    assert all_files([], tmp_path / "project")() == {}


def test_no_name_in_a_request_becomes_a_path(running: Serving, china: bytes, places_file) -> None:
    with running.client() as client:
        for name in ("../places", str(places_file), str(places_file.with_suffix("")), "places.tflite", "places\0", "."):
            answer = client.post("/api/v1/classify", files={"image": china}, data={"model": name})
            assert answer.status_code == 404
            assert httpx.get(f"{running.url}/v2/models/{name!r}").status_code == 404


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{}/nothing.tflite"], "no such file"),
        (["{}/one.txt"], "expected a .tflite"),
        (["{}/one.tflite", "{}/sub/one.tflite"], "name one: one-2="),
        (["{}/two words.tflite"], "give another: model="),
        (["{}/list.tflite"], "cannot stand in an address"),
        (["a/b={}/one.tflite"], "give another: model=/"),
        (["{}/sub"], "--project"),
    ],
)
def test_a_model_that_cannot_be_served_is_refused_by_name(
    tmp_path, arguments: list[str], said: str, whatsit_line
) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("one.tflite", "sub/one.tflite", "two words.tflite", "list.tflite", "one.txt"):
        (tmp_path / name).write_bytes(b"")
    status, line = whatsit_line("serve", *(one.format(tmp_path) for one in arguments))
    assert status == 1 and said in line and line.count("\n") == 1


def test_names_are_those_of_the_files_or_given(tmp_path) -> None:
    for name in ("one.tflite", "two words.bin"):
        (tmp_path / name).write_bytes(b"")
    found = named_files([str(tmp_path / "one.tflite"), f"two={tmp_path / 'two words.bin'}"])
    assert found == {"one": tmp_path / "one.tflite", "two": tmp_path / "two words.bin"}


def test_a_project_that_is_not_there_is_refused(tmp_path, whatsit_line) -> None:
    status, line = whatsit_line("serve", "--project", tmp_path / "nothing")
    assert status == 1 and "no such project" in line
