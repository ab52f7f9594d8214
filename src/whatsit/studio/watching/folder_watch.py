"""Whether the dataset's folders have changed since somebody looked, at the price of one ``stat`` for each."""

import contextlib

from whatsit.datasets.dataset import Dataset


class FolderWatch:
    """Files that come, go or are renamed change their folder's time; one that is rewritten in place does not."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._seen: object = None

    def look(self, *, if_changed: bool = False) -> None:
        """Have the dataset notice what other programs did.

        Args:
            if_changed: only where a folder's time is another than at the last look.
        """
        now = self._times()
        if not if_changed or now != self._seen:
            self._dataset.refresh()
            self._seen = now

    def _times(self) -> tuple[tuple[str, int], ...]:
        found = []
        for folder in (self._dataset.root, *(path for _, path in self._dataset.folders())):
            with contextlib.suppress(OSError):  # gone: the folder around it has changed
                found.append((folder.name, folder.stat().st_mtime_ns))
        return tuple(found)
