"""What it costs to say why: milliseconds for each explanation, beside the answer alone.

    python -m benchmarks.figures.why [FOLDER OF CLASS FOLDERS]

Without a folder, crops of the photographs that scikit-learn ships. The exit status is 1 where 300 ms are exceeded.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.pictures import chosen_folder, evenly_sampled, labelled_pictures, made_pictures
from whatsit import Classifier, open_explainer, teach
from whatsit.evaluation.looked_at import occlusion_look

ASKED, GOAL = 40, 300.0


def main() -> int:
    """Teach, open, explain; print the table."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = chosen_folder(sys.argv[1] if len(sys.argv) > 1 else None)
        pictures = labelled_pictures(folder) if folder else made_pictures(Path(scratch), 640, 200)
        examples = [(path, Path(path).parent.name) for path in pictures]
        model = teach(evenly_sampled(examples, 400)).to_tflite()
        asked = evenly_sampled(pictures, ASKED)
        begun = time.monotonic()
        explainer = open_explainer(model, examples)
        print(f"{len(examples):,} taught pictures embedded in {time.monotonic() - begun:.1f} s, once")
        classifier = Classifier(model)
        look, pixels = occlusion_look(classifier), classifier.preprocess.pixels
        rows: list[tuple[str, Callable[[str], object]]] = [
            ("answer alone", classifier.classify),
            ("why, by class activation", explainer.explain),
            ("map by occlusion", lambda path: look(pixels(path), classifier.classify(path))),
        ]
        missed = False
        for name, ask in rows:
            found = [_milliseconds(ask, path) for path in asked]
            p95 = statistics.quantiles(found, n=20)[-1]
            missed |= p95 > GOAL
            print(f"{name:<28} median {statistics.median(found):6.1f} ms   p95 {p95:6.1f} ms")
    return int(missed)


def _milliseconds(ask: Callable[[str], object], path: str) -> float:
    begun = time.perf_counter()
    ask(path)
    return (time.perf_counter() - begun) * 1e3


if __name__ == "__main__":
    sys.exit(main())
