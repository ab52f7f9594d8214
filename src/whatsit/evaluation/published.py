"""Published inference times on Raspberry Pis: how many multiply-adds a second each of them computes.

All of networks for mobile devices at 224 pixels, with four threads; measured by others, not here.
"""

from dataclasses import dataclass
from enum import StrEnum

from whatsit.tflite.multiply_adds import Arithmetic


class Device(StrEnum):
    """A computer whose speed was published."""

    ZERO_2_W = "Raspberry Pi Zero 2 W"
    PI_3 = "Raspberry Pi 3 B+"
    PI_4 = "Raspberry Pi 4"
    PI_5 = "Raspberry Pi 5"


NETWORKS = {
    "MobileNet v1": 569e6,  # Howard et al. 2017, table 4
    "MobileNet v2": 300e6,  # Sandler et al. 2018, table 4
    "MobileNet v3 Large": 219e6,  # Howard et al. 2019, table 3
    "MobileNet v3 Small": 56e6,
    "ShuffleNet v2": 146e6,  # Ma et al. 2018, table 8
    "GoogLeNet": 1_500e6,  # Szegedy et al. 2015, section 1
}
"""Multiply-adds per picture of 224 pixels."""

XNNPACK = "XNNPACK, README, February 2022"
NCNN = "ncnn, New RPi benchmarks by Qengineering"
NCNN_3 = "ncnn, raspberry pi 3b+ benchmark"
ARM_MODELS = "Arm, model cards of ShuffleNetV2 and GoogLeNet for the Raspberry Pi 5, ExecuTorch with XNNPACK"
# The page says "Raspberry Pi"; 27 thousand million float32 multiply-adds a second are beyond every earlier one.
ARM_COURSE = "Arm, course ExecuTorch on Arm, MobileNetV2 with XNNPACK"

_CLOCKS = 1.4 / 1.0
"""Of the 3 B+ and the Zero 2 W in GHz, which have the same cores (Cortex-A53)."""
_FOUR_TO_FIVE = 10.89 / 46
"""The same network, float32 MobileNet v2, on a 5 and on a 4: 10.89 and 46 ms."""


@dataclass(frozen=True, slots=True)
class Published:
    """One published figure."""

    device: Device
    arithmetic: Arithmetic
    network: str
    """A name in ``NETWORKS``."""
    milliseconds: float
    source: str
    scale: float = 1
    """By what the milliseconds are multiplied where they are of another device."""

    @property
    def rate(self) -> float:
        """Multiply-adds a second."""
        return NETWORKS[self.network] / (self.milliseconds * self.scale / 1000)


def _rows(device: Device, kind: Arithmetic, source: str, scale: float = 1, **times: float) -> list[Published]:
    names = {"v1": "MobileNet v1", "v2": "MobileNet v2", "large": "MobileNet v3 Large", "small": "MobileNet v3 Small",
             "shuffle": "ShuffleNet v2", "google": "GoogLeNet"}  # fmt: skip
    return [Published(device, kind, names[name], time, source, scale) for name, time in times.items()]


_FLOAT, _INT8 = Arithmetic.FLOAT32, Arithmetic.INT8
_SCALED_3, _SCALED_4 = f"{XNNPACK}, the 3 B+ by clock rate", f"{XNNPACK}, the 4 by MobileNet v2 on both"

PUBLISHED = (
    *_rows(Device.ZERO_2_W, _FLOAT, NCNN, v1=163.19, v2=147.39),
    *_rows(Device.ZERO_2_W, _FLOAT, _SCALED_3, _CLOCKS, v1=114, v2=79, large=67, small=22),
    *_rows(Device.ZERO_2_W, _INT8, NCNN, v1=91.03),
    *_rows(Device.ZERO_2_W, _INT8, _SCALED_3, _CLOCKS, v1=46, v2=30),
    *_rows(Device.PI_3, _FLOAT, XNNPACK, v1=114, v2=79, large=67, small=22),
    *_rows(Device.PI_3, _FLOAT, NCNN_3, v1=114.71, v2=120.33),
    *_rows(Device.PI_3, _INT8, XNNPACK, v1=46, v2=30),
    *_rows(Device.PI_3, _INT8, NCNN_3, v1=67.39),
    *_rows(Device.PI_4, _FLOAT, XNNPACK, v1=77, v2=46, large=40, small=15),
    *_rows(Device.PI_4, _FLOAT, NCNN, v1=72.08, v2=72.62),
    *_rows(Device.PI_4, _INT8, XNNPACK, v1=24, v2=17),
    *_rows(Device.PI_4, _INT8, NCNN, v1=40.30),
    *_rows(Device.PI_5, _FLOAT, ARM_COURSE, v2=10.89),
    *_rows(Device.PI_5, _FLOAT, _SCALED_4, _FOUR_TO_FIVE, v1=77, large=40, small=15),
    *_rows(Device.PI_5, _INT8, ARM_COURSE, v2=4.01),
    *_rows(Device.PI_5, _INT8, ARM_MODELS, shuffle=3.63, google=25.33),
)
