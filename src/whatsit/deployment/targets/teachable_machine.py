"""What reads Teachable Machine's quantised export: ``model.tflite`` and a numbered ``labels.txt``."""

from whatsit.deployment.common import label_lines, needs_colour
from whatsit.deployment.program import read_program
from whatsit.deployment.remark import Remark
from whatsit.deployment.target import Source, Target, Written
from whatsit.deployment.unknown import unknown_files
from whatsit.imaging.preprocess import Fit
from whatsit.models.card import ModelCard


def _notes(card: ModelCard) -> tuple[Remark, ...]:
    if card.fit is Fit.COVER:
        return ()
    text = "Teachable Machine's own programs cut the middle out, this model was trained with fit {fit}"
    return (Remark("cuts", text, {"fit": card.fit}),)


def _write(source: Source) -> Written:
    numbered = [f"{index} {label}" for index, label in enumerate(source.card.labels)]
    return Written(
        {
            "model.tflite": source.content,
            "labels.txt": label_lines(numbered),
            **unknown_files(source.content, source.card),
        }
    )


TEACHABLE_MACHINE = Target(
    name="teachable-machine",
    title="Teachable Machine",
    description="model.tflite and numbered labels.txt, as its quantised export",
    program=read_program("teachable-machine"),
    write=_write,
    refusal=needs_colour,
    notes=_notes,
)
