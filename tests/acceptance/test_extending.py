"""The recipes of ``docs/extending.md``, carried out: packages are installed and used, changes applied and counted."""

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from example_folder import make_example_folder
from recipes import ROOT, Installation, apply, git, groups, install, promised, recipes, touched, write
from studio_process import StudioProcess

RECIPES = recipes()
LIMITS = {
    "A camera source": 2,
    "A dataset layout": 2,
    "A deploy target": 3,
    "A sink for live answers": 2,
    "A learner of heads": 2,
    "A backbone": 3,
    "A studio page": 3,
    "A language of the pages": 1,
}
"""How many files of the repository each addition may touch, new and changed together; a page's folder counts as one."""
FROM_OUTSIDE = [title for title, recipe in RECIPES.items() if recipe.files]


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The packages of all recipes, installed beside whatsit as it is."""
    pytest.importorskip("hatchling", reason="hatchling, which builds the packages, is not installed")
    target = tmp_path_factory.mktemp("installed")
    install([write(RECIPES[title], tmp_path_factory.mktemp("package")) for title in FROM_OUTSIDE], target)
    return Installation((target, ROOT / "src"))


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, set[str]]]:
    """A copy of the source with all recipes applied, and the files each has touched."""
    repository = tmp_path_factory.mktemp("repository")
    shutil.copytree(ROOT / "src", repository / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    git(repository, "init", "--quiet")
    touched(repository)
    files = {}
    for title, recipe in RECIPES.items():
        apply(recipe, tmp_path_factory.mktemp("recipe"), repository)
        files[title] = touched(repository)
    return repository, files


@pytest.fixture(scope="module")
def inside(applied: tuple[Path, dict[str, set[str]]]) -> Installation:
    """The copy of the source with all recipes applied."""
    return Installation((applied[0] / "src",))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the commands work in."""
    return make_example_folder(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="module", params=["outside", "inside"])
def installation(request: pytest.FixtureRequest, outside: Installation, inside: Installation) -> Installation:
    """Either way of adding; every test that takes it runs twice."""
    return outside if request.param == "outside" else inside


@pytest.fixture
def place(pictures: Path, tmp_path: Path) -> Path:
    """A copy of the folder with the pictures for one test."""
    return shutil.copytree(pictures, tmp_path / "place")


def carried_out(title: str, installation: Installation, place: Path) -> list[str]:
    """What each command of a recipe prints."""
    commands = RECIPES[title].commands
    assert commands
    return [installation.run(command, place) for command in commands]


@contextmanager
def studio(installation: Installation, project: Path) -> Iterator[httpx.Client]:
    """A browser on a studio that has the additions."""
    process = StudioProcess(project, installation.environment)
    origin = process.url.rstrip("/")
    try:
        with httpx.Client(base_url=origin, headers={"origin": origin}, timeout=60) as client:
            yield client
    finally:
        process.end()


def test_the_page_has_a_recipe_for_each_addition_and_its_table_says_what_they_touch() -> None:
    assert RECIPES.keys() == LIMITS.keys() == promised().keys()
    for recipe in RECIPES.values():
        assert recipe.new or recipe.changes
        # What a package holds besides its metadata has a place inside, and the other way round.
        assert bool(recipe.files) == bool(recipe.moved) == bool(recipe.commands)


@pytest.mark.parametrize("title", RECIPES)
def test_a_recipe_touches_as_many_files_as_the_page_says_and_no_more_than_planned(
    applied: tuple[Path, dict[str, set[str]]], title: str
) -> None:
    files = applied[1][title]
    assert len(files) == promised()[title] <= LIMITS[title], files


def test_packages_from_outside_change_nothing_in_the_source(outside: Installation) -> None:
    target, source = outside.paths
    assert source == ROOT / "src"
    assert not (target / "whatsit").exists()
    assert len(list(target.glob("*.dist-info"))) == len(FROM_OUTSIDE)


def test_a_camera_source_is_listed_captured_from_and_watched(installation: Installation, place: Path) -> None:
    listed, _, live = carried_out("A camera source", installation, place)
    assert "stripes:" in listed and "moving stripes" in listed
    assert len(list((place / "stripes/dataset/green").glob("*.jpg"))) == 3
    assert live.splitlines()


def test_a_sink_gets_the_answers(installation: Installation, place: Path) -> None:
    carried_out("A sink for live answers", installation, place)
    rows = list(csv.reader((place / "answers.csv").read_text().splitlines()))
    assert rows and all(len(row) == 3 and float(row[0]) > 0 and 0 <= float(row[2]) <= 1 for row in rows)


