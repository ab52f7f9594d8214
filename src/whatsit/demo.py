"""``make demo``: teach from pictures, recognise others, show the answers as a picture and as text.

The pictures are crops of the two photographs that scikit-learn contains, and views of the demonstration scene. The
questions are other pictures than those taught, and the last two show things that were not taught at all.
"""

import argparse
import io
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from whatsit.cameras.demo_scene.scene import Scene
from whatsit.files import write_file
from whatsit.models.classifier import Classifier
from whatsit.models.prediction import Predictions
from whatsit.plugins import EXTRAS
from whatsit.teaching.teach import teach

Pixels = NDArray[np.uint8]

TAUGHT_SCENE = ("mug", "plant", "ball")
SHOTS = 6
ASKED = 2
STRANGERS = ("duck", "clock")


@dataclass(frozen=True, eq=False)
class Question:
    """A picture and the label of what is on it; None for something that was not taught."""

    picture: Pixels
    truth: str | None


def photograph_parts(name: str, count: int) -> Iterator[Pixels]:
    """Different crops of one of scikit-learn's photographs, each of shape (240, 320, 3)."""
    with EXTRAS["teach"].imports("the demonstration"):
        from sklearn.datasets import load_sample_image

    photograph = Image.fromarray(load_sample_image(f"{name}.jpg"))
    for number in range(count):
        # Around the middle, where the subject is, and no crop twice.
        width = 420 + 25 * (number % 5)
        height = width * 3 // 4
        left = (photograph.width - width) * ((number * 5) % count) // max(1, count - 1)
        top = (photograph.height - height) * ((number * 3) % count) // max(1, count - 1)
        part = photograph.resize((320, 240), box=(left, top, left + width, top + height))
        yield np.asarray(part)


def scene_views(name: str, count: int) -> Iterator[Pixels]:
    """An object of the demonstration scene in different places and lights, each of shape (240, 320, 3)."""
    scene = Scene(seed=3, width=320, height=240, objects=(name,), dwell=60)
    shown = (scene.render(number) for number in range(20, 10_000, 37) if scene.truth(number) == name)
    return (picture for picture, _ in zip(shown, range(count), strict=False))


def lesson() -> tuple[list[tuple[Pixels, str]], list[Question]]:
    """The pictures to teach with their labels, and the questions."""
    taught: list[tuple[Pixels, str]] = []
    asked: list[Question] = []
    for label, photograph in (("temple", "china"), ("flower", "flower")):
        parts = list(photograph_parts(photograph, SHOTS + ASKED))
        taught += [(part, label) for part in parts[:SHOTS]]
        asked += [Question(part, label) for part in parts[SHOTS:]]
    for label in TAUGHT_SCENE:
        views = list(scene_views(label, SHOTS + ASKED))
        taught += [(view, label) for view in views[:SHOTS]]
        asked += [Question(view, label) for view in views[SHOTS:]]
    asked += [Question(next(scene_views(name, 1)), None) for name in STRANGERS]
    return taught, asked


TILE, CAPTION, GAP, COLUMNS = (300, 225), 74, 18, 4
PAPER, INK, FAINT, BAR, UNKNOWN, WRONG = "#f6f5f1", "#22252a", "#d9d7cf", "#2f7d5b", "#c77700", "#c0392b"


def contact_sheet(questions: Sequence[Question], answers: Sequence[Predictions]) -> Image.Image:
    """Every picture with its answer and a bar for the score; unknown and wrong ones are marked."""
    rows = -(-len(questions) // COLUMNS)
    cell = (TILE[0] + GAP, TILE[1] + CAPTION + GAP)
    sheet = Image.new("RGB", (COLUMNS * cell[0] + GAP, rows * cell[1] + GAP), PAPER)
    for place, (question, answer) in enumerate(zip(questions, answers, strict=True)):
        left, top = GAP + place % COLUMNS * cell[0], GAP + place // COLUMNS * cell[1]
        sheet.paste(_tile(question, answer), (left, top))
    return sheet


def _tile(question: Question, answer: Predictions) -> Image.Image:
    tile = Image.new("RGB", (TILE[0], TILE[1] + CAPTION), "white")
    tile.paste(Image.fromarray(question.picture).resize(TILE))
    draw = ImageDraw.Draw(tile)
    colour = UNKNOWN if answer.unknown else BAR
    if not is_right(question, answer):
        colour = WRONG
    title = "unknown" if answer.unknown else answer[0].label
    note = f"nearest: {answer[0].label}" if answer.unknown else f"{answer[0].score:.0%}"
    y = TILE[1] + 14
    draw.text((14, y), title, INK if colour == BAR else colour, ImageFont.load_default(22))
    small = ImageFont.load_default(17)
    draw.text((TILE[0] - 14 - draw.textlength(note, small), y + 4), note, INK, small)
    box = (14, y + 36, TILE[0] - 14, y + 46)
    draw.rounded_rectangle(box, 5, FAINT)
    filled = 14 + round((box[2] - box[0]) * answer[0].score)
    if not answer.unknown:
        draw.rounded_rectangle((14, box[1], max(24, filled), box[3]), 5, colour)
    if colour != BAR:
        draw.rectangle((0, 0, TILE[0] - 1, TILE[1] + CAPTION - 1), outline=colour, width=3)
    return tile


def is_right(question: Question, answer: Predictions) -> bool:
    """Whether the answer names what is on the picture, or says unknown where that was not taught."""
    if question.truth is None:
        return answer.unknown
    return not answer.unknown and answer[0].label == question.truth


def text_table(questions: Sequence[Question], answers: Sequence[Predictions]) -> str:
    """The answers as text, in 60 columns."""
    lines = [f"{'on the picture':<16}{'answer':<24}{'score':>6}"]
    for question, answer in zip(questions, answers, strict=True):
        said = f"unknown (like {answer[0].label})" if answer.unknown else answer[0].label
        bar = "█" * round(10 * answer[0].score) if not answer.unknown else ""
        mark = "" if is_right(question, answer) else "  wrong"
        lines.append(f"{question.truth or 'not taught':<16}{said:<24}{answer[0].score:>6.0%} {bar}{mark}")
    return "\n".join(lines)


def run(output: Path) -> str:
    """Teach, recognise, write the contact sheet to ``output`` and the model beside it.

    Returns:
        The report as text.
    """
    taught, questions = lesson()
    begun = time.monotonic()
    content = teach(taught).to_tflite()
    seconds = time.monotonic() - begun
    output.parent.mkdir(parents=True, exist_ok=True)
    model = output.with_suffix(".tflite")
    write_file(model, content)
    answers = list(Classifier(model).classify_many(question.picture for question in questions))
    stream = io.BytesIO()
    contact_sheet(questions, answers).quantize(255, dither=Image.Dither.NONE).save(stream, "PNG", optimize=True)
    write_file(output, stream.getvalue())
    right = sum(is_right(question, answer) for question, answer in zip(questions, answers, strict=True))
    labels = sorted({label for _, label in taught})
    return (
        f"Taught in {seconds:.1f} s: {len(labels)} classes ({', '.join(labels)}), {len(taught)} pictures\n"
        f"{model}: {len(content) / 1e6:.1f} MB, int8\n\n{text_table(questions, answers)}\n\n"
        f"{right} of {len(questions)} right. The answers as a picture: {output}"
    )


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m whatsit.demo", description="Teach, recognise, show.")
    parser.add_argument("--output", type=Path, default=Path("answers.png"), help="the contact sheet to write")
    print(run(parser.parse_args().output))  # noqa: T201 - a command's answer


if __name__ == "__main__":
    main()
