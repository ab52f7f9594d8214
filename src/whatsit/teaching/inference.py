"""An embedder as few-shot learning uses it: one picture at a time, every answer checked."""

import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import tee
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whatsit.backbones.backbone import Backbone
from whatsit.backbones.builtin_id import is_builtin_id
from whatsit.backbones.choice import BackboneChoice
from whatsit.backbones.embedder import Embedder
from whatsit.errors import ArgumentError, ImageError, ModelError
from whatsit.heads.unknown import Floats
from whatsit.imaging.image import ImageLike
from whatsit.imaging.preprocess import Fit, Preprocess
from whatsit.parallel import ordered_map
from whatsit.teaching.feature_store import taught_with
from whatsit.tflite.normalisation import Normalisation, NormaliseLike
from whatsit.validation import short

Pixels = NDArray[np.uint8]


class Inference:
    """Calls an embedder from one thread at a time and refuses embeddings that cannot be used."""

    def __init__(self, embedder: Embedder, file: Path | None = None) -> None:
        """``file`` is the ``.tflite`` of the user's that the embedder came from; None: it has none."""
        self.embedder, self.file = embedder, file
        self.normalisation: Normalisation | None = getattr(embedder, "normalisation", None)
        self._one_at_a_time = threading.Lock()

    def __call__(self, pixels: Pixels) -> Floats:
        """The raw embedding of prepared pixels, shape (height, width, channels) to (dim,).

        Raises:
            ImageArgumentError, ImageError: the pixels have another shape or type.
            ModelError: the embedder gave another shape, or numbers that are not finite.
        """
        with self._one_at_a_time:
            embedding = np.array(self.embedder.embed_pixels(pixels), np.float32)
        return self._checked(embedding)

    def each(
        self, images: Iterable[ImageLike], preprocess: Preprocess
    ) -> Iterator[tuple[ImageLike, Floats | ImageError]]:
        """Each picture with its embedding, or with the error of one that cannot be read; order kept.

        Decoding and inference overlap on all cores; only a few pictures are in memory at a time.
        """
        embed_or_error = getattr(self.embedder, "embed_or_error", None)
        shown, given = tee(images)
        if embed_or_error is not None and preprocess == self.embedder.preprocess:
            embedded: Iterator[Floats | ImageError] = embed_or_error(given)
        else:
            embedded = ordered_map(lambda: lambda image: self._one(image, preprocess), given)
        for embedding, image in zip(embedded, shown, strict=False):
            yield image, embedding if isinstance(embedding, ImageError) else self._checked(embedding)

    def choice(self, fit: Fit) -> BackboneChoice:
        """What a model file is built on.

        Raises:
            ModelError: the embedder is no network.
        """
        if self.file is not None:
            return BackboneChoice(str(self.file), fit=fit)  # its network only: what it saw is in ``preprocess``
        if not is_builtin_id(self.embedder.id):
            raise ModelError(
                f"backbone {self.embedder.id!r}: neither built in nor a .tflite file, so no model can be made of it"
            )
        return BackboneChoice.from_id(self.embedder.id, fit)

    def _one(self, image: ImageLike, preprocess: Preprocess) -> Floats | ImageError:
        try:
            return self(preprocess.pixels(image))
        except ImageError as error:
            return error

    def _checked(self, embedding: Floats) -> Floats:
        dim = self.embedder.dim
        if embedding.shape != (dim,) or not np.isfinite(embedding).all():
            raise ModelError(
                f"backbone {self.embedder.id!r} gave shape {embedding.shape} or numbers that are not finite: "
                f"expected {dim} finite floats"
            )
        return embedding

    def __getstate__(self) -> dict[str, Any]:
        return {"embedder": self.embedder, "file": self.file}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]  # a lock cannot be copied, a new one does the same


def open_inference(
    backbone: "str | os.PathLike[str] | BackboneChoice | Embedder | None", threads: int | None = None,
    normalise: NormaliseLike | None = None,
) -> Inference:  # fmt: skip
    """An embedder from what people give for one.

    Args:
        backbone: the name of a built-in one, the path of a ``.tflite``, a ``BackboneChoice``, any ``Embedder``, or
            None for the default.
        threads: of the interpreter of a backbone opened here; None: one per core, at most four.
        normalise: what a ``.tflite`` sees of pixel values; None: as for ``Backbone.from_file``.

    Raises:
        ArgumentError: none of these, no such normalisation, or one for something else than a ``.tflite``.
        ModelError: no such built-in backbone, or a file that is missing, broken, or not a classifier of one picture.
        MissingExtraError: a built-in backbone whose extra is not installed.
    """
    if isinstance(backbone, str | os.PathLike) and Path(backbone).suffix:
        return Inference(Backbone.from_file(backbone, threads=threads, normalise=normalise), Path(backbone))
    if backbone is None or isinstance(backbone, str | os.PathLike | BackboneChoice):
        choice = BackboneChoice.of(backbone, normalise)
        return Inference(choice.open(threads=threads), choice.file)
    if not hasattr(backbone, "embed_pixels"):
        raise ArgumentError(f"backbone {short(backbone)}: expected a name, the path of a .tflite, or an Embedder")
    if normalise is not None:
        raise ArgumentError(f"normalise {short(normalise)}: an embedder has its own; leave it out")
    return Inference(backbone)


def taught_backbone(
    path: str | os.PathLike[str], named: str | os.PathLike[str] | None = None, threads: int | None = None
) -> BackboneChoice | Backbone:
    """The backbone that the sidecar of a feature file names, as it was used; the default one where it names none.

    Args:
        named: where its ``.tflite`` lies now; None: where it was.

    Raises:
        ModelError: a file that is not where it was, or a built-in backbone of another version.
    """
    origin = taught_with(path)
    if named is not None:
        choice = BackboneChoice(os.fspath(named), fit=origin.fit)
        return replace(choice, normalise=origin.normalise) if choice.is_file else choice
    if origin.file is not None:
        if not origin.file.is_file():
            missing = f"{path}: taught on {origin.file}, which is not there; put it back"
            raise ModelError(f"{missing}, or name it with --backbone", on_page=missing)
        return BackboneChoice(str(origin.file), fit=origin.fit, normalise=origin.normalise)
    if origin.backbone is None:
        return BackboneChoice(fit=origin.fit)
    return Backbone.from_id(origin.backbone, fit=origin.fit, threads=threads)
