"""``webhook:https://…``: each change as a signed POST (Standard Webhooks 1.0), kept on disk until it is delivered."""

import base64
import binascii
import hashlib
import hmac
import json
import logging
import random
import threading
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from whatsit.errors import DataError
from whatsit.files import state_folder
from whatsit.live.answer import Answer
from whatsit.live.sink import SinkKind
from whatsit.live.sink_state import Delivery
from whatsit.live.sinks.changes import EVERY, Changes
from whatsit.live.sinks.http_post import Post, Reply, poster
from whatsit.live.sinks.outbox import Event, Outbox
from whatsit.live.sinks.secret import SecretOption
from whatsit.parallel import start_thread
from whatsit.plugins import Address, NumberOption, TextOption
from whatsit.text import one_line

_log = logging.getLogger(__name__)
_LONGEST_WAIT = 60.0
_LONGEST_RETRY_AFTER = 3600.0
_LAST_DELIVERIES = 3.0
"""Seconds that what waits gets at the end; the rest stays in the outbox."""
_WRONG_BODY = frozenset({400, 413, 415, 422})
"""Refusals of this event, not of the sender: trying it again would hold up all others for ever."""


class Webhook:
    """A sink that posts each change, at least once and in order, through an outbox on disk.

    Args:
        name: for messages; without secrets.
        outbox: what was not delivered yet.
        post: sends one body.
        key: signs every request; None: unsigned.
        token: sent as ``Authorization: Bearer``; None: not sent.
        every: post every answer.
        first_wait: seconds before the second attempt; each further wait is twice as long, up to a minute.
        clock: seconds since 1970.
    """

    changes_kept = 256

    def __init__(
        self,
        name: str,
        outbox: Outbox,
        post: Post,
        *,
        key: bytes | None = None,
        token: str | None = None,
        every: bool = False,
        first_wait: float = 1.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self._outbox = outbox
        self._post = post
        self._key = key
        self._token = token
        self._changes = Changes(every)
        self._first_wait = first_wait
        self._clock = clock
        self._changed = threading.Condition()
        self._closed_at: float | None = None
        self._delivery = Delivery()
        self._thread = start_thread("webhook", self._run)

    @property
    def delivery(self) -> Delivery:
        """What came of the answers so far."""
        now = self._delivery
        return Delivery(now.last_sent, now.failing_since, now.error, self._outbox.waiting, self._outbox.dropped)

    def send(self, answer: Answer) -> bool:
        """Put the answer into the outbox where it is news.

        Raises:
            DataError: the outbox cannot be written.
        """
        if not self._changes.is_news(answer):
            return False
        source = answer.frame.source if answer.frame is not None else ""
        self._outbox.add(json.dumps({"type": "answer", "source": source, "data": answer.to_dict()}).encode())
        self._changes.written(answer)
        with self._changed:
            self._changed.notify_all()
        return True

    def close(self) -> None:
        """Deliver what waits where that works now; the rest stays in the outbox for the next start."""
        with self._changed:
            self._closed_at = time.monotonic()
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        failures = 0
        try:
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._closed_at is not None or self._outbox.waiting)
                event = self._outbox.oldest()
                if event is None or self._must_end(failures):
                    if self._closed_at is not None:
                        return
                    continue
                wait = self._attempt(event, failures)
                failures = 0 if wait is None else failures + 1
                if wait is not None:
                    with self._changed:
                        self._changed.wait_for(lambda: self._closed_at is not None, wait)
        except Exception as error:  # the outbox's disk: what is sent now goes on failing in ``send``
            self._failed(one_line(error))
        finally:
            self._outbox.close()

    def _must_end(self, failures: int) -> bool:
        ended = self._closed_at
        return ended is not None and (failures > 0 or time.monotonic() - ended > _LAST_DELIVERIES)

    def _attempt(self, event: Event, failures: int) -> float | None:
        """Try to deliver; the seconds to wait before the next attempt, None where there is nothing to wait for."""
        try:
            reply = self._post(event.body, self._headers(event))
        except OSError as error:
            self._failed(error.strerror or one_line(error))
            return retry_wait(failures, None, self._first_wait, self._clock())
        if 200 <= reply.status < 300:
            self._outbox.remove(event)
            if self._delivery.failing_since is not None:
                _log.warning("%s works again", self.name)
            self._delivery = self._delivery.sent(self._clock())
            return None
        if reply.status in _WRONG_BODY:
            self._outbox.remove(event, delivered=False)
            _log.warning("%s refused an event (HTTP %d); it is dropped", self.name, reply.status)
            return None
        self._failed(_meaning(reply))
        return retry_wait(failures, reply.retry_after, self._first_wait, self._clock())

    def _headers(self, event: Event) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "webhook-id": event.id}
        headers["webhook-timestamp"] = timestamp = str(int(self._clock()))
        headers["whatsit-sequence"] = str(event.sequence)
        if self._key is not None:
            headers["webhook-signature"] = signature(self._key, event.id, timestamp, event.body)
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        return headers

    def _failed(self, error: str) -> None:
        if self._delivery.failing_since is None:
            _log.warning("%s failed: %s; what waits is kept, and tried again", self.name, error)
        self._delivery = self._delivery.failed(self._clock(), error)


