"""A network's normalisation inside the file: pixel / 255 at the border, what the network wants behind it."""

import numpy as np
import pytest

from whatsit.tflite.flatbuffer import read_model, write_model
from whatsit.tflite.graph import Graph
from whatsit.tflite.interpreter import Runtime
from whatsit.tflite.pixels_inside import ranges_inside, with_pixels_inside, without_pixels_inside
from whatsit.tflite.quantise import quantise

SHAPE = (1, 16, 16, 3)


def doubling() -> bytes:
    """A network that gives its input back twice as large."""
    graph = Graph()
    pixels = graph.tensor("input", SHAPE)
    twice = graph.tensor("twice", SHAPE)
    factor = graph.constant("two", np.array([2.0], np.float32))
    graph.operator("MUL", [pixels, factor], twice, table="MulOptions")
    return write_model(graph.finish([pixels], [twice]))


def every_value() -> np.ndarray:
    return np.stack([np.arange(256, dtype=np.uint8).reshape(16, 16)] * 3, axis=-1)[np.newaxis]


@pytest.mark.parametrize(("mean", "std"), [((127.0,), (128.0,)), ((123.7, 116.3, 103.5), (58.4, 57.1, 57.4))])
def test_a_float_network_sees_what_it_wants_of_pixels_divided_by_255(mean, std) -> None:
    pixels = every_value()
    runtime = Runtime(with_pixels_inside(doubling(), mean, std), 1, "inside")
    seen = runtime.run(pixels.astype(np.float32) / 255)[0] / 2
    wanted = (pixels.astype(np.float64) - np.array(mean)) / np.array(std)
    assert np.abs(seen.reshape(SHAPE) - wanted).max() < 1e-5


def test_its_int8_form_stores_every_pixel_exactly() -> None:
    mean, std = (127.0,), (128.0,)
    low, high = -127 / 128, 1.0
    ranges = {"input": (low, high), "twice": (2 * low, 2 * high), **ranges_inside(mean, std)}
    model = read_model(quantise(with_pixels_inside(doubling(), mean, std), ranges))
    subgraph = model.subgraphs[0]
    inside = subgraph.tensors[int(subgraph.operators[1].outputs[0])]
    border = subgraph.tensors[int(subgraph.inputs[0])]
    assert (round(1 / float(border.quantization.scale[0])), int(border.quantization.zeroPoint[0])) == (255, -128)
    assert (1 / float(inside.quantization.scale[0]), int(inside.quantization.zeroPoint[0])) == (128, -1)
    graph = Graph(model)
    own = int(subgraph.operators[1].outputs[0])
    runtime = Runtime(write_model(graph.finish([int(subgraph.inputs[0])], [own])), 1, "inside")
    stored = (every_value().astype(np.int16) - 128).astype(np.int8)
    assert np.array_equal(runtime.run(stored)[0].reshape(SHAPE), stored)


def test_it_comes_out_again_and_a_network_of_0_to_1_stays_as_it_is() -> None:
    plain = doubling()
    assert with_pixels_inside(plain, (0.0,), (255.0,)) == plain and ranges_inside((0.0,), (255.0,)) == {}
    again = without_pixels_inside(read_model(with_pixels_inside(plain, (127.0,), (128.0,))))
    seen, wanted = (
        Runtime(one, 1, "network").run(np.ones(SHAPE, np.float32))[0] for one in (write_model(again), plain)
    )
    assert np.array_equal(seen, wanted)
    assert without_pixels_inside(model := read_model(plain)) is model
