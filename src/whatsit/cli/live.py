"""``whatsit live``"""

import re
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whatsit.cli.tables import TableCommand
from whatsit.cli.terminal import say, say_assumptions

if TYPE_CHECKING:
    from whatsit.live.smoothing import Smoothing


class SteadyRule(StrEnum):
    """Rules that have a name."""

    FRIGATE = "frigate"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("live", cls=TableCommand)(live)


def live(
    *,
    camera: Annotated[str, typer.Option(help="The camera's address; `whatsit cameras` lists them.")],
    model: Annotated[
        Path | None,
        typer.Option(help="A .tflite model or a .bin of taught features. Default: ImageNet's classes."),
    ] = None,
    backbone: Annotated[
        Path | None, typer.Option(help="The .tflite that a .bin was taught on, if it has moved.")
    ] = None,
    normalise: Annotated[
        str | None, typer.Option(help="What a .tflite from elsewhere sees: 0..1, -1..1, 0..255, or MEAN,STD.")
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="The score below which an answer is uncertain. Default: 0.5"),
    ] = None,
    hold: Annotated[
        str | None,
        typer.Option(
            metavar="N|SECONDSs", help="Answer what was seen in N frames in a row (3), or for so many seconds (1.5s)."
        ),
    ] = None,
    expire_after: Annotated[
        float | None, typer.Option(min=0, help="Seconds after which a label that is not seen again is uncertain.")
    ] = None,
    steady: Annotated[
        SteadyRule | None,
        typer.Option(help="A ready rule; frigate: 0.8 or more three times in a row, frames below are not counted."),
    ] = None,
    sink: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS",
            help="Where the answers go, as KIND: or KIND:TARGET, such as jsonl:seen.jsonl. Kinds: {sinks}. Give "
            "it again for more sinks. Default: text:",
        ),
    ] = None,
    count: Annotated[int | None, typer.Option("-n", "--count", min=1, help="Stop after this many frames.")] = None,
    seconds: Annotated[float | None, typer.Option(min=0, help="Stop after this many seconds.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --sink json:")] = False,
) -> None:
    """Say what a camera sees: one line per change, until Ctrl-C.

    Example:  whatsit live --camera usb:0 --model bottles.bin --sink text: --sink jsonl:seen.jsonl
    """
    from whatsit.cameras.opening import open_camera_without_page
    from whatsit.live.engine import Live
    from whatsit.live.recogniser import load_recogniser
    from whatsit.live.sinks import open_sinks

    addresses = [*(sink or ()), *(["json:"] if as_json else ())] or ["text:"]
    smoothing = _smoothing(hold, expire_after, steady)
    recogniser = load_recogniser(model, backbone=backbone, normalise=normalise)
    say_assumptions(recogniser)
    with open_camera_without_page(camera) as source:
        engine = Live(source, recogniser, open_sinks(addresses), threshold=threshold, smoothing=smoothing)
        try:
            engine.run(count=count, seconds=seconds)
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        finally:
            for state in engine.sinks:
                if state.failing_since is not None or state.dropped or state.waiting:
                    say(f"whatsit: {state}", err=True)
            stats = engine.stats
            say(
                f"{stats.answers} frames, {stats.fps:.1f} per second, prepared in {stats.prepare_ms:.1f} ms, "
                f"recognised in {stats.inference_ms:.1f} ms",
                err=True,
            )


def _smoothing(text: str | None, expire_after: float | None, steady: SteadyRule | None) -> "Smoothing":
    from whatsit.live.smoothing import Smoothing

    smoothing = Smoothing.frigate() if steady is SteadyRule.FRIGATE else Smoothing()
    held = smoothing.hold
    if text is not None:
        found = re.fullmatch(r"(\d{1,4})|(\d{1,5}(?:\.\d{1,3})?)s", text)
        if found is None or found[1] in ("0", "00", "000", "0000"):
            raise typer.BadParameter(f"{text!r} is neither frames nor seconds, such as 3 or 1.5s", param_hint="--hold")
        held = replace(held, frames=int(found[1])) if found[1] else replace(held, seconds=float(found[2]))
    return replace(smoothing, hold=replace(held, expire_after=expire_after))
