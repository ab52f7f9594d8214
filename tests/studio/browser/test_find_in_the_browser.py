"""Find in a real browser: a picture of the dataset, one from elsewhere, by mouse and by keyboard."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from looks import every_look
from picture_studio import scene, serving
from playwright.sync_api import Browser, Page, expect

from whatsit.backbones.embedder import PixelEmbedder
from whatsit.datasets.project import Project

WAIT = 60_000
EACH = 6


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A studio on scenes of two classes."""
    with Project(tmp_path / "project") as project:
        for number in range(2 * EACH):
            project.dataset.add(scene(number), "first class" if number < EACH else "the other class")
    with serving(tmp_path / "project", PixelEmbedder()) as url:
        yield url


@pytest.fixture
def page(chromium: Callable[..., Browser], troubles: Callable[[Page], Page]) -> Page:
    return troubles(chromium().new_page(viewport={"width": 1280, "height": 820}))


def test_a_picture_of_the_dataset_then_one_from_elsewhere(page: Page, url: str) -> None:
    page.goto(f"{url}find")
    entries = page.locator("#alike button")
    expect(entries).to_have_count(2 * EACH, timeout=WAIT)
    title = entries.nth(3).get_attribute("title")
    entries.nth(3).click()
    expect(page.locator("#found-title")).to_have_text("12 pictures, the most alike first", timeout=WAIT)
    expect(entries.first).to_have_attribute("title", title or "")
    expect(entries.first).to_contain_text("100%")
    page.locator("#label").select_option("the other class")
    expect(entries).to_have_count(EACH, timeout=WAIT)
    expect(entries.locator("text=first class")).to_have_count(0)
    page.locator("#file").set_input_files({"name": "new.jpg", "mimeType": "image/jpeg", "buffer": scene(EACH + 2)})
    expect(page.locator("#asked-name")).to_have_text("new.jpg")
    expect(entries.first).to_contain_text("100%", timeout=WAIT)
    page.locator("#file").set_input_files({"name": "letter.txt", "mimeType": "text/plain", "buffer": b"dear"})
    expect(page.locator("#toasts")).to_contain_text("That is no picture")
    expect(page.locator("#asked-name")).to_have_text("new.jpg")


def test_the_keyboard_is_enough(page: Page, url: str) -> None:
    page.goto(f"{url}find")
    entries = page.locator("#alike button")
    expect(entries).to_have_count(2 * EACH, timeout=WAIT)
    for key in ("ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(entries.first).to_contain_text("100%", timeout=WAIT)
    for key in ("ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#large-dialog")).to_be_visible()
    title = page.locator("#large-title").inner_text()
    page.locator("#large-find").press("Enter")
    expect(page.locator("#asked-name")).to_have_text(title)
    expect(entries.first).to_have_attribute("title", title, timeout=WAIT)
    page.keyboard.press("Backspace")
    expect(page.locator("#asked-none")).to_be_visible()


def test_an_address_that_names_a_picture_which_is_gone_says_so(chromium: Callable[..., Browser], url: str) -> None:
    page = chromium().new_page()
    page.goto(f"{url}find?like=0000000000000000")
    expect(page.locator("#toasts")).to_contain_text("no such content", timeout=WAIT)


def test_it_fits_every_screen(chromium: Callable[..., Browser], troubles: Callable[[Page], Page], url: str) -> None:
    for page, fits in every_look(chromium(), troubles):
        page.goto(f"{url}find")
        expect(page.locator("#alike img").first).to_be_visible(timeout=WAIT)
        fits("find-choose")
        page.locator("#alike button").nth(1).click()
        expect(page.locator("#alike button").first).to_contain_text("100", timeout=WAIT)
        fits("find")
        page.locator("#alike button").nth(1).click()
        expect(page.locator("#large-dialog")).to_be_visible()
        fits("find-large")
