"""EfficientNet-Lite in PyTorch, with the weights of the built-in networks under their names.

So ``efficientnet_lite.build`` writes a trained network as it writes the built-in one, without a converter.
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from whatsit.backbones.builtin import weights_path
from whatsit.backbones.efficientnet_lite import BATCH_NORM_EPSILON, Variant
from whatsit.backbones.torch_weights import read_weights

Weights = Mapping[str, Tensor]


def pretrained(variant: Variant, channels: int) -> dict[str, Tensor]:
    """The weights that the built-in network has, without ImageNet's classifier; for 3 channels, or 1 for grey input."""
    found = read_weights(weights_path(variant), variant.sha256)
    weights = {
        name: torch.from_numpy(values.copy()).float()
        for name, values in found.items()
        if not name.startswith("_fc.") and not name.endswith("num_batches_tracked")
    }
    if channels == 1:
        weights["_conv_stem.weight"] = weights["_conv_stem.weight"].sum(1, keepdim=True)
    return weights


def embeddings(
    variant: Variant, weights: Weights, pictures: Tensor, blocks: int | None = None, momentum: float | None = None
) -> Tensor:
    """As ``efficientnet_lite.build`` computes them: (n, channels, side, side) to (n, dim).

    Args:
        momentum: None: batch norm uses the stored statistics; else those of the pictures given, and the stored ones
            move towards them by this share.
    """

    def normed(name: str, x: Tensor) -> Tensor:
        several = momentum is not None and x[:, 0].numel() > 1  # one number has no variance
        return functional.batch_norm(
            x, weights[f"{name}.running_mean"], weights[f"{name}.running_var"], weights[f"{name}.weight"],
            weights[f"{name}.bias"], several, momentum or 0.0, BATCH_NORM_EPSILON,
        )  # fmt: skip

    def convolved(conv: str, norm: str, x: Tensor, stride: int = 1, groups: int = 1) -> Tensor:
        return normed(norm, _convolved(weights, conv, x, stride, groups))

    x = functional.relu6(convolved("_conv_stem", "_bn0", pictures, 2))
    for index, stride in enumerate(variant.strides[:blocks]):
        prefix, y = f"_blocks.{index}.", x
        if f"{prefix}_expand_conv.weight" in weights:
            y = functional.relu6(convolved(f"{prefix}_expand_conv", f"{prefix}_bn0", y))
        y = functional.relu6(convolved(f"{prefix}_depthwise_conv", f"{prefix}_bn1", y, stride, groups=y.shape[1]))
        y = convolved(f"{prefix}_project_conv", f"{prefix}_bn2", y)
        x = x + y if variant.adds[index] else y
    if blocks is None:
        x = functional.relu6(convolved("_conv_head", "_bn1", x))
    return x.mean((2, 3))


def _convolved(weights: Weights, name: str, x: Tensor, stride: int, groups: int = 1) -> Tensor:
    kernel = weights[f"{name}.weight"]
    height, width = (_same_padding(x.shape[axis], kernel.shape[axis], stride) for axis in (2, 3))
    if height[0] == height[1] == width[0] == width[1]:
        return functional.conv2d(x, kernel, stride=stride, padding=height[0], groups=groups)
    return functional.conv2d(functional.pad(x, (*width, *height)), kernel, stride=stride, groups=groups)


def _same_padding(side: int, kernel: int, stride: int) -> tuple[int, int]:
    """TensorFlow's SAME padding on both sides of an axis, the smaller half first."""
    missing = max(0, (-(-side // stride) - 1) * stride + kernel - side)
    return missing // 2, missing - missing // 2
