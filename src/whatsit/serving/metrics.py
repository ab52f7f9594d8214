"""Counters for Prometheus, in its text format (version 0.0.4)."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from whatsit.text import printable

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper limits of the latency histogram, in seconds."""


class Histogram:
    """How long answers took."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        """Count one answer."""
        self.counts[bisect_left(BUCKETS, seconds)] += 1
        self.total += seconds


class Metrics:
    """What the server counts; it belongs to the event loop. Series are bounded by the models' labels."""

    def __init__(self) -> None:
        self._answers: Counter[tuple[str, str, str]] = Counter()
        self._latency: dict[str, Histogram] = {}
        self._refused: Counter[int] = Counter()

    def answered(self, model: str, label: str, state: str) -> None:
        """Count the answer for one picture."""
        self._answers[model, label, state] += 1

    def took(self, model: str, seconds: float) -> None:
        """Count the time of one request."""
        self._latency.setdefault(model, Histogram()).observe(seconds)

    def refused(self, status: int) -> None:
        """Count a request that was not answered."""
        self._refused[status] += 1

    def keep(self, model: str, labels: Iterable[str]) -> None:
        """Forget a model's answers by other labels: its file was replaced."""
        known = {*labels, ""}
        for series in [one for one in self._answers if one[0] == model and one[1] not in known]:
            del self._answers[series]

    def forget(self, model: str) -> None:
        """Forget all of a model that is not served any more."""
        self._latency.pop(model, None)
        for series in [one for one in self._answers if one[0] == model]:
            del self._answers[series]

    def text(self, queue: int, loaded: Mapping[str, bool]) -> str:
        """Everything as Prometheus reads it.

        Args:
            queue: pictures that wait.
            loaded: the models, and which of them are in memory.
        """
        return "".join(f"{line}\n" for line in self._lines(queue, loaded))

    def _lines(self, queue: int, loaded: Mapping[str, bool]) -> Iterator[str]:
        yield from head("whatsit_answers_total", "counter", "Pictures answered, by best label and state.")
        for (model, label, state), count in sorted(self._answers.items()):
            yield f"whatsit_answers_total{labelled(model=model, label=label, state=state)} {count}"
        yield from head(
            "whatsit_unknown_ratio", "gauge", "Share of a model's answers that are unknown, since the start."
        )
        totals, unknown = Counter[str](), Counter[str]()
        for (model, _, state), count in self._answers.items():
            totals[model] += count
            unknown[model] += count if state == "unknown" else 0
        for model, count in sorted(totals.items()):
            yield f"whatsit_unknown_ratio{labelled(model=model)} {unknown[model] / count:.6g}"
        yield from head("whatsit_request_seconds", "histogram", "Time from a request's body to its answer.")
        for model, histogram in sorted(self._latency.items()):
            below = 0
            for limit, count in zip((*map(str, BUCKETS), "+Inf"), histogram.counts, strict=True):
                below += count
                yield f"whatsit_request_seconds_bucket{labelled(model=model, le=limit)} {below}"
            yield f"whatsit_request_seconds_sum{labelled(model=model)} {histogram.total:.6f}"
            yield f"whatsit_request_seconds_count{labelled(model=model)} {below}"
        yield from head("whatsit_refused_total", "counter", "Requests that were refused, by status.")
        for status, count in sorted(self._refused.items()):
            yield f"whatsit_refused_total{labelled(status=str(status))} {count}"
        yield from head("whatsit_queue_pictures", "gauge", "Pictures that wait for a worker.")
        yield f"whatsit_queue_pictures {queue}"
        yield from head("whatsit_model_loaded", "gauge", "Whether a model is in memory.")
        for model, here in loaded.items():
            yield f"whatsit_model_loaded{labelled(model=model)} {int(here)}"


def head(name: str, kind: str, text: str) -> Iterator[str]:
    """The lines before the series of a metric."""
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"


def labelled(**values: str) -> str:
    """Labels as they stand behind a metric's name."""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in values.items()) + "}"


def _escaped(value: str) -> str:
    # Unsafe characters first: printable() shows them by backslashes, which are then escaped themselves.
    return printable(value).replace("\\", "\\\\").replace('"', '\\"')
