"""Broken model files by the thousand; more by hand:  python tools/fuzz_models.py --cases 20000 --seed 1"""

import os
import random
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

REPOSITORY = Path(__file__).parents[2]
TOOLS, STUDIO = REPOSITORY / "tools", REPOSITORY / "tests" / "studio"
CASES = 2000


@pytest.fixture(scope="module")
def tools() -> None:
    sys.path[:0] = [str(TOOLS), str(STUDIO)]


def environment() -> dict[str, str]:
    paths = os.pathsep.join(path for path in (str(REPOSITORY / "src"), os.environ.get("PYTHONPATH")) if path)
    return os.environ | {"PYTHONPATH": paths}


def test_no_broken_model_ends_wedges_or_fills_a_process() -> None:
    command = [sys.executable, str(TOOLS / "fuzz_models.py"), "--cases", str(CASES)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, env=environment(), check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{CASES:,} cases" in done.stdout


def test_no_broken_model_among_the_projects_ends_the_studio(tools: None, tmp_path: Path) -> None:
    from fuzz_models import mutated, small_models

    models = tmp_path / "project" / "models"
    models.mkdir(parents=True)
    chance = random.Random(7)
    bases = small_models()
    while len(list(models.iterdir())) < 40:
        content = mutated(chance.choice(bases), chance)
        if content is not None:
            (models / f"m{len(list(models.iterdir())):02}.tflite").write_bytes(content)
    studio = subprocess.Popen(
        [sys.executable, str(STUDIO / "studio_server.py"), str(tmp_path / "project"), "0"],
        stdout=subprocess.PIPE, text=True, env=environment(), cwd=STUDIO,
    )  # fmt: skip
    assert studio.stdout is not None
    url = studio.stdout.readline().strip()
    became = set()
    with studio, httpx.Client(base_url=url, headers={"origin": url.rstrip("/")}, timeout=60) as page:
        for model in sorted(models.iterdir()):
            answer = page.post("/api/models/open", json={"name": f"file:{model.stem}"})
            became.add(answer.status_code)
            if answer.status_code != 200:
                assert "\n" not in answer.json()["error"]
            assert studio.poll() is None
        assert page.get("/live").status_code == 200
        studio.terminate()
        assert studio.wait(30) == 0
    assert became <= {200, 400}
