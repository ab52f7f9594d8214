"""Speed against accuracy on this device: one training per input size, backbone, width and fit."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NotRequired, TypeAlias, TypedDict

import numpy as np
from numpy.typing import NDArray

from whatsit.backbones import BACKBONES, DEFAULT
from whatsit.backbones.choice import BackboneChoice
from whatsit.errors import DataError, StoppedError
from whatsit.evaluation.cross_validation import cross_validated
from whatsit.evaluation.evaluate import evaluate
from whatsit.evaluation.latency import Measurement, measure
from whatsit.evaluation.metrics import Evaluation, wilson_interval
from whatsit.imaging.image import ImageLike
from whatsit.imaging.preprocess import Fit
from whatsit.models.classifier import Classifier
from whatsit.teaching.teach import Example
from whatsit.training.design import Design, TrainingMode
from whatsit.training.events import Event, Note, OnEvent, Remark, Stop, ignore, never
from whatsit.training.train import train

SIZES = (96, 128, 160, 192, 224)
MOST_TRIALS = 60
"""Designs in one sweep that a page can ask for."""
FEW_PICTURES = 200
"""With fewer validation pictures a design is judged by cross-validation on them and the training pictures together."""
MARGIN = 0.02
"""A faster design is as good as the best where it is sure, at 95 %, to lose less than this share of the pictures."""
_Z = 1.644854  # the normal distribution's 95 % point


class TrialRow(TypedDict):
    """A trial as JSON, in ``.whatsit/sweep.json``, in reports and on the Sweep page."""

    name: str
    backbone: str
    size: int
    blocks: int | None
    fit: str
    accuracy: float
    balanced_accuracy: float
    interval: tuple[float, float]
    pictures: int
    right: int
    cross_validated: bool
    judged: NotRequired[list[int]]
    """As ``Trial.judged``; in records only."""
    milliseconds: float
    milliseconds_p95: float
    size_bytes: int
    memory_bytes: int
    multiply_adds: int
    threads: int
    width: float | None


@dataclass(frozen=True, slots=True)
class Trial:
    """One design, exported to int8 and measured."""

    backbone: BackboneChoice
    right: int
    pictures: int
    measurement: Measurement
    balanced: float | None = None
    """The balanced accuracy; None: as kept by an earlier version, which did not measure it."""
    width: float | None = None
    """The share of channels of a fine-tuned network; None: only a head was trained."""
    judged: tuple[int, ...] = ()
    """Each picture's class, from 1, negative where the answer was wrong; empty: as kept by an earlier version."""
    cross_validated: bool = False
    """Whether the pictures were held out in turn; otherwise they are the validation pictures."""

    @classmethod
    def of(
        cls, backbone: BackboneChoice, judged: Sequence[int], measurement: Measurement, cross_validated: bool = False,
        width: float | None = None,
    ) -> "Trial":  # fmt: skip
        """A trial from each picture's class, as in ``judged``."""
        found = np.array(judged)
        recalls = [float((found[np.abs(found) == one] > 0).mean()) for one in np.unique(np.abs(found))]
        right = int((found > 0).sum())
        balanced = float(np.mean(recalls))
        return cls(backbone, right, len(found), measurement, balanced, width, tuple(judged), cross_validated)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy."""
        return wilson_interval(self.right, self.pictures)

    @property
    def balanced_accuracy(self) -> float:
        """The mean recall of the classes on the validation pictures, 0..1; the accuracy where it is not known."""
        return self.accuracy if self.balanced is None else self.balanced

    @property
    def merit(self) -> float:
        """What designs are compared by: the mean of accuracy and balanced accuracy, 0..1.

        Accuracy alone prefers a model that never names a rare class, balanced accuracy one that names it too often.
        """
        return (self.accuracy + self.balanced_accuracy) / 2

    @property
    def accuracy(self) -> float:
        """On the validation pictures, 0..1."""
        return self.right / self.pictures

    @property
    def name(self) -> str:
        """Short, for tables and charts: ``lite0/11@160 squash``."""
        return self.title + (f" {self.unusual_fit}" if self.unusual_fit else "")

    @property
    def title(self) -> str:
        """Backbone, depth, width where it was fine-tuned, and size: ``lite0/11@160``, ``lite0x0.5@160``."""
        backbone = self.backbone
        base = Path(backbone.name).stem if backbone.is_file else backbone.name
        depth = f"/{backbone.blocks}" if backbone.blocks is not None else ""
        width = "" if self.width is None else f"x{self.width:g}"
        return base + depth + width + ("" if backbone.is_file else f"@{backbone.size}")

    @property
    def unusual_fit(self) -> str | None:
        """The fit, where it is not the default one."""
        return None if self.backbone.fit is Fit.COVER else self.backbone.fit.value

    def to_dict(self) -> TrialRow:
        """For JSON."""
        backbone, measured = self.backbone, self.measurement
        return {
            "name": self.name, "backbone": backbone.name, "size": backbone.size, "blocks": backbone.blocks,
            "fit": backbone.fit.value, "accuracy": self.accuracy, "balanced_accuracy": self.balanced_accuracy,
            "interval": self.interval, "pictures": self.pictures, "right": self.right,
            "cross_validated": self.cross_validated,
            "milliseconds": measured.milliseconds, "milliseconds_p95": measured.milliseconds_p95,
            "size_bytes": measured.size, "memory_bytes": measured.memory, "multiply_adds": measured.multiply_adds,
            "threads": measured.threads, "width": self.width,
        }  # fmt: skip

    def to_record(self) -> TrialRow:
        """``to_dict`` with every picture's answer, for ``from_dict``."""
        row = self.to_dict()
        row["judged"] = list(self.judged)
        return row

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Trial":
        """What ``to_record`` gave, or ``to_dict``, or an earlier version's.

        Raises:
            KeyError, TypeError, ValueError: something else.
        """
        backbone = BackboneChoice(values["backbone"], values["size"], Fit(values["fit"]), values["blocks"])
        measured = Measurement(
            values["milliseconds"], values["milliseconds_p95"], values["memory_bytes"], values["size_bytes"],
            values["multiply_adds"], values["threads"],
        )  # fmt: skip
        return cls(
            backbone, values["right"], values["pictures"], measured, values.get("balanced_accuracy"),
            values.get("width"), tuple(map(int, values.get("judged", ()))), bool(values.get("cross_validated", False)),
        )  # fmt: skip


