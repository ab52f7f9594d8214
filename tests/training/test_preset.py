"""Presets, and how long a training will take."""

import pytest

from shape_pictures import write_shapes
from whatsit import Design, Preset, TrainingMode, training_seconds
from whatsit.errors import DataError
from whatsit.training.estimate import duration


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return write_shapes(tmp_path_factory.mktemp("shapes"), ("brick", "leaf"), 6)


def test_presets_go_from_a_head_to_a_large_fine_tuned_network():
    quick, good, best = (Preset(name).design() for name in ("quick", "good", "best"))
    assert quick == Design()
    assert (good.mode, good.backbone, good.size, good.most_epochs) == (TrainingMode.FINE_TUNE, "lite0", 160, 6)
    assert (best.mode, best.size, best.most_epochs) == (TrainingMode.FINE_TUNE, 224, 12)
    assert best.backbone in ("lite0", "lite2")


def test_a_preset_keeps_what_it_does_not_speak_of_and_puts_back_what_would_spoil_it():
    chosen = Design(mode=TrainingMode.FINE_TUNE, size=96, seed=7, width=0.5, unfrozen_blocks=2, epochs=1, blocks=5)
    good = Preset.GOOD.design(chosen)
    assert (good.seed, good.size, good.width, good.blocks, good.unfrozen_blocks, good.most_epochs) == (
        7, 160, 1, None, None, 6,
    )  # fmt: skip
    assert Preset.QUICK.design(Design(backbone="mine.tflite", normalise="0..1")).backbone == "lite0"


@pytest.mark.parametrize("design", [
    Design(size=32, blocks=3), Design(mode=TrainingMode.FINE_TUNE, size=32, blocks=3, batch=4),
    Design(mode=TrainingMode.FINE_TUNE, size=32, blocks=3, batch=4, width=0.5),
    Design(mode=TrainingMode.SCRATCH, size=32, batch=4),
])  # fmt: skip
def test_the_time_grows_with_the_pictures_and_the_epochs(pictures, design, monkeypatch):
    if design.mode is not TrainingMode.FROZEN:
        pytest.importorskip("torch", reason="the extra 'torch' is not installed")
    ticking(monkeypatch)
    once = training_seconds(pictures, design, validation=pictures[:2])
    assert once > 0
    ticking(monkeypatch)
    assert training_seconds(pictures * 40, design, validation=pictures[:2]) > 10 * once
    if design.mode is not TrainingMode.FROZEN:
        ticking(monkeypatch)
        more = design.revised({"epochs": 10 * design.most_epochs})
        assert training_seconds(pictures, more, validation=pictures[:2]) > 3 * once


def test_nothing_to_measure_is_said(tmp_path):
    with pytest.raises(DataError, match="no training pictures"):
        training_seconds([], Design())
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    with pytest.raises(DataError, match="none of the training pictures that were tried can be read"):
        training_seconds([(tmp_path / "broken.jpg", "a")], Design(size=32, blocks=3))


@pytest.mark.parametrize(("seconds", "text"), [
    (0.2, "1 s"), (40, "40 s"), (89, "89 s"), (400, "7 min"), (4800, "80 min"), (7300, "2 h 2 min"),
])  # fmt: skip
def test_times_are_rounded_to_what_can_be_known(seconds, text):
    assert duration(seconds) == text


def ticking(monkeypatch):
    """A clock that goes on by a millisecond whenever it is read: what is measured does not depend on the machine."""
    from types import SimpleNamespace

    now = iter(range(10**9))
    monkeypatch.setattr("whatsit.training.estimate.time", SimpleNamespace(perf_counter=lambda: next(now) / 1000))
