"""TensorFlow Lite for Microcontrollers: the flatbuffer as a C array, the labels as another."""

from whatsit.deployment.c_unknown import c_unknown
from whatsit.deployment.common import label_lines
from whatsit.deployment.program import read_program
from whatsit.deployment.remark import Remark
from whatsit.deployment.target import Source, Target, Written
from whatsit.deployment.unknown import rule_arrays, rule_files
from whatsit.models.card import ModelCard
from whatsit.tflite.flatbuffer import read_model
from whatsit.tflite.merge import with_embedding_output
from whatsit.tflite.metadata import flatbuffer_part
from whatsit.tflite.micro import lacks

_NOTE = Remark("c_note", "classify.py runs the array on a computer; a microcontroller needs TensorFlow Lite Micro")


def _write(source: Source) -> Written:
    card, graph = source.card, flatbuffer_part(source.content)
    rule = rule_arrays(source.content, card)
    if rule and card.embedding is not None:
        graph = with_embedding_output(read_model(graph), card.embedding)
    files = {"model.c": _code(card, graph), "model.h": _header(card)}
    return Written(
        {name: text.encode() for name, text in files.items()}
        | {"labels.txt": label_lines(card.labels)}
        | rule_files(rule, graph, card)
        | (c_unknown(rule) if rule else {}),
        _lacks(graph),
    )


def _lacks(graph: bytes) -> tuple[Remark, ...]:
    found = "; ".join(map(str, lacks(graph)))
    return (
        (Remark("c_lacks", "TensorFlow Lite Micro does not run this model: {what}", {"what": found}),) if found else ()
    )


def _header(card: ModelCard) -> str:
    return (
        "#pragma once\n"
        f"/* {card.width} x {card.height} pixels, {card.preprocess.channels} channel(s), uint8, fit: {card.fit} */\n"
        '#ifdef __cplusplus\nextern "C" {\n#endif\n'
        "extern const unsigned char whatsit_model[];\nextern const unsigned int whatsit_model_size;\n"
        f"extern const char *const whatsit_labels[{len(card.labels)}];\n"
        "#ifdef __cplusplus\n}\n#endif\n"
    )


def _code(card: ModelCard, graph: bytes) -> str:
    lines = [", ".join(f"0x{byte:02x}" for byte in graph[start : start + 16]) for start in range(0, len(graph), 16)]
    labels = ", ".join('"' + _c_text(label) + '"' for label in card.labels)
    return (
        '#include "model.h"\n#include <stdalign.h>\n'
        f"const char *const whatsit_labels[{len(card.labels)}] = {{{labels}}};\n"
        f"const unsigned int whatsit_model_size = {len(graph)};\n"
        "alignas(16) const unsigned char whatsit_model[] = {\n" + ",\n".join(lines) + "};\n"
    )


def _c_text(label: str) -> str:
    """A string literal: everything but plain characters in octal, which no following digit can lengthen."""
    return "".join(
        chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}" for byte in label.encode()
    )


C_ARRAY = Target(
    name="c-array",
    title="C array",
    description="model.c and unknown.c for TensorFlow Lite for Microcontrollers",
    program=read_program("c-array"),
    write=_write,
    notes=lambda card: (_NOTE,),
)
