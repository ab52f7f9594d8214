"""What is no picture, model, label or number is refused in one line that names it, whatever its type."""

import numpy as np
import pytest
from PIL import Image

from whatsit import (
    Backbone,
    BackboneChoice,
    Classifier,
    Design,
    FewShotClassifier,
    Fit,
    Live,
    PixelEmbedder,
    Preprocess,
    Project,
    SelfLearnClassifier,
    SharedCamera,
    Smoothing,
    SplitRatios,
    TaughtModel,
    WhatsitError,
    deploy,
    evaluate,
    export_path,
    find_examples,
    import_path,
    load_image,
    open_camera,
    teach,
    train,
    verify,
)
from whatsit.live.recogniser import load_recogniser

GREY = np.full((16, 16, 3), 127, np.uint8)


def learner(**settings):
    made = SelfLearnClassifier(PixelEmbedder(), dual_buff=False)
    for name, value in settings.items():
        setattr(made, name, value)
    made.add_class(GREY)
    return made


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (lambda model: Project("a\0b"), "no file can have this name; expected the path of a project's folder"),
        (lambda model: Project("\ud800"), "no file can have this name"),
        (lambda model: import_path("project", "pictures"), "'project': expected a dataset, such as project.dataset"),
        (lambda model: export_path("project", "pictures"), "'project': expected a dataset, such as project.dataset"),
        (lambda model: Smoothing(None), "threshold None: expected a number from 0 to 1"),
        (lambda model: SplitRatios("a"), "expected three percentages"),
        (lambda model: Classifier(3), "model 3: expected the path of a .tflite, or its bytes"),
        (lambda model: Classifier(model, {"a": 0, "b": 1, "c": 2}), "labels {'a': 0, 'b': 1, 'c': 2}: expected a list"),
        (lambda model: Classifier(model, {"a", "b", "c"}), "expected a list"),
        (lambda model: Classifier(model, 3), "labels 3: expected a list"),
        (lambda model: Classifier(model, [1, 2, 3]), "labels [1, 2, 3]: expected a list"),
        (lambda model: Classifier(model, b"abc"), "labels b'abc': expected a list"),
        (lambda model: Classifier(model, threads=0), "threads 0: expected a whole number, 1 or more"),
        (lambda model: Classifier(model, threads="two"), "threads 'two': expected a whole number, 1 or more"),
        (lambda model: Classifier(model, fit=3), "fit 3: expected one of cover, contain, squash"),
        (lambda model: Classifier(model).classify(GREY, None), "top_k None: expected a whole number, 1 or more"),
        (lambda model: Classifier(model).classify(GREY, "a"), "top_k 'a': expected a whole number, 1 or more"),
        (lambda model: Classifier(model).classify_many("cat.jpg"), "'cat.jpg': one picture; expected several"),
        (lambda model: Classifier(model).classify_many(GREY), "one picture; expected several"),
        (lambda model: Classifier(model).classify_many(None), "None: expected several pictures"),
        (lambda model: Classifier(model).classify_many([], errors="ignore"), "errors 'ignore': expected raise or"),
        (lambda model: Backbone.from_file(3), "model 3: expected the path of a .tflite, or its bytes"),
        (lambda model: Backbone.builtin(size=32).embed_many("cat.jpg"), "'cat.jpg': one picture; expected several"),
        (lambda model: Backbone.builtin(size=32, blocks="a"), "'a' blocks: lite0 has 1 to 16"),
        (lambda model: BackboneChoice(fit="foo"), "fit 'foo': expected one of cover, contain, squash"),
        (lambda model: BackboneChoice(colour="red"), "colour 'red': expected one of rgb, grey"),
        (lambda model: BackboneChoice(3), "backbone 3: expected one of lite0, lite1, lite2, or a .tflite file"),
        (lambda model: BackboneChoice(size="big").open(), "input size 'big': expected 32 to 512 pixels"),
        (lambda model: SelfLearnClassifier(b"x" * 1000), "expected a name, the path of a .tflite, or an Embedder"),
        (lambda model: learner().load(3), "3: expected the path of a feature file"),
        (lambda model: learner(unknown_rate="a").learn(), "unknown rate 'a': expected a share from 0 to below 1"),
        (lambda model: learner().add_class(GREY, label=3), "label 3: a label is text"),
        (lambda model: learner().add_sample(GREY, label=None, fit=3), "fit 3: expected one of"),
        (lambda model: TaughtModel.from_file(3), "model 3: expected the path of a .tflite"),
        (lambda model: verify(None), "model None: expected the path of a .tflite, or its bytes"),
        (lambda model: load_recogniser(3), "model 3: expected the path of a .tflite"),
        (lambda model: find_examples(3), "3: expected the path of a folder"),
        (lambda model: load_image(Image.new("RGB", (0, 0))), "0 x 0"),
        (lambda model: load_image(GREY, at_least=0), "at_least 0: expected 1 or more pixels"),
        (lambda model: load_image(3), "an image is a path, bytes, a PIL image or an RGB uint8 array, not int"),
        (lambda model: Classifier(model).classify(GREY.astype(float)), "array of shape (16, 16, 3) and type float64"),
        (lambda model: open_camera("camera"), "'camera' is not a camera's address"),
        (lambda model: open_camera(3), "3 is not a camera's address"),
        (lambda model: open_camera("synthetic:?speed=2"), "no option named 'speed'"),
        (lambda model: Live("synthetic:", 3), "model 3: expected a classifier"),
        (lambda model: Live("synthetic:", Classifier(model), top_k=0), "top_k 0: expected a whole number, 1 or more"),
        (lambda model: Smoothing(threshold=2), "threshold 2: expected a number from 0 to 1"),
        (lambda model: Design(size=0), "size 0: expected"),
        (lambda model: Design(mode="slow"), "mode 'slow': expected"),
        (lambda model: SplitRatios(1, 1, 1), "expected three percentages that add up to 100"),
        (lambda model: deploy(3, "litert", "out"), "model 3: expected the path of a .tflite"),
        (lambda model: deploy("model.tflite", "toaster", "out"), "target 'toaster': expected one of litert"),
        (lambda model: deploy("model.tflite", "litert", 3), "3: expected the path of a new folder"),
        (lambda model: FewShotClassifier(3), "backbone 3: expected a name, the path of a .tflite, or an Embedder"),
        (lambda model: FewShotClassifier(PixelEmbedder(), unknown_rate=2), "unknown rate 2: expected a share"),
        (lambda model: Classifier(model).classify_pixels(GREY.astype(float)), "expected uint8 of shape"),
        (lambda model: Preprocess(0, 9), "input width 0: expected a whole number, 1 or more"),
        (lambda model: Preprocess(9, 9, "crop"), "fit 'crop': expected one of cover, contain, squash"),
        (lambda model: Backbone.builtin(size=32, colour="red"), "colour 'red': expected one of rgb, grey"),
        (lambda model: train("bottles"), "examples 'bottles': expected pairs of picture and label"),
        (lambda model: train([(GREY, "a"), (GREY, "b")], 3), "design 3: expected a Design"),
        (lambda model: train([(GREY, "a"), (GREY, "b")], validation=3), "examples 3: expected pairs of picture and"),
        (lambda model: train([(GREY, "a"), (GREY, "b")], cache=3), "3: expected the path of a folder for embeddings"),
        (lambda model: evaluate(model, "bottles"), "examples 'bottles': expected pairs of picture and label"),
        (lambda model: evaluate(model, [], split="all"), "split 'all': expected training, validation or test"),
        (lambda model: Project(3), "3: expected the path of a project's folder"),
        (lambda model: SharedCamera(3), "camera 3: expected a camera, as open_camera() gives, or an address"),
        (lambda model: Live(3), "camera 3: expected a camera, as open_camera() gives, or an address"),
        (lambda model: teach("bottles"), "find_examples"),
        (lambda model: teach(3), "examples 3: expected pairs of picture and label"),
        (lambda model: teach([GREY, GREY]), "expected pairs of picture and label"),
        (lambda model: teach([(GREY, 1), (GREY, 2)]), "label 1: expected text"),
        (lambda model: teach([(GREY, "a"), (GREY, None)]), "label None: expected text"),
        (lambda model: teach([(GREY, "a"), (GREY, "b")], unknown_rate=None), "unknown rate None: expected a share"),
        (lambda model: teach([(GREY, "a"), (GREY, "b")], 3), "backbone 3: expected a name, a .tflite file or"),
        (lambda model: teach([(GREY, "a"), (GREY, "b")], "lite7"), "backbone 'lite7': expected one of lite0, lite1"),
        (lambda model: teach([(GREY, "a"), (GREY, "b")], learner="x"), "learner 'x': expected one of logistic, cent"),
    ],
)  # fmt: skip
def test_a_wrong_argument_is_named_in_one_short_line(small_model, wrong, expected):
    with pytest.raises(WhatsitError) as error:
        wrong(small_model())
    assert isinstance(error.value, ValueError)
    assert expected in str(error.value)
    assert "\n" not in str(error.value) and len(str(error.value)) < 250


def test_pictures_and_paths_come_from_any_iterable_and_of_any_kind(small_model, tmp_path):
    file = tmp_path / "own.tflite"
    file.write_bytes(small_model(size=16))
    assert BackboneChoice(file, fit="squash") == BackboneChoice(str(file), fit=Fit.SQUASH)
    colours = {"dark": 20, "light": 220}
    model = teach(((np.full_like(GREY, value), label) for label, value in colours.items()), BackboneChoice(file))
    assert model.labels == ("dark", "light")
    pictures = (np.full_like(GREY, value) for value in colours.values())
    answers = Classifier(bytearray(model.to_tflite())).classify_many(pictures, np.int64(1))
    assert [answer[0].label for answer in answers] == ["dark", "light"]
