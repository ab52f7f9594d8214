"""Every public value and every error reaches another process: through ``pickle``, ``copy`` and a Pool."""

import copy
import importlib
import inspect
import pickle
import pkgutil
import typing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import whatsit
from whatsit.serving.refused import RefusedError

SHADE = np.full((64, 64, 3), 127, np.uint8)
PREDICTIONS = whatsit.Predictions((whatsit.Prediction("mug", 0.75, 0),), True, 1.5, "mug.jpg", (1.5,))
FRAME = whatsit.Frame(SHADE, 1.0, "synthetic:", "mug")

RESOURCES = {
    "Camera", "Client", "Dataset", "Embedder", "Explainer", "ListSink", "Live", "MappedCamera", "SharedCamera", "Sink",
}  # fmt: skip
"""Protocols, and what holds a device, a connection, a thread, a database or an opened network."""


def few_shot():
    made = whatsit.FewShotClassifier(whatsit.PixelEmbedder(), fit="squash")
    made.add(SHADE, "grey")
    made.learn()
    return made


def self_learn():
    made = whatsit.SelfLearnClassifier(whatsit.PixelEmbedder())
    made.add_class(SHADE, label="grey")
    return made


def answer():
    stats = typing.get_type_hints(whatsit.Answer)["stats"](answers=3)
    return whatsit.Answer(whatsit.AnswerState.LABEL, "mug", 0.75, PREDICTIONS, FRAME, stats)


@pytest.fixture(scope="module")
def values(taught, patches, small_model, tmp_path_factory):
    """Every public class -> a value of it, and what two equal ones have in common."""
    pictures, same = [picture for picture, _ in patches[::6]], lambda value: value
    folder = tmp_path_factory.mktemp("copies")
    classifier = whatsit.Classifier(taught.to_tflite(), fit="squash", threads=2)
    evaluation = whatsit.evaluate(classifier, patches[:4])
    training = whatsit.train(patches[:4] + patches[-4:], whatsit.Design(size=96, epochs=1))
    made = whatsit.FewShotClassifier(whatsit.BackboneChoice(size=32))
    Image.fromarray(SHADE).save(folder / "shade.png")
    project = whatsit.Project(folder / "shades")
    report = whatsit.import_path(project.dataset, folder / "shade.png", label="grey")
    (picture,) = project.dataset.pictures()
    explanation = whatsit.explain(taught.to_tflite(), pictures[0], patches[:4])
    evidence = explanation.classes[0]
    return {
        "Advice": (whatsit.Advice(whatsit.AdviceKind.MORE, "mug", number=3), same),
        "AdviceKind": (whatsit.AdviceKind.ENOUGH, same),
        "ClassEvidence": (evidence, lambda one: (one.label, one.score, len(one.nearest))),
        "Explanation": (explanation, lambda one: (one.predictions, one.looked_at.places.tobytes(), len(one.classes))),
        "LookedAt": (explanation.looked_at, lambda one: (one.places.tobytes(), one.kind)),
        "Trait": (whatsit.Trait.DARK, same),
        "MapKind": (whatsit.MapKind.OCCLUSION, same),
        "Neighbour": (whatsit.Neighbour("mug.jpg", "mug", 0.5), same),
        "Answer": (answer(), lambda one: (one.state, one.predictions, one.frame.image.tobytes())),
        "AnswerState": (whatsit.AnswerState.UNKNOWN, same),
        "Augmentation": (whatsit.Augmentation(rotate=True), same),
        "Backbone": (
            whatsit.Backbone.builtin(size=32, fit=whatsit.Fit.SQUASH, threads=2),
            lambda one: (one.id, one.preprocess, one.embed(pictures[0]).tobytes()),
        ),
        "BackboneChoice": (whatsit.BackboneChoice(size=96), same),
        "Classifier": (
            classifier,
            lambda one: (one.labels, one.preprocess, one.threads, list(one.classify_many(pictures))),
        ),
        "Colour": (whatsit.Colour.GREY, same),
        "Deployment": (whatsit.Deployment(folder, ("model.tflite",), ("a note",)), same),
        "Design": (whatsit.Design(size=96, epochs=3), same),
        "Epoch": (training.history[-1], repr),
        "Evaluation": (evaluation, lambda one: (one.labels, one.accuracy, [found.score for found in one.judged])),
        "FewShotClassifier": (few_shot(), lambda one: (one.labels, one.preprocess, one.classify(SHADE))),
        "Fit": (whatsit.Fit.CONTAIN, same),
        "Frame": (FRAME, lambda one: (one.time, one.source, one.image.tobytes())),
        "Hold": (whatsit.Hold(3, expire_after=5.0), same),
        "ImportReport": (report, same),
        "ModelFiles": (training.save(folder / "model.tflite"), same),
        "Picture": (picture, same),
        "PixelEmbedder": (whatsit.PixelEmbedder(32), lambda one: one.id),
        "Prediction": (PREDICTIONS[0], same),
        "Preset": (whatsit.Preset.GOOD, same),
        "Predictions": (PREDICTIONS, lambda one: (one, one.image)),
        "Preprocess": (made.preprocess, same),
        "Project": (whatsit.Project(folder / "project"), lambda one: one.path),
        "SelfLearnClassifier": (self_learn(), lambda one: (one.labels, one.classify(SHADE))),
        "SinkState": (whatsit.SinkState("text:", 1.0, None, None, None, 0, 0), same),
        "Smoothing": (whatsit.Smoothing(0.7), same),
        "Split": (whatsit.Split.TEST, same),
        "SplitRatios": (whatsit.SplitRatios(0.8, 0.1, 0.1), same),
        "TaughtModel": (taught, lambda one: (one.labels, one.to_tflite())),
        "Training": (training, lambda one: (one.design, repr(one.history), one.model.to_tflite())),
        "TrainingMode": (whatsit.TrainingMode.SCRATCH, same),
    }  # fmt: skip


