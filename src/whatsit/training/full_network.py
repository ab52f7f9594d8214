"""A fine-tuned network kept in a cache's folder: narrower ones are distilled from it without training it again.

One file, of the last such network; a network of another design or of other pictures takes its place.
"""

import contextlib
import hashlib
import io
import json
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from whatsit.errors import DataError
from whatsit.files import beneath
from whatsit.files.whole import read_bounded, write_file
from whatsit.training.design import Design
from whatsit.training.events import Epoch
from whatsit.training.torch_lite import Weights
from whatsit.training.torch_loop import Labelled, Trained
from whatsit.version import VERSION

FILE = "full-network.npz"
_LARGEST = 2**28
_KEY, _MATRIX, _BIAS, _EPOCH = "key", "head matrix", "head bias", "epoch"


class FullNetwork:
    """The place of a network fine-tuned by this design on these pictures.

    Args:
        folder: the cache's; made when first needed.
    """

    def __init__(self, folder: Path, design: Design, training: Labelled, validation: Labelled) -> None:
        self._file = folder / FILE
        digest = hashlib.sha256(json.dumps([VERSION, design.to_dict()], sort_keys=True).encode())
        for part in (training, validation):
            digest.update(str(part.pixels.shape).encode())
            digest.update(np.ascontiguousarray(part.pixels).data)
            digest.update(np.ascontiguousarray(part.targets).data)
        self._key = digest.hexdigest()

    def read(self, pretrained: Weights, classes: int) -> Trained | None:
        """The network; None where another one is kept, none is, or the file is damaged.

        Args:
            pretrained: what it was begun with: its weights have these names and shapes.
        """
        try:
            with np.load(io.BytesIO(read_bounded(self._file, _LARGEST)), allow_pickle=False) as found:
                if sum(one.file_size for one in found.zip.infolist()) > _LARGEST or str(found[_KEY]) != self._key:
                    return None
                weights = {name: _floats(found[name], tuple(begun.shape)) for name, begun in pretrained.items()}
                matrix = found[_MATRIX]
                matrix = _floats(matrix, (classes, matrix.size // classes))
                bias = _floats(found[_BIAS], (classes,))
                loss, accuracy, validation_loss, validation_accuracy = map(float, found[_EPOCH])
        except (DataError, OSError, KeyError, ValueError, EOFError, MemoryError, zipfile.BadZipFile):
            return None
        epoch = Epoch(1, 1, loss, accuracy, validation_loss, validation_accuracy, best=True)
        return Trained(weights, matrix, bias, (epoch,), stopped=False)

    def write(self, full: Trained) -> None:
        """Keep it; a full disk keeps nothing."""
        best = next(epoch for epoch in reversed(full.history) if epoch.best)
        measured = [best.loss, best.accuracy, best.validation_loss, best.validation_accuracy]
        content = io.BytesIO()
        arrays = {
            _KEY: np.array(self._key),
            _MATRIX: full.head_weights,
            _BIAS: full.head_bias,
            _EPOCH: np.array(measured),
        }
        np.savez(content, allow_pickle=False, **arrays, **full.weights)
        with contextlib.suppress(DataError, OSError):
            beneath.make_folder(self._file.parent)
            write_file(self._file, content.getvalue())


def _floats(values: NDArray[np.generic], shape: tuple[int, ...]) -> NDArray[np.float32]:
    if values.shape != shape or values.dtype != np.float32 or not np.isfinite(values).all():
        raise ValueError("another network")
    return values.astype(np.float32, copy=False)
