"""Networks of the user's own that pages may choose to learn on: those the project names already, no others."""

from pathlib import Path

from whatsit.backbones import BACKBONES
from whatsit.backbones.choice import BackboneChoice
from whatsit.datasets.project import Project
from whatsit.errors import DataError
from whatsit.studio.jobs.runs import Runs


def own_backbones(project: Project, runs: Runs) -> list[str]:
    """Paths of ``.tflite`` files: what ``whatsit.toml`` says, what models were trained on, what somebody put into
    ``models/``.
    """
    known = runs.view()
    designs = [project.settings.design, *(run["design"] or {} for run in known)]
    named = [design["backbone"] for design in designs if isinstance(design.get("backbone"), str)]
    put = [str(project.models / f"{run['name']}.tflite") for run in known if run["design"] is None]
    return list(dict.fromkeys(name for name in (*named, *put) if BackboneChoice(name).is_path))


def check_backbone(name: str, own: list[str]) -> None:
    """Refuse what pages may not choose: who may train may not look through the machine's disk.

    Raises:
        DataError: neither in the table of backbones nor one of ``own``.
    """
    if name not in BACKBONES and name not in own:
        known = ", ".join((*BACKBONES, *(Path(one).name for one in own)))
        raise DataError(
            f"backbone {name[:80]!r}: pages may choose {known}; put the file into the project's models folder, "
            "or train with it on the command line"
        )
