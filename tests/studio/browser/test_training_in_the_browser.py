"""From pictures to a model that is used live, in real Chromium."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from looks import every_look
from picture_studio import serving
from playwright.sync_api import Browser, Page, expect

from shape_pictures import write_shapes
from whatsit.datasets.formats.importing import import_path
from whatsit.datasets.project import Project

Chromium = Callable[..., Browser]
Watch = Callable[[Page], Page]
WAIT = 60_000
HOSTILE = "<img src=x onerror=document.title='owned'>"


def finished(page: Page, text: str) -> None:
    expect(page.locator("#work-title")).to_have_text(text, timeout=WAIT)


def test_the_books_pictures_become_a_model_that_is_used_live(
    shared_data: Path, tmp_path: Path, chromium: Chromium, troubles: Watch
) -> None:
    book = shared_data / "book" / "dataset"
    page = troubles(chromium().new_page(viewport={"width": 1280, "height": 860}, locale="en-GB"))
    with serving(tmp_path / "book", camera=f"folder:{book / 'robot'}") as url:
        page.goto(f"{url}dataset")
        page.locator("#folder").set_input_files(book)
        expect(page.locator("#upload-report")).to_contain_text("87 pictures added", timeout=WAIT)
        page.goto(f"{url}train")
        expect(page.locator("#work-title")).to_have_text("Ready to train", timeout=WAIT)
        page.locator("[name=size][value='160']").check(force=True)
        expect(page.locator("#name")).to_have_value("lite0-160", timeout=WAIT)
        page.locator("#begin").click()
        finished(page, "lite0-160 is trained")
        expect(page.locator("#accuracy-chart polyline.validation")).to_have_count(1)
        expect(page.locator("#loss-chart polyline.training")).to_have_count(1)
        page.get_by_role("link", name="Test it").click()
        expect(page.locator("#untested")).to_be_visible(timeout=WAIT)
        page.locator("#begin").click()
        expect(page.locator("#accuracy")).to_contain_text("%", timeout=WAIT)
        assert float((page.locator("#accuracy").text_content() or "").rstrip("%")) >= 90
        page.locator("#confusion td.right button").first.click()
        expect(page.locator("#cell img").first).to_be_visible()
        page.goto(f"{url}deploy?model=lite0-160")
        with page.expect_download() as download:
            page.locator("#int8").click()
        assert download.value.path().read_bytes() == (tmp_path / "book/models/lite0-160.tflite").read_bytes()
        page.get_by_role("button", name="Use this one live").click()
        expect(page.locator("#answer-label")).to_have_text("robot", timeout=WAIT)
        expect(page.locator("#model")).to_have_value("file:lite0-160")


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    """A project of three classes, one with a label of markup."""
    write_shapes(tmp_path / "pictures", ("brick", "leaf", "sky"), 14)
    with Project(tmp_path / "shapes") as project:
        import_path(project.dataset, tmp_path / "pictures")
        project.dataset.rename_label("sky", HOSTILE)
    return tmp_path / "shapes"


def train_by_keyboard(page: Page, url: str, size: int) -> None:
    page.goto(f"{url}train")
    expect(page.locator("#begin")).to_be_enabled(timeout=WAIT)
    page.evaluate(f"document.querySelector('[name=size][value=\"{size}\"]').click()")
    page.locator("[name=blocks]").select_option("4")
    expect(page.locator("#name")).to_have_value(f"lite0-4blocks-{size}", timeout=WAIT)
    page.locator("#begin").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#work-title")).to_contain_text("is trained", timeout=WAIT)


def test_runs_are_compared_shown_and_deleted_whatever_their_labels(
    shapes: Path, chromium: Chromium, troubles: Watch
) -> None:
    page = troubles(chromium().new_page(viewport={"width": 1280, "height": 860}, locale="en-GB"))
    with serving(shapes) as url:
        for size in (96, 128):
            train_by_keyboard(page, url, size)
        expect(page.locator(".run")).to_have_count(2, timeout=WAIT)
        for tick in page.locator("#runs input").all():
            tick.check()
        expect(page.locator("#comparison polyline")).to_have_count(4, timeout=WAIT)
        expect(page.locator("#compare-table")).to_contain_text("Picture size in pixels")
        # What is done is still there when the page is opened anew.
        page.reload()
        expect(page.locator("#accuracy-chart polyline")).to_have_count(2, timeout=WAIT)
        page.goto(f"{url}test?model=lite0-4blocks-96")
        page.locator("#begin").click()
        expect(page.locator("#confusion th[scope=row]").last).to_be_visible(timeout=WAIT)
        assert HOSTILE in page.locator("#confusion th[scope=row]").all_text_contents()
        assert "owned" not in page.title() and page.locator("main img[src='x']").count() == 0
        page.goto(f"{url}train")
        page.get_by_role("button", name="Delete lite0-4blocks-128").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(page.locator(".run")).to_have_count(1, timeout=WAIT)
    assert not (shapes / "models/lite0-4blocks-128.tflite").exists()


def test_the_train_page_keeps_what_was_typed_and_shows_what_has_the_focus(
    shapes: Path, chromium: Chromium, troubles: Watch
) -> None:
    page = troubles(chromium().new_page(viewport={"width": 390, "height": 700}, locale="zh-CN"))
    with Project(shapes) as project:
        project.save_settings(replace(project.settings, design={"backbone": "/somewhere/mine.tflite"}))
    with serving(shapes) as url:
        page.goto(f"{url}train")
        expect(page.locator("#name")).to_have_value("mine", timeout=WAIT)
        assert page.locator("[name=backbone]").input_value() == "/somewhere/mine.tflite"
        expect(page.locator("[name=blocks]")).to_be_hidden()
        page.locator("[name=backbone]").select_option("lite0")
        # By the keyboard through the whole form: nothing that has the focus lies under the bar at the bottom.
        page.locator("[name=backbone]").focus()
        hidden = """() => { const bar = document.querySelector(".begin"), one = document.activeElement;
          return !bar.contains(one) && one.closest("form") !== null
            && one.getBoundingClientRect().bottom > bar.getBoundingClientRect().top; }"""
        for _ in range(25):
            page.keyboard.press("Tab")
            assert not page.evaluate(hidden), page.evaluate("document.activeElement.outerHTML")
        page.locator("#name").fill("not a name")
        assert "英文字母" in str(page.locator("#name").evaluate("field => field.validationMessage"))
        page.locator("#name").fill("first")
        page.locator("[name=size][value='96']").check(force=True)
        page.locator("#begin").click()
        page.locator("#name").fill("second")
        finished(page, "first 训练完成")
        expect(page.locator(".run")).to_have_count(1, timeout=WAIT)
        page.locator("[name=size][value='128']").check(force=True)
        expect(page.locator("#name")).to_have_value("second")


def test_pages_about_models_fit_every_screen(shapes: Path, chromium: Chromium, troubles: Watch) -> None:
    browser = chromium()
    with serving(shapes) as url:
        first = browser.new_page()
        train_by_keyboard(first, url, 96)
        first.goto(f"{url}test?model=lite0-4blocks-96")
        first.locator("#begin").click()
        expect(first.locator("#accuracy")).to_contain_text("%", timeout=WAIT)
        first.goto(f"{url}sweep")
        for box in first.locator("[name=sizes], [name=backbones]").all():
            box.uncheck(force=True)
        for value in ("96", "128", "lite0/5"):
            first.locator(f"input[value='{value}']").check(force=True)
        first.locator("#begin").click()
        finished(first, "The sweep is finished")
        for page, fits in every_look(browser, troubles):
            for path, sign in (
                ("train", ".run"),
                ("test", "#confusion td"),
                ("sweep", "#table tr"),
                ("deploy", ".file"),
            ):
                page.goto(f"{url}{path}")
                expect(page.locator(sign).first).to_be_visible(timeout=WAIT)
                page.wait_for_load_state("networkidle")
                fits(path)
