"""Tensors of the Open Inference Protocol: in JSON, and with the binary extension behind it."""

import json
import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from whatsit.serving.refused import RefusedError
from whatsit.serving.service import MOST_PICTURES, Picture
from whatsit.serving.submission import from_base64, json_object
from whatsit.validation import short

HEADER = "inference-header-content-length"
"""How long the JSON is where binary tensors follow it."""
_OUTPUTS = ("scores", "label", "unknown")
_INPUT = "expected one, image: UINT8 of shape [N, height, width, 3], or BYTES of shape [N] with encoded pictures"


@dataclass(frozen=True, slots=True)
class InferRequest:
    """What is asked for."""

    pictures: tuple[Picture, ...]
    id: str
    outputs: tuple[tuple[str, bool], ...]
    """Which outputs, in which order, and whether each is wanted as binary."""


@dataclass(frozen=True, slots=True)
class Output:
    """A tensor of the answer."""

    name: str
    datatype: Literal["FP32", "BYTES", "BOOL"]
    values: NDArray[Any]


def read_infer_request(body: bytes, header_length: str | None) -> InferRequest:
    """A request's pictures and the outputs it wants.

    Raises:
        RefusedError: it does not follow the protocol, or asks for what the models here do not have.
    """
    length = len(body)
    if header_length is not None:
        digits = header_length.isascii() and header_length.isdecimal() and len(header_length) <= 12
        if not digits or int(header_length) > len(body):
            raise RefusedError(400, f"{HEADER} {short(header_length)}: expected at most the body's {len(body):,} bytes")
        length = int(header_length)
    asked, binary = json_object(body[:length]), memoryview(body)[length:]
    inputs = asked.get("inputs")
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise RefusedError(400, f"inputs: {_INPUT}")
    (tensor,) = inputs
    shape = _shape(tensor.get("shape"))
    content = _binary(tensor, binary)
    if content is None and len(binary):
        raise RefusedError(400, f"{len(binary):,} bytes behind the JSON that no input claims by binary_data_size")
    kind = tensor.get("datatype")
    if kind == "UINT8":
        pictures: Sequence[Picture] = _pixels(tensor, shape, content)
    elif kind == "BYTES":
        pictures = _encoded(tensor, shape, content)
    else:
        raise RefusedError(400, f"datatype {short(kind)}: {_INPUT}")
    name = asked.get("id", "")
    return InferRequest(tuple(pictures), name if isinstance(name, str) else "", _outputs(asked))


def written_response(head: dict[str, Any], outputs: Sequence[Output], asked: InferRequest) -> tuple[bytes, int | None]:
    """The answer's body, and the length of its JSON where binary tensors follow it."""
    by_name = {output.name: output for output in outputs}
    described, behind = [], []
    for name, binary in asked.outputs:
        output = by_name[name]
        view: dict[str, Any] = {"name": name, "datatype": output.datatype, "shape": list(output.values.shape)}
        if binary:
            content = _as_bytes(output)
            behind.append(content)
            view["parameters"] = {"binary_data_size": len(content)}
        else:
            flat = output.values.reshape(-1).tolist()
            view["data"] = [text.decode() for text in flat] if output.datatype == "BYTES" else flat
        described.append(view)
    text = json.dumps({**head, "outputs": described}).encode()
    return (b"".join([text, *behind]), len(text)) if behind else (text, None)


def _as_bytes(output: Output) -> bytes:
    if output.datatype == "BYTES":
        return b"".join(struct.pack("<I", len(text)) + text for text in output.values.tolist())
    little = "<f4" if output.datatype == "FP32" else "?"
    return output.values.astype(little).tobytes()


def _shape(shape: object) -> tuple[int, ...]:
    if isinstance(shape, list) and all(type(side) is int and 0 < side < 2**31 for side in shape):
        return tuple(shape)
    raise RefusedError(400, f"shape {short(shape)}: {_INPUT}")


def _parameters(holder: dict[str, Any]) -> dict[str, Any]:
    found = holder.get("parameters")
    return found if isinstance(found, dict) else {}


