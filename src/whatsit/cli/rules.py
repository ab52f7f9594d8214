"""``whatsit rules …``: check rules, and see what they would have done."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whatsit.cli.smoothing_options import ExpireAfter, Holding, SteadyRuleOption, Threshold, smoothing_of
from whatsit.cli.terminal import note, say, say_assumptions, say_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from whatsit.cameras import Camera

_commands = typer.Typer(
    help="Check rules, and see what they would have done.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
RulesPath = Annotated[Path, typer.Argument(metavar="RULES", help="A TOML file of rules, or a project's folder.")]


def register(app: typer.Typer) -> None:
    """Add ``rules`` to the program."""
    app.add_typer(_commands, name="rules")


@_commands.command("check", epilog="Example: whatsit rules check sorter.toml")
def check(rules: RulesPath) -> None:
    """Say what each rule does, or what is wrong with it. Nothing is opened or switched."""
    from whatsit.rules.actions import read_checked

    found = read_checked(rules)
    for rule in found:
        what = rule.state.value if rule.label is None else rule.label
        limits = [
            f"for {rule.seconds:g} s" if rule.seconds else "",
            f"at {rule.at_least:g} or more" if rule.at_least else "",
            f"off for at least {rule.minimum_off:g} s" if rule.minimum_off else "",
            f"at most once in {rule.cooldown:g} s" if rule.cooldown else "",
        ]
        say(f"{rule.name}: {', '.join([what, *filter(None, limits)])}: {rule.then}")


@_commands.command("dry-run", epilog="Example: whatsit rules dry-run sorter.toml --camera file:belt.mp4 --fps 25")
def dry_run(
    rules: RulesPath,
    *,
    camera: Annotated[str, typer.Option(help="The recording, such as file:belt.mp4 or folder:frames.")],
    model: Annotated[Path | None, typer.Option(help="A .tflite model or a .bin of taught features.")] = None,
    fps: Annotated[
        float, typer.Option(min=0.01, max=1000, help="How many of its pictures were taken per second.")
    ] = 10.0,
    count: Annotated[int | None, typer.Option("-n", "--count", min=1, help="Stop after this many frames.")] = None,
    threshold: Threshold = None,
    hold: Holding = None,
    expire_after: ExpireAfter = None,
    steady: SteadyRuleOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
) -> None:
    """Say when each rule would have switched on a recording. Nothing is switched."""
    from whatsit.cameras.opening import open_camera_without_page
    from whatsit.live.recogniser import load_recogniser
    from whatsit.rules.actions import read_checked
    from whatsit.rules.dry_run import seen_on, switched
    from whatsit.rules.missing_label import missing_labels

    smoothing = smoothing_of(threshold, hold, expire_after, steady)
    found = read_checked(rules)
    recogniser = load_recogniser(model)
    say_assumptions(recogniser)
    for line in missing_labels(found, getattr(recogniser, "labels", ())):
        say(f"whatsit: {line}", err=True)
    times = 0
    with open_camera_without_page(camera) as source:
        for one in switched(found, seen_on(_pictures(source, count), recogniser, smoothing, fps)):
            times += 1
            if as_json:
                say_json(asdict(one))
            else:
                say(f"{one.time:8.2f} s  {one.rule}  {'on' if one.on else 'off'}  ({one.seen})")
    if not times:
        note("no rule switched")


def _pictures(camera: "Camera", most: int | None) -> "Iterator[NDArray[np.uint8]]":
    from whatsit.errors import CameraEndedError

    read = 0
    while most is None or read < most:
        try:
            yield camera.read().image
        except CameraEndedError:
            return
        read += 1
