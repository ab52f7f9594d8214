"""``classify.py``, the program in every folder: a template, filled in for one model."""

from importlib.resources import files

from whatsit.imaging.preprocess import Fit
from whatsit.models.card import ModelCard

PROGRAM = "classify.py"
_FITTED = {
    Fit.COVER: "    return ImageOps.fit(picture, (width, height), Image.Resampling.BICUBIC)\n",
    Fit.CONTAIN: (
        "    scale = min(width / picture.width, height / picture.height)\n"
        "    inner = round(picture.width * scale) or 1, round(picture.height * scale) or 1\n"
        "    small = picture.resize(inner, Image.Resampling.BICUBIC, reducing_gap={GAP})\n"
        '    page = Image.new("RGB", (width, height))\n'
        "    page.paste(small, ((width - inner[0]) // 2, (height - inner[1]) // 2))\n"
        "    return page\n"
    ),
    Fit.SQUASH: "    return picture.resize((width, height), Image.Resampling.BICUBIC, reducing_gap={GAP})\n",
}


def read_program(name: str) -> str:
    """The template of a built-in target: ``programs/<name>.txt``."""
    return files("whatsit.deployment").joinpath(f"programs/{name}.txt").read_text("utf-8")


def _unknown(card: ModelCard) -> str:
    if card.unknown is None:
        return "opened, strangeness = bytes, lambda *embedding: 0\n"
    return read_program("strange") + read_program("unknown")


def filled_program(template: str, card: ModelCard) -> bytes:
    """The program for one model: its places in braces replaced, see ``Target.program``."""
    function = "def fitted(picture, width, height):\n" + _FITTED[card.fit]
    strange = "strange = None\n" if card.unknown is None else read_program("strange")
    filled = template.replace("{FITTED}\n", function).replace("{UNKNOWN}\n", _unknown(card))
    filled = filled.replace("{STRANGE}\n", strange)
    return filled.replace("{SIZE}", f"{card.width}, {card.height}").replace("{GAP}", f"{card.reducing_gap:g}").encode()
