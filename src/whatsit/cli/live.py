"""``whatsit live``"""

import os
import queue
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from whatsit.cli.cameras import open_without_page
from whatsit.cli.terminal import say, say_json
from whatsit.errors import CameraError
from whatsit.live.engine import Answer, Live
from whatsit.live.smoothing import State


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("live")(live)


def live(
    *,
    camera: Annotated[str, typer.Option(help="The camera's address, as  whatsit cameras  lists them.")],
    model: Annotated[
        Path | None,
        typer.Option(help="A .tflite model or a .bin of taught features; else ImageNet's classes."),
    ] = None,
    backbone: Annotated[
        Path | None, typer.Option(help="For a .bin: the .tflite it was taught on, where that has moved.")
    ] = None,
    threshold: Annotated[float, typer.Option(min=0, max=1, help="Below this score: uncertain.")] = 0.5,
    count: Annotated[int | None, typer.Option("-n", "--count", min=1, help="Stop after so many frames.")] = None,
    seconds: Annotated[float | None, typer.Option(min=0, help="Stop after so many seconds.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a change.")] = False,
) -> None:
    """Say what a camera sees: one line a change, until Ctrl-C.

    Example:  whatsit live --camera usb:0 --model bottles.bin
    """
    from whatsit.cameras import CameraState
    from whatsit.live.recogniser import load_recogniser

    changes = _Changes(count)
    source = open_without_page(camera)
    engine = Live(source, load_recogniser(model, backbone=backbone), [changes], threshold=threshold)
    deadline = time.monotonic() + seconds if seconds is not None else None
    status = 0
    try:
        with engine:
            while (answer := changes.next(engine, deadline)) is not None:
                say_json(_document(answer)) if as_json else say(_line(answer))
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:  # as in  whatsit live … | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    finally:
        source.close()
    stats = engine.stats
    say(
        f"{stats.answers} frames, {stats.fps:.1f} a second, prepared in {stats.prepare_ms:.1f} ms, "
        f"recognised in {stats.inference_ms:.1f} ms",
        err=True,
    )
    if engine.camera is not None and engine.camera.state is CameraState.FAILED:
        raise CameraError(str(engine.error))
    if status:
        raise typer.Exit(status)


class _Changes:
    """A sink that passes on what differs from the line before; printing is for the main thread."""

    def __init__(self, count: int | None) -> None:
        self._count = count
        self._answers: queue.SimpleQueue[Answer | None] = queue.SimpleQueue()
        self._shown: tuple[State, str | None] | None = None

    def send(self, answer: Answer) -> None:
        shown = (answer.state, answer.label if answer.state is State.LABEL else None)
        if shown != self._shown:
            self._shown = shown
            self._answers.put(answer)
        if self._count is not None and answer.stats.answers >= self._count:
            self._answers.put(None)

    def next(self, engine: Live, deadline: float | None) -> Answer | None:
        """The next change; None when it is time to stop."""
        while deadline is None or time.monotonic() < deadline:
            ended = engine.wait(0)
            try:
                return self._answers.get(timeout=0.1)
            except queue.Empty:
                if ended:
                    return None
        return None


def _line(answer: Answer) -> str:
    clock = time.strftime("%H:%M:%S", time.localtime(answer.time or time.time()))
    if answer.state is State.LABEL:
        return f"{clock}  {answer.label}  {answer.score:.2f}"
    if answer.state is State.STALE:
        return f"{clock}  stale: no picture {'yet' if answer.frame is None else 'since'}"
    nearest = f" (nearest: {answer.label} {answer.score:.2f})" if answer.label is not None else ""
    return f"{clock}  {answer.state}{nearest}"


def _document(answer: Answer) -> dict[str, Any]:
    return {
        "time": round(answer.time, 3),
        "state": answer.state,
        "label": answer.label,
        "score": round(answer.score, 4),
        "distance": answer.predictions.distance,
        "unknown": answer.predictions.unknown,
        "predictions": [{"label": p.label, "score": round(p.score, 4), "index": p.index} for p in answer.predictions],
        "fps": round(answer.stats.fps, 2),
        "inference_ms": round(answer.stats.inference_ms, 2),
        "age_ms": round(answer.stats.age_ms, 1),
    }
