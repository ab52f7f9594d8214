"""Models from elsewhere: what their files leave open is read where it can be, said where it is guessed."""

from pathlib import Path

import numpy as np
import pytest

from foreign_models import (
    COLOURS,
    CONVENTIONS,
    LABELS,
    colour_classifier,
    int8,
    named,
    square,
    two_label_files,
)  # fmt: skip
from small_models import small_classifier
from whatsit import Backbone, Classifier, DataError, ModelError
from whatsit.models.inspection import inspect
from whatsit.tflite.flatbuffer import read_model, write_model
from whatsit.tflite.graph import Graph
from whatsit.tflite.metadata import ModelMetadata, with_files, with_metadata
from whatsit.tflite.normalisation import Origin, normalisation_of, parse_normalise
from whatsit.tflite.schema import schema


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("ends", ["SOFTMAX", "nothing"])
class TestNormalisation:
    def test_float32_is_right_once_told(self, convention, ends):
        model = colour_classifier(convention, ends=ends)
        assert named(Classifier(model, LABELS, normalise=convention)) == list(LABELS)
        assert named(Classifier(model, LABELS, normalise=CONVENTIONS[convention])) == list(LABELS)

    def test_float32_is_right_by_its_metadata(self, convention, ends):
        mean, std = CONVENTIONS[convention]
        model = with_metadata(colour_classifier(convention, ends=ends), ModelMetadata((mean,), (std,), LABELS))
        classifier = Classifier(with_files(model, {"labels.txt": "\n".join(LABELS).encode()}))
        assert named(classifier) == list(LABELS)
        assert "normalisation" not in [assumption.what for assumption in classifier.assumptions]

    def test_int8_without_metadata_is_right(self, convention, ends):
        classifier = Classifier(int8(colour_classifier(convention, ends=ends), convention), LABELS)
        assert named(classifier) == list(LABELS)
        assert "normalisation" not in [assumption.what for assumption in classifier.assumptions]

    def test_a_backbone_is_fed_as_the_classifier_is(self, convention, ends):
        model = int8(colour_classifier(convention, ends=ends), convention)
        mean, std = CONVENTIONS[convention]
        embedding = Backbone.from_file(model).embed(square(COLOURS["green"]))
        np.testing.assert_allclose(embedding, (np.array(COLOURS["green"]) - mean) / std, atol=2.1 / std)


@pytest.mark.parametrize(
    ("scaling", "convention", "origin"),
    [
        (f"MUL:{1 / 255}", "0..1", Origin.GRAPH),
        ("DIV:255", "0..1", Origin.GRAPH),
        (f"MUL:{1 / 127.5} ADD:-1", "-1..1", Origin.GRAPH),
        ("SUB:127.5 DIV:127.5", "-1..1", Origin.GRAPH),
        (f"ADD:-127.5 MUL:{1 / 127.5}", "-1..1", Origin.GRAPH),
    ],
)
def test_a_scaling_at_the_graphs_start_means_raw_pixels(scaling, convention, origin):
    classifier = Classifier(colour_classifier(convention, scaling=scaling), LABELS)
    assert named(classifier) == list(LABELS)
    (assumption,) = [one for one in classifier.assumptions if one.what == "normalisation"]
    assert assumption.value == "0..255" and not assumption.guess


def test_a_graph_that_stretches_0_to_1_is_given_0_to_1():
    classifier = Classifier(colour_classifier("-1..1", scaling="MUL:2 SUB:1"), LABELS)
    assert named(classifier) == list(LABELS)
    assert [one.value for one in classifier.assumptions if one.what == "normalisation"] == ["0..1"]


def test_without_any_hint_0_to_1_is_taken_and_said_to_be_a_guess():
    classifier = Classifier(colour_classifier("0..1"), LABELS)
    assert named(classifier) == list(LABELS)
    (assumption,) = [one for one in classifier.assumptions if one.what == "normalisation"]
    assert assumption.guess and "-1..1" in assumption.otherwise and "a guess" in str(assumption)


def test_teachable_machines_float_model_is_known_by_its_inputs_name():
    graph = small_classifier(size=224)
    graph.model.subgraphs[0].tensors[0].name = b"sequential_1_input"
    classifier = Classifier(write_model(graph.model))
    assert classifier.preprocess.mean == classifier.preprocess.std == (127.5,)


