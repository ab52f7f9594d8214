"""Bringing into the dataset what pages have sent, in the background."""

from whatsit.datasets.dataset import Dataset
from whatsit.parallel import Progress
from whatsit.studio.jobs.background import Background
from whatsit.studio.jobs.uploads import ImportReportView, ImportView, Uploads, import_files


class Importing:
    """One import at a time.

    Args:
        dataset: where the pictures go.
        uploads: what pages have sent.
        background: where it runs.
    """

    def __init__(self, dataset: Dataset, uploads: Uploads, background: Background) -> None:
        self._dataset = dataset
        self._uploads = uploads
        self.background = background
        self._report: ImportReportView | None = None

    def begin(self, upload_id: str, label: str) -> None:
        """Import an upload.

        Args:
            label: the class of pictures without a folder; nothing leaves them without a class.

        Raises:
            DataError: there is no such upload, or an import is under way.
        """
        files = self._uploads.take(upload_id)

        def work(progress: Progress) -> None:
            try:
                self._report = import_files(self._dataset, files, label, progress)
            finally:
                self._uploads.done(upload_id)

        try:
            self.background.begin(work)
        except BaseException:
            self._uploads.put_back(upload_id)
            raise

    def view(self) -> ImportView:
        """How far the import is, and the report of the last one."""
        return {**self.background.view(), "report": self._report}

    def wait(self) -> None:
        """Wait until it has ended."""
        self.background.wait()

    def stop(self) -> None:
        """End it; what arrived stays, as one edit."""
        self.background.stop()

    def close(self) -> None:
        """End it with the studio."""
        self.background.close()
