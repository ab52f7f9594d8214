"""``whatsit classify``"""

import csv
import io
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from whatsit.cli.left_out import note_left_out
from whatsit.cli.progress import progress
from whatsit.cli.terminal import Stopped, console, has, say, say_assumptions, say_json, shown
from whatsit.errors import DataError, ImageError
from whatsit.imaging.preprocess import Fit
from whatsit.models.prediction import Predictions

if TYPE_CHECKING:
    from whatsit.datasets.skip import Skip


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("classify")(classify)


def classify(
    paths: Annotated[list[Path], typer.Argument(help="Pictures, and folders of pictures.")],
    *,
    model: Annotated[
        Path | None,
        typer.Option(help="A .tflite classifier or a .bin of taught features. Default: ImageNet's classes."),
    ] = None,
    labels: Annotated[Path | None, typer.Option(help="The model's label file, where it has none inside.")] = None,
    backbone: Annotated[
        Path | None, typer.Option(help="The .tflite that a .bin was taught on, if it has moved.")
    ] = None,
    normalise: Annotated[
        str | None, typer.Option(help="What the network sees: 0..1, -1..1, 0..255, or MEAN,STD; else as the file says.")
    ] = None,
    output: Annotated[str | None, typer.Option(help="Number or name of the output with the scores.")] = None,
    multi_label: Annotated[bool, typer.Option(help="More than one label can be right: each sigmoid is one.")] = False,
    top_k: Annotated[int, typer.Option(min=1, help="How many classes to show.")] = 5,
    fit: Annotated[Fit | None, typer.Option(help="How a picture meets a square input; else as the model says.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="One row per class.")] = False,
) -> None:
    """Say what is in pictures.

    Example:  whatsit classify holiday/ cat.jpg --model pets.tflite --json
    """
    if as_json and as_csv:
        raise DataError("--json and --csv: choose one")
    pictures, left_out = _find(paths)
    note_left_out(left_out, len(pictures))
    with progress("Opening the model", None):
        answers = _answers(
            pictures, model, backbone, top_k, labels=labels, fit=fit, normalise=normalise, output=output,
            multi_label=multi_label,
        )  # fmt: skip
    write = _write_json if as_json else _write_csv if as_csv else _write_text
    if as_csv:
        say("path,unknown,rank,label,score,index,error")
    failed = 0
    # On a terminal the answers themselves show how far it is; a bar would end up on their lines.
    bar = progress("Classifying", len(pictures), shown=not sys.stdout.isatty())
    done = 0
    try:
        with bar as step:
            for path, answer in zip(pictures, answers, strict=True):
                failed += isinstance(answer, ImageError)
                write(path, answer)
                done += 1
                step()
    except KeyboardInterrupt:
        raise Stopped(f"after {done} of {len(pictures)} pictures") from None
    if failed:
        if len(pictures) > 1 and not as_json and not as_csv:
            say(f"whatsit: {failed} of {len(pictures)} pictures could not be read", err=True)
        raise typer.Exit(1)


def _answers(
    pictures: list[Path], model: Path | None, backbone: Path | None, top_k: int, **settings: Any
) -> Iterator[Predictions | ImageError]:
    if model is None or model.suffix.lower() != ".bin":
        from whatsit.models.classifier import Classifier

        if backbone is not None:
            raise DataError(f"--backbone {backbone}: goes with a .bin of taught features only; leave it out")
        classifier = Classifier(model, **settings)
        say_assumptions(classifier)
        return classifier.classify_many(iter(pictures), top_k, errors="return")
    normalise = settings.pop("normalise")
    given = [f"--{name.replace('_', '-')}" for name, value in settings.items() if value not in (None, False)]
    if given:
        raise DataError(f"{model}: taught features bring these along; leave {' and '.join(given)} out")
    from whatsit.live.recogniser import load_taught

    taught = load_taught(model, backbone=backbone, normalise=normalise)
    say_assumptions(taught)
    return taught.classify_many(pictures, top_k, errors="return")


def _find(paths: Iterable[Path]) -> "tuple[list[Path], list[Skip]]":
    from whatsit.datasets.picture_folder import picture_folder
    from whatsit.datasets.skip import Skip
    from whatsit.imaging.picture_format import NAMES

    found: list[Path] = []
    left_out: list[Skip] = []
    for path in paths:
        if path.is_dir():
            pictures = picture_folder(path)
            if not pictures.pictures:
                raise DataError(f"{path}: no pictures inside; expected {NAMES} files")
            found += pictures.pictures
            left_out += [Skip(str(path / skip.path), skip.reason) for skip in pictures.left_out]
        else:
            found.append(path)  # a missing file is reported in its turn, and the rest go on
    return found, left_out


def _write_json(path: Path, answer: Any) -> None:
    record: dict[str, Any]
    if isinstance(answer, ImageError):
        record = {"path": str(path), "error": str(answer)}
    else:
        found = [{"label": p.label, "score": round(p.score, 6), "index": p.index} for p in answer]
        record = {"path": str(path), "unknown": answer.unknown}
        if answer.strangeness is not None:
            record |= {"strangeness": round(answer.strangeness, 6), "unknown_by": answer.unknown_by}
        record["predictions"] = found
        if answer.milliseconds is not None:
            record["ms"] = round(answer.milliseconds, 2)
    say_json(record)


def _write_csv(path: Path, answer: Any) -> None:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    if isinstance(answer, ImageError):
        rows.writerow([path, "", "", "", "", "", answer])
    else:
        unknown = str(answer.unknown).lower()
        rows.writerows(
            [path, unknown, rank, p.label, f"{p.score:.6f}", p.index, ""] for rank, p in enumerate(answer, 1)
        )
    sys.stdout.write(shown(text.getvalue().rstrip("\n")) + "\n" if sys.stdout.isatty() else text.getvalue())


def _write_text(path: Path, answer: Any) -> None:
    from rich.text import Text

    if isinstance(answer, ImageError):
        say(f"whatsit: {answer}", err=True)
        return
    terminal = console()
    title = Text(shown(path), style="bold", overflow="fold")
    if answer.milliseconds is not None:
        title.append(f"  {answer.milliseconds:.1f} ms", style="dim")
    if answer.unknown:
        title.append("  unknown", style="yellow")
        title.append(f" (distance {answer.distance:.2f}); nearest:", style="dim")
    terminal.print(title)
    labels = [shown(p.label) for p in answer]
    full, empty, cut = ("█", "░", "…") if has("█░…") else ("#", ".", "~")
    label_width = max(8, min(max(map(len, labels)), terminal.width - 28))
    bar_width = max(4, min(30, terminal.width - label_width - 12))
    for p, whole in zip(answer, labels, strict=True):
        filled = round(p.score * bar_width)
        label = whole if len(whole) <= label_width else whole[: label_width - 1] + cut
        line = Text(f"  {label:<{label_width}} {p.score:6.1%} ")
        line.append(full * filled, style="cyan")
        line.append(empty * (bar_width - filled), style="dim")
        terminal.print(line, no_wrap=True, overflow="crop")
