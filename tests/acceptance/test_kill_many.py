"""``tools/kill_many.py`` finds nothing lost, half done or left lying about after a few kills; by hand it does 1,000."""

import re
import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).parents[2] / "tools" / "kill_many.py"


def test_a_few_kills_of_everything_lose_nothing_and_leave_nothing() -> None:
    done = subprocess.run([sys.executable, TOOL, "--kills", "49"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("49 kills:") and done.stdout.endswith("\n0 wrong\n")
    assert re.search(r"import 7 \([1-7] while at work\)", done.stdout)
    assert re.search(r"correction 7 \([1-7] while at work\)", done.stdout)
