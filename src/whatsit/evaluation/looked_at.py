"""Where a network looked: how much each place of a picture speaks for the best class and against the others."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from whatsit.heads.linear import LinearHead
from whatsit.imaging.preprocess import Preprocess
from whatsit.live.recogniser import Recogniser
from whatsit.models.prediction import Predictions
from whatsit.tflite.flatbuffer import read_model, write_model
from whatsit.tflite.graph import Graph
from whatsit.tflite.interpreter import Runtime
from whatsit.tflite.network import Network
from whatsit.tflite.pooled import PooledMap, evidence_map, pooled_maps

CELLS, COVERED = 4, 2
"""Cells of a map along each side where a window of 2 by 2 cells is covered in turn: 9 answers of the network. Smaller
windows often change nothing in a score that is close to 1."""


class MapKind(StrEnum):
    """How a map was made."""

    ACTIVATION = "activation"
    """From the last feature maps, exactly: the places' shares add up to the difference of the scores' logits (class
    activation map, Zhou et al. 2016)."""
    OCCLUSION = "occlusion"
    """By covering a patch at a time, where a network's maps cannot be used (Zeiler and Fergus 2014)."""


@dataclass(frozen=True, slots=True, eq=False)
class LookedAt:
    """Where in the network's square input it found what speaks for its answer."""

    places: NDArray[np.float32]
    """Shape (rows, columns), 0..1: 1 where most was found; all 0 where nothing speaks for the answer."""
    kind: MapKind
    embedding: NDArray[np.float32] | None = None
    """The picture's raw embedding, shape (dim,), where it was made on the way."""


Look: TypeAlias = Callable[[NDArray[np.uint8], Predictions], LookedAt]
"""Prepared pixels and the answer about them, to where the network looked."""


def activation_look(
    content: bytes, preprocess: Preprocess, head: LinearHead, name: str, embedding: int | None = None
) -> Look | None:
    """A look through a network's feature maps, which costs one run of it.

    Args:
        content: the ``.tflite``.
        head: what makes scores of the embedding.
        embedding: the embedding's tensor; None: the first output.

    Returns:
        None where the embedding is not the mean of feature maps.
    """
    model = read_model(content, name)
    tensor = int(model.subgraphs[0].outputs[0]) if embedding is None else embedding
    maps = pooled_maps(model, tensor)
    if maps is None:
        return None
    network = Network(Runtime(_with_maps(model, tensor, maps), name=name), preprocess, name)
    shapes = [spec.shape[1:] for spec in network.runtime.outputs[1:]]

    def look(pixels: NDArray[np.uint8], answer: Predictions) -> LookedAt:
        values, *flat = network.outputs(pixels)
        weights, offset = _direction(head, values, answer[0].index)
        found = evidence_map(maps, [one.reshape(shape) for one, shape in zip(flat, shapes, strict=True)], weights)
        return LookedAt(_share(found + offset / found.size), MapKind.ACTIVATION, values)

    return look


def occlusion_look(recogniser: Recogniser) -> Look:
    """A look by covering windows with the picture's mean colour: 9 answers of the recogniser."""

    def look(pixels: NDArray[np.uint8], answer: Predictions) -> LookedAt:
        best = answer[0]
        colour = pixels.reshape(-1, pixels.shape[2]).mean(axis=0).astype(np.uint8)
        drop, times = np.zeros((CELLS, CELLS), np.float32), np.zeros((CELLS, CELLS), np.float32)
        rows, columns = (np.linspace(0, side, CELLS + 1).astype(int) for side in pixels.shape[:2])
        for row in range(CELLS - COVERED + 1):
            for column in range(CELLS - COVERED + 1):
                covered = pixels.copy()
                covered[rows[row] : rows[row + COVERED], columns[column] : columns[column + COVERED]] = colour
                left = recogniser.classify_pixels(covered, _ALL)
                score = next((one.score for one in left if one.index == best.index), 0.0)
                window = slice(row, row + COVERED), slice(column, column + COVERED)
                drop[window] += best.score - score
                times[window] += 1
        return LookedAt(_share(drop / times), MapKind.OCCLUSION)

    return look


_ALL = 2000
"""Classes asked for, so that the one in question is among them."""


def _direction(head: LinearHead, embedding: NDArray[np.float32], best: int) -> tuple[NDArray[np.float32], float]:
    """Weights and offset, in features, of the best class's logit less the others', each by its share of their score."""
    logits = head.logits(embedding[np.newaxis])[0].astype(np.float64)
    shares = np.exp(logits - np.max(np.delete(logits, best), initial=-np.inf)) if len(logits) > 1 else np.zeros(1)
    shares[best] = 0.0
    toward = -shares / max(float(shares.sum()), 1e-12)
    toward[best] = 1.0
    weights, offset = toward @ head.weights, float(toward @ head.bias)
    length = float(np.linalg.norm(embedding)) or 1.0
    scale = 1 / length if head.normalise else 1.0
    if head.hidden is not None:
        on = head.hidden.outputs(embedding[np.newaxis] * np.float32(scale))[0] > 0
        offset += float((weights * on) @ head.hidden.bias)
        weights = (weights * on) @ head.hidden.weights
    return np.asarray(weights * scale, np.float32), offset


def _share(evidence: NDArray[np.float32]) -> NDArray[np.float32]:
    positive = np.maximum(evidence, 0)
    return np.asarray(positive / max(float(positive.max()), 1e-12), np.float32)


def _with_maps(model: Any, embedding: int, maps: tuple[PooledMap, ...]) -> bytes:
    inputs = [int(index) for index in model.subgraphs[0].inputs]
    return write_model(Graph(model).finish(inputs, [embedding, *(one.tensor for one in maps)]))
