"""Where PyTorch computes: on a GPU where it finds one, else on the processor, which it also falls back to."""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from whatsit.errors import SettingError
from whatsit.training.events import Note, OnEvent, Remark


class Device(StrEnum):
    """Where a network is trained."""

    AUTO = "auto"
    """On a GPU where PyTorch finds one."""
    CPU = "cpu"
    CUDA = "cuda"
    """A GPU of NVIDIA's, or of AMD's with PyTorch for ROCm."""
    MPS = "mps"
    """The GPU of Apple silicon."""


Has = Callable[[Device], bool]
"""Whether PyTorch finds a device."""
_Result = TypeVar("_Result")


def finds(device: Device) -> bool:
    """Whether the PyTorch that is installed finds a device here."""
    import torch

    match device:
        case Device.CUDA:
            return bool(torch.cuda.is_available())
        case Device.MPS:
            return bool(torch.backends.mps.is_available())
    return True


def chosen_device(asked: Device, has: Has = finds) -> Device:
    """The device to train on.

    Raises:
        SettingError: PyTorch does not find the one asked for.
    """
    found = [device for device in (Device.CUDA, Device.MPS, Device.CPU) if has(device)]
    if asked is Device.AUTO:
        return found[0]
    if asked not in found:
        raise SettingError("device", asked.value, f"{' or '.join(['auto', *found])}: PyTorch finds no other here")
    return asked


def on_device(asked: Device, work: Callable[[Device], _Result], on_event: OnEvent, has: Has = finds) -> _Result:
    """Do ``work`` on the device asked for, and say which that is; again on the processor where its memory runs out.

    Raises:
        SettingError: PyTorch does not find the one asked for.
    """
    device = chosen_device(asked, has)
    on_event(Note(Remark.DEVICE, device.value))
    try:
        return work(device)
    except RuntimeError as error:
        if device is Device.CPU or not _out_of_memory(error):
            raise
    on_event(Note(Remark.DEVICE_FULL, device.value))
    return work(Device.CPU)


def _out_of_memory(error: RuntimeError) -> bool:
    import torch

    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in str(error)  # MPS has no type for it
