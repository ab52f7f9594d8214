"""Reading a ``.tflite`` file into objects that can be edited, and writing them back.

Format: TensorFlow Lite schema version 3 (FlatBuffers, file identifier ``TFL3``).
"""

import struct
from typing import Any

import flatbuffers
import numpy as np
from numpy.typing import NDArray

from whatsit.errors import ModelError
from whatsit.tflite.extent import check_extent
from whatsit.tflite.schema import schema
from whatsit.tflite.soundness import check

MAX_MODEL_BYTES = 2**30
_ALIGNMENT = 16  # Buffer.data is declared force_align: 16

_FLATBUFFER_ERRORS = (
    struct.error, ValueError, IndexError, TypeError, AttributeError, OverflowError, MemoryError, UnicodeDecodeError,
)  # fmt: skip


def read_model(content: bytes, name: str = "model") -> Any:
    """Parse and check a model.

    Args:
        content: the ``.tflite`` file.
        name: what to call the model in errors.

    Returns:
        A ``ModelT``. Every buffer holds its bytes (also those a quantiser stored after the flatbuffer), every index
        is in range, every constant has the length of its shape.

    Raises:
        ModelError: ``content`` is empty, truncated, not a TFLite model, or inconsistent. LiteRT would read
            outside the file on some of these, so nothing reaches it unchecked.
    """
    check_identifier(content, name)
    try:
        check_extent(content)
        model = schema.ModelT.InitFromPackedBuf(content, 0)
        _gather_buffers(model, content)
        check(model)
    except _FLATBUFFER_ERRORS as error:
        # struct's own message is about its buffer, and long.
        reason = "it points outside itself" if isinstance(error, struct.error) else f"{type(error).__name__}: {error}"
        raise ModelError(
            f"{name}: the model file is broken or truncated ({reason}); copy or export it again"
        ) from error
    return model


def check_identifier(content: bytes, name: str) -> None:
    """Refuse a file that is clearly not a TFLite model.

    Raises:
        ModelError: an empty or oversized file, or one without the identifier ``TFL3``.
    """
    if not content:
        raise ModelError(f"{name}: the model file is empty")
    if len(content) > MAX_MODEL_BYTES:
        raise ModelError(f"{name}: {len(content):,} bytes, more than the {MAX_MODEL_BYTES:,} allowed for a model")
    if len(content) < 8 or content[4:8] != b"TFL3":
        raise ModelError(f"{name}: not a TFLite model{_described(content)}; give a .tflite file")


_OTHERS = (
    (b"PK\x03\x04", "a zip archive, as of Keras or PyTorch: unpack it, or convert the model"),
    (b"\x89HDF", "a Keras .h5 file: convert it with tf.lite.TFLiteConverter"),
    (b"\x1f\x8b", "a gzip archive: unpack it"),
    (b"version https://git-lfs", "a pointer of Git LFS: fetch the file with git lfs pull"),
    (b"<", "a web page or XML: the download did not give the file"),
    (b"\x08", "an ONNX or SavedModel file, by its first byte: convert it"),
)


def _described(content: bytes) -> str:
    """What a file is instead, by its first bytes."""
    said = next((what for begin, what in _OTHERS if content.lstrip(b" \r\n").startswith(begin)), "")
    return f" but {said}" if said else " (the identifier TFL3 is missing)"


def write_model(model: Any) -> bytes:
    """The flatbuffer of ``model`` (a ``ModelT``), constants aligned to 16 bytes; equal input, equal bytes."""
    model.buffers = [_AlignedBuffer(buffer.data) for buffer in model.buffers]
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def constant(model: Any, tensor: Any) -> NDArray[Any] | None:
    """The values of a constant tensor as stored, in its shape; None where the graph computes it."""
    data = model.buffers[tensor.buffer].data
    if data is None or len(data) == 0:
        return None
    dtype = {
        schema.TensorType.FLOAT32: np.float32,
        schema.TensorType.INT32: np.int32,
        schema.TensorType.INT8: np.int8,
        schema.TensorType.UINT8: np.uint8,
        schema.TensorType.INT64: np.int64,
    }[tensor.type]
    return np.frombuffer(bytes(data), dtype).reshape(tensor.shape)


class _AlignedBuffer(schema.BufferT):  # type: ignore[misc]
    """Aligns its bytes to 16, as the schema demands; the generated class aligns to 1."""

    def __init__(self, data: Any) -> None:
        super().__init__()
        self.data = None if data is None or len(data) == 0 else np.frombuffer(bytes(data), np.uint8)

    def Pack(self, builder: Any) -> Any:  # noqa: N802 - the generated name
        vector = None
        if self.data is not None:
            builder.StartVector(1, len(self.data), _ALIGNMENT)
            start = builder.Head() - len(self.data)
            builder.head = start
            builder.Bytes[start : start + len(self.data)] = self.data.tobytes()
            vector = builder.EndVector()
        schema.BufferStart(builder)
        if vector is not None:
            schema.BufferAddData(builder, vector)
        return schema.BufferEnd(builder)


def _gather_buffers(model: Any, content: bytes) -> None:
    for buffer in model.buffers:
        if buffer.offset and buffer.offset > 1:
            if buffer.offset + buffer.size > len(content):
                raise ValueError(f"a constant ends {buffer.offset + buffer.size - len(content):,} bytes after the file")
            buffer.data = np.frombuffer(content, np.uint8, buffer.size, buffer.offset)
            buffer.offset = buffer.size = 0
