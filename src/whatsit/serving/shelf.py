"""The models that are served: loaded on first use, replaced when their files change, unloaded for want of memory."""

import asyncio
import copy
import logging
import math
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeAlias

from whatsit.errors import WhatsitError
from whatsit.imaging.decoding import give_back
from whatsit.imaging.preprocess import Preprocess
from whatsit.live.recogniser import Recogniser, load_recogniser
from whatsit.serving.model_files import Files
from whatsit.serving.refused import RefusedError
from whatsit.text import one_line

MEMORY = 2**28
"""Bytes that loaded models may take, about: 256 MiB."""
_BUILT_IN_BYTES = 2**23
_LOOK_AGAIN = 0.1
"""Seconds between looks at a model's file: one for each request would cost the event loop its turn."""

_log = logging.getLogger(__name__)

Stamp: TypeAlias = tuple[int, ...]
"""What changes when a file does."""


class LoadedModel:
    """A model in memory, as one file had it. Threads borrow a recogniser each.

    Args:
        name: that it is served by.
        recogniser: with one thread.
        stamp: of the file it came from.
        size: of the file, in bytes.
    """

    def __init__(self, name: str, recogniser: Recogniser, stamp: Stamp, size: int) -> None:
        self.name = name
        self.stamp = stamp
        self.size = size
        self.labels: tuple[str, ...] = tuple(getattr(recogniser, "labels", ()))
        self.threshold: float | None = getattr(recogniser, "threshold", None)
        """The strangeness above which a picture is unknown; None: never."""
        self.preprocess: Preprocess = recogniser.preprocess
        self.looked = -math.inf
        """When its file was last found to be the same, by ``time.monotonic``."""
        self._first = recogniser
        self._idle = [recogniser]

    def borrow(self) -> Recogniser:
        """A recogniser for one thread; the file's bytes are shared between them."""
        try:
            return self._idle.pop()
        except IndexError:
            return copy.deepcopy(self._first)

    def give_back(self, recogniser: Recogniser) -> None:
        """Keep it for the next one."""
        self._idle.append(recogniser)


class Shelf:
    """All models by name. It belongs to the event loop; loading happens on a thread of its own.

    Args:
        files: the models there are.
        interpreters: how many of each model are at work at most.
        memory: bytes that loaded models may take, about; the one used last always stays.
    """

    def __init__(self, files: Files, interpreters: int, memory: int = MEMORY) -> None:
        self._files = files
        self._interpreters = interpreters
        self._memory = memory
        self._loaded: dict[str, LoadedModel] = {}
        """The one used last is at the end."""
        self._loading: dict[str, asyncio.Task[LoadedModel]] = {}
        self._broken: dict[str, tuple[Stamp, str]] = {}
        """Name -> the file that could not be loaded, and why."""
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="load")

    def names(self) -> list[str]:
        """The models there are, the first one first."""
        return list(self._files())

    def loaded(self, name: str) -> LoadedModel | None:
        """A model if it is in memory."""
        return self._loaded.get(name)

    def error(self, name: str) -> str | None:
        """Why a model's file could not be loaded the last time; None: it could, or nobody has tried."""
        return self._broken[name][1] if name in self._broken else None

    def is_loading(self, name: str) -> bool:
        """Whether it is being loaded now."""
        return name in self._loading

    async def get(self, name: str) -> LoadedModel:
        """A model as its file is. While a changed file is loaded, and where that fails, the one before goes on.

        Raises:
            RefusedError: there is no such model, or its file cannot be loaded and none was before.
        """
        files = self._files()
        if name not in files:
            self._loaded.pop(name, None)
            self._broken.pop(name, None)
            there = ", ".join(files) or "none yet"
            raise RefusedError(404, f"model {one_line(name, 80)!r}: no such model; there are: {there}")
        there_now = self._loaded.pop(name, None)
        if there_now is not None:
            self._loaded[name] = there_now
        now = time.monotonic()
        if there_now is not None and now - there_now.looked < _LOOK_AGAIN:
            return there_now
        stamp = _stamp(files[name])
        if there_now is not None and there_now.stamp == stamp:
            there_now.looked = now
            self._broken.pop(name, None)
            return there_now
        if name in self._broken and self._broken[name][0] == stamp:
            if there_now is not None:
                return there_now
            raise RefusedError(503, f"model {name}: {self._broken[name][1]}")
        if name not in self._loading:
            self._loading[name] = asyncio.create_task(self._load(name, files[name], stamp))
            self._loading[name].add_done_callback(lambda task: task.cancelled() or task.exception())
        if there_now is not None:
            return there_now
        return await asyncio.shield(self._loading[name])

    def close(self) -> None:
        """End the loader's thread."""
        self._loader.shutdown(wait=True, cancel_futures=True)

    async def _load(self, name: str, file: Path | None, stamp: Stamp) -> LoadedModel:
        try:
            recogniser = await asyncio.get_running_loop().run_in_executor(self._loader, load_recogniser, file, 1)
            if not getattr(recogniser, "labels", ()):
                raise WhatsitError(f"{file}: has no classes yet; teach some first")
        except WhatsitError as error:
            reason = one_line(error)
            kept = "; the one before goes on" if name in self._loaded else ""
            self._broken[name] = (stamp, reason + kept)
            _log.warning("model %s: %s%s", name, reason, kept)
            raise RefusedError(503, f"model {name}: {reason}") from error
        finally:
            self._loading.pop(name, None)
        self._broken.pop(name, None)
        self._loaded.pop(name, None)
        model = LoadedModel(name, recogniser, stamp, stamp[1] if stamp else _BUILT_IN_BYTES)
        self._loaded[name] = model
        self._make_room()
        return model

    def _make_room(self) -> None:
        dropped = False
        while len(self._loaded) > 1 and sum(map(self._cost, self._loaded.values())) > self._memory:
            self._loaded.pop(next(iter(self._loaded)))
            dropped = True
        if dropped:
            give_back()

    def _cost(self, model: LoadedModel) -> int:
        # The file's bytes once, and its weights as each interpreter packs them for the processor.
        return model.size * (1 + self._interpreters)


def _stamp(file: Path | None) -> Stamp:
    if file is None:
        return ()
    try:
        found = file.stat()
    except OSError:
        return (0, 0)
    return found.st_mtime_ns, found.st_size, found.st_ino, found.st_ctime_ns
