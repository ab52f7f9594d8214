"""The table of models as other tools make them, each with a known right answer.

Each row is the files of a folder, what a person says beside them, and what comes of it: four colours are named right
without a guess (``right``), right by a guess that is said (``guess``), or a refusal in these words.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from foreign_models import LABELS, colour_classifier, int8, two_label_files
from whatsit.tflite.flatbuffer import read_model, write_model
from whatsit.tflite.metadata import ModelMetadata, with_files, with_metadata
from whatsit.tflite.schema import schema

LINES = "\n".join(LABELS).encode()
NUMBERED = "\r\n".join(f"{number} {label}" for number, label in enumerate(LABELS)).encode()
FROM_ONE = "\n".join(f"{number} {label}" for number, label in enumerate(LABELS, 1)).encode()
NAMES = dict(enumerate(LABELS))
PBTXT = "".join(f'item {{ id: {n} name: "{label}" }}\n' for n, label in enumerate(LABELS, 1)).encode()


@dataclass(frozen=True)
class Model:
    model: bytes
    expected: str
    beside: Mapping[str, bytes] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)


def described(model: bytes, mean: float, std: float) -> bytes:
    return with_files(with_metadata(model, ModelMetadata((mean,), (std,), LABELS)), {"labels.txt": LINES})


def zipped(model: bytes, **files: bytes) -> bytes:
    """Files behind the model that no metadata names, as some tools append them."""
    return with_files(model, {".".join(name.rsplit("_", 1)): content for name, content in files.items()})


def custom(code: str) -> bytes:
    model = read_model(colour_classifier("0..1"))
    operator = model.operatorCodes[model.subgraphs[0].operators[-1].opcodeIndex]
    operator.builtinCode = operator.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
    operator.customCode = code
    return write_model(model)


def two_outputs() -> bytes:
    model = read_model(colour_classifier("0..1"))
    graph = model.subgraphs[0]
    names = [tensor.name for tensor in graph.tensors]
    graph.outputs = np.array([names.index(b"mean"), *graph.outputs], np.int32)
    return write_model(model)


OURS = {"labels": LABELS}
FLOAT, WIDE, RAW = (colour_classifier(convention) for convention in ("0..1", "-1..1", "0..255"))
MACHINE = colour_classifier("-1..1", name="serving_default_sequential_1_input:0", size=224)
MODELS = {
    # Keras and PyTorch: float32, nothing said
    "keras 0..1": Model(FLOAT, "guess", settings=OURS),
    "keras 0..1, told": Model(FLOAT, "right", settings={**OURS, "normalise": "0..1"}),
    "keras -1..1, told": Model(WIDE, "right", settings={**OURS, "normalise": "-1..1"}),
    "keras 0..255, told": Model(RAW, "right", settings={**OURS, "normalise": "0..255"}),
    "keras -1..1, told by numbers": Model(WIDE, "right", settings={**OURS, "normalise": (127.5, 127.5)}),
    "keras logits": Model(colour_classifier("0..1", ends=""), "guess", settings=OURS),
    "keras rescaling 1/255": Model(colour_classifier("0..1", scaling=f"MUL:{1 / 255}"), "right", settings=OURS),
    "keras division": Model(colour_classifier("0..1", scaling="DIV:255"), "right", settings=OURS),
    "keras rescaling 1/127.5, -1": Model(
        colour_classifier("-1..1", scaling=f"MUL:{1 / 127.5} ADD:-1"), "right", settings=OURS
    ),
    "keras subtraction": Model(colour_classifier("-1..1", scaling="SUB:127.5 DIV:127.5"), "right", settings=OURS),
    "keras 2x - 1": Model(colour_classifier("-1..1", scaling="MUL:2 SUB:1"), "right", settings=OURS),
    "pytorch, channels first": Model(colour_classifier("0..1", channels_first=True), "guess", settings=OURS),
    "pytorch, channels first, -1..1": Model(
        colour_classifier("-1..1", channels_first=True), "right", settings={**OURS, "normalise": "-1..1"}
    ),
    "batch of 4": Model(colour_classifier("0..1", batch=4), "guess", settings=OURS),
    "batch of 4, channels first": Model(
        colour_classifier("0..1", batch=4, channels_first=True), "guess", settings=OURS
    ),
    "kept beside the model": Model(
        WIDE, "right", {"model.reading.toml": b'normalise = "-1..1"\n', "labels.txt": LINES}
    ),
    # integers: the type says it
    **{
        f"{io}, calibrated on {convention}": Model(
            int8(colour_classifier(convention), convention, io), "right", {"labels.txt": LINES}
        )
        for io in ("int8", "uint8")
        for convention in ("0..1", "-1..1", "0..255")
    },
    "int8 logits": Model(int8(colour_classifier("0..255", ends=""), "0..255"), "right", settings=OURS),
    "int8 inside, float32 outside": Model(int8(FLOAT, "0..1", "float32"), "guess", settings=OURS),
    "edge impulse": Model(int8(FLOAT, "0..1"), "right", {"labels.txt": LINES}),
    # tools by their layout
    "teachable machine, float": Model(MACHINE, "right", {"labels.txt": NUMBERED}),
    "teachable machine, quantised": Model(int8(WIDE, "-1..1", "uint8"), "right", {"labels.txt": NUMBERED}),
    "automl": Model(
        int8(FLOAT, "0..1", "uint8"), "right",
        {"dict.txt": LINES, "manifest.json": b'{"modelFile": "model.tflite", "labelsFile": "dict.txt"}'},
    ),
    "firebase": Model(
        int8(FLOAT, "0..1", "uint8"), "right",
        {"words.txt": LINES, "manifest.json": b'{"modelFile": "model.tflite", "labelsFile": "words.txt"}'},
    ),
    "mediapipe model maker": Model(described(FLOAT, 0, 255), "right"),
    "mediapipe, -1..1": Model(described(WIDE, 127.5, 127.5), "right"),
    "mediapipe, int8": Model(described(int8(WIDE, "-1..1"), 127.5, 127.5), "right"),
    "label files of ids and words": Model(
        two_label_files(int8(FLOAT, "0..1"), {"ids.txt": (b"/m/0a\n/m/0b\n/m/0c\n/m/0d", ""), "en.txt": (LINES, "en")}),
        "right",
    ),
    "labels in a zip that nothing names": Model(zipped(int8(FLOAT, "0..1"), labels_txt=LINES), "right"),
    # label files beside the model
    "labels with a byte-order mark and CRLF": Model(
        int8(FLOAT, "0..1"), "right", {"labels.txt": ("\ufeff" + "\r\n".join(LABELS)).encode()}
    ),
    "labels from one": Model(int8(FLOAT, "0..1"), "right", {"model.txt": FROM_ONE}),
    "labels as a list": Model(int8(FLOAT, "0..1"), "right", {"labels.json": json.dumps(LABELS).encode()}),
    "labels as id and name": Model(
        int8(FLOAT, "0..1"), "right", {"class_names.json": json.dumps(dict(enumerate(LABELS))).encode()}
    ),
    "labels as keras has them": Model(
        int8(FLOAT, "0..1"), "right",
        {"class_indices.json": json.dumps({label: number for number, label in enumerate(LABELS)}).encode()},
    ),
    "labels as a label map": Model(int8(FLOAT, "0..1"), "right", {"label_map.pbtxt": PBTXT}),
    "labels with their numbers after a tab": Model(
        int8(FLOAT, "0..1"), "right", {"labels.txt": b"dark\t0\nred\t1\ngreen\t2\nblue\t3\n"}
    ),
    "labels of darknet": Model(int8(FLOAT, "0..1"), "right", {"obj.names": LINES}),
    "ultralytics, in the file": Model(
        zipped(int8(FLOAT, "0..1"), metadata_json=json.dumps({"task": "classify", "names": NAMES}).encode()), "right"
    ),
    "ultralytics, in an older file": Model(
        zipped(int8(FLOAT, "0..1"), temp_meta_txt=str({"task": "classify", "names": NAMES}).encode()), "right"
    ),
    "ultralytics, beside the file": Model(
        int8(FLOAT, "0..1"), "right",
        {"metadata.yaml": ("names:\n" + "".join(f"  {number}: {label}\n" for number, label in NAMES.items())).encode()},
    ),
    # outputs
    "two outputs": Model(two_outputs(), "2 outputs: .*say which holds the scores"),
    "two outputs, named": Model(two_outputs(), "guess", settings={**OURS, "output": "out"}),
    "two outputs, numbered": Model(two_outputs(), "guess", settings={**OURS, "output": 1}),
    "several sigmoids": Model(colour_classifier("0..1", ends="LOGISTIC"), "4 sigmoids.*multi-label", settings=OURS),
    "several sigmoids, told": Model(
        colour_classifier("0..1", ends="LOGISTIC"), "guess", settings={**OURS, "multi_label": True}
    ),
    "edge tpu": Model(custom("edgetpu-custom-op"), "Edge TPU.*without _edgetpu"),
    "select tensorflow operators": Model(custom("FlexErf"), "operators of TensorFlow itself"),
    "detector": Model(custom("TFLite_Detection_PostProcess"), "an object detector"),
    "labels of another model": Model(
        int8(FLOAT, "0..1"), "3 labels for a model of 4 classes", {"model.txt": b"a\nb\nc"}
    ),
}  # fmt: skip
