"""Training a whole network with PyTorch: the loop that fine-tuning and training from scratch share.

AdamW (Loshchilov and Hutter 2019) and a cosine schedule with a short warm-up (Loshchilov and Hutter 2017); the moving
average of the weights is evaluated and kept (Polyak and Juditsky 1992). Needs the extra ``torch``, which is imported
only when such a training starts.
"""

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from whatsit.imaging.augmentation import BRIGHTNESS, CONTRAST, ROTATION
from whatsit.training.design import Design
from whatsit.training.events import Batch, Epoch, OnEvent, Stop
from whatsit.training.head import ema_decay

Body = Callable[[Mapping[str, Tensor], Tensor, bool], Tensor]
"""(weights, normalised pictures (n, channels, height, width), training) to embeddings (n, dim)."""

Head = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Matrix (classes, dim) and bias (classes,)."""

_MATRIX, _BIAS = "head.weight", "head.bias"
_EVENTS_EVERY = 8
_WEIGHT_DECAY = 0.01
_MIXUP_ALPHA = 0.2
_TEMPERATURE = 2.0
_TEACHERS_SHARE = 0.9
"""Of the loss, where a network is distilled from another (Hinton et al. 2015)."""
_MOST_SPAN = 100
"""Steps that the moving average spans at most, roughly."""
_FEW_STEPS = 50
"""With fewer steps the learning rate is lower in proportion: AdamW's first steps are all of full size, and a handful of
them would move good weights far away without time to come back."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """Pictures in memory: uint8 pixels (n, height, width, channels), class indices (n,)."""

    pixels: NDArray[np.uint8]
    targets: NDArray[np.int64]
    device: str = "cpu"
    """Where the network computes on them."""

    def normalised(self, rows: slice | NDArray[np.int64]) -> Tensor:
        """Some of them on the device, ``normalised``."""
        return normalised(self.pixels[rows], self.device)

    def plain(self, rows: slice | NDArray[np.int64], size: int) -> Tensor:
        """``normalised`` at the network's size: training pictures are kept larger, for crops."""
        pictures = self.normalised(rows)
        if pictures.shape[-1] == size:
            return pictures
        return functional.interpolate(pictures, (size, size), mode="bilinear", antialias=True)

    def classes(self, rows: slice | NDArray[np.int64]) -> Tensor:
        """The class indices of some of them, on the device."""
        return torch.from_numpy(self.targets[rows]).to(self.device)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Where fine-tuning and training from scratch differ."""

    body_rate: float
    head_rate: float
    least_crop: float
    """Side of the smallest crop, as a share of the picture."""
    shift: float
    """Largest shift, as a share of the side."""
    warm_up: float = 0.05
    """Share of the steps during which the rate rises."""
    teacher: Callable[[Tensor], Tensor] | None = None
    """Normalised pictures to the logits (n, classes) of a network to distil; None: only the labels teach."""


@dataclass(frozen=True, slots=True)
class Trained:
    """The weights of the best epoch, and how each epoch went."""

    weights: dict[str, NDArray[np.float32]]
    head_weights: NDArray[np.float32]
    head_bias: NDArray[np.float32]
    history: tuple[Epoch, ...]
    stopped: bool


def descend(
    body: Body, weights: dict[str, Tensor], trainable: Sequence[str], dim: int, classes: int,
    training: Labelled, validation: Labelled, design: Design, recipe: Recipe, on_event: OnEvent, stop: Stop,
    head: Head | None = None,
) -> Trained:  # fmt: skip
    """Train ``weights[name] for name in trainable`` and a linear head of shape (classes, dim), from ``head`` or zeros.

    The epoch with the best validation accuracy (the lowest loss among equals) is kept, or the last where there are no
    validation pictures. A given ``head`` is evaluated before the first epoch, as epoch 0. ``stop`` takes effect at the
    next batch.
    """
    torch.manual_seed(design.seed)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it CUDA's products are not deterministic
    torch.use_deterministic_algorithms(True, warn_only=training.device != "cpu")
    weights = {name: tensor.to(training.device) for name, tensor in weights.items()}
    start = head if head is not None else (np.zeros((classes, dim), np.float32), np.zeros(classes, np.float32))
    matrix, bias = (torch.tensor(part, device=training.device) for part in start)
    run = _Descent(body, weights, trainable, (matrix, bias), training, design, recipe)
    history: list[Epoch] = []
    best_rank, kept, stopped = (-math.inf, 0.0), run.snapshot(), False
    epochs = design.most_epochs
    for number in range(1 if head is None else 0, epochs + 1):
        if number == 0:
            learnt = _measured(body, *kept, training, design.size)
        else:
            seen = run.epoch(number, on_event, stop)
            stopped = seen.stopped
            if stopped and (history or not seen.pictures):
                break
            learnt = seen.loss / seen.pictures, seen.right / seen.pictures
        now = run.snapshot()
        loss, accuracy = _measured(body, *now, validation, design.size)
        rank = (accuracy, -loss) if len(validation.targets) else (float(number), 0.0)
        better = rank > best_rank
        if better:
            best_rank, kept = rank, now
        history.append(Epoch(number, epochs, *learnt, loss, accuracy, better))
        on_event(history[-1])
        since = number - max(epoch.number for epoch in history if epoch.best)
        if stopped or (design.stop_after is not None and since >= design.stop_after):
            break
    found, matrix, bias = kept
    return Trained(
        {name: tensor.cpu().numpy() for name, tensor in found.items()},
        matrix.cpu().numpy(),
        bias.cpu().numpy(),
        tuple(history),
        stopped,
    )


@dataclass(slots=True)
class _Seen:
    """Sums over the pictures of an epoch."""

    pictures: int = 0
    right: int = 0
    loss: float = 0.0
    stopped: bool = False


class _Descent:
    """The parameters, their optimiser and its schedule."""

    def __init__(
        self, body: Body, weights: dict[str, Tensor], trainable: Sequence[str], head: tuple[Tensor, Tensor],
        training: Labelled, design: Design, recipe: Recipe,
    ) -> None:  # fmt: skip
        self._body, self._weights, self._training = body, weights, training
        self._design, self._recipe, self._classes = design, recipe, len(head[1])
        self._random = np.random.default_rng(design.seed)
        self._matrix, self._bias = (part.requires_grad_(True) for part in head)
        groups = [
            {"params": [weights[name].requires_grad_(True) for name in trainable], "lr": recipe.body_rate},
            {"params": [self._matrix, self._bias], "lr": recipe.head_rate},
        ]
        self._optimiser = torch.optim.AdamW([group for group in groups if group["params"]], weight_decay=_WEIGHT_DECAY)
        self._batches = max(1, len(training.targets) // design.batch)
        steps = design.most_epochs * self._batches
        self._decay = ema_decay(steps, _MOST_SPAN)
        self._schedule = torch.optim.lr_scheduler.LambdaLR(
            self._optimiser, lambda step: _rate(step, steps, recipe.warm_up) * min(1, steps / _FEW_STEPS)
        )
        importance = _class_importance(training.targets, self._classes, design.class_weights)
        self._importance = importance.to(training.device)
        self._learning = {name: weights[name] for name in trainable} | {_MATRIX: self._matrix, _BIAS: self._bias}
        self._sums = {name: torch.zeros_like(tensor) for name, tensor in self._learning.items()}
        self._steps = 0

    def snapshot(self) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """All weights, and the head's matrix and bias: moving averages of what is trained, copies of the rest."""
        weights = {name: tensor.detach().clone() for name, tensor in {**self._weights, **self._learning}.items()}
        if self._steps:  # bias-corrected, as in Adam
            weights |= {name: total / (1 - self._decay**self._steps) for name, total in self._sums.items()}
        return weights, weights.pop(_MATRIX), weights.pop(_BIAS)

    def epoch(self, number: int, on_event: OnEvent, stop: Stop) -> _Seen:
        """One pass over the training pictures in a new order."""
        seen = _Seen()
        order = self._random.permutation(len(self._training.targets))
        for at, rows in enumerate(np.array_split(order, self._batches), 1):
            if stop():
                seen.stopped = True
                break
            self._step(rows, seen)
            if at == 1 or at % _EVENTS_EVERY == 0 or at == self._batches:
                on_event(Batch(number, self._design.most_epochs, at, self._batches))
        return seen

    def _step(self, rows: NDArray[np.int64], seen: _Seen) -> None:
        pictures = _varied(self._training.normalised(rows), self._design, self._recipe, self._random)
        targets = self._training.classes(rows)
        soft = _smoothed(targets, self._classes, self._design.label_smoothing)
        if self._design.mixup:
            pictures, soft = _mixed(pictures, soft, self._random)
        embedding = functional.dropout(self._body(self._weights, pictures, True), self._design.dropout)
        logits = embedding @ self._matrix.T + self._bias
        losses = -(soft * functional.log_softmax(logits, 1)).sum(1)
        if self._recipe.teacher is not None:
            with torch.no_grad():
                taught = self._recipe.teacher(pictures)
            losses = (1 - _TEACHERS_SHARE) * losses + _TEACHERS_SHARE * _divergence(taught, logits)
        loss = (losses * self._importance[targets]).mean()
        self._optimiser.zero_grad()
        torch.autograd.backward(loss)
        self._optimiser.step()
        self._schedule.step()
        self._steps += 1
        for name, tensor in self._learning.items():
            self._sums[name].lerp_(tensor.detach(), 1 - self._decay)
        seen.pictures += len(rows)
        seen.right += int((logits.argmax(1) == targets).sum())
        seen.loss += float(loss.detach()) * len(rows)


