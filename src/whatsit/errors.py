"""Every error whatsit raises on purpose: one line that names the value, what was expected and the way out."""


class WhatsitError(Exception):
    """Base of every error raised by whatsit; its text is one line meant for the person at the keyboard."""


class ImageError(WhatsitError):
    """A picture that cannot be read, or is too large to be read safely."""


class ModelError(WhatsitError):
    """A model file that is broken, is not what was asked for, or does not fit its labels."""


class DataError(WhatsitError):
    """Saved features, a dataset, a label or a setting that cannot be used as it is."""


class SettingError(DataError, ValueError):
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
