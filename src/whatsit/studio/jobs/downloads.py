"""The dataset as a zip archive to download: written in the background, kept until the next one."""

from pathlib import Path

from whatsit.datasets.dataset import Dataset
from whatsit.datasets.formats.exporting import export_path, writer
from whatsit.errors import DataError
from whatsit.files import beneath
from whatsit.parallel import Progress
from whatsit.studio.jobs.background import Background, BackgroundView


class DownloadView(BackgroundView):
    """How far the archive is, for the page."""

    left_out: int
    """The number of pictures it does not hold because they cannot be read."""


class Downloads:
    """One archive at a time in ``folder``, which is emptied when the studio starts and ends."""

    def __init__(self, dataset: Dataset, folder: Path, exporting: Background) -> None:
        self._dataset = dataset
        self._folder = folder
        self._exporting = exporting
        self._left_out = 0
        beneath.remove_tree(folder)

    def view(self) -> DownloadView:
        """How far the archive is."""
        return {**self._exporting.view(), "left_out": self._left_out}

    def begin(self, layout: str) -> None:
        """Start writing the archive in a layout of ``formats.FORMATS``.

        Raises:
            DataError: one is being written already, or there is no such layout.
        """
        writer(layout)

        def work(progress: Progress) -> None:
            beneath.unlink(self._path, missing_ok=True)
            self._left_out = len(export_path(self._dataset, self._path, layout, progress=progress).left_out)

        self._exporting.begin(work)

    def archive(self) -> Path:
        """The finished archive.

        Raises:
            DataError: there is none.
        """
        if self._exporting.running or not self._path.is_file():
            raise DataError("no archive is ready; press Download on the Dataset page")
        return self._path

    def close(self) -> None:
        """Stop writing and remove the archive."""
        self._exporting.close()
        beneath.remove_tree(self._folder)

    @property
    def _path(self) -> Path:
        return self._folder / "dataset.zip"
