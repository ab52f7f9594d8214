"""A narrower network made of a fine-tuned one: fewer channels, then distilled from it on the same pictures.

The channels are chosen by their batch norm's gain (``whatsit.backbones.channels``), the statistics of batch norm are
measured again, as what comes in is no longer the same, and the network is trained to answer as the full one does on the
same augmented pictures (Hinton et al. 2015, "Distilling the Knowledge in a Neural Network").
"""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from whatsit.backbones.channels import channel_plan
from whatsit.backbones.efficientnet_lite import Variant
from whatsit.errors import StoppedError
from whatsit.training.design import Design
from whatsit.training.events import Batch, Epoch, Event, Note, OnEvent, Phase, Remark, Step, Stop
from whatsit.training.torch_lite import Weights, embeddings
from whatsit.training.torch_loop import Labelled, Recipe, Trained, descend

LEAST_CROP = 0.75
HEAD_RATE = 1
"""The head comes from the full network, so it has no more to learn than the rest."""
MOMENTUM = 0.1
"""Share by which the statistics of batch norm move towards those of each batch."""
_MEASURED_PICTURES = 512
_MEASURED_AT_ONCE = 64


def full_design(design: Design) -> Design:
    """The design of the full network that a narrow one is distilled from: its usual rate and epochs, or fewer."""
    whole = replace(design, width=1.0, epochs=None, learning_rate=None, patience=None)
    return replace(whole, epochs=min(whole.most_epochs, design.most_epochs))


def trains_alike(design: Design, other: Design) -> bool:
    """Whether two designs that are alike but for their epochs, rate and patience train the same network."""
    return (design.most_epochs, design.rate, design.stop_after) == (other.most_epochs, other.rate, other.stop_after)


def reported_as_steps(on_event: OnEvent) -> OnEvent:
    """Report the full network's training as steps of a phase: epochs are those of the network that is kept."""

    def told(event: Event) -> None:
        if isinstance(event, Batch):
            done = (event.epoch - 1) * event.total + event.done
            on_event(Step(Phase.FULL_NETWORK, done, event.epochs * event.total))
        elif not isinstance(event, Epoch):
            on_event(event)

    return told


def distilled(
    variant: Variant, full: Trained, design: Design, classes: int, training: Labelled, validation: Labelled,
    on_event: OnEvent, stop: Stop,
) -> Trained:  # fmt: skip
    """A network of ``design.width`` that answers as ``full`` does.

    Raises:
        StoppedError: ``full`` was stopped, or ``stop`` says so before the first epoch.
    """
    if full.stopped or stop():
        raise StoppedError("stopped before the narrow network's first epoch: there is nothing to keep")
    best = next(epoch for epoch in reversed(full.history) if epoch.best)
    if len(validation.targets):
        on_event(Note(Remark.FULL_NETWORK, f"{best.validation_accuracy:.1%}"))
    device = training.device
    whole = {name: torch.from_numpy(values).to(device) for name, values in full.weights.items()}
    matrix, bias = (torch.from_numpy(part).to(device) for part in (full.head_weights, full.head_bias))
    plan = channel_plan(variant, full.weights, design.width, design.blocks)
    weights = {name: torch.from_numpy(values).to(device) for name, values in plan.narrowed(full.weights).items()}
    measure_statistics(variant, weights, training, design)

    def body(now: Weights, pictures: Tensor, learning: bool) -> Tensor:
        return embeddings(variant, now, pictures, design.blocks, MOMENTUM if learning else None)

    def teacher(pictures: Tensor) -> Tensor:
        return embeddings(variant, whole, pictures, design.blocks) @ matrix.T + bias

    head = np.ascontiguousarray(full.head_weights[:, plan.embedding]), full.head_bias.copy()
    learning = [name for name in weights if "running" not in name]
    recipe = Recipe(design.rate, HEAD_RATE * design.rate, LEAST_CROP, 0.0, teacher=teacher)
    return descend(
        body, weights, learning, len(plan.embedding), classes, training, validation, design, recipe, on_event, stop,
        head,
    )  # fmt: skip


def measure_statistics(variant: Variant, weights: Weights, pictures: Labelled, design: Design) -> None:
    """Replace the means and variances of batch norm in ``weights`` by those on some of the pictures."""
    rows = np.random.default_rng(design.seed).permutation(len(pictures.targets))[:_MEASURED_PICTURES]
    with torch.no_grad():
        for number, start in enumerate(range(0, len(rows), _MEASURED_AT_ONCE), 1):
            some = pictures.plain(rows[start : start + _MEASURED_AT_ONCE], design.size)
            embeddings(variant, weights, some, design.blocks, 1 / number)  # the mean over the batches
