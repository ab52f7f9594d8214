"""Projects full of pictures, and a studio on one in a thread of this process."""

import hashlib
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from running_server import run_in_thread
from whatsit.backbones.embedder import Embedder, PixelEmbedder
from whatsit.datasets.embedding_map import map_path
from whatsit.datasets.fingerprint import fingerprint
from whatsit.datasets.project import Project
from whatsit.datasets.split import Split
from whatsit.datasets.splits_csv import SplitRecord
from whatsit.heads.linear import npy_bytes
from whatsit.imaging.image import ImageLike
from whatsit.studio.studio import Studio
from whatsit.studio.web.server import StudioServer

LABELS = tuple(f"thing {number}" for number in range(10))
EACH = 1000


def jpeg(colour: tuple[int, int, int], size: tuple[int, int] = (48, 36)) -> bytes:
    """A JPEG file of one colour."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "JPEG")
    return file.getvalue()


def scene(seed: int, size: tuple[int, int] = (96, 72)) -> bytes:
    """A JPEG file of a scene that no other seed gives."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(file, "JPEG", quality=95)
    return file.getvalue()


class NumberEmbedder(PixelEmbedder):
    """Embeds a picture by the number in its file's name, without looking at it."""

    @property
    def id(self) -> str:
        return "number"

    @property
    def dim(self) -> int:
        return 2

    def embed_many(self, images: Iterable[ImageLike]) -> Iterator[NDArray[np.float32]]:
        for image in images:
            yield _number_embedding(Path(str(image)))


def _number_embedding(path: Path) -> NDArray[np.float32]:
    return np.array([1, int(path.stem)], np.float32)


def ten_thousand(folder: Path) -> None:
    """A project of 10,000 pictures in ten classes, with a map on which each class is a square of its own.

    Class n lies around ((n % 5 + 0.5) / 5, (n // 5 + 0.5) / 2). What decoding would tell is put into the index, and
    the map into its folder, so that this takes seconds.
    """
    with Project(folder) as project:
        dataset = project.dataset
        hashes, records, prints = [], [], []
        for number, label in enumerate(LABELS):
            picture = jpeg((25 * number, 200 - 15 * number, 90))
            print_ = fingerprint(picture)
            (dataset.root / label).mkdir(parents=True)
            for place in range(EACH):
                content = picture + b"%d" % (number * EACH + place)  # behind the end of the picture
                (dataset.root / label / f"{number * EACH + place:05d}.jpg").write_bytes(content)
                hashes.append(hashlib.sha256(content).hexdigest())
                records.append(SplitRecord(hashes[-1], list(Split)[place % 3]))
                prints.append((hashes[-1], print_))
        dataset.records.append(records)
        dataset.index.put_fingerprints(prints)
        dataset.refresh()
        numbers = np.arange(len(hashes))
        jitter = np.random.default_rng(0).uniform(-0.06, 0.06, (len(hashes), 2))
        centres = np.stack([(numbers // EACH % 5 + 0.5) / 5, (numbers // EACH // 5 + 0.5) / 2], 1)
        places = (centres + jitter).astype(np.float32)
        embeddings = np.stack([np.ones(len(hashes)), numbers], 1).astype(np.float32)
        path = map_path(embeddings, hashes, dataset.maps_folder)
        path.parent.mkdir(parents=True)
        path.write_bytes(npy_bytes(places[np.argsort(np.array(hashes))]))


@dataclass(frozen=True)
class Untaught:
    """A studio on the demonstration scene and on a project nobody has taught."""

    url: str
    folder: Path


@contextmanager
def serving(folder: Path, embedder: Embedder | None = None, camera: str = "synthetic:?object=mug") -> Iterator[str]:
    """The address of a studio on ``folder``."""
    server = StudioServer(Studio(folder, embedder or PixelEmbedder(), camera), port=0)
    with run_in_thread(server):
        yield server.address.url
