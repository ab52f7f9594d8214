"""``whatsit.Client``: asks a server of models, with Python's own HTTP."""

import http.client
import io
import json
import os
import ssl
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlencode, urlsplit

from whatsit.errors import ArgumentError, ImageArgumentError, ImageError, ServerError
from whatsit.models.prediction import Prediction, Predictions
from whatsit.validation import short

if TYPE_CHECKING:
    from whatsit.imaging.image import ImageLike

_MOST_ANSWER = 2**26
"""Bytes of an answer."""
_LONGEST_EVENT = 2**20


class Client:
    """Asks a server that ``whatsit serve`` or the studio runs. The connection is kept; one thread at a time.

    ::

        with whatsit.Client("http://127.0.0.1:8080") as client:
            print(client.classify("what.jpg")[0].label)
    """

    def __init__(
        self,
        address: str = "http://127.0.0.1:8080",
        token: str | None = None,
        *,
        timeout: float = 30.0,
        certificate: str | os.PathLike[str] | None = None,
    ) -> None:
        """Connect when something is first asked.

        Args:
            address: ``http://`` or ``https://``, host and port.
            token: of the server, where it needs one.
            timeout: seconds to wait for the server.
            certificate: of a server with a certificate of its own (``studio.crt``); None: the system's authorities.

        Raises:
            ArgumentError: no address of a server, or the certificate cannot be read.
        """
        parts = _address_parts(address)
        self.address = address.rstrip("/")
        """Where the server is."""
        self._headers = {"authorization": f"Bearer {token}"} if token is not None else {}
        host, port = parts.hostname or "", parts.port
        context = _trusting(certificate) if parts.scheme == "https" else None
        self._connect: Callable[[], http.client.HTTPConnection] = (
            partial(http.client.HTTPSConnection, host, port, timeout=timeout, context=context)
            if context is not None
            else partial(http.client.HTTPConnection, host, port, timeout=timeout)
        )
        self._connection = self._connect()

    def classify(
        self, image: "ImageLike", *, model: str | None = None, top_k: int = 5, threshold: float | None = None
    ) -> Predictions:
        """What is in a picture, as ``Classifier.classify`` says it.

        Args:
            image: a path, bytes, a Pillow image or an RGB uint8 array of shape (height, width, 3).
            model: its name; not needed where the server has one.
            top_k: how many classes, best first.
            threshold: the score below which the server counts the answer as uncertain; None: 0.5.

        Raises:
            ImageError: the picture cannot be read, here or there.
            ServerError: the server cannot be reached, is busy, or refuses.
        """
        (answer,) = self._answers([image], model, top_k, threshold)
        if isinstance(answer, ImageError):
            raise answer
        return answer

    def classify_many(
        self, images: "Iterable[ImageLike]", *, model: str | None = None, top_k: int = 5
    ) -> list[Predictions | ImageError]:
        """What is in each of up to 64 pictures, in one request; an ImageError for one that cannot be read.

        Raises:
            ImageError: none of them can be read.
            ServerError: as ``classify``.
        """
        return self._answers(list(images), model, top_k, None)

    def models(self) -> list[dict[str, Any]]:
        """The models of the server: name, state, error, labels, threshold, width and height of each.

        Raises:
            ServerError: as ``classify``.
        """
        return list(self._asked("GET", "/api/v1/models")["models"])

    def correct(self, picture: "ImageLike", label: str | None) -> dict[str, Any]:
        """Say what a picture is, where a model was wrong; it is in the project, on disk, when this returns.

        Args:
            picture: as for ``classify``.
            label: what it is, also a class that is new; None: none of the classes.

        Returns:
            ``label``, ``new_class``, and ``at_once``: whether the answers to the camera follow from now on.

        Raises:
            ImageError: the picture cannot be read, here or there.
            ServerError: as ``classify``; also where the server has no project, or the label cannot be used.
        """
        said = {"none": "true"} if label is None else {"label": label}
        query = urlencode(said, quote_via=quote)
        kind = {"content-type": "application/octet-stream"}
        return self._asked("POST", f"/api/v1/correct?{query}", _encoded(picture), kind)

    def events(self, *, every: bool = False) -> Iterator[dict[str, Any]]:
        """What the studio's camera sees: the newest answer, then each change, as ``Answer.to_dict`` gives it.

        On a connection of its own, which ends with the loop. Slow readers miss the oldest of many changes.

        Args:
            every: every answer, not only changes of state or label.

        Raises:
            ServerError: as ``classify``; also where the server has no camera, or the connection is lost.
        """
        connection = self._connect()
        try:
            connection.request("GET", f"/api/v1/events?every={'true' if every else 'false'}", headers=self._headers)
            response = connection.getresponse()
            if response.status != 200:
                self._understood(response.status, response.read(_MOST_ANSWER), response.headers.get("retry-after", ""))
            while line := response.readline(_LONGEST_EVENT):
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise ServerError(f"{self.address}: the events ended: {error or type(error).__name__}") from error
        finally:
            connection.close()

    def close(self) -> None:
        """Close the connection; the next question opens another."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answers(
        self, images: "list[ImageLike]", model: str | None, top_k: int, threshold: float | None
    ) -> list[Predictions | ImageError]:
        options = {"model": model, "top_k": top_k, "threshold": threshold}
        query = urlencode({name: value for name, value in options.items() if value is not None}, quote_via=quote)
        if len(images) == 1:
            kind, body = "application/octet-stream", _encoded(images[0])
        else:
            kind, body = _form([_encoded(image) for image in images])
        found = self._asked("POST", f"/api/v1/classify?{query}", body, {"content-type": kind})
        return [_answer(view) for view in found["answers"]]

    def _asked(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        return self._understood(*self._response(method, path, body, {**self._headers, **(headers or {})}))

    def _understood(self, status: int, content: bytes, retry: str) -> dict[str, Any]:
        try:
            found = json.loads(content)
        except ValueError:
            found = None
        if status == 200 and isinstance(found, dict):
            return found
        reason = str(found["error"]) if isinstance(found, dict) and "error" in found else f"answers with {status}"
        if isinstance(found, dict) and found.get("kind") == "picture":
            raise ImageError(reason)
        raise ServerError(f"{self.address}: {reason}", status, float(retry) if retry.isdecimal() else None)

    def _response(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes, str]:
        # A kept connection that the server has closed meanwhile shows only when it is used.
        for kept in (self._connection.sock is not None, False):
            try:
                self._connection.request(method, path, body, headers)
                response = self._connection.getresponse()
                content = response.read(_MOST_ANSWER)
                return response.status, content, response.headers.get("retry-after", "")
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                if not kept or isinstance(error, TimeoutError):
                    raise ServerError(f"{self.address}: cannot be reached: {error or type(error).__name__}") from error
        raise AssertionError  # the second try returns or raises


def _address_parts(address: str) -> Any:
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1) and not parts.query
    except (ValueError, AttributeError, TypeError):
        usable = False
    if not usable or parts.path.strip("/"):
        raise ArgumentError(f"address {short(address)}: expected one such as http://127.0.0.1:8080")
    return parts


def _trusting(certificate: str | os.PathLike[str] | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=certificate)
    except (OSError, TypeError) as error:
        raise ArgumentError(f"certificate {short(certificate)}: expected the path of a PEM file: {error}") from error


def _encoded(image: "ImageLike") -> bytes:
    """A picture as a file's bytes; one that is in memory as PNG, which loses nothing."""
    if isinstance(image, str | os.PathLike):
        from whatsit.imaging.image import read_picture_file

        return read_picture_file(Path(image))
    if isinstance(image, bytes | bytearray | memoryview):
        return bytes(image)
    from whatsit.imaging.image import load_image

    written = io.BytesIO()
    try:
        load_image(image).save(written, "PNG", compress_level=1)
    except OSError as error:
        raise ImageArgumentError(f"the image given cannot be sent: {error}") from error
    return written.getvalue()


def _form(pictures: list[bytes]) -> tuple[str, bytes]:
    import secrets

    boundary = secrets.token_hex(16)
    head = f'--{boundary}\r\ncontent-disposition: form-data; name="image"; filename="image"\r\n\r\n'.encode()
    return (
        f"multipart/form-data; boundary={boundary}",
        b"".join(part for picture in pictures for part in (head, picture, b"\r\n")) + f"--{boundary}--\r\n".encode(),
    )


def _answer(view: dict[str, Any]) -> Predictions | ImageError:
    if "error" in view:
        return ImageError(view["error"])
    items = tuple(Prediction(one["label"], one["score"], one["index"]) for one in view["predictions"])
    return Predictions(
        items, view["unknown"], view.get("distance"), strangeness=view.get("strangeness"),
        unknown_by=view.get("unknown_by", ""),
    )  # fmt: skip
