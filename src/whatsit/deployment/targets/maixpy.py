"""MaixPy's self-learning classifier: ``my_classes.bin`` with the backbone that its features belong to."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from whatsit.backbones.backbone import Backbone
from whatsit.backbones.builtin_id import is_builtin_id, parse_builtin_id
from whatsit.backbones.choice import BackboneChoice
from whatsit.deployment.common import needs_colour
from whatsit.deployment.program import read_program
from whatsit.deployment.remark import Remark
from whatsit.deployment.target import Need, Source, Target, Written
from whatsit.errors import DataError, ImageError
from whatsit.imaging.preprocess import Fit, Preprocess
from whatsit.models.card import ModelCard
from whatsit.models.classifier import Classifier
from whatsit.teaching.maixpy_file import Features, parse
from whatsit.teaching.teach import embed_examples
from whatsit.validation import first_few


def _notes(card: ModelCard) -> tuple[Remark, ...]:
    text = "for a computer, by  whatsit maix run: a MaixCAM runs no .tflite, and its own backbone gives other features"
    notes = (Remark("maixpy_features", text),)
    if card.fit is Fit.COVER:
        return notes
    text = "name fit {fit} in MaixPy's classify, which cuts the middle out otherwise"
    return (*notes, Remark("maixpy_fit", text, {"fit": card.fit}))


def _write(source: Source) -> Written:
    _check_labels(source)
    unreadable: list[ImageError] = []
    with tempfile.TemporaryDirectory() as scratch:
        choice = _backbone(source, Path(scratch))
        embedded = embed_examples(source.taught, choice, on_unreadable=unreadable.append)
        features = Path(scratch) / "my_classes.bin"
        embedded.save_features(features)
        content = features.read_bytes()
    backbone = embedded.embedder
    files = {"my_classes.bin": content, "backbone.tflite": backbone.content, "backbone.mud": _mud(backbone.preprocess)}
    return Written(files, (_agreement(source, embedded.embedder, parse(content)), *_left_out(unreadable)))


def _mud(preprocess: Preprocess) -> bytes:
    """MaixPy's text beside a network, by which ``whatsit maix run`` finds the backbone."""
    mean, scale = (
        ", ".join(repr(float(value)) for value in (values if len(values) == 3 else values * 3))
        for values in (preprocess.mean, tuple(1 / value for value in preprocess.std))
    )
    said = {"model_type": "classifier_no_top", "input_type": "rgb", "mean": mean, "scale": scale}
    extra = "\n".join(f"{name} = {value}" for name, value in said.items())
    return f"[basic]\ntype = tflite\nmodel = backbone.tflite\n\n[extra]\n{extra}\n".encode()


def _check_labels(source: Source) -> None:
    given, known = sorted({label for _, label in source.taught}), sorted(source.card.labels)
    if given != known:
        differ = f"the training pictures are of {first_few(given)}, the model knows {first_few(known)}: train again"
        raise DataError(f"{differ}, or give the pictures it was trained on by  --taught FOLDER", on_page=differ)


def _backbone(source: Source, folder: Path) -> BackboneChoice:
    """The backbone the model was trained on; where that is in no table, the model itself without its top."""
    card = source.card
    if is_builtin_id(card.backbone):
        parts = parse_builtin_id(card.backbone)
        return BackboneChoice(parts.name, parts.size, card.fit, parts.blocks, multi_layer=parts.multi_layer)
    file = folder / "model.tflite"
    file.write_bytes(source.content)
    return BackboneChoice(str(file), fit=card.fit)


def _agreement(source: Source, backbone: Backbone, features: Features) -> Remark:
    """MaixPy names the class whose features are nearest; the model has a head, which was trained."""
    model = Classifier(source.content)
    labels = features.labels or ()
    agreed = asked = 0
    pictures = [picture for picture, _ in source.judged]
    for picture, embedding in zip(pictures, backbone.embed_or_error(pictures), strict=True):
        if not isinstance(embedding, ImageError):
            nearest = np.linalg.norm(features.classes - embedding, axis=1).argmin()
            agreed += labels[nearest] == model.classify(picture, 1)[0].label
            asked += 1
    if not asked:
        text = "MaixPy compares features and can name another class than the model where classes are hard to tell"
        return Remark("maixpy_differs", text)
    text = "MaixPy compares features and agrees with the model on {agreed} of {asked} validation pictures"
    return Remark("maixpy_agrees", text, {"agreed": f"{agreed:,}", "asked": f"{asked:,}"})


def _left_out(unreadable: Sequence[ImageError]) -> tuple[Remark, ...]:
    if not unreadable:
        return ()
    text = "{count} of the training pictures cannot be read and were left out, the first: {reason}"
    return (Remark("maixpy_left_out", text, {"count": f"{len(unreadable):,}", "reason": str(unreadable[0])}),)


MAIXPY = Target(
    name="maixpy",
    title="MaixPy",
    description="my_classes.bin for MaixPy's self-learning classifier, on a computer",
    program=read_program("maixpy"),
    write=_write,
    refusal=needs_colour,
    notes=_notes,
    needs=(Need.TRAINING_PICTURES,),
)
