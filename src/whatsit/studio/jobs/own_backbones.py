"""The ``.tflite`` files that pages can choose as a backbone: those the project names already, no others."""

from pathlib import Path

from whatsit.backbones import BACKBONES
from whatsit.backbones.choice import BackboneChoice
from whatsit.datasets.project import Project
from whatsit.errors import DataError
from whatsit.studio.jobs.runs import Runs


def own_backbones(project: Project, runs: Runs) -> list[str]:
    """Paths of ``.tflite`` files: those in ``whatsit.toml``, those that models were trained on, and those put into
    ``models/``.
    """
    known = runs.view()
    designs = [project.settings.design, *(run["design"] or {} for run in known)]
    named = [name for design in designs if isinstance(name := design.get("backbone"), str)]
    put = [str(project.models / f"{run['name']}.tflite") for run in known if run["design"] is None]
    return list(dict.fromkeys(name for name in (*named, *put) if BackboneChoice(name).is_path))


def check_backbone(name: str, own: list[str]) -> None:
    """Refuse what pages cannot choose: the right to train is not the right to look through the machine's disk.

    Raises:
        DataError: neither in the table of backbones nor one of ``own``.
    """
    if name not in BACKBONES and name not in own:
        known = ", ".join((*BACKBONES, *(Path(one).name for one in own)))
        raise DataError(
            f"backbone {name[:80]!r}: pages can choose {known}; put the file into the project's models folder, "
            "or train with it on the command line"
        )
