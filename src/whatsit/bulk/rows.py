"""One row for each picture: the answer, or why there is none."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from whatsit.bulk import addresses
from whatsit.bulk.inputs import Entry
from whatsit.bulk.job import Job, Options
from whatsit.errors import DataError, ImageError
from whatsit.files import read_bounded
from whatsit.imaging.image import MAX_BYTES, room_for_file
from whatsit.imaging.picture_format import NAMES
from whatsit.models.classifier import Classifier
from whatsit.models.prediction import Examined


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One picture of a run."""

    path: str
    sha256: str | None = None
    """Of the file; None where it could not be read."""
    answer: Examined | None = None
    error: str | None = None


class Examiner:
    """Makes rows. Not for several threads at once."""

    def __init__(self, classifier: Classifier, options: Options) -> None:
        self._classifier, self._options = classifier, options
        self.embedding_size = require_embedding(classifier) if options.embeddings else None

    @classmethod
    def of(cls, job: Job) -> "Examiner":
        """For a run.

        Raises:
            ModelError: the model is not the one that the run began with.
        """
        return cls(job.classifier(), job.options)

    def row(self, entry: Entry) -> Row:
        """The row of a picture; one that cannot be read is a row with its error.

        Raises:
            ModelError: the model fails.
        """
        if entry.problem:
            return Row(entry.path, error=entry.problem)
        sha256 = None
        try:
            if addresses.is_address(entry.path):
                content = addresses.read(entry.path)
                sha256 = hashlib.sha256(content).hexdigest()
                pixels = self._pixels(content)
            else:
                with room_for_file(entry.path):
                    content = read_bounded(entry.path, MAX_BYTES, f"a {NAMES} picture", error=ImageError, name="")
                    sha256 = hashlib.sha256(content).hexdigest()
                    pixels = self._pixels(content)
        except ImageError as error:
            return Row(entry.path, sha256, error=str(error))
        return Row(entry.path, sha256, self._classifier.examine(pixels, self._options.top_k))

    def _pixels(self, content: bytes) -> NDArray[np.uint8]:
        return self._classifier.preprocess.pixels(content)


def require_embedding(classifier: Classifier) -> int:
    """Numbers in one embedding of a model.

    Raises:
        DataError: it has none.
    """
    size = classifier.embedding_size
    if size is None:
        raise DataError(
            f"embeddings: {classifier!r} has none; take a model that  whatsit teach  or  train  made, or leave them out"
        )
    return size
