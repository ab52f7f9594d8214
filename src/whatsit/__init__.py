"""Teach a camera what things are, on the device, in seconds."""

# As in typing, which would cost a command the first milliseconds in which Ctrl-C is answered.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from whatsit.backbones.backbone import Backbone
    from whatsit.backbones.choice import BackboneChoice
    from whatsit.backbones.embedder import Embedder, PixelEmbedder
    from whatsit.cameras import Camera, Frame, open_camera
    from whatsit.datasets.project import Project
    from whatsit.errors import CameraError, DataError, ImageError, MissingExtraError, ModelError, WhatsitError
    from whatsit.imaging.image import load_image
    from whatsit.imaging.preprocess import Colour, Fit, Preprocess
    from whatsit.models.classifier import Classifier
    from whatsit.models.prediction import Prediction, Predictions
    from whatsit.models.taught_model import TaughtModel
    from whatsit.models.verify import verify
    from whatsit.teaching.selflearn import SelfLearnClassifier
    from whatsit.teaching.teach import find_examples, teach

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
    "Backbone": "whatsit.backbones.backbone",
    "BackboneChoice": "whatsit.backbones.choice",
    "Camera": "whatsit.cameras",
    "CameraError": "whatsit.errors",
    "Classifier": "whatsit.models.classifier",
    "Colour": "whatsit.imaging.preprocess",
    "DataError": "whatsit.errors",
    "Embedder": "whatsit.backbones.embedder",
    "Fit": "whatsit.imaging.preprocess",
    "Frame": "whatsit.cameras",
    "ImageError": "whatsit.errors",
    "MissingExtraError": "whatsit.errors",
    "ModelError": "whatsit.errors",
    "PixelEmbedder": "whatsit.backbones.embedder",
    "Prediction": "whatsit.models.prediction",
    "Predictions": "whatsit.models.prediction",
    "Preprocess": "whatsit.imaging.preprocess",
    "Project": "whatsit.datasets.project",
    "SelfLearnClassifier": "whatsit.teaching.selflearn",
    "TaughtModel": "whatsit.models.taught_model",
    "WhatsitError": "whatsit.errors",
    "find_examples": "whatsit.teaching.teach",
    "load_image": "whatsit.imaging.image",
    "open_camera": "whatsit.cameras",
    "teach": "whatsit.teaching.teach",
    "verify": "whatsit.models.verify",
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
