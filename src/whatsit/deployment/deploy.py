"""Ready folders for other programs: the model in the layout they expect, and ten lines that run it."""

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path

import numpy as np

from whatsit.backbones.backbone import Backbone
from whatsit.backbones.choice import BackboneChoice
from whatsit.errors import DataError, ImageError, ModelError
from whatsit.files import cannot_write, umask
from whatsit.imaging.preprocess import Colour, Fit
from whatsit.models.card import ModelCard, read_card
from whatsit.models.classifier import Classifier
from whatsit.teaching.maixpy_file import Features, parse
from whatsit.teaching.teach import Example, embed_examples
from whatsit.tflite.flatbuffer import read_model
from whatsit.tflite.interpreter import Runtime
from whatsit.tflite.metadata import flatbuffer_part, read_files
from whatsit.tflite.network import read_model_file
from whatsit.validation import first_few


class Target(StrEnum):
    """Whom a folder is for."""

    LITERT = "litert"
    """Python with ai-edge-litert or tflite-runtime."""
    TEACHABLE_MACHINE = "teachable-machine"
    """What reads Teachable Machine's quantised export: ``model.tflite``, numbered ``labels.txt``."""
    MEDIAPIPE = "mediapipe"
    """MediaPipe's ImageClassifier: the labels and the normalisation travel inside the model."""
    FRIGATE = "frigate"
    """Frigate's custom classification: uint8 in and out, 224 pixels squashed, ``labelmap.txt``."""
    MAIXPY = "maixpy"
    """MaixPy's self-learning classifier: ``my_classes.bin`` with the backbone its features belong to."""
    C_ARRAY = "c-array"
    """TensorFlow Lite for Microcontrollers: the flatbuffer as a C array, labels as another."""


PROGRAM = "classify.py"
_FITS = {
    Fit.COVER: "    return ImageOps.fit(picture, (width, height), Image.Resampling.BICUBIC)\n",
    Fit.CONTAIN: (
        "    scale = min(width / picture.width, height / picture.height)\n"
        "    inner = round(picture.width * scale) or 1, round(picture.height * scale) or 1\n"
        "    small = picture.resize(inner, Image.Resampling.BICUBIC, reducing_gap=1)\n"
        '    page = Image.new("RGB", (width, height))\n'
        "    page.paste(small, ((width - inner[0]) // 2, (height - inner[1]) // 2))\n"
        "    return page\n"
    ),
    Fit.SQUASH: "    return picture.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=1)\n",
}
_FRIGATE_SIZE = 224


@dataclass(frozen=True, slots=True)
class Deployment:
    """What was written, and what to know before using it."""

    folder: Path
    files: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Source:
    name: str
    content: bytes
    card: ModelCard
    taught: Sequence[Example]
    judged: Sequence[Example]


def deploy(
    model: str | os.PathLike[str], target: Target | str, folder: str | os.PathLike[str], *,
    taught: Sequence[Example] = (), judged: Sequence[Example] = (),
) -> Deployment:  # fmt: skip
    """Write a new folder with the model, its labels and ``classify.py``, which needs only LiteRT, numpy and Pillow
    (MediaPipe's needs MediaPipe).

    Args:
        model: an int8 ``.tflite`` that whatsit made.
        taught: the training pictures; only for MaixPy's features.
        judged: pictures of the same classes, such as the validation pictures: on how many of them MaixPy, which
            compares features, agrees with the model is told.

    Raises:
        ModelError: not such a model, or not of the size or colour the target takes.
        DataError: the folder is there already, has no folder around it or cannot be written, or ``taught`` has other
            classes than the model; nothing is left behind then.
    """
    if target not in list(Target):
        raise DataError(f"target {target!r}: expected one of {', '.join(Target)}")
    _check_place(Path(folder))
    content = read_model_file(Path(model))
    read_model(content, str(model))
    card = read_card(read_files(content, str(model)), str(model))
    if card is None:
        raise ModelError(f"{model}: not made by whatsit; deploy works on what  whatsit train  or  teach  wrote")
    if card.dtype != "int8":
        raise ModelError(f"{model}: {card.dtype}; deploy the int8 model")
    takes = Runtime(content, 1).input.dtype
    if takes != np.uint8:
        raise ModelError(f"{model}: takes {takes}, the programs give uint8: deploy the model that train or teach wrote")
    written, notes = _WRITERS[Target(target)](_Source(str(model), content, card, taught, judged))
    written[PROGRAM] = _program(Target(target), card)
    _write_folder(Path(folder), written)
    return Deployment(Path(folder), tuple(sorted(written)), tuple(notes))


