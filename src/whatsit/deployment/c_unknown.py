"""``unknown.c`` and ``unknown.h``: the rule for *unknown* as a C99 function, with its numbers."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

_HEADER = """#pragma once
/* How strange the picture is: 0 upwards, above 1 is unknown.
   embedding: the model's second output, {dim} numbers, as float: scale * (stored - zero point). Not for two threads at
   once: its working space is static. */
#ifdef __cplusplus
extern "C" {{
#endif
float whatsit_strangeness(const float *embedding);
#ifdef __cplusplus
}}
#endif
"""

_FUNCTION = """
static float length(const float *x, int n) {
  float sum = 0.0f;
  for (int i = 0; i < n; ++i) sum += x[i] * x[i];
  return sum > 0.0f ? sqrtf(sum) : 1.0f;
}

float whatsit_strangeness(const float *embedding) {
  static float unit[DIM], end[WIDTH];
  float by = length(embedding, DIM);
  for (int i = 0; i < DIM; ++i) unit[i] = embedding[i] / by - centre[i];
  by = length(unit, DIM);
  float nearest = -INFINITY, away = INFINITY, marked = -1.0f;
  for (int c = 0; c < CLASSES; ++c) {
    float dot = 0.0f;
    for (int i = 0; i < DIM; ++i) dot += weights[c][i] * unit[i];
    nearest = fmaxf(nearest, dot / by);
  }
  for (int i = 0; i < WIDTH; ++i) {
    end[i] = 0.0f;
    for (int g = 0; g < GROUPS; ++g) end[i] += embedding[DIM - (GROUPS - g) * WIDTH + i] / GROUPS;
  }
  by = length(end, WIDTH);
  for (int i = 0; i < WIDTH; ++i) end[i] /= by;
  for (int c = 0; c < CLASSES; ++c) {
    float sum = 0.0f;
    for (int i = 0; i < WIDTH; ++i) sum += (ends[c][i] - end[i]) * (ends[c][i] - end[i]);
    away = fminf(away, sqrtf(sum));
  }
  for (int i = 0; i < WIDTH; ++i) end[i] -= end_centre[i];
  by = length(end, WIDTH);
  for (int s = 0; s < STRANGERS; ++s) {
    float dot = 0.0f;
    for (int i = 0; i < WIDTH; ++i) dot += strangers[s][i] * end[i];
    marked = fmaxf(marked, dot / by);
  }
  const float beyond = fmaxf((away - mean[0]) / deviation[0], 0.0f);
  const float known = beyond * beyond + (-nearest - mean[1]) / deviation[1];
  const float steps = (known + (marked - mean[2]) / deviation[2] - limit) / (limit - middle);
  if (known > limit && away <= noise) return 1.0f;
  return steps > 0.0f ? 1.0f + steps : 1.0f / (1.0f - steps);
}
"""


def c_unknown(arrays: Mapping[str, NDArray[Any]]) -> dict[str, bytes]:
    """The two files, of what ``UnknownRule.arrays`` gives."""
    groups, width = map(int, arrays["layout"])
    classes, dim = arrays["weights"].shape
    mean, deviation = arrays["scales"]
    limit, middle = arrays["limits"]
    sizes = {"GROUPS": groups, "WIDTH": width, "CLASSES": classes, "DIM": dim, "STRANGERS": len(arrays["strangers"])}
    lines = ['#include "unknown.h"', "#include <math.h>", *(f"#define {name} {size}" for name, size in sizes.items())]
    lines += [_array("mean", mean), _array("deviation", deviation)]
    lines += [_number("limit", limit), _number("middle", middle), _number("noise", float(arrays["noise"]))]
    lines += [_array(name, arrays[name]) for name in ("centre", "weights", "ends", "end_centre", "strangers")]
    header = _HEADER.format(dim=dim)
    return {"unknown.h": header.encode(), "unknown.c": ("\n".join(lines) + "\n" + _FUNCTION).encode()}


def _number(name: str, value: float) -> str:
    return f"static const float {name} = {_literal(value)};"


def _array(name: str, values: NDArray[Any]) -> str:
    sides = "".join(f"[{side}]" for side in values.shape)
    rows = values if values.ndim == 2 else values[np.newaxis]
    text = ",\n".join("{" + ", ".join(map(_literal, row)) + "}" for row in rows)
    return f"static const float {name}{sides} = {text if values.ndim == 1 else '{' + text + '}'};"


def _literal(value: float) -> str:
    return f"{float(value):.8e}f"
