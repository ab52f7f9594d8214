"""Teach a camera what things are, on the device, in seconds."""

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