def _rate(step: int, steps: int, warm_up: float) -> float:
    rising = max(1, int(warm_up * steps))
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising)))


def _class_importance(targets: NDArray[np.int64], classes: int, balanced: bool) -> Tensor:
    counts = np.bincount(targets, minlength=classes)
    weights = len(targets) / (classes * np.maximum(counts, 1)) if balanced else np.ones(classes)
    return torch.tensor(weights, dtype=torch.float32)


def _smoothed(targets: Tensor, classes: int, share: float) -> Tensor:
    return functional.one_hot(targets, classes).float() * (1 - share) + share / classes


def _divergence(teacher: Tensor, student: Tensor) -> Tensor:
    """How far each row of the student's softened answers is from the teacher's, (n,), on the scale of the loss."""
    expected = functional.softmax(teacher / _TEMPERATURE, 1)
    found = functional.log_softmax(student / _TEMPERATURE, 1)
    return functional.kl_div(found, expected, reduction="none").sum(1) * _TEMPERATURE**2


def _mixed(pictures: Tensor, soft: Tensor, random: np.random.Generator) -> tuple[Tensor, Tensor]:
    part = float(random.beta(_MIXUP_ALPHA, _MIXUP_ALPHA))
    other = torch.from_numpy(random.permutation(len(pictures))).to(pictures.device)
    return part * pictures + (1 - part) * pictures[other], part * soft + (1 - part) * soft[other]


