"""The floor: as many threads as cores, each with its own interpreter; decode, resize, invoke and nothing else."""

import io
import os
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image


def prepare(model: str) -> Callable[[list[str]], None]:
    cores = os.cpu_count() or 1
    interpreters = [Interpreter(model_path=model, num_threads=1) for _ in range(cores)]
    for interpreter in interpreters:
        interpreter.allocate_tensors()

    def go(pictures: list[str]) -> None:
        threads = [threading.Thread(target=run, args=(interpreters[n], pictures[n::cores])) for n in range(cores)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return go


def run(interpreter: Interpreter, pictures: list[str]) -> None:
    entrance = interpreter.get_input_details()[0]
    exit_ = interpreter.get_output_details()[0]["index"]
    _, height, width, _ = (int(side) for side in entrance["shape"])
    for picture in pictures:
        image = Image.open(io.BytesIO(Path(picture).read_bytes()))
        image.draft("RGB", (2 * width, 2 * height))
        small = image.convert("RGB").resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2.0)
        interpreter.set_tensor(entrance["index"], np.asarray(small)[np.newaxis])
        interpreter.invoke()
        interpreter.get_tensor(exit_)
