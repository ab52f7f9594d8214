"""Embedding every picture once, what teaching cannot do without. The label of a picture is its folder's name."""

from collections import deque
from collections.abc import Callable

from whatsit import Backbone


def prepare(model: str) -> Callable[[list[str]], None]:
    del model
    backbone = Backbone.builtin()

    def go(pictures: list[str]) -> None:
        deque(backbone.embed_many(pictures), maxlen=0)

    return go