_Written = tuple[dict[str, bytes], list[str]]


def _litert(source: _Source) -> _Written:
    inside = read_files(source.content, source.name)
    golden = {f"golden/{golden.file}": inside[golden.file] for golden in source.card.golden if golden.file in inside}
    return {"model.tflite": source.content, "labels.txt": _lines(source.card.labels), **golden}, []


def _teachable_machine(source: _Source) -> _Written:
    _need_rgb(source, "Teachable Machine's programs")
    numbered = [f"{index} {label}" for index, label in enumerate(source.card.labels)]
    notes = []
    if source.card.fit is not Fit.COVER:
        notes.append(f"trained with fit {source.card.fit}, but Teachable Machine's own programs cut the middle out")
    return {"model.tflite": source.content, "labels.txt": _lines(numbered)}, notes


def _mediapipe(source: _Source) -> _Written:
    _need_rgb(source, "MediaPipe")
    notes = []
    if source.card.fit is not Fit.SQUASH:
        notes.append(f"trained with fit {source.card.fit}: classify.py sees to it, MediaPipe's own programs squash")
    return {"model.tflite": source.content}, notes


def _frigate(source: _Source) -> _Written:
    card = source.card
    _need_rgb(source, "Frigate")
    if (card.width, card.height) != (_FRIGATE_SIZE, _FRIGATE_SIZE):
        raise ModelError(
            f"{source.name}: {card.width} x {card.height} pixels, Frigate takes {_FRIGATE_SIZE}: "
            "train with  --size 224 --fit squash"
        )
    notes = []
    if card.fit is not Fit.SQUASH:
        notes.append(f"trained with fit {card.fit}, but Frigate squashes: train with  --fit squash")
    return {"model.tflite": source.content, "labelmap.txt": _lines(card.labels)}, notes


def _maixpy(source: _Source) -> _Written:
    from whatsit.backbones.builtin_id import is_builtin_id, parse_builtin_id

    if not source.taught:
        raise DataError("MaixPy's features come from the training pictures: give them by  --taught FOLDER")
    _need_rgb(source, "MaixPy")
    given, known = sorted({label for _, label in source.taught}), sorted(source.card.labels)
    if given != known:
        raise DataError(
            f"the training pictures are of {first_few(given)}, the model knows {first_few(known)}: train again, or give"
            " the pictures it was trained on by  --taught FOLDER"
        )
    fit = source.card.fit
    with tempfile.TemporaryDirectory() as scratch:
        if is_builtin_id(source.card.backbone):
            parts = parse_builtin_id(source.card.backbone)
            choice = BackboneChoice(parts.name, parts.size, fit, parts.blocks, multi_layer=parts.multi_layer)
        else:  # trained here, or a file of the user's: the model itself without its top
            file = Path(scratch) / "model.tflite"
            file.write_bytes(source.content)
            choice = BackboneChoice(str(file), fit=fit)
        embedded = embed_examples(source.taught, choice, on_unreadable=lambda error: None)
        features = Path(scratch) / "my_classes.bin"
        embedded.save_features(features)
        backbone = choice.open()
        written = {features.name: features.read_bytes(), "backbone.tflite": backbone.content}
    agreement = _agreement(source, backbone, parse(written[features.name]))
    notes = [
        agreement,
        "the features belong to backbone.tflite; MaixPy's own backbone gives others and cannot read them",
    ]
    if fit is not Fit.COVER:
        notes.append(f"trained with fit {fit}: name it in classify, which otherwise cuts the middle out")
    return written, notes


