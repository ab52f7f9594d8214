"""Crowd a studio: silent, slow and greedy clients at once, and see that a visitor with the token is served meanwhile.

Usage: python tools/crowd.py [--seconds 60] [--silent 2000] [--slow 200] [--greedy 50] [--patience 1.0]

A studio with a token runs as a process of its own. Silent clients connect and say nothing, slow ones send a request
byte by byte, greedy ones guess tokens and send the largest headers as fast as they are answered; whoever is hung up on
comes again a second later. A visitor with the token's cookie, in a process of its own, opens the page twice a second on
new connections. All come from the same address. Prints the visitor's times, the lines of the studio's log, and its
files and memory before, meanwhile and afterwards; status 1 where a visit failed or took longer than ``--patience``,
the log has 100 lines, or files or memory did not come back.
"""

import argparse
import asyncio
import contextlib
import http.client
import json
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOKEN = "a-token-for-the-visitor"
MOST_LINES = 100
MORE_FILES = 8
MORE_MEMORY = 64 * 2**20
SETTLING_SECONDS = 20


def main() -> int:
    asked = argparse.ArgumentParser(description="Crowd a studio.")
    asked.add_argument("--seconds", type=float, default=60)
    asked.add_argument("--silent", type=int, default=2000)
    asked.add_argument("--slow", type=int, default=200)
    asked.add_argument("--greedy", type=int, default=50)
    asked.add_argument("--patience", type=float, default=1.0, help="the longest time of a visit, in seconds")
    asked.add_argument("--visit", type=int, help=argparse.SUPPRESS)
    asked.add_argument("--cookie", help=argparse.SUPPRESS)
    chosen = asked.parse_args()
    if chosen.visit:
        return _visit(chosen.visit, chosen.cookie, chosen.seconds)
    _raise_limit()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the studio ends with us
    with tempfile.TemporaryDirectory() as folder:
        return _crowd(Path(folder), chosen)


