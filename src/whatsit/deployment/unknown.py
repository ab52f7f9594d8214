"""``unknown.npz``: what a folder carries so that its program says *unknown* as whatsit does."""

import io

import numpy as np

from whatsit.heads.linear import Prototypes
from whatsit.heads.strangeness import UnknownRule
from whatsit.models.card import ModelCard
from whatsit.tflite.metadata import read_files
from whatsit.tflite.second_output import second_output

FILE = "unknown.npz"


def unknown_files(content: bytes, card: ModelCard) -> dict[str, bytes]:
    """``unknown.npz`` for a model, as ``numpy.load`` reads it; nothing for one that has no such rule.

    Raises:
        ModelError: the model is damaged.
    """
    if card.unknown is None or card.embedding is None:
        return {}
    inside = read_files(content, "the model")
    means = Prototypes.from_file(inside, card.labels, "the model").means
    arrays = UnknownRule.from_files(inside, means, card.unknown, "the model").arrays()
    stream = io.BytesIO()
    arrays["outputs"] = np.array(second_output(content, card.embedding))
    np.savez(stream, allow_pickle=False, **arrays)
    return {FILE: stream.getvalue()}
