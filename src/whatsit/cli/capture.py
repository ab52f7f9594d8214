"""``whatsit capture``"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whatsit.cameras.opening import open_camera_without_page
from whatsit.cli.progress import progress
from whatsit.cli.terminal import say, say_json

if TYPE_CHECKING:
    from whatsit.datasets.catalogue import Picture


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("capture")(capture)


def capture(
    *,
    camera: Annotated[str, typer.Option(help="The camera's address; `whatsit cameras` lists them.")],
    label: Annotated[str, typer.Option(help="The class of what is on the pictures.")],
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="How many pictures.")] = 1,
    every: Annotated[float, typer.Option(min=0, help="Seconds from one picture to the next.")] = 0.2,
    project: Annotated[Path, typer.Option(help="The project's folder; made where it is missing.")] = Path(),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per picture.")] = False,
) -> None:
    """Take pictures into a project, as DIR/dataset/LABEL/*.jpg.

    Example:  whatsit capture --camera usb:0 --label mug -n 20 --project bottles
    """
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
    except KeyboardInterrupt:
        say(f"stopped after {taken} of {count} pictures", err=True)
        raise typer.Exit(130) from None
