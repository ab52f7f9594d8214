"""MediaPipe's ImageClassifier: labels and normalisation are in the model's metadata."""

from whatsit.deployment.common import needs_colour
from whatsit.deployment.program import read_program
from whatsit.deployment.remark import Remark
from whatsit.deployment.target import Target, Written
from whatsit.imaging.preprocess import Fit
from whatsit.models.card import ModelCard


def _notes(card: ModelCard) -> tuple[Remark, ...]:
    if card.fit is Fit.SQUASH:
        return ()
    text = "MediaPipe's own programs squash pictures; this model was trained with fit {fit}, as classify.py fits them"
    return (Remark("mediapipe_squashes", text, {"fit": card.fit}),)


MEDIAPIPE = Target(
    name="mediapipe",
    title="MediaPipe",
    description="an ImageClassifier on Android, iOS, the web or in Python",
    program=read_program("mediapipe"),
    write=lambda source: Written({"model.tflite": source.content}),
    refusal=needs_colour,
    notes=_notes,
)
