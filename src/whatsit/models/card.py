"""``whatsit.json``: what a model file of ours says about itself, beyond the standard metadata."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from whatsit.errors import ModelError
from whatsit.heads.limits import Limits
from whatsit.heads.selection import Selection
from whatsit.imaging.preprocess import EARLIER_GAP, Colour, Fit, Preprocess
from whatsit.tflite.metadata import CARD_FILE

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Golden:
    """A picture inside the model file, and the model's answer for it when it was made."""

    file: str
    """Its name among the files inside the model."""
    label: str
    """The best class."""
    scores: tuple[float, ...]
    """0..1, one per class, rounded to five digits."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """How pictures are prepared for the model, how it was made, and the hashes and answers that verify it."""

    labels: tuple[str, ...]
    """In the order of the scores."""
    width: int
    """In pixels."""
    height: int
    """In pixels."""
    fit: Fit
    colour: Colour
    mean: tuple[float, ...]
    """In pixel units, 0..255, as in ``Preprocess``."""
    std: tuple[float, ...]
    dtype: str
    """``int8``, ``float32`` or ``dynamic``: the arithmetic inside."""
    backbone: str
    """Id of the backbone the head was fitted on."""
    embedding: str | None
    """Name of the tensor that distances are measured on; None: the model never says unknown."""
    threshold: float | None
    """Where ``unknown`` is None, the distance between L2-normalised embeddings, 0..2, beyond which a picture is
    unknown; None: never."""
    made_with: str
    """``whatsit`` and its version."""
    pictures: int
    """How many were taught."""
    head_ranges: tuple[tuple[str, float, float], ...] = ()
    """Tensor, lowest, highest value: what int8 quantisation needs to know of the head."""
    normalise: bool = False
    """Whether the head L2-normalises the embedding first."""
    weights_sha256: str = ""
    """Over the graph's constants."""
    graph_sha256: str = ""
    """Over the flatbuffer, without the files appended to it."""
    files_sha256: str = ""
    """Over the other files inside and this card's own fields."""
    golden: tuple[Golden, ...] = ()
    selection: Selection | None = None
    """How the fit and the regularisation were chosen; None: by hand, or by an earlier version."""
    unknown: Limits | None = None
    """The numbers of the rule for *unknown*; None: ``threshold`` decides, as in files of earlier versions."""
    inside: tuple[tuple[float, ...], tuple[float, ...]] | None = None
    """Mean and standard deviation that the file applies itself, before its network; None: it applies none."""
    reducing_gap: float = EARLIER_GAP
    """As in ``Preprocess``."""

    @property
    def preprocess(self) -> Preprocess:
        """How pictures are prepared for the model."""
        return Preprocess(self.width, self.height, self.fit, self.colour, self.mean, self.std, self.reducing_gap)

    @property
    def network_preprocess(self) -> Preprocess:
        """How pictures are prepared for the network in it, without what the file does before."""
        mean, std = self.inside or (self.mean, self.std)
        return replace(self.preprocess, mean=mean, std=std)

    def sealed(self, files: Mapping[str, bytes]) -> "ModelCard":
        """The same card with its ``files_sha256``: over the other files inside the model and the rest of the card."""
        return replace(self, files_sha256=self.seal(files))

    def seal(self, files: Mapping[str, bytes]) -> str:
        """The ``files_sha256`` that goes with these files, in hexadecimal digits."""
        digest = hashlib.sha256(replace(self, files_sha256="").to_json())
        for file in sorted(set(files) - {CARD_FILE}):
            digest.update(f"{file}\0{len(files[file])}\0".encode() + files[file])
        return digest.hexdigest()

    def to_json(self) -> bytes:
        """The content of ``whatsit.json``; equal cards give equal bytes."""
        values = {"format": FORMAT, **asdict(self)}
        if self.selection is None:  # as earlier versions wrote it: their seals cover these bytes
            del values["selection"]
        if self.inside is None:
            del values["inside"]
        if self.reducing_gap == EARLIER_GAP:
            del values["reducing_gap"]
        del values["unknown"]
        if self.unknown is not None:
            values["unknown"] = self.unknown.to_dict()
        return (json.dumps(values, indent=1, ensure_ascii=False) + "\n").encode()


def read_card(files: Mapping[str, bytes], name: str) -> ModelCard | None:
    """The card among the files inside a model; None for a model that whatsit did not make.

    Args:
        files: name -> content, of the files appended to the model.
        name: what to call the model in an error.

    Raises:
        ModelError: the card is damaged, or of a later format.
    """
    if CARD_FILE not in files:
        return None
    try:
        data = json.loads(files[CARD_FILE])
        if data.pop("format") != FORMAT:
            raise ModelError(f"{name}: made by a later whatsit; update to read it")
        return _card(data)
    except ModelError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ModelError(f"{name}: damaged {CARD_FILE} ({type(error).__name__}: {error})") from error


def _card(data: dict[str, Any]) -> ModelCard:
    golden = tuple(Golden(str(g["file"]), str(g["label"]), tuple(map(float, g["scores"]))) for g in data.pop("golden"))
    threshold = data.pop("threshold")
    embedding = data.pop("embedding")
    selection = data.pop("selection", None)
    inside = data.pop("inside", None)
    unknown = data.pop("unknown", None)
    return ModelCard(
        labels=tuple(map(str, data.pop("labels"))),
        fit=Fit(data.pop("fit")),
        colour=Colour(data.pop("colour")),
        mean=tuple(map(float, data.pop("mean"))),
        std=tuple(map(float, data.pop("std"))),
        width=int(data.pop("width")),
        height=int(data.pop("height")),
        pictures=int(data.pop("pictures")),
        threshold=None if threshold is None else float(threshold),
        embedding=None if embedding is None else str(embedding),
        golden=golden,
        selection=None if selection is None else Selection.from_dict(selection),
        unknown=None if unknown is None else Limits.from_dict(unknown),
        inside=None if inside is None else (tuple(map(float, inside[0])), tuple(map(float, inside[1]))),
        normalise=bool(data.pop("normalise")),
        reducing_gap=float(data.pop("reducing_gap", EARLIER_GAP)),
        head_ranges=tuple((str(t), float(low), float(high)) for t, low, high in data.pop("head_ranges")),
        **{key: str(value) for key, value in data.items()},
    )
