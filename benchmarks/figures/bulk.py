"""What a bulk run costs. Usage: python -m benchmarks.figures.bulk speed|memory|find FOLDER [--pictures N]

FOLDER holds class folders of pictures.

``speed``: pictures a second of ``classify_many``, of the local engine and, where it is installed, of Ray's after its
start-up, on the same files and model, one after the other; and whether both engines' parts are the same bytes.
``memory``: peak memory of the run and its processes with 2,000 and with 50,000 pictures (hard links to small copies).
``find``: milliseconds and memory of searches over 100,000 embeddings, those of FOLDER and mixtures of two, against
comparing all of them.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from whatsit import BackboneChoice, Classifier, bulk, find_examples, load_image, teach
from whatsit.bulk.manifest import PART, known_manifest
from whatsit.bulk.part import part_path
from whatsit.files import parquet

TAUGHT = 200


def main() -> None:
    """Measure what was asked for."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", choices=("speed", "memory", "find", "searcher", "one"))
    options.add_argument("folder", type=Path)
    options.add_argument("--pictures", type=int)
    options.add_argument("--model", type=Path, help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.what == "one":
        print(json.dumps(one_run(asked.folder, asked.model)))
    elif asked.what == "searcher":
        print(json.dumps(searched(asked.folder)))
    else:
        with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as room:
            measure: Callable[[Path, Path, int | None], None] = {"speed": speed, "memory": memory, "find": find}[
                asked.what
            ]
            measure(asked.folder, Path(room), asked.pictures)


def taught(folder: Path, room: Path, size: int = 224) -> Path:
    """A model of the folder's classes, from an even sample."""
    examples = list(find_examples(folder))
    path = room / "model.tflite"
    path.write_bytes(teach(examples[:: max(1, len(examples) // TAUGHT)], BackboneChoice(size=size)).to_tflite())
    return path


def linked(pictures: list[Path], folder: Path, count: int) -> Path:
    """``count`` hard links to the pictures, in turn; copies where another disk allows no links."""
    folder.mkdir()
    for number in range(count):
        source = pictures[number % len(pictures)]
        try:
            os.link(source, folder / f"{number:06d}{source.suffix}")
        except OSError:
            (folder / f"{number:06d}{source.suffix}").symlink_to(source)
    return folder


def speed(folder: Path, room: Path, count: int | None) -> None:
    """Pictures a second of the engines and of one process."""
    model = taught(folder, room)
    pictures = linked([Path(path) for path, _ in find_examples(folder)], room / "pictures", count or 4000)
    paths = sorted(pictures.iterdir())
    classifier = Classifier(model)
    for _ in classifier.classify_many(paths[:50]):
        pass
    began = time.perf_counter()
    for _ in classifier.classify_many(paths, errors="return"):
        pass
    plain = len(paths) / (time.perf_counter() - began)
    print(f"classify_many: {plain:.1f} pictures a second, {len(paths):,} pictures")
    engines = ["local", *(["ray"] if importlib.util.find_spec("ray") else [])]
    rates: dict[str, float] = {}
    for engine in engines:
        first: list[float] = []

        def hear(progress: bulk.Progress, first: list[float] = first) -> None:
            if progress.tally.pictures and not first:
                first.extend((time.perf_counter(), progress.tally.pictures))

        bulk.run(pictures, room / engine, model, engine=engine, on_progress=hear)
        rates[engine] = (len(paths) - first[1]) / (time.perf_counter() - first[0])
        against = plain if engine == "local" else rates["local"]
        print(
            f"{engine}: {rates[engine]:.1f} a second after its start, {rates[engine] / against:.2f} of the one before"
        )
    if len(engines) > 1:
        parts = [sorted((room / engine).glob("part-*")) for engine in engines]
        same = all(one.read_bytes() == other.read_bytes() for one, other in zip(*parts, strict=True))
        print(f"the same bytes: {same}")


def memory(folder: Path, room: Path, count: int | None) -> None:
    """Peak memory at two sizes."""
    model = taught(folder, room, 96)
    small = room / "small"
    small.mkdir()
    for number, (path, _) in enumerate(list(find_examples(folder))[:100]):
        picture = load_image(path)
        picture.thumbnail((160, 160))
        picture.save(small / f"{number:03d}.jpg")
    for pictures in (2000, count or 50_000):
        linked(sorted(small.iterdir()), room / f"{pictures}", pictures)
        command = [
            sys.executable,
            "-m",
            "benchmarks.figures.bulk",
            "one",
            str(room / f"{pictures}"),
            "--model",
            str(model),
        ]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found = json.loads(done.stdout)
        print(
            f"{pictures:,} pictures: run {found['run']:.0f} MiB, each process at most {found['process']:.0f} MiB, "
            f"{found['rate']:.0f} a second"
        )


def one_run(pictures: Path, model: Path) -> dict[str, float]:
    """A run, and the peak memory of this process and of its children."""
    import resource

    with tempfile.TemporaryDirectory(dir=pictures.parent) as room:
        result = bulk.run(pictures, Path(room) / "out", model, embeddings=True)
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {"run": peak(), "process": child, "rate": result.pictures / result.seconds}


def peak() -> float:
    """MiB of this process at most."""
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024


def find(folder: Path, room: Path, count: int | None) -> None:
    """Searches over many embeddings, in a process of their own."""
    model = taught(folder, room)
    bulk.run(folder, room / "real", model, embeddings=True)
    mixed(room / "real", room / "out", count or 100_000)
    began = time.perf_counter()
    bulk.Search(room / "out")
    print(f"index made in {time.perf_counter() - began:.1f} s")
    command = [sys.executable, "-m", "benchmarks.figures.bulk", "searcher", str(room / "out")]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    print(
        f"{found['rows']:,} embeddings of {found['dim']:,}: median {found['median']:.1f} ms, slowest "
        f"{found['slowest']:.1f} ms of {found['queries']} warm searches, "
        f"{found['cpu']:.1f} ms of processor time; brute force {found['brute']:.0f} ms; "
        f"peak memory {found['peak']:.0f} MiB; {found['wrong']} differ from brute force"
    )


def mixed(real: Path, out: Path, count: int) -> None:
    """A finished run of ``count`` rows: real embeddings and mixtures of two, every tenth with a tenth of noise."""
    pa = parquet.arrow("the benchmark")
    tables = [pa.parquet.read_table(path) for path in sorted(real.glob("part-*"))]
    tables = [table.filter(table["label"].is_valid()).combine_chunks() for table in tables]
    values = np.concatenate(
        [np.asarray(table["embedding"].combine_chunks().flatten()).reshape(len(table), -1) for table in tables]
    ).astype(np.float32)
    labels = [label for table in tables for label in table["label"].to_pylist()]
    manifest = replace(known_manifest(real), pictures=count)
    (out / "manifest").mkdir(parents=True)
    manifest.write(out)
    chance, kind = np.random.default_rng(0), tables[0].schema
    for part in range(manifest.parts):
        size = manifest.size(part)
        one, other = chance.integers(0, len(values), (2, size))
        share = chance.uniform(0.5, 1, (size, 1)).astype(np.float32)
        rows = share * values[one] + (1 - share) * values[other]
        rows[::10] += 0.1 / np.sqrt(rows.shape[1]) * chance.standard_normal(rows[::10].shape).astype(np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        offsets = np.arange(size + 1, dtype=np.int32) * rows.shape[1]
        columns = {
            "path": pa.array([f"/made/{part * PART + at}.jpg" for at in range(size)]),
            "label": pa.array([labels[at] for at in one]),
            "score": pa.array(np.ones(size, np.float32)), "unknown": pa.array(np.zeros(size, bool)),
            "embedding": pa.ListArray.from_arrays(pa.array(offsets), pa.array(rows.astype(np.float16).ravel())),
        }  # fmt: skip
        arrays = [columns.get(field.name, pa.nulls(size, field.type)) for field in kind]
        facts = {b"whatsit.run": manifest.run.encode(), b"whatsit.part": str(part).encode()}
        pa.parquet.write_table(pa.table(arrays, schema=kind.with_metadata(facts)), part_path(out, part))


def searched(out: Path) -> dict[str, float]:
    """Warm searches for real-looking embeddings, and what comparing all gives."""
    search = bulk.Search(out)
    stored = np.load(out / "search" / "embeddings.npy", mmap_mode="r")
    queries = [stored[at].astype(np.float32) for at in np.random.default_rng(1).integers(0, len(stored), 40)]
    for query in queries:
        search.nearest(query)
    times, cpu, answers = [], [], []
    for query in queries:
        began, used = time.perf_counter(), time.process_time()
        answers.append(search.nearest(query))
        cpu.append(1000 * (time.process_time() - used))
        times.append(1000 * (time.perf_counter() - began))
    most = peak()
    wrong, brute = 0, []
    for query, found in zip(queries[:10], answers, strict=False):
        began = time.perf_counter()
        similar = np.concatenate(
            [stored[at : at + 1000].astype(np.float32) @ query for at in range(0, len(stored), 1000)]
        )
        best = np.sort(similar)[::-1][: len(found)]
        brute.append(1000 * (time.perf_counter() - began))
        wrong += not np.allclose([match.similarity for match in found], best, atol=3e-6)
    return {
        "rows": len(stored), "dim": stored.shape[1], "median": float(np.median(times)), "slowest": max(times),
        "cpu": float(np.median(cpu)), "queries": len(queries), "brute": float(np.median(brute)),
        "peak": most, "wrong": wrong,
    }  # fmt: skip


if __name__ == "__main__":
    main()
