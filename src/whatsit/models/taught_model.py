"""What teaching and training give: a head on a backbone, and the ``.tflite`` files made of it."""

import hashlib
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from whatsit.backbones.backbone import Backbone
from whatsit.backbones.builtin_id import is_builtin_id
from whatsit.backbones.choice import BackboneChoice, is_quantised
from whatsit.errors import ModelError
from whatsit.files import check_writable, write_file
from whatsit.heads.limits import Verdict, by_distance
from whatsit.heads.linear import HiddenLayer, LinearHead, Prototypes
from whatsit.heads.selection import Selection
from whatsit.heads.strangeness import UnknownRule
from whatsit.heads.unknown import normalised
from whatsit.imaging.image import ImageLike
from whatsit.imaging.preprocess import Colour, Preprocess
from whatsit.models.card import Golden, ModelCard, read_card
from whatsit.models.int8_form import Int8Loss
from whatsit.tflite.cut import keep_until
from whatsit.tflite.dynamic_range import dynamic_range
from whatsit.tflite.flatbuffer import read_model
from whatsit.tflite.int8_graph import Ranges
from whatsit.tflite.interpreter import Runtime
from whatsit.tflite.merge import (
    HIDDEN,
    LOGITS,
    NORMALISED,
    SCORES,
    append_head,
    input_name,
    output_name,
    tensor_names,
    with_uint8_scores,
)
from whatsit.tflite.metadata import (
    CARD_FILE,
    LABELS_FILE,
    ModelMetadata,
    flatbuffer_part,
    read_files,
    read_metadata,
    with_files,
    with_metadata,
)
from whatsit.tflite.network import Network, read_model_file
from whatsit.tflite.pixels_inside import MEAN, STD, ranges_inside, with_pixels_inside, without_pixels_inside
from whatsit.tflite.quantise import measure_ranges, quantise, with_io
from whatsit.validation import path as checked_path
from whatsit.version import VERSION


