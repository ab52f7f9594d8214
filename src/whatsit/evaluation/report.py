"""A test's results for people and for programs: a self-contained HTML file and a JSON file."""

import json
import math
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from whatsit.evaluation.caution import cautions
from whatsit.evaluation.chart import Axes, Series, line_chart
from whatsit.evaluation.estimate import latency_range, span_text
from whatsit.evaluation.latency import Measurement
from whatsit.evaluation.metrics import Evaluation, JudgedPicture
from whatsit.evaluation.nearest_taught import Neighbour
from whatsit.evaluation.published import Device
from whatsit.evaluation.sweep import Trial
from whatsit.evaluation.sweep_page import percent, sweep_chart, sweep_rows
from whatsit.imaging.image import ImageLike
from whatsit.imaging.thumbnail import square_data_url
from whatsit.plugins import EXTRAS
from whatsit.training.events import Epoch
from whatsit.version import VERSION

_THUMBNAIL, _SMALL = 144, 48
_SHOWN_WRONG, _SHOWN_CELL = 60, 12


@dataclass(frozen=True, eq=False)
class JudgedModel:
    """An int8 or float32 model on the test pictures and on this device."""

    dtype: str
    evaluation: Evaluation
    measurement: Measurement


@dataclass(frozen=True, eq=False)
class Report:
    """Everything a report shows."""

    title: str
    models: tuple[JudgedModel, ...]
    """The one for use first, int8 where there is one."""
    design: Mapping[str, Any] = field(default_factory=dict)
    history: tuple[Epoch, ...] = ()
    nearest: tuple[tuple[Neighbour, ...], ...] = ()
    """For each of the first model's ``wrong`` pictures, in their order, as far as looked up."""
    trials: tuple[Trial, ...] = ()
    split: str = "test"
    """Which pictures were used: ``test``, or ``validation``, which training has seen."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know before trusting the figures, one sentence each."""
        rows = {model.dtype: _model_json(model) for model in self.models}
        return tuple(caution.text(self.split) for caution in cautions(rows))

    def to_json(self) -> bytes:
        """The results as UTF-8 JSON; equal reports, equal bytes."""
        data = {
            "title": self.title, "split": self.split, "made_with": f"whatsit {VERSION}", "design": dict(self.design),
            "history": [_finite(asdict(epoch)) for epoch in self.history], "warnings": list(self.warnings),
            "models": {model.dtype: _model_json(model) for model in self.models},
            "sweep": [trial.to_dict() for trial in self.trials],
        }  # fmt: skip
        return (json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()

    def to_html(self) -> bytes:
        """One HTML file with its pictures, charts and styles inside; opens without a network."""
        with EXTRAS["teach"].imports("a report"):
            from jinja2 import Environment, StrictUndefined
            from markupsafe import Markup

        environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
        template = environment.from_string(
            files("whatsit.evaluation").joinpath("templates/report.html.j2").read_text("utf-8")
        )
        main = self.models[0].evaluation
        confusion, cells = _confusion(main)
        wrong = main.wrong
        design = [(name.replace("_", " "), _words(value)) for name, value in self.design.items()]
        page = template.render(
            title=self.title, split=self.split, made=f"Measured with whatsit {VERSION}", main=main,
            models=self.models, percent=percent,
            warnings=self.warnings, figures=self.figures, confusion=confusion, cells=cells,
            charts=[(name, note, Markup(chart)) for name, note, chart in self._charts()],  # noqa: S704 - chart.py escapes
            sweep=self._sweep(), design=design, wrong_more=max(0, len(wrong) - _SHOWN_WRONG),
            wrong=[_wrong(one, self.nearest[at] if at < len(self.nearest) else ())
                   for at, one in enumerate(wrong[:_SHOWN_WRONG])],
        )  # fmt: skip
        return page.encode()

    def _charts(self) -> list[tuple[str, str, str]]:
        """Title, what it shows, and the chart."""
        charts = []
        if self.history:
            kept = "The dashed line: the epoch that was kept."
            charts = [(f"{what.capitalize()} by epoch", kept, _learning(self.history, what))
                      for what in ("loss", "accuracy")]  # fmt: skip
        main = self.models[0].evaluation
        points = tuple((found.score, found.accuracy) for found in main.calibration)
        diagonal = Series("perfect", ((0.0, 0.0), (1.0, 1.0)), 4)
        axes = Axes("score", "share right", x_percent=True, y_percent=True)
        note = f"Calibration error {percent(main.calibration_error)}: the average gap between score and accuracy."
        charts.append(("Calibration", note, line_chart("Calibration", axes, [Series("measured", points), diagonal])))
        if main.rejection:
            curve = tuple((point.answered, point.accuracy) for point in main.rejection)
            axes = Axes("share answered", "accuracy of the answers", x_percent=True, y_percent=True)
            title, note = "Accuracy against rejection", "The dashed line: what the model calls unknown."
            charts.append((title, note, line_chart(title, axes, [Series("nearest first", curve)], main.answered)))
        return charts

    @property
    def figures(self) -> list[list[str]]:
        """The models side by side: rows of a name and one value per model."""
        return _figures(self.models)

    def _sweep(self) -> dict[str, Any] | None:
        if not self.trials:
            return None
        from markupsafe import Markup

        return {"chart": Markup(sweep_chart(self.trials)), "rows": sweep_rows(self.trials)}  # noqa: S704


def _learning(history: Sequence[Epoch], what: str) -> str:
    training = tuple((float(epoch.number), float(getattr(epoch, what))) for epoch in history)
    validation = tuple(
        (float(epoch.number), float(getattr(epoch, f"validation_{what}")))
        for epoch in history
        if math.isfinite(getattr(epoch, f"validation_{what}"))
    )
    lines = [Series("training", training, 1)] + ([Series("validation", validation, 2)] if validation else [])
    best = next((float(epoch.number) for epoch in reversed(history) if epoch.best), None)
    return line_chart(f"{what.capitalize()} by epoch", Axes("epoch", what, y_percent=what == "accuracy"), lines, best)


def _figures(models: Sequence[JudgedModel]) -> list[list[str]]:
    def row(name: str, values: list[str]) -> list[str]:
        return [name, *values]

    measured = [model.measurement for model in models]
    return [
        row("accuracy", [percent(model.evaluation.accuracy) for model in models]),
        row("balanced accuracy", [percent(model.evaluation.balanced_accuracy) for model in models]),
        row("macro F1", [percent(model.evaluation.macro_f1) for model in models]),
        row("calibration error", [percent(model.evaluation.calibration_error) for model in models]),
        row("latency, median", [f"{m.milliseconds:.2f} ms" for m in measured]),
        row("latency, 95th percentile", [f"{m.milliseconds_p95:.2f} ms" for m in measured]),
        row("memory of a whole process", [f"{m.memory / 1e6:.0f} MB" for m in measured]),
        row("file", [f"{m.size / 1e6:.2f} MB" for m in measured]),
        row("multiply-adds", [f"{m.multiply_adds / 1e6:.1f} million" for m in measured]),
        row("threads", [str(m.threads) for m in measured]),
        *(
            row(
                f"{device}, estimated",
                [span_text(latency_range(m.multiply_adds, m.arithmetic, device)) for m in measured],
            )
            for device in Device
        ),
    ]


def _confusion(evaluation: Evaluation) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    table = evaluation.confusion
    members: dict[tuple[str, str], list[JudgedPicture]] = defaultdict(list)
    for one in evaluation.judged:
        members[one.label, one.predicted].append(one)
    rows, cells = [], []
    for i, label in enumerate(evaluation.labels):
        line = []
        for j, predicted in enumerate(evaluation.labels):
            count, key = int(table[i, j]), f"{i}-{j}"
            line.append({"count": count, "share": count / max(1, int(table[i].sum())), "key": key, "label": predicted})
            if count:
                shown = members[label, predicted][:_SHOWN_CELL]
                images = [{"name": _name(a.picture), "data": square_data_url(a.picture, _THUMBNAIL)} for a in shown]
                cells.append({"key": key, "images": images, "more": count - len(shown)})
        rows.append({"label": label, "cells": line})
    return rows, cells


def _wrong(one: JudgedPicture, nearest: Sequence[Neighbour]) -> dict[str, Any]:
    near = [{"label": t.label, "distance": t.distance, "data": square_data_url(t.picture, _SMALL)} for t in nearest]
    return {
        "name": _name(one.picture), "data": square_data_url(one.picture, _THUMBNAIL), "label": one.label,
        "predicted": one.predicted, "score": one.score, "unknown": one.unknown, "near": near,
    }  # fmt: skip


def _model_json(model: JudgedModel) -> dict[str, Any]:
    found = model.evaluation
    return {
        "accuracy": found.accuracy, "balanced_accuracy": found.balanced_accuracy, "interval": list(found.interval),
        "right": found.right,
        "pictures": len(found.judged), "macro_f1": found.macro_f1, "calibration_error": found.calibration_error,
        "threshold": found.threshold, "answered": found.answered, "accuracy_answered": found.accuracy_answered,
        "labels": list(found.labels), "never_taught": list(found.never_taught), "confusion": found.confusion.tolist(),
        "classes": [asdict(one) for one in found.classes], "calibration": [asdict(one) for one in found.calibration],
        "rejection": [asdict(one) for one in found.rejection], "unreadable": list(found.unreadable),
        "measurement": asdict(model.measurement),
        "wrong": [
            {"picture": _name(a.picture), "label": a.label, "predicted": a.predicted, "score": a.score,
             "strangeness": a.strangeness, "unknown": a.unknown}
            for a in found.wrong
        ],
    }  # fmt: skip


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value for key, value in values.items()
    }


def _name(picture: ImageLike) -> str:
    return Path(picture).name if isinstance(picture, str | os.PathLike) else "picture"


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) or "none" if isinstance(value, list) else str(value)
