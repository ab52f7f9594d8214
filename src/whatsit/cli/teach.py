"""``whatsit teach``"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whatsit.cli.left_out import note_left_out
from whatsit.cli.progress import progress
from whatsit.cli.tables import TableCommand
from whatsit.cli.terminal import note, say, say_assumptions, say_strangers
from whatsit.errors import DataError, ImageError
from whatsit.imaging.preprocess import Fit

if TYPE_CHECKING:
    from whatsit.backbones.choice import BackboneChoice
    from whatsit.datasets.picture_folder import LabelledFolder
    from whatsit.models.taught_model import TaughtModel
    from whatsit.teaching.teach import EmbeddedExamples


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("teach", cls=TableCommand)(teach)


def teach(
    folder: Annotated[
        Path,
        typer.Argument(help="Holds one folder a label: FOLDER/<label>/*.jpg, or another layout of labelled pictures."),
    ],
    *,
    output: Annotated[Path, typer.Option("-o", "--output", help="FILE.tflite: a whole model; FILE.bin: features.")],
    dtype: Annotated[
        str | None, typer.Option(help="Arithmetic in the model: int8, float32 or dynamic. Default: int8.")
    ] = None,
    io: Annotated[
        str | None, typer.Option(help="Input and output types: uint8 (what most programs take), int8 or float32.")
    ] = None,
    backbone: Annotated[str, typer.Option(help="One of {backbones}, or any .tflite classifier.")] = "lite0",
    size: Annotated[
        int | None, typer.Option(help="Input side in pixels, 32 to 512. Default: 224, or a .tflite's own.")
    ] = None,
    blocks: Annotated[int | None, typer.Option(help="Keep only this many blocks of the backbone: faster.")] = None,
    fit: Annotated[
        Fit | None, typer.Option(help="How a picture meets the square input. Default: chosen by cross-validation.")
    ] = None,
    normalise: Annotated[
        str | None, typer.Option(help="What a .tflite backbone sees of pixels: 0..1, -1..1, 0..255, or MEAN,STD.")
    ] = None,
    learner: Annotated[str | None, typer.Option(help="How the head is fitted: {learners}. Default: the first.")] = None,
    layout: Annotated[
        str | None, typer.Option(help="Layout of the folder: one of {readable}; recognised where not given.")
    ] = None,
    unknown_rate: Annotated[
        float, typer.Option(help="Share of known pictures that can be called unknown, 0 to below 1.")
    ] = 0.05,
) -> None:
    """Learn from labelled pictures, in seconds.

    Cross-validation chooses the regularisation and, where pictures are not square, the fit.

    Example:  whatsit teach bottles/ -o bottles.tflite
    """
    from dataclasses import replace

    from whatsit.backbones.builtin_id import DEFAULT_SIZE
    from whatsit.backbones.choice import BackboneChoice
    from whatsit.files import write_file
    from whatsit.heads.learners import DEFAULT, LEARNERS
    from whatsit.teaching.fit_search import FitSearch, search_fit
    from whatsit.teaching.teach import check_labels, embed_examples, labelled_examples
    from whatsit.validation import row

    features = output.suffix.lower() == ".bin"
    if not features and output.suffix.lower() != ".tflite":
        raise DataError(f"{output}: expected a name ending in .tflite (a whole model) or .bin (features)")
    check_output(output, Path(backbone))
    if not 0 <= unknown_rate < 1:
        raise DataError(f"--unknown-rate {unknown_rate}: expected a number from 0 up to 1, e.g. 0.05")
    if features and (dtype, io, learner) != (None, None, None):
        raise DataError(f"{output}: features have no --dtype, --io or --learner; leave them out, or write a .tflite")
    choice = BackboneChoice(
        backbone, DEFAULT_SIZE if size is None else size, fit or Fit.COVER, blocks, normalise=normalise
    )
    if size is not None and choice.is_file:
        check_own_size(choice, size)
    learner = learner or DEFAULT
    fits_head = row(LEARNERS, learner, "--learner")
    if not features:
        fits_head.check()
    skipped: list[ImageError] = []
    if not features:
        choice = replace(choice, multi_layer=choice.takes_layers)
        choice.check_output(dtype or "int8", io)
    found = labelled_examples(folder, layout)
    _say_how_read(found)
    search = FitSearch(choice)
    if fit is None and not features:
        check_labels([label for _, label in found.pictures])
        with progress("Choosing how pictures are fitted", None):
            search = search_fit(found.pictures, choice, fits_head)
    with progress("Looking at pictures", len(found.pictures)) as step:
        embedded = embed_examples(
            found.pictures, search.choice, known=search.embedded, strangers=found.strangers,
            on_picture=step, on_unreadable=skipped.append,
        )  # fmt: skip
    if features:
        embedded.save_features(output, unknown_rate)
        _say_taught(output, embedded, skipped)
        return
    with progress("Learning and writing", None):
        model = embedded.model(unknown_rate, learner, int8=dtype in (None, "int8"), search=search.selection)
        write_file(output, model.to_tflite(dtype or "int8", io))
    _say_taught(output, embedded, skipped)
    _say_choices(model)


def _say_taught(output: Path, embedded: "EmbeddedExamples", skipped: list[ImageError]) -> None:
    say_assumptions(embedded.embedder)
    if len(skipped) > len(embedded.examples):
        pictures = len(skipped) + len(embedded.examples)
        say(f"whatsit: most pictures could not be read: {len(skipped):,} of {pictures:,}", err=True)
    for error in skipped:
        say(f"whatsit: left out: {error}", err=True)
    labels = sorted(set(embedded.targets))
    say(f"{output}: {len(labels)} classes from {len(embedded.examples)} pictures ({_short(labels)})")
    say_strangers(len(embedded.strangers))


def _say_choices(model: "TaughtModel") -> None:
    if model.selection is not None:
        say(f"Chosen: {model.selection.text}")
    if model.int8_loss is not None and model.int8_loss.matters:
        note(f"Note: {model.int8_loss}; a model without that loss is written by  --dtype float32")
    if model.preprocess.fit is not Fit.SQUASH:
        note(squash_note(model.preprocess.fit))


def _say_how_read(found: "LabelledFolder") -> None:
    note_left_out(found.left_out, len(found.pictures))
    if found.read_as != "class folders" and len({label for _, label in found.pictures}) > 1:
        note(f"Note: read as {found.read_as}")
    for doubt in found.notes:
        note(f"Note: {doubt.path}: {doubt.reason}")


def check_own_size(choice: "BackboneChoice", size: int) -> None:
    """Refuse a size that a backbone's file does not have.

    Raises:
        DataError: another one.
    """
    own = choice.open(threads=1).preprocess
    if size not in (own.width, own.height):
        raise DataError(f"--size {size}: {choice.name} takes {own.width} x {own.height} pixels; leave --size out")


def check_output(path: Path, *read: Path) -> None:
    """Refuse before any work a place that cannot be written, and one of the files that are ``read`` for it.

    Raises:
        DataError: no such folder, no permission, something else than a file is there, or what is read.
    """
    from whatsit.files import check_writable

    if not path.parent.is_dir():
        raise DataError(f"{path.parent}: no such folder to write {path.name} to")
    check_writable(path)
    for source in read:
        if path.exists() and source.exists() and path.samefile(source):
            raise DataError(f"{path}: would replace what it is made from; give -o another name")


def squash_note(fit: Fit) -> str:
    """What to know before another program runs the model."""
    return (
        f"Note: this model wants pictures fitted by {fit}. MediaPipe, Frigate and others squash them; on pictures "
        "that are not square they can answer differently. For those programs teach with  --fit squash"
    )


def _short(labels: list[str]) -> str:
    return ", ".join(labels[:8]) + (" …" if len(labels) > 8 else "")
