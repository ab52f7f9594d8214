"""What had to be assumed of a model that does not say it, so that a person can say otherwise."""

from dataclasses import dataclass

import numpy as np

from whatsit.imaging.preprocess import Fit, Preprocess
from whatsit.models.labels import FoundLabels, LabelSource
from whatsit.models.outputs import ScoreKind, ScoreOutput
from whatsit.tflite.interpreter import TensorSpec
from whatsit.tflite.metadata import ModelMetadata
from whatsit.tflite.normalisation import RANGES, Normalisation, Origin


@dataclass(frozen=True, slots=True)
class Assumption:
    """One thing a model's file leaves open, or that was read between its lines."""

    what: str
    """``normalisation``, ``fit``, ``labels`` or ``output``."""
    value: str
    """What is taken, such as ``0..1``."""
    reason: str
    """Why, as the end of a sentence."""
    guess: bool
    """Whether nothing in the file supports it."""
    otherwise: str
    """What to give to take something else, such as ``normalise="-1..1"``."""

    def __str__(self) -> str:
        """One line for a person."""
        return f"{self.what}: {self.value}{' (a guess)' if self.guess else ''}, {self.reason}"


def silent_fit(spec: TensorSpec, metadata: ModelMetadata) -> Fit:
    """The fit of a model that does not say: squash, as MediaPipe, Frigate and most programs do.

    Except where int8 was calibrated on 0..1 and there is no metadata: that is how Edge Impulse exports, and contain was
    never worse than the others on the exports measured (``benchmarks/figures/fits.py``).
    """
    return Fit.CONTAIN if _is_edge_impulse(spec, metadata) else Fit.SQUASH


def assumptions_of(
    normalisation: Normalisation, preprocess: Preprocess, fit: object, labels: FoundLabels, output: ScoreOutput,
    metadata: ModelMetadata,
) -> tuple[Assumption, ...]:  # fmt: skip
    """What was assumed of a model from elsewhere, the weightiest first."""
    found = list(normalisation_assumptions(normalisation))
    if labels.source is LabelSource.MADE_UP:
        shown = f"{labels.labels[0]}, {labels.labels[1]} …"
        found.append(Assumption("labels", shown, labels.origin, True, "labels: a label file"))
    if output.kind in (ScoreKind.BINARY, ScoreKind.BINARY_LOGIT):
        reason = "one value p: the first label has 1 - p, the second p"
        if output.kind is ScoreKind.BINARY_LOGIT:
            reason = "one value without a sigmoid, which is added: the first label has 1 - p, the second p"
        guess = output.kind is ScoreKind.BINARY_LOGIT
        found.append(Assumption("output", "two labels", reason, guess, "labels: in the other order"))
    if not fit:
        value = preprocess.fit.value
        others = ", ".join(other for other in Fit if other != preprocess.fit)
        reason = "the file does not say how a picture meets its square input"
        found.append(Assumption("fit", value, reason, True, f"fit: {others}"))
    return tuple(found)


def normalisation_assumptions(normalisation: Normalisation | None) -> tuple[Assumption, ...]:
    """What was assumed of a model's or a backbone's normalisation: one assumption, or none where it is known."""
    if normalisation is None or normalisation.origin not in (Origin.GUESS, Origin.GRAPH):
        return ()
    value, guess = str(normalisation), normalisation.origin is Origin.GUESS
    others = ", ".join(name for name in RANGES if name != value)
    return (Assumption("normalisation", value, normalisation.reason, guess, f"normalise: {others}"),)


def _is_edge_impulse(spec: TensorSpec, metadata: ModelMetadata) -> bool:
    calibrated = spec.dtype == np.int8 and spec.zero_point == -128 and abs(spec.scale * 255 - 1) < 1e-4
    return calibrated and metadata.mean is None and metadata.labels is None
