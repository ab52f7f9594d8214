"""From labelled pictures and a design to a model, measured on validation pictures while it learns."""

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from whatsit.backbones.backbone import Backbone
from whatsit.backbones.builtin_id import last_layer_layout
from whatsit.backbones.choice import is_quantised
from whatsit.backbones.efficientnet_lite import MEAN, STD
from whatsit.backbones.views import ViewEmbedder
from whatsit.datasets.project import Project
from whatsit.datasets.split import Split
from whatsit.errors import ArgumentError, StoppedError
from whatsit.heads.learners import DEFAULT, LEARNERS
from whatsit.heads.linear import LinearHead, prototypes
from whatsit.heads.selection import Selection, select
from whatsit.heads.strangeness import UnknownRule, class_numbers
from whatsit.imaging.augmentation import NO_AUGMENTATION
from whatsit.imaging.image import ImageLike
from whatsit.imaging.preprocess import Preprocess
from whatsit.models.int8_form import with_int8_form
from whatsit.models.taught_model import TaughtModel, evenly_sampled, head_ranges, prepared
from whatsit.parallel import give_back_memory
from whatsit.plugins import EXTRAS
from whatsit.teaching.fit_search import search_fit
from whatsit.teaching.teach import (
    CALIBRATION_PICTURES,
    GOLDEN_PICTURES,
    Example,
    check_labels,
    checked_pairs,
    first_of_each_label,
)
from whatsit.training.design import Design, TrainingMode
from whatsit.training.device import Device, chosen_device, on_device
from whatsit.training.events import Epoch, Note, OnEvent, Phase, Remark, Stop, ignore, never
from whatsit.training.head import Embedded, fit_head
from whatsit.training.memory import check_memory
from whatsit.training.pictures import (
    Report,
    class_indices,
    decoded,
    embed_views,
    known,
    note_copies,
    note_normalisation,
    places_embedder,
)
from whatsit.training.training import Training
from whatsit.training.view_rows import ViewRows
from whatsit.validation import path as checked_path
from whatsit.validation import several, short

if TYPE_CHECKING:
    from whatsit.training.torch_loop import Trained

MEASURED_PICTURES = 200
"""Training pictures on which the ranges of a whole trained network are measured."""
_MARGIN = 1.15
"""For fine-tuning, pictures are kept larger than the input by this factor, so that crops can be taken."""


def margin(design: Design) -> int:
    """The side at which training pictures are kept while a whole network is trained."""
    return round(design.size * (_MARGIN if design.mode is TrainingMode.FINE_TUNE else 1))


def train(
    pictures: Project | Iterable[Example],
    design: Design | None = None,
    *,
    validation: Iterable[Example] | None = None,
    strangers: Iterable[ImageLike] | None = None,
    on_event: OnEvent = ignore,
    stop: Stop = never,
    cache: str | os.PathLike[str] | None = None,
) -> Training:
    """Train a classifier on labelled pictures.

    Args:
        pictures: a project, of which the training split is used, or (picture, label) pairs of at least two labels.
        design: what to train and how; None: the project's design, or the defaults.
        validation: (picture, label) pairs that decide early stopping and the threshold for *unknown*; None: the
            project's validation split. Without any, every epoch runs, and the threshold comes from leaving training
            pictures out one at a time.
        strangers: pictures of none of the classes; what looks like them is unknown. None: those that are marked in the
            project's training split.
        on_event: called with every step, epoch and note.
        stop: asked before every picture and batch; True ends training and keeps the best epoch so far.
        cache: a folder for embeddings, so that the next training on the same pictures starts at once, and for the full
            network that a narrower one is distilled from; None: the project's.

    Raises:
        ArgumentError: neither a project nor pairs of picture and label, no design, or a cache that is no path.
        DataError: fewer than two labels with a readable picture; too little memory.
        MissingExtraError: training without scikit-learn; fine-tuning or training from scratch without PyTorch.
        ModelError: the backbone cannot be used.
        StoppedError: stopped before the first epoch ended; the embeddings made until then are in the cache.

    Example:
        >>> training = whatsit.train(whatsit.Project("bottles"), whatsit.Design(size=160))  # doctest: +SKIP
        >>> training.best.validation_accuracy  # doctest: +SKIP
        0.97
        >>> training.save("bottles/models/model.tflite")  # doctest: +SKIP
    """
    if isinstance(pictures, Project):
        design = Design.from_dict(pictures.settings.design) if design is None else design
        cache = pictures.dataset.embeddings_folder if cache is None else cache
        validation = split_examples(pictures, Split.VALIDATION) if validation is None else validation
        strangers = marked_strangers(pictures) if strangers is None else strangers
        pictures = split_examples(pictures, Split.TRAINING)
    marked = [] if strangers is None else list(several(strangers))
    design = Design() if design is None else design
    if not isinstance(design, Design):
        raise ArgumentError(f"design {short(design)}: expected a Design, such as Design(size=160)")
    EXTRAS["teach"].check("training")
    training, held = checked_pairs(pictures), checked_pairs(() if validation is None else validation)
    folder = None if cache is None else checked_path(cache, "a folder for embeddings")
    check_labels([label for _, label in training])
    report = Report(on_event)
    held = known(held, {label for _, label in training}, on_event)
    if not held:
        on_event(Note(Remark.NO_VALIDATION))
    if design.mode is TrainingMode.FROZEN:
        return _train_head(design, training, held, marked, report, stop, folder)
    return _train_network(design, training, held, marked, report, stop, folder)