@dataclass(frozen=True, eq=False)
class TaughtModel:
    """A head, the prototypes that tell *unknown*, and the backbone they belong to.

    ``to_tflite`` makes a model file of it, ``save`` writes one.
    """

    backbone: BackboneChoice
    backbone_id: str
    """With the arithmetic the embeddings were made in; see ``Backbone.id``."""
    preprocess: Preprocess
    head: LinearHead
    prototypes: Prototypes
    unknown: UnknownRule | None
    """The rule for *unknown*; None: ``threshold`` decides."""
    pictures: int
    """How many were taught."""
    head_ranges: tuple[tuple[str, float, float], ...]
    """Tensor, lowest, highest value over the taught pictures: the head's tensors; where ``measured``, all of them."""
    golden: tuple[NDArray[np.uint8], ...]
    """Pixels of a few taught pictures, shape (height, width, channels)."""
    calibration: tuple[NDArray[np.uint8], ...] = ()
    """Pixels, as above, for measuring the ranges of a float backbone that is not built in."""
    network: bytes | None = None
    """A float32 backbone trained with the head, instead of the one ``backbone`` names."""
    int8: "TaughtModel | None" = None
    """On a float32 file: the same fitted on what its int8 form computes, which int8 files are made of."""
    int8_loss: Int8Loss | None = None
    """What int8 costs on the taught pictures, where ``int8`` was fitted just now."""
    threshold: float | None = None
    """For a model from a file of an earlier version: the distance between L2-normalised embeddings, 0..2, beyond which
    a picture is unknown; None: never."""
    selection: Selection | None = None
    """How the fit and the regularisation were chosen; None: by hand, or not known."""

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> "TaughtModel":
        """A model that ``to_tflite`` made, ready to be written in another arithmetic.

        A built-in backbone is built again. Any other is taken from the float32 model: the file itself, or for
        ``NAME.tflite`` the ``NAME-float32.tflite`` of the same training beside it.

        Raises:
            ModelError: missing, broken, not made by whatsit, or not on a built-in backbone and without a float32 model.
        """
        name, content = str(path), read_model_file(path)
        metadata = read_metadata(content, read_model(content, name), name)
        card = read_card(metadata.files, name)
        if card is None:
            raise ModelError(
                f"{name}: not made by whatsit; export works on what  whatsit teach  wrote",
                on_page=f"{name}: not made by whatsit; choose a model from the Train page",
            )
        if is_builtin_id(card.backbone):
            return cls._of_card(card, metadata.files, name, BackboneChoice.from_id(card.backbone, card.fit))
        network, other, files = _float32_network(Path(path), content, card)
        backbone = BackboneChoice(card.backbone, card.width, card.fit, None, card.colour)
        int8 = cls._of_card(card, metadata.files, name, backbone, network) if card.dtype == "int8" else None
        return replace(cls._of_card(other, files, name, backbone, network), int8=int8)

    @classmethod
    def _of_card(
        cls, card: ModelCard, files: Mapping[str, bytes], name: str, backbone: BackboneChoice,
        network: bytes | None = None,
    ) -> "TaughtModel":  # fmt: skip
        means = Prototypes.from_file(files, card.labels, name)
        return cls(
            backbone=backbone,
            backbone_id=card.backbone,
            preprocess=card.network_preprocess,
            head=LinearHead.from_file(files, card.labels, normalise=normalises(card), name=name),
            prototypes=means,
            unknown=None if card.unknown is None else UnknownRule.from_files(files, means.means, card.unknown, name),
            threshold=card.threshold,
            pictures=card.pictures,
            head_ranges=card.head_ranges,
            golden=tuple(card.preprocess.pixels(files[g.file]) for g in card.golden if g.file in files),
            network=network,
            selection=card.selection,
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, in the order of the model's scores."""
        return self.head.labels

    def judge(self, embedding: NDArray[np.float32]) -> Verdict | None:
        """How strange the picture with this raw embedding, shape (dim,), is; None: the model never says unknown."""
        if self.unknown is not None:
            return self.unknown.judge(embedding)
        return by_distance(float(self.prototypes.distances(embedding).min()), self.threshold)

    def measured(self) -> "TaughtModel":
        """The same with the ranges of a float network that is not built in, so that its file can become int8 later."""
        backbone = self.backbone.network() if self.network is None else self.network
        if is_quantised(backbone) or not self.calibration:
            return self
        ranges = self._ranges(self._merged(backbone))
        return replace(self, head_ranges=tuple((tensor, *ranges[tensor]) for tensor in sorted(ranges)), calibration=())

    def int8_backbone(self) -> Backbone:
        """What the int8 file computes up to its embedding, as a backbone; not for a quantised file's model.

        Raises:
            ModelError: the network cannot become int8.
        """
        network, embedding = self._network("int8", "uint8")
        model = read_model(network)
        content = keep_until(model, tensor_names(model).index(embedding))
        return Backbone(content, self.preprocess, f"{self.backbone_id}:int8-{hashlib.sha256(content).hexdigest()[:16]}")

    def to_tflite(self, dtype: str = "int8", io: str | None = None) -> bytes:
        """A whole model in one file: network, labels, normalisation, threshold, golden pictures.

        Args:
            dtype: the arithmetic inside: ``int8``, ``float32``, or ``dynamic``: 8-bit weights on float32 values.
            io: the input and output types: ``uint8`` (default for int8), ``int8`` or ``float32``, for int8 only.

        Raises:
            ArgumentError: ``dtype`` or ``io`` is not one of these.
            ModelError: they do not go with each other or with the backbone.
        """
        if dtype == "int8" and self.int8 is not None:
            return self.int8.to_tflite(dtype, io)
        network, embedding = self._network(dtype, io)
        outside = self._outside(dtype, io)
        metadata = ModelMetadata(
            outside.mean, outside.std, self.labels, self._files(b""),
            name="whatsit classifier", description=f"{len(self.labels)} classes taught with whatsit",
        )  # fmt: skip
        content = with_metadata(network, metadata, grey=self.preprocess.colour is Colour.GREY)
        card = self._card(content, dtype, embedding, outside)
        files = self._files(b"")
        return with_files(content, self._files(card.sealed(files).to_json()))

    def save(self, path: str | os.PathLike[str], dtype: str = "int8", io: str | None = None) -> None:
        """Write what ``to_tflite`` gives, whole or not at all.

        Raises:
            ArgumentError, ModelError: see ``to_tflite``.
            DataError: the folder is missing, full or cannot be written to.
        """
        target = checked_path(path, "a .tflite file to write")
        check_writable(target)
        write_file(target, self.to_tflite(dtype, io))

    def __repr__(self) -> str:
        return f"TaughtModel({self.backbone_id}: {len(self.labels)} labels, {self.pictures} pictures)"

    def _files(self, card: bytes) -> dict[str, bytes]:
        files = {
            LABELS_FILE: ("\n".join(self.labels) + "\n").encode(),
            CARD_FILE: card,
            Prototypes.FILE: self.prototypes.to_bytes(),
            LinearHead.FILE: self.head.to_bytes(),
        }
        if self.head.hidden is not None:
            files[HiddenLayer.FILE] = self.head.hidden.to_bytes()
        if self.unknown is not None:
            files.update(self.unknown.to_files())
        return files | {golden_file(index): png_bytes(pixels) for index, pixels in enumerate(self.golden)}

    def _network(self, dtype: str, io: str | None) -> tuple[bytes, str]:
        self.backbone.check_output(dtype, io)
        backbone = self.backbone.network() if self.network is None else self.network
        embedding = output_name(backbone)
        merged = self._merged(backbone)
        if is_quantised(backbone):
            return with_uint8_scores(merged), embedding
        if dtype == "int8" and (io or "uint8") == "uint8":
            return with_io(quantise(merged, self._ranges(merged)), "uint8"), embedding
        whole = with_pixels_inside(merged, self.preprocess.mean, self.preprocess.std)
        if dtype == "float32":
            return whole, embedding
        if dtype == "dynamic":
            return dynamic_range(whole), embedding
        ranges = {**self._ranges(merged), **ranges_inside(self.preprocess.mean, self.preprocess.std)}
        return with_io(quantise(whole, ranges), str(io)), embedding

    def _outside(self, dtype: str, io: str | None) -> Preprocess:
        """How pictures are prepared for the file: pixel / 255 where it does the network's own normalisation itself."""
        quantised = is_quantised(self.backbone.network() if self.network is None else self.network)
        if quantised or (dtype == "int8" and (io or "uint8") == "uint8"):
            return self.preprocess
        return replace(self.preprocess, mean=MEAN, std=STD)

    def _merged(self, backbone: bytes) -> bytes:
        hidden = self.head.hidden
        return append_head(
            backbone, self.head.weights, self.head.bias, normalise=self.head.normalise,
            hidden=None if hidden is None else (hidden.weights, hidden.bias),
        )  # fmt: skip

    def _ranges(self, merged: bytes) -> Ranges:
        known = {tensor: (low, high) for tensor, low, high in self.head_ranges}
        if input_name(merged) in known:  # ``measured`` before
            return known
        shipped = self.backbone.spec.ranges(self.backbone) if self.network is None else None
        return {**(self._calibrated(merged) if shipped is None else shipped), **known}

    def _calibrated(self, merged: bytes) -> Ranges:
        if not self.calibration:
            again = f"no pictures to calibrate {self.backbone.name} on; teach again from the pictures"
            raise ModelError(f"{again} with --dtype int8", on_page=again)
        inputs = (self.preprocess.normalised(pixels)[np.newaxis] for pixels in self.calibration)
        # The input gets the normalisation's own range, not the pictures': only then do raw uint8 pixels mean what the
        # normalisation says.
        black, white = (self.preprocess.normalised(np.array([value], np.uint8)) for value in (0, 255))
        return measure_ranges(merged, inputs) | {input_name(merged): (float(black.min()), float(white.max()))}

    def _card(self, content: bytes, dtype: str, embedding: str, outside: Preprocess) -> ModelCard:
        own = (self.preprocess.mean, self.preprocess.std)
        card = ModelCard(
            labels=self.labels, width=self.preprocess.width, height=self.preprocess.height, fit=self.preprocess.fit,
            colour=self.preprocess.colour, mean=outside.mean, std=outside.std, dtype=dtype,
            reducing_gap=self.preprocess.reducing_gap,
            inside=None if own == (outside.mean, outside.std) else own,
            backbone=self.backbone_id, embedding=embedding, threshold=self.threshold,
            unknown=None if self.unknown is None else self.unknown.limits,
            made_with=f"whatsit {VERSION}", pictures=self.pictures, head_ranges=self.head_ranges,
            normalise=self.head.normalise, selection=self.selection,
            weights_sha256=weights_hash(content), graph_sha256=hashlib.sha256(content).hexdigest(),
        )  # fmt: skip
        network = Network(Runtime(content), outside, "the new model")
        golden = []
        for index, pixels in enumerate(self.golden):
            scores = network.outputs(pixels)[0]
            rounded = tuple(round(float(score), 5) for score in scores)
            golden.append(Golden(golden_file(index), self.labels[int(scores.argmax())], rounded))
        return replace(card, golden=tuple(golden))


def head_ranges(head: LinearHead, embeddings: NDArray[np.float32]) -> tuple[tuple[str, float, float], ...]:
    """Tensor, lowest, highest value of the head's tensors on taught embeddings, shape (pictures, dim).

    The head's part of the calibration of an int8 model.
    """
    logits = head.logits(embeddings)
    found = [(LOGITS, float(logits.min()), float(logits.max())), (SCORES, 0.0, 1.0)]
    if head.hidden is not None:
        prepared = normalised(embeddings) if head.normalise else embeddings
        found.append((HIDDEN, 0.0, float(head.hidden.outputs(prepared).max())))
    if head.normalise:
        lengths = np.maximum(np.linalg.norm(embeddings, axis=1), 1e-12)
        found.append(
            (
                NORMALISED,
                float((embeddings.min(1) / lengths).min()),
                float((embeddings.max(1) / lengths).max()),
            )
        )
    return tuple((tensor, round(low, 6), round(high, 6)) for tensor, low, high in found)


def normalises(card: ModelCard) -> bool:
    """Whether the head divides by the embedding's length; earlier versions say so only by the range of its result."""
    return card.normalise or any(tensor == NORMALISED for tensor, _, _ in card.head_ranges)


def _float32_network(path: Path, content: bytes, card: ModelCard) -> tuple[bytes, ModelCard, Mapping[str, bytes]]:
    """The float32 backbone of a model that is not on a built-in one, and the card and files of the file it was in."""
    source = path if card.dtype == "float32" else float32_beside(path)
    if source != path:
        way_out = "not on a built-in backbone, export needs the float32 model of the same training beside it"
        if card.backbone.startswith("sha256:"):
            way_out += "; a quantised backbone has none: use the int8 model, or teach again on a float32 backbone"
        if not source.is_file():
            raise ModelError(f"{source}: no such file; {way_out}")
        content = read_model_file(source)
        found = read_card(read_files(content, str(source)), str(source))
        if found is None or (found.dtype, found.backbone, found.labels) != ("float32", card.backbone, card.labels):
            raise ModelError(f"{source}: of another training than {path.name}; {way_out}")
        card = found
    model = read_model(flatbuffer_part(content), str(source))
    if card.inside is not None:  # a backbone that begins so by itself stays as it is
        model = without_pixels_inside(model)
    names = tensor_names(model)
    if card.embedding not in names:
        raise ModelError(f"{source}: damaged: no tensor {card.embedding!r}; train again")
    return keep_until(model, names.index(card.embedding)), card, read_files(content, str(source))


def float32_beside(path: Path) -> Path:
    """The path of the float32 model of the same training."""
    return path.with_name(f"{path.stem}-float32{path.suffix}")


def golden_file(index: int) -> str:
    """The name of a golden picture inside the model."""
    return f"golden_{index}.png"


def png_bytes(pixels: NDArray[np.uint8]) -> bytes:
    """uint8 pixels of shape (height, width, 1 or 3) as a PNG, which loses nothing."""
    stream = io.BytesIO()
    Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(stream, "PNG", optimize=True)
    return stream.getvalue()


def weights_hash(content: bytes) -> str:
    """SHA-256 over the constants of the graph, in the order of its tensors."""
    model = read_model(flatbuffer_part(content))
    digest = hashlib.sha256()
    for subgraph in model.subgraphs:
        for tensor in subgraph.tensors:
            data = model.buffers[tensor.buffer].data
            if data is not None:
                digest.update(bytes(data))
    return digest.hexdigest()


def evenly_sampled(items: Sequence[Any], count: int) -> list[Any]:
    """At most ``count`` of ``items``, two or more, at even distances and in order; the first and the last are kept."""
    if len(items) <= count:
        return list(items)
    return [items[round(index * (len(items) - 1) / (count - 1))] for index in range(count)]


def prepared(images: Iterable[ImageLike], preprocess: Preprocess) -> tuple[NDArray[np.uint8], ...]:
    """The pixels of a few pictures, each uint8 of shape (height, width, channels).

    Raises:
        ImageError: a picture cannot be read.
    """
    return tuple(np.array(preprocess.pixels(image)) for image in images)
