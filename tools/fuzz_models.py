"""Break model files in ways that a parser alone does not find, and see that no process of ours dies of them.

Usage: python tools/fuzz_models.py [--cases 2000] [--seed 0] [--folder MODELS]

Each case takes a sound model (small ones with every operator that the built-in networks and MobileNets use, and those
in ``--folder``), changes one to three things in its graph, writes it again and does what a long-lived process would:
check it, try it with ``whatsit.tflite.probe``, and, where both let it pass, open it and classify noise. That process is
a child; it must be alive at the end, with less than 1 GB of memory taken and no case longer than the probe's limit.
Says every ten seconds how far it is, and at the end or at Ctrl-C what became of the cases; status 1 where the child
died or stood still, with the case's number (``--seed`` repeats it).
"""

import argparse
import contextlib
import faulthandler
import json
import random
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from whatsit.errors import WhatsitError
from whatsit.tflite.cut import cut_top
from whatsit.tflite.flatbuffer import read_model, write_model
from whatsit.tflite.graph import Graph
from whatsit.tflite.metadata import read_metadata
from whatsit.tflite.multiply_adds import multiply_adds
from whatsit.tflite.probe import Prober
from whatsit.tflite.schema import schema

SECONDS = 5.0
CASE_SECONDS = SECONDS + 5
STUCK_SECONDS = 60.0
"""After so long in one case the child ends itself and says where it was."""
PROGRESS_SECONDS = 10.0
MOST_MEMORY = 2**30
INDICES = (-(2**31), -2, -1, 0, 1, 2, 3, 7, 255, 2**16, 2**31 - 1)


def main() -> int:
    arguments = argparse.ArgumentParser(description="Fuzz model files.")
    arguments.add_argument("--cases", type=int, default=2000)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--folder", type=Path)
    arguments.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    chosen = arguments.parse_args()
    if chosen.child:
        return _child(chosen.cases, chosen.seed, chosen.folder)
    command = [sys.executable, __file__, *sys.argv[1:], "--child"]
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)  # Ctrl-C is for us
    last: dict[str, Any] = {"case": 0, "became": {}, "memory": 0, "longest": 0.0, "slowest": 0}
    start = said = time.monotonic()
    assert child.stdout is not None
    try:
        for line in child.stdout:
            last = json.loads(line)
            if (now := time.monotonic()) - said >= PROGRESS_SECONDS and (done := last["case"]):
                left = (now - start) / done * (chosen.cases - done)
                print(f"{done:,} of {chosen.cases:,} cases, {left / 60:.0f} minutes left: {_told(last)}", flush=True)
                said = now
        status = child.wait()
    except KeyboardInterrupt:
        child.kill()
        print(f"stopped after {last['case']:,} cases: {_told(last)}")
        return 130
    if status:
        print(f"the process ended with status {status} in case {last['case']} of seed {chosen.seed}: {_told(last)}")
        return 1
    print(f"{last['case']:,} cases: {_told(last)}")
    return int(last["memory"] > MOST_MEMORY or last["longest"] > CASE_SECONDS)


def _told(last: dict[str, Any]) -> str:
    became = ", ".join(f"{number:,} {what}" for what, number in sorted(last["became"].items()))
    slowest = f"slowest {last['longest']:.1f} s (case {last['slowest']})"
    return f"{became}; {slowest}, memory {last['memory'] / 2**20:,.0f} MiB"


def _child(cases: int, seed: int, folder: Path | None) -> int:
    bases = [*small_models(), *_files(folder)]
    became: Counter[str] = Counter()
    longest, slowest = 0.0, 0
    prober = Prober(seconds=SECONDS)
    for case in range(cases + 1):
        told = {"case": case, "became": became, "memory": _memory(), "longest": longest, "slowest": slowest}
        print(json.dumps(told), flush=True)
        if case == cases:
            break
        faulthandler.dump_traceback_later(STUCK_SECONDS, exit=True)
        chance = random.Random(seed * 1_000_003 + case)
        content = mutated(chance.choice(bases), chance)
        if content is None:
            became["not written"] += 1
            continue
        start = time.monotonic()
        became[_outcome(content, prober, case)] += 1
        if (seconds := time.monotonic() - start) > longest:
            longest, slowest = seconds, case
    faulthandler.cancel_dump_traceback_later()
    prober.close()
    return 0