def combinations(
    sizes: Iterable[int] = SIZES, backbones: Sequence[str] = BACKBONES[DEFAULT].sweep_names,
    fits: Sequence[Fit] = (Fit.COVER,),
) -> list[BackboneChoice]:  # fmt: skip
    """Every backbone at every size and fit; ``lite0/11`` keeps eleven blocks, a ``.tflite`` has its own size.

    Raises:
        DataError: a backbone that cannot be understood.
    """
    found = []
    for fit in fits:
        for backbone in backbones:
            one = BackboneChoice(backbone, fit=fit)
            if one.is_file:
                found.append(one)
                continue
            name, slash, blocks = backbone.partition("/")
            if slash and not blocks.isdecimal():
                raise DataError(
                    f"backbone {backbone!r}: expected a name and the number of blocks to keep, such as lite0/11"
                )
            depth = int(blocks) if slash else None
            found += [BackboneChoice(name, size, fit, depth) for size in sizes]
    return found


Planned: TypeAlias = tuple[BackboneChoice, float | None, Design]
"""A backbone, its width or None where only a head is trained, and the design to train."""


def planned(backbones: Sequence[BackboneChoice], design: Design, widths: Sequence[float] = ()) -> list[Planned]:
    """What a sweep trains: a head on every backbone, or the backbone itself at each of ``widths``.

    Raises:
        SettingError: a width outside its limits, or a backbone that cannot be fine-tuned.
    """
    return [(one, width, _design(design, one, width)) for one in backbones for width in (*widths,) or (None,)]


def sweep(
    backbones: Sequence[BackboneChoice], design: Design, training: Sequence[Example], judging: Sequence[Example], *,
    strangers: Iterable[ImageLike] = (), on_trial: Callable[[Trial], None] = lambda trial: None,
    on_event: OnEvent = ignore, stop: Stop = never, cache: Path | None = None, threads: int | None = None,
    widths: Sequence[float] = (),
) -> list[Trial]:  # fmt: skip
    """Train the head of ``design`` on every backbone, and measure its int8 model: accuracy, latency, memory.

    With fewer than ``FEW_PICTURES`` validation pictures the accuracy is that of heads in cross-validation on these and
    the training pictures together: a handful of pictures would tell designs apart by chance.

    Args:
        widths: fine-tune every backbone at each of these shares of its channels instead; takes minutes each.
        training: (picture, label) pairs to train on.
        judging: (picture, label) pairs of the validation split: choosing a design by the test pictures would leave none
            that are held out.
        strangers: pictures of none of the classes, as in ``train``.
        on_trial: called after each backbone.
        stop: asked often; True ends the sweep, and what was measured before is returned.
        threads: of the interpreter.

    Raises:
        DataError: no validation pictures.
        SettingError: see ``planned``.
    """
    if not judging:
        raise DataError("no validation pictures to compare designs on: put some into the validation split")
    plan = planned(backbones, design, widths)

    def told(event: Event) -> None:
        if not (isinstance(event, Note) and event.remark is Remark.CHOSEN):  # of each trial again
            on_event(event)

    trials, marked = [], list(strangers)
    for backbone, width, trial_design in plan:
        if stop():
            break
        try:
            trained = train(
                training, trial_design, validation=judging, strangers=marked, on_event=told, stop=stop, cache=cache
            )
        except StoppedError:
            break
        if trained.stopped:
            break
        content = trained.model.to_tflite()
        actual = replace(backbone, size=trained.design.size)  # a file has its own
        judged: tuple[int, ...] = ()
        if width is None and len(judging) < FEW_PICTURES:
            try:
                judged = cross_validated(trial_design, training, judging, cache=cache, on_event=told, stop=stop)
            except StoppedError:
                break
        several = bool(judged)
        judged = judged or _judged(evaluate(Classifier(content), judging))
        trials.append(Trial.of(actual, judged, measure(content, threads), several, width))
        on_trial(trials[-1])
    return trials


