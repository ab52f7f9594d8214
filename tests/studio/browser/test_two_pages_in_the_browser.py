"""Teach and Dataset open side by side in real Chromium: what is done on one is seen on the other, without a reload."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from picture_studio import jpeg, serving
from playwright.sync_api import Browser, Locator, Page, expect

from whatsit.backbones.embedder import PixelEmbedder
from whatsit.datasets.project import Project
from whatsit.studio.lessons.session import TeachSession

WAIT = 30_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with mug (two pictures) and sky (one) taught, and a collected picture of sea."""
    with Project(tmp_path / "things") as project, closing(TeachSession(project.dataset, PixelEmbedder())) as session:
        project.dataset.add(jpeg((0, 90, 90)), "sea")
        mug = session.add_class(jpeg((200, 0, 0)), "mug")
        session.add_sample(jpeg((150, 0, 0)), mug.id)
        session.add_class(jpeg((0, 0, 200)), "sky")
    return tmp_path / "things"


@pytest.fixture
def pages(
    folder: Path, chromium: Callable[..., Browser], troubles: Callable[[Page], Page]
) -> Iterator[tuple[Page, Page]]:
    with serving(folder, PixelEmbedder()) as address:
        context = chromium().new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
        teach, dataset = troubles(context.new_page()), troubles(context.new_page())
        for page, path in ((teach, ""), (dataset, "dataset")):
            page.set_default_timeout(WAIT)
            page.goto(f"{address}{path}")
        yield teach, dataset
        context.close()


def classes(teach: Page) -> Locator:
    return teach.locator(".card button.name")


def labels(dataset: Page) -> Locator:
    return dataset.locator("#labels .name")


def assert_labels(dataset: Page, *names: str) -> None:
    expect(labels(dataset)).to_have_text(["All pictures", *names], timeout=WAIT)


def test_what_is_done_on_one_page_is_seen_on_the_other_and_undone_on_either(pages: tuple[Page, Page]) -> None:
    teach, dataset = pages
    expect(classes(teach)).to_have_text(["mug", "sky"], timeout=WAIT)
    assert_labels(dataset, "mug", "sea", "sky")

    # Renamed on Dataset.
    labels(dataset).get_by_text("mug", exact=True).click()
    dataset.locator("#rename").click()
    dataset.locator("#name-field").fill("cup")
    dataset.locator("#name-field").press("Enter")
    expect(classes(teach)).to_have_text(["cup", "sky"], timeout=WAIT)
    expect(teach.locator("#undo")).to_have_attribute("title", "Undo: rename mug to cup", timeout=WAIT)

    # Cleared on Teach.
    teach.locator("#more").click()
    teach.locator("#clear").click()
    teach.get_by_role("dialog").get_by_role("button", name="Clear").click()
    expect(classes(teach)).to_have_count(0, timeout=WAIT)
    assert_labels(dataset, "sea")

    # Undone on Dataset, then on Teach.
    expect(dataset.locator("#undo-what")).to_have_text("forget everything taught", timeout=WAIT)
    dataset.locator("#undo").click()
    expect(dataset.locator("#toasts")).to_have_text("Undone: forget everything taught", timeout=WAIT)
    expect(classes(teach)).to_have_text(["cup", "sky"], timeout=WAIT)
    assert_labels(dataset, "cup", "sea", "sky")
    teach.keyboard.press("u")
    expect(teach.locator("#toasts")).to_have_text("Undone: rename mug to cup", timeout=WAIT)
    expect(classes(teach)).to_have_text(["mug", "sky"], timeout=WAIT)
    assert_labels(dataset, "mug", "sea", "sky")


def test_what_the_file_manager_does_is_seen_when_somebody_comes_back_to_the_page(
    pages: tuple[Page, Page], folder: Path
) -> None:
    teach, dataset = pages
    expect(classes(teach)).to_have_text(["mug", "sky"], timeout=WAIT)
    (folder / "dataset" / "mug").rename(folder / "dataset" / "beaker")
    teach.evaluate("dispatchEvent(new Event('focus'))")
    expect(classes(teach)).to_have_text(["beaker", "sky"], timeout=WAIT)
    assert_labels(dataset, "beaker", "sea", "sky")


def test_a_picture_that_is_deleted_on_another_page_closes_its_dialog(pages: tuple[Page, Page]) -> None:
    teach, dataset = pages
    teach.locator(".card").nth(1).locator(".thumbs button").click()
    expect(teach.locator("#picture-dialog")).to_be_visible(timeout=WAIT)
    labels(dataset).get_by_text("sky", exact=True).click()
    dataset.locator("#remove").click()
    expect(teach.locator("#picture-dialog")).to_be_hidden(timeout=WAIT)
    expect(classes(teach)).to_have_text(["mug"], timeout=WAIT)
