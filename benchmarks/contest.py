"""Contestants as processes, run in turns: what disturbs one round disturbs all of it."""

import json
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

HERE = Path(__file__).parent


class Contestant:
    """A worker process that runs ``contestants/<module>.py`` over the pictures, once per call of ``go``."""

    def __init__(self, module: str, model: Path, listing: Path, python: str = sys.executable) -> None:
        command = [python, str(HERE / "worker.py"), module, str(model), str(listing)]
        self.name = module
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def go(self) -> dict[str, float]:
        """One round: ``seconds``, ``mebibytes`` and what the contestant adds."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} ended with status {self._process.wait()}")
        answer: dict[str, float] = json.loads(line)
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


@dataclass(frozen=True)
class Results:
    """Every round's answers by contestant."""

    rounds: Mapping[str, Sequence[Mapping[str, float]]]

    def median(self, name: str, field: str = "seconds") -> float:
        """The median of a field over the rounds."""
        return statistics.median(answer[field] for answer in self.rounds[name])

    def peak(self, name: str) -> float:
        """Peak resident memory in MiB, the highest of all rounds."""
        return max(answer["mebibytes"] for answer in self.rounds[name])

    def ratio(self, name: str, other: str, field: str = "seconds", other_field: str = "seconds") -> float:
        """The median over the rounds of ``name`` divided by ``other`` in the same round."""
        pairs = zip(self.rounds[name], self.rounds[other], strict=True)
        return statistics.median(one[field] / two[other_field] for one, two in pairs)


def run_rounds(contestants: Sequence[Contestant], rounds: int) -> Results:
    """One round unmeasured, then ``rounds``, every second one in reverse order."""
    answers: dict[str, list[dict[str, float]]] = {contestant.name: [] for contestant in contestants}
    for number in range(rounds + 1):
        for contestant in contestants if number % 2 else reversed(contestants):
            answer = contestant.go()
            if number:
                answers[contestant.name].append(answer)
    return Results(answers)
