"""Training, testing, sweeping and deploying from the studio, in processes of their own, over real sockets."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import psutil
import pytest
from served import Served, served
from websockets.sync.client import connect

from shape_pictures import write_shapes
from whatsit import Classifier, verify
from whatsit.datasets.formats.importing import import_path
from whatsit.datasets.project import Project
from whatsit.deployment.targets import TARGETS

QUICK = {"size": 32, "blocks": 3, "views": 1, "epochs": 8}
ENDLESS = QUICK | {"epochs": 10_000, "patience": 10_000, "augmentation": []}
"""Long enough to be stopped in the middle."""


def begin(client: httpx.Client, name: str = "first", **choices: object) -> httpx.Response:
    return client.post("/api/train", json={"name": name, "design": QUICK | choices})


def files(folder: Path) -> set[str]:
    return {path.name for path in (folder / "models").iterdir()}


def epochs_seen(running: Served, until: Callable[[dict[str, object]], bool]) -> dict[str, object]:
    """What a tab is told of the work, until it is as wished."""
    with connect(f"ws://127.0.0.1:{running.port}/ws", origin=running.origin) as tab:  # type: ignore[arg-type]
        while True:
            message = json.loads(tab.recv(timeout=60))
            if message["kind"] == "work" and until(message):
                return message


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of 36 pictures that nobody has trained."""
    folder = tmp_path_factory.mktemp("shapes")
    write_shapes(folder / "pictures", ("brick", "leaf", "sky"), 12)
    with Project(folder / "project") as project:
        import_path(project.dataset, folder / "pictures")
    return folder / "project"