def _outcome(content: bytes, prober: Prober, case: int) -> str:
    from whatsit.models.classifier import Classifier

    try:
        model = read_model(content)
        read_metadata(content, model, "model")
    except WhatsitError:
        return "refused by the checks"
    for walk in (cut_top, multiply_adds):
        with contextlib.suppress(WhatsitError):
            walk(content)
    reason = prober.reason(content)
    if reason is not None:
        return "ended the probe" if reason.startswith("it ") else "refused by LiteRT"
    try:
        classifier = Classifier(content, threads=1)
        side = classifier.preprocess
        noise = np.random.default_rng(case).integers(0, 256, (side.height, side.width, 3), np.uint8)
        classifier.classify(noise)
    except WhatsitError:
        return "not a classifier"
    return "classified"


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _files(folder: Path | None) -> list[bytes]:
    return [file.read_bytes() for file in sorted(folder.rglob("*.tflite"))] if folder else []


def small_models() -> list[bytes]:
    """Model files of a few kilobytes that between them use every operator in question."""
    rng = np.random.default_rng(0)

    def weights(graph: Graph, name: str, *shape: int) -> int:
        return graph.constant(name, rng.normal(size=shape).astype(np.float32) / 4)

    convolutional = Graph()
    at = picture = convolutional.tensor("picture", (1, 8, 8, 3))
    at = convolutional.operator(
        "CONV_2D", [at, weights(convolutional, "w", 4, 3, 3, 3), weights(convolutional, "b", 4)],
        convolutional.tensor("conv", (1, 8, 8, 4)), table="Conv2DOptions", strideH=1, strideW=1, dilationHFactor=1,
        dilationWFactor=1,
    )  # fmt: skip
    at = convolutional.operator(
        "DEPTHWISE_CONV_2D", [at, weights(convolutional, "dw", 1, 3, 3, 4), weights(convolutional, "db", 4)],
        convolutional.tensor("deep", (1, 8, 8, 4)), table="DepthwiseConv2DOptions", strideH=1, strideW=1,
        depthMultiplier=1, dilationHFactor=1, dilationWFactor=1,
    )  # fmt: skip
    at = convolutional.operator(
        "ADD", [at, convolutional.constant("one", np.ones(4, np.float32))], convolutional.tensor("sum", (1, 8, 8, 4)),
        table="AddOptions",
    )  # fmt: skip
    at = convolutional.operator(
        "MUL", [at, convolutional.constant("two", np.full(4, 2, np.float32))],
        convolutional.tensor("product", (1, 8, 8, 4)), table="MulOptions",
    )  # fmt: skip
    at = convolutional.operator(
        "PAD", [at, convolutional.constant("pads", np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32))],
        convolutional.tensor("padded", (1, 10, 10, 4)), table="PadOptions",
    )  # fmt: skip
    pool = {"strideH": 2, "strideW": 2, "filterHeight": 2, "filterWidth": 2}
    largest = convolutional.operator(
        "MAX_POOL_2D", [at], convolutional.tensor("largest", (1, 5, 5, 4)), table="Pool2DOptions", **pool
    )
    average = convolutional.operator(
        "AVERAGE_POOL_2D", [at], convolutional.tensor("average", (1, 5, 5, 4)), table="Pool2DOptions", **pool
    )
    at = convolutional.operator(
        "CONCATENATION", [largest, average], convolutional.tensor("both", (1, 5, 5, 8)), table="ConcatenationOptions",
        axis=3,
    )  # fmt: skip
    at = convolutional.operator(
        "SLICE",
        [at, *(convolutional.constant(n, np.array(v, np.int32)) for n, v in (("from", [0, 0, 0, 0]),
                                                                             ("size", [1, 4, 5, 8])))],
        convolutional.tensor("slice", (1, 4, 5, 8)), table="SliceOptions",
    )  # fmt: skip
    at = convolutional.operator("RELU", [at], convolutional.tensor("relu", (1, 4, 5, 8)))
    at = convolutional.operator(
        "RESHAPE", [at, convolutional.constant("shape", np.array([1, 160], np.int32))],
        convolutional.tensor("flat", (1, 160)), table="ReshapeOptions", newShape=[1, 160],
    )  # fmt: skip
    at = convolutional.operator(
        "FULLY_CONNECTED", [at, weights(convolutional, "fw", 3, 160), weights(convolutional, "fb", 3)],
        convolutional.tensor("logits", (1, 3)), table="FullyConnectedOptions",
    )  # fmt: skip
    at = convolutional.operator("SOFTMAX", [at], convolutional.tensor("out", (1, 3)), table="SoftmaxOptions", beta=1.0)
    convolutional.finish([picture], [at])

    mean = Graph()
    at = picture = mean.tensor("picture", (1, 6, 6, 3))
    at = mean.operator(
        "MEAN", [at, mean.constant("axes", np.array([1, 2], np.int32))], mean.tensor("mean", (1, 3)),
        table="ReducerOptions", keepDims=False,
    )  # fmt: skip
    at = mean.operator("L2_NORMALIZATION", [at], mean.tensor("unit", (1, 3)), table="L2NormOptions")
    at = mean.operator(
        "FULLY_CONNECTED", [at, weights(mean, "w", 4, 3), weights(mean, "b", 4)], mean.tensor("logits", (1, 4)),
        table="FullyConnectedOptions",
    )  # fmt: skip
    at = mean.operator("LOGISTIC", [at], mean.tensor("out", (1, 4)))
    mean.finish([picture], [at])
    return [write_model(convolutional.model), write_model(mean.model)]


