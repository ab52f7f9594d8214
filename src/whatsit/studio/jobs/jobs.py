"""What a worker process does: train, test, sweep, deploy. Each job reads files, tells messages and writes files."""

import hashlib
import json
import math
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from whatsit.evaluation.metrics import Answer
from whatsit.files import write_file
from whatsit.imaging.image import ImageLike
from whatsit.studio.jobs.channel import Channel
from whatsit.studio.jobs.worker import Message
from whatsit.training.design import Design
from whatsit.training.events import Epoch, Event, Note
from whatsit.training.record import ModelFiles

NEAREST = 60
"""Wrong pictures for which the nearest taught ones are looked up."""
_POLITE = 5
_WITHIN_EPOCH = re.compile(r"epoch \d+ of (\d+)")


def train(asked: Message, channel: Channel) -> None:
    """Train and save. Keys: design, training, validation, folder, name, cache."""
    from whatsit.training.record import save_training
    from whatsit.training.train import train as run

    os.nice(_POLITE)  # the live picture comes first
    files = ModelFiles(Path(asked["folder"]), asked["name"])
    trained = run(
        Design.from_dict(asked["design"]), _examples(asked["training"]), _examples(asked["validation"]),
        on_event=lambda event: channel.tell(_event(event)), stop=channel.stop, cache=Path(asked["cache"]),
    )  # fmt: skip
    channel.tell({"phase": "saving", "done": 0, "total": 0})
    save_training(files, trained)


def test(asked: Message, channel: Channel) -> None:
    """Measure a model on pictures of a split. Keys: held, ids, training, taught_ids, folder, name, title, cache, split,
    pictures, trials, result."""
    from whatsit.evaluation.evaluate import make_report
    from whatsit.evaluation.sweep import Trial

    files = ModelFiles(Path(asked["folder"]), asked["name"])
    held = _examples(asked["held"])
    total = len(held) * (2 if files.float32.exists() else 1)
    done = 0

    def on_picture() -> None:
        nonlocal done
        done += 1
        if done % 8 == 0 or done == total:
            channel.tell({"phase": "testing", "done": done, "total": total})

    model = hashlib.sha256(files.int8.read_bytes()).hexdigest()
    report = make_report(
        files, held, _examples(asked["training"]), asked["title"],
        on_picture=on_picture, cache=Path(asked["cache"]), nearest=NEAREST,
        trials=[Trial.from_dict(trial) for trial in asked["trials"]], split=asked["split"],
    )  # fmt: skip
    channel.tell({"phase": "saving", "done": 0, "total": 0})
    ids = dict(zip([path for path, _ in asked["held"]], asked["ids"], strict=True))
    taught_ids = dict(zip([path for path, _ in asked["training"]], asked["taught_ids"], strict=True))
    main = report.models[0].evaluation
    record = {
        "model": model, "split": asked["split"], "pictures": asked["pictures"],
        "report": json.loads(report.to_json()),
        "answers": [_answer(answer, ids) for answer in main.answers],
        "nearest": {
            _id(answer.picture, ids): [
                {"id": _id(one.picture, taught_ids), "label": one.label, "distance": round(one.distance, 4)}
                for one in near
            ]
            for answer, near in zip(main.wrong, report.nearest, strict=False)
        },
    }  # fmt: skip
    page = files.report(asked["split"])
    write_file(page.with_suffix(".json"), report.to_json())
    write_file(page, report.to_html())
    write_file(asked["result"], json.dumps(record, ensure_ascii=False).encode())


def sweep(asked: Message, channel: Channel) -> None:
    """Measure designs, one after the other. Keys: design, sizes, backbones, fits, training, validation, cache."""
    from whatsit.evaluation.sweep import Trial, choices
    from whatsit.evaluation.sweep import sweep as run
    from whatsit.imaging.preprocess import Fit

    wanted = choices(asked["sizes"], asked["backbones"], [Fit(fit) for fit in asked["fits"]])

    def on_trial(trial: Trial) -> None:
        channel.tell({"trial": trial.to_dict(), "of": len(wanted)})

    def on_event(event: Event) -> None:
        if not isinstance(event, Epoch):
            channel.tell(_event(event))

    run(
        wanted, Design.from_dict(asked["design"]), _examples(asked["training"]), _examples(asked["validation"]),
        on_trial=on_trial, on_event=on_event, stop=channel.stop, cache=Path(asked["cache"]),
    )  # fmt: skip


def deploy(asked: Message, channel: Channel) -> None:
    """Pack a ready folder as a zip. Keys: model, target, taught, judged, archive."""
    from whatsit.deployment.deploy import deploy as run
    from whatsit.studio.jobs.remarks import remark_view

    archive = Path(asked["archive"])
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=archive.parent) as scratch:
        folder = Path(scratch, archive.stem)
        taught, judged = _examples(asked["taught"]), _examples(asked["judged"])
        made = run(asked["model"], asked["target"], folder, taught=taught, judged=judged)
        packed = shutil.make_archive(str(Path(scratch, "packed")), "zip", scratch, folder.name)
        os.replace(packed, archive)
    channel.tell({"notes": [remark_view(remark) for remark in made.remarks]})


JOBS: dict[str, Callable[[Message, Channel], None]] = {"train": train, "test": test, "sweep": sweep, "deploy": deploy}


def _examples(pairs: list[list[str]]) -> list[tuple[ImageLike, str]]:
    return [(Path(path), label) for path, label in pairs]


def _event(event: Event) -> Message:
    if isinstance(event, Epoch):
        return {"epoch": epoch_row(event), "of": event.total}
    if isinstance(event, Note):
        return {"note": event.text}
    within = _WITHIN_EPOCH.fullmatch(event.phase)
    if within:
        return {"phase": "batches", "done": event.done, "total": event.total, "of": int(within[1])}
    return {"phase": event.phase, "done": event.done, "total": event.total}


def epoch_row(epoch: Epoch) -> list[Any]:
    """Loss, accuracy, the same for validation or None, whether it was the best, its number: short, for the page."""
    values = (epoch.loss, epoch.accuracy, epoch.validation_loss, epoch.validation_accuracy)
    return [*(round(value, 5) if math.isfinite(value) else None for value in values), epoch.best, epoch.number]


def _answer(answer: Answer, ids: dict[str, str]) -> Message:
    return {
        "id": _id(answer.picture, ids), "label": answer.label, "predicted": answer.predicted,
        "score": round(answer.score, 4), "unknown": answer.unknown,
    }  # fmt: skip


def _id(picture: ImageLike, ids: dict[str, str]) -> str:
    return ids[str(picture)] if isinstance(picture, str | os.PathLike) else ""