def split_examples(project: Project, split: Split) -> list[Example]:
    """The labelled, readable pictures of a project's split."""
    return [(path, label) for path, label, found in project.dataset if found is split]


def marked_strangers(project: Project) -> list[ImageLike]:
    """The readable pictures of a project's training split that were marked as none of the classes."""
    return [project.dataset.root / key for key in project.dataset.strangers(Split.TRAINING)]


def with_chosen_fit(
    design: Design, training: Sequence[Example], cache: Path | None, on_event: OnEvent = ignore, stop: Stop = never
) -> tuple[Design, Selection | None]:
    """The design with the fit that cross-validation chooses on a sample, where it names none, and what was compared.

    Args:
        cache: a folder for the sample's embeddings, which a training on the same pictures finds there; None: not kept.

    Raises:
        StoppedError: ``stop`` said so.
    """
    if design.fit is not None:
        return design, None
    embed = places_embedder(training, cache, on_event, stop)
    search = search_fit(training, design.backbone_choice, LEARNERS[DEFAULT], embed)
    return replace(design, fit=search.choice.fit), search.selection


def _train_head(
    design: Design, training: Sequence[Example], validation: Sequence[Example], strangers: Sequence[ImageLike],
    report: Report, stop: Stop, cache: Path | None,
) -> Training:  # fmt: skip
    design, searched = with_chosen_fit(design, training, cache, report, stop)
    backbone = design.backbone_choice.open()
    note_normalisation(backbone.normalisation, report)
    if design.on_file:
        own = backbone.preprocess
        design = replace(design, size=own.width, colour=own.colour, blocks=None, multi_layer=False)
    views = ViewEmbedder(backbone, design.augmentation, design.views)
    plain = ViewEmbedder(backbone, NO_AUGMENTATION, 1)
    kept, embeddings = embed_views(views, training, cache, report, report.leave_out, Phase.EMBEDDING, stop)
    targets = [label for _, label in kept]
    check_labels(targets)
    note_copies(embeddings.plain, targets, report)
    held, held_embeddings = embed_views(
        plain, validation, cache, report, report.leave_out, Phase.EMBEDDING_VALIDATION, stop
    )
    marked = _embed_strangers(plain, strangers, cache, report, stop)
    give_back_memory()
    labels = sorted(set(targets))
    start, selection = _chosen_head(design, embeddings.plain, targets, bool(held), searched)
    if selection is not None:
        report(Note(Remark.CHOSEN, selection.text))
    fitted = fit_head(
        Embedded(embeddings, class_indices(kept, labels)), Embedded(held_embeddings, class_indices(held, labels)),
        labels, design, report, stop, start,
    )  # fmt: skip
    embeddings.close()
    give_back_memory()
    _check_kept(fitted.history)
    calibration = [p for p, _ in evenly_sampled(kept, CALIBRATION_PICTURES)] if design.on_file else []
    model = _model(
        design, backbone, fitted.head, kept, embeddings.plain, held_embeddings.plain, marked.rows, calibration
    )
    if design.on_file and not is_quantised(backbone.content):
        model = _with_int8_form(model, design, kept, held, marked.pictures, embeddings.plain, labels, cache)
        if model.int8_loss is not None and model.int8_loss.matters:
            report(Note(Remark.INT8_LOSS, str(model.int8_loss)))
    if selection is not None and any(epoch.best and epoch.number for epoch in fitted.history):
        selection = replace(selection, regularisation=None)  # the head is not the one that was chosen any more
    model = replace(model, selection=selection)
    return Training(model, design, fitted.history, fitted.stopped, tuple(report.unreadable), len(marked.rows))


