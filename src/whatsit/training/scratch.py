"""A convolutional network trained from random weights, for pictures too small for a backbone.

The small network has stages of two 3x3 convolutions with batch norm and ReLU6, of 32, 64, 128 … channels; 2x2 max
pooling after each stage but the last, whose spatial mean is the embedding (narrower than Simonyan and Zisserman 2015).
"""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from whatsit.backbones.efficientnet_lite import BATCH_NORM_EPSILON, convolution, fold, mean
from whatsit.imaging.preprocess import Colour
from whatsit.tflite.flatbuffer import write_model
from whatsit.tflite.graph import Graph
from whatsit.tflite.schema import schema
from whatsit.training import textbook_cnn
from whatsit.training.design import Design, ScratchNetwork
from whatsit.training.events import OnEvent, Stop
from whatsit.training.torch_loop import Body, Labelled, Recipe, Trained, descend

WIDTH = 32
SHIFT = 0.125


def train_from_scratch(
    design: Design, classes: int, training: Labelled, validation: Labelled, on_event: OnEvent, stop: Stop
) -> tuple[Trained, bytes]:
    """Train ``design.network`` for ``design.size`` and ``design.colour``.

    Returns:
        How it went, and the backbone as a float32 ``.tflite``.
    """
    channels = 1 if design.colour is Colour.GREY else 3
    generator = torch.Generator().manual_seed(design.seed)
    body: Body
    if design.network is ScratchNetwork.TEXTBOOK:
        body, dim, write = textbook_cnn.embeddings, textbook_cnn.DIM, textbook_cnn.build
        weights = textbook_cnn.random_weights(design.size, channels, generator)
    else:
        plan = stages(design.size)
        body, dim, write = embeddings, plan[-1], build
        weights = _random_weights(plan, channels, generator)
    rate = design.rate
    learning = [name for name in weights if "running" not in name]
    trained = descend(
        body, weights, learning, dim, classes, training, validation, design,
        Recipe(rate, rate, 1.0, SHIFT, warm_up=0.15), on_event, stop,
    )  # fmt: skip
    return trained, write(trained.weights, design.size, channels)


def stages(size: int) -> tuple[int, ...]:
    """The channels of each stage: enough stages to halve ``size`` down to about 8 pixels, at most 256 channels."""
    count = max(2, int(np.log2(max(size, 16) / 8)) + 1)
    return tuple(min(256, WIDTH << stage) for stage in range(count))


def embeddings(weights: Mapping[str, Tensor], pictures: Tensor, training: bool) -> Tensor:
    """(n, channels, side, side) to (n, dim)."""
    x, count = pictures, _stage_count(weights)
    for stage in range(count):
        for layer in ("a", "b"):
            x = functional.conv2d(x, weights[f"{stage}{layer}.weight"], padding=1)
            norm = f"{stage}{layer}n"
            x = functional.batch_norm(
                x, weights[f"{norm}.running_mean"], weights[f"{norm}.running_var"], weights[f"{norm}.weight"],
                weights[f"{norm}.bias"], training=training, eps=BATCH_NORM_EPSILON,
            )  # fmt: skip
            x = functional.relu6(x)
        if stage < count - 1:
            x = functional.max_pool2d(x, 2)
    return x.mean((2, 3))


def build(weights: Mapping[str, NDArray[np.float32]], size: int, channels: int) -> bytes:
    """The same network as a float32 ``.tflite`` that ends in its embedding."""
    graph = Graph()
    picture = x = graph.tensor("image", (1, size, size, channels))
    axes = graph.constant("spatial_axes", np.array([1, 2], np.int32))
    count = _stage_count(weights)
    for stage in range(count):
        for layer in ("a", "b"):
            name = f"{stage}{layer}"
            kernel, bias = fold(weights, name, f"{name}n")
            x = convolution(graph, "CONV_2D", x, name, kernel.transpose(0, 2, 3, 1), bias, 1, True)
        if stage < count - 1:
            _, height, width, depth = graph.shape(x)
            half = graph.tensor(f"{stage}max", (1, height // 2, width // 2, depth))
            x = graph.operator(
                "MAX_POOL_2D", [x], half, table="Pool2DOptions", padding=schema.Padding.VALID, strideW=2, strideH=2,
                filterWidth=2, filterHeight=2, fusedActivationFunction=0,
            )  # fmt: skip
    return write_model(graph.finish([picture], [mean(graph, x, axes, "embedding")]))


def _stage_count(weights: Mapping[str, object]) -> int:
    return 1 + max(int(name.split(".")[0].rstrip("abn")) for name in weights)


def _random_weights(plan: tuple[int, ...], channels: int, generator: torch.Generator) -> dict[str, Tensor]:
    weights: dict[str, Tensor] = {}
    before = channels
    for stage, width in enumerate(plan):
        for layer in ("a", "b"):
            name = f"{stage}{layer}"
            spread = (2 / (9 * before)) ** 0.5  # He et al. 2015
            weights[f"{name}.weight"] = torch.randn(width, before, 3, 3, generator=generator) * spread
            weights[f"{name}n.weight"], weights[f"{name}n.bias"] = torch.ones(width), torch.zeros(width)
            weights[f"{name}n.running_mean"], weights[f"{name}n.running_var"] = torch.zeros(width), torch.ones(width)
            before = width
    return weights