@pytest.mark.parametrize("title", ["A learner of heads", "A backbone"])
def test_what_teaches_is_taught_with(installation: Installation, place: Path, title: str) -> None:
    *_, answers = carried_out(title, installation, place)
    found = [json.loads(line) for line in answers.splitlines()]
    assert len(found) == 8
    for answer in found:
        assert answer["predictions"][0]["label"] == Path(answer["path"]).parent.name


def test_a_dataset_layout_is_written_recognised_and_read(installation: Installation, place: Path) -> None:
    *_, stats = carried_out("A dataset layout", installation, place)
    assert {path.name.partition("__")[0] for path in (place / "named").iterdir()} == {"brown", "green"}
    counts = {label: sum(splits.values()) for label, splits in json.loads(stats)["classes"].items()}
    assert counts == {"brown": 4, "green": 4}


def test_a_deploy_target_writes_a_folder_whose_program_runs(installation: Installation, place: Path) -> None:
    carried_out("A deploy target", installation, place)
    folder = place / "for-the-program"
    assert {path.name for path in folder.iterdir()} == {"classify.py", "labels.json", "model.tflite"}
    assert json.loads((folder / "labels.json").read_text()) == ["brown", "green"]
    pictures = sorted(place.glob("bottles/*/*.jpg"))
    command = [sys.executable, "classify.py", *pictures]
    lines = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.splitlines()
    assert [line.split("\t")[1] for line in lines] == [picture.parent.name for picture in pictures]


def test_a_package_that_cannot_be_loaded_is_named_by_doctor_and_stops_nothing_else(tmp_path: Path) -> None:
    info = tmp_path / "broken_thing-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-thing\nVersion: 1.0\n")
    assert len(groups()) == len(FROM_OUTSIDE)
    (info / "entry_points.txt").write_text("\n".join(f"[{group}]\nthing = nowhere:THING" for group in groups()))
    broken = Installation((tmp_path, ROOT / "src"))
    findings = [json.loads(line) for line in broken.run("whatsit doctor --json", tmp_path).splitlines()]
    named = [finding["found"] for finding in findings if "broken-thing" in finding["found"]]
    for group in groups():
        assert any(group in found and "nowhere" in found for found in named), group
    assert "synthetic:" in broken.run("whatsit cameras", tmp_path)


def test_a_misspelt_name_is_refused_with_the_addition_among_the_choices(
    installation: Installation, place: Path
) -> None:
    for command, row in (
        ("whatsit teach bottles/ -o x.tflite --learner rigde", "ridge"),
        ("whatsit teach bottles/ -o x.tflite --backbone tyni", "tiny"),
        ("whatsit deploy x.tflite jsno -o somewhere", "json"),
    ):
        with pytest.raises(AssertionError, match=row):
            installation.run(command, place)


@pytest.fixture(scope="module")
def client(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A browser on a studio that has the additions."""
    with studio(installation, tmp_path_factory.mktemp("studio") / "project") as client:
        yield client


def test_a_camera_source_can_be_chosen_on_a_page(client: httpx.Client) -> None:
    answer = client.post("/api/camera", json={"uri": "stripes:?colour=blue"})
    assert answer.status_code == 200, answer.text
    assert client.get("/api/camera").json()["uri"].startswith("stripes:")


def test_a_dataset_layout_is_offered_on_a_page(client: httpx.Client) -> None:
    assert "Labels in file names" in client.get("/dataset").text


def test_a_deploy_target_is_offered_on_a_page(client: httpx.Client) -> None:
    assert "Programs that read JSON" in client.get("/deploy").text


def test_a_backbone_can_be_chosen_on_a_page(client: httpx.Client) -> None:
    assert '"tiny"' in client.get("/train").text
    assert "tiny" in client.get("/sweep").text


def test_a_page_is_in_the_navigation_and_shows_what_it_asks_for(inside: Installation, place: Path) -> None:
    inside.run("whatsit dataset import bottles --project project", place)
    with studio(inside, place / "project") as client:
        assert '<a href="/tally">Tally</a>' in client.get("/").text
        assert '<a href="/tally">统计</a>' in client.get("/?lang=zh").text
        assert '<ol id="counts">' in client.get("/tally").text
        assert client.get("/static/tally/tally.js").status_code == 200
        assert client.get("/api/tally").json() == {"counts": {"brown": 4, "green": 4}}


def test_a_language_is_offered_and_chosen_and_falls_back_to_english(inside: Installation, tmp_path: Path) -> None:
    with studio(inside, tmp_path / "project") as client:
        assert 'hreflang="de"' in client.get("/").text
        page = client.get("/", headers={"accept-language": "de-AT,de;q=0.9"}).text
        assert '<html lang="de"' in page and ">Zeigen</a>" in page
        assert "+ Class" in page
