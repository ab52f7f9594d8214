"""Which channels of an EfficientNet-Lite a narrower one keeps: those whose batch norm multiplies by most.

The gain of a channel's batch norm says how much of it the following layers see (Liu et al. 2017, "Learning Efficient
Convolutional Networks through Network Slimming"). What is added up must have the same channels, so there is one choice
for the stream that the blocks of a stage add to, and one for each block's expansion. The last convolution keeps all of
its channels, as in MobileNetV2 (Sandler et al. 2018), so the embedding is as long as before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whatsit.backbones.efficientnet_lite import Variant

DIVISOR = 8
"""Numbers of channels are multiples of it, which processors compute fastest."""

Kept = NDArray[np.intp]
"""Indices of channels, ascending."""


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """The channels that a convolution and its batch norm keep."""

    norm: str
    """The name of the batch norm that follows the convolution."""
    outputs: Kept
    inputs: Kept | None
    """None: all, or a depthwise convolution, which has one input channel for each output."""


@dataclass(frozen=True, slots=True, eq=False)
class ChannelPlan:
    """The channels that stay."""

    layers: Mapping[str, Layer]
    """By the name of the convolution."""
    embedding: Kept
    """Which numbers of the embedding stay: all, unless it is a block's output."""

    def narrowed(self, weights: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """The weights of the narrower network, copied from those of the whole one; others are left out."""
        found: dict[str, NDArray[Any]] = {}
        for name, layer in self.layers.items():
            kernel = weights[f"{name}.weight"][layer.outputs]
            found[f"{name}.weight"] = kernel if layer.inputs is None else kernel[:, layer.inputs]
            for part in ("weight", "bias", "running_mean", "running_var"):
                found[f"{layer.norm}.{part}"] = weights[f"{layer.norm}.{part}"][layer.outputs]
        return found


def narrow_count(channels: int, width: float) -> int:
    """How many of ``channels`` a network of this width keeps: a multiple of 8, at least nine tenths of the share.

    Example:
        >>> [narrow_count(40, width) for width in (1.0, 0.75, 0.5, 0.35)]
        [40, 32, 24, 16]
    """
    if width >= 1:
        return channels
    share = channels * width
    count = max(DIVISOR, int(share + DIVISOR / 2) // DIVISOR * DIVISOR)
    return min(channels, count + DIVISOR if count < 0.9 * share else count)


def channel_plan(
    variant: Variant, weights: Mapping[str, NDArray[Any]], width: float, blocks: int | None = None
) -> ChannelPlan:
    """The channels that the network of ``weights`` keeps at ``width``.

    Args:
        weights: of the whole network, with PyTorch's names.
        width: the share of channels, above 0 and up to 1.
        blocks: only the first blocks, this many, and no last convolution; None: all.
    """

    def gain(norm: str) -> NDArray[Any]:
        return np.asarray(np.abs(weights[f"{norm}.weight"]))

    def largest(gains: NDArray[Any]) -> Kept:
        return np.sort(np.argsort(-gains, kind="stable")[: narrow_count(len(gains), width)])

    stream = largest(gain("_bn0"))
    layers = {"_conv_stem": Layer("_bn0", stream, None)}
    for stage in variant.stages:
        indices = [index for index in stage if blocks is None or index < blocks]
        if not indices:
            break
        added = largest(np.sqrt(sum(gain(f"_blocks.{index}._bn2") ** 2 for index in indices)))
        for index in indices:
            prefix = f"_blocks.{index}."
            inner = stream
            if f"{prefix}_expand_conv.weight" in weights:
                inner = largest(gain(f"{prefix}_bn1"))
                layers[f"{prefix}_expand_conv"] = Layer(f"{prefix}_bn0", inner, stream)
            layers[f"{prefix}_depthwise_conv"] = Layer(f"{prefix}_bn1", inner, None)
            layers[f"{prefix}_project_conv"] = Layer(f"{prefix}_bn2", added, inner)
            stream = added
    if blocks is None:
        every = np.arange(weights["_conv_head.weight"].shape[0])
        layers["_conv_head"] = Layer("_bn1", every, stream)
        stream = every
    return ChannelPlan(layers, stream)
