"""What names a prepared frame: a classifier, or classes that were just taught."""

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from whatsit.errors import DataError, ModelArgumentError, ModelError
from whatsit.imaging.preprocess import Preprocess
from whatsit.models.prediction import Predictions
from whatsit.parallel import lasting_threads
from whatsit.validation import short

if TYPE_CHECKING:
    from whatsit.models.taught_model import TaughtModel
    from whatsit.teaching.few_shot import FewShotClassifier
    from whatsit.teaching.selflearn import SelfLearnClassifier
    from whatsit.tflite.normalisation import NormaliseLike


@runtime_checkable
class Recogniser(Protocol):
    """What the live engine needs of a model; ``Classifier`` and ``FewShotClassifier`` are."""

    @property
    def preprocess(self) -> Preprocess:
        """How frames become its input."""

    def classify_pixels(self, pixels: NDArray[np.uint8], top_k: int = 5) -> Predictions:
        """The best classes of a prepared frame, best first; empty while nothing is taught yet.

        Args:
            pixels: what ``preprocess`` makes of a frame, shape (height, width, channels).
        """


def as_recogniser(
    model: "Recogniser | SelfLearnClassifier | TaughtModel | str | os.PathLike[str] | None",
) -> Recogniser:
    """Whatever can recognise, as a recogniser: a model, what was just taught, or a file (see ``load_recogniser``).

    Raises:
        ModelArgumentError: it is none of these.
        ModelError: its file is missing or broken.
        DataError: the features are damaged or belong to another backbone.
    """
    if model is None or isinstance(model, str | os.PathLike):
        return load_recogniser(model, lasting_threads())
    if isinstance(model, Recogniser):
        return model
    from whatsit.models.classifier import Classifier
    from whatsit.models.taught_model import TaughtModel
    from whatsit.teaching.selflearn import SelfLearnClassifier

    if isinstance(model, TaughtModel):
        return Classifier(model.to_tflite(), threads=lasting_threads())
    if isinstance(model, SelfLearnClassifier):
        return model.few_shot
    raise ModelArgumentError(
        f"model {short(model)}: expected a classifier, or the path of a .tflite or a .bin, or None"
    )


def load_recogniser(
    model: str | os.PathLike[str] | None = None,
    threads: int | None = None,
    *,
    backbone: str | os.PathLike[str] | None = None,
    normalise: "NormaliseLike | None" = None,
) -> Recogniser:
    """A model file as a recogniser, by its suffix. A file from elsewhere is first tried in a separate process.

    Args:
        model: a ``.tflite`` classifier, a ``.bin`` of taught features, or None for the built-in ImageNet one.
        threads: of the interpreter; None: one per core, at most four.
        backbone: for a ``.bin``, see ``load_taught``.
        normalise: what the network of a ``.tflite`` sees of pixel values, as for ``Classifier``.

    Raises:
        ModelError: the file is missing, broken, or neither of the two.
        DataError: the features are damaged or belong to another backbone.
    """
    if model is not None and not isinstance(model, str | os.PathLike):
        raise ModelArgumentError(f"model {short(model)}: expected the path of a .tflite or a .bin, or None")
    suffix = Path(model).suffix.lower() if model is not None else ".tflite"
    if model is not None and suffix == ".bin":
        return load_taught(model, threads, backbone, normalise)
    if backbone is not None:
        raise DataError(f"backbone {backbone}: goes with a .bin of taught features only; leave it out")
    if suffix not in (".tflite", ".lite"):
        raise ModelError(f"{model}: expected a .tflite model or a .bin of taught features")
    from whatsit.models.admission import admit
    from whatsit.models.classifier import Classifier

    if model is not None:
        admit(model)
    return Classifier(model, threads=threads, normalise=normalise)


def load_taught(
    path: str | os.PathLike[str], threads: int | None = None, backbone: str | os.PathLike[str] | None = None,
    normalise: "NormaliseLike | None" = None,
) -> "FewShotClassifier":  # fmt: skip
    """A feature file on the backbone that its sidecar names, or on the default one if it has no sidecar.

    A backbone from elsewhere is first tried in a separate process.

    Args:
        path: of the feature file.
        threads: of the interpreter; None: one per core, at most four.
        backbone: the ``.tflite`` it was taught on, if that has been moved.
        normalise: what that sees of pixel values; None: as it was taught.

    Raises:
        ModelError: the backbone is neither a built-in one nor an existing file.
        DataError: the features are damaged or belong to another backbone.
    """
    from whatsit.backbones.choice import BackboneChoice
    from whatsit.models.admission import admit
    from whatsit.teaching.feature_store import taught_with
    from whatsit.teaching.few_shot import FewShotClassifier
    from whatsit.teaching.inference import taught_backbone

    file = backbone or taught_with(path).file
    if file is not None and Path(file).is_file():
        admit(file)
    if normalise is None:
        return FewShotClassifier.from_file(path, backbone, threads=threads)
    choice = taught_backbone(path, backbone)
    if not isinstance(choice, BackboneChoice):
        raise ModelArgumentError(
            f"normalise {short(normalise)}: {path} was taught on a built-in backbone; leave it out"
        )
    return FewShotClassifier.from_file(path, replace(choice, normalise=normalise), threads=threads)
