"""What a model's outputs are: the scores of a classifier, or something else, which is refused by its name."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whatsit.errors import ModelArgumentError, ModelError
from whatsit.models.prediction import softmax
from whatsit.tflite.interpreter import TensorSpec
from whatsit.tflite.metadata import ModelMetadata
from whatsit.tflite.operators import operator_kind, operator_name
from whatsit.validation import short

_PASSED_OVER = ("RESHAPE", "SQUEEZE", "QUANTIZE", "DEQUANTIZE", "CAST")
_EMBEDDING_ENDS = ("AVERAGE_POOL_2D", "MEAN", "L2_NORMALIZATION")
_EDGE_TPU, _FLEX, _DETECTION = "edgetpu-custom-op", "Flex", "TFLite_Detection_PostProcess"


class ScoreKind(StrEnum):
    """What the values of the score output mean."""

    PROBABILITIES = "probabilities"
    """One per class, with a sum of 1."""
    LOGITS = "logits"
    """One per class, before a softmax."""
    BINARY = "binary"
    """One value p: the second of two classes has p, the first 1 - p."""
    BINARY_LOGIT = "binary logit"
    """One value before a sigmoid; then as ``BINARY``."""
    MULTI_LABEL = "multi-label"
    """One per class, each from 0 to 1 by itself: several labels can be right at once."""


@dataclass(frozen=True, slots=True)
class ScoreOutput:
    """Which output holds the scores, and what they are."""

    index: int
    kind: ScoreKind
    values: int
    """How many numbers the output has for one picture."""
    ends_in: str
    """The operator that makes them, reshaping and requantising aside; empty where the graph computes nothing."""

    @property
    def classes(self) -> int:
        """How many classes the scores are for."""
        return 2 if self.kind in (ScoreKind.BINARY, ScoreKind.BINARY_LOGIT) else self.values

    @property
    def is_embedding(self) -> bool:
        """Whether they look like an embedding rather than scores."""
        return self.ends_in in _EMBEDDING_ENDS

    def scores(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores from 0 to 1, one per class, shape (classes,), from the output's real values, shape (values,)."""
        if self.kind is ScoreKind.BINARY_LOGIT:
            values = np.asarray(1 / (1 + np.exp(-np.clip(values, -60, 60))), np.float32)
        if self.kind in (ScoreKind.BINARY, ScoreKind.BINARY_LOGIT):
            return np.asarray([1 - values[0], values[0]], np.float32)
        if self.kind is ScoreKind.LOGITS and not _are_scores(values):
            return softmax(values)
        return values


def refuse_other_kinds(model: Any, name: str) -> None:
    """Refuse models that LiteRT cannot run or that are no classifiers, by what they are.

    Args:
        model: parsed by ``read_model``.

    Raises:
        ModelError: compiled for an Edge TPU, made of TensorFlow's own operators, an object detector, or with another
            custom operator.
    """
    codes = [code for code in model.operatorCodes or [] if code.customCode is not None]
    custom = [_text(code.customCode) for code in codes if operator_kind(code) == "CUSTOM"]
    if _EDGE_TPU in custom:
        raise ModelError(
            f"{name}: compiled for the Edge TPU, which only a Coral runs; take the file it was compiled from, "
            "usually of the same name without _edgetpu"
        )
    if _DETECTION in custom:
        raise ModelError(f"{name}: an object detector (it ends in {_DETECTION}); expected an image classifier")
    flex = sorted(code for code in custom if code.startswith(_FLEX))
    if flex:
        raise ModelError(
            f"{name}: uses operators of TensorFlow itself ({', '.join(flex[:3])}), which LiteRT lacks; convert it "
            "again with TFLITE_BUILTINS alone"
        )
    if custom:
        raise ModelError(f"{name}: uses the custom operator {short(custom[0])}, which is not part of LiteRT")


