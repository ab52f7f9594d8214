"""What answers requests, whatever protocol they came by: models, workers, counters."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from whatsit.errors import ImageError, ModelError
from whatsit.live.answer_state import AnswerState
from whatsit.models.prediction import Predictions
from whatsit.serving.metrics import Metrics
from whatsit.serving.model_files import Files
from whatsit.serving.pool import Pool
from whatsit.serving.refused import RefusedError
from whatsit.serving.shelf import MEMORY, LoadedModel, Shelf, Stamp

R = TypeVar("R")
MOST_PICTURES = 64
"""In one request."""
BODY_BYTES = 2**27
"""Bytes that the bodies of all requests take at once: 128 MiB."""
LARGE_BODY = 2**20
"""Bytes of a body that is not read apart on the event loop."""
THRESHOLD = 0.5
"""The score below which an answer is uncertain, unless a request says another."""

Picture: TypeAlias = bytes | NDArray[np.uint8]
"""An encoded picture, or RGB pixels of shape (height, width, 3)."""
Answer: TypeAlias = Predictions | ImageError
"""What a model says of one picture, or why it cannot be read."""
_GONE = 499
"""The status in the counters, and nowhere else, of a request whose sender has left."""


def state_of(answer: Predictions, threshold: float = THRESHOLD) -> AnswerState:
    """Whether an answer is a label, uncertain or unknown."""
    if answer.unknown:
        return AnswerState.UNKNOWN
    return AnswerState.LABEL if answer[0].score >= threshold else AnswerState.UNCERTAIN


@dataclass(frozen=True, slots=True)
class Answered:
    """The answers to a request."""

    model: LoadedModel
    answers: tuple[Answer, ...]
    seconds: float
    """From the request's body to the last answer."""


