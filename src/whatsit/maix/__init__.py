"""MaixPy's modules on any computer: the camera is whatsit's, the display a page in the browser.

A program for a MaixCAM runs unchanged by ``whatsit maix run main.py``, or with one changed import::

    from whatsit.maix import app, camera, display, image, nn, time, touchscreen

There is what the self-learning classifier, the classifier and the app around them use, with the names and meaning of
MaixPy's documented interface. What a computer does differently is said on standard error when it happens.
"""

from whatsit.maix import app, camera, display, err, image, nn, time, touchscreen

__all__ = ["app", "camera", "display", "err", "image", "nn", "time", "touchscreen"]
