"""``unknown.npz``: what a folder carries so that its program says *unknown* as whatsit does."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whatsit.heads.linear import Prototypes
from whatsit.heads.strangeness import UnknownRule
from whatsit.models.card import ModelCard
from whatsit.tflite.metadata import read_files
from whatsit.tflite.second_output import second_output

FILE = "unknown.npz"


def rule_arrays(content: bytes, card: ModelCard) -> dict[str, NDArray[Any]]:
    """The numbers of a model's rule, see ``UnknownRule.arrays``; empty for a model that has none.

    Raises:
        ModelError: the model is damaged.
    """
    if card.unknown is None or card.embedding is None:
        return {}
    inside = read_files(content, "the model")
    means = Prototypes.from_file(inside, card.labels, "the model").means
    return UnknownRule.from_files(inside, means, card.unknown, "the model").arrays()


def unknown_files(content: bytes, card: ModelCard, runs: bytes | None = None) -> dict[str, bytes]:
    """``unknown.npz`` for a model, as ``numpy.load`` reads it; nothing for one that has no such rule.

    Args:
        content: the model.
        card: of it.
        runs: the file that the folder's program runs, if that is another one.

    Raises:
        ModelError: the model is damaged.
    """
    arrays = rule_arrays(content, card)
    if not arrays or card.embedding is None:
        return {}
    stream = io.BytesIO()
    arrays["outputs"] = np.array(second_output(content if runs is None else runs, card.embedding))
    np.savez(stream, allow_pickle=False, **arrays)
    return {FILE: stream.getvalue()}
