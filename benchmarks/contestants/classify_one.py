"""``classify`` of one prepared picture in memory against nothing but ``invoke``, call by call in turn."""

import statistics
import time
from collections.abc import Callable

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from whatsit import Classifier, load_image

CALLS = 100


def prepare(model: str) -> Callable[[list[str]], dict[str, float]]:
    classifier = Classifier(model)
    bare = Interpreter(model_path=model, num_threads=2)
    bare.allocate_tensors()
    entrance = bare.get_input_details()[0]["index"]

    def go(pictures: list[str]) -> dict[str, float]:
        preprocess = classifier.preprocess
        image = load_image(pictures[0]).resize((preprocess.width, preprocess.height))
        pixels = np.asarray(image)
        bare.set_tensor(entrance, pixels[np.newaxis])
        ours, theirs = [], []
        for _ in range(CALLS):
            theirs.append(timed(bare.invoke))
            ours.append(timed(lambda: classifier.classify(pixels)))
        return {"classify": statistics.median(ours), "invoke": statistics.median(theirs)}

    return go


def timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
