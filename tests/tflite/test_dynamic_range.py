"""Dynamic-range quantisation: 8-bit weights, float32 in and out."""

import numpy as np
import pytest

from small_models import small_classifier
from whatsit.backbones.builtin import builtin_model
from whatsit.tflite.dynamic_range import dynamic_range
from whatsit.tflite.flatbuffer import constant, read_model, write_model
from whatsit.tflite.graph import Graph
from whatsit.tflite.interpreter import Runtime
from whatsit.tflite.multiply_adds import Arithmetic, arithmetic, multiply_adds
from whatsit.tflite.operators import operator_name
from whatsit.tflite.schema import schema


@pytest.fixture(scope="module")
def pair():
    whole = builtin_model("lite0", 96, "float32")
    return whole, dynamic_range(whole)


def test_a_network_keeps_its_embeddings_in_less_than_a_third_of_the_size(pair):
    whole, small = (Runtime(content, 1) for content in pair)
    assert len(pair[1]) < 0.32 * len(pair[0])
    assert whole.input.dtype == small.input.dtype == np.float32
    for seed in range(3):
        rows = np.random.default_rng(seed).uniform(-1, 1, (12, 12, 3)).astype(np.float32)
        picture = np.kron(rows, np.ones((8, 8, 1), np.float32))[np.newaxis]
        one, other = (runtime.run(picture)[0].ravel() for runtime in (whole, small))
        assert one @ other / np.linalg.norm(one) / np.linalg.norm(other) > 0.98


def test_weights_are_stored_within_half_a_step_of_their_channel_and_the_rest_stays(pair):
    whole, small = map(read_model, pair)
    kinds = set()
    for before, after in zip(whole.subgraphs[0].operators, small.subgraphs[0].operators, strict=True):
        kind = operator_name(whole, before)
        for place, index in enumerate(map(int, before.inputs)):
            tensors = whole.subgraphs[0].tensors[index], small.subgraphs[0].tensors[int(after.inputs[place])]
            if (kind, place) == ("CONV_2D", 1) and tensors[1].type == schema.TensorType.INT8:
                kinds.add(kind)
                values, stored = (constant(model, one) for model, one in zip((whole, small), tensors, strict=True))
                scales = tensors[1].quantization.scale.reshape(-1, 1, 1, 1)
                assert (np.abs(stored * scales - values) <= scales * 0.501).all()
            else:
                assert tensors[0].type == tensors[1].type
    assert kinds == {"CONV_2D"}


def test_what_it_costs_is_counted_the_same_and_named(pair):
    assert multiply_adds(pair[0]) == multiply_adds(pair[1])
    assert [arithmetic(content) for content in pair] == [Arithmetic.FLOAT32, Arithmetic.DYNAMIC]


def test_the_quantiser_of_google_stores_the_same_weights():
    from ai_edge_quantizer import quantizer, recipe

    graph = Graph()
    x, y = graph.tensor("x", (1, 64)), graph.tensor("y", (1, 32))
    matrix = np.random.default_rng(1).normal(size=(32, 64)).astype(np.float32)
    inputs = [x, graph.constant("w", matrix), graph.constant("b", np.zeros(32, np.float32))]
    graph.operator("FULLY_CONNECTED", inputs, y, table="FullyConnectedOptions")
    content = write_model(graph.finish([x], [y]))
    run = quantizer.Quantizer(content, recipe.dynamic_wi8_afp32())
    theirs = read_model(bytes(run.quantize().quantized_model))
    ours = read_model(dynamic_range(content))
    found = [
        next(constant(model, one) for one in model.subgraphs[0].tensors if one.type == schema.TensorType.INT8)
        for model in (ours, theirs)
    ]
    assert np.array_equal(*found)


def test_small_and_shared_weights_stay_as_they_are():
    content = write_model(small_classifier().model)
    assert dynamic_range(content) == content
