"""Packages from outside that add a camera and a sink, installed for one test."""

import os
from pathlib import Path

import pytest

from installed_package import installed_here, write_package
from whatsit.cameras.sources import CAMERAS
from whatsit.live.sinks import SINKS

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


def install_camera(
    folder: Path, monkeypatch: pytest.MonkeyPatch, source: str = CAMERA, attributes: tuple[str, ...] = ("PATTERN",)
) -> None:
    """Install the module ``pattern_camera``, for this process and those that it starts, until the test ends.

    Args:
        attributes: its rows; each is announced under its name in lower case.
    """
    points = {attribute.lower(): f"pattern_camera:{attribute}" for attribute in attributes}
    write_package(folder, "pattern_camera", source, {CAMERAS.group: points})
    installed_here(monkeypatch, folder, CAMERAS)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH")))))


def install_sink(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the module ``labels_sink``, for this process, until the test ends."""
    write_package(folder, "labels_sink", SINK, {SINKS.group: {"labels": "labels_sink:LABELS"}})
    installed_here(monkeypatch, folder, SINKS)
