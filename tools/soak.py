"""Use a studio for long, and see that it does not grow: edits, model switches, trainings that are stopped, tabs.

Usage: python tools/soak.py [--edits 10000] [--switches 200] [--trainings 100] [--tabs 1000]

The studio runs as a process of its own; everything is done over HTTP and WebSockets, as pages do it. Each kind of work
is done once to warm up (an eighth of it, ten at least), then measured. Prints for each kind its time, the studio's
memory on the way, and its open files and threads before and after; status 1 where memory grew by more than
``--growth`` MiB, or files or threads did not come back.
"""

import argparse
import io
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from PIL import Image
from websockets.sync.client import connect

CLASSES = ("mug", "plant")
MORE_FILES = 4
MORE_THREADS = 3
SETTLING_SECONDS = 15
LOOKS = 8
"""How often memory is looked at on the way: what grows for ever does not stop half way."""


def main() -> int:
    asked = argparse.ArgumentParser(description="Use a studio for long.")
    asked.add_argument("--edits", type=int, default=10_000)
    asked.add_argument("--switches", type=int, default=200)
    asked.add_argument("--trainings", type=int, default=100)
    asked.add_argument("--tabs", type=int, default=1000)
    asked.add_argument("--growth", type=float, default=24.0, help="MiB that one kind of work may add")
    chosen = asked.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the studio ends with us
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        _prepare(project)
        studio = Soaked(project)
        try:
            held = [
                studio.measured("edits", studio.edit, chosen.edits, chosen.growth),
                studio.measured("model switches", studio.switch, chosen.switches, chosen.growth),
                studio.measured("trainings stopped", studio.train, chosen.trainings, chosen.growth),
                studio.measured("tabs", studio.tab, chosen.tabs, chosen.growth),
            ]
        finally:
            status = studio.end()
    print(f"the studio ended with status {status}")
    return 0 if all(held) and status == 0 else 1


class Soaked:
    """A studio as a process, and what pages do to it."""

    def __init__(self, project: Path) -> None:
        command = ["studio", str(project), "--camera", "synthetic:?object=mug&fps=8", "--port", "0", "--no-open"]
        self._log = (project / "log").open("w+b")
        self.process = subprocess.Popen([sys.executable, "-m", "whatsit", *command], stderr=self._log)
        self.url = self._announced(project / "log")
        self.page = httpx.Client(base_url=self.url, headers={"origin": self.url.rstrip("/")}, timeout=60)
        self.keys = self.page.get("/api/dataset/keys").json()["keys"]

    def measured(self, kind: str, work: Callable[[int], None], count: int, growth: float) -> bool:
        """Do the work ``count`` times and print what became of the process."""
        if not count:
            return True
        warm = max(10, count // 8) if count > 10 else 1
        for number in range(warm):
            work(number)
        before = self._state()
        start = time.monotonic()
        way = [before[0]]
        for number in range(count):
            work(warm + number)
            if (number + 1) * LOOKS // count > number * LOOKS // count:
                way.append(self._state()[0])
        seconds = time.monotonic() - start
        deadline = time.monotonic() + SETTLING_SECONDS
        while not _is_back(after := self._state(), before) and time.monotonic() < deadline:
            time.sleep(0.5)
        more = (after[0] - before[0]) / 2**20
        seen = " ".join(f"{memory / 2**20:.0f}" for memory in [*way, after[0]])
        memory = f"{seen} MiB ({1024 * more / count:+.2f} KiB each)"
        others = f"files {before[1]} -> {after[1]}, threads {before[2]} -> {after[2]}"
        print(f"{count:,} {kind} in {seconds:.0f} s: memory {memory}, {others}", flush=True)
        return more <= growth and _is_back(after, before)

    def edit(self, number: int) -> None:
        """Move a picture to another split, or undo it."""
        if number % 2:
            self._post("/api/dataset/undo")
        else:
            split = ("training", "validation", "test")[number // 2 % 3]
            self._post("/api/dataset/move", keys=[self.keys[number // 2 % len(self.keys)]], split=split)

    def switch(self, number: int) -> None:
        """Watch with another model."""
        self._post("/api/models/open", name=("file:one", "file:two", "imagenet")[number % 3])

    def train(self, number: int) -> None:
        """Begin a training and stop it."""
        self._post("/api/train", name=f"m{number}", design={})
        self._post("/api/work/stop")
        while self.page.get("/api/work").json()["state"] in ("running", "stopping"):
            time.sleep(0.05)

    def tab(self, number: int) -> None:
        """Open a tab, see a frame, and close it."""
        with connect(self.url.replace("http", "ws") + "ws", origin=self.url.rstrip("/")) as tab:  # type: ignore[arg-type]
            tab.send('{"video": true, "answers": "taught"}')
            while not isinstance(tab.recv(timeout=30), bytes):
                pass

    def end(self) -> int:
        """SIGTERM, and wait."""
        self.page.close()
        self.process.terminate()
        try:
            return self.process.wait(30)
        finally:
            self._log.close()

    def _post(self, path: str, **body: object) -> None:
        answer = self.page.post(path, json=body)
        if answer.status_code != 200:
            raise SystemExit(f"{path} {body}: {answer.text}")

    def _state(self) -> tuple[int, int, int]:
        """Memory in bytes, open files, threads."""
        folder = Path(f"/proc/{self.process.pid}")
        memory = int((folder / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return memory, len(list((folder / "fd").iterdir())), len(list((folder / "task").iterdir()))

    def _announced(self, log: Path) -> str:
        while b"Ctrl-C" not in (said := log.read_bytes()):
            if self.process.poll() is not None:
                raise SystemExit(said.decode())
            time.sleep(0.1)
        return next(word for word in said.decode().split() if word.startswith("http"))


def _is_back(after: tuple[int, int, int], before: tuple[int, int, int]) -> bool:
    return after[1] <= before[1] + MORE_FILES and after[2] <= before[2] + MORE_THREADS


def _prepare(project: Path) -> None:
    from fuzz_models import small_models

    models = project / "models"
    models.mkdir(parents=True)
    for name in ("one", "two"):
        (models / f"{name}.tflite").write_bytes(small_models()[0])
    for shade, label in enumerate(CLASSES):
        (project / "dataset" / label).mkdir(parents=True)
        for number in range(20):
            picture = io.BytesIO()
            Image.effect_noise((64, 64), 40 + shade * 60 + number).convert("RGB").save(picture, "JPEG")
            (project / "dataset" / label / f"{number}.jpg").write_bytes(picture.getvalue())


if __name__ == "__main__":
    raise SystemExit(main())
