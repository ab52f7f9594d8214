"""Every error whatsit raises on purpose: one line that names the value, what was expected and the way out.

::

    WhatsitError                  base of them all
    ├── DataError                 features, a dataset, a label, a setting or a file that cannot be used as it is
    │   ├── ArgumentError         a wrong argument of a public function; a ValueError too
    │   │   └── SettingError      a setting outside its limits, with its field, value and what was expected
    │   ├── ProjectInUseError     another process has the project
    │   └── SourceError           one thing to import that cannot be imported
    ├── ImageError                a picture that cannot be read
    │   └── ImageArgumentError    an object that cannot be a picture; a ValueError too
    ├── ModelError                a model file that is broken or not what was asked for
    │   └── ModelArgumentError    a wrong model, backbone or setting of one; a ValueError too
    ├── CameraError               a camera that cannot be opened or was lost
    │   ├── CameraArgumentError   an address that is not understood; a ValueError too
    │   ├── CameraLostError       a camera that gives no pictures now; reading again tries again
    │   └── CameraEndedError      a recording that has no further picture
    ├── MissingExtraError         an optional dependency is not installed
    ├── ServerError               a server of models that cannot be reached, is busy, or refuses
    ├── PluginError               an installed package extends whatsit with something that cannot be used
    └── StoppedError              work that was stopped before there was anything to keep

All of them survive ``pickle`` and ``copy``, so they reach the caller from another process.
"""

from typing import Any


class WhatsitError(Exception):
    """Base of every error raised by whatsit; its text is one line meant for the person at the keyboard."""

    def __str__(self) -> str:
        text = super().__str__()  # the name of a file, or what a library said, can have several lines
        return text if len(text.splitlines()) < 2 else "\\n".join(line.strip(" ") for line in text.splitlines())

    def __reduce__(self) -> tuple[Any, ...]:
        # BaseException would call __init__ with the text alone, which an error with arguments of its own cannot take;
        # multiprocessing.Pool then waits forever for the answer.
        return _restored, (type(self), self.args, self.__dict__.copy())


class DataError(WhatsitError):
    """Saved features, a dataset, a label, a setting or a file that cannot be used as it is."""


class ArgumentError(DataError, ValueError):
    """An argument of a public function that is of the wrong kind or outside its range."""


class ProjectInUseError(DataError):
    """Another process is writing to the project; the text names it."""

    pid: int | None
    """The number of that process; None where it is not known."""

    def __init__(self, message: str, pid: int | None = None) -> None:
        super().__init__(message)
        self.pid = pid


class SettingError(ArgumentError):
    """A setting that cannot have this value: ``field``, ``value`` and ``expected`` say which, and what it could be.

    Whoever took the value from a person says the field by the name the person knows it under, an option or a label.
    """

    def __init__(self, field: str, value: object, expected: str) -> None:
        super().__init__(field, value, expected)
        self.field = field
        self.value = value
        self.expected = expected

    def __str__(self) -> str:
        return self.named(self.field)

    def named(self, name: str) -> str:
        """The error's line with the field called ``name``."""
        shown = " ".join(repr(self.value).split())
        return f"{name} {shown if len(shown) <= 80 else shown[:79] + '…'}: expected {self.expected}"


class SourceError(DataError):
    """Something to import that cannot be imported as it is; other things still can."""


class ImageError(WhatsitError):
    """A picture that cannot be read, or is too large to be read safely."""


class ImageArgumentError(ImageError, ValueError):
    """An object that cannot be a picture: neither a path, bytes nor a Pillow image, or an array of another shape."""


class ModelError(WhatsitError):
    """A model file that is broken, is not what was asked for, or does not fit its labels."""


class ModelArgumentError(ModelError, ValueError):
    """An object that cannot be a model or a backbone, a name of none, or a setting outside its range."""


class CameraError(WhatsitError):
    """A camera address that is not understood, or a camera that cannot be opened or was lost."""


class CameraArgumentError(CameraError, ValueError):
    """A camera's address that is not understood: no address at all, or an unknown scheme or option."""


class CameraLostError(CameraError):
    """A camera that gave pictures, or should, and gives none now; reading again tries to find it."""


class CameraEndedError(CameraError):
    """A recording that has no further picture; opened again, it starts again."""


class MissingExtraError(WhatsitError):
    """An optional dependency is not installed; the text names the extra that brings it."""

    package: str
    """The package that is missing."""
    extra: str
    """The extra of whatsit that installs it."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs {package}, which is not installed: run  pip install 'whatsit[{extra}]'")
        self.package = package
        self.extra = extra


class ServerError(WhatsitError):
    """A server of models cannot be reached, is busy or refuses; the text has its address and its reason."""

    status: int | None
    """Of HTTP; None where there was no answer."""
    retry_after: float | None
    """Seconds after which a busy server wants to be asked again."""

    def __init__(self, message: str, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


class PluginError(WhatsitError):
    """An installed package extends whatsit with something that cannot be used."""


class StoppedError(WhatsitError):
    """Work that was asked to stop before there was anything to keep."""


def _restored(kind: type[WhatsitError], args: tuple[object, ...], fields: dict[str, object]) -> WhatsitError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(fields)
    return error
