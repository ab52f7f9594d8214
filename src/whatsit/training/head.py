"""A head trained epoch by epoch on embeddings, in numpy.

Adam (Kingma and Ba 2015) with a cosine schedule, an exponential moving average of the weights (Polyak and Juditsky
1992), early stopping on validation pictures.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from whatsit.heads.linear import HiddenLayer, LinearHead
from whatsit.training.design import Design
from whatsit.training.events import Epoch, OnEvent, Stop
from whatsit.training.view_rows import ViewRows

Floats = NDArray[np.float32]

MOST_BATCH, LEAST_BATCH = 128, 8
"""With few pictures the batches are smaller, so that an epoch still has about sixteen steps."""
_SOFTENING = 0.01
_BETAS = (0.9, 0.999)
_MOST_SPAN = 200
"""Steps that the moving average spans at most, roughly."""
_SPANS = 6
_ROWS = 256


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """Embeddings and the class index of each picture, shape (pictures,)."""

    embeddings: ViewRows
    targets: NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class FittedHead:
    """The head of the best epoch, and how each epoch went."""

    head: LinearHead
    history: tuple[Epoch, ...]
    stopped: bool


def fit_head(
    training: Embedded, validation: Embedded, labels: Sequence[str], design: Design, on_event: OnEvent, stop: Stop,
    start: LinearHead | None = None,
) -> FittedHead:  # fmt: skip
    """Minimise the cross-entropy; an epoch sees one random view of every training picture.

    The epoch whose averaged weights have the lowest validation loss is kept; ``design.patience`` epochs without a
    better one end training. Without validation pictures the last epoch is kept. Equal arguments give equal bytes.

    Args:
        training: at least one picture of every class in ``labels``.
        validation: one view per picture; can be empty.
        start: the head to begin with, epoch 0, which does not normalise; None: one that knows nothing.
    """
    random: np.random.Generator = np.random.default_rng(design.seed)
    count, views, dim = training.embeddings.shape
    mean, spread = _standard(training.embeddings)
    held = (validation.embeddings.plain - mean) / spread if len(validation.targets) else np.empty((0, dim), np.float32)
    soft = np.full((count, len(labels)), design.label_smoothing / len(labels), np.float32)
    soft += (1 - design.label_smoothing) * np.eye(len(labels), dtype=np.float32)[training.targets]
    importance = _importance(training.targets, len(labels), design.class_weights)
    parameters = _initial(dim, design.hidden, len(labels), random)
    if start is not None:
        parameters = [start.weights * spread, start.bias + start.weights @ mean]
    epochs, patience = design.most_epochs, design.stop_after
    batch = min(MOST_BATCH, max(LEAST_BATCH, count // 16))
    steps = epochs * math.ceil(count / batch)
    adam, average = _Adam(parameters), _MovingAverage(parameters, ema_decay(steps, _MOST_SPAN))
    history: list[Epoch] = []
    best, best_loss, since, stopped = [p.copy() for p in parameters], math.inf, 0, False
    if start is not None:
        best_loss, accuracy = _measured(parameters, held, validation.targets)
        learnt = _measured_raw(parameters, training.embeddings.plain, training.targets, mean, spread)
        history.append(Epoch(0, epochs, *learnt, best_loss, accuracy, True))
        on_event(history[-1])
        best_loss = best_loss if len(held) else math.inf
    for number in range(1, epochs + 1):
        if stop():
            stopped = True
            break
        order = random.permutation(np.arange(count))
        picked = random.integers(0, views, count)
        total, right = 0.0, 0
        for first in range(0, count, batch):
            rows = order[first : first + batch]
            inputs = (training.embeddings.pick(rows, picked[rows]) - mean) / spread
            if design.dropout:
                kept = random.random(inputs.shape, np.float32) >= design.dropout
                inputs = inputs * kept / np.float32(1 - design.dropout)
            loss, hits, gradients = _step(parameters, inputs, soft[rows], importance[rows], training.targets[rows])
            adam.step(gradients, design.rate * 0.5 * (1 + math.cos(math.pi * adam.steps / steps)))
            average.add(parameters)
            total, right = total + loss * len(rows), right + hits
        now = average.values()
        held_loss, held_accuracy = _measured(now, held, validation.targets)
        judged = held_loss if len(held) else -float(number)
        better = judged < best_loss
        since = 0 if better else since + 1
        if better:
            best, best_loss = now, judged
        history.append(Epoch(number, epochs, total / count, right / count, held_loss, held_accuracy, better))
        on_event(history[-1])
        if patience is not None and since >= patience:
            break
    return FittedHead(_head(best, mean, spread, tuple(labels)), tuple(history), stopped)


def _standard(embeddings: ViewRows) -> tuple[Floats, Floats]:
    """Mean and spread of each feature over all views; in chunks, as a copy of them all would not fit everywhere."""
    pictures, views, dim = embeddings.shape
    total, lengths = np.zeros(dim), 0.0
    for some in embeddings.chunks():
        total += some.sum(axis=0, dtype=np.float64)
        lengths += float(np.linalg.norm(some, axis=1).sum(dtype=np.float64))
    mean = np.asarray(total / (pictures * views), np.float32)
    squares = np.zeros(dim)
    for some in embeddings.chunks():
        squares += ((some - mean) ** 2).sum(axis=0, dtype=np.float64)
    # A share of the typical length is added, so that a feature that hardly varies is not blown up.
    spread = np.sqrt(squares / (pictures * views)) + _SOFTENING * max(lengths / (pictures * views), 1e-6)
    return mean, np.asarray(spread, np.float32)


def _importance(targets: NDArray[np.intp], classes: int, balanced: bool) -> Floats:
    counts = np.maximum(np.bincount(targets, minlength=classes), 1)
    weights = len(targets) / (classes * counts) if balanced else np.ones(classes)
    return np.asarray(weights[targets], np.float32)


def _initial(dim: int, hidden: int, classes: int, random: np.random.Generator) -> list[Floats]:
    zeros = np.zeros((classes, hidden or dim), np.float32), np.zeros(classes, np.float32)
    if not hidden:
        return [*zeros]
    spread = np.float32(math.sqrt(2 / dim))  # He et al. 2015
    first = random.standard_normal((hidden, dim), np.float32) * spread
    return [*zeros, first, np.zeros(hidden, np.float32)]


def _forward(parameters: Sequence[Floats], inputs: Floats) -> tuple[Floats, Floats]:
    units = np.maximum(inputs @ parameters[2].T + parameters[3], 0) if len(parameters) == 4 else inputs
    logits = units @ parameters[0].T + parameters[1]
    return units, np.asarray(logits - logits.max(axis=1, keepdims=True), np.float32)


def _step(
    parameters: Sequence[Floats], inputs: Floats, soft: Floats, importance: Floats, targets: NDArray[np.intp]
) -> tuple[float, int, list[Floats]]:
    """Mean loss, how many are right, and the gradient of each parameter."""
    units, logits = _forward(parameters, inputs)
    log_sum = np.log(np.exp(logits).sum(axis=1, keepdims=True))
    loss = float((-(soft * (logits - log_sum)).sum(axis=1) * importance).mean())
    error = (np.exp(logits - log_sum) - soft) * (importance / len(inputs))[:, np.newaxis]
    gradients = [error.T @ units, error.sum(axis=0)]
    if len(parameters) == 4:
        behind = (error @ parameters[0]) * (units > 0)
        gradients += [behind.T @ inputs, behind.sum(axis=0)]
    return loss, int((logits.argmax(axis=1) == targets).sum()), gradients


def _measured(parameters: Sequence[Floats], inputs: Floats, targets: NDArray[np.intp]) -> tuple[float, float]:
    if not len(inputs):
        return math.nan, math.nan
    _, logits = _forward(parameters, inputs)
    losses = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(targets)), targets]
    return float(losses.mean()), float((logits.argmax(axis=1) == targets).mean())


def _measured_raw(
    parameters: Sequence[Floats], plain: Floats, targets: NDArray[np.intp], mean: Floats, spread: Floats
) -> tuple[float, float]:
    """The same of embeddings that are not standardised yet."""
    loss = right = 0.0
    for start in range(0, len(plain), _ROWS):
        some = slice(start, start + _ROWS)
        lost, hit = _measured(parameters, (plain[some] - mean) / spread, targets[some])
        loss, right = loss + lost * len(targets[some]), right + hit * len(targets[some])
    return loss / len(plain), right / len(plain)


class _Adam:
    def __init__(self, parameters: list[Floats]) -> None:
        self.parameters, self.steps = parameters, 0
        self._first = [np.zeros_like(p) for p in parameters]
        self._second = [np.zeros_like(p) for p in parameters]

    def step(self, gradients: Sequence[Floats], rate: float) -> None:
        self.steps += 1
        for place, gradient in enumerate(gradients):
            first, second = self._first[place], self._second[place]
            first += (1 - _BETAS[0]) * (gradient - first)
            second += (1 - _BETAS[1]) * (gradient * gradient - second)
            unbiased = np.sqrt(second / (1 - _BETAS[1] ** self.steps)) + 1e-8
            self.parameters[place] -= np.asarray(rate / (1 - _BETAS[0] ** self.steps) * first / unbiased, np.float32)


def ema_decay(steps: int, most_span: int) -> float:
    """The decay, 0..1, of a moving average over a training: it spans ``most_span`` steps, or a sixth of fewer."""
    return 1 - 1 / max(1, min(most_span, steps / _SPANS))


class _MovingAverage:
    """Exponential; bias-corrected, as in Adam."""

    def __init__(self, parameters: Sequence[Floats], decay: float) -> None:
        self._sums, self._steps, self._decay = [np.zeros_like(p) for p in parameters], 0, decay

    def add(self, parameters: Sequence[Floats]) -> None:
        self._steps += 1
        for place, parameter in enumerate(parameters):
            self._sums[place] += (1 - self._decay) * (parameter - self._sums[place])

    def values(self) -> list[Floats]:
        return [np.asarray(found / (1 - self._decay**self._steps), np.float32) for found in self._sums]


def _head(parameters: Sequence[Floats], mean: Floats, spread: Floats, labels: tuple[str, ...]) -> LinearHead:
    """The standardisation folded into the first layer: W (x - mean) / spread + b."""
    first, offset = parameters[-2:]
    first = np.asarray(first / spread, np.float32)
    offset = np.asarray(offset - first @ mean, np.float32)
    if len(parameters) == 2:
        return LinearHead(first, offset, labels, normalise=False)
    return LinearHead(parameters[0], parameters[1], labels, normalise=False, hidden=HiddenLayer(first, offset))
