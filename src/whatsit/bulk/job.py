"""What every process of a run is told: the model, how it reads pictures, what the rows hold, and where they go."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from whatsit.errors import ModelError
from whatsit.models.classifier import Classifier
from whatsit.tflite.network import model_content
from whatsit.version import VERSION


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model and how it is read, as ``Classifier`` takes them."""

    file: str | None = None
    """Absolute; None: the built-in ImageNet model."""
    labels: str | None = None
    fit: str | None = None
    normalise: str | None = None
    output: int | str | None = None
    multi_label: bool = False

    def load(self) -> tuple[Classifier, str]:
        """The classifier, and an id of all that its answers depend on. One thread: processes share the cores.

        Raises:
            ModelError: as ``Classifier``.
            DataError: as ``Classifier``.
        """
        content = b"" if self.file is None else model_content(self.file)[1]
        classifier = Classifier(
            self.file, self.labels, 1, fit=self.fit, normalise=self.normalise, output=self.output,
            multi_label=self.multi_label,
        )  # fmt: skip
        reading = (VERSION, classifier.labels, repr(classifier.preprocess), self.output, self.multi_label)
        digest = hashlib.sha256(json.dumps(reading).encode())
        digest.update(content)
        return classifier, digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Options:
    """What a row holds."""

    top_k: int = 5
    embeddings: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """A run, as its processes know it."""

    out: str
    """Absolute."""
    run: str
    """The run's id, which every part carries."""
    model: ModelChoice
    model_id: str
    options: Options = field(default_factory=Options)

    @property
    def folder(self) -> Path:
        """``out`` as a path."""
        return Path(self.out)

    def classifier(self) -> Classifier:
        """The model, if it is still the one that the run began with.

        Raises:
            ModelError: it is another one now, or cannot be loaded.
        """
        classifier, model_id = self.model.load()
        if model_id != self.model_id:
            raise ModelError(f"{self.model.file}: not the model that {self.out} was begun with; put that one back")
        return classifier

    def to_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Job":
        """What ``to_dict`` gave."""
        model, options = ModelChoice(**values["model"]), Options(**values["options"])
        return cls(values["out"], values["run"], model, values["model_id"], options)
