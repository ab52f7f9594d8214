"""Every error whatsit raises on purpose: one line that names the value, what was expected and the way out."""


class WhatsitError(Exception):
    """Base of every error raised by whatsit; its text is one line meant for the person at the keyboard."""


class ImageError(WhatsitError):
    """A picture that cannot be read, or is too large to be read safely."""


class ModelError(WhatsitError):
    """A model file that is broken, is not what was asked for, or does not fit its labels."""


class DataError(WhatsitError):
    """Saved features, a dataset, a label or a setting that cannot be used as it is."""


class SourceError(DataError):
    """Something to import that cannot be imported as it is; other things still can."""


class ProjectInUseError(DataError):
    """Another process is writing to the project.

    Attributes:
        pid: the number of that process; None where it is not known.
    """

    def __init__(self, message: str, pid: int | None = None) -> None:
        super().__init__(message)
        self.pid = pid


class CameraError(WhatsitError):
    """A camera address that is not understood, or a camera that cannot be opened or was lost."""


class MissingExtraError(WhatsitError):
    """An optional dependency is not installed; the text names the extra that brings it."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs {package}, which is not installed: run  pip install 'whatsit[{extra}]'")
        self.package = package
        self.extra = extra


class PluginError(WhatsitError):
    """An installed package extends whatsit with something that cannot be used."""


class CameraLostError(CameraError):
    """A camera that gave pictures, or should, and gives none now; reading again tries to find it."""


class CameraEndedError(CameraError):
    """A recording that has no further picture; opened again, it starts again."""


class StoppedError(WhatsitError):
    """Work that was asked to stop before there was anything to keep."""
