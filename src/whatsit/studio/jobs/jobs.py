"""What a worker process does: train, test, sweep, deploy. Each job reads files, reports progress and writes files."""

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

from whatsit.datasets.places import protect_project
from whatsit.files import beneath, write_file
from whatsit.imaging.image import ImageLike
from whatsit.studio.jobs.channel import Channel
from whatsit.studio.jobs.job_messages import DeployJob, Job, Pairs, SweepJob, TestJob, TrainJob, event_message
from whatsit.tflite.network import read_model_file
from whatsit.training.design import Design, TrainingMode
from whatsit.training.events import Epoch, Event, Phase, Step
from whatsit.training.record import ModelFiles

_POLITE = 5


def run_job(job: Job, channel: Channel) -> None:
    """Do what is asked."""
    protect_project(Path(job["project"]))
    match job["job"]:
        case "train":
            train(job, channel)
        case "test":
            test(job, channel)
        case "sweep":
            sweep(job, channel)
        case "deploy":
            deploy(job, channel)


def train(job: TrainJob, channel: Channel) -> None:
    """Train and save."""
    from whatsit.training.estimate import time_note, training_seconds
    from whatsit.training.train import train as run

    os.nice(_POLITE)  # the live picture comes first
    files = ModelFiles(Path(job["folder"]), job["name"])
    design, training, validation = (
        Design.from_dict(job["design"]),
        _examples(job["training"]),
        _examples(job["validation"]),
    )
    if design.mode is not TrainingMode.FROZEN:
        channel.send(
            event_message(time_note(training_seconds(training, design, validation=validation, stop=channel.stop)))
        )
    trained = run(
        training, design, validation=validation,
        strangers=[Path(path) for path in job["strangers"]],
        on_event=lambda event: channel.send(event_message(event)), stop=channel.stop, cache=job["cache"],
    )  # fmt: skip
    channel.send(_SAVING)
    trained.save(files.int8)


def test(job: TestJob, channel: Channel) -> None:
    """Measure a model on the pictures of a split."""
    from whatsit.evaluation.make_report import make_report
    from whatsit.evaluation.sweep import Trial

    files = ModelFiles(Path(job["folder"]), job["name"])
    model = hashlib.sha256(read_model_file(files.int8)).hexdigest()
    report = make_report(
        files, _examples(job["held"]), _examples(job["training"]), job["title"],
        on_event=lambda event: channel.send(event_message(event)), cache=Path(job["cache"]),
        trials=[Trial.from_dict(trial) for trial in job["trials"]], split=job["split"],
    )  # fmt: skip
    channel.send(_SAVING)
    ids = dict(zip([path for path, _ in job["held"]], job["ids"], strict=True))
    training_ids = dict(zip([path for path, _ in job["training"]], job["training_ids"], strict=True))
    main = report.models[0].evaluation
    record = {
        "model": model, "split": job["split"], "pictures": job["pictures"], "report": json.loads(report.to_json()),
        "answers": [
            {"id": _id(one.picture, ids), "label": one.label, "predicted": one.predicted,
             "score": round(one.score, 4), "unknown": one.unknown}
            for one in main.judged
        ],
        "nearest": {
            _id(one.picture, ids): [
                {"id": _id(near.picture, training_ids), "label": near.label, "distance": round(near.distance, 4)}
                for near in neighbours
            ]
            for one, neighbours in zip(main.wrong, report.nearest, strict=False)
        },
    }  # fmt: skip
    page = files.report(job["split"])
    write_file(page.with_suffix(".json"), report.to_json())
    write_file(page, report.to_html())
    write_file(job["result"], json.dumps(record, ensure_ascii=False).encode())


def sweep(job: SweepJob, channel: Channel) -> None:
    """Measure designs, one after the other."""
    from whatsit.evaluation.sweep import Trial, combinations, planned
    from whatsit.evaluation.sweep import sweep as run
    from whatsit.imaging.preprocess import Fit

    wanted = combinations(job["sizes"], job["backbones"], [Fit(fit) for fit in job["fits"]])

    design = Design.from_dict(job["design"])
    plan = planned(wanted, design, job["widths"])

    def on_trial(trial: Trial) -> None:
        channel.send({"kind": "trial", "trial": trial.to_record(), "trials": len(plan)})

    def on_event(event: Event) -> None:
        if not isinstance(event, Epoch):
            channel.send(event_message(event))

    run(
        wanted, design, _examples(job["training"]), _examples(job["validation"]),
        strangers=[Path(path) for path in job["strangers"]],
        on_trial=on_trial, on_event=on_event, stop=channel.stop, cache=Path(job["cache"]), widths=job["widths"],
    )  # fmt: skip


def deploy(job: DeployJob, channel: Channel) -> None:
    """Pack a ready folder as a zip."""
    from whatsit.deployment.deploy import deploy as run
    from whatsit.studio.jobs.remarks import remark_view

    archive = Path(job["archive"])
    beneath.make_folder(archive.parent)
    with tempfile.TemporaryDirectory(dir=beneath.checked_folder(archive.parent)) as scratch:
        folder = Path(scratch, archive.stem)
        taught, judged = _examples(job["taught"]), _examples(job["judged"])
        made = run(job["model"], job["target"], folder, taught=taught, judged=judged)
        packed = shutil.make_archive(str(Path(scratch, "packed")), "zip", scratch, folder.name)
        beneath.replace(packed, archive)
    channel.send({"kind": "deployed", "notes": [remark_view(remark) for remark in made.remarks]})


_SAVING = event_message(Step(Phase.SAVING, 0, 0))


def _examples(pairs: Pairs) -> list[tuple[ImageLike, str]]:
    return [(Path(path), label) for path, label in pairs]


def _id(picture: ImageLike, ids: dict[str, str]) -> str:
    return ids[str(picture)] if isinstance(picture, str | os.PathLike) else ""
