"""Reading PyTorch's ``.pth`` files without PyTorch, and without running the program in them.

A pickle is a program. This reader checks the file's hash first, then unpickles with four names allowed, all of which
only describe tensors: anything else is refused.
"""

import hashlib
import io
import pickle
import struct
from collections import OrderedDict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from whatsit.errors import ModelError

_MAGIC = 0x1950A86A20F9469CFC6C  # torch.serialization.MAGIC_NUMBER
_DTYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class _Storage(NamedTuple):
    dtype: np.dtype[Any]
    key: str
    size: int


class _Tensor(NamedTuple):
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_weights(path: Path, sha256: str) -> dict[str, NDArray[Any]]:
    """The tensors of a legacy (protocol 1001) PyTorch state dict, by name.

    Raises:
        ModelError: the file is missing, its SHA-256 differs, or it holds anything but tensors.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: the weights cannot be read: {error.strerror}; reinstall their package") from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ModelError(f"{path}: SHA-256 {found[:16]}… instead of {sha256[:16]}…; reinstall the weights' package")
    return parse_weights(content, str(path))


def parse_weights(content: bytes, name: str) -> dict[str, NDArray[Any]]:
    """As ``read_weights``, for bytes whose hash was checked or does not matter.

    Raises:
        ModelError: the bytes are not such a file, or name anything but tensors.
    """
    stream = io.BytesIO(content)
    try:
        if _TensorUnpickler(stream).load() != _MAGIC:
            raise ModelError(f"{name}: not a legacy PyTorch file")
        _TensorUnpickler(stream).load()  # protocol version
        _TensorUnpickler(stream).load()  # sizes of the writer's C types
        described = _TensorUnpickler(stream).load()
        keys = _TensorUnpickler(stream).load()
        storages = _read_storages(content, stream.tell(), keys, described)
        return {label: _build(tensor, storages) for label, tensor in described.items()}
    except (pickle.UnpicklingError, EOFError, KeyError, ValueError, TypeError, AttributeError, IndexError,
            struct.error, OverflowError, MemoryError, RecursionError, ImportError) as error:  # fmt: skip
        raise ModelError(f"{name}: holds something other than tensors ({error})") from error


class _TensorUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _describe
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        raise pickle.UnpicklingError(f"{module}.{name} is not allowed")

    def persistent_load(self, reference: Any) -> _Storage:
        kind, dtype, key, _device, count, view = reference
        if kind != "storage" or view is not None or not isinstance(dtype, np.dtype):
            raise pickle.UnpicklingError("an unexpected reference")
        return _Storage(dtype, str(key), int(count))


def _describe(storage: _Storage, offset: int, shape: Any, strides: Any, *_rest: Any) -> _Tensor:
    return _Tensor(storage, int(offset), tuple(shape), tuple(strides))


def _read_storages(content: bytes, position: int, keys: list[str], described: Any) -> dict[str, NDArray[Any]]:
    dtypes = {tensor.storage.key: tensor.storage.dtype for tensor in described.values()}
    storages = {}
    for key in keys:
        (count,) = struct.unpack_from("<q", content, position)
        dtype = dtypes[str(key)]
        storages[str(key)] = np.frombuffer(content, dtype, count, position + 8)
        position += 8 + count * dtype.itemsize
    return storages


def _build(tensor: _Tensor, storages: dict[str, NDArray[Any]]) -> NDArray[Any]:
    storage = storages[tensor.storage.key]
    if len(tensor.shape) != len(tensor.strides) or min((*tensor.shape, *tensor.strides, tensor.offset), default=0) < 0:
        raise ValueError(f"strides {tensor.strides} for shape {tensor.shape}")
    last = tensor.offset + sum((side - 1) * step for side, step in zip(tensor.shape, tensor.strides, strict=True))
    if 0 not in tensor.shape and last >= len(storage):
        raise ValueError(f"shape {tensor.shape} reaches past its {len(storage)} numbers")
    steps = tuple(step * storage.itemsize for step in tensor.strides)
    view = np.lib.stride_tricks.as_strided(storage[tensor.offset :], tensor.shape, steps, writeable=False)
    return np.ascontiguousarray(view)
