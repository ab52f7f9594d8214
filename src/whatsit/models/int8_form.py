"""The int8 form of a model on a float32 file: its head and threshold are fitted on what the int8 network computes.

A network from elsewhere was not made for int8. Its int8 embeddings can lie so far from the float32 ones that a head and
a threshold fitted on those call the pictures they were taught unknown.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from whatsit.errors import ModelError
from whatsit.heads.linear import LinearHead
from whatsit.heads.unknown import Floats, leave_one_out, normalised
from whatsit.tflite.merge import HIDDEN, LOGITS, NORMALISED, SCORES

if TYPE_CHECKING:
    from whatsit.backbones.backbone import Backbone
    from whatsit.models.taught_model import TaughtModel

POINT = 0.01
"""A loss above this share of the taught pictures is said."""


@dataclass(frozen=True, slots=True)
class Int8Loss:
    """What int8 costs on the taught pictures: the share of them that is right, 0..1."""

    float32: float
    int8: float

    @property
    def matters(self) -> bool:
        """Whether it is more than a point."""
        return self.float32 - self.int8 > POINT

    def __str__(self) -> str:
        return (
            f"int8 loses {100 * (self.float32 - self.int8):.1f} points on the taught pictures "
            f"(float32 {self.float32:.1%}, int8 {self.int8:.1%})"
        )


def with_int8_form(
    model: "TaughtModel", features: Floats, targets: Sequence[str], embedded: "Callable[[Backbone], Floats]",
    fitted: "Callable[[Floats], TaughtModel]",
) -> "TaughtModel":  # fmt: skip
    """The model with its ``int8`` form and ``int8_loss``; unchanged where its network cannot become int8.

    Args:
        model: on a float32 file, with calibration pictures.
        features: of the taught pictures in float32, shape (pictures, dim).
        targets: their labels.
        embedded: the same pictures' embeddings on another backbone.
        fitted: the model that such embeddings give.
    """
    measured = model.measured()
    try:
        computed = embedded(measured.int8_backbone())
    except ModelError:  # said where int8 is asked for
        return model
    form = fitted(computed)
    head = {HIDDEN, LOGITS, NORMALISED, SCORES}
    backbone = [one for one in measured.head_ranges if one[0] not in head]
    own = [one for one in form.head_ranges if one[0] in head]
    form = replace(form, head_ranges=tuple(sorted((*backbone, *own))), calibration=())
    loss = _loss((model, features), (form, computed), targets)
    return replace(measured, int8=form, int8_loss=loss)


def _loss(
    float32: "tuple[TaughtModel, Floats]", int8: "tuple[TaughtModel, Floats]", targets: Sequence[str]
) -> Int8Loss:
    """The larger of two: of the answers themselves, and of each picture's nearest class mean without it.

    A head knows the pictures it was fitted on even where its embeddings are poor, hence the second.
    """
    pairs = [
        (_share_right(*float32, targets), _share_right(*int8, targets)),
        (_share_nearest(float32[1], targets), _share_nearest(int8[1], targets)),
    ]
    return Int8Loss(*max(pairs, key=lambda pair: pair[0] - pair[1]))


def _share_right(model: "TaughtModel", features: Floats, targets: Sequence[str]) -> float:
    logits = _logits(model.head, features)
    right = np.array(model.labels)[logits.argmax(axis=1)] == np.asarray(targets)
    verdicts = [model.judge(one) for one in features]
    right &= np.array([verdict is None or not verdict.unknown for verdict in verdicts])
    return float(right.mean())


def _logits(head: LinearHead, features: Floats) -> Floats:
    return np.asarray(head.logits(features), np.float32)


def _share_nearest(features: Floats, targets: Sequence[str]) -> float:
    labels = sorted(set(targets))
    classes = np.searchsorted(labels, np.asarray(targets))
    together = np.bincount(classes)[classes] > 1  # as ``leave_one_out`` gives the distances to the own class
    if not together.any():
        return 1.0
    own, other = leave_one_out(normalised(features), classes)
    return float((own < other[together]).mean())
