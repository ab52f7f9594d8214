"""MediaPipe's ImageClassifier: labels and normalisation are in the model's metadata."""

from whatsit.deployment.common import needs_colour
from whatsit.deployment.program import read_program
from whatsit.deployment.remark import Remark
from whatsit.deployment.target import Source, Target, Written
from whatsit.deployment.unknown import unknown_files
from whatsit.imaging.preprocess import Fit
from whatsit.models.card import ModelCard
from whatsit.tflite.cut import embedder


def _write(source: Source) -> Written:
    files = {"model.tflite": source.content} | unknown_files(source.content, source.card)
    if len(files) > 1 and source.card.embedding is not None:
        # MediaPipe shows no inner tensor, so its ImageEmbedder has a file of its own.
        files["embedder.tflite"] = embedder(source.content, source.card.embedding)
    return Written(files)


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
    write=_write,
    refusal=needs_colour,
    notes=_notes,
)
