"""The network that books on CIFAR-10 begin with: Conv32, max pooling, Conv64, max pooling, Dense64.

Convolutions are 3x3 without padding; every layer ends in ReLU. The 64 outputs of the dense layer are the embedding, so
that the last layer of such a book's network is the head here.
"""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from whatsit.tflite.flatbuffer import write_model
from whatsit.tflite.graph import Graph
from whatsit.tflite.schema import schema

CONVOLUTIONS = {"conv32": 32, "conv64": 64}
DENSE, DIM = "dense64", 64


def map_side(size: int) -> int:
    """The side of the last feature map for an input of ``size`` pixels."""
    for _ in CONVOLUTIONS:
        size = (size - 2) // 2
    return size


def embeddings(weights: Mapping[str, Tensor], pictures: Tensor, _training: bool) -> Tensor:
    """(n, channels, side, side) to (n, 64)."""
    x = pictures
    for name in CONVOLUTIONS:
        x = functional.relu(functional.conv2d(x, weights[f"{name}.weight"], weights[f"{name}.bias"]))
        x = functional.max_pool2d(x, 2)
    flat = x.permute(0, 2, 3, 1).flatten(1)  # channels last, as a flatbuffer has them
    return functional.relu(functional.linear(flat, weights[f"{DENSE}.weight"], weights[f"{DENSE}.bias"]))


def random_weights(size: int, channels: int, generator: torch.Generator) -> dict[str, Tensor]:
    """Untrained weights (He et al. 2015) for an input of ``size`` pixels."""
    shapes: dict[str, tuple[int, ...]] = {}
    before = channels
    for name, width in CONVOLUTIONS.items():
        shapes[name] = (width, before, 3, 3)
        before = width
    shapes[DENSE] = (DIM, map_side(size) ** 2 * before)
    weights: dict[str, Tensor] = {}
    for name, shape in shapes.items():
        spread = (2 / np.prod(shape[1:])) ** 0.5
        weights[f"{name}.weight"] = torch.randn(*shape, generator=generator) * spread
        weights[f"{name}.bias"] = torch.zeros(shape[0])
    return weights


def build(weights: Mapping[str, NDArray[np.float32]], size: int, channels: int) -> bytes:
    """The same network as a float32 ``.tflite`` that ends in its embedding."""
    graph = Graph()
    relu = schema.ActivationFunctionType.RELU
    picture = x = graph.tensor("image", (1, size, size, channels))
    for name, width in CONVOLUTIONS.items():
        kernel = graph.constant(f"{name}.kernel", weights[f"{name}.weight"].transpose(0, 2, 3, 1))
        bias = graph.constant(f"{name}.bias", weights[f"{name}.bias"])
        side = graph.shape(x)[1] - 2
        found = graph.tensor(name, (1, side, side, width))
        graph.operator(
            "CONV_2D", [x, kernel, bias], found, table="Conv2DOptions", padding=schema.Padding.VALID, strideW=1,
            strideH=1, dilationWFactor=1, dilationHFactor=1, fusedActivationFunction=relu,
        )  # fmt: skip
        x = graph.operator(
            "MAX_POOL_2D", [found], graph.tensor(f"{name}.max", (1, side // 2, side // 2, width)),
            table="Pool2DOptions", padding=schema.Padding.VALID, strideW=2, strideH=2, filterWidth=2, filterHeight=2,
            fusedActivationFunction=0,
        )  # fmt: skip
    flat = np.array([1, np.prod(graph.shape(x))], np.int32)
    shape = graph.constant("flat_shape", flat)
    x = graph.operator(
        "RESHAPE", [x, shape], graph.tensor("flat", flat.tolist()), table="ReshapeOptions", newShape=flat
    )
    dense = [graph.constant(f"{DENSE}.kernel", weights[f"{DENSE}.weight"])]
    dense.append(graph.constant(f"{DENSE}.bias", weights[f"{DENSE}.bias"]))
    embedding = graph.tensor("embedding", (1, DIM))
    graph.operator(
        "FULLY_CONNECTED", [x, *dense], embedding, table="FullyConnectedOptions", fusedActivationFunction=relu
    )
    return write_model(graph.finish([picture], [embedding]))
