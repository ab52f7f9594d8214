"""Folders for other programs, each with a program that is run here without whatsit."""

import dataclasses
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

from shape_pictures import write_shapes
from whatsit import (
    BackboneChoice,
    Classifier,
    DataError,
    Fit,
    ModelError,
    SelfLearnClassifier,
    TaughtModel,
    find_examples,
    load_image,
    teach,
    verify,
)
from whatsit.backbones.backbone import Backbone
from whatsit.backbones.builtin import builtin_model
from whatsit.deployment.deploy import deploy
from whatsit.heads.unknown import normalised
from whatsit.imaging.preprocess import Colour
from whatsit.maix import image, nn
from whatsit.models.card import read_card
from whatsit.tflite.flatbuffer import read_model
from whatsit.tflite.merge import with_embedding_output
from whatsit.tflite.metadata import flatbuffer_part, read_files, with_files
from whatsit.training.design import Design, TrainingMode
from whatsit.training.record import ModelFiles
from whatsit.training.train import train

LABELS = ("brick", "leaf", "sky")
SMALL = Design(size=224, blocks=3, views=1, epochs=25)
NOT_WHATSIT = """
import runpy, sys
sys.modules["whatsit"] = None
runpy.run_path("classify.py", run_name="__main__")
"""


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shapes")
    return write_shapes(folder / "a", LABELS, 8), write_shapes(folder / "b", LABELS, 5, first=100)


