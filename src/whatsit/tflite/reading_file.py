"""How a person said a model from elsewhere is to be read, kept in ``NAME.reading.toml`` beside ``NAME.tflite``."""

import os
import tomllib
from pathlib import Path

from whatsit.errors import ArgumentError, DataError
from whatsit.files import beneath, read_bounded, write_file
from whatsit.tflite.normalisation import Normalisation, NormaliseLike, Origin, parse_normalise
from whatsit.validation import short

_MAX_BYTES = 2**14
_HEAD = "# How whatsit reads the pixels of {name}. Delete this file to go by the model alone.\n"


def reading_file(model: str | os.PathLike[str]) -> Path:
    """The file that belongs to a model."""
    return Path(model).with_suffix(".reading.toml")


def kept_normalise(model: object) -> Normalisation | None:
    """What the file beside a model says; None where there is none, or where the model is bytes.

    Raises:
        DataError: the file is damaged, or says no normalisation that there is.
    """
    if not isinstance(model, str | os.PathLike):
        return None
    file = reading_file(model)
    if not file.is_file():
        return None
    content = read_bounded(file, _MAX_BYTES, "a file that says how a model is read")
    try:
        found = tomllib.loads(content.decode("utf-8"))
        asked = found["normalise"]
        if not isinstance(asked, str):
            raise ArgumentError(f"normalise {short(asked)}: expected text such as 0..1")
        said = parse_normalise(asked)
    except ArgumentError as error:
        raise DataError(f"{file}: {error}; correct it or delete it") from error
    except (ValueError, KeyError, RecursionError) as error:
        raise DataError(f'{file}: expected a line such as  normalise = "-1..1"; correct it or delete it') from error
    return Normalisation(said.mean, said.std, Origin.BESIDE, f"{file.name} beside the model says so")


def keep_normalise(model: str | os.PathLike[str], normalise: NormaliseLike | None) -> None:
    """Keep how a model is read, for everything that opens it by its path; None: forget it.

    Raises:
        ArgumentError: no such normalisation.
        DataError: the folder cannot be written.
    """
    file = reading_file(model)
    if normalise is None:
        try:
            beneath.unlink(file, missing_ok=True)
        except OSError as error:
            raise DataError(f"cannot delete {file}: {error.strerror}; check the folder's permissions") from error
        return
    text = parse_normalise(normalise).text
    name = "".join(letter if letter.isprintable() else "?" for letter in Path(model).name)
    write_file(file, f'{_HEAD.format(name=name)}normalise = "{text}"\n'.encode("utf-8", "replace"))


def normalise_of(model: object, asked: NormaliseLike | None) -> Normalisation | None:
    """What a caller asks for, else what the file beside the model says.

    Raises:
        ArgumentError: no such normalisation.
        DataError: see ``kept_normalise``.
    """
    return kept_normalise(model) if asked is None else parse_normalise(asked)
