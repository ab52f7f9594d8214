"""EfficientNet-Lite in PyTorch, fine-tuned from the weights of the built-in networks.

First a head is fitted on the frozen features, then both are trained: an untrained head would first distort good
features (Kumar et al. 2022, "Fine-Tuning can Distort Pretrained Features").

Batch norm keeps its pretrained statistics, and only its gain and offset are trained: the small batches that fit on a
small computer would spoil the statistics. The weights keep their names, so ``efficientnet_lite.build`` writes the
trained network as it writes the built-in one, without a converter.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from whatsit.backbones.builtin import weights_path
from whatsit.backbones.builtin_id import check_builtin
from whatsit.backbones.efficientnet_lite import BATCH_NORM_EPSILON, Variant, build
from whatsit.backbones.torch_weights import read_weights
from whatsit.errors import StoppedError
from whatsit.imaging.preprocess import Colour
from whatsit.tflite.flatbuffer import write_model
from whatsit.training.design import Design, TrainingMode
from whatsit.training.events import OnEvent, Phase, Step, Stop, ignore
from whatsit.training.head import Embedded, fit_head
from whatsit.training.torch_loop import Body, Head, Labelled, Recipe, Trained, descend, plain

LEAST_CROP = 0.75
HEAD_RATE = 3
"""Head learning rate as a multiple of the backbone's."""
_EMBEDDED_AT_ONCE = 64
Weights = Mapping[str, Tensor]


def fine_tune(
    design: Design, classes: int, training: Labelled, validation: Labelled, on_event: OnEvent, stop: Stop
) -> tuple[Trained, bytes]:
    """Fine-tune the built-in network that ``design`` names.

    Returns:
        How it went, and the backbone as a float32 ``.tflite``.
    """
    variant = check_builtin(design.backbone, design.size, "float32")
    channels = 1 if design.colour is Colour.GREY else 3
    found = read_weights(weights_path(variant), variant.sha256)
    weights = {
        name: torch.from_numpy(values.copy()).float()
        for name, values in found.items()
        if not name.startswith("_fc.") and not name.endswith("num_batches_tracked")
    }
    if channels == 1:
        weights["_conv_stem.weight"] = weights["_conv_stem.weight"].sum(1, keepdim=True)
    total = len(variant.strides) if design.blocks is None else design.blocks
    dim = weights["_conv_head.weight" if design.blocks is None else f"_blocks.{total - 1}._project_conv.weight"].shape[
        0
    ]
    rate = design.rate
    recipe = Recipe(rate, HEAD_RATE * rate, LEAST_CROP, 0.0)

    def body(now: Weights, pictures: Tensor, _training: bool) -> Tensor:
        return embeddings(variant, now, pictures, design.blocks)

    head = _fitted_head(body, weights, classes, training, validation, design, on_event, stop)
    trained = descend(
        body, weights, trainable(weights, total, design), int(dim), classes, training, validation, design, recipe,
        on_event, stop, head,
    )  # fmt: skip
    network = build(variant, trained.weights, design.size, blocks=design.blocks, channels=channels)
    return trained, write_model(network)


def _fitted_head(
    body: Body, weights: Weights, classes: int, training: Labelled, validation: Labelled, design: Design,
    on_event: OnEvent, stop: Stop,
) -> Head:  # fmt: skip
    total = len(training.targets) + len(validation.targets)
    done = 0

    def embedded(pictures: Labelled) -> Embedded:
        nonlocal done
        rows = []
        for start in range(0, len(pictures.targets), _EMBEDDED_AT_ONCE):
            if stop():
                raise StoppedError("stopped before the first epoch ended: there is nothing to keep")
            with torch.no_grad():
                some = plain(pictures.pixels[start : start + _EMBEDDED_AT_ONCE], design.size)
                rows.append(body(weights, some, False).numpy())
            done += len(rows[-1])
            on_event(Step(Phase.EMBEDDING, done, total))
        views = np.concatenate(rows)[:, np.newaxis] if rows else np.empty((0, 1, 1), np.float32)
        return Embedded(views, pictures.targets)

    names = [str(number) for number in range(classes)]
    frozen = replace(design, mode=TrainingMode.FROZEN, hidden=0, epochs=None, patience=None, learning_rate=None)
    fitted = fit_head(embedded(training), embedded(validation), names, frozen, ignore, stop)
    return fitted.head.weights, fitted.head.bias


def trainable(weights: Weights, total: int, design: Design) -> list[str]:
    """The names of the weights that ``design.unfrozen_blocks`` leaves trainable: the last blocks and what follows."""
    first = 0 if design.unfrozen_blocks is None else max(0, total - design.unfrozen_blocks)

    def learns(name: str) -> bool:
        if "running" in name:
            return False
        if name.startswith("_blocks."):
            return first <= int(name.split(".")[1]) < total
        if name.startswith(("_conv_head", "_bn1")):
            return design.blocks is None
        return first == 0

    return [name for name in weights if learns(name)]


def embeddings(variant: Variant, weights: Weights, pictures: Tensor, blocks: int | None = None) -> Tensor:
    """As ``efficientnet_lite.build`` computes them: (n, channels, side, side) to (n, dim)."""
    x = functional.relu6(_normed(weights, "_bn0", _convolved(weights, "_conv_stem", pictures, 2)))
    for index, stride in enumerate(variant.strides[:blocks]):
        x = _block(weights, f"_blocks.{index}.", x, stride)
    if blocks is None:
        x = functional.relu6(_normed(weights, "_bn1", _convolved(weights, "_conv_head", x, 1)))
    return x.mean((2, 3))


def _block(weights: Weights, prefix: str, x: Tensor, stride: int) -> Tensor:
    y = x
    if f"{prefix}_expand_conv.weight" in weights:
        y = functional.relu6(_normed(weights, f"{prefix}_bn0", _convolved(weights, f"{prefix}_expand_conv", y, 1)))
    depthwise = _convolved(weights, f"{prefix}_depthwise_conv", y, stride, groups=y.shape[1])
    y = functional.relu6(_normed(weights, f"{prefix}_bn1", depthwise))
    y = _normed(weights, f"{prefix}_bn2", _convolved(weights, f"{prefix}_project_conv", y, 1))
    return x + y if stride == 1 and x.shape == y.shape else y


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


def _normed(weights: Weights, name: str, x: Tensor) -> Tensor:
    return functional.batch_norm(
        x, weights[f"{name}.running_mean"], weights[f"{name}.running_var"], weights[f"{name}.weight"],
        weights[f"{name}.bias"], training=False, eps=BATCH_NORM_EPSILON,
    )  # fmt: skip