def signature(key: bytes, event_id: str, timestamp: str, body: bytes) -> str:
    """``v1,`` and the HMAC-SHA256 of id, timestamp and body, in base64 (Standard Webhooks 1.0)."""
    signed = f"{event_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def signing_key(secret: str) -> bytes:
    """The key in a secret: base64 after ``whsec_``, else the text itself.

    Raises:
        ValueError: no base64 after ``whsec_``.
    """
    encoded = secret.removeprefix("whsec_")
    if encoded == secret:
        return secret.encode()
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise ValueError("no base64 after whsec_") from error


def retry_wait(failures: int, retry_after: str | None, first: float, now: float) -> float:
    """Seconds before the next attempt: what the server asked for (RFC 9110, Retry-After), else twice the last wait.

    Args:
        failures: attempts that failed before the last one.
        retry_after: the header: seconds or a date.
        first: seconds after the first failure.
        now: seconds since 1970.
    """
    if retry_after is not None:
        try:
            asked = float(retry_after) if retry_after.strip().isdigit() else _until(retry_after, now)
        except (ValueError, TypeError, OverflowError):
            asked = 0.0
        if asked > 0:
            return min(asked, _LONGEST_RETRY_AFTER)
    return min(first * 2.0 ** min(failures, 30), _LONGEST_WAIT) * random.uniform(0.8, 1.2)  # noqa: S311 - not a secret


def _until(date: str, now: float) -> float:
    return parsedate_to_datetime(date).timestamp() - now


def _meaning(reply: Reply) -> str:
    if 300 <= reply.status < 400:
        return f"HTTP {reply.status}: it sends elsewhere; give the address that it means"
    return f"HTTP {reply.status}"


_SECRET = SecretOption("secret", "signs each request: `env:VARIABLE` or `file:PATH`")
_TOKEN = SecretOption("token", "sent as `Authorization: Bearer`: `env:VARIABLE` or `file:PATH`")
_OUTBOX = TextOption(
    "outbox", "the file that keeps what is not delivered yet; by default one per URL below ~/.local/state"
)
_KEEP = NumberOption("keep", "how many changes are kept while they cannot be delivered", 1000, 1, 1e6)
_TIMEOUT = NumberOption("timeout", "seconds without an answer after which an attempt has failed", 10, 0.1, 300)
_CA = TextOption("ca", "a file of certificates to trust in place of the system's")


def from_address(address: Address) -> Webhook:
    """The sink at ``webhook:https://…``.

    Raises:
        DataError: not a URL, a secret is missing, or the outbox cannot be used.
    """
    url = _checked_url(address)
    token = _TOKEN.of(address)
    if token is not None and url.scheme == "http" and not _is_loopback(str(url.hostname)):
        raise address.refusal("token: would be sent in plain text; use https")
    secret = _SECRET.of(address)
    try:
        key = signing_key(secret) if secret is not None else None
    except ValueError as error:
        raise address.refusal(f"secret: {error}; expected a key as  openssl rand -base64 32  makes") from error
    try:
        post = poster(url, _TIMEOUT.of(address), _CA.of(address))
    except OSError as error:
        raise address.refusal("ca: cannot be read; expected a file of certificates in PEM") from error
    default = state_folder() / "outbox" / f"{sha256(address.target.encode()).hexdigest()[:16]}.db"
    try:
        outbox = Outbox(Path(_OUTBOX.of(address) or default), int(_KEEP.of(address)))
    except DataError as error:
        raise address.refusal(str(error)) from error
    return Webhook(address.text, outbox, post, key=key, token=token, every=EVERY.of(address))


def _checked_url(address: Address) -> SplitResult:
    try:
        url = urlsplit(address.target)
        usable = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0 and address.target.isascii()
    except ValueError:
        usable = False
    if not usable or " " in address.target:
        raise address.refusal("expected the URL of a server, such as webhook:https://example.org/hook")
    if "@" in url.netloc:
        raise address.refusal("a name and password in the URL; expected  ?token=env:VARIABLE  at the end")
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


SINK = SinkKind(
    description="each change as a signed POST, kept on disk until it is delivered",
    example="webhook:https://…",
    carries_url=True,
    options=(_SECRET, _TOKEN, _OUTBOX, _KEEP, _TIMEOUT, _CA, EVERY),
    open=from_address,
)
