"""Estimates of a model's time on other devices, as the pages show them."""

from typing_extensions import TypedDict

from whatsit.evaluation.estimate import latencies
from whatsit.tflite.multiply_adds import Arithmetic


class DeviceView(TypedDict):
    """One device; from and to, in milliseconds."""

    device: str
    low: float
    high: float


def device_views(count: int, kind: Arithmetic) -> list[DeviceView]:
    """The estimates for ``count`` multiply-adds."""
    found = latencies(count, kind)
    return [{"device": one.device, "low": one.milliseconds[0], "high": one.milliseconds[1]} for one in found]