def _agreement(source: _Source, backbone: Backbone, features: Features) -> str:
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
    if asked:
        return f"MaixPy compares features and agrees with the model on {agreed:,} of {asked:,} validation pictures"
    return "MaixPy compares features and may name another class than the model where classes are hard to tell"


def _c_array(source: _Source) -> _Written:
    graph = flatbuffer_part(source.content)
    lines = [", ".join(f"0x{byte:02x}" for byte in graph[start : start + 16]) for start in range(0, len(graph), 16)]
    labels = ", ".join('"' + _c_text(label) + '"' for label in source.card.labels)
    card = source.card
    header = (
        "#pragma once\n"
        f"/* {card.width} x {card.height} pixels, {card.preprocess.channels} channel(s), uint8, fit: {card.fit} */\n"
        '#ifdef __cplusplus\nextern "C" {\n#endif\n'
        "extern const unsigned char whatsit_model[];\nextern const unsigned int whatsit_model_size;\n"
        f"extern const char *const whatsit_labels[{len(card.labels)}];\n"
        "#ifdef __cplusplus\n}\n#endif\n"
    )
    code = (
        '#include "model.h"\n#include <stdalign.h>\n'
        f"const char *const whatsit_labels[{len(card.labels)}] = {{{labels}}};\n"
        f"const unsigned int whatsit_model_size = {len(graph)};\n"
        "alignas(16) const unsigned char whatsit_model[] = {\n" + ",\n".join(lines) + "};\n"
    )
    written = {"model.c": code.encode(), "model.h": header.encode(), "labels.txt": _lines(card.labels)}
    return written, ["classify.py runs the array's bytes on a computer; a microcontroller needs TensorFlow Lite Micro"]


_WRITERS: dict[Target, Callable[[_Source], _Written]] = {
    Target.LITERT: _litert, Target.TEACHABLE_MACHINE: _teachable_machine, Target.MEDIAPIPE: _mediapipe,
    Target.FRIGATE: _frigate, Target.MAIXPY: _maixpy, Target.C_ARRAY: _c_array,
}  # fmt: skip


def _need_rgb(source: _Source, who: str) -> None:
    if source.card.colour is not Colour.RGB:
        raise ModelError(f"{source.name}: takes grey pictures, for {who} it must take colour: train with  --colour rgb")


def _program(target: Target, card: ModelCard) -> bytes:
    text = files("whatsit.deployment").joinpath(f"programs/{target}.txt").read_text("utf-8")
    function = "def fitted(picture, width, height):\n" + _FITS[card.fit]
    return text.replace("{FITTED}", function).replace("{SIZE}", f"{card.width}, {card.height}").encode()


def _lines(labels: Sequence[str]) -> bytes:
    return ("\n".join(labels) + "\n").encode()


def _c_text(label: str) -> str:
    """A string literal: everything but plain characters in octal, which no following digit can lengthen."""
    return "".join(
        chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}" for byte in label.encode()
    )


def _check_place(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(f"{folder}: is there already; name a new folder")
    if not folder.absolute().parent.is_dir():
        raise DataError(f"{folder}: no folder {folder.absolute().parent} to make it in; make that first")


def _write_folder(folder: Path, written: dict[str, bytes]) -> None:
    scratch: str | None = None
    try:
        scratch = tempfile.mkdtemp(prefix=f".{folder.name[:40]}.", dir=folder.parent)
        for name, content in written.items():
            file = Path(scratch, name)
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(content)
        os.chmod(scratch, 0o777 & ~umask())
        os.replace(scratch, folder)
        scratch = None
    except OSError as error:
        raise cannot_write(folder, error) from error
    finally:
        if scratch is not None:
            shutil.rmtree(scratch, ignore_errors=True)
