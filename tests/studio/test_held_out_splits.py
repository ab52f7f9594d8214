"""From pictures of one press per class to something that can be tested: what the pages say, and what they offer."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from served import Served

from whatsit.datasets.project import Project
from whatsit.datasets.split import Split

TINTS = {"mug": (150, 0, 0), "duck": (0, 0, 150)}


def scene(seed: int, tint: tuple[int, int, int] = (0, 0, 0)) -> bytes:
    coarse = np.random.default_rng(seed).integers(0, 100, (6, 8, 3), np.uint8) + np.array(tint, np.uint8)
    file = io.BytesIO()
    Image.fromarray(coarse).resize((96, 72), Image.Resampling.BICUBIC).save(file, "JPEG", quality=95)
    return file.getvalue()


def press(folder: Path, label: str, seeds: range) -> None:
    with Project(folder) as project:
        for seed in seeds:
            project.dataset.add(scene(seed, TINTS[label]), label, burst=label, time=1_000_000 + seed)


def test_one_press_a_class_is_said_to_be_untested_until_some_are_held_out(
    serve: Callable[..., Served], tmp_path: Path
) -> None:
    press(tmp_path / "project", "mug", range(20))
    press(tmp_path / "project", "duck", range(20, 23))
    running = serve(camera="browser:")
    with running.client() as page:
        assert page.get("/api/collect").json()["one_go"] == ["mug"]
        needs = page.get("/api/splits").json()["needs"]
        assert [(one["split"], one["none"], one["few"]) for one in needs] == [
            ("test", ["duck", "mug"], []), ("validation", ["duck", "mug"], []),
        ]  # fmt: skip
        assert page.post("/api/splits/hold-out").json()["values"] == {"n": 10, "lacking": []}
        assert page.get("/api/splits").json()["needs"] == []
        assert page.get("/api/collect").json()["one_go"] == []
        assert page.post("/api/dataset/undo").json()["values"]["edit"]["edit"] == "resplit"
        assert running.studio.project.dataset.count("mug", Split.TEST) == 0


def test_the_check_does_not_call_pictures_ready_that_it_has_not_looked_at(
    serve: Callable[..., Served], tmp_path: Path
) -> None:
    press(tmp_path / "project", "mug", range(12))
    press(tmp_path / "project", "duck", range(20, 32))
    running = serve(camera="browser:")
    with running.client() as page:
        page.post("/api/check")
        running.studio.checking.wait()
        found = page.get("/api/check").json()["report"]
        assert found["ready"], found["kinds"]
        running.studio.project.dataset.add(scene(50), "mug")
        report = page.get("/api/check").json()["report"]
        assert (report["ready"], report["unseen"]) == (False, True)
        page.post("/api/dataset/undo")
        assert page.get("/api/check").json()["report"]["ready"]
