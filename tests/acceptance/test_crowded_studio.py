"""A studio in a crowd; the whole minute is  python tools/crowd.py"""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


def test_a_visitor_with_the_token_is_served_while_a_crowd_without_it_pushes() -> None:
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if files != resource.RLIM_INFINITY and files < 3000:
        pytest.skip(f"the crowd needs 3,000 open files, this machine allows {files}")
    crowd = [sys.executable, str(REPOSITORY / "tools/crowd.py"), "--seconds", "8", "--patience", "30"]
    paths = os.pathsep.join(path for path in (str(REPOSITORY / "src"), os.environ.get("PYTHONPATH")) if path)
    done = subprocess.run(
        crowd, capture_output=True, text=True, timeout=300, env=os.environ | {"PYTHONPATH": paths}, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