def _crowd(folder: Path, chosen: argparse.Namespace) -> int:
    log = folder / "log"
    with log.open("wb") as stream:
        command = [
            "studio",
            str(folder / "project"),
            "--camera",
            "synthetic:",
            "--token",
            TOKEN,
            "--port",
            "0",
            "--no-open",
        ]
        studio = subprocess.Popen([sys.executable, "-m", "whatsit", *command], stderr=stream)
    try:
        port, said = _announced(studio, log)
        cookie = _cookie(port)
        _visit_once(port, cookie)
        files, memory = _files(studio.pid), _memory(studio.pid)
        visitor = subprocess.Popen(
            [sys.executable, __file__, "--visit", str(port), "--cookie", cookie, "--seconds", str(chosen.seconds)],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        peak_files, peak_memory = asyncio.run(_attack(studio.pid, port, chosen))
        told, _ = visitor.communicate()
        visits = json.loads(told)
        deadline = time.monotonic() + SETTLING_SECONDS
        while _files(studio.pid) > files + MORE_FILES and time.monotonic() < deadline:
            time.sleep(0.5)
        files_after, memory_after = _files(studio.pid), _memory(studio.pid)
    finally:
        studio.terminate()
        status = studio.wait(30)
    lines = len(log.read_text(errors="replace").splitlines()) - said
    times = sorted(visits["seconds"]) or [float("nan")]
    print(f"visits: {len(visits['seconds'])} answered, {visits['failed']} failed; "
          f"median {times[len(times) // 2]:.3f} s, slowest {times[-1]:.3f} s")  # fmt: skip
    print(f"log: {lines} lines")
    print(f"files: {files} before, {peak_files} at most, {files_after} afterwards")
    before, most, after = (round(size / 2**20) for size in (memory, peak_memory, memory_after))
    print(f"memory: {before} MiB before, {most} at most, {after} afterwards")
    print(f"the studio ended with status {status}")
    held = (
        visits["seconds"] and not visits["failed"] and times[-1] <= chosen.patience and lines < MOST_LINES
        and files_after <= files + MORE_FILES and memory_after <= memory + MORE_MEMORY and status == 0
    )  # fmt: skip
    return 0 if held else 1


async def _attack(studio: int, port: int, chosen: argparse.Namespace) -> tuple[int, int]:
    clients = [
        asyncio.create_task(client(port, number))
        for client, count in ((_silent, chosen.silent), (_slow, chosen.slow), (_greedy, chosen.greedy))
        for number in range(count)
    ]
    files = memory = 0
    ending = time.monotonic() + chosen.seconds
    while time.monotonic() < ending:
        await asyncio.sleep(0.5)
        files, memory = max(files, _files(studio)), max(memory, _memory(studio))
    left: set[asyncio.Task[None]] = set(clients)
    while left:  # wait_for can swallow one
        for client in left:
            client.cancel()
        _, left = await asyncio.wait(left, timeout=1)
    return files, memory


@contextlib.asynccontextmanager
async def _connected(port: int):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def _silent(port: int, number: int) -> None:
    while True:
        with contextlib.suppress(OSError):
            async with _connected(port) as (reader, _):
                await reader.read()
        await asyncio.sleep(1)


async def _slow(port: int, number: int) -> None:
    request = b"POST /api/lesson/class HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: " + b"x" * 10_000
    while True:
        with contextlib.suppress(OSError):
            async with _connected(port) as (reader, writer):
                for at in range(len(request)):
                    writer.write(request[at : at + 1])
                    await writer.drain()
                    with contextlib.suppress(TimeoutError):
                        if not await asyncio.wait_for(reader.read(1), 0.25):
                            break
        await asyncio.sleep(1)


async def _greedy(port: int, number: int) -> None:
    head = f"Host: 127.0.0.1:{port}\r\n"
    large = "; ".join(f'a{at}="b' for at in range(3000))
    requests = [
        f"GET /?token=guess-{number} HTTP/1.1\r\n{head}\r\n",
        f"GET / HTTP/1.1\r\n{head}Cookie: {large[:30_000]}\r\n\r\n",
        f"GET / HTTP/1.1\r\n{head}Authorization: Bearer guess-{number}-{'x' * 1000}\r\n\r\n",
        "this is not HTTP\r\n\r\n",
        f"GET /ws HTTP/1.1\r\n{head}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    ]
    while True:
        for request in requests:
            with contextlib.suppress(OSError):
                async with _connected(port) as (reader, writer):
                    writer.write(request.encode())
                    await asyncio.wait_for(reader.read(2**16), 10)


def _visit(port: int, cookie: str, seconds: float) -> int:
    taken, failed = [], 0
    ending = time.monotonic() + seconds
    while time.monotonic() < ending:
        start = time.monotonic()
        try:
            _visit_once(port, cookie)
            taken.append(time.monotonic() - start)
        except (OSError, http.client.HTTPException) as error:
            print(f"a visit failed: {error!r}", file=sys.stderr)
            failed += 1
        time.sleep(max(0.0, 0.5 - (time.monotonic() - start)))
    print(json.dumps({"seconds": taken, "failed": failed}))
    return 0


def _cookie(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        connection.request("GET", f"/?token={TOKEN}")
        return (connection.getresponse().getheader("Set-Cookie") or "").partition(";")[0]


def _visit_once(port: int, cookie: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with contextlib.closing(connection):
        connection.request("GET", "/", headers={"Cookie": cookie})
        answer = connection.getresponse()
        if answer.status != 200 or b"</html>" not in answer.read():
            raise http.client.HTTPException(f"status {answer.status}")


def _announced(studio: subprocess.Popen[bytes], log: Path) -> tuple[int, int]:
    """The studio's port, and how many lines it said to announce it."""
    while b"Ctrl-C" not in (said := log.read_bytes()):
        if studio.poll() is not None:
            raise SystemExit(said.decode())
        time.sleep(0.1)
    url = next(word for word in said.decode().split() if word.startswith("http"))
    return int(url.partition("127.0.0.1:")[2].partition("/")[0]), len(said.splitlines())


def _files(process: int) -> int:
    return len(list(Path(f"/proc/{process}/fd").iterdir()))


def _memory(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def _raise_limit() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    raise SystemExit(main())
