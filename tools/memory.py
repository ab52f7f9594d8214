"""Run teach, train, test, check and the studio on a folder of pictures, each within a limit of memory.

``python tools/memory.py FOLDER --limit 350`` prints a table of the most memory that each process had resident; exit
status 1 where one needed more, or failed. FOLDER holds train/<label>/ and validation/<label>/. Where this user may make
a control group, each command runs in one that has the limit, and is killed beyond it; else what it used is measured.
``--only train,test`` runs some of them; what they need is made first, unlimited.
"""

import argparse
import contextlib
import os
import select
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from whatsit.processes import environment, module_command

COMMANDS = ("teach", "train", "test", "check", "studio")
MEGABYTE = 2**20
_SIZE_FILES = (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max"))
_WATCHED = 20.0
"""Seconds that the studio is watched for after its pages were asked for."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One command, and what it took."""

    name: str
    megabytes: float
    seconds: float
    status: int
    limited: bool


@contextlib.contextmanager
def control_group(limit: float) -> Iterator[Path | None]:
    """A control group with the limit, for one command; None where none can be made."""
    for root, file in _SIZE_FILES:
        folder = Path(root, f"whatsit-memory-{os.getpid()}")
        with contextlib.suppress(OSError):
            if not Path(root, "cgroup.procs").exists():
                continue
            folder.mkdir()
            try:
                (folder / file).write_text(str(round(limit * MEGABYTE)))
            except OSError:
                folder.rmdir()
                continue
            try:
                yield folder
            finally:
                folder.rmdir()
            return
    yield None


def start(arguments: list[str], group: Path | None) -> "subprocess.Popen[str]":
    """A command of ours in the control group, its output in a pipe."""

    def enter() -> None:
        if group is not None:
            (group / "cgroup.procs").write_text(str(os.getpid()))

    return subprocess.Popen(
        module_command("whatsit", *arguments), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, preexec_fn=enter,  # noqa: PLW1509 (no other thread here)
    )  # fmt: skip


def measured(name: str, arguments: list[str], limit: float) -> Measured:
    """Run a command to its end; the studio until its pages have been asked for."""
    begun = time.monotonic()
    with control_group(limit) as group:
        process = start(arguments, group)
        assert process.stdout is not None
        said = look_at_pages(process) if name == "studio" else process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    code = 0 if name == "studio" and process.returncode in (0, -15) else process.returncode
    if code:
        print(f"{name}: exit status {code}\n{said[-2000:]}", file=sys.stderr)
    scale = 1024 if sys.platform != "darwin" else 1  # kilobytes on Linux, bytes on macOS
    return Measured(name, used.ru_maxrss * scale / MEGABYTE, time.monotonic() - begun, code, group is not None)


def look_at_pages(process: "subprocess.Popen[str]") -> str:
    """Ask the studio for its pages, watch it for a while, and end it; what it said."""
    assert process.stdout is not None
    said, address = "", ""
    while not address and (line := process.stdout.readline()):
        said += line
        address = next((word for word in line.split() if word.startswith("http://")), "")
    for page in ("", "dataset", "train", "test", "check", "api/train", "api/runs") if address else ():
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{address.rstrip('/')}/{page}") as answer:
            answer.read()
    until = time.monotonic() + _WATCHED
    while time.monotonic() < until and process.poll() is None:
        if select.select([process.stdout], [], [], 0.5)[0]:
            said += process.stdout.readline()
    process.terminate()
    return said


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=float, default=350, help="in megabytes")
    parser.add_argument("--only", default=",".join(COMMANDS))
    asked = parser.parse_args()
    wanted = [name for name in COMMANDS if name in asked.only.split(",")]
    with tempfile.TemporaryDirectory() as scratch:
        project, model = Path(scratch, "project"), Path(scratch, "taught.tflite")
        commands = {
            "teach": ["teach", str(asked.folder / "train"), "-o", str(model)],
            "train": ["train", str(project)],
            "test": ["test", str(project), "--split", "validation"],
            "check": ["dataset", "check", "--project", str(project)],
            "studio": ["studio", str(project), "--camera", "synthetic:", "--port", "0"],
        }
        needed = [["dataset", "import", str(asked.folder), "--project", str(project)]]
        if "test" in wanted and "train" not in wanted:
            needed.append(commands["train"])
        for arguments in needed if wanted != ["teach"] else ():
            subprocess.run(module_command("whatsit", *arguments), env=environment(), check=True, capture_output=True)
        found = []
        for name in wanted:
            found.append(measured(name, commands[name], asked.limit))
            one = found[-1]
            judged = (
                "ok" if one.status == 0 and one.megabytes <= asked.limit else "TOO MUCH" if not one.status else "FAILED"
            )
            how = "limited" if one.limited else "measured"
            print(f"{one.name:<8} {one.megabytes:6.0f} MB {one.seconds:6.0f} s  {how:<9} {judged}", flush=True)
    return int(any(one.status or one.megabytes > asked.limit for one in found))


if __name__ == "__main__":
    sys.exit(main())
