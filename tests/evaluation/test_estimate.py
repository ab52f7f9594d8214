"""Estimates for devices that are not here: ranges from published figures, with their sources."""

import json

import pytest
from typer.testing import CliRunner

import whatsit
from whatsit.cli.app import app
from whatsit.errors import ModelError
from whatsit.evaluation.estimate import latencies, latency_range, span_text
from whatsit.evaluation.published import NETWORKS, PUBLISHED, Device
from whatsit.tflite.multiply_adds import Arithmetic


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: f"{row.device} {row.arithmetic} {row.network}")
def test_every_published_figure_lies_in_its_own_range_and_names_its_source(row):
    low, high = latency_range(int(NETWORKS[row.network]), row.arithmetic, row.device)
    assert low <= row.milliseconds * row.scale * 1.0001 and row.milliseconds * row.scale <= high * 1.0001
    assert row.source


@pytest.mark.parametrize("kind", Arithmetic)
def test_an_estimate_is_a_range_for_every_device_and_faster_devices_are_faster(kind):
    found = latencies(384_000_000, kind)
    assert [one.device for one in found] == [device.value for device in Device]
    assert all(one.sources and one.milliseconds[0] < 0.85 * one.milliseconds[1] for one in found)
    assert [one.milliseconds[0] for one in found] == sorted((one.milliseconds[0] for one in found), reverse=True)


def test_eight_bit_weights_on_float_values_are_estimated_between_both():
    count = 300_000_000
    for device in Device:
        low, high = latency_range(count, Arithmetic.DYNAMIC, device)
        assert low == latency_range(count, Arithmetic.INT8, device)[0]
        assert high == latency_range(count, Arithmetic.FLOAT32, device)[1]


def test_a_range_is_written_in_two_digits():
    assert (span_text((0.1312, 0.26)), span_text((5.06, 9.5)), span_text((44.4, 131.4))) == (
        "0.13 to 0.26 ms", "5.1 to 9.5 ms", "44 to 131 ms"
    )  # fmt: skip
    assert span_text((9.97, 99.6)) == "10 to 100 ms"


def test_a_model_is_estimated_beside_what_it_takes_here(shared_data):
    found = whatsit.estimate(shared_data / "book/models/cifar10.tflite")
    assert (found.multiply_adds, found.arithmetic) == (4_040_704, "float32")
    assert found.here.milliseconds > 0 and found.micro.arena.tensors == 144_000
    assert json.dumps(found.to_dict())
    uint8 = whatsit.estimate(shared_data / "book/models/mobilenet_v2_1.0_224_quant.tflite", measured=False)
    assert (uint8.arithmetic, uint8.here) == ("int8", None)


def test_the_command_says_that_it_estimates_and_from_what(shared_data):
    model = str(shared_data / "compat/project/models/small.tflite")
    said = " ".join(CliRunner().invoke(app, ["estimate", model, "--no-measure"]).stdout.split())
    assert "Raspberry Pi Zero 2 W 8 to 11 ms estimated" in said
    assert "does not run CONCATENATION: joins 12 tensors" in said
    assert "arena 460 to 467 KB (276,480 bytes of it tensors)" in said
    assert "XNNPACK, README" in said and "this one" not in said
    told = json.loads(CliRunner().invoke(app, ["estimate", model, "--no-measure", "--json"]).stdout)
    assert told["kind"] == "estimate" and told["micro"]["lacks"][0]["operator"] == "CONCATENATION"


def test_what_is_no_model_is_refused_by_name(tmp_path):
    wrong = tmp_path / "notes.tflite"
    wrong.write_text("notes")
    with pytest.raises(ModelError, match=r"notes\.tflite"):
        whatsit.estimate(wrong)