def _chosen_head(
    design: Design, embeddings: NDArray[np.float32], targets: Sequence[str], judged: bool,
    searched: Selection | None = None,
) -> tuple[LinearHead | None, Selection | None]:  # fmt: skip
    """The head of ``teach``, with the regularisation that cross-validation chooses, and all that was chosen.

    A head with a hidden layer begins with none; so does one that no validation picture judges, as the last epoch is
    kept then, in which nothing would be left of the beginning.
    """
    if design.hidden or not judged:
        return None, searched if searched is None else replace(searched, regularisation=None)
    learner = LEARNERS[DEFAULT]
    selection = select({design.usual_fit: embeddings}, targets, learner)
    give_back_memory()
    if searched is not None:
        selection = replace(selection, fits=searched.fits)
    head = learner(embeddings, targets, selection.regularisation)
    give_back_memory()
    return head, selection


def _with_int8_form(
    model: TaughtModel, design: Design, kept: Sequence[Example], held: Sequence[Example],
    strangers: Sequence[ImageLike], embeddings: NDArray[np.float32], labels: Sequence[str], cache: Path | None,
) -> TaughtModel:  # fmt: skip
    """The model with another head for int8, fitted in the same way on the same pictures; it cannot be stopped."""
    rows: dict[str, ViewRows] = {}
    strange: list[NDArray[np.float32]] = []
    opened: list[Backbone] = []

    def embedded(backbone: Backbone) -> NDArray[np.float32]:
        opened.append(backbone)
        report = Report(ignore)
        views = ViewEmbedder(backbone, design.augmentation, design.views)
        plain = ViewEmbedder(backbone, NO_AUGMENTATION, 1)
        for name, embedder, pictures in (("kept", views, kept), ("held", plain, held)):
            _, rows[name] = embed_views(embedder, pictures, cache, report, report.leave_out, Phase.MEASURING)
        strange.append(_embed_strangers(plain, strangers, cache, report, never).rows)
        return rows["kept"].plain

    def fitted(plain: NDArray[np.float32]) -> TaughtModel:
        start, _ = _chosen_head(design, plain, [label for _, label in kept], bool(held))
        found = fit_head(
            Embedded(rows["kept"], class_indices(kept, labels)), Embedded(rows["held"], class_indices(held, labels)),
            labels, design, Report(ignore), never, start,
        )  # fmt: skip
        form = _model(design, opened[0], found.head, kept, plain, rows["held"].plain, strange[0], ())
        return replace(form, backbone_id=model.backbone_id)

    return with_int8_form(model, embeddings, [label for _, label in kept], embedded, fitted)


def _train_network(
    design: Design, training: Sequence[Example], validation: Sequence[Example], strangers: Sequence[ImageLike],
    report: Report, stop: Stop, cache: Path | None,
) -> Training:  # fmt: skip
    run = trainer(design.mode, cache)
    chosen_device(design.device)  # refused before any picture is read
    design = replace(design, fit=design.usual_fit)
    preprocess = Preprocess(design.size, design.size, design.usual_fit, design.colour, (MEAN,), (STD,))
    side = margin(design)
    wide = Preprocess(side, side, design.usual_fit, design.colour, (MEAN,), (STD,))
    check_memory(design, len(training), side)
    kept, pixels = decoded(wide, training, report, Phase.READING, stop)
    held, held_pixels = decoded(preprocess, validation, report, Phase.READING_VALIDATION, stop)
    check_labels([label for _, label in kept])
    note_copies(pixels, [label for _, label in kept], report)
    labels = sorted({label for _, label in kept})
    trained, network = run(
        design, len(labels), (pixels, class_indices(kept, labels)), (held_pixels, class_indices(held, labels)),
        report, stop,
    )  # fmt: skip
    _check_kept(trained.history)
    head = LinearHead(trained.head_weights, trained.head_bias, tuple(labels), normalise=False)
    digest = hashlib.sha256(network).hexdigest()[:16]
    name = f"{design.mode}-{design.backbone}" if design.mode is TrainingMode.FINE_TUNE else f"{design.network}-cnn"
    name += f"-w{round(100 * design.width)}" if design.narrow else ""
    backbone = Backbone(network, preprocess, f"{name}:{digest}@{design.size}-float32")
    plain = ViewEmbedder(backbone, NO_AUGMENTATION, 1)
    _, embeddings = embed_views(plain, kept, None, report, report.leave_out, Phase.MEASURING)
    _, held_embeddings = embed_views(plain, held, None, report, report.leave_out, Phase.MEASURING)
    calibration = [p for p, _ in evenly_sampled(kept, MEASURED_PICTURES)]
    marked = _embed_strangers(plain, strangers, None, report, never)
    model = _model(
        design, backbone, head, kept, embeddings.plain, held_embeddings.plain, marked.rows, calibration, network
    )
    return Training(model, design, trained.history, trained.stopped, tuple(report.unreadable), len(marked.rows))