def mutated(content: bytes, chance: random.Random) -> bytes | None:
    """The model with one to three changes; None where that cannot be written."""
    model = read_model(content)
    graph = model.subgraphs[0]
    for _ in range(chance.randint(1, 3)):
        with contextlib.suppress(IndexError):  # nothing is left to change there
            chance.choice(_MUTATIONS)(model, graph, chance)
    try:
        return write_model(model)
    except Exception:  # what cannot be written is no file
        return None


def _index(model: Any, graph: Any, chance: random.Random) -> None:
    operator = chance.choice(graph.operators)
    name = chance.choice(("inputs", "outputs"))
    values = list(getattr(operator, name))
    if values:
        values[chance.randrange(len(values))] = chance.choice((*INDICES, chance.randrange(len(graph.tensors))))
    setattr(operator, name, np.array(values, np.int64).astype(np.int32))


def _count(model: Any, graph: Any, chance: random.Random) -> None:
    operator = chance.choice(graph.operators)
    name = chance.choice(("inputs", "outputs"))
    values = list(getattr(operator, name))
    if values and chance.random() < 0.5:
        values.pop(chance.randrange(len(values)))
    else:
        values.append(chance.randrange(len(graph.tensors)))
    setattr(operator, name, np.array(values, np.int32))


def _shape(model: Any, graph: Any, chance: random.Random) -> None:
    tensor = chance.choice(graph.tensors)
    shape = list(tensor.shape if tensor.shape is not None else [])
    if shape and chance.random() < 0.7:
        shape[chance.randrange(len(shape))] = chance.choice((-1, 0, 1, 2, 3, 7, 2**10, 2**15, 2**30, 2**31 - 1))
    elif chance.random() < 0.5:
        shape.append(chance.choice((1, 2, 4)))
    elif shape:
        shape.pop()
    tensor.shape = np.array(shape, np.int64).astype(np.int32)


