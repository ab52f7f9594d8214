"""One POST to somebody else's server: no redirects, bounded, and errors without the URL, which can be secret."""

import http.client
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult

_LONGEST_REPLY = 2**16

Post = Callable[[bytes, Mapping[str, str]], "Reply"]
"""Sends a body with headers. Raises ``OSError`` where no reply came."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server said."""

    status: int
    retry_after: str | None = None
    """The header, where there is one."""


def poster(url: SplitResult, timeout: float, ca: str | None) -> Post:
    """Posts to ``url``, on a new connection each time.

    Args:
        url: http or https.
        timeout: seconds without a byte after which an attempt has failed.
        ca: a file of certificates to trust in place of the system's.

    Raises:
        OSError: ``ca`` cannot be read.
    """
    context = ssl.create_default_context(cafile=ca) if url.scheme == "https" else None
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")

    def post(body: bytes, headers: Mapping[str, str]) -> Reply:
        assert url.hostname is not None
        connection = (
            http.client.HTTPSConnection(url.hostname, url.port, timeout=timeout, context=context)
            if context is not None
            else http.client.HTTPConnection(url.hostname, url.port, timeout=timeout)
        )
        try:
            connection.request("POST", path, body, dict(headers))
            response = connection.getresponse()
            response.read(_LONGEST_REPLY)
            return Reply(response.status, response.getheader("Retry-After"))
        except http.client.HTTPException as error:
            raise OSError(f"no HTTP reply ({type(error).__name__})") from error
        finally:
            connection.close()

    return post
