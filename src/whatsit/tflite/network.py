"""A loaded model with its preprocessing: pixels in, real values out."""

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from whatsit.errors import ImageError, ModelArgumentError, ModelError
from whatsit.files import read_bounded
from whatsit.imaging.image import ImageLike
from whatsit.imaging.preprocess import EARLIER_GAP, Colour, Fit, Preprocess
from whatsit.parallel import ordered_map
from whatsit.tflite.flatbuffer import MAX_MODEL_BYTES
from whatsit.tflite.interpreter import Runtime, TensorSpec
from whatsit.validation import short

R = TypeVar("R")
Outputs: TypeAlias = tuple[NDArray[np.float32], ...]
"""Every output as real values, each flattened."""
Finish: TypeAlias = Callable[[ImageLike, Outputs, float], R]
"""What is made of a picture, its outputs, and the milliseconds that the network took."""


class Network:
    """One model with its preprocessing, for ``Classifier`` and ``Backbone``.

    Args:
        runtime: the loaded model.
        preprocess: how pictures become its input.
        name: what to call the model in errors.
    """

    def __init__(self, runtime: Runtime, preprocess: Preprocess, name: str) -> None:
        self.runtime, self.preprocess, self.name = runtime, preprocess, name
        self._idle: list[Runtime] = []
        self._table = _lookup_table(runtime.input, preprocess)
        self._channels_first = is_channels_first(runtime.input.shape)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.runtime, self.preprocess, self.name)

    def outputs(self, pixels: NDArray[np.uint8]) -> Outputs:
        """Every output as real values, each flattened, for uint8 pixels of shape (height, width, channels).

        Raises:
            ModelError: pixels of another shape, or an operator fails.
        """
        return self._run(self.runtime, pixels)[0]

    def timed(self, pixels: NDArray[np.uint8]) -> tuple[Outputs, float]:
        """As ``outputs``, and the milliseconds that the network took."""
        return self._run(self.runtime, pixels)

    def map(self, images: Iterable[ImageLike], finish: Finish[R]) -> Iterator[R]:
        """``finish(image, outputs, milliseconds)`` for every image, in order.

        Decoding and inference overlap on all cores.

        Raises:
            ImageError: when a picture that cannot be read is reached.
        """
        with self._borrowed() as borrow:
            yield from ordered_map(lambda: self._worker(borrow(), finish), images)

    def map_or_error(self, images: Iterable[ImageLike], finish: Finish[R]) -> Iterator[R | ImageError]:
        """As ``map``, but an unreadable picture yields its error and the rest go on."""

        def make(runtime: Runtime) -> Callable[[ImageLike], R | ImageError]:
            work = self._worker(runtime, finish)

            def one(image: ImageLike) -> R | ImageError:
                try:
                    return work(image)
                except ImageError as error:
                    return error

            return one

        with self._borrowed() as borrow:
            yield from ordered_map(lambda: make(borrow()), images)

    @contextlib.contextmanager
    def _borrowed(self) -> Iterator[Callable[[], Runtime]]:
        """An interpreter for each thread that asks; kept for the next call, since making one takes as long as several
        pictures."""
        used: list[Runtime] = []

        def borrow() -> Runtime:
            try:
                runtime = self._idle.pop()
            except IndexError:
                runtime = self.runtime.clone()
            used.append(runtime)
            return runtime

        try:
            yield borrow
        finally:
            self._idle.extend(used)

    def _worker(self, runtime: Runtime, finish: Finish[R]) -> Callable[[ImageLike], R]:
        return lambda image: finish(image, *self._run(runtime, self.preprocess.pixels(image)))

    def _run(self, runtime: Runtime, pixels: NDArray[np.uint8]) -> tuple[Outputs, float]:
        self.preprocess.check_pixels(pixels)
        tensor = self._tensor(pixels)
        began = time.perf_counter()
        stored = runtime.run(tensor)
        took = 1000 * (time.perf_counter() - began)
        specs = zip(runtime.outputs, stored, strict=True)
        return tuple(spec.dequantised(values.reshape(-1)) for spec, values in specs), took

    def _tensor(self, pixels: NDArray[np.uint8]) -> NDArray[Any]:
        tensor = self._stored(pixels)
        return tensor.transpose(0, 3, 1, 2) if self._channels_first else tensor

    def _stored(self, pixels: NDArray[np.uint8]) -> NDArray[Any]:
        if self._table is None:
            return pixels[np.newaxis]
        if self._table.ndim == 1:
            return np.take(self._table, pixels)[np.newaxis]
        channels = [np.take(self._table[:, c], pixels[:, :, c]) for c in range(pixels.shape[2])]
        return np.stack(channels, axis=2)[np.newaxis]


