"""Speed against accuracy, measured on this device: one training a size, backbone and fit."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from whatsit.backbones.choice import BackboneChoice
from whatsit.errors import DataError, StoppedError
from whatsit.evaluation.latency import Measurement, measure
from whatsit.evaluation.metrics import Example, evaluate, wilson_interval
from whatsit.imaging.preprocess import Fit
from whatsit.models.classifier import Classifier
from whatsit.training.design import Design, TrainingMode
from whatsit.training.events import OnEvent, Stop
from whatsit.training.train import train

SIZES = (96, 128, 160, 192, 224)


@dataclass(frozen=True, slots=True)
class Trial:
    """One design, exported to int8 and measured."""

    choice: BackboneChoice
    right: int
    pictures: int
    measurement: Measurement

    @property
    def accuracy(self) -> float:
        """On the pictures it was judged by, 0..1."""
        return self.right / self.pictures

    @property
    def name(self) -> str:
        """Short, for tables and charts."""
        choice = self.choice
        base = Path(choice.name).stem if choice.is_file else choice.name
        depth = f"/{choice.blocks}" if choice.blocks is not None else ""
        size = "" if choice.is_file else f"@{choice.size}"
        return f"{base}{depth}{size}" + ("" if choice.fit is Fit.COVER else f" {choice.fit}")

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        low, high = wilson_interval(self.right, self.pictures)
        return {
            "name": self.name, "backbone": self.choice.name, "size": self.choice.size, "blocks": self.choice.blocks,
            "fit": self.choice.fit.value, "accuracy": self.accuracy, "interval": [low, high], "pictures": self.pictures,
            "milliseconds": self.measurement.milliseconds, "milliseconds_p95": self.measurement.milliseconds_p95,
            "size_bytes": self.measurement.size, "memory_bytes": self.measurement.memory,
            "multiply_adds": self.measurement.multiply_adds, "right": self.right, "threads": self.measurement.threads,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Trial":
        """What ``to_dict`` gave.

        Raises:
            KeyError, TypeError, ValueError: something else.
        """
        choice = BackboneChoice(values["backbone"], values["size"], Fit(values["fit"]), values["blocks"])
        measured = Measurement(
            values["milliseconds"], values["milliseconds_p95"], values["memory_bytes"], values["size_bytes"],
            values["multiply_adds"], values["threads"],
        )  # fmt: skip
        return cls(choice, values["right"], values["pictures"], measured)


def choices(
    sizes: Iterable[int] = SIZES, backbones: Sequence[str] = ("lite0", "lite0/11", "lite0/5"),
    fits: Sequence[Fit] = (Fit.COVER,),
) -> list[BackboneChoice]:  # fmt: skip
    """Every combination; ``lite0/11`` keeps eleven blocks, a ``.tflite`` has a size of its own.

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
                raise DataError(f"backbone {backbone!r}: expected a name and how many blocks to keep, such as lite0/11")
            depth = int(blocks) if slash else None
            found += [BackboneChoice(name, size, fit, depth) for size in sizes]
    return found


def sweep(
    choices: Sequence[BackboneChoice], design: Design, training: Sequence[Example], judging: Sequence[Example], *,
    on_trial: Callable[[Trial], None] = lambda trial: None, on_event: OnEvent = lambda event: None,
    stop: Stop = lambda: False, cache: Path | None = None, threads: int | None = None,
) -> list[Trial]:  # fmt: skip
    """Train the head of ``design`` on every choice, judge its int8 model on ``judging`` and measure it here.

    ``judging`` are validation pictures: choosing by the test pictures would spend them. What was measured before
    ``stop`` is returned.

    Raises:
        DataError: no pictures to judge by.
    """
    if not judging:
        raise DataError("no validation pictures to judge by; put some into the validation split")
    if design.way is not TrainingMode.FROZEN:  # another way's pace is not a head's
        design = replace(design, epochs=None, patience=None, learning_rate=None)
    trials = []
    for choice in choices:
        if stop():
            break
        trial_design = replace(
            design,
            way=TrainingMode.FROZEN,
            backbone=choice.name,
            size=choice.size,
            blocks=choice.blocks,
            fit=choice.fit,
        )
        try:
            trained = train(trial_design, training, judging, on_event=on_event, stop=stop, cache=cache)
        except StoppedError:
            break
        if trained.stopped:
            break
        content = trained.model.to_tflite()
        found = evaluate(Classifier(content), judging)
        its_size = replace(choice, size=trained.design.size)  # a file has its own
        trials.append(Trial(its_size, found.right, len(found.answers), measure(content, threads)))
        on_trial(trials[-1])
    return trials


def pareto_front(trials: Sequence[Trial]) -> list[Trial]:
    """The Pareto set: no other trial is both as accurate and faster, or as fast and more accurate. Fastest first."""
    front: list[Trial] = []
    for trial in sorted(trials, key=lambda t: (t.measurement.milliseconds, -t.right)):
        if not front or trial.accuracy > front[-1].accuracy:
            front.append(trial)
    return front


def recommend(trials: Sequence[Trial], *, milliseconds: float | None = None, size: int | None = None) -> Trial | None:
    """The fastest of those whose accuracy is within the uncertainty of the best, or the most accurate within limits.

    Args:
        milliseconds: at most so long a picture.
        size: at most so many bytes.

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
    best = max(fitting, key=lambda trial: trial.accuracy)
    if milliseconds is not None or size is not None:
        return max(fitting, key=lambda trial: (trial.accuracy, -trial.measurement.milliseconds))
    least = wilson_interval(best.right, best.pictures)[0]
    return min((t for t in fitting if t.accuracy >= least), key=lambda trial: trial.measurement.milliseconds)
