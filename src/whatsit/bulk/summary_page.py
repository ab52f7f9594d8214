"""A summary as one HTML file with its pictures inside, which opens without a network."""

import contextlib
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from typing import Any

from whatsit.bulk import addresses
from whatsit.bulk.summary import BINS, Doubt, Summary
from whatsit.errors import ImageError
from whatsit.imaging.thumbnail import square_data_url
from whatsit.plugins import EXTRAS
from whatsit.version import VERSION

_SIDE = 160
_MOST_LABELS = 200


def summary_page(summary: Summary) -> bytes:
    """The page."""
    with EXTRAS["bulk"].imports("the summary's page"):
        from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string(files("whatsit.bulk").joinpath("templates/summary.html.j2").read_text("utf-8"))
    most = max(summary.histogram, default=0) or 1
    largest = max((one.pictures + one.unknown for one in summary.labels.values()), default=0) or 1
    bins = [
        {"from": at / BINS, "to": (at + 1) / BINS, "count": count, "height": 100 * count / most}
        for at, count in enumerate(summary.histogram)
    ]
    labels = [
        {"label": label, "count": one, "known": 100 * one.pictures / largest, "unknown": 100 * one.unknown / largest}
        for label, one in list(summary.labels.items())[:_MOST_LABELS]
    ]
    with ThreadPoolExecutor(4) as pool:
        sheets = {
            "undecided": list(pool.map(_figure, summary.undecided)),
            "strangers": list(pool.map(_figure, summary.strangers)),
        }
    page = template.render(
        summary=summary, bins=bins, labels=labels, more=max(0, len(summary.labels) - _MOST_LABELS), sheets=sheets,
        made=f"Made with whatsit {VERSION}",
    )  # fmt: skip
    return page.encode()


def _figure(doubt: Doubt) -> dict[str, Any]:
    data = ""
    with contextlib.suppress(ImageError):  # it has moved since
        data = square_data_url(addresses.read(doubt.path) if addresses.is_address(doubt.path) else doubt.path, _SIDE)
    return {"doubt": doubt, "data": data, "name": doubt.path.rstrip("/").rpartition("/")[2]}
