"""What a training ends in: the model, the design it was made by, and how each epoch went."""

import os
from dataclasses import dataclass

from whatsit.errors import ImageError, ModelError
from whatsit.models.taught_model import TaughtModel
from whatsit.training.design import Design
from whatsit.training.events import Epoch
from whatsit.training.record import ModelFiles, write_training


@dataclass(frozen=True, eq=False)
class Training:
    """A finished or stopped training."""

    model: TaughtModel
    design: Design
    """As asked for, with the fit that was chosen and a ``.tflite`` backbone's own size and colour."""
    history: tuple[Epoch, ...]
    stopped: bool
    """Whether it was asked to stop; the model is the best until then."""
    unreadable: tuple[ImageError, ...] = ()
    """Why pictures were left out."""
    strangers: int = 0
    """Marked strangers that the rule for *unknown* was given."""

    @property
    def best(self) -> Epoch | None:
        """The epoch the model comes from; None where there is no history."""
        return next((epoch for epoch in reversed(self.history) if epoch.best), None)

    def __repr__(self) -> str:
        ended = f"stopped after {len(self.history)} epochs" if self.stopped else f"{len(self.history)} epochs"
        return f"Training({self.design.mode} on {self.model.backbone_id}: {len(self.model.labels)} labels, {ended})"

    def save(self, path: str | os.PathLike[str]) -> ModelFiles:
        """Write ``NAME.tflite``, the int8 model, and beside it ``NAME-float32.tflite`` and the record of the training.

        The int8 model is written last: an interruption before keeps the previous model with its reports.
        Reports on the previous model are removed.

        Args:
            path: ``NAME.tflite`` in a folder that exists, such as ``project.models / "model.tflite"``.

        Raises:
            DataError: a name that cannot be used, or a folder that cannot be written.

        Example:
            >>> training.save("models/bottles.tflite")  # doctest: +SKIP
        """
        files = ModelFiles.at(path)
        files.check_new()
        int8 = self.model.to_tflite("int8")
        try:
            float32: bytes | None = self.model.to_tflite("float32")
        except ModelError:  # the backbone is a quantised file: there is no float32 of it
            float32 = None
        record = {
            "design": self.design.to_dict(), "stopped": self.stopped, "pictures": self.model.pictures,
            "left_out": [str(error) for error in self.unreadable],
        }  # fmt: skip
        write_training(files, int8, float32, record, self.history)
        return files
