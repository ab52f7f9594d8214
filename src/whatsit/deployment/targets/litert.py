"""LiteRT and TensorFlow Lite: Python with ai-edge-litert or tflite-runtime."""

from whatsit.deployment.common import label_lines
from whatsit.deployment.program import read_program
from whatsit.deployment.target import Source, Target, Written
from whatsit.deployment.unknown import unknown_files
from whatsit.models.taught_model import golden_file
from whatsit.tflite.metadata import read_files


def _write(source: Source) -> Written:
    inside = read_files(source.content, source.name)
    # Names of our own: what a model calls its files is no path to write to.
    golden = {
        f"golden/{golden_file(index)}": inside[golden.file]
        for index, golden in enumerate(source.card.golden)
        if golden.file in inside
    }
    return Written(
        {
            "model.tflite": source.content,
            "labels.txt": label_lines(source.card.labels),
            **golden,
            **unknown_files(source.content, source.card),
        }
    )


LITERT = Target(
    name="litert",
    title="LiteRT and TensorFlow Lite",
    description="model, labels, golden pictures; Python on a Raspberry Pi or a computer",
    program=read_program("litert"),
    write=_write,
)