class _Marked(NamedTuple):
    pictures: list[ImageLike]
    rows: NDArray[np.float32]


def _embed_strangers(
    plain: ViewEmbedder, strangers: Sequence[ImageLike], cache: Path | None, report: Report, stop: Stop
) -> _Marked:
    """The readable ones, with their raw embeddings, shape (strangers, dim)."""
    pairs = [(picture, "") for picture in strangers]
    kept, rows = embed_views(plain, pairs, cache, report, report.leave_out, Phase.EMBEDDING, stop)
    return _Marked([picture for picture, _ in kept], rows.plain)


def _model(
    design: Design, backbone: Backbone, head: LinearHead, examples: Sequence[Example], embeddings: NDArray[np.float32],
    held: NDArray[np.float32], strangers: NDArray[np.float32], calibration: Sequence[ImageLike],
    network: bytes | None = None,
) -> TaughtModel:  # fmt: skip
    targets = [label for _, label in examples]
    means = prototypes(embeddings, targets)
    unknown = UnknownRule.fitted(
        embeddings, class_numbers(targets), strangers=strangers, held_out=held, layout=last_layer_layout(backbone.id)
    )
    golden = prepared(evenly_sampled(first_of_each_label(examples), GOLDEN_PICTURES), backbone.preprocess)
    choice = design.backbone_choice
    if choice.is_file:
        choice = replace(choice, size=backbone.preprocess.width)
    return TaughtModel(
        choice, backbone.id, backbone.preprocess, head, means, unknown, len(examples),
        head_ranges(head, embeddings), golden=golden,
        calibration=prepared(calibration, backbone.preprocess), network=network,
    ).measured()  # fmt: skip


def _check_kept(history: Sequence[Epoch]) -> None:
    if not history:
        raise StoppedError("stopped before the first epoch ended: there is nothing to keep")


_Pictures: TypeAlias = tuple[NDArray[np.uint8], NDArray[np.int64]]
_Trainer: TypeAlias = Callable[[Design, int, _Pictures, _Pictures, OnEvent, Stop], "tuple[Trained, bytes]"]


def trainer(mode: TrainingMode, cache: Path | None = None) -> _Trainer:
    """What trains a whole network in this mode, on pixels in memory.

    Args:
        cache: a folder in which fine-tuning keeps the full network that narrower ones are distilled from.

    Raises:
        MissingExtraError: PyTorch is not installed.
    """
    purpose = "fine-tuning" if mode is TrainingMode.FINE_TUNE else "training from scratch"
    try:
        from whatsit.training.torch_loop import Labelled
    except ImportError as error:
        raise EXTRAS["torch"].missing(purpose) from error
    if mode is TrainingMode.FINE_TUNE:
        from whatsit.training.fine_tune import fine_tune

        train_whole: Callable[..., tuple[Trained, bytes]] = partial(fine_tune, cache=cache)
    else:
        from whatsit.training.scratch import train_from_scratch

        train_whole = train_from_scratch

    def run(
        design: Design, classes: int, training: _Pictures, validation: _Pictures, on_event: OnEvent, stop: Stop
    ) -> "tuple[Trained, bytes]":
        def on(device: Device) -> "tuple[Trained, bytes]":
            given, held = (Labelled(*pictures, device.value) for pictures in (training, validation))
            return train_whole(design, classes, given, held, on_event, stop)

        return on_device(design.device, on, on_event)

    return run
