"""The int8 form written in numpy is the one that ai-edge-quantizer writes."""

import sys

import numpy as np
import pytest

from whatsit.backbones.builtin import builtin_model
from whatsit.backbones.lite import LITE0
from whatsit.backbones.ranges import builtin_ranges
from whatsit.errors import MissingExtraError, ModelError
from whatsit.imaging.preprocess import Colour
from whatsit.plugins import EXTRAS
from whatsit.tflite import quantise as module
from whatsit.tflite.flatbuffer import constant, read_model, write_model
from whatsit.tflite.graph import Graph
from whatsit.tflite.int8_graph import int8_graph
from whatsit.tflite.interpreter import Runtime
from whatsit.tflite.merge import HIDDEN, LOGITS, NORMALISED, SCORES, append_head
from whatsit.tflite.pixels_inside import ranges_inside, with_pixels_inside
from whatsit.tflite.quantise import quantise

SIZE = 64
HEAD = {LOGITS: (-3.0, 4.0), SCORES: (0.0, 1.0), NORMALISED: (-0.1, 0.4), HIDDEN: (0.0, 3.0)}


def network(**parts):
    """A built-in float32 network and its ranges."""
    content = builtin_model("lite0", SIZE, "float32", **parts)
    return content, builtin_ranges(LITE0.variant, SIZE, parts.get("blocks"), parts.get("multi_layer", False))


def with_head(content, *, normalise, hidden):
    rng = np.random.default_rng(1)
    subgraph = read_model(content).subgraphs[0]
    dim = int(subgraph.tensors[subgraph.outputs[0]].shape[-1])
    layer = (rng.normal(size=(8, dim)).astype(np.float32), rng.normal(size=8).astype(np.float32))
    weights = rng.normal(size=(3, 8 if hidden else dim)).astype(np.float32)
    bias = rng.normal(size=3).astype(np.float32)
    return append_head(content, weights, bias, normalise=normalise, hidden=layer if hidden else None)


def ours(content, ranges):
    model = read_model(content)
    assert int8_graph(model, ranges)
    return write_model(model)


@pytest.fixture
def theirs(monkeypatch):
    """The quantiser's own, for what ``quantise`` writes without it."""
    pytest.importorskip("ai_edge_quantizer", reason="comes with the extra teach")
    monkeypatch.setattr(module, "int8_graph", lambda model, ranges: False)
    return quantise


@pytest.mark.parametrize(
    "parts",
    [
        {"top": True},
        {"blocks": 9},
        {"multi_layer": True},
        {"blocks": 9, "multi_layer": True},
        {"colour": Colour.GREY, "blocks": 6},
    ],
    ids=str,
)
def test_a_built_in_network_has_the_bytes_that_the_quantiser_writes(parts, theirs):
    content, ranges = network(**parts)
    assert ours(content, ranges) == theirs(content, ranges)


@pytest.mark.parametrize("hidden", [False, True])
def test_a_model_with_a_head_has_the_bytes_that_the_quantiser_writes(hidden, theirs):
    content, ranges = network(blocks=6)
    content = with_head(content, normalise=False, hidden=hidden)
    assert ours(content, ranges | HEAD) == theirs(content, ranges | HEAD)


@pytest.mark.parametrize("mean, std", [((127.0,), (128.0,)), ((123.0, 116.0, 103.0), (58.0, 57.0, 57.0))])
def test_a_normalising_head_and_pixels_inside_have_the_tensors_and_answers_of_the_quantiser(mean, std, theirs):
    content, ranges = network(blocks=6)
    content = with_pixels_inside(with_head(content, normalise=True, hidden=True), mean, std)
    ranges = ranges | HEAD | ranges_inside(mean, std)
    one, other = ours(content, ranges), theirs(content, ranges)
    for mine, reference in zip(*(tensors(read_model(file)) for file in (one, other)), strict=True):
        assert mine == reference
    pixels = np.random.default_rng(2).integers(-128, 128, (5, 1, SIZE, SIZE, 3)).astype(np.int8)
    assert [answer(one, each).tolist() for each in pixels] == [answer(other, each).tolist() for each in pixels]


def answer(content, pixels):
    return Runtime(content).run(pixels)[0]


def tensors(model):
    for tensor in model.subgraphs[0].tensors:
        how, values = tensor.quantization, constant(model, tensor)
        scales = None if how is None or how.scale is None else (how.scale.tolist(), how.zeroPoint.tolist())
        yield tensor.name, tensor.type, scales, None if values is None else values.tolist()


def test_what_is_zero_throughout_and_a_bias_beyond_32_bits_stay_finite(theirs):
    content, ranges = network(blocks=1)
    model = read_model(content)
    weights, bias = (model.subgraphs[0].tensors[index] for index in model.subgraphs[0].operators[0].inputs[1:])
    values = constant(model, weights).copy()
    values[3] = 0
    model.buffers[weights.buffer].data = np.frombuffer(values.tobytes(), np.uint8)
    large = constant(model, bias).copy()
    large[3] = 1e9
    model.buffers[bias.buffer].data = np.frombuffer(large.tobytes(), np.uint8)
    written = read_model(ours(write_model(model), ranges))
    stored = constant(written, written.subgraphs[0].tensors[written.subgraphs[0].operators[0].inputs[2]])
    assert stored[3] == 2**31 - 1


def test_a_tensor_without_a_range_is_named():
    content, ranges = network(blocks=1)
    with pytest.raises(ModelError, match=r"no range of values for the tensor '_conv_stem'"):
        quantise(content, {name: pair for name, pair in ranges.items() if name != "_conv_stem"})


def with_pooling():
    graph = Graph()
    image = graph.tensor("image", (1, 4, 4, 3))
    small = graph.tensor("small", (1, 2, 2, 3))
    settings = {"strideW": 2, "strideH": 2, "filterWidth": 2, "filterHeight": 2}
    graph.operator("MAX_POOL_2D", [image], small, table="Pool2DOptions", **settings)
    return write_model(graph.finish([image], [small])), {"image": (-1.0, 1.0), "small": (-1.0, 1.0)}


def test_an_operator_that_is_not_ours_is_left_to_the_quantiser():
    pytest.importorskip("ai_edge_quantizer", reason="comes with the extra teach")
    content, ranges = with_pooling()
    model = read_model(content)
    assert not int8_graph(model, ranges) and write_model(model) == content, "unchanged"
    assert all(tensor.type == 9 for tensor in read_model(quantise(content, ranges)).subgraphs[0].tensors)


def test_without_the_quantiser_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_quantizer", None)
    monkeypatch.setattr(type(EXTRAS["teach"]), "installed", False)
    content, ranges = with_pooling()
    with pytest.raises(MissingExtraError, match=r"pip install 'whatsit\[teach\]'"):
        quantise(content, ranges)