CLASSES = sorted(
    name
    for name in whatsit.__all__
    if isinstance(found := getattr(whatsit, name), type) and not issubclass(found, BaseException)
)


@pytest.mark.parametrize("name", CLASSES)
def test_a_public_value_survives_pickle_and_copies(name, values):
    if name in RESOURCES:
        assert name not in values
        return
    value, meaning = values[name]
    assert isinstance(value, getattr(whatsit, name))
    for copied in (pickle.loads(pickle.dumps(value)), copy.copy(value), copy.deepcopy(value)):
        assert type(copied) is type(value)
        assert meaning(copied) == meaning(value)


def test_every_other_public_name_is_pickled_by_its_name():
    for name in {*whatsit.__all__} - {*CLASSES}:
        public = getattr(whatsit, name)
        if inspect.isfunction(public) or isinstance(public, type):
            assert pickle.loads(pickle.dumps(public)) is public, name
        else:
            assert typing.get_args(public), f"{name} is neither a class, a function nor a type"


def modules():
    for found in pkgutil.walk_packages(whatsit.__path__, "whatsit."):
        if not found.name.endswith("__main__"):
            try:
                yield importlib.import_module(found.name)
            except (whatsit.MissingExtraError, ImportError):
                continue


def error_classes():
    """Every exception class that a module of ours defines."""
    found = {
        value
        for module in modules()
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, BaseException) and value.__module__.startswith("whatsit")
        if not value.__name__.startswith("_")
    }
    return sorted(found, key=lambda kind: (kind.__module__, kind.__name__))


MADE = {
    whatsit.MissingExtraError: lambda: whatsit.MissingExtraError("cv2", "opencv", "a USB camera"),
    whatsit.SettingError: lambda: whatsit.SettingError("size", 33, "a multiple of 32"),
    RefusedError: lambda: RefusedError(503, "busy", {"retry-after": "1"}),
    whatsit.ProjectInUseError: lambda: whatsit.ProjectInUseError("bottles: in use by process 7", 7),
}


class TwoPartsError(whatsit.DataError):
    """As an extension may write one."""

    def __init__(self, part, whole, *, hint):
        super().__init__(f"{part} of {whole}: {hint}")
        self.part = part


def test_every_error_survives_pickle_and_copies():
    made = [MADE.get(kind, lambda kind=kind: kind("cup.jpg: broken"))() for kind in error_classes()]
    assert {whatsit.WhatsitError, *MADE} <= {type(error) for error in made}
    for error in [*made, TwoPartsError("lid", "pot", hint="look below")]:
        error.add_note("while importing")
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            assert_same(pickle.loads(pickle.dumps(error, protocol)), error)
        assert_same(copy.copy(error), error)
        assert_same(copy.deepcopy(error), error)


def assert_same(copied, error):
    assert type(copied) is type(error)
    assert (str(copied), copied.args, vars(copied)) == (str(error), error.args, vars(error))


POOL = """
import multiprocessing, pickle, sys
import whatsit

def fail(number):
    raise whatsit.MissingExtraError("cv2", "opencv", f"camera {number}")

if __name__ == "__main__":
    classifier, picture = pickle.load(open(sys.argv[1], "rb"))
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        try:
            pool.map_async(fail, [1]).get(60)
        except whatsit.MissingExtraError as error:
            print(error.extra)
        try:
            pool.apply(whatsit.load_image, (3,))
        except ValueError as error:
            print(type(error).__name__)
        print(pool.map(classifier.classify, [picture])[0] == classifier.classify(picture))
"""


def test_errors_and_classifiers_go_through_a_pool(tmp_path, taught, patches, run_python):
    program = tmp_path / "pool.py"
    program.write_text(POOL)
    (tmp_path / "task").write_bytes(pickle.dumps((whatsit.Classifier(taught.to_tflite()), patches[0][0])))
    done = run_python("import runpy, sys; runpy.run_path(sys.argv.pop(1), run_name='__main__')", program,
                      tmp_path / "task", PYTHONSAFEPATH="1")  # fmt: skip
    assert (done.stdout.split(), done.stderr) == (["opencv", "ImageArgumentError", "True"], "")


def test_a_copied_project_opens_the_same_folder(tmp_path):
    project = whatsit.Project(tmp_path / "bottles")
    assert pickle.loads(pickle.dumps(project)).path == Path(tmp_path / "bottles")
