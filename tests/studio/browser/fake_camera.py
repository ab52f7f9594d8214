"""A film for Chromium's fake camera: three things of the demonstration scene, one after the other, for ever."""

from pathlib import Path

import numpy as np
from PIL import Image

from whatsit.cameras.demo_scene.scene import Scene

SHOWN = {"mug": (255, 0, 0), "plant": (0, 255, 0), "duck": (0, 0, 255)}
"""What is shown, and the colour of a mark in the left margin, which the classifier's square leaves out."""
_FRAMES_EACH = 50  # five seconds: long enough to be taught something, and a test waits for all three again and again
_FPS = 10
_SIZE = (320, 240)


def film(path: Path) -> Path:
    """Write the film as YUV4MPEG2, 4:2:0, which Chromium plays again and again."""
    width, height = _SIZE
    with path.open("wb") as stream:
        stream.write(f"YUV4MPEG2 W{width} H{height} F{_FPS}:1 Ip A1:1 C420\n".encode())
        for thing, mark in SHOWN.items():
            scene = Scene(seed=3, width=width, height=height, objects=(thing,))
            for number in range(_FRAMES_EACH):
                picture = scene.render(number * 2).copy()
                picture[:30, :30] = mark
                stream.write(b"FRAME\n" + _planes(picture))
    return path


def _planes(picture: np.ndarray) -> bytes:
    luma, blue, red = Image.fromarray(picture).convert("YCbCr").split()
    half = (picture.shape[1] // 2, picture.shape[0] // 2)
    return luma.tobytes() + blue.resize(half).tobytes() + red.resize(half).tobytes()


MARK = """() => {
  const video = document.getElementById("own");
  if (!video || !video.videoWidth) return null;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(video, 15, 15, 1, 1, 0, 0, 1, 1);
  const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
  const most = Math.max(red, green, blue);
  return most < 120 ? null : most === red ? "mug" : most === green ? "plant" : "duck";
}"""
"""In the page: which thing the camera shows now, by the mark."""
