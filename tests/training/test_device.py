"""Where PyTorch computes: a stand-in says which devices there are, and what does not fit on them."""

import pytest

from shape_pictures import write_shapes
from whatsit import DataError
from whatsit.training.design import Design, TrainingMode
from whatsit.training.device import Device, chosen_device, on_device
from whatsit.training.events import Note, Remark
from whatsit.training.train import train

torch = pytest.importorskip("torch", reason="the extra 'torch' is not installed")


def only(*devices):
    return lambda device: device in (Device.CPU, *devices)


def test_auto_takes_a_gpu_where_there_is_one():
    assert chosen_device(Device.AUTO, only(Device.CUDA, Device.MPS)) is Device.CUDA
    assert chosen_device(Device.AUTO, only(Device.MPS)) is Device.MPS
    assert chosen_device(Device.AUTO, only()) is Device.CPU
    assert chosen_device(Device.CPU, only(Device.CUDA)) is Device.CPU


def test_a_device_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(DataError, match=r"device 'cuda': expected auto or mps or cpu: PyTorch finds no other here"):
        chosen_device(Device.CUDA, only(Device.MPS))


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA"), RuntimeError("MPS backend out of memory")])
def test_work_that_does_not_fit_on_a_gpu_is_done_on_the_processor_and_says_so(error):
    seen, tried = [], []

    def work(device):
        tried.append(device)
        if device is not Device.CPU:
            raise error
        return "done"

    assert on_device(Device.AUTO, work, seen.append, only(Device.CUDA)) == "done"
    assert tried == [Device.CUDA, Device.CPU]
    assert seen == [Note(Remark.DEVICE, "cuda"), Note(Remark.DEVICE_FULL, "cuda")]
    assert "starts again on cpu" in seen[1].text


def test_other_errors_and_a_full_processor_are_not_tried_again():
    def failing(message):
        def work(device):
            raise RuntimeError(message)

        return work

    for message, has in (("a bug", only(Device.CUDA)), ("out of memory", only())):
        with pytest.raises(RuntimeError, match=message):
            on_device(Device.AUTO, failing(message), lambda event: None, has)


def test_training_says_where_it_computes_and_refuses_a_device_before_it_reads_pictures(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    pictures = write_shapes(tmp_path, ("brick", "leaf"), 2)
    seen = []
    train(pictures, Design(mode=TrainingMode.SCRATCH, size=32, epochs=1, device=Device.AUTO), on_event=seen.append)
    assert Note(Remark.DEVICE, "cpu") in seen or Note(Remark.DEVICE, "mps") in seen
    seen.clear()
    with pytest.raises(DataError, match="device 'cuda': expected auto or "):
        train(pictures, Design(mode=TrainingMode.SCRATCH, size=32, device=Device.CUDA), on_event=seen.append)
    assert all(isinstance(event, Note) for event in seen)
