"""The pictures that the documentation speaks of."""

import shutil
from pathlib import Path

from PIL import Image

from whatsit.demo import lesson, photograph_parts


def make_example_folder(folder: Path) -> Path:
    """``bottles/<label>/*.jpg``, the same as ``pictures/`` and ``pictures.zip``, and ``photos/*.jpg``, in a folder."""
    for label, name in (("green", "china"), ("brown", "flower")):
        (folder / "bottles" / label).mkdir(parents=True)
        for number, part in enumerate(photograph_parts(name, 4)):
            Image.fromarray(part).save(folder / "bottles" / label / f"{number}.jpg")
    shutil.copytree(folder / "bottles", folder / "pictures")
    shutil.make_archive(str(folder / "pictures"), "zip", folder, "pictures")
    (folder / "photos").mkdir()
    for name, question in zip(("one", "two", "three"), lesson()[1][::2], strict=False):
        Image.fromarray(question.picture).save(folder / "photos" / f"{name}.jpg")
    return folder