def score_output(
    model: Any, outputs: tuple[TensorSpec, ...], picture: tuple[int, ...], name: str, *,
    asked: int | str | None = None, multi_label: bool = False,
) -> ScoreOutput:  # fmt: skip
    """Find the scores among a model's outputs.

    Args:
        model: parsed by ``read_model``.
        outputs: as the interpreter gives them, for one picture.
        picture: height and width of the input in pixels.
        asked: the number or name of the output to take; None where there is only one.
        multi_label: several sigmoids are scores of labels that do not exclude each other.

    Raises:
        ModelError: no such output; several, and none asked for; a detector or a segmenter; several sigmoids without
            ``multi_label``.
    """
    index = _chosen(outputs, asked, name)
    shape = outputs[index].shape
    values = int(np.prod(shape))
    _refuse_shapes(outputs, index, picture, name)
    if not shape or not values or values != shape[-1]:  # an output can be a single number without dimensions
        raise ModelError(f"{name}: output of shape {list(shape)}; expected one row of scores, [1, classes]")
    last = last_operator(model, int(model.subgraphs[0].outputs[index]))
    if values == 1:
        kind = ScoreKind.BINARY if last == "LOGISTIC" else ScoreKind.BINARY_LOGIT
    elif last == "LOGISTIC":
        if not multi_label:
            several = f"{name}: ends in {values} sigmoids, so several labels can be right at once"
            raise ModelError(
                f"{several}: if that is what it is for, say so with --multi-label, in Python multi_label=True",
                on_page=f"{several}; the studio shows models with one right label",
            )
        kind = ScoreKind.MULTI_LABEL
    else:
        kind = ScoreKind.PROBABILITIES if last == "SOFTMAX" else ScoreKind.LOGITS
    return ScoreOutput(index, kind, values, last)


def says_multi_label(metadata: ModelMetadata) -> bool:
    """Whether a model's name or description calls it multi-label."""
    text = f"{metadata.name} {metadata.description}".lower()
    return any(word in text for word in ("multi-label", "multilabel", "multi label"))


def last_operator(model: Any, tensor: int) -> str:
    """The operator that computes a tensor, reshaping and requantising aside; empty where none does."""
    graph = model.subgraphs[0]
    writers = {int(output): operator for operator in graph.operators for output in operator.outputs}
    while (operator := writers.get(tensor)) is not None and len(operator.inputs):
        kind = operator_name(model, operator)
        if kind not in _PASSED_OVER:
            return kind
        tensor = int(operator.inputs[0])
    return ""


def _chosen(outputs: tuple[TensorSpec, ...], asked: int | str | None, name: str) -> int:
    listed = ", ".join(f"{number} {spec.name} {list(spec.shape)}" for number, spec in enumerate(outputs))
    if asked is None:
        if len(outputs) == 1:
            return 0
        if _boxes(outputs):
            raise ModelError(f"{name}: an object detector (boxes, classes and scores: {listed}); expected a classifier")
        raise ModelError(f"{name}: {len(outputs)} outputs: {listed}; say which holds the scores with output")
    text = str(asked).strip()
    for number, spec in enumerate(outputs):
        if text in (str(number), spec.name):
            return number
    raise ModelArgumentError(f"{name}: no output {short(asked)}; expected one of {listed}")


def _boxes(outputs: tuple[TensorSpec, ...]) -> bool:
    return len(outputs) >= 3 and any(len(spec.shape) == 3 and spec.shape[-1] == 4 for spec in outputs)


def _refuse_shapes(outputs: tuple[TensorSpec, ...], index: int, picture: tuple[int, ...], name: str) -> None:
    shape = outputs[index].shape
    if len(shape) == 4 and min(shape[1:3]) > 1:
        like = "a segmenter or another picture-to-picture network" if shape[1] * 4 >= picture[0] else "a feature map"
        raise ModelError(f"{name}: output of shape {list(shape)}, {like}; expected a classifier's [1, classes]")
    if len(shape) == 3 and min(shape[1:]) > 1:
        raise ModelError(f"{name}: output of shape {list(shape)}, as of an object detector; expected [1, classes]")


def _are_scores(values: NDArray[np.float32]) -> bool:
    # A softmax hidden in a fused operator. Rounding to 8 bits moves the sum of many small scores.
    return bool(values.min() >= 0 and values.max() <= 1 and abs(float(values.sum()) - 1) < 0.1)


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
