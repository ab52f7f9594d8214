"""``whatsit serve`` against ``classify_many`` on the same pictures: throughput, latency, memory, overload.

    python -m benchmarks.figures.serve [--requests 3000] [--rounds 15] [--flat 20000] [--size 224]

Prints one table; the exit status is 1 where a goal is missed. The clients are bare sockets on one thread of this
process: they take processor time from the server, as any do on the same machine. ``--flat`` is how many requests the
memory is watched over; 20,000 take minutes.
"""

import argparse
import re
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.pictures import made_pictures
from whatsit import BackboneChoice, Classifier, find_examples, teach

CLIENTS, OVERLOAD = 8, 80
WIDTH = 640
LEAST_RATIO, MOST_TAIL, MOST_MEMORY, MOST_GROWTH = 0.85, 5.0, 200.0, 10.0


@dataclass
class Seen:
    """What clients saw."""

    seconds: list[float] = field(default_factory=list)
    """Of each answer."""
    statuses: Counter[int] = field(default_factory=Counter)
    wall: float = 0.0

    @property
    def tail(self) -> float:
        """The 99th percentile over the median."""
        ordered = sorted(self.seconds)
        return ordered[int(len(ordered) * 0.99)] / statistics.median(ordered)


def request_of(content: bytes, port: int) -> bytes:
    """A picture as a request."""
    head = f"POST /api/v1/classify HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: image/jpeg\r\n"
    return head.encode() + f"Content-Length: {len(content)}\r\n\r\n".encode() + content


class Client:
    """One connection, and what has come of the answer to its last request."""

    def __init__(self, port: int) -> None:
        self.connection = socket.create_connection(("127.0.0.1", port))
        self._answer = b""
        self._begun = 0.0

    def ask(self, request: bytes) -> None:
        """Send a request."""
        self._answer, self._begun = b"", time.perf_counter()
        self.connection.sendall(request)

    def hear(self) -> tuple[int, float] | None:
        """Read what there is: the status and the seconds it took, once the whole answer is there."""
        received = self.connection.recv(65536)
        if not received:
            raise SystemExit("the server closed a connection")
        self._answer += received
        head, end, body = self._answer.partition(b"\r\n\r\n")
        found = re.search(rb"content-length: (\d+)", head) if end else None
        if not end or len(body) < (int(found[1]) if found else 0):
            return None
        return int(head[9:12]), time.perf_counter() - self._begun


def drive(port: int, requests: Sequence[bytes], clients: int) -> Seen:
    """Send the requests on ``clients`` connections that are kept, each the next one as soon as it has an answer.

    One thread serves all connections: several would wait for each other's turn in the interpreter, and take more of the
    processor from the server.
    """
    seen, waiting = Seen(), iter(requests)
    begun = time.perf_counter()
    with selectors.DefaultSelector() as selector:

        def go_on(client: Client) -> None:
            request = next(waiting, None)
            if request is None:
                selector.unregister(client.connection)
                client.connection.close()
            else:
                client.ask(request)

        for client in [Client(port) for _ in range(clients)]:
            selector.register(client.connection, selectors.EVENT_READ, client)
            go_on(client)
        while selector.get_map():
            for key, _ in selector.select():
                answer = key.data.hear()
                if answer is None:
                    continue
                status, took = answer
                seen.statuses[status] += 1
                if status == 200:
                    seen.seconds.append(took)
                go_on(key.data)
    seen.wall = time.perf_counter() - begun
    return seen


@contextmanager
def served(model: Path) -> Iterator[tuple[psutil.Process, int]]:
    """``whatsit serve`` as a process, and its port."""
    command = [sys.executable, "-m", "whatsit", "serve", str(model), "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        found = re.search(r":(\d+)\n", process.stderr.readline())
        if found is None:
            raise SystemExit("the server does not start")
        yield psutil.Process(process.pid), int(found[1])
    finally:
        process.terminate()
        process.wait()


def mebibytes(process: psutil.Process) -> float:
    """Resident memory."""
    return float(process.memory_info().rss) / 2**20


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("--requests", type=int, default=3000)
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--flat", type=int, default=2000)
    options.add_argument("--size", type=int, default=224, help="side of the network's input; a small one is quick")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pictures = [Path(path).read_bytes() for path in made_pictures(Path(folder) / "pictures", WIDTH, 40)]
        model = Path(folder) / "made.tflite"
        teach(find_examples(Path(folder) / "pictures"), BackboneChoice(size=asked.size)).save(model)
        classifier = Classifier(model)
        each = max(1, asked.requests // asked.rounds)
        shown = [pictures[number % len(pictures)] for number in range(each)]
        ratios, tails = [], []
        with served(model) as (process, port):
            requests = [request_of(content, port) for content in shown]
            list(classifier.classify_many(shown[:40]))
            drive(port, requests[:80], CLIENTS)
            seen = Seen()
            for _ in range(asked.rounds):
                begun = time.perf_counter()
                list(classifier.classify_many(shown))
                alone = time.perf_counter() - begun
                seen = drive(port, requests, CLIENTS)
                ratios.append(alone / seen.wall)
                tails.append(seen.tail)
            before = mebibytes(process)
            growth = []
            for _ in range(0, asked.flat, each):
                drive(port, requests, CLIENTS)
                growth.append(mebibytes(process))
            crowd = drive(port, requests * 10, OVERLOAD)
            resident = max(*growth, mebibytes(process))
    ratio, tail, more = statistics.median(ratios), statistics.median(tails), max(growth[-3:]) - before
    others = {status for status in crowd.statuses if status not in (200, 503)}
    goals = [
        (f"throughput, {CLIENTS} clients over classify_many", f"{ratio:.2f}", f"≥ {LEAST_RATIO}", ratio >= LEAST_RATIO),
        ("99th percentile over the median", f"{tail:.1f}", f"≤ {MOST_TAIL:g}", tail <= MOST_TAIL),
        ("resident memory, MiB", f"{resident:.0f}", f"≤ {MOST_MEMORY:g}", resident <= MOST_MEMORY),
        (f"growth over {asked.flat:,} requests, MiB", f"{more:.1f}", f"≤ {MOST_GROWTH:g}", more <= MOST_GROWTH),
        (
            f"{OVERLOAD} clients at once: answered, 503, other",
            f"{crowd.statuses[200]}, {crowd.statuses[503]}, {len(others)}",
            "> 0, > 0, 0",
            crowd.statuses[200] > 0 and crowd.statuses[503] > 0 and not others,
        ),
    ]
    table = Table("what", "found", "goal", "")
    for what, found, goal, met in goals:
        table.add_row(what, found, goal, "" if met else "missed")
    Console().print(table)
    print(f"rounds: {[round(one, 2) for one in ratios]}, median answer {statistics.median(seen.seconds) * 1000:.0f} ms")
    return int(not all(met for *_, met in goals))


if __name__ == "__main__":
    sys.exit(main())