@pytest.fixture(scope="module")
def trained_once(shapes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, trained and tested once."""
    folder = tmp_path_factory.mktemp("trained") / "project"
    shutil.copytree(shapes, folder)
    with served(folder) as running, running.client() as client:
        assert begin(client).status_code == 200
        running.studio.workshop.wait()
        assert client.post("/api/test", json={"name": "first"}).status_code == 200
        running.studio.workshop.wait()
        assert client.get("/api/work").json()["state"] == "done"
    return folder


@pytest.fixture
def folder(shapes: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(shapes, tmp_path / "project"))


@pytest.fixture
def running(folder: Path) -> Iterator[Served]:
    with served(folder) as studio:
        yield studio


@pytest.fixture
def client(running: Served) -> Iterator[httpx.Client]:
    with running.client() as page:
        yield page


@pytest.fixture
def trained(trained_once: Path, tmp_path: Path) -> Iterator[tuple[Path, Served, httpx.Client]]:
    """A studio on a project with the model ``first``, trained and tested."""
    folder = Path(shutil.copytree(trained_once, tmp_path / "trained"))
    with served(folder) as studio, studio.client() as page:
        yield folder, studio, page


def test_a_design_becomes_a_model_with_its_curves_and_its_test(trained) -> None:
    folder, _, client = trained
    assert {"first.tflite", "first-float32.tflite", "first.training.json", "first.html", "first.json"} == files(folder)
    (run,) = client.get("/api/runs").json()["runs"]
    assert (run["name"], run["epochs"], run["design"]["size"]) == ("first", 8, 32)
    rows = client.get("/api/runs/epochs?name=first").json()["rows"]
    # From 0, the head that cross-validation chose.
    assert [row["number"] for row in rows] == list(range(9)) and rows[run["best"]["number"]] == run["best"]
    assert rows[-1]["loss"] < rows[1]["loss"]
    assert (run["headline"], run["backbone"]) == (["backbone", "size", "blocks", "fit"], "EfficientNet-Lite0")
    state = client.get("/api/train").json()
    assert state["design"]["blocks"] == 3
    assert {one["name"]: one["changes"]["mode"] for one in state["presets"]} == {
        "quick": "frozen", "good": "fine-tune", "best": "fine-tune",
    }  # fmt: skip
    test = client.get("/api/test?name=first").json()["test"]
    main = test["report"]["models"]["int8"]
    assert len(test["answers"]) == main["pictures"] == sum(map(sum, main["confusion"]))
    assert not test["changed"]
    slow, *_, fast = test["report"]["devices"]["int8"]
    assert slow["device"] == "Raspberry Pi Zero 2 W" and slow["high"] > slow["low"] > fast["high"] > fast["low"] > 0
    assert "Raspberry Pi 5, estimated" in (folder / "models/first.html").read_text()
    # Every picture of a cell can be shown.
    assert client.get(f"/dataset/tile/{test['answers'][0]['id']}.jpg").headers["content-type"] == "image/jpeg"
    report = client.get("/test/first/report.html")
    assert "attachment" in report.headers["content-disposition"] and b"<svg" in report.content


def test_progress_reaches_a_tab_while_training_goes_on(running: Served, client: httpx.Client) -> None:
    assert begin(client, epochs=300, patience=300).status_code == 200
    message = epochs_seen(running, lambda told: told["state"] == "running" and bool(told["epochs"]["rows"]))
    assert message["name"] == "first" and message["most_epochs"] == 300
    done = epochs_seen(running, lambda told: told["state"] == "done")
    # The last two hundred come with the message; a page that came later asks for the rest.
    assert (done["epochs"]["begin"], len(done["epochs"]["rows"])) == (101, 200)
    assert len(client.get("/api/work/epochs").json()["rows"]) == 301  # with epoch 0


def test_stopping_keeps_the_best_epoch_so_far(running: Served, client: httpx.Client, folder: Path) -> None:
    assert client.post("/api/train", json={"name": "long", "design": ENDLESS}).status_code == 200
    epochs_seen(running, lambda told: bool(told["epochs"]["rows"]))
    assert begin(client, "second").json()["error"].startswith("another job is running")
    client.post("/api/work/stop")
    running.studio.workshop.wait()
    work = client.get("/api/work").json()
    assert work["state"] == "stopped"
    assert 1 <= len(client.get("/api/work/epochs").json()["rows"]) < 10_000
    assert {"long.tflite", "long.training.json"} <= files(folder)
    assert begin(client, "second").status_code == 200


def test_a_stop_before_the_first_epoch_leaves_the_previous_model_alone(trained) -> None:
    folder, studio, client = trained
    before = {path.name: path.read_bytes() for path in (folder / "models").iterdir()}
    assert begin(client, "second", size=64).status_code == 200
    client.post("/api/work/stop")
    studio.studio.workshop.wait()
    assert client.get("/api/work").json()["state"] == "stopped"
    assert {path.name: path.read_bytes() for path in (folder / "models").iterdir()} == before


def test_a_killed_training_says_so_and_leaves_nothing(running: Served, client: httpx.Client, folder: Path) -> None:
    assert client.post("/api/train", json={"name": "long", "design": ENDLESS}).status_code == 200
    epochs_seen(running, lambda told: bool(told["epochs"]["rows"]))
    for child in psutil.Process().children():
        if "whatsit.studio.jobs.worker_process" in child.cmdline():
            child.kill()
    running.studio.workshop.wait()
    work = client.get("/api/work").json()
    assert work["state"] == "failed" and "ended early" in work["error"]
    assert files(folder) == set()


def test_a_training_ends_with_a_studio_that_is_killed(folder: Path) -> None:
    script = Path(__file__).with_name("studio_server.py")
    process = subprocess.Popen([sys.executable, str(script), str(folder), "0"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process, httpx.Client(base_url=process.stdout.readline().strip()) as client:
        client.headers["origin"] = str(client.base_url).rstrip("/")
        assert client.post("/api/train", json={"name": "long", "design": ENDLESS}).status_code == 200
        (worker,) = psutil.Process(process.pid).children()
        process.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs([worker], 20)
    assert not alive
    assert files(folder) == set()


def test_what_a_studio_left_that_lost_its_power_while_saving_is_removed(trained_once: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(trained_once, tmp_path / "project"))
    for end in ("-float32.tflite", ".training.json"):
        shutil.copy(folder / "models" / f"first{end}", folder / "models" / f"half{end}")
    with served(folder) as running, running.client() as client:
        assert [run["name"] for run in client.get("/api/runs").json()["runs"]] == ["first"]
    assert not [name for name in files(folder) if name.startswith("half")]
    assert (folder / "models/first-float32.tflite").exists()


@pytest.mark.parametrize(
    ("name", "reason"),
    [("first", "is taken"), ("../up", "expected letters"), ("", "expected letters"), ("sweep", "reserved for another"),
     ("x-float32", "reserved for another"), ("<img src=x>", "expected letters"), (".hidden", "expected letters")],
)  # fmt: skip
def test_a_name_that_cannot_be_used_is_refused(trained, name: str, reason: str) -> None:
    folder, _, client = trained
    before = files(folder)
    answer = begin(client, name)
    assert answer.status_code == 400 and reason in answer.json()["error"]
    assert "\n" not in answer.json()["error"]
    assert files(folder) == before


@pytest.mark.parametrize(
    ("choice", "reason"),
    [({"size": 7}, "size 7"), ({"dropout": 2}, "dropout 2"), ({"epochs": "many"}, "epochs 'many'"),
     ({"backbone": "/etc/passwd.tflite"}, "pages can choose"), ({"backbone": "resnet"}, "pages can choose"),
     ({"speed": 9}, "setting 'speed': expected one of"), ({"augmentation": ["melt"]}, "augmentation")],
)  # fmt: skip
def test_a_design_that_cannot_be_is_refused_in_a_line(client: httpx.Client, choice, reason: str) -> None:
    answer = begin(client, **choice)
    assert answer.status_code == 400 and reason in answer.json()["error"]


def test_one_class_is_not_enough_and_is_said_before_anything_begins(tmp_path: Path) -> None:
    write_shapes(tmp_path / "pictures", ("brick",), 6)
    with Project(tmp_path / "project") as project:
        import_path(project.dataset, tmp_path / "pictures")
    with served(tmp_path / "project") as running, running.client() as client:
        assert "training needs two" in begin(client).json()["error"]
        assert client.get("/api/work").json()["state"] == "idle"
        assert "none of that name" in client.post("/api/test", json={"name": "first"}).json()["error"]


def test_a_training_that_fails_gives_its_reason(running: Served, client: httpx.Client, folder: Path) -> None:
    (folder / "models/first-float32.tflite").mkdir()
    assert begin(client).status_code == 200
    running.studio.workshop.wait()
    work = client.get("/api/work").json()
    assert work["state"] == "failed" and "expected a file" in work["error"]
    assert files(folder) == {"first-float32.tflite"}


def test_pictures_that_were_all_broken_meanwhile_are_not_trained_on(client: httpx.Client, folder: Path) -> None:
    for picture in (folder / "dataset").rglob("*.png"):
        picture.write_bytes(picture.read_bytes()[:60])
    assert "training needs two" in begin(client).json()["error"]
    assert files(folder) == set()


def test_a_test_knows_when_its_pictures_have_changed(trained) -> None:
    _, studio, client = trained
    held = studio.studio.project.dataset.pictures(None, "test")
    client.post("/api/dataset/delete", json={"keys": [held[0].key]})
    assert client.get("/api/test?name=first").json()["test"]["changed"]
    client.post("/api/dataset/undo")
    assert not client.get("/api/test?name=first").json()["test"]["changed"]


def test_validation_pictures_never_take_the_place_of_the_held_out_test(trained) -> None:
    _, studio, client = trained
    held_out = [client.get(path).content for path in ("/api/test?name=first", "/test/first/report.html")]
    summary = client.get("/api/runs").json()["runs"][0]["test"]
    assert client.post("/api/test", json={"name": "first", "split": "validation"}).status_code == 200
    studio.studio.workshop.wait()
    assert held_out == [client.get(path).content for path in ("/api/test?name=first", "/test/first/report.html")]
    assert client.get("/api/runs").json()["runs"][0]["test"] == summary
    looked = client.get("/api/test?name=first&split=validation").json()["test"]
    assert looked["split"] == "validation"
    assert b"not the held-out test" in client.get("/test/first/report.html?split=validation").content


def test_a_test_of_another_model_of_the_same_name_is_not_shown(trained) -> None:
    folder, _, client = trained
    with (folder / "models/first.tflite").open("ab") as model:
        model.write(b"\0")
    assert client.get("/api/test?name=first").json()["test"] is None


def test_the_model_in_use_outlives_a_restart_and_is_forgotten_when_deleted(trained_once: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(trained_once, tmp_path / "project"))
    with served(folder) as running, running.client() as client:
        assert client.get("/api/models").json()["in_use"] is None
        assert client.post("/api/runs/use", json={"name": "first"}).status_code == 200
        assert "none of that name" in client.post("/api/runs/use", json={"name": "second"}).json()["error"]
    with served(folder) as running, running.client() as client:
        assert client.get("/api/models").json()["in_use"] == "file:first"
        assert client.get("/api/runs").json()["in_use"] == "first"
        assert client.post("/api/models/open", json={"name": "file:first"}).status_code == 200
        assert client.post("/api/runs/delete", json={"name": "first"}).status_code == 200
        assert client.get("/api/models").json()["in_use"] is None
    assert files(folder) == set()
    assert not list((folder / ".whatsit/tests").iterdir())
    assert "model" not in (folder / "whatsit.toml").read_text().split("[design]")[0]


def test_a_sweep_marks_the_pareto_front_and_recommends_within_limits(running: Served, client, folder) -> None:
    asked = {"sizes": [32, 64], "backbones": ["lite0/3"], "fits": ["cover"]}
    assert client.post("/api/sweep", json=asked).status_code == 200
    running.studio.workshop.wait()
    found = client.get("/api/sweep").json()
    assert {trial["title"] for trial in found["trials"]} == {"lite0/3@32", "lite0/3@64"}
    assert any(trial["on_front"] for trial in found["trials"]) and found["recommended"] is not None
    assert client.get("/api/sweep?max_ms=0.000001").json()["recommended"] is None
    assert client.get("/api/sweep?max_mb=1000").json()["recommended"] is not None
    best = found["trials"][found["recommended"]]
    assert best["cross_validated"] and best["pictures"] > 2 and "judged" not in best  # few validation pictures
    assert all(found["trials"][at]["milliseconds"] < best["milliseconds"] for at in found["not_told_apart"])
    assert b"<svg" in (folder / "models/sweep.html").read_bytes()
    refused = client.post("/api/sweep", json=asked | {"backbones": ["/etc/passwd.tflite"]})
    assert "pages can choose" in refused.json()["error"]
    assert len(client.get("/api/sweep").json()["trials"]) == 2


def test_a_network_of_ones_own_is_learnt_on_where_the_project_names_it(
    running: Served, client: httpx.Client, folder: Path, shared_data: Path
) -> None:
    network = shared_data / "tflite/mobilenet_v1_0.25_128_quant.tflite"
    elsewhere = shutil.copyfile(network, folder.parent / "theirs.tflite")
    assert "pages can choose" in begin(client, backbone=str(elsewhere)).json()["error"]
    mine = shutil.copyfile(elsewhere, folder / "models/mine.tflite")
    assert f'value="{mine}"' in client.get("/train").text and f'value="{mine}"' in client.get("/sweep").text
    assert client.post("/api/train", json={"name": "first", "design": {"backbone": str(mine), "epochs": 2}}).is_success
    running.studio.workshop.wait()
    assert client.get("/api/work").json()["state"] == "done"
    asked = {"sizes": [32, 64], "backbones": [str(mine)], "fits": ["squash"]}
    assert client.post("/api/sweep", json=asked).is_success
    running.studio.workshop.wait()
    work = client.get("/api/work").json()
    assert (work["state"], work["trials"], work["most_trials"]) == ("done", 1, 1)
    # What whatsit.toml names stays a choice, wherever it lies.
    settings = running.studio.project.settings
    design = {**settings.design, "backbone": str(elsewhere)}
    running.studio.project.save_settings(replace(settings, design=design))
    assert f'value="{elsewhere}"' in client.get("/train").text


def test_the_live_page_is_told_what_part_of_a_frame_a_model_sees(running: Served, client: httpx.Client) -> None:
    assert begin(client, fit="squash").status_code == 200
    running.studio.workshop.wait()
    assert client.post("/api/models/open", json={"name": "file:first"}).status_code == 200
    fits = {model["name"]: model["fit"] for model in client.get("/api/models").json()["models"]}
    assert (fits["file:first"], fits["taught"], fits["imagenet"]) == ("squash", "cover", None)


@pytest.mark.parametrize("target", ["litert", "teachable-machine", "c-array", "maixpy"])
def test_a_ready_folder_is_packed_with_the_program_that_runs_it(trained, target: str) -> None:
    folder, studio, client = trained
    assert client.post("/api/deploy", json={"name": "first", "target": target}).status_code == 200
    studio.studio.deployments.wait()
    assert client.get("/api/deploy").json()["state"] == "done"
    answer = client.get("/deploy/folder.zip")
    assert f'filename="first-{target}.zip"' in answer.headers["content-disposition"]
    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert f"first-{target}/classify.py" in names
    assert all(name.startswith(f"first-{target}") for name in names)
    assert [path.name for path in (folder / ".whatsit/deploy").iterdir()] == [f"first-{target}.zip"]


def test_a_program_that_takes_other_pictures_says_so(trained) -> None:
    _, studio, client = trained
    assert client.get("/deploy/folder.zip").status_code == 400
    client.post("/api/deploy", json={"name": "first", "target": "frigate"})
    studio.studio.deployments.wait()
    state = client.get("/api/deploy").json()
    assert state["state"] == "failed" and "224" in state["error"]
    assert client.get("/deploy/folder.zip").status_code == 400


def test_the_page_is_told_which_programs_take_the_model_in_the_servers_words(trained) -> None:
    _, _, client = trained
    told = client.get("/api/deploy/targets", params={"name": "first"}).json()["targets"]
    assert [one["target"] for one in told] == list(TARGETS)
    refused = {one["target"]: one["refusal"] for one in told if one["refusal"]}
    assert list(refused) == ["frigate"]
    assert (refused["frigate"]["key"], "224" in refused["frigate"]["text"]) == ("needs_size", True)
    assert client.get("/api/deploy/targets", params={"name": "nobody"}).status_code == 400
    assert "toaster" in client.post("/api/deploy", json={"name": "first", "target": "toaster"}).json()["error"]


def test_both_files_of_a_model_can_be_downloaded(trained) -> None:
    folder, _, client = trained
    for dtype, name in (("int8", "first.tflite"), ("float32", "first-float32.tflite")):
        assert client.get(f"/deploy/first/{dtype}.tflite").content == (folder / "models" / name).read_bytes()
    for name in ("..%2fwhatsit", "%2e%2e", "nobody"):
        assert client.get(f"/deploy/{name}/int8.tflite").status_code in (400, 404)
        assert client.get(f"/deploy/{name}/dynamic.tflite").status_code in (400, 404)
    dynamic = client.get("/deploy/first/dynamic.tflite")
    assert "first-dynamic.tflite" in dynamic.headers["content-disposition"]
    assert verify(dynamic.content) == [] and Classifier(dynamic.content).card.dtype == "dynamic"


@pytest.mark.parametrize("path", ["train", "work/stop", "runs/delete", "runs/use", "test", "sweep", "deploy"])
def test_other_sites_change_nothing_here(client: httpx.Client, path: str) -> None:
    asked = {"name": "first", "design": QUICK}
    assert client.post(f"/api/{path}", json=asked, headers={"origin": "http://evil.example"}).status_code == 403


@pytest.mark.parametrize("page", ["train", "test", "sweep", "deploy"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_page_opens_in_both_languages(client: httpx.Client, page: str, language: str) -> None:
    answer = client.get(f"/{page}?lang={language}")
    assert answer.status_code == 200
    assert 'aria-current="page"' in answer.text


def test_the_worker_leaves_no_process_behind(running: Served, client: httpx.Client) -> None:
    assert begin(client).status_code == 200
    running.studio.workshop.wait()
    assert not [
        child
        for child in psutil.Process(os.getpid()).children()
        if "whatsit.studio.jobs.worker_process" in child.cmdline()
    ]
