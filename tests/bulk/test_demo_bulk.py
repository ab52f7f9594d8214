"""What ``make demo-bulk`` shows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install 'whatsit[bulk]'")
ROOT = Path(__file__).parents[2]


def test_the_demonstration_kills_resumes_searches_and_summarises(tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", ROOT / "examples/bulk.py", "--output", tmp_path / "bulk", "--pictures", "1100"],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    said = done.stdout
    assert re.search(r"killed .* when [12] of 2 parts were whole", said)
    assert re.search(r"most like a mug, in [\d.]+ ms:\n  [\d.]+  mug ", said)
    assert re.search(r"  mug +\d+ known", said) and (tmp_path / "bulk/answers/summary.html").is_file()
    assert len([*(tmp_path / "bulk/answers").glob("part-*")]) == 2