def normalised(pixels: NDArray[np.uint8], device: str = "cpu") -> Tensor:
    """uint8 (n, height, width, channels) to (pixel - 127) / 128, (n, channels, height, width)."""
    tensor = torch.from_numpy(np.ascontiguousarray(pixels)).to(device).permute(0, 3, 1, 2)
    return ((tensor.float() - 127) / 128).contiguous(memory_format=torch.channels_last)


def _varied(pictures: Tensor, design: Design, recipe: Recipe, random: np.random.Generator) -> Tensor:
    switches, count, device = design.augmentation, len(pictures), pictures.device
    scale = random.uniform(recipe.least_crop, 1, count) if switches.zoom else np.ones(count)
    room = 1 - scale
    if switches.zoom and recipe.shift:
        # Whole pixels: a shift by a fraction would blur pictures only 32 pixels wide.
        most = round(recipe.shift * design.size)
        offset = random.integers(-most, most + 1, (2, count)) * 2 / design.size
    else:
        offset = random.uniform(-1, 1, (2, count)) * room
    mirror = np.where(switches.flip & (random.random(count) < 0.5), -1.0, 1.0)
    angle = np.deg2rad(random.uniform(-ROTATION, ROTATION, count)) if switches.rotate else np.zeros(count)
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    rows = np.stack([np.stack([mirror * cos, -sin, offset[0]], 1), np.stack([mirror * sin, cos, offset[1]], 1)], 1)
    shape = [count, pictures.shape[1], design.size, design.size]
    moved = torch.tensor(rows, dtype=torch.float32, device=device)
    grid = functional.affine_grid(moved, shape, align_corners=False)
    pictures = functional.grid_sample(pictures, grid, align_corners=False)
    if switches.grey and pictures.shape[1] == 3:
        chosen = torch.from_numpy(random.random(count) < 0.25).to(device)[:, None, None, None]
        pictures = torch.where(chosen, pictures.mean(1, keepdim=True).expand_as(pictures), pictures)
    if switches.contrast:
        gain = _column(random.uniform(1 - CONTRAST, 1 + CONTRAST, count), device)
        mean = pictures.mean((1, 2, 3), keepdim=True)
        pictures = (pictures - mean) * gain + mean
    if switches.brightness:
        pictures = pictures + _column(random.uniform(-BRIGHTNESS, BRIGHTNESS, count), device) * (255 / 128)
    return pictures.clamp(-127 / 128, 1).contiguous(memory_format=torch.channels_last)


def _column(values: NDArray[np.float64], device: torch.device) -> Tensor:
    return torch.tensor(values, dtype=torch.float32, device=device)[:, None, None, None]


def _measured(
    body: Body, weights: Mapping[str, Tensor], matrix: Tensor, bias: Tensor, pictures: Labelled, size: int
) -> tuple[float, float]:
    """Cross-entropy and accuracy on unvaried pictures; not a number where there are none."""
    count = len(pictures.targets)
    if count == 0:
        return math.nan, math.nan
    loss, right = 0.0, 0
    with torch.no_grad():
        for start in range(0, count, 64):
            rows = slice(start, start + 64)
            targets = pictures.classes(rows)
            logits = body(weights, pictures.plain(rows, size), False) @ matrix.T + bias
            loss += float(functional.cross_entropy(logits, targets, reduction="sum"))
            right += int((logits.argmax(1) == targets).sum())
    return loss / count, right / count
