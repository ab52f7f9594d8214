"""A model in a process that was forked while another thread ran the model."""

import os
import sys

import pytest

FORKED = """
import os, signal, threading
import numpy as np
from whatsit import Backbone

backbone = Backbone.builtin(size=32)
grey = np.full((32, 32, 3), 127, np.uint8)
expected = backbone.embed_pixels(grey)
running, ending = threading.Event(), threading.Event()

def embed():
    while not ending.is_set():
        backbone.embed_pixels(grey)
        running.set()

thread = threading.Thread(target=embed)
thread.start()
running.wait()
statuses = []
for _ in range(5):
    child = os.fork()
    if child == 0:
        signal.alarm(60)  # a child that hangs ends
        os._exit(0 if np.array_equal(backbone.embed_pixels(grey), expected) else 1)
    statuses.append(os.waitpid(child, 0)[1])
ending.set()
thread.join()
print(statuses)
"""


@pytest.mark.skipif(not hasattr(os, "fork") or sys.platform == "darwin", reason="no fork of a process with threads")
def test_a_child_forked_during_inference_answers_the_same(run_python) -> None:
    done = run_python(FORKED, PYTHONWARNINGS="ignore")
    assert done.stdout == "[0, 0, 0, 0, 0]\n", done.stderr