def test_what_the_caller_says_counts_more_than_the_file(small_model):
    described = with_metadata(small_model(), ModelMetadata((1.0,), (2.0,), None))
    described = with_files(described, {"labels.txt": b"a\nb\nc"})
    assert Classifier(described).preprocess.mean == (1.0,)
    assert Classifier(described, normalise="-1..1").preprocess.mean == (127.5,)


@pytest.mark.parametrize("value", ["0..2", "", "1", "1,0", (1, 0), (1,), ((1, 2), 3), "nan,1", (float("inf"), 1), 3])
def test_a_normalisation_that_makes_no_sense_is_refused_with_what_was_expected(value):
    with pytest.raises(DataError, match=r"normalise .*expected 0..1, -1..1, 0..255, or mean"):
        parse_normalise(value)


class TestOutputs:
    def test_one_sigmoid_is_two_labels(self, tmp_path):
        graph = Graph()
        picture = graph.tensor("picture", (1, 8, 8, 3))
        axes = graph.constant("axes", np.array([1, 2], np.int32))
        mean = graph.operator(
            "MEAN", [picture, axes], graph.tensor("mean", (1, 3)), table="ReducerOptions", keepDims=False
        )
        weights = graph.constant("weights", np.full((1, 3), 4, np.float32))
        bias = graph.constant("bias", np.array([-6], np.float32))
        logit = graph.operator(
            "FULLY_CONNECTED", [mean, weights, bias], graph.tensor("logit", (1, 1)), table="FullyConnectedOptions"
        )
        out = graph.operator("LOGISTIC", [logit], graph.tensor("out", (1, 1)))
        bright = Classifier(write_model(graph.finish([picture], [out])), ["dark", "bright"])
        assert bright.classify(np.zeros((8, 8, 3), np.uint8))[0].label == "dark"
        answer = bright.classify(np.full((8, 8, 3), 255, np.uint8))
        assert answer[0].label == "bright" and abs(sum(p.score for p in answer) - 1) < 1e-6
        without = Classifier(write_model(graph.finish([picture], [logit])), ["dark", "bright"])
        assert [p.score for p in without.classify(square((9, 9, 9)))] == pytest.approx(
            [p.score for p in bright.classify(square((9, 9, 9)))]
        )
        assert any(one.what == "output" and one.guess for one in without.assumptions)

    def test_several_outputs_are_listed_and_one_is_named(self):
        model = read_model(colour_classifier("0..1"))
        model.subgraphs[0].outputs = np.array([2, *model.subgraphs[0].outputs], np.int32)
        content = write_model(model)
        with pytest.raises(ModelError, match=r"2 outputs: 0 mean \[1, 3\], 1 out \[1, 4\]; say which"):
            Classifier(content, LABELS)
        for asked in (1, "1", "out"):
            assert named(Classifier(content, LABELS, output=asked)) == list(LABELS)
        with pytest.raises(ModelError, match="no output 'nothing'"):
            Classifier(content, LABELS, output="nothing")

    def test_a_batch_larger_than_one_and_channels_first_are_run(self):
        assert named(Classifier(colour_classifier("0..1", batch=4), LABELS)) == list(LABELS)
        first = Classifier(colour_classifier("0..1", channels_first=True), LABELS)
        assert named(first) == list(LABELS)
        assert list(first.classify_many([square(c) for c in COLOURS.values()], 1)) == [
            first.classify(square(c), 1) for c in COLOURS.values()
        ]

    @pytest.mark.parametrize(
        ("code", "expected"),
        [
            ("edgetpu-custom-op", "compiled for the Edge TPU.*without _edgetpu"),
            ("FlexErf", "operators of TensorFlow itself .FlexErf.*TFLITE_BUILTINS"),
            ("TFLite_Detection_PostProcess", "an object detector"),
            ("my_own_op", "custom operator 'my_own_op'"),
        ],
    )
    def test_models_that_cannot_be_run_are_named_as_what_they_are(self, code, expected):
        model = read_model(colour_classifier("0..1"))
        custom = model.operatorCodes[model.subgraphs[0].operators[-1].opcodeIndex]
        custom.builtinCode, custom.customCode = schema.BuiltinOperator.CUSTOM, code
        custom.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
        with pytest.raises(ModelError, match=expected):
            Classifier(write_model(model), LABELS)


