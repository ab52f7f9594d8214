"""Why an answer was given, for the pages: at once where the network looked, then the nearest taught pictures."""

import contextlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from typing_extensions import TypedDict

from whatsit.datasets.dataset import Dataset
from whatsit.datasets.split import Split
from whatsit.errors import DataError
from whatsit.evaluation.explanation import Explainer, Explanation, open_explainer
from whatsit.evaluation.explanation_page import jpeg_data_url, looked, seen
from whatsit.evaluation.nearest_taught import Neighbour
from whatsit.heads.exemplars import NOTHING, Exemplars
from whatsit.imaging.image import ImageLike
from whatsit.models.corrected import Seen
from whatsit.parallel import Progress
from whatsit.studio.gallery import ID_DIGITS
from whatsit.studio.jobs.background import Background, BackgroundView
from whatsit.training.events import Event, Step

_REMEMBERED = 16
"""Explanations whose nearest pictures can still be asked for."""


class WhyView(TypedDict):
    """What an answer rests on."""

    id: str
    """What to ask for the nearest pictures by."""
    picture: str | None
    """The key of the picture in the dataset; None for a frame of the camera."""
    label: str | None
    """Its label in the dataset."""
    best: str
    """The best class."""
    score: float
    """0..1"""
    unknown_by: str
    """The rule that said unknown; empty where none did."""
    distance: float | None
    """To the nearest class."""
    threshold: float | None
    """What the distance is held against; None where the model has none, or measures in another unit."""
    strangeness: float | None
    """0 upwards; above 1 is unknown."""
    seen: str
    """What the network saw, as a ``data:`` address."""
    looked: str
    """The same, dark where it did not look, with a line around where it did."""
    clear: bool
    """Whether any part of the picture speaks for the best class more than for the others."""
    corrected: "LookalikeView | None"
    """The corrected picture that decided, so that ``best`` and ``score`` are not the model's own; None: none did."""


class LookalikeView(TypedDict):
    """A corrected picture that looks like the one in question."""

    label: str | None
    """What it is; None: none of the classes."""
    id: str | None
    """None where it is not in the dataset any more."""
    distance: float
    """0..2"""
    model: str
    """The best class without it."""
    score: float
    """Of that class, 0..1."""
    unknown: bool
    """Whether the picture is unknown without it."""


class NearView(TypedDict):
    """A taught picture that resembles the one in question."""

    id: str
    distance: float
    """0..2"""


class EvidenceView(TypedDict):
    """One of the best two classes."""

    label: str
    score: float
    nearest: list[NearView]
    """Nearest first; empty where no taught pictures of the class are known."""


class NearestView(TypedDict):
    """The nearest taught pictures of the best two classes."""

    classes: list[EvidenceView]
    preparing: BackgroundView | None
    """How far the taught pictures are embedded; None where they are."""


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    explainer: Explainer
    found: Explanation
    file: Path | None
    state: object
    """Of the file; another model may have its name meanwhile."""


