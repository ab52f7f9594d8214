"""The map of the Explore page: a place for each picture, computed in the background and stored by content."""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from typing_extensions import TypedDict

from whatsit.backbones.embedder import Embedder
from whatsit.datasets.dataset import Dataset
from whatsit.datasets.embedding_map import embedding_map, map_path
from whatsit.errors import DataError
from whatsit.files import beneath
from whatsit.parallel import Progress
from whatsit.processes import environment, module_command
from whatsit.studio.gallery import ID_DIGITS
from whatsit.studio.jobs.background import Background, BackgroundView
from whatsit.studio.jobs.contents import embedded_contents, readable

_POLL_SECONDS = 0.1


class MapView(BackgroundView):
    """How far the map is, for the page."""

    pictures: int
    """The number of pictures on it."""
    missing: int
    """The number of readable pictures that are not on it yet."""


class PointsView(TypedDict):
    """The pictures on the map by column: one list per field, all of the same length (``labels`` apart).

    Ten thousand rows as objects would be twice the size.
    """

    labels: list[str]
    keys: list[str]
    ids: list[str]
    label: list[int]
    """Places in ``labels``."""
    split: list[str]
    x: list[float]
    """0..1, from the left."""
    y: list[float]
    """0..1, from the top."""


class PictureMap:
    """Places by content, so that relabelling, moving and deleting pictures leaves the map as it is."""

    def __init__(self, dataset: Dataset, embedder: Embedder, background: Background) -> None:
        self._dataset = dataset
        self._embedder = embedder
        self._background = background
        self._places: dict[str, tuple[float, float]] = {}

    def view(self) -> MapView:
        """How far the map is, and how many pictures are on it."""
        pictures = readable(self._dataset)
        on_it = sum(picture.hash in self._places for picture in pictures)
        return {**self._background.view(), "pictures": on_it, "missing": len(pictures) - on_it}

    def begin(self) -> None:
        """Start drawing the map of all readable pictures.

        Raises:
            DataError: it is being drawn already.
        """
        self._background.begin(self._draw)

    def points_view(self) -> PointsView:
        """Every picture on the map."""
        shown = [picture for picture in readable(self._dataset) if picture.hash in self._places]
        labels = sorted({picture.label for picture in shown})
        place = {label: at for at, label in enumerate(labels)}
        return {
            "labels": labels,
            "keys": [picture.key for picture in shown],
            "ids": [picture.hash[:ID_DIGITS] for picture in shown],
            "label": [place[picture.label] for picture in shown],
            "split": [picture.split.value for picture in shown],
            "x": [round(self._places[picture.hash][0], 4) for picture in shown],
            "y": [round(self._places[picture.hash][1], 4) for picture in shown],
        }

    def _draw(self, progress: Progress) -> None:
        hashes, embeddings = embedded_contents(self._dataset, self._embedder, progress)
        # t-SNE does not report its progress.
        progress(0, 0)
        folder = self._dataset.maps_folder
        if not map_path(embeddings, hashes, folder).exists():
            self._arrange(embeddings, hashes, folder)
        places = embedding_map(embeddings, hashes, folder)
        self._places = {hash_: (float(x), float(y)) for hash_, (x, y) in zip(hashes, places, strict=True)}

    def _arrange(self, embeddings: NDArray[np.float32], hashes: Sequence[str], folder: Path) -> None:
        # A separate process can be killed at any time, does not delay the camera's frames, and returns its memory to
        # the system. The result comes back through the folder of maps.
        command = module_command("whatsit.studio.jobs.map_process", str(folder))
        beneath.make_folder(folder)
        with tempfile.TemporaryFile(dir=beneath.checked_folder(folder)) as request, tempfile.TemporaryFile() as said:
            request.write(json.dumps({"hashes": list(hashes), "dim": embeddings.shape[1]}).encode() + b"\n")
            request.write(embeddings.astype("<f4").data)
            request.seek(0)
            with subprocess.Popen(  # noqa: S603 - our own interpreter, our own module
                command,
                stdin=request,
                stderr=said,
                env=environment(),
                start_new_session=True,  # Ctrl-C in the terminal is for us to handle
            ) as process:
                try:
                    self._await(process)
                finally:
                    process.kill()
            if process.returncode != 0:
                said.seek(0)
                reason = said.read().decode(errors="replace").strip().splitlines()[-1:] or ["memory may be short"]
                raise DataError(f"the map could not be drawn: {reason[0]}; try again")

    def _await(self, process: "subprocess.Popen[bytes]") -> None:
        while True:
            try:
                process.wait(_POLL_SECONDS)
                return
            except subprocess.TimeoutExpired:
                self._background.check_stopped()
