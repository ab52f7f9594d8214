"""How a picture becomes a network's input: one value, made when the model is made and kept in its file."""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from whatsit.errors import ArgumentError, ImageArgumentError
from whatsit.imaging.image import ImageLike, apply_to_image, check_array
from whatsit.validation import short, whole_number

REDUCING_GAP, EARLIER_GAP = 2.0, 1.0
"""Of networks of ours; of files that earlier versions made, and of models from elsewhere, which answer as before."""


class Fit(StrEnum):
    """How a picture meets an input of another shape."""

    COVER = "cover"
    """Centre crop: scale until the input is filled, and keep the middle."""
    CONTAIN = "contain"
    """Letterbox: scale until all of the picture fits, with black bars around it."""
    SQUASH = "squash"
    """Scale width and height independently; the aspect ratio is lost."""


def check_fit(fit: "Fit | str") -> Fit:
    """The fit of that name.

    Raises:
        ArgumentError: there is none.
    """
    try:
        return Fit(fit)
    except ValueError as error:
        raise ArgumentError(f"fit {fit!r}: expected one of {', '.join(Fit)}") from error


class Colour(StrEnum):
    """The channels of a network's input."""

    RGB = "rgb"
    GREY = "grey"


def check_colour(colour: "Colour | str") -> Colour:
    """The colour of that name.

    Raises:
        ArgumentError: there is none.
    """
    try:
        return Colour(colour)
    except ValueError as error:
        raise ArgumentError(f"colour {colour!r}: expected one of {', '.join(Colour)}") from error


@dataclass(frozen=True, slots=True)
class Preprocess:
    """A network's input: its size in pixels, the fit, the channels and the normalisation.

    ``mean`` and ``std`` are in pixel units (0..255), one number or one per channel: the network sees
    ``(pixel - mean) / std``. The default is ``pixel / 255``, what a TFLite float model without metadata expects.

    Raises:
        ArgumentError: a side below 1 pixel, no such fit or colour, or ``mean`` or ``std`` of another length, not
            finite, or a ``std`` of 0, or a reducing gap below 1.
    """

    width: int
    height: int
    fit: Fit = Fit.COVER
    colour: Colour = Colour.RGB
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (255.0,)
    reducing_gap: float = REDUCING_GAP
    """As Pillow's: a picture is shrunk by a whole factor to this many times the size at least, then finely."""

    def __post_init__(self) -> None:
        for side in ("width", "height"):
            object.__setattr__(self, side, whole_number(getattr(self, side), f"input {side}"))
        object.__setattr__(self, "fit", check_fit(self.fit))
        object.__setattr__(self, "colour", check_colour(self.colour))
        for name, values in (("mean", self.mean), ("std", self.std)):
            if len(values) not in (1, self.channels) or not all(np.isfinite(values)):
                raise ArgumentError(f"normalisation {name} {values}: expected 1 or {self.channels} finite numbers")
        if any(value == 0 for value in self.std):
            raise ArgumentError(f"normalisation std {self.std}: must not be 0")
        if not 1 <= self.reducing_gap < float("inf"):
            raise ArgumentError(f"reducing gap {self.reducing_gap!r}: expected 1 or more")

    @property
    def channels(self) -> int:
        """3 for RGB, 1 for grey."""
        return 3 if self.colour is Colour.RGB else 1

    def with_fit(self, fit: Fit | str | None) -> "Preprocess":
        """The same with another fit; None: as it is.

        Raises:
            ArgumentError: no such fit.
        """
        return self if fit is None else replace(self, fit=check_fit(fit))

    def pixels(self, image: ImageLike) -> NDArray[np.uint8]:
        """The picture as the network's raw pixels: uint8, shape (height, width, channels), values 0..255.

        An RGB array that already has the right size is returned itself, not a copy.

        Raises:
            ImageError: the picture cannot be read.
        """
        if isinstance(image, np.ndarray):
            array = check_array(image)
            if array.shape == (self.height, self.width, 3) and self.colour is Colour.RGB:
                return array
        # At least 1.5 times the size, so that the resize below has something to average; at just the size, edges alias.
        return apply_to_image(image, self._fitted, at_least=3 * max(self.width, self.height) // 2)

    def check_pixels(self, pixels: NDArray[np.uint8]) -> None:
        """Refuse what ``pixels`` would not give.

        Raises:
            ImageArgumentError: not an array of uint8, or not of shape (height, width, channels).
        """
        wanted = (self.height, self.width, self.channels)
        if not isinstance(pixels, np.ndarray) or pixels.shape != wanted or pixels.dtype != np.uint8:
            given = (
                f"pixels of shape {pixels.shape} and type {pixels.dtype}"
                if isinstance(pixels, np.ndarray)
                else short(pixels)
            )
            raise ImageArgumentError(f"{given}: expected uint8 of shape {wanted}, as preprocess.pixels(image) gives")

    def normalised(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """``(pixel - mean) / std`` as float32, the shape unchanged."""
        mean = np.asarray(self.mean, np.float32)
        std = np.asarray(self.std, np.float32)
        return (pixels.astype(np.float32) - mean) / std

    def _fitted(self, picture: Image.Image) -> NDArray[np.uint8]:
        size = (self.width, self.height)
        if picture.size != size:
            picture = _FITS[self.fit](picture, size, self.reducing_gap)
        if self.colour is Colour.GREY:
            return np.asarray(picture.convert("L"))[:, :, np.newaxis]
        return np.asarray(picture)


# Shrink by a whole factor first (box average), the rest by an antialiased cubic: fast and without moiré.
_RESAMPLING = Image.Resampling.BICUBIC


def _squash(picture: Image.Image, size: tuple[int, int], gap: float) -> Image.Image:
    return picture.resize(size, _RESAMPLING, reducing_gap=gap)


def _cover(picture: Image.Image, size: tuple[int, int], gap: float) -> Image.Image:
    scale = min(picture.width / size[0], picture.height / size[1])
    width, height = size[0] * scale, size[1] * scale
    left, top = (picture.width - width) / 2, (picture.height - height) / 2
    box = (max(0.0, left), max(0.0, top), min(picture.width, left + width), min(picture.height, top + height))
    return picture.resize(size, _RESAMPLING, box=box, reducing_gap=gap)


def _contain(picture: Image.Image, size: tuple[int, int], gap: float) -> Image.Image:
    scale = min(size[0] / picture.width, size[1] / picture.height)
    inner = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    page = Image.new("RGB", size)
    page.paste(_squash(picture, inner, gap), ((size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2))
    return page


_FITS = {Fit.COVER: _cover, Fit.CONTAIN: _contain, Fit.SQUASH: _squash}
