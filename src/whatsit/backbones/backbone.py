"""A network without its classifier: pictures to embeddings."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whatsit.backbones.builtin import builtin_model
from whatsit.backbones.builtin_id import builtin_id, parse_builtin_id
from whatsit.backbones.efficientnet_lite import MEAN, STD
from whatsit.errors import ImageError, ModelError
from whatsit.imaging.image import ImageLike
from whatsit.imaging.preprocess import EARLIER_GAP, Colour, Fit, Preprocess
from whatsit.tflite.cut import cut_top
from whatsit.tflite.flatbuffer import read_model
from whatsit.tflite.interpreter import Runtime
from whatsit.tflite.metadata import ModelMetadata, read_metadata
from whatsit.tflite.network import Network, input_preprocess, model_content
from whatsit.tflite.normalisation import Normalisation, NormaliseLike, normalisation_of
from whatsit.tflite.reading_file import normalise_of
from whatsit.validation import several


class Backbone:
    """The built-in EfficientNet-Lite at a chosen size, or any ``.tflite`` classifier with its top cut off.

    Implements ``whatsit.Embedder``. A copy, and one that went through pickle, loads the model again.
    """

    def __init__(
        self,
        content: bytes,
        preprocess: Preprocess,
        id: str,  # noqa: A002 - the word the embedder protocol uses
        *,
        threads: int | None = None,
        normalisation: Normalisation | None = None,
        file: Path | None = None,
    ) -> None:
        """Load a backbone; ``builtin``, ``from_id`` and ``from_file`` are the usual ways.

        Args:
            content: a ``.tflite`` that ``read_model`` has checked, one picture in and one embedding out.
            preprocess: how pictures are prepared for it.
            id: names the weights, the input size and the arithmetic.
            threads: of the interpreter; None: one per core, at most four.
            normalisation: how ``preprocess`` is known to suit the network; None: it is the network's own.
            file: the ``.tflite`` it came from; None: it is built in, or came as bytes.
        """
        runtime = Runtime(content, threads, id)
        self._network = Network(runtime, preprocess, id)
        self._id, self._threads = id, threads
        self.content = content
        """The ``.tflite`` file's bytes."""
        self.normalisation = normalisation
        """What the network sees of pixel values, and how that is known; None: it is whatsit's own."""
        self.file = file
        """The ``.tflite`` it came from; None: it is built in, or came as bytes."""
        self._dim = int(np.prod(runtime.outputs[0].shape))

    def __repr__(self) -> str:
        return f"Backbone({self.id}: {self.dim} features)"

    def __reduce__(self) -> tuple[Any, ...]:
        build = partial(type(self), threads=self._threads, normalisation=self.normalisation, file=self.file)
        return build, (self.content, self.preprocess, self._id)

    @classmethod
    def builtin(
        cls, name: str = "lite0", size: int = 224, dtype: str = "int8", *,
        blocks: int | None = None, fit: Fit = Fit.COVER, colour: Colour = Colour.RGB, multi_layer: bool = False,
        threads: int | None = None,
    ) -> "Backbone":  # fmt: skip
        """EfficientNet-Lite without its top; ``dim`` is 1,280, other numbers with ``blocks`` or ``multi_layer``.

        Args:
            name: lite0; lite1 and lite2 with the extras of those names.
            size: input side in pixels, 32 to 512.
            dtype: arithmetic, ``int8`` or ``float32``.
            blocks: keep only the first blocks, this many: faster and coarser; None: all.
            fit: how a picture meets the square input.
            colour: grey takes one channel and gives the embedding of the grey picture in RGB.
            multi_layer: put the means of the last blocks before the last layer's, upper and lower half apart; a head
                learns more from them.
            threads: of the interpreter; None: one per core, at most four.

        Raises:
            ModelError: no such name, size, arithmetic or depth; weights missing or altered.
            MissingExtraError: lite1 and lite2 come with extras.
        """
        content = builtin_model(name, size, dtype, blocks=blocks, colour=colour, multi_layer=multi_layer)
        preprocess = Preprocess(size, size, fit, colour, mean=(MEAN,), std=(STD,))
        return cls(content, preprocess, builtin_id(name, size, dtype, blocks, colour, multi_layer), threads=threads)

    @classmethod
    def from_id(cls, id: str, *, fit: Fit = Fit.COVER, threads: int | None = None) -> "Backbone":  # noqa: A002
        """The built-in backbone that an ``id`` names, as saved features keep it.

        Raises:
            ModelError: the id is of a file's backbone, of another revision, or not an id at all.
        """
        return cls.builtin(**parse_builtin_id(id)._asdict(), fit=fit, threads=threads)

    @classmethod
    def from_file(
        cls, path: str | os.PathLike[str] | bytes, *, fit: Fit = Fit.COVER, threads: int | None = None,
        normalise: NormaliseLike | None = None, reducing_gap: float = EARLIER_GAP,
    ) -> "Backbone":  # fmt: skip
        """Any ``.tflite`` classifier cut at its embedding, or a model that already ends in one.

        Args:
            path: the file, or its bytes.
            fit: how a picture meets the input.
            threads: of the interpreter; None: one per core, at most four.
            normalise: what the network sees, as for ``Classifier``; None: what is kept beside the file, what the file
                or its graph says, else 0..1. ``normalisation`` tells which.
            reducing_gap: as in ``Preprocess``.

        Raises:
            ModelError: the file is missing, broken, or does not take one picture.
            ArgumentError: no such normalisation.
        """
        name, content = model_content(path)
        parsed = read_model(content, name)
        metadata = read_metadata(content, parsed, name)
        cut = cut_top(content, name)
        # Only to read the shapes, hence one thread; the backbone below gets the threads asked for.
        runtime = Runtime(cut, 1, name)
        asked = normalise_of(path, normalise)
        normalisation = normalisation_of(parsed, runtime.input, metadata.mean, metadata.std, asked)
        preprocess = input_preprocess(runtime.input, fit, normalisation.mean, normalisation.std, name, reducing_gap)
        dim = int(np.prod(runtime.outputs[0].shape))
        if len(runtime.outputs) != 1 or dim < 2:
            raise ModelError(f"{name}: {dim} values at the cut; expected an embedding of at least 2")
        identity = f"sha256:{hashlib.sha256(cut).hexdigest()[:16]}@{preprocess.width}x{preprocess.height}"
        if not _as_ever(runtime.input.dtype, preprocess, metadata):
            identity += f":{normalisation}"  # other embeddings than those of earlier versions, which took 0..1
        file = Path(path) if isinstance(path, str | os.PathLike) else None
        return cls(cut, preprocess, identity, threads=threads, normalisation=normalisation, file=file)

    @property
    def id(self) -> str:
        """Names the weights, the input size and the arithmetic; embeddings of different ids never mix."""
        return self._id

    @property
    def dim(self) -> int:
        """Floats in one embedding."""
        return self._dim

    @property
    def preprocess(self) -> Preprocess:
        """How pictures are prepared for it."""
        return self._network.preprocess

    def embed(self, image: ImageLike) -> NDArray[np.float32]:
        """The raw embedding of a picture, shape (dim,).

        Raises:
            ImageError: the picture cannot be read.
        """
        return self.embed_pixels(self.preprocess.pixels(image))

    def embed_pixels(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The raw embedding, shape (dim,), of prepared pixels, uint8 of shape (height, width, channels)."""
        return self._network.outputs(pixels)[0]

    def embed_many(self, images: Iterable[ImageLike]) -> Iterator[NDArray[np.float32]]:
        """Raw embeddings, each of shape (dim,), in the order of ``images``.

        Decoding and inference run on all cores; only a few pictures are in memory at a time.

        Raises:
            ImageError: when a picture that cannot be read is reached.
            DataError: one picture instead of several.
        """
        return self._network.map(several(images), lambda _image, outputs, _ms: outputs[0])

    def embed_or_error(self, images: Iterable[ImageLike]) -> Iterator[NDArray[np.float32] | ImageError]:
        """As ``embed_many``, but an unreadable picture yields its ImageError and the rest go on."""
        return self._network.map_or_error(several(images), lambda _image, outputs, _ms: outputs[0])


def _as_ever(dtype: np.dtype[Any], preprocess: Preprocess, metadata: ModelMetadata) -> bool:
    """Whether pictures are prepared as the metadata says, or as pixel / 255 where it says nothing."""
    usual = (metadata.mean or (0.0,), metadata.std or (255.0,))
    return dtype == np.uint8 or all(map(np.allclose, (preprocess.mean, preprocess.std), usual))
