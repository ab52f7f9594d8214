"""Estimates of a model's time on other devices, as the pages show them."""

from typing_extensions import TypedDict

from whatsit.evaluation.estimate import latencies, rounded
from whatsit.tflite.multiply_adds import Arithmetic


class DeviceView(TypedDict):
    """One device; from and to, in milliseconds, rounded."""

    device: str
    low: float
    high: float


def device_views(count: int, kind: Arithmetic) -> list[DeviceView]:
    """The estimates for ``count`` multiply-adds."""
    views: list[DeviceView] = []
    for one in latencies(count, kind):
        low, high = map(rounded, one.milliseconds)
        views.append({"device": one.device, "low": low, "high": high})
    return views
