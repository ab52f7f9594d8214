"""A package from outside that adds rows to whatsit's tables, installed for one test."""

import os
import sys
from pathlib import Path

import pytest

from whatsit.plugins import tables

CAMERA = """
import numpy as np
from whatsit.cameras import CameraSource, FoundCamera, RemoteCamera
from whatsit.plugins import NumberOption

LEVEL = NumberOption("level", "brightness of the pictures", 200.0, 0, 255)


class Pattern:
    def __init__(self, level):
        self.level = int(level)

    def grab(self):
        return np.full((48, 64, 3), self.level, np.uint8)

    def release(self):
        pass


def from_address(address):
    return RemoteCamera(address.text, "pattern_camera:Pattern", {"level": LEVEL.of(address)})


PATTERN = CameraSource(
    description="one brightness",
    example="pattern:",
    options=(LEVEL,),
    open=from_address,
    found=lambda: [FoundCamera("pattern:?level=10", "a dark pattern")],
    page_may_choose=True,
)
"""
"""The text of a module that adds the camera ``pattern:``."""
CAMERA_POINTS = "[whatsit.cameras]\npattern = pattern_camera:PATTERN\n"

SINK = """
from pathlib import Path
from whatsit.live.sink import SinkKind


class Labels:
    def __init__(self, path):
        self.path = path

    def send(self, answer):
        with self.path.open("a") as file:
            file.write(f"{answer.label}\\n")

    def close(self):
        with self.path.open("a") as file:
            file.write("closed\\n")


LABELS = SinkKind(
    description="labels in a file", example="labels:FILE", open=lambda address: Labels(Path(address.target))
)
"""
"""The text of a module that adds the sink ``labels:``."""
SINK_POINTS = "[whatsit.sinks]\nlabels = labels_sink:LABELS\n"


def install(folder: Path, name: str, source: str, points: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write a module with entry points into ``folder`` and put that on the path, of this process and of its children.

    Args:
        source: the module's text.
        points: the lines of ``entry_points.txt``.
    """
    (folder / f"{name}.py").write_text(source)
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(points)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH")))))
    for table in tables():
        table.refresh()


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take everything that was installed off the path again."""
    monkeypatch.undo()
    for table in tables():
        table.refresh()
