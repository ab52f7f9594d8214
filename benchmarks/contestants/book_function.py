"""How a textbook chapter classifies: open the picture whole, load the interpreter again, sort all the scores."""

from collections.abc import Callable

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image


def prepare(model: str) -> Callable[[list[str]], None]:
    def go(pictures: list[str]) -> None:
        for picture in pictures:
            classify(picture, model, 5)

    return go


def classify(picture: str, model: str, top_k: int) -> list[tuple[int, float]]:
    interpreter = Interpreter(model_path=model)
    interpreter.allocate_tensors()
    entrance, exit_ = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    _, height, width, _ = entrance["shape"]
    image = Image.open(picture).convert("RGB").resize((width, height))
    interpreter.set_tensor(entrance["index"], np.expand_dims(np.array(image, dtype=entrance["dtype"]), 0))
    interpreter.invoke()
    scale, zero_point = exit_["quantization"]
    scores = scale * (np.squeeze(interpreter.get_tensor(exit_["index"])).astype(np.float32) - zero_point)
    return [(int(index), float(scores[index])) for index in np.argsort(scores)[::-1][:top_k]]
