"""The tensor arena of a microcontroller, against graphs worked out by hand and TensorFlow Lite Micro's own count."""

import itertools
import re

import numpy as np
import pytest

from whatsit.tflite.arena import Lifetime, plan_arena, planned_bytes
from whatsit.tflite.flatbuffer import write_model
from whatsit.tflite.graph import Graph
from whatsit.tflite.micro import OPERATORS, flash_bytes, lacks
from whatsit.tflite.operators import SIGNATURES


def chain(*sides, dtype=np.int8, kind="RELU"):
    """A model of one operator after the other, on vectors of these lengths."""
    graph = Graph()
    tensors = [graph.tensor(f"t{at}", (1, side), dtype) for at, side in enumerate(sides)]
    for before, after in itertools.pairwise(tensors):
        graph.operator(kind, [before], after)
    return write_model(graph.finish(tensors[:1], tensors[-1:]))


def test_tensors_whose_lifetimes_do_not_meet_share_memory():
    # 160 and 96 are alive together, then 96 and 64, then 64 and 32: the last two fit where the first one was.
    assert plan_arena(chain(160, 96, 64, 32)).tensors == 160 + 96


def test_every_tensor_starts_at_a_multiple_of_16_bytes():
    assert plan_arena(chain(17, 1)).tensors == 32 + 16
    assert plan_arena(chain(17, 1, dtype=np.float32)).tensors == 80 + 16


def test_a_tensor_that_is_needed_again_later_keeps_its_memory():
    graph = Graph()
    x, y, z, total = (graph.tensor(name, (1, 64), np.int8) for name in ("x", "y", "z", "total"))
    graph.operator("RELU", [x], y)
    graph.operator("RELU", [y], z)
    graph.operator("ADD", [x, z], total)
    assert plan_arena(write_model(graph.finish([x], [total]))).tensors == 3 * 64


def test_constants_are_in_flash_and_take_no_memory():
    graph = Graph()
    x, y = graph.tensor("x", (1, 64), np.int8), graph.tensor("y", (1, 64), np.int8)
    graph.operator("ADD", [x, graph.constant("c", np.zeros((1, 64), np.int8))], y)
    content = write_model(graph.finish([x], [y]))
    assert plan_arena(content).tensors == 2 * 64
    low, high = flash_bytes(content)
    assert len(content) < low < high


def test_a_gap_is_filled_before_memory_grows():
    tensors = [Lifetime(64, 0, 1), Lifetime(96, 1, 2), Lifetime(32, 2, 3), Lifetime(64, 3, 3)]
    assert planned_bytes(tensors) == 96 + 64


# Printed by the recording interpreter of tflite-micro 0.dev20261023182759 on x86-64 (head, total).
COUNTED = {
    "book/models/cifar10.tflite": (144_000, 147_072),
    "book/models/ei-raspi-img-class-int8-quantized-model.tflite": (1_244_256, 1_396_944),
    "compat/few.tflite": (1_505_280, 1_688_352),
    "tflite/tf2_mobilenet_v2_1.0_224_ptq.tflite": (1_505_280, 1_665_776),
}


@pytest.mark.parametrize("name", COUNTED)
def test_the_plan_of_real_models_is_that_of_tensorflow_lite_micro(shared_data, name):
    content = (shared_data / name).read_bytes()
    tensors, total = COUNTED[name]
    found = plan_arena(content)
    assert found.tensors == tensors
    assert found.total[0] < total <= found.total[1] < 1.01 * total
    assert lacks(content) == ()


@pytest.mark.parametrize("name", COUNTED)
def test_tensorflow_lite_micro_itself_counts_the_same_today(shared_data, name, capfd):
    runtime = pytest.importorskip("tflite_micro.python.tflite_micro.runtime", reason="pip install --pre tflite-micro")
    interpreter = runtime.Interpreter.from_file(str(shared_data / name), arena_size=2**23)
    interpreter.print_allocations()
    said = "".join(capfd.readouterr())
    assert re.search(r"head (\d+) bytes", said)[1] == str(COUNTED[name][0])


def test_operators_that_tensorflow_lite_micro_lacks_are_named_once_with_the_reason():
    assert [str(lack) for lack in lacks(chain(8, 8, 8, kind="GELU"))] == ["GELU: not among its operators"]
    assert {"GELU", "BITCAST", "TOPK_V2"} <= SIGNATURES.keys() - OPERATORS


def test_networks_in_uint8_and_too_many_joined_tensors_are_named_too(shared_data):
    uint8 = lacks((shared_data / "tflite/mobilenet_v1_0.25_128_quant.tflite").read_bytes())
    assert [lack.operator for lack in uint8] == ["CONV_2D", "DEPTHWISE_CONV_2D"]
    assert all("int8 is needed" in lack.reason for lack in uint8)
    joined = lacks((shared_data / "compat/project/models/small.tflite").read_bytes())
    assert [str(lack) for lack in joined] == [
        "CONCATENATION: joins 12 tensors, at most 10 are possible; "
        "a built-in network trained without multi_layer joins none"
    ]
