"""A studio that is used for long; an hour of it:  python tools/soak.py"""

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def test_a_studio_that_is_used_does_not_keep_files_threads_or_memory() -> None:
    few = ["--edits", "60", "--switches", "12", "--trainings", "2", "--tabs", "20", "--growth", "64"]
    paths = os.pathsep.join(path for path in (str(REPOSITORY / "src"), os.environ.get("PYTHONPATH")) if path)
    done = subprocess.run(
        [sys.executable, str(REPOSITORY / "tools" / "soak.py"), *few],
        capture_output=True, text=True, timeout=300, check=False, env=os.environ | {"PYTHONPATH": paths},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("memory") == 4
