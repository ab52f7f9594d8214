"""Running: the pictures listed, the parts that are missing made, the progress told."""

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from whatsit.bulk.dispatch import PICTURE_TIMEOUT
from whatsit.bulk.engine import Engine
from whatsit.bulk.engines import ENGINES
from whatsit.bulk.inputs import absolute, entries
from whatsit.bulk.job import Job, ModelChoice, Options
from whatsit.bulk.manifest import FOLDER, PATHS, Manifest, read_manifest, write_paths
from whatsit.bulk.part import is_whole
from whatsit.bulk.progress import Progress, Result, Tally
from whatsit.bulk.rows import require_embedding
from whatsit.errors import ArgumentError, DataError
from whatsit.files import cannot_write, parquet, scratch_beside
from whatsit.imaging.preprocess import check_fit
from whatsit.models.classifier import Classifier
from whatsit.validation import path as checked_path
from whatsit.validation import row, short, whole_number

Input = str | os.PathLike[str]


def run(
    inputs: Input | Sequence[Input],
    out: Input,
    model: Input | None = None,
    *,
    labels: Input | None = None,
    fit: str | None = None,
    normalise: str | None = None,
    output: int | str | None = None,
    multi_label: bool = False,
    top_k: int = 5,
    embeddings: bool = False,
    engine: str | Engine = "local",
    workers: int | None = None,
    address: str | None = None,
    timeout: float = PICTURE_TIMEOUT,
    resume: bool = False,
    on_progress: Callable[[Progress], object] = lambda progress: None,
    on_model: Callable[[Classifier], object] = lambda classifier: None,
) -> Result:
    """Classify any number of pictures into a folder of Parquet files, a part for each thousand pictures.

    A part is written whole or not at all. Stopped or killed at any moment, the run goes on with ``resume``, and ends
    with the same rows: one for each picture, in the order of the inputs. A picture that cannot be read is a row with
    its error.

    Args:
        inputs: folders, patterns such as ``photos/**/*.jpg``, lists (``.txt`` with a path a line, ``.csv`` or
            ``.parquet`` with a column ``path``; relative paths begin at the list's folder), pictures, and addresses
            such as ``s3://bucket/folder`` where fsspec and its package for them are installed.
        out: the folder of the parts; made where it is not there.
        model: a ``.tflite`` classifier; None: the built-in ImageNet network.
        labels: as for ``Classifier``; a file.
        fit: as for ``Classifier``.
        normalise: as for ``Classifier``.
        output: as for ``Classifier``.
        multi_label: as for ``Classifier``.
        top_k: how many classes a row holds, best first.
        embeddings: keep each picture's L2-normalised embedding as float16, for ``find``.
        engine: ``local``: one process a core; ``ray``: one actor a core, on this machine or a cluster; or an
            ``Engine``.
        workers: processes; None: one a core.
        address: of a Ray cluster.
        timeout: seconds that one picture may take, as behind an address that does not answer. The process is then
            ended, and where that happens again the picture is a row with this error.
        resume: go on with the run that ``out`` holds, if it holds one.
        on_progress: called now and then; can raise KeyboardInterrupt to stop.
        on_model: called with the loaded model before the first picture, to look at what was assumed of it.

    Raises:
        DataError: ``out`` holds another run, or one while ``resume`` is not set; there are no pictures, an input is not
            there, or the disk is full.
        ModelError: the model cannot be loaded, or fails.
        MissingExtraError: pyarrow, Ray, or what an address needs, is not installed.
    """
    parquet.arrow("whatsit bulk")
    given = [inputs] if isinstance(inputs, str | os.PathLike) else list(inputs)
    if not given:
        raise ArgumentError("inputs []: expected folders, patterns or lists of pictures")
    folder = Path(absolute(checked_path(out, "a folder for the parts")))
    choice = ModelChoice(
        None if model is None else absolute(checked_path(model, "a .tflite model")),
        None if labels is None else absolute(checked_path(labels, "a label file")),
        check_fit(fit).value if fit else None, normalise, output, bool(multi_label),
    )  # fmt: skip
    options = Options(whole_number(top_k, "top_k"), bool(embeddings))
    maker = _engine(engine, workers, address, timeout)
    with _held(folder):
        before = _manifest_before(folder, resume)
        classifier, model_id = choice.load()
        if options.embeddings:
            require_embedding(classifier)
        on_model(classifier)
        del classifier
        manifest = _listed(folder, given, choice, model_id, options, before)
        return _work(folder, manifest, maker, on_progress)


