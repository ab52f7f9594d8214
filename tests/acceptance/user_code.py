"""A page of a user's code: every public name, by ``import whatsit`` alone.

It is checked by ``mypy --strict`` against the installed wheel, not run (test_typed_user_code.py): no cast and no ignore
is needed, and paths are taken as ``Path`` and as text.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import whatsit

FOLDER = Path("bottles")


def capture_pictures(project: whatsit.Project, camera: whatsit.Camera) -> NDArray[np.uint8]:
    for taken in whatsit.capture(project, camera, "mug", 20, every=0.5):
        print(taken.path, taken.label)
    whatsit.capture(project, "usb:0", "ball")
    frame: whatsit.Frame = camera.read()
    return frame.image


def fill_project(folder: str | Path) -> whatsit.Project:
    project = whatsit.Project(folder)
    report: whatsit.ImportReport = whatsit.import_path(project.dataset, FOLDER / "more.zip", label="mug")
    whatsit.import_path(project.dataset, "more.csv", layout="csv")
    whatsit.import_selection(project.dataset, Path("pile.csv"), label="mug")
    dataset: whatsit.Dataset = project.dataset
    pictures: list[whatsit.Picture] = list(dataset.pictures())
    print(report, dataset.counts(), len(pictures), [split.value for split in whatsit.Split])
    whatsit.export_path(project.dataset, Path("out.zip"), "split")
    whatsit.export_path(project.dataset, "out")
    project.save_settings(replace(project.settings, split=whatsit.SplitRatios(0.8, 0.1, 0.1)))
    return project


def train_model(project: whatsit.Project) -> Path:
    augmentation = whatsit.Augmentation(flip=False, rotate=True)
    design = whatsit.Design(mode=whatsit.TrainingMode.FROZEN, size=160, augmentation=augmentation)
    training: whatsit.Training = whatsit.train(project, design, cache="cache")
    best: whatsit.Epoch | None = training.best
    files: whatsit.ModelFiles = training.save(FOLDER / "models" / "model.tflite")
    found: whatsit.Evaluation = whatsit.evaluate(files.int8, project, split=whatsit.Split.TEST)
    print(f"{found.accuracy:.1%}", found.interval, found.confusion.sum(), best)
    made: whatsit.Deployment = whatsit.deploy(str(files.int8), "litert", FOLDER / "for-the-pi")
    print(made.folder.name, *made.files, *made.notes)
    return files.int8


def plan_a_training(project: whatsit.Project) -> whatsit.Design:
    design = whatsit.Preset.GOOD.design()
    if whatsit.training_seconds(project, design) > 600:
        design = whatsit.Preset("quick").design(design)
    found = whatsit.estimate(FOLDER / "models" / "model.tflite", measured=False)
    for latency in found.latencies:
        print(latency.device, *latency.milliseconds)
    return design


class Lamp:
    """A sink."""

    def __init__(self) -> None:
        self.lit = False

    def send(self, answer: whatsit.Answer) -> None:
        self.lit = answer.state is whatsit.AnswerState.LABEL and answer.label == "mug" and answer.score > 0.9

    def close(self) -> None:
        self.lit = False


def watch(model: str | Path) -> None:
    lamp = Lamp()
    seen = whatsit.ListSink()
    sinks: list[whatsit.Sink] = [lamp, seen]
    shared = whatsit.SharedCamera(whatsit.open_camera("synthetic:"))
    with whatsit.Live(
        shared, model, sinks, smoothing=whatsit.Smoothing(threshold=0.7, hold=whatsit.Hold(frames=3))
    ) as live:
        live.wait(timeout=1)
        states: tuple[whatsit.SinkState, ...] = live.sinks
        print(live.latest, lamp.lit, len(seen.answers), [state.error for state in states if not state.connected])
    for answer in whatsit.Live("usb:0", whatsit.FewShotClassifier.from_file("things.bin")):
        print(answer.state.value, answer.label, answer.predictions[0].score)


def teach_by_folder(folder: str | Path) -> bytes:
    examples = whatsit.find_examples(folder)
    choice = whatsit.BackboneChoice("lite0", size=160, fit=whatsit.Fit.SQUASH, colour=whatsit.Colour.RGB)
    model: whatsit.TaughtModel = whatsit.teach(examples, choice, unknown_rate=0.01)
    model.save("bottles.tflite", dtype="float32")
    other = whatsit.teach([("one.jpg", "mug"), (Path("two.jpg"), "ball")], backbone=Path("own.tflite"))
    return other.to_tflite(io="int8")


def teach_one_by_one(pictures: Iterable[whatsit.ImageLike]) -> list[tuple[int, float]]:
    things = whatsit.FewShotClassifier(whatsit.PixelEmbedder(32), unknown_rate=0.01)
    for picture in pictures:
        things.add(picture, "mug")
    things.add(b"encoded", label=None)
    rounds: int = things.learn()
    print(rounds, things.labels, things.counts, things.threshold, things.classify("what.jpg").distances)
    things.save(Path("things.bin"))
    again = whatsit.FewShotClassifier.from_file("things.bin")
    learner = whatsit.SelfLearnClassifier(again.backbone, dual_buff=False)
    learner.load("things.bin")
    return learner.classify(Path("what.jpg"), "cover")


def recognise(model: str | Path | bytes, pictures: list[whatsit.ImageLike]) -> Iterator[str]:
    classifier = whatsit.Classifier(model, labels=["mug", "ball"], fit="contain", threads=2)
    preprocess: whatsit.Preprocess = classifier.preprocess
    print(preprocess.pixels(whatsit.load_image(Path("one.jpg"))).shape, whatsit.__version__)
    answer: whatsit.Predictions = classifier.classify("one.jpg", top_k=3)
    best: whatsit.Prediction = answer[0]
    yield "unknown" if answer.unknown else f"{best.label} {best.score:.0%} {best.index}"
    for found in classifier.classify_many(pictures, errors="return"):
        yield str(found) if isinstance(found, whatsit.ImageError) else found[0].label
    yield from whatsit.verify(model)


def embed(picture: whatsit.ImageLike) -> NDArray[np.float32]:
    backbone = whatsit.Backbone.builtin("lite0", 96, fit=whatsit.Fit.COVER)
    embedder: whatsit.Embedder = backbone
    print(embedder.id, embedder.dim, whatsit.Backbone.from_file(Path("own.tflite")).preprocess.fit)
    return backbone.embed(picture)


def explain_answer(model: Path, picture: whatsit.ImageLike, taught: list[tuple[whatsit.ImageLike, str]]) -> list[str]:
    explainer: whatsit.Explainer = whatsit.open_explainer(model, taught)
    found: whatsit.Explanation = explainer.explain(picture)
    looked: whatsit.LookedAt = whatsit.explain(str(model), picture).looked_at
    print(looked.places.max(), looked.kind is whatsit.MapKind.ACTIVATION, found.predictions.strangeness)
    best: whatsit.ClassEvidence = found.classes[0]
    near: list[whatsit.Neighbour] = list(best.nearest)
    return [f"{one.label} {one.distance:.2f}" for one in near]


def be_coached(project: whatsit.Project, pool: NDArray[np.float32], taught: NDArray[np.float32]) -> list[int]:
    advice: whatsit.Advice = project.coach()
    if advice.kind is whatsit.AdviceKind.ENOUGH or whatsit.advise(taught, ["mug", "ball"]).readiness >= 1:
        return []
    print(advice.lacks is whatsit.Trait.DARK)
    project.correct(Path("wrong.jpg"), None)
    return whatsit.next_pictures(pool, taught, 20)


def photograph(path: str) -> NDArray[np.uint8]:
    print(whatsit.still("synthetic:", "320x240").source)
    with whatsit.MappedCamera(path, lambda picture: picture[::-1]) as upside_down:
        return upside_down.read().image


def ask(picture: whatsit.ImageLike) -> list[str]:
    with whatsit.Client("http://127.0.0.1:8080", token="open-sesame-street", timeout=5) as client:
        names = [str(model["name"]) for model in client.models()]
        answer = client.classify(picture, model=names[0], top_k=3)
        many = client.classify_many([picture, picture], model=names[0])
        return [answer[0].label, *(found[0].label for found in many if not isinstance(found, whatsit.ImageError))]


def report(work: list[str]) -> None:
    """Every class of error, the particular ones before those they derive from."""
    try:
        print(work)
    except whatsit.SettingError as error:
        print(error.field, error.expected)
    except whatsit.ProjectInUseError as error:
        print(error.pid)
    except whatsit.MissingExtraError as error:
        print(error.package, error.extra)
    except whatsit.ServerError as error:
        print(error.status, error.retry_after)
    except (whatsit.CameraLostError, whatsit.CameraEndedError, whatsit.SourceError) as error:
        print("later:", error)
    except (whatsit.ImageArgumentError, whatsit.ModelArgumentError, whatsit.CameraArgumentError) as error:
        wrong: ValueError = error
        print("wrong argument:", wrong)
    except whatsit.ArgumentError as error:
        wrong = error
    except (whatsit.DataError, whatsit.ImageError, whatsit.ModelError, whatsit.CameraError) as error:
        print("cannot be used:", error)
    except (whatsit.PluginError, whatsit.StoppedError, whatsit.WhatsitError) as error:
        print(error)
