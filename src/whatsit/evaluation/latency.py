"""What a model costs on this device: latency and memory, measured in a new process; size and multiply-adds.

``python -m whatsit.evaluation.latency MODEL`` is that process.
"""

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from whatsit.errors import ModelError
from whatsit.processes import environment, module_command
from whatsit.tflite.multiply_adds import Arithmetic, arithmetic, multiply_adds

RUNS = 60
_WARM_UP = 5


@dataclass(frozen=True, slots=True)
class Measurement:
    """One model on one device. Latency is that of the network alone, from pixels to scores."""

    milliseconds: float
    """Median."""
    milliseconds_p95: float
    memory: int
    """Peak resident bytes of a process that only classifies, Python and libraries included."""
    size: int
    """Of the file, in bytes."""
    multiply_adds: int
    threads: int
    arithmetic: Arithmetic = Arithmetic.INT8
    """Of the network, whatever its input and output are."""


def measure(model: bytes, threads: int | None = None, runs: int = RUNS) -> Measurement:
    """Run the model on random pixels in a new process.

    Args:
        model: the content of a ``.tflite``.
        threads: of the interpreter; None: one per core, at most four.
        runs: how many are timed, after five that are not.

    Raises:
        ModelError: the model does not run.
    """
    with tempfile.NamedTemporaryFile(suffix=".tflite") as file:
        file.write(model)
        file.flush()
        command = module_command("whatsit.evaluation.latency", file.name, str(threads or 0), str(runs))
        done = subprocess.run(  # noqa: S603 (our own interpreter, our own module)
            command, capture_output=True, text=True, check=False, timeout=600, env=environment()
        )
    if done.returncode:
        raise ModelError(
            f"the model could not be measured: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}"
        )
    found = json.loads(done.stdout)
    times = np.array(found["milliseconds"])
    return Measurement(
        float(np.median(times)), float(np.quantile(times, 0.95)), found["memory"], len(model), multiply_adds(model),
        found["threads"], arithmetic(model),
    )  # fmt: skip


def _main(model: str, threads: int, runs: int) -> None:
    from whatsit.models.classifier import Classifier

    classifier = Classifier(model, threads=threads or None)
    preprocess = classifier.preprocess
    shape = (preprocess.height, preprocess.width, preprocess.channels)
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    times = []
    for _ in range(_WARM_UP + runs):
        start = time.perf_counter()
        classifier.classify_pixels(pixels, 1)
        times.append((time.perf_counter() - start) * 1000)
    found = {"milliseconds": times[_WARM_UP:], "memory": _peak_memory(), "threads": classifier.threads}
    sys.stdout.write(json.dumps(found))


def _peak_memory() -> int:
    # Not getrusage: its maximum is inherited from the parent process.
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
