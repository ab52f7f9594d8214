"""One contestant in a process, so that peak memory is measured apart and other programs keep their environment.

Usage: python worker.py CONTESTANT MODEL LIST_OF_PICTURES

Standard library only: MediaPipe's environment runs it too. For every line on standard input the contestant goes
through all pictures once, and one line of JSON reports seconds, CPU seconds of all threads and peak resident memory
in MiB. Between lines it sleeps.
"""

import importlib
import json
import sys
import time
from pathlib import Path


def main() -> None:
    name, model, listing = sys.argv[1:]
    pictures = Path(listing).read_text().splitlines()
    go = importlib.import_module(f"contestants.{name}").prepare(model)
    # Libraries write greetings to both streams; the answers go to the real one only.
    answers, sys.stdout = sys.stdout, sys.stderr
    for _ in sys.stdin:
        start, cpu = time.perf_counter(), time.process_time()
        extra = go(pictures)
        answer = {"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu, "mebibytes": peak()}
        print(json.dumps({**answer, **(extra or {})}), file=answers, flush=True)


def peak() -> float:
    # Not getrusage: its maximum begins with what the parent held when it forked.
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    main()
