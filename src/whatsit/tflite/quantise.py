"""float32 models to int8, and the input and output types of int8 models. Only importer of the quantiser.

Scheme: Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference"
(2018): int8 weights with a scale per channel, int8 activations with a scale per tensor (ai-edge-quantizer's
``static_wi8_ai8``). Where the ranges are known and so are the operators, ``int8_graph`` writes the same without it.
"""

import contextlib
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whatsit.errors import ModelError
from whatsit.plugins import EXTRAS
from whatsit.tflite.flatbuffer import read_model, write_model
from whatsit.tflite.graph import SIGNATURE, Graph
from whatsit.tflite.int8_graph import Ranges, int8_graph
from whatsit.tflite.interpreter import without_greeting
from whatsit.tflite.merge import input_name
from whatsit.tflite.schema import schema


def measure_ranges(
    content: bytes, inputs: Iterable[NDArray[np.float32]], on_input: Callable[[], None] | None = None
) -> dict[str, tuple[float, float]]:
    """The range of values of each tensor of a float32 model over representative inputs.

    Args:
        content: a float32 ``.tflite`` with one input and a signature.
        inputs: normalised pictures, each of the input's shape (1, height, width, channels).
        on_input: called after each, for a progress bar.

    Returns:
        (lowest, highest) over all inputs, by tensor name. (A moving average, the quantiser's default, follows the last
        few pictures: it lost eight points of ImageNet accuracy where this lost none.)

    Raises:
        ModelError: no inputs.
        MissingExtraError: ai-edge-quantizer is not installed.
    """
    with EXTRAS["teach"].imports("measuring a network's ranges for int8"):
        from ai_edge_quantizer import calibrator, recipe, recipe_manager

    recipes = recipe_manager.RecipeManager()
    recipes.load_quantization_recipe(recipe.static_wi8_ai8())
    name = input_name(content)
    with _quiet():
        run = calibrator.Calibrator(content, num_threads=2, qsv_update_func=_envelope)
    count = 0
    for values in inputs:
        run.calibrate({SIGNATURE: [{name: values}]}, recipes)
        count += 1
        if on_input is not None:
            on_input()
    if count == 0:
        raise ModelError("no pictures to calibrate on: give at least one")
    return {
        tensor: (float(np.min(found["min"])), float(np.max(found["max"])))
        for tensor, found in run.get_model_qsvs().items()
    }


def quantise(content: bytes, ranges: Ranges) -> bytes:
    """The int8 form of a float32 model; its input and output are int8 too.

    Raises:
        ModelError: ``ranges`` lacks a tensor the graph computes.
        MissingExtraError: the graph has operators that only ai-edge-quantizer knows, and it is not installed.
    """
    model = read_model(content)
    if int8_graph(model, ranges):
        return write_model(model)
    with EXTRAS["teach"].imports("the int8 form of this network"):
        from ai_edge_quantizer import quantizer, recipe

    statistics = {
        tensor: {"min": np.array([[low]], np.float32), "max": np.array([[high]], np.float32)}
        for tensor, (low, high) in ranges.items()
    }
    run = quantizer.Quantizer(content, recipe.static_wi8_ai8())
    try:
        with _quiet():
            result = run.quantize(statistics, enable_progress_bar=False, enable_progress_report=False)
    except (ValueError, RuntimeError, KeyError) as error:
        raise ModelError(f"cannot quantise: {str(error).splitlines()[0]}") from error
    return write_model(read_model(bytes(result.quantized_model)))


def with_io(content: bytes, io: str) -> bytes:
    """An int8 model with the requested input and output types.

    Args:
        io: ``uint8``: raw pixels in, uint8 scores out, by a QUANTIZE at each end; moving the zero point of scale 1/128
            from -1 to 127 changes the type and no value, and many programs refuse int8. ``float32``: normalised
            pixels in, float scores out. ``int8``: unchanged.

    Raises:
        ModelError: another ``io``, or the model's input or output is not int8.
    """
    if io == "int8":
        return content
    if io not in ("uint8", "float32"):
        raise ModelError(f"io {io!r}: expected uint8, int8 or float32")
    model = read_model(content)
    graph = Graph(model)
    subgraph = model.subgraphs[0]
    inside, result = int(subgraph.inputs[0]), int(subgraph.outputs[0])
    first, last = _outside(graph, inside, io, "pixels"), _outside(graph, result, io, "scores")
    graph.operator("QUANTIZE", [first], inside, at_start=True, table="QuantizeOptions")
    kind, table = ("QUANTIZE", "QuantizeOptions") if io == "uint8" else ("DEQUANTIZE", "DequantizeOptions")
    graph.operator(kind, [result], last, table=table)
    return write_model(graph.finish([first], [last]))


def with_uint8_io(content: bytes) -> bytes:
    """``with_io(content, "uint8")``."""
    return with_io(content, "uint8")


def _outside(graph: Graph, tensor: int, io: str, name: str) -> int:
    """The tensor of type ``io`` that stands for the int8 ``tensor`` outside the graph."""
    inside = graph.model.subgraphs[0].tensors[tensor]
    if inside.type != schema.TensorType.INT8:
        raise ModelError(f"io {io!r}: needs an int8 model; quantise it first")
    outside = graph.tensor(name, graph.shape(tensor), np.uint8 if io == "uint8" else np.float32)
    if io == "uint8":
        graph.quantised(outside, float(inside.quantization.scale[0]), int(inside.quantization.zeroPoint[0]) + 128)
    return outside


def _envelope(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    return {"min": np.minimum(one["min"], other["min"]), "max": np.maximum(one["max"], other["max"])}


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    # The runtime warns that keeping all tensors costs memory, which is intended. The quantiser draws its own progress
    # bars over ours and has no switch for them.
    import tqdm
    from ai_edge_quantizer.utils import progress_utils

    progress_utils.tqdm = SimpleNamespace(tqdm=lambda **settings: tqdm.tqdm(**(settings | {"disable": True})))
    with without_greeting(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*experimental_preserve_all_tensors")
        yield
