"""``unknown.npz``: what a folder carries so that its program says *unknown* as whatsit does."""

import io
from collections.abc import Mapping
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


def unknown_files(content: bytes, card: ModelCard) -> dict[str, bytes]:
    """``unknown.npz`` for a model, as ``numpy.load`` reads it; nothing for one that has no such rule.

    Raises:
        ModelError: the model is damaged.
    """
    return rule_files(rule_arrays(content, card), content, card)


def rule_files(arrays: Mapping[str, NDArray[Any]], runs: bytes, card: ModelCard) -> dict[str, bytes]:
    """The same of ``rule_arrays``, for a folder whose program runs another file.

    Raises:
        ModelError: that file has no embedding.
    """
    if not arrays or card.embedding is None:
        return {}
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **arrays, outputs=np.array(second_output(runs, card.embedding)))
    return {FILE: stream.getvalue()}
