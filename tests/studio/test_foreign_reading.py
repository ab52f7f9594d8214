"""A model from elsewhere in a project's ``models/``: the studio says what it takes and assumes, and keeps a choice."""

from pathlib import Path

import httpx
import pytest
from PIL import Image
from served import Served, served

from foreign_models import COLOURS, LABELS, colour_classifier, int8, square
from running_server import run_in_thread
from whatsit import Backbone, Classifier
from whatsit.datasets.project import Project
from whatsit.live.recogniser import load_recogniser
from whatsit.studio.studio import Studio
from whatsit.studio.web.server import StudioServer
from whatsit.tflite.reading_file import reading_file


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A float32 model that wants -1..1 and says nothing, and a picture of each colour."""
    with Project(tmp_path / "things") as made:
        (made.models / "elsewhere.tflite").write_bytes(colour_classifier("-1..1"))
        (made.models / "labels.txt").write_text("\n".join(LABELS))
        for label, colour in COLOURS.items():
            (made.path / "dataset" / label).mkdir(parents=True)
            Image.fromarray(square(colour)).save(made.path / "dataset" / label / "1.png")
    return tmp_path / "things"


@pytest.fixture
def studio(project: Path):
    with served(project, "browser:") as running:
        yield running


def test_it_shows_what_inspect_shows(studio: Served):
    with studio.client() as page:
        found = page.get("/api/deploy/reading", params={"name": "elsewhere"}).json()
        assert found["inputs"][0]["shape"] == "1 x 8 x 8 x 3" and found["inputs"][0]["dtype"] == "float32"
        assert (found["normalise"], found["origin"], found["kept"]) == ("0..1", "guess", None)
        assert found["labels"] == list(LABELS) and found["label_source"] == "beside"
        assert found["label_file"] == "labels.txt" and found["choosable"] and found["tried"] == []
        assert {"what": "normalisation", "value": "0..1", "guess": True} in found["assumptions"]
        compared = page.get("/api/deploy/reading", params={"name": "elsewhere", "compare": True}).json()["tried"]
        assert {one["normalise"] for one in compared} == {"0..1", "-1..1", "0..255"}
        assert len([one for one in compared if one["assumed"]]) == 1


def test_a_choice_counts_at_once_everywhere_until_it_is_taken_back(studio: Served, project: Path):
    file = project / "models" / "elsewhere.tflite"
    with studio.client() as page:
        assert page.post("/api/models/open", json={"name": "file:elsewhere"}).is_success
        done = page.post("/api/deploy/reading", json={"name": "elsewhere", "normalise": "-1..1"}).json()
        assert done == {"message": "reading_kept", "values": {"name": "elsewhere", "normalise": "-1..1"}}
        found = page.get("/api/deploy/reading", params={"name": "elsewhere"}).json()
        assert (found["normalise"], found["origin"], found["kept"]) == ("-1..1", "beside", "-1..1")
        assert [Classifier(file).classify(square(colour))[0].label for colour in COLOURS.values()] == list(LABELS)
        done = page.post("/api/deploy/reading", json={"name": "elsewhere", "normalise": None}).json()
        assert done["message"] == "reading_forgotten" and not reading_file(file).exists()
        page.post("/api/deploy/reading", json={"name": "elsewhere", "normalise": "127,128"})
        assert page.post("/api/runs/delete", json={"name": "elsewhere"}).is_success
        assert not reading_file(file).exists()


@pytest.mark.parametrize(
    ("name", "normalise"), [("elsewhere", "0..2"), ("elsewhere", "x" * 300), ("nothing", "0..1"), ("../things", "0..1")]
)
def test_what_makes_no_sense_is_refused(studio: Served, project: Path, name: str, normalise: str):
    with studio.client() as page:
        answer = page.post("/api/deploy/reading", json={"name": name, "normalise": normalise})
        assert answer.status_code in (400, 422) and "\n" not in answer.json()["error"]
    assert not list(project.rglob("*.reading.toml"))


def test_what_is_no_classifier_is_shown_with_the_reason(studio: Served, project: Path):
    (project / "models" / "several.tflite").write_bytes(colour_classifier("0..1", ends="LOGISTIC"))
    (project / "models" / "whole.tflite").write_bytes(int8(colour_classifier("0..255"), "0..255"))
    with studio.client() as page:
        found = page.get("/api/deploy/reading", params={"name": "several"}).json()
        assert "4 sigmoids" in found["problem"] and not found["choosable"]
        found = page.get("/api/deploy/reading", params={"name": "whole"}).json()
        assert found["origin"] == "dtype" and found["inputs"][0]["zero_point"] is not None
        (project / "models" / "broken.tflite").write_bytes(b"TFL3 but not really")
        assert page.get("/api/deploy/reading", params={"name": "broken"}).status_code == 400


@pytest.mark.parametrize("told", [None, "-1..1"])
def test_a_studio_on_a_backbone_from_elsewhere_says_a_guess_and_saves_what_it_took(
    tmp_path: Path, project: Path, told: str | None
):
    file = project / "models" / "elsewhere.tflite"
    studio = Studio(tmp_path / "taught", Backbone.from_file(file, normalise=told), "synthetic:?fps=0&size=64x48")
    server = StudioServer(studio, port=0)
    origin = f"http://127.0.0.1:{server.address.port}"
    with run_in_thread(server), httpx.Client(base_url=origin, headers={"origin": origin}, timeout=30) as page:
        assert ('id="guessed"' in page.get("/").text) == (told is None)
        assert studio.feed.camera.wait_for(lambda camera: camera.latest is not None, 10)
        for label in ("one", "two"):
            assert page.post("/api/lesson/class", json={"label": label}).is_success
        page.get("/my_classes.bin")
    features = next((tmp_path / "taught").rglob("my_classes.bin"))
    assert load_recogniser(features).preprocess.mean == ((127.5,) if told else (0.0,))
