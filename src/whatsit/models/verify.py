"""Whether a model file is still what it was when it was made: its hashes, labels and golden pictures."""

import hashlib
import os

import numpy as np

from whatsit.errors import ImageError, ModelError
from whatsit.imaging.image import load_image
from whatsit.models.card import ModelCard, read_card
from whatsit.models.taught_model import weights_hash
from whatsit.tflite.flatbuffer import read_model
from whatsit.tflite.interpreter import Runtime
from whatsit.tflite.metadata import ModelMetadata, flatbuffer_part, read_metadata, with_files
from whatsit.tflite.network import Network, model_content

TOLERANCE = 0.06
"""Largest difference of a golden score that rounding alone explains, between devices: 0.035 was seen between x86-64 and
arm64, whose kernels round int8 sums in different places. What was changed on purpose, the hashes find."""


def verify(model: str | os.PathLike[str] | bytes) -> list[str]:
    """Compare a model with the hashes, labels and answers recorded when it was made.

    The golden pictures inside it are classified again, so this also shows whether this device computes what the one
    that made the model did.

    Args:
        model: a ``.tflite`` file or its bytes.

    Returns:
        What differs, one line each; empty: nothing.

    Raises:
        ModelError: the file is missing, broken, or was not made by whatsit.
        ModelArgumentError: neither a path nor bytes.
    """
    name, content = model_content(model)
    metadata = read_metadata(content, read_model(content, name), name)
    card = read_card(metadata.files, name)
    if card is None:
        raise ModelError(
            f"{name}: not made by whatsit, so there is nothing to verify it against; make one by  whatsit teach"
        )
    found = _compare(content, card, metadata)
    return found + _replay(content, card, metadata)


def is_untouched(content: bytes, name: str = "model") -> bool:
    """Whether a model was made by whatsit and every hash in it still agrees; the pictures inside are not replayed.

    Raises:
        ModelError: the file is broken.
    """
    metadata = read_metadata(content, read_model(content, name), name)
    card = read_card(metadata.files, name)
    return card is not None and not _compare(content, card, metadata)


def _compare(content: bytes, card: ModelCard, metadata: ModelMetadata) -> list[str]:
    found = []
    graph = flatbuffer_part(content)
    if weights_hash(content) != card.weights_sha256:
        found.append("weights: changed since the model was made (SHA-256 differs)")
    if metadata.labels != card.labels:
        found.append(f"labels: {_short(metadata.labels)} in the metadata, {_short(card.labels)} when made")
    said, made = (metadata.mean, metadata.std), (card.mean, card.std)
    if not all(a is not None and np.allclose(a, b) for a, b in zip(said, made, strict=True)):
        found.append(
            f"normalisation: mean {said[0]}, std {said[1]} in the metadata, mean {made[0]}, std {made[1]} when made"
        )
    if not found and card.seal(metadata.files) != card.files_sha256:
        found.append("files inside (whatsit.json, head, prototypes, pictures): changed since the model was made")
    if not found and hashlib.sha256(graph).hexdigest() != card.graph_sha256:
        found.append("graph: changed since the model was made (SHA-256 differs)")
    if not found and with_files(graph, metadata.files) != content:
        found.append("the zip of the files inside: changed since the model was made, or followed by other bytes")
    return found


def _replay(content: bytes, card: ModelCard, metadata: ModelMetadata) -> list[str]:
    found = []
    network = Network(Runtime(flatbuffer_part(content)), card.preprocess, "the model")
    labels = metadata.labels or card.labels
    for number, golden in enumerate(card.golden, 1):
        if golden.file not in metadata.files:
            found.append(f"golden picture {number}: missing")
            continue
        try:
            pixels = card.preprocess.pixels(load_image(metadata.files[golden.file]))
        except ImageError as error:
            found.append(f"golden picture {number}: {error}")
            continue
        scores = network.outputs(pixels)[0]
        if len(scores) != len(golden.scores) or len(scores) != len(labels):
            found.append(f"golden picture {number}: {len(scores)} scores, {len(golden.scores)} when made")
            continue
        best, worst = int(scores.argmax()), int(np.abs(scores - np.array(golden.scores)).argmax())
        if abs(scores[worst] - golden.scores[worst]) <= TOLERANCE:
            continue  # two classes that were nearly even can change places
        if labels[best] != golden.label:
            found.append(f"golden picture {number}: now {labels[best]}, {golden.label} when made")
        found.append(
            f"golden picture {number}: {labels[worst]} scores {scores[worst]:.3f}, {golden.scores[worst]:.3f} when made"
        )
    return found


def _short(labels: tuple[str, ...] | None) -> str:
    if labels is None:
        return "none"
    return ", ".join(labels[:6]) + (" …" if len(labels) > 6 else "")
