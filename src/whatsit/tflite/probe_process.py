"""The program that tries models: ``python -m whatsit.tflite.probe_process``; see ``probe``.

Standard input: for each model its length as a decimal line, then its bytes. Standard output: one JSON line for each,
``{"error": null}`` or what LiteRT said. Each model is tried in a forked child with limits on memory and time, so that
a child that dies or hangs costs only itself.
"""

import json
import os
import resource
import select
import signal
import sys
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from whatsit.errors import ModelError
from whatsit.tflite.interpreter import Runtime

RUNS = 3
_EXIT_MEMORY = 3


def main() -> None:
    """Try models until standard input ends."""
    seconds, memory = float(sys.argv[1]), int(sys.argv[2])
    source, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what LiteRT prints is not an answer
    while line := source.readline():
        content = source.read(int(line))
        answers.write(json.dumps({"error": _try(content, seconds, memory)}) + "\n")
        answers.flush()


def _try(content: bytes, seconds: float, memory: int) -> str | None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _child(content, seconds, memory, os.fdopen(writer, "wb"))
    os.close(writer)
    said, hung = _read_until(reader, seconds), False
    if said is None:
        os.kill(child, signal.SIGKILL)
        said, hung = b"", True
    os.close(reader)
    _, status = os.waitpid(child, 0)
    if hung or (os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGALRM)):
        return f"it does not finish within {seconds:g} seconds"
    if os.WIFSIGNALED(status):
        return f"it ends the process ({signal.Signals(os.WTERMSIG(status)).name})"
    if os.WEXITSTATUS(status) == _EXIT_MEMORY:
        return f"it needs more than {memory // 2**20:,} MiB of memory"
    if os.WEXITSTATUS(status):
        return said.decode("utf-8", "replace") or f"it ends the process (status {os.WEXITSTATUS(status)})"
    return None


def _read_until(reader: int, seconds: float) -> bytes | None:
    """What the child says until it closes the pipe; None where it takes too long."""
    ready, _, _ = select.select([reader], [], [], seconds + 1)
    return os.read(reader, 4096) if ready else None


def _child(content: bytes, seconds: float, memory: int, out: BinaryIO) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (max(1, int(seconds)), max(2, int(seconds) + 1)))
    resource.setrlimit(resource.RLIMIT_AS, (_mapped() + memory,) * 2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    status = 0
    try:
        _run(content)
    except MemoryError:
        status = _EXIT_MEMORY
    except ModelError as error:
        out.write(str(error).encode()[:4000])
        status = 1
    finally:
        out.close()
        os._exit(status)


def _mapped() -> int:
    """Bytes of address space taken so far."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()


def _run(content: bytes) -> None:
    runtime = Runtime(content, 1)
    random = np.random.default_rng(0)
    shape, dtype = runtime.input.shape, runtime.input.dtype
    for turn in range(RUNS):
        runtime.run(_picture(shape, dtype, turn, random))


def _picture(shape: tuple[int, ...], dtype: np.dtype[Any], turn: int, random: np.random.Generator) -> NDArray[Any]:
    if turn == 0:
        return np.zeros(shape, dtype)
    if dtype.kind == "f":
        return np.asarray(random.normal(size=shape) * (1, 255)[turn - 1], dtype)
    limits = np.iinfo(dtype)
    return random.integers(limits.min, limits.max, shape, dtype, endpoint=True)


if __name__ == "__main__":
    main()
