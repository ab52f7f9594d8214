"""Why a request cannot be answered: a status of HTTP and one line."""

from collections.abc import Mapping

from whatsit.text import one_line


class RefusedError(Exception):
    """Raised where a request is read or answered; the protocol it came by says it in its own form.

    Args:
        status: of HTTP (RFC 9110).
        reason: the value, what was expected, the way out.
        headers: that the answer has besides.
        of_picture: whether it is the picture that cannot be read.
    """

    def __init__(
        self, status: int, reason: str, headers: Mapping[str, str] | None = None, *, of_picture: bool = False
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = one_line(reason)
        self.headers = dict(headers or {})
        self.of_picture = of_picture