def _type(model: Any, graph: Any, chance: random.Random) -> None:
    chance.choice(graph.tensors).type = chance.randrange(20)


def _quantisation(model: Any, graph: Any, chance: random.Random) -> None:
    made = schema.QuantizationParametersT()
    size = chance.choice((1, 1, 2, 3, 4))
    made.scale = [chance.choice((0.0, 1e-30, 1 / 255, 1.0, 1e30, float("nan"), -1.0)) for _ in range(size)]
    made.zeroPoint = [chance.choice((-129, -128, 0, 127, 255, 2**40)) for _ in range(chance.choice((size, 1, 0)))]
    made.quantizedDimension = chance.choice((0, 1, 3, -1, 9))
    chance.choice(graph.tensors).quantization = chance.choice((None, made))


def _constant(model: Any, graph: Any, chance: random.Random) -> None:
    tensor = chance.choice(graph.tensors)
    buffer = model.buffers[tensor.buffer % len(model.buffers)]
    if buffer.data is None or not len(buffer.data):
        buffer.data = np.zeros(chance.choice((1, 4, 64)), np.uint8)
        return
    data = bytearray(bytes(buffer.data))
    if len(data) >= 4 and chance.random() < 0.7:
        place = chance.randrange(len(data) // 4) * 4
        data[place : place + 4] = int(chance.choice(INDICES)).to_bytes(4, "little", signed=True)
    elif chance.random() < 0.5:
        data = data[: chance.randrange(len(data) + 1)]
    else:
        data += bytes(chance.choice((1, 4, 16)))
    buffer.data = np.frombuffer(bytes(data), np.uint8)


def _buffer(model: Any, graph: Any, chance: random.Random) -> None:
    chance.choice(graph.tensors).buffer = chance.choice((0, chance.randrange(len(model.buffers)), 2**20))


def _code(model: Any, graph: Any, chance: random.Random) -> None:
    code = chance.choice(model.operatorCodes)
    code.builtinCode = code.deprecatedBuiltinCode = chance.randrange(128)
    code.version = chance.choice((code.version, 0, 1, 5, 99))


def _swap_code(model: Any, graph: Any, chance: random.Random) -> None:
    chance.choice(graph.operators).opcodeIndex = chance.randrange(len(model.operatorCodes) + 1)


def _option(model: Any, graph: Any, chance: random.Random) -> None:
    operator = chance.choice(graph.operators)
    options = operator.builtinOptions
    numbers = (
        [name for name, value in vars(options or object()).items() if isinstance(value, int | float)]
        if (options is not None)
        else []
    )
    if not numbers or chance.random() < 0.1:
        operator.builtinOptions, operator.builtinOptionsType = None, chance.choice((0, operator.builtinOptionsType))
        return
    name = chance.choice(numbers)
    kind = type(getattr(options, name))
    setattr(options, name, kind(chance.choice((-(2**31), -1, 0, 1, 2, 3, 100, 127, 2**15))))


def _ends(model: Any, graph: Any, chance: random.Random) -> None:
    name = chance.choice(("inputs", "outputs"))
    wanted = [chance.randrange(len(graph.tensors)) for _ in range(chance.choice((0, 1, 1, 1, 2, 3)))]
    setattr(graph, name, np.array(wanted, np.int32))


def _order(model: Any, graph: Any, chance: random.Random) -> None:
    one, other = chance.randrange(len(graph.operators)), chance.randrange(len(graph.operators))
    graph.operators[one], graph.operators[other] = graph.operators[other], graph.operators[one]


def _variable(model: Any, graph: Any, chance: random.Random) -> None:
    tensor = chance.choice(graph.tensors)
    tensor.isVariable = not tensor.isVariable


_MUTATIONS = (
    _index, _index, _count, _shape, _shape, _type, _quantisation, _constant, _constant, _buffer, _code, _swap_code,
    _option, _option, _ends, _order, _variable,
)  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main())