@pytest.fixture(scope="module")
def models(shapes, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    for fit in Fit:
        train(shapes[0], dataclasses.replace(SMALL, fit=fit), validation=shapes[1]).save(ModelFiles(folder, fit).int8)
    return folder


def run(folder, pictures):
    """What the folder's own program says, in a Python that cannot import whatsit."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([sys.executable, "-c", NOT_WHATSIT, *map(str, pictures)], cwd=folder, env=environment,
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [line.split("\t")[1] for line in done.stdout.splitlines()]


@pytest.mark.parametrize("fit", list(Fit))
@pytest.mark.parametrize("target", ["litert", "teachable-machine", "c-array"])
def test_each_folders_program_says_what_whatsit_says(models, shapes, tmp_path, target, fit):
    deploy(models / f"{fit}.tflite", target, tmp_path / "out")
    classifier = Classifier(models / f"{fit}.tflite")
    pictures = [path for path, _ in shapes[1]]
    assert run(tmp_path / "out", pictures) == [said(classifier, path) for path in pictures]


@pytest.mark.parametrize("multi_layer", [True, False])
def test_programs_call_unknown_what_whatsit_calls_unknown(shared_data, tmp_path, mediapipe, multi_layer):
    """Two things and a marked stranger of the third are taught; the others of the third and photographs are asked."""
    examples = find_examples(shared_data / "book" / "dataset")
    robots, *rest = ([p for p, label in examples if label == name] for name in ("robot", "periquito", "background"))
    taught = [(path, str(number)) for number, paths in enumerate(rest) for path in paths[:5]]
    choice = BackboneChoice(size=96, multi_layer=multi_layer)
    model = teach(taught, choice, strangers=robots[:1])
    model.save(tmp_path / "model.tflite")
    classifier = Classifier(tmp_path / "model.tflite")
    pictures = [
        *robots[1:],
        *(path for paths in rest for path in paths),
        *sorted((shared_data / "photos").iterdir())[:9],
    ]
    for n, path in enumerate(pictures):  # as the network sees them: decoders read large JPEGs in more ways than one
        pictures[n] = tmp_path / f"{n}.png"
        Image.fromarray(classifier.preprocess.pixels(path)).save(pictures[n])
    clear = [n for n, path in enumerate(pictures) if abs(classifier.classify(path, 1).strangeness - 1) > 0.01]
    expected = [said(classifier, pictures[n]) for n in clear]
    assert 9 < expected.count("unknown") < len(clear) - 9
    for target in ("litert", "c-array", "teachable-machine"):
        made = deploy(tmp_path / "model.tflite", target, tmp_path / target)
        answered = run(made.folder, pictures)
        assert [answered[n] for n in clear] == expected
    assert verify(tmp_path / "litert" / "model.tflite") == []
    made = deploy(tmp_path / "model.tflite", "mediapipe", tmp_path / "mediapipe")
    answered = mediapipe(made.folder / "classify.py", *map(str, pictures), cwd=made.folder).splitlines()
    assert [answered[n].split("\t")[1] for n in clear] == expected


def said(classifier, path):
    answer = classifier.classify(path, 1)
    return "unknown" if answer.unknown else answer[0].label


def test_frigates_folder_follows_its_rule(models, shapes, tmp_path):
    made = deploy(models / "squash.tflite", "frigate", tmp_path / "out")
    assert made.files == ("classify.py", "labelmap.txt", "model.tflite")
    assert not made.notes
    runtime = Classifier(tmp_path / "out/model.tflite")
    assert (runtime.preprocess.width, runtime.preprocess.height) == (224, 224)
    pictures = [path for path, _ in shapes[1]]
    assert run(tmp_path / "out", pictures) == [runtime.classify(path, 1)[0].label for path in pictures]


def test_frigate_is_told_of_another_fit_and_refused_another_size(models, shapes, tmp_path):
    assert "train with fit squash" in deploy(models / "cover.tflite", "frigate", tmp_path / "out").notes[0]
    files = ModelFiles(tmp_path, "small")
    train(shapes[0], dataclasses.replace(SMALL, size=32), validation=shapes[1]).save(files.int8)
    with pytest.raises(ModelError, match=r"Frigate takes 224 x 224 pixels only, this model takes 32 x 32.*size 224"):
        deploy(files.int8, "frigate", tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_maixpys_folder_answers_as_the_self_learning_classifier_does(models, shapes, tmp_path):
    deploy(models / "cover.tflite", "maixpy", tmp_path / "out", taught=shapes[0])
    classifier = SelfLearnClassifier(str(tmp_path / "out/backbone.tflite"), dual_buff=False)
    labels = classifier.load(str(tmp_path / "out/my_classes.bin"))
    pictures = [path for path, _ in shapes[1]]
    ours = [labels[classifier.classify(load_image(path))[0][0]] for path in pictures]
    assert run(tmp_path / "out", pictures) == ours
    assert set(ours) == set(LABELS)
    on_maix = nn.SelfLearnClassifier(tmp_path / "out/backbone.mud")
    assert on_maix.load(tmp_path / "out/my_classes.bin") == labels
    pictures_of_maix = [image.load(path) for path in pictures]
    assert [labels[on_maix.classify(one)[0][0]] for one in pictures_of_maix] == ours


def test_maixpy_is_held_against_the_model_and_refused_pictures_of_other_classes(models, shapes, tmp_path):
    made = deploy(models / "cover.tflite", "maixpy", tmp_path / "out", taught=shapes[0], judged=shapes[1])
    pictures = [path for path, _ in shapes[1]]
    model = Classifier(models / "cover.tflite")
    theirs = run(tmp_path / "out", pictures)
    agreed = sum(model.classify(path, 1)[0].label == label for path, label in zip(pictures, theirs, strict=True))
    said = f"agrees with the model on {agreed} of {len(pictures)} validation pictures"
    assert any(note.endswith(said) for note in made.notes)
    others = [(path, "brick" if label == "leaf" else "roof") for path, label in shapes[0]]
    with pytest.raises(DataError, match=r"of brick, roof, the model knows brick, leaf, sky: .*--taught"):
        deploy(models / "cover.tflite", "maixpy", tmp_path / "other", taught=others)


@pytest.mark.parametrize("io", ["float32", "int8"])
def test_a_model_that_does_not_take_uint8_is_not_deployed(models, tmp_path, io):
    other = tmp_path / "other.tflite"
    other.write_bytes(TaughtModel.from_file(models / "cover.tflite").to_tflite("int8", io))
    with pytest.raises(ModelError, match=rf"takes {io}, the programs give uint8"):
        deploy(other, "litert", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_models_own_file_names_are_no_paths_to_write_to(models, tmp_path):
    content = (models / "cover.tflite").read_bytes()
    files = read_files(content)
    card = read_card(files, "cover")
    outside = "../../escaped.png"
    golden = dataclasses.replace(card.golden[0], file=outside)
    files = {**files, outside: files[card.golden[0].file]}
    files["whatsit.json"] = dataclasses.replace(card, golden=(golden,)).to_json()
    (tmp_path / "hostile.tflite").write_bytes(with_files(content, files))
    made = deploy(tmp_path / "hostile.tflite", "litert", tmp_path / "out")
    assert made.files == ("classify.py", "golden/golden_0.png", "labels.txt", "model.tflite", "unknown.npz")
    assert not list(tmp_path.parent.glob("**/escaped.png"))


def test_training_pictures_that_cannot_be_read_are_counted_in_the_notes(models, shapes, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    taught = [*shapes[0], (tmp_path / "broken.jpg", "leaf")]
    notes = deploy(models / "cover.tflite", "maixpy", tmp_path / "out", taught=taught).notes
    assert any(note.startswith("1 of the training pictures cannot be read") and "broken.jpg" in note for note in notes)


def test_no_folder_around_a_deployment_is_made(models, tmp_path):
    with pytest.raises(DataError, match=r"there is no folder .*nowhere/deep to make it in"):
        deploy(models / "cover.tflite", "litert", tmp_path / "nowhere" / "deep" / "out")
    assert not (tmp_path / "nowhere").exists()


def test_a_network_that_was_trained_here_goes_to_maixpy_without_its_top(shapes, tmp_path):
    pytest.importorskip("torch", reason="the extra 'torch' is not installed")
    files = ModelFiles(tmp_path, "scratch")
    design = Design(mode=TrainingMode.SCRATCH, size=32, fit=Fit.SQUASH, batch=8, epochs=6)
    train(shapes[0], design, validation=shapes[1]).save(files.int8)
    deploy(files.int8, "maixpy", tmp_path / "out", taught=shapes[0])
    classifier = SelfLearnClassifier(str(tmp_path / "out/backbone.tflite"), dual_buff=False)
    labels = classifier.load(str(tmp_path / "out/my_classes.bin"))
    pictures = [path for path, _ in shapes[1]]
    ours = [labels[classifier.classify(load_image(path), Fit.SQUASH)[0][0]] for path in pictures]
    assert run(tmp_path / "out", pictures) == ours


def test_a_backbone_of_the_users_whose_embedding_is_float32_goes_to_maixpy_too(shapes, shared_data, tmp_path):
    backbone = str(shared_data / "tflite/mobilenet_v1_0.25_128_quant.tflite")
    files = ModelFiles(tmp_path, "foreign")
    train(shapes[0], Design(backbone=backbone, views=1), validation=shapes[1]).save(files.int8)
    deploy(files.int8, "maixpy", tmp_path / "out", taught=shapes[0])
    pictures = [path for path, _ in shapes[1]]
    assert run(tmp_path / "out", pictures) == [label for _, label in shapes[1]]


@pytest.mark.parametrize("normalise", ["-1..1", "0..255"])
def test_what_a_float32_backbone_of_the_users_wants_of_pixels_goes_to_maixpy_inside_it(shapes, tmp_path, normalise):
    (tmp_path / "own.tflite").write_bytes(builtin_model("lite0", 64, "float32"))
    model = tmp_path / "model.tflite"
    model.write_bytes(teach(shapes[0], str(tmp_path / "own.tflite"), normalise=normalise, fit="cover").to_tflite())
    deploy(model, "maixpy", tmp_path / "out", taught=shapes[0])
    deployed = Backbone.from_file(tmp_path / "out/backbone.tflite")
    readings = {one: Backbone.from_file(tmp_path / "own.tflite", normalise=one) for one in ("-1..1", "0..255", "0..1")}
    for picture, _ in shapes[1][:4]:
        found = normalised(deployed.embed(picture))
        alike = {one: float(found @ normalised(own.embed(picture))) for one, own in readings.items()}
        assert max(alike, key=lambda one: alike[one]) == normalise


def test_teachable_machines_labels_are_numbered_and_its_model_still_verifies(models, tmp_path):
    deploy(models / "cover.tflite", "teachable-machine", tmp_path / "out")
    assert (tmp_path / "out/labels.txt").read_text().splitlines() == ["0 brick", "1 leaf", "2 sky"]
    assert verify(tmp_path / "out/model.tflite") == []


def test_a_c_label_survives_quotes_and_other_alphabets(shapes, tmp_path):
    renamed = {"brick": 'a "b" \\ ??/', "leaf": "feuille é", "sky": "空"}
    examples = [(path, renamed[label]) for path, label in shapes[0]]
    files = ModelFiles(tmp_path, "model")
    train(examples, dataclasses.replace(SMALL, size=32)).save(files.int8)
    deploy(files.int8, "c-array", tmp_path / "out")
    code = (tmp_path / "out/model.c").read_text()
    assert r'"a \042b\042 \134 \077\077/"' in code
    assert r'"feuille \303\251"' in code


def dumped(compiler, folder):
    """What a compiled program says the array is."""
    (folder / "dump.c").write_text(
        '#include "model.h"\n#include <stdio.h>\n'
        "int main(void) { return fwrite(whatsit_model, 1, whatsit_model_size, stdout) != whatsit_model_size; }\n"
    )
    subprocess.run([compiler, "-Wall", "-Werror", "-o", "dump", "model.c", "dump.c"], cwd=folder, check=True)
    return subprocess.run([folder / "dump"], check=True, stdout=subprocess.PIPE).stdout


def test_a_c_compiler_makes_the_models_own_bytes_of_the_array(models, tmp_path):
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler on this machine")
    deploy(models / "cover.tflite", "c-array", tmp_path / "out")
    made = dumped(compiler, tmp_path / "out")
    content = (models / "cover.tflite").read_bytes()
    # The same but for the embedding, which is a second output for unknown.c.
    name = read_card(read_files(content), "cover").embedding
    assert made == with_embedding_output(read_model(flatbuffer_part(content)), name)


def test_the_c_function_for_unknown_computes_what_whatsit_computes(models, shapes, tmp_path):
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler on this machine")
    deploy(models / "cover.tflite", "c-array", tmp_path / "out")
    model = Interpreter(model_content=dumped(compiler, tmp_path / "out"))
    model.allocate_tensors()
    (taken,), (_, embedding) = model.get_input_details(), model.get_output_details()
    size = int(np.prod(embedding["shape"]))
    (tmp_path / "out/judge.c").write_text(
        '#include "unknown.h"\n#include <stdio.h>\n'
        f"int main(void) {{ static float e[{size}]; while (fread(e, 4, {size}, stdin) == {size})"
        ' printf("%.6f\\n", whatsit_strangeness(e)); return 0; }\n'
    )
    line = [compiler, "-std=c99", "-Wall", "-Wextra", "-Werror", "-O2", "-o", "judge", "unknown.c", "judge.c", "-lm"]
    subprocess.run(line, cwd=tmp_path / "out", check=True)
    classifier, found, floats = Classifier(models / "cover.tflite"), [], b""
    for number, (path, _) in enumerate([*shapes[1], *shapes[1]]):
        pixels = classifier.preprocess.pixels(path)
        pixels = 255 - pixels if number >= len(shapes[1]) else pixels  # strangers
        found.append(classifier.classify_pixels(pixels).strangeness)
        model.set_tensor(taken["index"], pixels[np.newaxis])
        model.invoke()
        scale, zero = embedding["quantization"]
        stored = model.get_tensor(embedding["index"]).astype(np.float32)
        floats += ((stored - zero) * np.float32(scale)).tobytes()
    said = subprocess.run([tmp_path / "out/judge"], input=floats, stdout=subprocess.PIPE, check=True).stdout.split()
    assert max(found) > 1 > min(found)
    assert [float(one) for one in said] == pytest.approx(found, abs=2e-3, rel=2e-3)


@pytest.mark.parametrize("fit", list(Fit))
def test_mediapipes_folder_answers_as_whatsit_does_for_every_fit(mediapipe, models, shapes, tmp_path, fit):
    made = deploy(models / f"{fit}.tflite", "mediapipe", tmp_path / "out")
    assert any("squash" in note for note in made.notes) == (fit is not Fit.SQUASH)
    pictures = [str(path) for path, _ in shapes[1]]
    done = mediapipe(made.folder / "classify.py", *pictures, cwd=made.folder)
    classifier = Classifier(models / f"{fit}.tflite")
    assert [line.split("\t")[1] for line in done.splitlines()] == [said(classifier, path) for path in pictures]


def test_what_cannot_be_deployed_is_refused_and_leaves_nothing(models, tmp_path, shapes):
    for model, target, named in [
        (models / "cover-float32.tflite", "litert", "float32"),
        (models / "absent.tflite", "litert", "absent"),
        (models / "cover.tflite", "toaster", "target 'toaster': expected one of litert, teachable-machine"),
        (models / "cover.tflite", "maixpy", "training pictures"),
    ]:
        with pytest.raises((DataError, ModelError), match=named):
            deploy(model, target, tmp_path / "out")
    files = ModelFiles(tmp_path, "grey")
    train(shapes[0], dataclasses.replace(SMALL, colour=Colour.GREY), validation=shapes[1]).save(files.int8)
    with pytest.raises(ModelError, match="grey"):
        deploy(files.int8, "frigate", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("mine")
    with pytest.raises(DataError, match="exists already"):
        deploy(models / "cover.tflite", "litert", tmp_path / "full")
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine.txt"]
