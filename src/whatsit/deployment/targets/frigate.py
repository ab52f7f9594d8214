"""Frigate's custom classification: uint8 in and out, 224 pixels, squashed; ``labelmap.txt``."""

from whatsit.deployment.common import label_lines, needs_colour
from whatsit.deployment.program import read_program
from whatsit.deployment.remark import Remark
from whatsit.deployment.target import Source, Target, Written
from whatsit.imaging.preprocess import Fit
from whatsit.models.card import ModelCard

_SIDE = 224


def _refusal(card: ModelCard) -> Remark | None:
    if (card.width, card.height) != (_SIDE, _SIDE):
        text = "takes {wanted} pixels only, this model takes {size}; train with size 224 and fit squash"
        values = {"wanted": f"{_SIDE} x {_SIDE}", "size": f"{card.width} x {card.height}"}
        return Remark("needs_size", text, values)
    return needs_colour(card)


def _notes(card: ModelCard) -> tuple[Remark, ...]:
    if card.fit is Fit.SQUASH:
        return ()
    text = (
        "Frigate squashes pictures, this model was trained with fit {fit}; train with fit squash for the same answers"
    )
    return (Remark("squashes", text, {"fit": card.fit}),)


def _write(source: Source) -> Written:
    return Written({"model.tflite": source.content, "labelmap.txt": label_lines(source.card.labels)})


FRIGATE = Target(
    name="frigate",
    title="Frigate",
    description="uint8 in and out, 224 pixels, labelmap.txt",
    program=read_program("frigate"),
    write=_write,
    refusal=_refusal,
    notes=_notes,
)
