"""Designs by name, for those who would rather choose how long it may take."""

from collections.abc import Mapping
from enum import StrEnum

from whatsit.backbones import BACKBONES
from whatsit.training.design import Design, TrainingMode
from whatsit.training.setting import Value


class Preset(StrEnum):
    """How much time a training may take, for how good a model."""

    QUICK = "quick"
    """A head on the frozen network: seconds."""
    GOOD = "good"
    """Lite0 fine-tuned at 160 pixels: minutes."""
    BEST = "best"
    """Lite2, or Lite0 where that is not installed, fine-tuned at 224 pixels in twelve epochs: the longest."""

    def changes(self) -> Mapping[str, Value]:
        """What it sets of a design, as JSON values by name."""
        if self is Preset.QUICK:
            return {
                "mode": TrainingMode.FROZEN.value, "backbone": "lite0", "size": 224, "blocks": None, "epochs": None,
            }  # fmt: skip
        whole: dict[str, Value] = {
            "mode": TrainingMode.FINE_TUNE.value, "width": 1.0, "blocks": None, "unfrozen_blocks": None,
            "learning_rate": None,
        }  # fmt: skip
        if self is Preset.GOOD:
            return {**whole, "backbone": "lite0", "size": 160, "epochs": None}
        larger = "lite2" if BACKBONES["lite2"].installed else "lite0"
        return {**whole, "backbone": larger, "size": 224, "epochs": 12}

    def design(self, base: Design | None = None) -> Design:
        """The design, with what it leaves open taken from ``base``; None: from the defaults.

        Example:
            >>> whatsit.Preset("good").design().size
            160
        """
        return (Design() if base is None else base).revised(self.changes())
