"""``whatsit capture``"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whatsit.cameras.opening import open_camera_without_page
from whatsit.cli.opened_project import no_camera, opened_project
from whatsit.cli.progress import progress
from whatsit.cli.terminal import note, say, say_json
from whatsit.errors import DataError, ProjectInUseError

if TYPE_CHECKING:
    from whatsit.datasets.catalogue import Picture


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("capture")(capture)


def capture(
    *,
    camera: Annotated[
        str | None, typer.Option(help="The camera's address; `whatsit cameras` lists them. Default: the project's.")
    ] = None,
    label: Annotated[str | None, typer.Option(help="The class of what is on the pictures, for a project.")] = None,
    count: Annotated[int | None, typer.Option("-n", "--count", min=1, help="How many pictures. Default: 1.")] = None,
    every: Annotated[
        float | None, typer.Option(min=0, help="Seconds from one picture to the next. Default: 0.2.")
    ] = None,
    project: Annotated[
        Path | None, typer.Option(help="The project's folder; made where it is missing. Default: this one.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="One photograph as this .jpg or .png, instead of a project.")
    ] = None,
    size: Annotated[str | None, typer.Option(help="WIDTHxHEIGHT of the photograph, such as 640x480.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per picture.")] = False,
) -> None:
    """Take pictures into a project, as DIR/dataset/LABEL/*.jpg, or one photograph into a file.

    Example:  whatsit capture --camera usb:0 --label mug -n 20 --project bottles

    Example:  whatsit capture --camera picamera:0 -o photo.jpg --size 640x480
    """
    if output is not None:
        for option, value in (("--label", label), ("--count", count), ("--every", every), ("--project", project)):
            if value is not None:
                raise DataError(f"{option} {value}: is for pictures of a project, and -o for one file; choose one")
        if not camera:
            raise no_camera()
        _photograph(camera, output, size, as_json)
        return
    if label is None:
        raise DataError("--label is missing: expected what is on the pictures, or -o photo.jpg for one file")
    if size is not None:
        raise DataError(f"--size {size}: goes with -o; for a project put it in the address, as in usb:0?size={size}")
    place = project or Path()
    camera = camera or _camera_of(place)
    _into_project(camera, label, 1 if count is None else count, 0.2 if every is None else every, place, as_json)


def _camera_of(project: Path) -> str:
    from whatsit.datasets.places import SETTINGS

    found = ""
    if SETTINGS.below(project).exists():
        with opened_project(project, make=True) as opened:
            found = opened.settings.camera
    if not found:
        raise no_camera(f"or one in {project}/whatsit.toml")
    return found


def _photograph(camera: str, output: Path, size: str | None, as_json: bool) -> None:
    from whatsit.cameras.still import still
    from whatsit.cli.teach import check_output
    from whatsit.files import write_file
    from whatsit.imaging.encoding import check_picture_name, encoded

    check_picture_name(output)
    check_output(output)
    image = still(camera, size).image
    write_file(output, encoded(image, output))
    height, width = image.shape[:2]
    if size is not None and size != f"{width}x{height}":
        note(f"Note: {size} was asked for; the camera gives {width}x{height}")
    say_json({"path": str(output), "width": width, "height": height}) if as_json else say(str(output))


def _into_project(camera: str, label: str, count: int, every: float, project: Path, as_json: bool) -> None:
    from whatsit.datasets.capture import capture as take
    from whatsit.datasets.label import check_label
    from whatsit.datasets.project import Project

    check_label(label)
    taken = 0
    try:
        with (
            open_camera_without_page(camera) as source,
            Project(project) as target,
            progress("taking pictures", count, shown=count > 1) as step,
        ):

            def shown(picture: "Picture") -> None:
                nonlocal taken
                taken += 1
                step()
                path = str(picture.path)
                say_json({"path": path, "label": label}) if as_json else say(path)

            take(target, source, label, count, every=every, on_picture=shown)
    except ProjectInUseError as error:
        raise ProjectInUseError(
            f"{error}; an open studio takes pictures on its page Collect, at an interval too", error.pid
        ) from error
    except KeyboardInterrupt:
        say(f"stopped after {taken} of {count} pictures", err=True)
        raise typer.Exit(130) from None
