"""An explanation as a picture or as one HTML file."""

import base64
import io
from importlib.resources import files

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from whatsit.errors import ImageError
from whatsit.evaluation.explanation import ClassEvidence, Explanation
from whatsit.evaluation.looked_at import LookedAt
from whatsit.heads.limits import UNKNOWN_BY
from whatsit.imaging.image import load_image
from whatsit.imaging.thumbnail import square, square_data_url

_DARKEST = 200
"""Alpha, of 255, of the shade over what the network passed over."""
_OUTLINE = "#ffd400"
_PICTURE, _TILE, _GAP, _LINE = 320, 144, 16, 26
_PAPER, _INK, _QUIET, _WARN = "#f6f5f1", "#22252a", "#5c6570", "#a85f00"


def shade(looked_at: LookedAt, width: int, height: int) -> Image.Image:
    """A black RGBA picture to lay over what the network saw: clear where it looked, dark elsewhere."""
    places = Image.fromarray(np.asarray((1 - looked_at.places) * _DARKEST, np.uint8))
    shaded = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    shaded.putalpha(places.resize((width, height), Image.Resampling.BICUBIC))
    return shaded


def seen(explanation: Explanation) -> Image.Image:
    """What the network saw, in RGB."""
    pixels = explanation.pixels
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).convert("RGB")


def looked(explanation: Explanation) -> Image.Image:
    """What the network saw, shaded where it did not look; a line around where it did, as dark things show no shade."""
    picture = seen(explanation)
    shaded = picture.convert("RGBA")
    shaded.alpha_composite(shade(explanation.looked_at, *picture.size))
    found = shaded.convert("RGB")
    found.paste(_OUTLINE, mask=_outline(explanation.looked_at, *picture.size))
    return found


def _outline(looked_at: LookedAt, width: int, height: int) -> Image.Image:
    places = Image.fromarray(np.asarray(looked_at.places * 255, np.uint8))
    inside = places.resize((width, height), Image.Resampling.BICUBIC).point(lambda value: 255 * (value >= 128))
    return ImageChops.subtract(inside, inside.filter(ImageFilter.MinFilter(3)))


def _measured(explanation: Explanation) -> str:
    answer = explanation.predictions
    if answer.unknown_by == "distance" and answer.distance is not None and explanation.threshold is not None:
        return f" (distance {answer.distance:.2f}, threshold {explanation.threshold:.2f})"
    return "" if answer.strangeness is None else f" (strangeness {answer.strangeness:.2f}, of which 1 is the limit)"


def sentences(explanation: Explanation) -> tuple[str, ...]:
    """The answer and what it rests on, one sentence each."""
    answer = explanation.predictions
    best = answer[0]
    found = [f"Best class: {best.label}, score {best.score:.1%}."]
    if answer.unknown:
        found.append(f"Unknown: {UNKNOWN_BY.get(answer.unknown_by, 'nothing is taught')}{_measured(explanation)}.")
    for one in explanation.classes:
        if one.nearest:
            away = ", ".join(f"{near.distance:.2f}" for near in one.nearest)
            found.append(f"Nearest taught pictures of {one.label}: distances {away}.")
    if not explanation.looked_at.places.any():
        found.append("No part of the picture speaks for the best class more than for the others.")
    return tuple(found)


def explanation_html(explanation: Explanation, title: str) -> bytes:
    """One HTML file with its pictures inside; opens without a network."""
    from jinja2 import Environment, StrictUndefined

    text = files("whatsit.evaluation").joinpath("templates/why.html.j2").read_text("utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    near = [
        (one, [(square_data_url(each.picture, _TILE), each.distance) for each in one.nearest])
        for one in explanation.classes
    ]
    page = environment.from_string(text).render(
        title=title, sentences=sentences(explanation), seen=jpeg_data_url(seen(explanation)),
        looked=jpeg_data_url(looked(explanation)), near=near,
    )  # fmt: skip
    return page.encode()


def explanation_png(explanation: Explanation) -> bytes:
    """The same as a PNG. Its font has no more than Latin letters; HTML shows labels in any script."""
    said = sentences(explanation)
    rows = [one for one in explanation.classes if one.nearest]
    width = 2 * _PICTURE + 3 * _GAP
    height = _PICTURE + 2 * _GAP + _LINE * len(said) + len(rows) * (_TILE + _LINE + _GAP) + _GAP
    sheet = Image.new("RGB", (width, height), _PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(16)
    for place, picture in enumerate((seen(explanation), looked(explanation))):
        picture.thumbnail((_PICTURE, _PICTURE))
        scale = _PICTURE / max(picture.size)
        whole = picture.resize((round(picture.width * scale), round(picture.height * scale)))
        sheet.paste(whole, (_GAP + place * (_PICTURE + _GAP), _GAP))
    y = _PICTURE + 2 * _GAP
    for sentence in said:
        draw.text((_GAP, y), sentence, _WARN if sentence.startswith("Unknown") else _INK, font)
        y += _LINE
    for one in rows:
        y = _row(sheet, draw, font, one, y)
    stream = io.BytesIO()
    sheet.save(stream, "PNG")
    return stream.getvalue()


def jpeg_data_url(picture: Image.Image) -> str:
    """A picture as a ``data:`` address."""
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()


def _row(sheet: Image.Image, draw: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
         one: ClassEvidence, y: int) -> int:  # fmt: skip
    draw.text((_GAP, y), f"{one.label}, {one.score:.1%}", _INK, font)
    for place, near in enumerate(one.nearest):
        left = _GAP + place * (_TILE + _GAP)
        try:
            sheet.paste(square(load_image(near.picture, at_least=_TILE), _TILE), (left, y + _LINE))
        except ImageError:  # it was readable when it was compared; the rest is shown
            continue
        draw.text(
            (left + 6, y + _LINE + _TILE - 22),
            f"{near.distance:.2f}",
            "white",
            font,
            stroke_width=2,
            stroke_fill="black",
        )
    return y + _TILE + _LINE + _GAP