class TestLabels:
    def test_words_are_chosen_before_identifiers_and_english_before_others(self):
        ids = b"/m/0a\n/m/0b\n/m/0c\n/m/0d\n"
        content = two_label_files(
            colour_classifier("0..1"),
            {"ids.txt": (ids, ""), "de.txt": (b"a\nb\nc\nd\n", "de"), "en.txt": ("\n".join(LABELS).encode(), "en")},
        )
        assert Classifier(content).labels == LABELS

    def test_made_up_labels_are_said_once(self):
        classifier = Classifier(colour_classifier("0..1"))
        assert classifier.labels[:2] == ("class 0", "class 1")
        assert [one.guess for one in classifier.assumptions if one.what == "labels"] == [True]

    def test_a_label_file_beside_the_model_that_does_not_fit_is_named(self, tmp_path: Path):
        (tmp_path / "model.tflite").write_bytes(colour_classifier("0..1"))
        (tmp_path / "labels.txt").write_text("one\ntwo\n")
        whys = [one.reason for one in Classifier(tmp_path / "model.tflite").assumptions if one.what == "labels"]
        assert whys == ["made up: labels.txt beside the model does not fit its 4 classes"]

    def test_labels_beside_the_file_are_found(self, tmp_path: Path):
        (tmp_path / "model.tflite").write_bytes(colour_classifier("0..1"))
        (tmp_path / "dict.txt").write_text("\ufeff" + "\r\n".join(LABELS) + "\r\n")
        classifier = Classifier(tmp_path / "model.tflite")
        assert classifier.labels == LABELS
        assert "labels" not in [one.what for one in classifier.assumptions]


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        ("int8_in_0_255", {}, LABELS),
        ("int8_in_0_1", {}, LABELS),
        ("uint8_in_0_255", {}, LABELS),
        ("float_in_minus1_1", {"normalise": "-1..1"}, LABELS),
        ("two_label_files", {}, LABELS),
    ],
)
def test_the_cases_that_came_from_elsewhere_are_right(shared_data, name, settings, expected):
    file = shared_data.parent / "cases" / f"{name}.tflite"
    labels = None if name == "two_label_files" else LABELS
    assert named(Classifier(file, labels, **settings)) == list(expected)


def test_the_binary_case_has_two_labels(shared_data):
    classifier = Classifier(shared_data.parent / "cases" / "binary_sigmoid.tflite", ["other", "red"])
    assert named(classifier) == ["other", "red", "other", "other"]


def test_a_float_case_that_says_nothing_is_a_guess_that_is_said(shared_data):
    classifier = Classifier(shared_data.parent / "cases" / "float_in_minus1_1.tflite", LABELS)
    assert [one.guess for one in classifier.assumptions if one.what == "normalisation"] == [True]


def test_an_unquantised_reading_of_the_graph_is_left_alone():
    model = read_model(colour_classifier("0..1", scaling="MUL:0.5 ADD:0.1"))
    spec = Classifier(write_model(model), LABELS)._network.runtime.input
    assert normalisation_of(model, spec, None, None).origin is Origin.GRAPH


def test_inspecting_a_model_of_unusual_numbers_compares_them_with_the_usual_ranges():
    described = with_metadata(colour_classifier("-1..1"), ModelMetadata((127.0,), (128.0,), LABELS))
    described = with_files(described, {"labels.txt": "\n".join(LABELS).encode()})
    found = inspect(described, [square(COLOURS["red"])])
    assert {reading.normalise for reading in found.readings} == {"mean 127, std 128", "0..1", "-1..1", "0..255"}
    (assumed,) = [reading for reading in found.readings if reading.assumed]
    assert assumed.normalise == "mean 127, std 128" and assumed.labels == (("red", 1),)
    assert found.normalise_reason == "the file's metadata says so" and found.labels_origin == "inside the model"


@pytest.mark.parametrize("value", ["0..1", "-1..1", "0..255", "127,128", "1.5 2 3,4 5 6.25", "12.5,1e-05"])
def test_a_normalisation_is_read_as_it_is_written(value):
    read = parse_normalise(value)
    assert parse_normalise(read.text) == read
