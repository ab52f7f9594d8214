"""``whatsit live``"""

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whatsit.cli.smoothing_options import ExpireAfter, Holding, SteadyRuleOption, Threshold, smoothing_of
from whatsit.cli.tables import TableCommand
from whatsit.cli.terminal import say, say_assumptions

if TYPE_CHECKING:
    from whatsit.live.sink import Sink


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
    threshold: Threshold = None,
    hold: Holding = None,
    expire_after: ExpireAfter = None,
    steady: SteadyRuleOption = None,
    rules: Annotated[
        Path | None,
        typer.Option(help="Rules to carry out: a TOML file of rules, or a project's folder."),
    ] = None,
    sink: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS",
            help="Where the answers go, as KIND: or KIND:TARGET, such as jsonl:seen.jsonl. Kinds: {sinks}. Give "
            "it again for more sinks. Default: text:",
        ),
    ] = None,
    fps: Annotated[
        float | None, typer.Option(help="Recognise at most this many frames a second. Default: all that it can.")
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
    from whatsit.service.notify import Notifier, Watchdog

    # As Ctrl-C: what was switched must be safe, also when a service manager ends it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    addresses = [*(sink or ()), *(["json:"] if as_json else ())] or ["text:"]
    smoothing = smoothing_of(threshold, hold, expire_after, steady)
    recogniser = load_recogniser(model, backbone=backbone, normalise=normalise)
    say_assumptions(recogniser)
    with open_camera_without_page(camera) as source:
        engine = Live(source, recogniser, _sinks(addresses, rules), smoothing=smoothing, fps=fps)
        try:
            with Watchdog(Notifier(), engine.is_alive, lambda: str(engine.latest or engine.error or "no answer yet")):
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


def _sinks(addresses: list[str], rules: Path | None) -> "list[Sink]":
    from whatsit.live.sinks import open_sinks

    if rules is None:
        return open_sinks(addresses)
    from whatsit.rules.actions import open_actions
    from whatsit.rules.reading import read_rules
    from whatsit.rules.rules_sink import RulesSink

    found = read_rules(rules)
    sinks = open_sinks(addresses)
    try:
        return [RulesSink(found, open_actions(found)), *sinks]
    except BaseException:
        for sink in sinks:
            sink.close()
        raise
