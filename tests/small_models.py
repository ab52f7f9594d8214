"""Models of a few kilobytes, made with the same graph builder as the large ones."""

import numpy as np

from whatsit.tflite.graph import Graph


def small_classifier(classes: int = 3, size: int = 8, *, softmax: bool = True, seed: int = 0) -> Graph:
    """The smallest float32 classifier: mean colour, one matrix, perhaps a softmax. Finished, but open to changes."""
    graph = Graph()
    picture = graph.tensor("picture", (1, size, size, 3))
    axes = graph.constant("axes", np.array([1, 2], np.int32))
    mean = graph.operator("MEAN", [picture, axes], graph.tensor("mean", (1, 3)), table="ReducerOptions", keepDims=False)
    matrix = np.random.default_rng(seed).normal(size=(classes, 3)).astype(np.float32) * 4
    weights = graph.constant("weights", matrix)
    bias = graph.constant("bias", np.zeros(classes, np.float32))
    logits = graph.tensor("logits", (1, classes))
    out = graph.operator("FULLY_CONNECTED", [mean, weights, bias], logits, table="FullyConnectedOptions")
    if softmax:
        out = graph.operator("SOFTMAX", [out], graph.tensor("out", (1, classes)), table="SoftmaxOptions", beta=1.0)
    graph.finish([picture], [out])
    return graph
