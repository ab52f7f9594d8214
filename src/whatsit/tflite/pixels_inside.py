"""A network's own normalisation moved inside: its input becomes pixel / 255, which any program can give.

Programs that know no metadata, such as those for Edge Impulse's files, divide pixels by 255 for float32 and quantise
that by the input's scale and zero point for int8. The network wants ``(pixel - mean) / std`` instead: a multiplication
and an addition at its start. Their int8 form is exact where mean and standard deviation are one number each: the input,
scale 1/255 and zero point -128, and the network's own input then all store pixel - 128.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from whatsit.tflite.flatbuffer import read_model, write_model
from whatsit.tflite.graph import Graph
from whatsit.tflite.merge import tensor_names

MEAN, STD = (0.0,), (255.0,)
"""What such a file's input is normalised by, in pixel units."""
_INPUT, _SCALED = "pixels_0_1", "pixels_scaled"


def with_pixels_inside(content: bytes, mean: tuple[float, ...], std: tuple[float, ...]) -> bytes:
    """A float32 network that takes pixel / 255 and normalises itself.

    Args:
        content: its only input takes ``(pixel - mean) / std``, shape (1, height, width, channels).
        mean: in pixel units, one number or one per channel.
        std: likewise.
    """
    if (tuple(mean), tuple(std)) == (MEAN, STD):
        return content
    graph = Graph(read_model(content))
    subgraph = graph.model.subgraphs[0]
    inside = int(subgraph.inputs[0])
    factor, offset = _parts(mean, std)
    pixels = graph.tensor(_INPUT, graph.shape(inside))
    scaled = graph.tensor(_SCALED, graph.shape(inside))
    add = [scaled, graph.constant("pixels_offset", offset)]
    graph.operator("ADD", add, inside, at_start=True, table="AddOptions")
    multiply = [pixels, graph.constant("pixels_factor", factor)]
    graph.operator("MUL", multiply, scaled, at_start=True, table="MulOptions")
    return write_model(graph.finish([pixels], [int(index) for index in subgraph.outputs]))


def ranges_inside(mean: tuple[float, ...], std: tuple[float, ...]) -> dict[str, tuple[float, float]]:
    """The lowest and highest values of the tensors that ``with_pixels_inside`` adds, for ``quantise``."""
    if (tuple(mean), tuple(std)) == (MEAN, STD):
        return {}
    factor, _ = _parts(mean, std)
    return {_INPUT: (0.0, 1.0), _SCALED: (float(min(0.0, factor.min())), float(max(0.0, factor.max())))}


def without_pixels_inside(model: Any) -> Any:
    """The network as it was before ``with_pixels_inside``; any other is returned unchanged."""
    names = tensor_names(model)
    subgraph = model.subgraphs[0]
    if names[int(subgraph.inputs[0])] != _INPUT:
        return model
    inside = int(subgraph.operators[1].outputs[0])
    graph = Graph(model)
    subgraph.operators = list(subgraph.operators)[2:]
    return read_model(write_model(graph.finish([inside], [int(index) for index in subgraph.outputs])))


def _parts(mean: tuple[float, ...], std: tuple[float, ...]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What to multiply pixel / 255 by, and what to add to it then."""
    deviation = np.asarray(std, np.float64)
    return (255.0 / deviation).astype(np.float32), (-np.asarray(mean, np.float64) / deviation).astype(np.float32)