def _engine(engine: str | Engine, workers: int | None, address: str | None, timeout: float) -> Engine:
    if not isinstance(engine, str):
        if not hasattr(engine, "work"):
            raise ArgumentError(f"engine {short(engine)}: expected one of {', '.join(ENGINES)}")
        return engine
    return row(ENGINES, engine, "engine")(workers, address, timeout)


@contextlib.contextmanager
def _held(out: Path) -> Iterator[None]:
    """The folder, for one run at a time."""
    try:
        (out / FOLDER).mkdir(parents=True, exist_ok=True)
        handle = os.open(out / FOLDER, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise cannot_write(out, error) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DataError(f"{out}: another run is writing there; wait for it, or choose another folder") from error
        except OSError:  # a file system without locks
            pass
        yield
    finally:
        os.close(handle)
        with contextlib.suppress(OSError):  # what was refused leaves no empty folders
            (out / FOLDER).rmdir()
            out.rmdir()


def _manifest_before(out: Path, resume: bool) -> Manifest | None:
    before = read_manifest(out)
    if before is not None and not resume:
        there = sum(1 for _ in out.glob("part-*.parquet"))
        raise DataError(
            f"{out}: holds {there:,} of the {before.parts:,} parts of a run; --resume goes on, or choose another folder"
        )
    if before is None and (others := [one.name for one in out.iterdir() if one.name != FOLDER]):
        raise DataError(f"{out}: holds other files, such as {short(others[0])}; choose a new folder for the parts")
    return before


def _listed(
    out: Path, inputs: Sequence[Input], choice: ModelChoice, model_id: str, options: Options, before: Manifest | None
) -> Manifest:
    target = out / FOLDER / PATHS
    with scratch_beside(target) as scratch:
        count, digest = write_paths(scratch / PATHS, entries(inputs))
        if not count:
            raise DataError(f"{', '.join(map(str, inputs))[:200]}: no pictures there")
        manifest = Manifest(choice, model_id, options, count, digest)
        if before is None:
            (scratch / PATHS).replace(target)
            manifest.write(out)
            return manifest
    if difference := before.difference(manifest):
        raise DataError(f"{out}: holds a run of other things ({difference}); give those, or choose another folder")
    return manifest


def _work(out: Path, manifest: Manifest, engine: Engine, on_progress: Callable[[Progress], object]) -> Result:
    missing = [part for part in range(manifest.parts) if not is_whole(out, part, manifest)]
    before = manifest.pictures - sum(map(manifest.size, missing))
    job = Job(str(out), manifest.run, manifest.model, manifest.model_id, manifest.options)
    tally, began = Tally(), time.monotonic()
    on_progress(Progress(tally, before, manifest.pictures, 0.0))
    if missing:
        events = engine.work(job, missing)
        with contextlib.closing(events):  # type: ignore[type-var]  # generators, by the protocol's contract
            for event in events:
                tally += event.tally
                on_progress(Progress(tally, before, manifest.pictures, time.monotonic() - began))
    if left := [part for part in missing if not is_whole(out, part, manifest)]:
        raise DataError(f"{out}: {len(left):,} parts are not there although they were made; run again with --resume")
    seconds = time.monotonic() - began
    return Result(out, manifest.pictures, manifest.parts, manifest.parts - len(missing), tally, seconds)
