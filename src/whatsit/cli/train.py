"""``whatsit train``"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from whatsit.cli.tables import TableCommand
from whatsit.cli.terminal import say, say_json
from whatsit.errors import DataError

if TYPE_CHECKING:
    from whatsit.training.design import Design


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("train", cls=TableCommand, epilog="Example: whatsit train bottles/ --size 160 --fit squash")(train)


def train(
    project: Annotated[Path, typer.Argument(help="The project's folder.")] = Path(),
    *,
    name: Annotated[str, typer.Option(help="Of the model: models/NAME.tflite.")] = "model",
    way: Annotated[str | None, typer.Option(help="frozen, fine-tune or scratch.")] = None,
    backbone: Annotated[str | None, typer.Option(help="One of {backbones}, or any .tflite classifier.")] = None,
    size: Annotated[int | None, typer.Option(help="Input side in pixels, a multiple of 32.")] = None,
    blocks: Annotated[int | None, typer.Option(help="Keep so many blocks of the backbone: faster.")] = None,
    multi_layer: Annotated[bool | None, typer.Option(help="Let the head see the last blocks too.")] = None,
    colour: Annotated[str | None, typer.Option(help="rgb or grey.")] = None,
    fit: Annotated[str | None, typer.Option(help="cover, contain or squash.")] = None,
    augment: Annotated[str | None, typer.Option(help="Of flip,zoom,brightness,contrast,rotate,grey; or none.")] = None,
    views: Annotated[int | None, typer.Option(help="Views of each picture, itself among them.")] = None,
    hidden: Annotated[int | None, typer.Option(help="Units of a hidden layer; 0: none.")] = None,
    dropout: Annotated[float | None, typer.Option(help="Share of inputs left out, 0 to 0.9.")] = None,
    epochs: Annotated[int | None, typer.Option(help="At most so many.")] = None,
    patience: Annotated[int | None, typer.Option(help="Epochs to wait for a better one.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Of the body, where it is trained.")] = None,
    batch: Annotated[int | None, typer.Option(help="Pictures a step, of a whole network.")] = None,
    class_weights: Annotated[bool | None, typer.Option(help="Let small classes count as much.")] = None,
    label_smoothing: Annotated[float | None, typer.Option(help="0 to 0.5.")] = None,
    mixup: Annotated[bool | None, typer.Option(help="Train a whole network on blends.")] = None,
    unfrozen_blocks: Annotated[int | None, typer.Option(help="Fine-tune only the last so many blocks.")] = None,
    seed: Annotated[int | None, typer.Option(help="Same seed and pictures, same file.")] = None,
    defaults: Annotated[bool, typer.Option("--defaults", help="Forget what was chosen the last time.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Train a model on the project's pictures; what is chosen is kept in whatsit.toml for the next time.

    Ctrl-C after the first epoch keeps the best so far.
    """
    from dataclasses import replace

    from whatsit.cli.opened_project import embeddings_folder, examples, opened_project, tell_unreadable
    from whatsit.cli.training_progress import TerminalWatch
    from whatsit.training.record import ModelFiles, save_training
    from whatsit.training.train import train as run

    chosen: dict[str, Any] = {
        "way": way, "backbone": _findable(backbone), "size": size, "blocks": blocks, "multi_layer": multi_layer,
        "colour": colour, "fit": fit,
        "augmentation": None if augment is None else _switches(augment), "views": views, "hidden": hidden,
        "dropout": dropout, "epochs": epochs, "patience": patience, "learning_rate": learning_rate, "batch": batch,
        "class_weights": class_weights, "label_smoothing": label_smoothing, "mixup": mixup,
        "unfrozen_blocks": unfrozen_blocks, "seed": seed,
    }  # fmt: skip
    with opened_project(project) as opened:
        kept = {key: value for key, value in chosen.items() if value is not None}
        design = _design({} if defaults else _remembered(opened.settings.design, kept), kept)
        files = ModelFiles(opened.models, name)
        files.check_new()
        training, validation = examples(opened, "training"), examples(opened, "validation")
        tell_unreadable(opened)
        watch = TerminalWatch()
        with opened.dataset.held(), watch.watching():
            trained = run(
                design, training, validation, on_event=watch.show, stop=watch.stop, cache=embeddings_folder(opened)
            )
            save_training(files, trained)
            opened.save_settings(replace(opened.settings, design=design.to_settings()))
    best = trained.best
    if as_json:
        found = {"model": str(files.int8), "labels": list(trained.model.labels), "design": trained.design.to_dict(),
                 "validation_accuracy": None if best is None or not validation else best.validation_accuracy,
                 "stopped": trained.stopped, "left_out": [str(error) for error in trained.unreadable]}  # fmt: skip
        say_json(found)
    else:
        say(f"{files.int8}: {len(trained.model.labels)} classes from {trained.model.pictures} pictures")
        if best is not None and validation:
            say(f"validation: {best.validation_accuracy:.1%} of {len(validation)} (epoch {best.number})")
    if watch.interrupted:
        raise typer.Exit(130)


def _remembered(before: dict[str, Any], chosen: dict[str, Any]) -> dict[str, Any]:
    """What was chosen the last time, without what belonged to another way or another backbone."""
    from whatsit.backbones.choice import BackboneChoice
    from whatsit.training.design import MADE_BY_FILE, Design

    then = {**Design().to_dict(), **before}
    left: set[str] = set()
    for choice, own in (("way", {"epochs", "patience", "learning_rate"}), ("backbone", {"blocks", "unfrozen_blocks"})):
        if chosen.get(choice, then[choice]) != then[choice]:
            left |= own
    if BackboneChoice(chosen.get("backbone", then["backbone"])).is_file:
        left |= set(MADE_BY_FILE)
    return {key: value for key, value in before.items() if key not in left}


def _design(remembered: dict[str, Any], chosen: dict[str, Any]) -> "Design":
    """Both together; what is wrong is told by the name it was given under."""
    from whatsit.training.design import MADE_BY_FILE, WAYS_OF, Design, TrainingMode

    try:
        design = Design.from_dict({**remembered, **chosen})
    except DataError as error:
        field, _, rest = str(error).partition(" ")
        if field in chosen:
            raise DataError(f"{_option(field)} {rest}") from error
        if field in remembered:
            raise DataError(f"whatsit.toml: {error}; or begin anew with  --defaults") from error
        raise
    for field in chosen:
        ways = WAYS_OF.get(field, tuple(TrainingMode))
        if design.way not in ways:
            raise DataError(f"{_option(field)}: not used by --way {design.way}, only by {' and '.join(ways)}")
        if design.choice.is_file and field in MADE_BY_FILE:
            raise DataError(f"{_option(field)}: {Path(design.backbone).name} has its own; leave it out")
    return design


def _option(field: str) -> str:
    return "--augment" if field == "augmentation" else f"--{field.replace('_', '-')}"


def _findable(backbone: str | None) -> str | None:
    """A file's whole path, so that it is found from other folders the next time."""
    from whatsit.backbones.choice import BackboneChoice

    if backbone is None or not BackboneChoice(backbone).is_path:
        return backbone
    return str(Path(backbone).absolute())


def _switches(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise DataError("--augment: expected switches such as flip,zoom,brightness, or none")
    return [] if names == ["none"] else names