class Explanations:
    """Explains one picture at a time; keeps one model open, and its taught pictures embedded.

    Args:
        dataset: where pictures of the best classes are looked for.
        comparing: embeds them.
        taught: explains what was taught on the Teach page, as it is now.
    """

    def __init__(self, dataset: Dataset, comparing: Background, taught: Callable[[], Explainer]) -> None:
        self._dataset, self._comparing, self._taught = dataset, comparing, taught
        self._lock = threading.Lock()
        self._open: tuple[object, Explainer] | None = None
        self._known: tuple[object, Explainer] | None = None
        self._failed: object = None
        """What the last embedding was for, until it has ended well."""
        self._asked: OrderedDict[str, _Asked] = OrderedDict()

    def why(
        self, file: Path | None, picture: ImageLike, *, of_taught: bool = False, key: str | None = None,
        alone: Seen | None = None, exemplars: Exemplars = NOTHING,
    ) -> WhyView:  # fmt: skip
        """Why a model says what it says of a picture.

        Args:
            file: of the model; None: the built-in one.
            of_taught: what was taught on the Teach page instead.
            key: of the picture in the dataset; None: it is not there.
            alone: what the model sees of the picture, where corrected pictures answer with it; None: they do not.
            exemplars: the corrected pictures.

        Raises:
            DataError: nothing is taught yet.
            ImageError: the picture cannot be read.
            ModelError: the model's file is broken.
        """
        with self._lock:
            explainer = self._taught() if of_taught else self._opened(file)
            state = None if of_taught or file is None else _state(file)
            found = replace(explainer, taught=None).explain(picture)
            token = secrets.token_hex(8)
            self._asked[token] = _Asked(explainer, found, None if of_taught else file, state)
            while len(self._asked) > _REMEMBERED:
                self._asked.popitem(last=False)
        view = _view(token, key, None if key is None else self._dataset.picture(key).label, found)
        return view if alone is None else self._with_correction(view, alone, exemplars)

    def nearest(self, token: str) -> NearestView:
        """The nearest taught pictures of an explanation; where they must be embedded first, that is begun.

        Raises:
            DataError: too many others were asked for since, or the model's file is another one now.
        """
        with self._lock:
            asked = self._asked.get(token)
            if asked is None:
                raise DataError("this explanation is no longer kept; ask again")
            if asked.file is not None and _state(asked.file) != asked.state:
                raise DataError(f"{asked.file.name} was made anew meanwhile; ask again")
            explainer = asked.explainer if asked.file is None else self._embedded(asked.file)
            if explainer is None:
                return {"classes": [], "preparing": self._comparing.view()}
            evidence = explainer.evidence(asked.found)
        classes: list[EvidenceView] = [
            {"label": one.label, "score": one.score, "nearest": self._near(one.nearest)} for one in evidence
        ]
        return {"classes": classes, "preparing": None}

    def close(self) -> None:
        """Stop embedding."""
        self._comparing.close()

    def _opened(self, file: Path | None) -> Explainer:
        from whatsit.models.admission import admit

        key = None if file is None else _state(file)
        if self._open is None or self._open[0] != key:
            if file is not None:
                admit(file)
            self._open = key, open_explainer(file)
        return self._open[1]

    def _embedded(self, file: Path) -> Explainer | None:
        """A model's explainer with its training pictures embedded; None while that is under way."""
        key = _state(file), self._dataset.edits
        if self._known is not None and self._known[0] == key:
            return self._known[1]
        if self._comparing.running:
            return None
        if self._failed == key:
            raise DataError(self._comparing.view()["error"])
        self._failed = key

        def work(progress: Progress) -> None:
            def count(event: Event) -> None:
                if isinstance(event, Step):
                    progress(event.done, event.total)

            examples = [(path, label) for path, label, split in self._dataset if split is Split.TRAINING]
            folder = self._dataset.embeddings_folder
            self._known = key, open_explainer(file, examples, cache=folder, on_event=count)
            self._failed = None

        self._comparing.begin(work)
        return None

    def _with_correction(self, view: WhyView, alone: Seen, exemplars: Exemplars) -> WhyView:
        """The same, of the answer that a corrected picture changed."""
        verdict = alone.verdict(exemplars)
        if verdict is None:
            return view
        answer, held = alone.corrected(exemplars), self._dataset.whereabouts([verdict.name], ())
        corrected: LookalikeView = {
            "label": verdict.label,
            "id": verdict.name[:ID_DIGITS] if held else None,
            "distance": verdict.distance,
            "model": view["best"],
            "score": view["score"],
            "unknown": bool(view["unknown_by"]),
        }
        return {
            **view, "best": answer[0].label, "score": answer[0].score, "unknown_by": answer.unknown_by,
            "strangeness": answer.strangeness, "corrected": corrected,
        }  # fmt: skip

    def _near(self, found: Sequence[Neighbour]) -> list[NearView]:
        near: list[NearView] = []
        for one in found:
            key = Path(str(one.picture)).relative_to(self._dataset.root).as_posix()
            with contextlib.suppress(DataError):  # deleted since it was embedded
                near.append({"id": self._dataset.picture(key).hash[:ID_DIGITS], "distance": one.distance})
        return near


def _view(token: str, key: str | None, label: str | None, found: Explanation) -> WhyView:
    return {
        "id": token,
        "picture": key,
        "label": label,
        "best": found.predictions[0].label,
        "score": found.predictions[0].score,
        "unknown_by": found.predictions.unknown_by,
        "strangeness": found.predictions.strangeness,
        "distance": found.predictions.distance,
        "threshold": found.threshold,
        "seen": jpeg_data_url(seen(found)),
        "looked": jpeg_data_url(looked(found)),
        "clear": bool(found.looked_at.places.any()),
        "corrected": None,
    }


def _state(file: Path) -> tuple[str, int, int]:
    """What changes with a file's content."""
    try:
        state = file.stat()
    except OSError as error:
        raise DataError(f"{file.name}: {error.strerror}; choose another model") from error
    return str(file), state.st_mtime_ns, state.st_size