class Service:
    """Opened once a process or studio. It belongs to the event loop that serves it.

    Args:
        files: the models there are, by name.
        workers: threads that recognise; None: one per core.
        waiting: pictures that may wait for them; None: a few for each worker.
        memory: bytes that loaded models may take, about.
    """

    def __init__(
        self, files: Files, *, workers: int | None = None, waiting: int | None = None, memory: int = MEMORY
    ) -> None:
        self.pool = Pool(workers, waiting)
        self.shelf = Shelf(files, self.pool.workers, memory)
        self.metrics = Metrics()
        self._parsing = asyncio.Lock()
        self._held = 0
        """Bytes of bodies in memory."""
        self._counted: dict[str, Stamp] = {}
        """Name -> the file whose labels the counters are by."""

    def close(self) -> None:
        """End the threads."""
        self.shelf.close()
        self.pool.close()

    def chosen(self, name: str | None) -> str:
        """The model of a request that names none: the only one.

        Raises:
            RefusedError: there are several, or none.
        """
        if name:
            return name
        names = self.shelf.names()
        if len(names) != 1:
            there = ", ".join(names) or "none yet"
            raise RefusedError(400, f"model is missing: expected one of {there}")
        return names[0]

    @contextlib.asynccontextmanager
    async def body(self, request: Request) -> AsyncIterator[bytes]:
        """A request's body, counted until its answer is made.

        Raises:
            RefusedError: the queue is full, or the bodies of all requests take too much memory.
        """
        self.pool.check_room()
        if request.headers.get("content-encoding", "identity") != "identity":
            raise RefusedError(415, f"content-encoding {request.headers['content-encoding'][:40]!r}: send it as it is")
        chunks, held = [], 0
        try:
            async for chunk in request.stream():
                held += len(chunk)
                self._held += len(chunk)
                if self._held > BODY_BYTES:
                    raise RefusedError(503, "busy: too many large requests at once; try again", {"retry-after": "1"})
                chunks.append(chunk)
            yield b"".join(chunks)
        finally:
            self._held -= held

    async def parsed(self, parse: Callable[[], R], size: int) -> R:
        """What ``parse`` makes of a body of ``size`` bytes; large ones are parsed on a thread, one after the other."""
        if size <= LARGE_BODY:
            return parse()
        async with self._parsing:
            return await asyncio.to_thread(parse)

    async def classify(
        self, request: Request, name: str, pictures: Sequence[Picture], top_k: int, threshold: float = THRESHOLD
    ) -> Answered:
        """What a model says of pictures; a request whose sender leaves gives up its place.

        Raises:
            RefusedError: no such model, no pictures, too many, the queue is full, or the model cannot be loaded or run.
            ImageError: none of the pictures can be read.
        """
        if not 0 < len(pictures) <= MOST_PICTURES:
            raise RefusedError(
                413 if pictures else 400, f"{len(pictures)} pictures: expected 1 to {MOST_PICTURES} in a request"
            )
        begun = time.perf_counter()
        with self.pool.admitted(len(pictures)):
            model = await self.shelf.get(name)
            self._keep_series(model)
            answers = await self._results(request, [_Recognition(model, one, top_k) for one in pictures])
        if all(isinstance(answer, ImageError) for answer in answers):
            raise next(answer for answer in answers if isinstance(answer, ImageError))
        seconds = time.perf_counter() - begun
        self.metrics.took(name, seconds)
        for answer in answers:
            if not isinstance(answer, ImageError):
                self.metrics.answered(name, answer[0].label, state_of(answer, threshold))
        return Answered(model, answers, seconds)

    async def ready(self) -> str | None:
        """Why no request can be answered now; None: some can."""
        names = self.shelf.names()
        if not names:
            return "there is no model yet"
        errors = [self.shelf.error(name) for name in names if self.shelf.loaded(name) is None]
        if len(errors) == len(names) and all(errors):
            return errors[0]
        return None

    def text_of_metrics(self) -> str:
        """Everything that is counted, for Prometheus."""
        for name in set(self._counted) - set(self.shelf.names()):
            del self._counted[name]
            self.metrics.forget(name)
        loaded = {name: self.shelf.loaded(name) is not None for name in self.shelf.names()}
        return self.metrics.text(self.pool.waiting, loaded)

    def _keep_series(self, model: LoadedModel) -> None:
        if self._counted.get(model.name) != model.stamp:
            self._counted[model.name] = model.stamp
            self.metrics.keep(model.name, model.labels)

    async def _results(self, request: Request, works: Sequence[Callable[[], Answer]]) -> tuple[Answer, ...]:
        futures = [asyncio.wrap_future(self.pool.submit(work)) for work in works]
        left = asyncio.ensure_future(request.receive())
        # A picture alone, the usual request, needs no gathering.
        every: asyncio.Future[Any] = asyncio.gather(*futures) if len(futures) > 1 else futures[0]
        try:
            await asyncio.wait((every, left), return_when=asyncio.FIRST_COMPLETED)
            if not every.done():
                raise ClientDisconnect
            found = every.result()
            return tuple(found) if len(futures) > 1 else (found,)
        finally:
            left.cancel()
            every.cancel()
            for future in futures:
                if not future.cancel() and not future.cancelled():
                    future.exception()  # taken note of: it is the same for all pictures, or nobody waits for it


class _Recognition:
    """One picture on one worker."""

    def __init__(self, model: LoadedModel, picture: Picture, top_k: int) -> None:
        self._model, self._picture, self._top_k = model, picture, top_k

    def __call__(self) -> Answer:
        recogniser = self._model.borrow()
        try:
            pixels = self._model.preprocess.pixels(self._picture)
            return recogniser.classify_pixels(pixels, self._top_k)
        except ImageError as error:
            return error
        except ModelError as error:
            raise RefusedError(503, f"model {self._model.name}: {error}") from error
        finally:
            self._model.give_back(recogniser)


Handler: TypeAlias = Callable[[Service, Request], Awaitable[Response]]
Refusal: TypeAlias = Callable[[RefusedError], Response]
"""How a protocol says that a request is refused."""


class Endpoint:
    """A handler as an ASGI application: what is refused is said in the protocol's own form, and counted."""

    def __init__(self, service: Service, handler: Handler, refusal: Refusal) -> None:
        self._service, self._handler, self._refusal = service, handler, refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        response = await self._response(request)
        await response(scope, receive, send)

    async def _response(self, request: Request) -> Response:
        try:
            return await self._handler(self._service, request)
        except RefusedError as error:
            refused = error
        except ImageError as error:
            refused = RefusedError(400, str(error), of_picture=True)
        except ClientDisconnect:
            refused = RefusedError(_GONE, "the sender has left")
        self._service.metrics.refused(refused.status)
        response = self._refusal(refused)
        response.headers.update(refused.headers)
        return response
