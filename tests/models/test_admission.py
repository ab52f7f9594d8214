"""Model files from elsewhere, before a process that must not end opens them."""

import json
from pathlib import Path

import numpy as np
import pytest

from small_models import small_classifier
from whatsit import ModelError
from whatsit.models.admission import admit
from whatsit.models.outputs import score_output
from whatsit.tflite.flatbuffer import read_model, write_model
from whatsit.tflite.interpreter import TensorSpec
from whatsit.tflite.probe import Prober, check_runs
from whatsit.tflite.schema import schema


@pytest.fixture(scope="module")
def prober():
    with Prober(seconds=5) as running:
        yield running


def test_a_sound_model_from_elsewhere_is_let_in_and_remembered(small_model, model_cache: Path):
    content = small_model(seed=12345)  # one that no other test tries
    before = set((model_cache / "probes").glob("*.json"))
    assert admit(content) == content
    (remembered,) = set((model_cache / "probes").glob("*.json")) - before
    assert json.loads(remembered.read_bytes()) == {"error": ""}


def test_a_model_of_ours_needs_no_trial(taught, monkeypatch):
    monkeypatch.setattr("whatsit.models.admission.check_runs", lambda *_: pytest.fail("tried"))
    content = taught.to_tflite()
    assert admit(content) == content


def test_a_model_of_ours_with_one_byte_changed_is_tried_like_any_other(taught, monkeypatch):
    tried = []
    monkeypatch.setattr("whatsit.models.admission.check_runs", lambda *content: tried.append(content))
    content = bytearray(taught.to_tflite())
    weights = content.find(bytes(taught.head.weights.astype("<f4").tobytes()[:0]) or b"PK\x03\x04")
    content[weights - 5000] ^= 1
    try:
        admit(bytes(content))
    except ModelError:
        return  # the changed byte was one that the checks look at
    assert tried


def test_what_ends_a_process_ends_only_the_probe(prober: Prober, small_model):
    # An axis far outside, which the mean's kernel trusts, and a wrong size of a constant's tensor.
    graph = small_classifier()
    reshape = schema.OperatorCodeT()
    reshape.builtinCode = reshape.deprecatedBuiltinCode = schema.BuiltinOperator.RESHAPE
    graph.model.operatorCodes.append(reshape)
    operator = graph.model.subgraphs[0].operators[-1]
    operator.opcodeIndex = len(graph.model.operatorCodes) - 1
    operator.inputs = np.array([operator.inputs[0], -1], np.int32)
    operator.builtinOptions, operator.builtinOptionsType = None, 0
    reason = prober.reason(write_model(graph.model))
    assert reason is not None and "ends the process (SIG" in reason
    assert prober.reason(small_model()) is None, "the next model is tried as if nothing had happened"


def test_a_refusal_is_one_line_that_names_the_file_and_is_remembered(tmp_path: Path, monkeypatch):
    file = tmp_path / "odd.tflite"
    graph = small_classifier()
    graph.model.subgraphs[0].tensors[0].type = schema.TensorType.STRING
    file.write_bytes(write_model(graph.model))
    with pytest.raises(ModelError, match="odd.tflite") as refused:
        admit(file)
    assert "\n" not in str(refused.value)
    monkeypatch.setattr("whatsit.tflite.probe.Prober", lambda: pytest.fail("tried again"))
    with pytest.raises(ModelError, match="odd.tflite"):
        admit(file)


@pytest.mark.parametrize("name", ["absent_input", "written_twice_loop", "written_twice_heap"])
def test_files_that_ended_or_wedged_a_process_are_refused_in_one_line(shared_data: Path, name):
    with pytest.raises(ModelError, match="broken") as refused:
        admit(shared_data.parent / "cases" / "hold" / f"{name}.tflite")
    assert "\n" not in str(refused.value)


def test_a_model_that_needs_more_memory_than_the_limit_is_refused(small_model):
    wide = small_model(size=4000)  # an input of 183 MiB
    with Prober(seconds=20, memory=2**26) as narrow:
        assert narrow.reason(wide) is not None
    with Prober(seconds=20, memory=2**30) as generous:
        assert generous.reason(wide) is None


def test_a_spoilt_memory_is_not_believed(small_model, model_cache: Path):
    content = small_model(4)
    check_runs(content)
    for file in (model_cache / "probes").glob("*.json"):
        file.write_text("[1")
    check_runs(content)


def test_an_output_without_dimensions_is_refused_in_one_line(small_model):
    number = TensorSpec("out", (), np.dtype(np.float32), 0.0, 0)
    with pytest.raises(ModelError, match=r"output of shape \[\]; expected one row of scores"):
        score_output(read_model(small_model()), (number,), (8, 8), "odd.tflite")
