"""The region of interest: chosen on a page, kept in ``whatsit.toml``, on record with what is taken."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from served import Served, served

from whatsit.datasets.project import Project
from whatsit.imaging.image import load_image

QUARTER = [0.25, 0.25, 0.5, 0.5]


def test_what_is_taken_is_the_region_and_says_so(serve: Callable[..., Served]) -> None:
    running = serve()
    with running.client() as page:
        whole = page.get("/api/camera").json()
        assert whole["region"] is None
        chosen = page.post("/api/camera/region", json={"region": QUARTER}).json()
        assert chosen["message"] == "region_chosen"
        running.studio.feed.camera.wait_for(lambda camera: camera.latest is not None, 10)
        view = page.get("/api/camera").json()
        assert view["region"] == QUARTER
        assert view["uri"] == f"{whole['uri']}&roi=0.25,0.25,0.5,0.5"
        page.post("/api/collect/take", json={"label": "mug", "burst": ""})
        (picture,) = running.studio.project.dataset.pictures()
        assert picture.source == view["uri"]
        assert load_image(picture.path).width == running.studio.feed.newest(picture.time).image.shape[1]
        assert page.post("/api/camera/region", json={"region": None}).json()["message"] == "region_cleared"
        assert page.get("/api/camera").json()["uri"] == whole["uri"]


def test_what_is_no_region_changes_nothing(serve: Callable[..., Served]) -> None:
    running = serve()
    with running.client() as page:
        for wrong in ([0.5, 0, 0.6, 1], [0, 0, 0, 1], [0, 0, 1]):
            refused = page.post("/api/camera/region", json={"region": wrong})
            assert refused.status_code == 400
            assert "region" in refused.json()["error"] or "roi=" in refused.json()["error"]
        assert page.get("/api/camera").json()["region"] is None


def test_a_page_that_is_the_camera_has_no_region(tmp_path: Path) -> None:
    with served(tmp_path / "project", "browser:") as running, running.client() as page:
        refused = page.post("/api/camera/region", json={"region": QUARTER})
        assert refused.status_code == 400
        assert "come from a page" in refused.json()["error"]


def test_the_region_of_the_projects_camera_is_kept_in_its_settings(tmp_path: Path) -> None:
    with Project(tmp_path / "project") as project:
        project.save_settings(replace(project.settings, camera="synthetic:?object=duck"))
    with served(tmp_path / "project", "synthetic:?object=duck") as running, running.client() as page:
        page.post("/api/camera/region", json={"region": QUARTER})
    with Project(tmp_path / "project") as project:
        assert project.settings.camera == "synthetic:?object=duck&roi=0.25,0.25,0.5,0.5"
    with served(tmp_path / "project", "") as running, running.client() as page:
        assert page.get("/api/camera").json()["region"] == QUARTER
