"""``whatsit live``"""

import signal
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whatsit.cli.opened_project import no_camera, opened_project
from whatsit.cli.smoothing_options import ExpireAfter, Holding, SteadyRuleOption, Threshold, smoothing_of
from whatsit.cli.tables import TableCommand
from whatsit.cli.terminal import say, say_assumptions

if TYPE_CHECKING:
    from whatsit.live.engine import Live
    from whatsit.live.model_selector import FileSelector
    from whatsit.live.sink import Sink
    from whatsit.live.sinks.configured import SinkChoice
    from whatsit.rules.rule import Rule


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("live", cls=TableCommand)(live)


def live(
    *,
    camera: Annotated[
        str | None, typer.Option(help="The camera's address; `whatsit cameras` lists them. Default: the project's.")
    ] = None,
    project: Annotated[
        Path | None,
        typer.Option(help="A project's folder: its sinks and rules, and its camera and model where none is given."),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            help="A .tflite model or a .bin of taught features. Default: the project's, else ImageNet's classes."
        ),
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
        typer.Option(help="Rules to carry out, instead of the project's: a TOML file, or a project's folder."),
    ] = None,
    sink: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS",
            help="Where the answers go, as KIND: or KIND:TARGET, such as jsonl:seen.jsonl. Kinds: {sinks}. Give "
            "it again for more sinks. Default: the project's, else text:",
        ),
    ] = None,
    fps: Annotated[
        float | None, typer.Option(help="Recognise at most this many frames a second. Default: all that it can.")
    ] = None,
    recognise_all: Annotated[
        bool,
        typer.Option("--recognise-all", help="Recognise also frames that show exactly what the one before did."),
    ] = False,
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
    from whatsit.parallel import lasting_threads
    from whatsit.service.notify import Notifier, Watchdog

    # As Ctrl-C: what was switched must be safe, also when a service manager ends it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    addresses = [*(sink or ()), *(["json:"] if as_json else ())]
    chosen = _chosen(camera, project, model, rules)
    smoothing = smoothing_of(threshold, hold, expire_after, steady)
    recogniser = load_recogniser(chosen.model, lasting_threads(), backbone=backbone, normalise=normalise)
    say_assumptions(recogniser)
    with open_camera_without_page(chosen.camera) as source:
        engine = Live(
            source, recogniser, _opened(addresses, chosen),
            smoothing=smoothing, fps=fps, recognise_all=recognise_all or chosen.recognise_all,
        )  # fmt: skip
        engine.models = _models(engine, chosen, project)
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
            repeated = f" ({stats.repeated} as the one before)" if stats.repeated else ""
            say(
                f"{stats.answers} frames{repeated}, {stats.fps:.1f} per second, prepared in {stats.prepare_ms:.1f} ms, "
                f"recognised in {stats.inference_ms:.1f} ms",
                err=True,
            )


@dataclass(frozen=True, slots=True)
class _Chosen:
    camera: str
    model: Path | None = None
    rules: "tuple[Rule, ...]" = ()
    sinks: "tuple[SinkChoice, ...]" = ()
    recognise_all: bool = False


def _chosen(camera: str | None, project: Path | None, model: Path | None, rules: Path | None) -> _Chosen:
    """What is on the command line, and for the rest what the project says. Nothing is opened."""
    from whatsit.rules.actions import read_checked

    own = _of_project(project) if project is not None else _Chosen("")
    if not (camera or own.camera):
        where = (
            f"or one in {project}/whatsit.toml" if project is not None else "or --project with a project that has one"
        )
        raise no_camera(where)
    found = read_checked(rules) if rules is not None else own.rules
    return replace(own, camera=camera or own.camera, model=model or own.model, rules=found)


def _of_project(project: Path) -> _Chosen:
    from whatsit.datasets.places import FEATURES, MODELS
    from whatsit.live.sinks.configured import read_sinks
    from whatsit.rules.actions import read_checked

    with opened_project(project) as opened:
        settings = opened.settings
    taught = FEATURES.below(project)
    model = (
        MODELS.below(project) / f"{settings.model}.tflite" if settings.model else taught if taught.exists() else None
    )
    rules = read_checked(project, needed=False)
    return _Chosen(settings.camera, model, rules, read_sinks(project), settings.recognise_all)


def _models(engine: "Live", chosen: _Chosen, project: Path | None) -> "FileSelector | None":
    """What another program can choose from: the models of the project, or the one that was given."""
    from whatsit.datasets.places import MODELS
    from whatsit.live.model_selector import FileSelector, models_in

    if chosen.model is None:
        return None
    given = {chosen.model.stem: chosen.model}
    return FileSelector(
        lambda: given | models_in(MODELS.below(project)) if project is not None else given,
        chosen.model.stem,
        engine.use,
    )


def _opened(addresses: list[str], chosen: _Chosen) -> "list[Sink]":
    from whatsit.live.sinks import open_sinks
    from whatsit.live.sinks.configured import open_choices

    sinks = open_choices(chosen.sinks) if chosen.sinks and not addresses else open_sinks(addresses or ["text:"])
    if not chosen.rules:
        return sinks
    from whatsit.rules.actions import open_actions
    from whatsit.rules.rules_sink import RulesSink

    try:
        return [RulesSink(chosen.rules, open_actions(chosen.rules)), *sinks]
    except BaseException:
        for sink in sinks:
            sink.close()
        raise