def input_preprocess(
    spec: TensorSpec, fit: Fit, mean: tuple[float, ...] | None, std: tuple[float, ...] | None, name: str,
    reducing_gap: float = EARLIER_GAP,
) -> Preprocess:  # fmt: skip
    """The preprocessing for a model's input of shape (1, height, width, 1 or 3) or (1, 1 or 3, height, width).

    Args:
        spec: the input.
        fit: how a picture meets it.
        mean: as the metadata says, in pixel units (0..255); None: 0.
        std: as the metadata says, in pixel units; None: 255, so that the model sees pixel / 255.
        name: what to call the model in errors.
        reducing_gap: as in ``Preprocess``.

    Raises:
        ModelError: the input is not one picture of fixed size, or of a type other than uint8, int8 and float32.
    """
    shape = spec.shape
    if len(shape) == 4 and is_channels_first(shape):
        shape = (shape[0], *shape[2:], shape[1])
    if len(shape) != 4 or shape[0] != 1 or shape[3] not in (1, 3) or min(shape) < 1:
        raise ModelError(f"{name}: input of shape {list(spec.shape)}; expected one picture, [1, height, width, 1 or 3]")
    if spec.dtype not in (np.uint8, np.int8, np.float32):
        raise ModelError(f"{name}: input of type {spec.dtype}; expected uint8, int8 or float32")
    colour = Colour.RGB if shape[3] == 3 else Colour.GREY
    return Preprocess(shape[2], shape[1], fit, colour, mean or (0.0,), std or (255.0,), reducing_gap)


def is_channels_first(shape: tuple[int, ...]) -> bool:
    """Whether an input of four dimensions is (batch, channels, height, width), as PyTorch has it."""
    return len(shape) == 4 and shape[1] in (1, 3) and shape[3] not in (1, 3)


def model_content(model: str | os.PathLike[str] | bytes) -> tuple[str, bytes]:
    """What to call a model in errors, and its bytes.

    Raises:
        ModelArgumentError: neither bytes nor a path.
        ModelError: as ``read_model_file``.
    """
    if isinstance(model, bytes | bytearray | memoryview):
        return "model", bytes(model)
    return str(model), read_model_file(model)


def read_model_file(path: str | os.PathLike[str]) -> bytes:
    """The bytes of a model file.

    Raises:
        ModelArgumentError: not a path.
        ModelError: it is missing, not a file, larger than ``MAX_MODEL_BYTES``, or cannot be read.
    """
    if not isinstance(path, str | os.PathLike):
        raise ModelArgumentError(f"model {short(path)}: expected the path of a .tflite, or its bytes")
    return read_bounded(path, MAX_MODEL_BYTES, "a .tflite model", error=ModelError)


def _lookup_table(spec: TensorSpec, preprocess: Preprocess) -> NDArray[Any] | None:
    """What each of the 256 pixel values becomes; None for uint8, which takes pixels as they are."""
    if spec.dtype == np.uint8:
        return None
    levels = np.arange(256, dtype=np.uint8)
    if len(preprocess.mean) == len(preprocess.std) == 1:
        return spec.quantised(preprocess.normalised(levels))
    per_channel = np.repeat(levels[:, np.newaxis], preprocess.channels, axis=1)
    return spec.quantised(preprocess.normalised(per_channel))
