"""Taking pictures with a camera into a project."""

import uuid
from collections.abc import Callable

from whatsit.cameras import Camera, open_camera
from whatsit.cameras.camera import check_camera
from whatsit.datasets.catalogue import Picture
from whatsit.datasets.label import check_label
from whatsit.datasets.project import Project
from whatsit.imaging.encoding import encoded
from whatsit.validation import whole_number


def capture(
    project: Project,
    camera: Camera | str,
    label: str,
    count: int = 1,
    *,
    every: float = 0.2,
    on_picture: Callable[[Picture], None] | None = None,
) -> list[Picture]:
    """Take pictures of one thing into ``project``, as ``dataset/<label>/*.jpg``.

    Pictures taken by one call are one burst: they stay on one side of the split and are undone together.

    Args:
        project: where they go.
        camera: a camera, which stays open, or an address, which is opened and closed.
        label: what is on the pictures.
        count: how many, 1 or more.
        every: seconds from one picture to the next, at least.
        on_picture: called after each picture is on disk.

    Raises:
        ArgumentError: ``count`` is less than 1.
        DataError: a label that cannot be used, a project in use elsewhere, or a full disk.
        CameraArgumentError: no camera, and no address of one.
        CameraError: the camera cannot be opened or was lost; pictures taken before stay.
    """
    check_label(label)
    count = whole_number(count, "count")
    if isinstance(camera, str):
        with open_camera(camera) as opened:
            return capture(project, opened, label, count, every=every, on_picture=on_picture)
    check_camera(camera)
    taken: list[Picture] = []
    burst = uuid.uuid4().hex
    due = 0.0
    while len(taken) < count:
        frame = camera.read()
        if frame.time < due:
            continue
        due = frame.time + every
        taken.append(
            project.dataset.add(encoded(frame.image), label, source=frame.source, burst=burst, time=frame.time)
        )
        if on_picture is not None:
            on_picture(taken[-1])
    return taken
