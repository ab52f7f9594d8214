"""A loaded model: one interpreter, its threads, one lock. Only importer of LiteRT's interpreter."""

import contextlib
import os
import threading
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whatsit.errors import ModelError
from whatsit.parallel import cores
from whatsit.validation import whole_number

MOST_COPIES = 64
"""The largest fixed batch of a model that is run at all."""


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """A model's input or output: shape, type, and the value of its integers: scale * (stored - zero_point)."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    scale: float
    """0 where the tensor is not quantised."""
    zero_point: int

    def dequantised(self, stored: NDArray[Any]) -> NDArray[np.float32]:
        """Stored numbers as real values, float32 of the same shape; integers without a scale stand for themselves."""
        if self.dtype == np.float32:
            return np.asarray(stored, np.float32)
        values = stored.astype(np.float32)
        if self.scale == 0:
            return values
        return (values - np.float32(self.zero_point)) * np.float32(self.scale)

    def quantised(self, values: NDArray[np.float32]) -> NDArray[Any]:
        """Real values as the tensor stores them: rounded, and clipped to the type's range.

        Raises:
            ModelError: the tensor holds integers without a scale.
        """
        if self.dtype == np.float32:
            return values
        if self.scale == 0:
            raise ModelError(f"tensor {self.name}: {self.dtype} without a scale cannot take real values")
        limits = np.iinfo(self.dtype)
        stored = np.rint(values / np.float32(self.scale)) + self.zero_point
        return np.asarray(np.clip(stored, limits.min, limits.max), self.dtype)


class Runtime:
    """A loaded model. Threads that share one take turns; for speed give each thread its own ``clone()``.

    A copy, and one that went through pickle, loads the model's bytes again.
    """

    def __init__(self, content: bytes, threads: int | None = None, name: str = "model") -> None:
        """Load a model.

        Args:
            content: the ``.tflite`` file, which ``tflite.flatbuffer.read_model`` has checked.
            threads: of the interpreter; None: one per core, at most four.
            name: what to call the model in errors.

        Raises:
            ModelError: LiteRT refuses the model, or an input's shape is not fixed.
            DataError: ``threads`` is less than 1.
        """
        from ai_edge_litert.interpreter import Interpreter

        self._copies = 1
        """How many pictures the model takes at once; it is given one picture that many times."""
        self._content, self._name, self._wanted_threads = content, name, threads
        self.threads = min(4, cores()) if threads is None else whole_number(threads, "threads")
        self._lock = threading.Lock()
        self._forked = False
        _runtimes.add(self)
        try:
            with without_greeting():
                self._interpreter: Any = Interpreter(model_content=content, num_threads=self.threads)
                self._interpreter.allocate_tensors()
            inputs = self._interpreter.get_input_details()
            outputs = self._interpreter.get_output_details()
        except (ValueError, RuntimeError) as error:  # ValueError: also a name that is not UTF-8
            raise ModelError(f"{name}: LiteRT cannot run this model: {_first_line(error)}") from error
        if len(inputs) != 1:
            raise ModelError(f"{name}: {len(inputs)} inputs; expected one picture")
        if any(side == -1 for side in inputs[0]["shape_signature"][1:]):
            shape = [int(side) for side in inputs[0]["shape_signature"]]
            raise ModelError(f"{name}: input of dynamic shape {shape}; export it again with a fixed picture size")
        self.input = _spec(inputs[0])
        self.outputs = tuple(_spec(detail) for detail in outputs)
        if len(self.input.shape) == 4 and self.input.shape[0] > 1:
            self._copies = self.input.shape[0]
            if self._copies > MOST_COPIES or any(spec.shape[:1] != (self._copies,) for spec in self.outputs):
                raise ModelError(f"{name}: takes {self._copies} pictures at once; export it again with a batch of 1")
            self.input, *found = (replace(spec, shape=(1, *spec.shape[1:])) for spec in (self.input, *self.outputs))
            self.outputs = tuple(found)
        self._in = inputs[0]["index"]
        self._out = [detail["index"] for detail in outputs]

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._content, self._wanted_threads, self._name)

    def run(self, tensor: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """Run the model once.

        Args:
            tensor: of the type and shape of ``input``.

        Returns:
            A copy of every output as stored.

        Raises:
            ModelError: an operator fails; some damage of a file shows only here.
        """
        if self._copies > 1:
            tensor = np.repeat(tensor, self._copies, axis=0)
        with self._lock:
            if self._forked:
                self._open_again()
            self._interpreter.set_tensor(self._in, tensor)
            try:
                self._interpreter.invoke()
                found = tuple(self._interpreter.get_tensor(index) for index in self._out)
            except (ValueError, RuntimeError) as error:
                raise ModelError(f"{self._name}: LiteRT cannot run this model: {_first_line(error)}") from error
        if self._copies > 1:
            found = tuple(values[:1] for values in found)
        for spec, values in zip(self.outputs, found, strict=True):
            if values.shape != spec.shape:
                shapes = f"{list(values.shape)}, announced as {list(spec.shape)}"
                raise ModelError(f"{self._name}: output {spec.name} has shape {shapes}; export it with a fixed one")
        return found

    def _open_again(self) -> None:
        # The interpreter's threads stayed in the parent; without them it would neither run nor end.
        _left_behind.append(self._interpreter)
        fresh = Runtime(self._content, self._wanted_threads, self._name)
        self._interpreter, self._in, self._out, self._forked = fresh._interpreter, fresh._in, fresh._out, False

    def clone(self, threads: int = 1) -> "Runtime":
        """Another interpreter for the same model."""
        return Runtime(self._content, threads, self._name)


_runtimes: "weakref.WeakSet[Runtime]" = weakref.WeakSet()
_left_behind: list[Any] = []
_greeting_lock = threading.Lock()
_greeted = threading.Event()


def _after_fork() -> None:
    """In a child: another thread of the parent may have held a lock at the fork, and nobody here would release it."""
    global _greeting_lock  # noqa: PLW0603 - there is no other way to give it up
    _greeting_lock = threading.Lock()
    for runtime in _runtimes:
        runtime._lock, runtime._forked = threading.Lock(), True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


@contextlib.contextmanager
def without_greeting() -> Iterator[None]:
    """Keeps LiteRT's greeting off standard error while a process makes its first interpreter."""
    # The first interpreter of a process writes "INFO: Created TensorFlow Lite XNNPACK delegate" to file descriptor 2
    # from C++ at every log level; a tool that promises one-line errors and JSON cannot have that.
    with _greeting_lock:
        if _greeted.is_set():
            yield
            return
        try:
            kept = os.dup(2)
        except OSError:  # no standard error at all
            yield
            return
        sink = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(sink, 2)
            yield
            _greeted.set()
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(sink)


def _spec(detail: Any) -> TensorSpec:
    if np.dtype(detail["dtype"]).kind == "c":
        raise ModelError(f"tensor {detail['name']}: complex numbers; expected real ones")
    scale, zero_point = detail["quantization"]
    shape = tuple(int(side) for side in detail["shape"])
    return TensorSpec(str(detail["name"]), shape, np.dtype(detail["dtype"]), float(scale), int(zero_point))


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
