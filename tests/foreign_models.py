"""Small models as other tools make them, with a known right answer: they name four colours."""

import numpy as np

from whatsit import Classifier
from whatsit.tflite.flatbuffer import read_model, write_model
from whatsit.tflite.graph import Graph
from whatsit.tflite.metadata import with_files
from whatsit.tflite.quantise import Ranges, quantise, with_io
from whatsit.tflite.schema import schema

COLOURS = {"dark": (20, 20, 20), "red": (220, 30, 30), "green": (30, 200, 40), "blue": (40, 50, 220)}
LABELS = tuple(COLOURS)
CONVENTIONS = {"0..1": (0.0, 255.0), "-1..1": (127.5, 127.5), "0..255": (0.0, 1.0)}


def square(colour: tuple[int, int, int]) -> np.ndarray:
    return np.full((40, 60, 3), colour, np.uint8)


def named(classifier: Classifier) -> list[str]:
    return [classifier.classify(square(colour))[0].label for colour in COLOURS.values()]


def colour_classifier(
    convention: str, *, scaling: str = "", ends: str = "SOFTMAX", batch: int = 1, channels_first: bool = False,
    name: str = "picture", size: int = 8,
) -> bytes:  # fmt: skip
    """A float32 model that names the four colours, for an input in that range.

    Args:
        scaling: operators at the start of the graph that bring another range there: ``MUL``, ``DIV``, ``SUB MUL`` …
    """
    graph = Graph()
    shape = (batch, 3, size, size) if channels_first else (batch, size, size, 3)
    at = picture = graph.tensor(name, shape)
    for number, step in enumerate(scaling.split()):
        kind, _, value = step.partition(":")
        constant = graph.constant(f"constant {number}", np.array([float(value)], np.float32))
        table = {"MUL": "MulOptions", "DIV": "DivOptions", "ADD": "AddOptions", "SUB": "SubOptions"}[kind]
        at = graph.operator(kind, [at, constant], graph.tensor(f"scaled {number}", shape), table=table)
    axes = graph.constant("axes", np.array([2, 3] if channels_first else [1, 2], np.int32))
    at = graph.operator("MEAN", [at, axes], graph.tensor("mean", (batch, 3)), table="ReducerOptions", keepDims=False)
    mean, std = CONVENTIONS[convention]
    centres = (np.array(list(COLOURS.values()), np.float32) - mean) / std
    gain = 12 * (std / 255) ** 2  # the same logits in every range
    weights = graph.constant("weights", (2 * gain * centres).astype(np.float32))
    bias = graph.constant("bias", (-gain * (centres**2).sum(1)).astype(np.float32))
    at = graph.operator(
        "FULLY_CONNECTED", [at, weights, bias], graph.tensor("logits", (batch, 4)), table="FullyConnectedOptions"
    )
    if ends == "SOFTMAX":
        at = graph.operator("SOFTMAX", [at], graph.tensor("out", (batch, 4)), table="SoftmaxOptions", beta=1.0)
    elif ends == "LOGISTIC":
        at = graph.operator("LOGISTIC", [at], graph.tensor("out", (batch, 4)))
    return write_model(graph.finish([picture], [at]))


def int8(content: bytes, convention: str, io: str = "int8") -> bytes:
    """The model with int8 inside and ``io`` at both ends, calibrated on what its input is."""
    mean, std = CONVENTIONS[convention]
    low, high = (0 - mean) / std, (255 - mean) / std
    reach = 24.0  # the largest logit of any of the colours, in every range
    ranges: Ranges = {"picture": (low, high), "mean": (low, high), "logits": (-reach, reach), "out": (0.0, 1.0)}
    return with_io(quantise(content, ranges), io)


def two_label_files(content: bytes, files: dict[str, tuple[bytes, str]]) -> bytes:
    """The model with several label files, each of a locale, written by hand as the metadata schema has it."""
    import flatbuffers

    from whatsit.tflite import metadata

    builder = flatbuffers.Builder(256)
    made = []
    for name, (_, locale) in files.items():
        fields = {0: builder.CreateString(name)}
        if locale:
            fields[3] = builder.CreateString(locale)
        made.append(metadata._table(builder, 5, fields, {2: metadata._TENSOR_AXIS_LABELS}))
    output = metadata._table(builder, 7, {6: metadata._vector(builder, made)})
    graph = metadata._table(builder, 10, {3: metadata._vector(builder, [output])})
    builder.Finish(metadata._table(builder, 8, {3: metadata._vector(builder, [graph])}), b"M001")
    model = read_model(content)
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(bytes(builder.Output()), np.uint8)
    model.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name, entry.buffer = "TFLITE_METADATA", len(model.buffers) - 1
    model.metadata = [entry]
    return with_files(write_model(model), {name: text for name, (text, _) in files.items()})


def hard_to_quantise(lift: float) -> bytes:
    """A float32 model of 0..1 that names the four colours, by small features that are lifted and lowered again.

    In float32 that changes nothing. In int8 the lifted tensor has steps of about ``lift`` / 255, and the features lie
    between 0 and 0.1.
    """
    graph = Graph()
    picture = graph.tensor("picture", (1, 8, 8, 3))
    axes = graph.constant("axes", np.array([1, 2], np.int32))
    at = graph.operator("MEAN", [picture, axes], graph.tensor("mean", (1, 3)), table="ReducerOptions", keepDims=False)
    for kind, value in (("MUL", 0.1), ("ADD", lift), ("SUB", lift)):
        constant = graph.constant(f"{kind} by", np.array([value], np.float32))
        at = graph.operator(kind, [at, constant], graph.tensor(f"{kind} done", (1, 3)), table=f"{kind.title()}Options")
    centres = np.array(list(COLOURS.values()), np.float32) / 2550
    weights = graph.constant("weights", 4000 * centres)
    bias = graph.constant("bias", (-2000 * (centres**2).sum(1)).astype(np.float32))
    at = graph.operator(
        "FULLY_CONNECTED", [at, weights, bias], graph.tensor("logits", (1, 4)), table="FullyConnectedOptions"
    )
    out = graph.operator("SOFTMAX", [at], graph.tensor("out", (1, 4)), table="SoftmaxOptions", beta=1.0)
    return write_model(graph.finish([picture], [out]))
