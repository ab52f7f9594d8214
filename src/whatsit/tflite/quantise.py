"""float32 models to int8, and int8 models to the border that other programs accept. Only importer of the quantiser.

Scheme: Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference"
(2018): weights int8 a channel, activations int8 a tensor (ai-edge-quantizer's ``static_wi8_ai8``).
"""

import contextlib
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whatsit.errors import ModelError
from whatsit.tflite.flatbuffer import read_model, write_model
from whatsit.tflite.graph import SIGNATURE, Graph
from whatsit.tflite.interpreter import without_greeting
from whatsit.tflite.schema import schema

Ranges = Mapping[str, tuple[float, float]]
"""Lowest and highest value each tensor takes, by the tensor's name."""


def measure_ranges(
    content: bytes, inputs: Iterable[NDArray[np.float32]], on_input: Callable[[], None] | None = None
) -> dict[str, tuple[float, float]]:
    """Run a float32 model on representative inputs and note what range each tensor takes.

    Args:
        content: a float32 ``.tflite`` with one input and a signature.
        inputs: normalised pictures, each of the input's shape (1, height, width, channels).
        on_input: called after each, for a progress bar.

    Returns:
        (lowest, highest) over all inputs, by tensor name. (A moving average, the quantiser's default, was measured
        to follow the last few pictures: it lost eight points of ImageNet accuracy where this lost none.)
    """
    from ai_edge_quantizer import calibrator, recipe, recipe_manager

    recipes = recipe_manager.RecipeManager()
    recipes.load_quantization_recipe(recipe.static_wi8_ai8())
    name = _input_name(content)
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
    """The int8 form of a float32 model, int8 at its border too.

    Raises:
        ModelError: ``ranges`` lacks a tensor the graph computes.
    """
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
    """An int8 model as the outside wants to see it.

    Args:
        io: ``uint8``: raw pixels in, uint8 scores out, by a QUANTIZE at each end; shifting scale 1/128 from zero
            point -1 to 127 changes the type and no value, and many programs refuse int8. ``float32``: normalised
            pixels in, float scores out. ``int8``: as it is.

    Raises:
        ModelError: another ``io``, or the model is not int8 at its ends.
    """
    if io == "int8":
        return content
    if io not in ("uint8", "float32"):
        raise ModelError(f"border {io!r}: expected uint8, int8 or float32")
    model = read_model(content)
    graph = Graph(model)
    subgraph = model.subgraphs[0]
    inside, result = int(subgraph.inputs[0]), int(subgraph.outputs[0])
    first, last = _border(graph, inside, io, "pixels"), _border(graph, result, io, "scores")
    graph.operator("QUANTIZE", [first], inside, at_start=True, table="QuantizeOptions")
    kind, table = ("QUANTIZE", "QuantizeOptions") if io == "uint8" else ("DEQUANTIZE", "DequantizeOptions")
    graph.operator(kind, [result], last, table=table)
    return write_model(graph.finish([first], [last]))


def with_uint8_io(content: bytes) -> bytes:
    """``with_io(content, "uint8")``."""
    return with_io(content, "uint8")


def _border(graph: Graph, tensor: int, io: str, name: str) -> int:
    inside = graph.model.subgraphs[0].tensors[tensor]
    if inside.type != schema.TensorType.INT8:
        raise ModelError("the border goes around an int8 model; quantise it first")
    outside = graph.tensor(name, graph.shape(tensor), np.uint8 if io == "uint8" else np.float32)
    if io == "uint8":
        graph.quantised(outside, float(inside.quantization.scale[0]), int(inside.quantization.zeroPoint[0]) + 128)
    return outside


def _envelope(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    return {"min": np.minimum(one["min"], other["min"]), "max": np.maximum(one["max"], other["max"])}


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    # The runtime warns that keeping all tensors costs memory; that is the aim. The quantiser draws its own progress
    # bars over ours and has no switch for them.
    import tqdm
    from ai_edge_quantizer.utils import progress_utils

    progress_utils.tqdm = SimpleNamespace(tqdm=lambda **settings: tqdm.tqdm(**(settings | {"disable": True})))
    with without_greeting(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*experimental_preserve_all_tensors")
        yield


def _input_name(content: bytes) -> str:
    subgraph = read_model(content).subgraphs[0]
    name = subgraph.tensors[int(subgraph.inputs[0])].name
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
