"""Answers as HTML for a notebook: the picture beside a bar per class. Nothing to install."""

import base64
import io
import os
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from whatsit.errors import WhatsitError
from whatsit.heads.limits import UNKNOWN_BY
from whatsit.imaging.image import load_image
from whatsit.imaging.preprocess import Preprocess

if TYPE_CHECKING:
    from whatsit.models.prediction import Predictions

THUMBNAIL = 160
"""Longer side, in pixels."""
_CELL = "padding:2px 8px;text-align:left;border:0;background:none"


def predictions_html(predictions: "Predictions") -> str:
    """One answer: a thumbnail, and a bar per class."""
    note = ""
    if predictions.unknown:
        away = "" if predictions.strangeness is None else f" (strangeness {predictions.strangeness:.2f})"
        note = (
            f"<div><b>unknown</b>: {UNKNOWN_BY.get(predictions.unknown_by, 'nothing is taught')}{away}. Nearest:</div>"
        )
    rows = "".join(
        f'<tr><td style="{_CELL}">{escape(p.label)}</td><td style="{_CELL}">{bar(p.score)}</td>'
        f'<td style="{_CELL}">{p.score:.1%}</td></tr>'
        for p in predictions
    )
    table = f'<table style="border:0">{rows}</table>'
    return (
        '<div style="display:flex;gap:12px;align-items:center;margin:4px 0">'
        f"{thumbnail(predictions.image)}<div>{note}{table}</div></div>"
    )


def classifier_html(name: str, preprocess: Preprocess, labels: Sequence[str], threshold: float | None) -> str:
    """A classifier: its input, its classes, and when it says unknown."""
    shown = ", ".join(escape(label) for label in labels[:20]) + (" …" if len(labels) > 20 else "")
    unknown = "never says unknown" if threshold is None else f"unknown above a strangeness of {threshold:g}"
    return (
        f"<div><b>{escape(os.path.basename(name) or name)}</b><br>"  # noqa: PTH119 - the name may not be a path
        f"{preprocess.width} x {preprocess.height} {preprocess.colour}, fit {preprocess.fit}, {unknown}<br>"
        f"{len(labels)} classes: {shown}</div>"
    )


def bar(score: float) -> str:
    """A horizontal bar for a score, 0..1; a score outside is drawn at the nearer end."""
    width = round(200 * min(max(score, 0.0), 1.0))
    return (
        '<div style="width:200px;height:12px;background:rgba(128,128,128,.25);border-radius:3px">'
        f'<div style="width:{width}px;height:12px;background:#2a7de1;border-radius:3px"></div></div>'
    )


def thumbnail(image: Any) -> str:
    """An ``<img>`` that holds the picture as a small JPEG; empty without a picture, or if it can no longer be read."""
    if image is None:
        return ""
    try:
        picture = load_image(image if not isinstance(image, np.ndarray) else np.asarray(image))
    except WhatsitError:
        return ""
    picture.thumbnail((THUMBNAIL, THUMBNAIL))
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=85)
    data = base64.b64encode(stream.getvalue()).decode()
    return f'<img alt="the picture" style="border-radius:4px" src="data:image/jpeg;base64,{data}">'