def _judged(found: Evaluation) -> tuple[int, ...]:
    numbers = {label: number for number, label in enumerate(found.labels, 1)}
    return tuple(numbers[one.label] if one.right else -numbers[one.label] for one in found.judged)


def _design(design: Design, backbone: BackboneChoice, width: float | None) -> Design:
    mode = TrainingMode.FROZEN if width is None else TrainingMode.FINE_TUNE
    chosen = design.revised({"mode": mode.value} | ({} if width is None else {"width": width, "backbone": DEFAULT}))
    return replace(
        chosen, backbone=backbone.name, size=backbone.size, blocks=backbone.blocks, fit=backbone.fit,
        normalise=_normalise(backbone, design) if width is None else None,
    )  # fmt: skip


def _normalise(backbone: BackboneChoice, design: Design) -> str | None:
    """The backbone's own, else the design's where it is for the same file."""
    if backbone.normalise is not None:
        return str(backbone.normalise)
    return design.normalise if backbone.name == design.backbone else None


def pareto_front(trials: Sequence[Trial]) -> list[Trial]:
    """The Pareto front, fastest first: no other trial is as good by ``merit`` and faster, or as fast and better."""
    front: list[Trial] = []
    for trial in sorted(trials, key=lambda t: (t.measurement.milliseconds, -t.merit)):
        if not front or trial.merit > front[-1].merit:
            front.append(trial)
    return front


def recommend(trials: Sequence[Trial], *, milliseconds: float | None = None, size: int | None = None) -> Trial | None:
    """The trial to take: the best one, or a faster one that is shown to be as good; with limits, the best within them.

    Best is by ``Trial.merit``. A few pictures cannot show that a faster design is as good, so then accuracy decides.

    Args:
        milliseconds: the most per picture.
        size: the most of the file, in bytes.

    Returns:
        None where nothing is within the limits.
    """
    fitting = [
        trial
        for trial in trials
        if (milliseconds is None or trial.measurement.milliseconds <= milliseconds)
        and (size is None or trial.measurement.size <= size)
    ]
    if not fitting:
        return None
    best = max(fitting, key=lambda trial: (trial.merit, -trial.measurement.milliseconds))
    if milliseconds is not None or size is not None:
        return best
    return min(
        (trial for trial in fitting if trial is best or most_loss(trial, best) < MARGIN),
        key=lambda trial: trial.measurement.milliseconds,
    )


def not_told_apart(trials: Sequence[Trial], best: Trial) -> list[Trial]:
    """The faster trials of the Pareto front that could be as good as ``best`` by their intervals, the fastest first."""
    faster = [trial for trial in pareto_front(trials) if trial.measurement.milliseconds < best.measurement.milliseconds]
    return [trial for trial in faster if trial.interval[1] >= best.interval[0]]


def most_loss(trial: Trial, best: Trial) -> float:
    """What ``trial`` loses against ``best`` at most, at 95 %, by accuracy and by balanced accuracy, 0..1.

    From the pictures that one of them answers and the other does not (McNemar 1947), with one such picture added for
    each side (Agresti and Min 2005); 1 where they were not judged on the same pictures.
    """
    classes = np.abs(best.judged)
    if not len(classes) or not np.array_equal(classes, np.abs(trial.judged)):
        return 1.0
    lost = (np.array(best.judged) > 0).astype(float) - (np.array(trial.judged) > 0)
    counts = np.bincount(classes)
    even = np.full(len(classes), 1 / len(classes))
    balanced = 1 / (np.count_nonzero(counts) * counts[classes])
    return max(_upper(lost, even), _upper(lost, balanced))


def _upper(lost: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """The upper bound of a weighted mean of -1, 0 and 1; weights sum to 1."""
    mean = float(weights @ lost)
    spread = float((weights**2) @ lost**2) + 2 * float(weights.max()) ** 2
    return mean + _Z * float(np.sqrt(max(0.0, spread - mean**2 / len(lost))))
