"""A sweep as a chart, a table and a self-contained HTML file."""

from collections.abc import Sequence
from importlib.resources import files

from whatsit.evaluation.chart import Axes, Mark, scatter_chart
from whatsit.evaluation.sweep import Trial, not_told_apart, pareto_front, recommend
from whatsit.plugins import EXTRAS


def sweep_page(title: str, trials: Sequence[Trial]) -> bytes:
    """The sweep's chart and table as one HTML file."""
    with EXTRAS["teach"].imports("the page of a sweep"):
        from jinja2 import Environment, StrictUndefined
        from markupsafe import Markup

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    text = files("whatsit.evaluation").joinpath("templates/sweep.html.j2").read_text("utf-8")
    chart = Markup(sweep_chart(trials)) if trials else ""  # noqa: S704 - chart.py escapes
    best = recommend(trials)
    advice = (
        f"{best.name}, {percent(best.accuracy)} (balanced {percent(best.balanced_accuracy)}), "
        f"{best.measurement.milliseconds:.2f} ms"
        if best
        else ""
    )
    page = environment.from_string(text).render(
        title=title, chart=chart, rows=sweep_rows(trials), recommended=advice,
        notes=[] if best is None else sweep_notes(trials, best),
    )  # fmt: skip
    return page.encode()


def sweep_chart(trials: Sequence[Trial]) -> str:
    """Accuracy against latency as SVG, the Pareto front marked."""
    front = pareto_front(trials)
    marks = [Mark(t.measurement.milliseconds, t.accuracy, t.name, t in front) for t in trials]
    return scatter_chart("Accuracy against latency", Axes("milliseconds", "accuracy", y_percent=True), marks)


def sweep_rows(trials: Sequence[Trial]) -> list[tuple[str, ...]]:
    """Name, accuracy and its interval, balanced accuracy, median and 95th percentile in ms, MB, million multiply-adds.

    Last a star for the Pareto front.
    """
    front = pareto_front(trials)
    return [
        (
            trial.name, percent(trial.accuracy), _interval(trial), percent(trial.balanced_accuracy),
            f"{trial.measurement.milliseconds:.2f}",
            f"{trial.measurement.milliseconds_p95:.2f}", f"{trial.measurement.size / 1e6:.1f}",
            f"{trial.measurement.multiply_adds / 1e6:.0f}", "*" if trial in front else "",
        )
        for trial in sorted(trials, key=lambda t: t.measurement.milliseconds)
    ]  # fmt: skip


def _interval(trial: Trial) -> str:
    return " to ".join(f"{end * 100:.1f}" for end in trial.interval)


def sweep_notes(trials: Sequence[Trial], best: Trial) -> list[str]:
    """What to know of a recommendation, one sentence each."""
    found = []
    if best.cross_validated:
        found.append(f"Judged by cross-validation on {best.pictures:,} pictures: there are few validation pictures.")
    unsure = [trial.name for trial in not_told_apart(trials, best)]
    if unsure:
        found.append(f"Faster, and by these pictures perhaps as good: {', '.join(unsure)}. More pictures would tell.")
    return found


def percent(share: float | None) -> str:
    """``0.934`` as ``93.4 %``."""
    return "-" if share is None else f"{share * 100:.1f} %"