def _binary(tensor: dict[str, Any], behind: memoryview) -> memoryview | None:
    size = _parameters(tensor).get("binary_data_size")
    if size is None:
        return None
    if type(size) is not int or size != len(behind):
        raise RefusedError(400, f"binary_data_size {short(size)}: {len(behind):,} bytes follow the JSON")
    return behind


def _pixels(tensor: dict[str, Any], shape: tuple[int, ...], content: memoryview | None) -> list[Picture]:
    if len(shape) != 4 or shape[3] not in (1, 3) or shape[0] > MOST_PICTURES:
        raise RefusedError(400, f"shape {list(shape)}: {_INPUT}, of at most {MOST_PICTURES} pictures")
    count = math.prod(shape)
    values = _numbers(tensor.get("data"), count) if content is None else np.frombuffer(content, np.uint8)
    if values.size != count:
        raise RefusedError(400, f"{values.size:,} values for a tensor of shape {list(shape)}")
    pictures = values.reshape(shape)
    return [np.repeat(one, 3, axis=2) if shape[3] == 1 else one for one in pictures]


def _numbers(data: object, most: int) -> NDArray[np.uint8]:
    found = list(_flat(data, most))
    if not all(type(value) is int and 0 <= value <= 255 for value in found):
        raise RefusedError(400, "data: expected whole numbers from 0 to 255")
    return np.array(found, np.uint8)


def _encoded(tensor: dict[str, Any], shape: tuple[int, ...], content: memoryview | None) -> list[Picture]:
    count = math.prod(shape)
    if not shape or count > MOST_PICTURES or any(side != 1 for side in shape[1:]):
        raise RefusedError(400, f"shape {list(shape)}: {_INPUT}, of at most {MOST_PICTURES} pictures")
    if content is None:
        texts = list(_flat(tensor.get("data"), count))
        pictures: list[Picture] = [from_base64(text, "data") for text in texts]
    else:
        pictures = list(_strings(content))
    if len(pictures) != count:
        raise RefusedError(400, f"{len(pictures)} pictures for a tensor of shape {list(shape)}")
    return pictures


def _strings(content: memoryview) -> Iterator[Picture]:
    """The elements of a binary BYTES tensor, each behind its length."""
    place = 0
    while place < len(content):
        if place + 4 > len(content):
            raise RefusedError(400, "BYTES: the tensor ends within a length")
        (size,) = struct.unpack_from("<I", content, place)
        place += 4
        if size > len(content) - place:
            raise RefusedError(400, f"BYTES: an element of {size:,} bytes, of which {len(content) - place:,} are there")
        yield bytes(content[place : place + size])
        place += size


def _flat(data: object, most: int) -> Iterator[Any]:
    """The values of nested lists, at most one more than there should be."""
    if not isinstance(data, list):
        raise RefusedError(400, "data is missing: expected a list, or binary_data_size and the bytes behind the JSON")
    waiting, given = [iter(data)], 0
    while waiting:
        for value in waiting[-1]:
            if isinstance(value, list):
                waiting.append(iter(value))
                break
            given += 1
            yield value
            if given > most:
                return
        else:
            waiting.pop()


def _outputs(asked: dict[str, Any]) -> tuple[tuple[str, bool], ...]:
    default = _parameters(asked).get("binary_data_output") is True
    wanted = asked.get("outputs")
    if not wanted:
        return tuple((name, default) for name in _OUTPUTS)
    if not isinstance(wanted, list) or not all(isinstance(one, dict) for one in wanted):
        raise RefusedError(400, f"outputs {short(wanted)}: expected a list of {', '.join(_OUTPUTS)}")
    found: dict[str, bool] = {}
    for one in wanted:
        name, parameters = one.get("name"), _parameters(one)
        if name not in _OUTPUTS:
            raise RefusedError(400, f"output {short(name)}: expected one of {', '.join(_OUTPUTS)}")
        if parameters.get("classification"):
            raise RefusedError(400, "classification: not offered; ask for the outputs label and scores")
        found[name] = parameters.get("binary_data", default) is True
    return tuple(found.items())
