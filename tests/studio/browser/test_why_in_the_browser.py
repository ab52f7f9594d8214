"""Why an answer was given, in real Chromium: on Live, and of Test's wrong pictures with the mend at hand."""

from collections.abc import Callable
from pathlib import Path

import pytest
from looks import every_look
from picture_studio import serving
from playwright.sync_api import Browser, Page, expect

from shape_pictures import write_shapes
from whatsit.datasets.formats.importing import import_path
from whatsit.datasets.project import Project
from whatsit.datasets.split import Split
from whatsit.training.design import Design
from whatsit.training.record import ModelFiles
from whatsit.training.train import train

WAIT = 60_000


@pytest.fixture
def with_a_wrong_label(tmp_path: Path) -> Path:
    """A trained project, one of whose test pictures is called by the wrong name."""
    write_shapes(tmp_path / "pictures", ("brick", "leaf"), 12)
    with Project(tmp_path / "shapes") as project:
        import_path(project.dataset, tmp_path / "pictures")
        training = train(project, design=Design(size=32, blocks=3, views=1, epochs=8, multi_layer=False))
        training.save(ModelFiles(project.models, "model").int8)
        bricks = project.dataset.keys("brick")
        project.dataset.set_split(bricks[:2], Split.TEST)
        project.dataset.relabel(bricks[:1], "leaf")
    return tmp_path / "shapes"


def test_a_wrong_picture_is_explained_and_given_its_right_class(
    with_a_wrong_label: Path, chromium: Callable[..., Browser], troubles: Callable[[Page], Page]
) -> None:
    with serving(with_a_wrong_label) as url:
        page = troubles(chromium().new_page(viewport={"width": 1280, "height": 860}, locale="en-GB"))
        page.goto(f"{url}test?model=model")
        page.locator("#begin").click()
        expect(page.locator("#wrong li")).to_have_count(1, timeout=WAIT)
        page.locator("#wrong").get_by_role("button", name="Why?").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.locator("#why-title")).to_contain_text("The label is leaf.", timeout=WAIT)
        expect(dialog.locator("#why-near h3")).to_have_count(2, timeout=WAIT)
        expect(dialog.locator("#why-label")).to_have_value("brick")
        for width in (390, 768, 1024, 1280):
            page.set_viewport_size({"width": width, "height": 860})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        dialog.get_by_role("button", name="Relabel").click()
        expect(page.locator("#toasts")).to_contain_text("1 picture is now brick", timeout=WAIT)
        expect(page.locator("#changed")).to_be_visible(timeout=WAIT)


def test_the_live_answer_is_explained_by_one_key_on_every_screen(
    with_a_wrong_label: Path, chromium: Callable[..., Browser], troubles: Callable[[Page], Page]
) -> None:
    with serving(with_a_wrong_label) as url:
        for page, fits in every_look(chromium(), troubles):
            page.goto(f"{url}live")
            page.evaluate("sessionStorage.setItem('model', 'file:model')")
            page.reload()
            expect(page.locator("#why")).to_be_enabled(timeout=WAIT)
            page.keyboard.press("w")
            expect(page.locator("#why-near h3")).to_have_count(2, timeout=WAIT)
            fits("why")
            page.keyboard.press("Escape")
            expect(page.locator("#why-dialog")).to_be_hidden()
