"""A built-in network fine-tuned with PyTorch, from its pretrained weights.

First a head is fitted on the frozen features, then both are trained: an untrained head would first distort good
features (Kumar et al. 2022, "Fine-Tuning can Distort Pretrained Features").

Batch norm keeps its pretrained statistics, and only its gain and offset are trained: the small batches that fit on a
small computer would spoil the statistics.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from whatsit.backbones.builtin_id import check_builtin
from whatsit.backbones.efficientnet_lite import Variant, build
from whatsit.errors import StoppedError
from whatsit.imaging.preprocess import Colour
from whatsit.tflite.flatbuffer import write_model
from whatsit.training.design import Design, TrainingMode
from whatsit.training.events import OnEvent, Phase, Step, Stop, ignore
from whatsit.training.full_network import FullNetwork
from whatsit.training.head import Embedded, fit_head
from whatsit.training.narrow import distilled, full_design, reported_as_steps, trains_alike
from whatsit.training.torch_lite import Weights, embeddings, pretrained
from whatsit.training.torch_loop import Body, Head, Labelled, Recipe, Trained, descend
from whatsit.training.view_rows import ViewRows

LEAST_CROP = 0.75
HEAD_RATE = 3
"""Head learning rate as a multiple of the backbone's."""
_EMBEDDED_AT_ONCE = 64


def fine_tune(
    design: Design, classes: int, training: Labelled, validation: Labelled, on_event: OnEvent, stop: Stop,
    cache: Path | None = None,
) -> tuple[Trained, bytes]:  # fmt: skip
    """Fine-tune the built-in network that ``design`` names; at a smaller width, a narrower one is distilled from it.

    Args:
        cache: a folder in which the full network is kept, and found by the next width.

    Returns:
        How it went, and the backbone as a float32 ``.tflite``.
    """
    variant = check_builtin(design.backbone, design.size, "float32")
    channels = 1 if design.colour is Colour.GREY else 3
    wanted = full_design(design)
    place = None
    if cache is not None and (design.narrow or trains_alike(design, wanted)):
        place = FullNetwork(cache, wanted, training, validation)
    if design.narrow:
        full = place.read(pretrained(variant, channels), classes) if place is not None else None
        if full is None:
            told = reported_as_steps(on_event)
            full = _whole(variant, wanted, channels, classes, training, validation, told, stop, place)
        trained = distilled(variant, full, design, classes, training, validation, on_event, stop)
    else:
        trained = _whole(variant, design, channels, classes, training, validation, on_event, stop, place)
    network = build(variant, trained.weights, design.size, blocks=design.blocks, channels=channels)
    return trained, write_model(network)


def _whole(
    variant: Variant, design: Design, channels: int, classes: int, training: Labelled, validation: Labelled,
    on_event: OnEvent, stop: Stop, place: FullNetwork | None,
) -> Trained:  # fmt: skip
    weights = {name: tensor.to(training.device) for name, tensor in pretrained(variant, channels).items()}
    total = len(variant.strides) if design.blocks is None else design.blocks
    rate = design.rate

    def body(now: Weights, pictures: Tensor, _training: bool) -> Tensor:
        return embeddings(variant, now, pictures, design.blocks)

    head = _fitted_head(body, weights, classes, training, validation, design, on_event, stop)
    trained = descend(
        body, weights, trainable(weights, total, design), head[0].shape[1], classes, training, validation, design,
        Recipe(rate, HEAD_RATE * rate, LEAST_CROP, 0.0), on_event, stop, head,
    )  # fmt: skip
    if place is not None and not trained.stopped:
        place.write(trained)
    return trained


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
                some = pictures.plain(slice(start, start + _EMBEDDED_AT_ONCE), design.size)
                rows.append(body(weights, some, False).cpu().numpy())
            done += len(rows[-1])
            on_event(Step(Phase.EMBEDDING, done, total))
        views = np.concatenate(rows)[:, np.newaxis] if rows else np.empty((0, 1, 1), np.float32)
        return Embedded(ViewRows.of(views), pictures.targets)

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
