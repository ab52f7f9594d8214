"""Teach a camera what things are, on the device, in seconds."""

# As in typing, which would cost a command the first milliseconds in which Ctrl-C is answered.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from whatsit.backbone import Backbone
    from whatsit.cameras import Camera, Frame, open_camera
    from whatsit.classifier import Classifier
    from whatsit.embedder import Embedder, PixelEmbedder
    from whatsit.errors import CameraError, DataError, ImageError, MissingExtraError, ModelError, WhatsitError
    from whatsit.image import load_image
    from whatsit.prediction import Prediction, Predictions
    from whatsit.preprocess import Colour, Fit, Preprocess
    from whatsit.project import Project
    from whatsit.selflearn import SelfLearnClassifier
    from whatsit.taught_model import BackboneChoice, TaughtModel
    from whatsit.teaching import find_examples, teach
    from whatsit.verification import verify

__all__ = [
    "Backbone",
    "BackboneChoice",
    "Camera",
    "CameraError",
    "Classifier",
    "Colour",
    "DataError",
    "Embedder",
    "Fit",
    "Frame",
    "ImageError",
    "MissingExtraError",
    "ModelError",
    "PixelEmbedder",
    "Prediction",
    "Predictions",
    "Preprocess",
    "Project",
    "SelfLearnClassifier",
    "TaughtModel",
    "WhatsitError",
    "find_examples",
    "load_image",
    "open_camera",
    "teach",
    "verify",
]

_HOMES = {
    "Backbone": "whatsit.backbone",
    "BackboneChoice": "whatsit.taught_model",
    "Camera": "whatsit.cameras",
    "CameraError": "whatsit.errors",
    "Classifier": "whatsit.classifier",
    "Colour": "whatsit.preprocess",
    "DataError": "whatsit.errors",
    "Embedder": "whatsit.embedder",
    "Fit": "whatsit.preprocess",
    "Frame": "whatsit.cameras",
    "ImageError": "whatsit.errors",
    "MissingExtraError": "whatsit.errors",
    "ModelError": "whatsit.errors",
    "PixelEmbedder": "whatsit.embedder",
    "Prediction": "whatsit.prediction",
    "Predictions": "whatsit.prediction",
    "Preprocess": "whatsit.preprocess",
    "Project": "whatsit.project",
    "SelfLearnClassifier": "whatsit.selflearn",
    "TaughtModel": "whatsit.taught_model",
    "WhatsitError": "whatsit.errors",
    "find_examples": "whatsit.teaching",
    "load_image": "whatsit.image",
    "open_camera": "whatsit.cameras",
    "teach": "whatsit.teaching",
    "verify": "whatsit.verification",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'whatsit' has no attribute {name!r}")
    from importlib import import_module

    found: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
