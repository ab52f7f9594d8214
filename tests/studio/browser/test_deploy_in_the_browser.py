"""The Deploy page shows what the server says of each program, in the visitor's language."""

from collections.abc import Callable
from pathlib import Path

import pytest
from looks import every_look
from picture_studio import serving
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from test_training_in_the_browser import WAIT

from foreign_models import COLOURS, colour_classifier, square
from installed_package import installed_here, write_package
from whatsit import TaughtModel
from whatsit.datasets.project import Project
from whatsit.deployment.targets import TARGETS

CARELESS = """
from whatsit.deployment.target import Target, Written
TOASTER = Target(name="toaster", title="Toaster 9", description="bread", program="print()",
    write=lambda source: Written({"model.tflite": source.content}), notes=lambda card: ("keep dry",))
"""


@pytest.fixture
def project(taught: TaughtModel, tmp_path: Path) -> Path:
    """One model that takes 96 pixels and colour, with fit cover; of no known design."""
    with Project(tmp_path / "things") as made:
        (made.models / "garden.tflite").write_bytes(taught.to_tflite())
    return tmp_path / "things"


def test_each_program_is_offered_or_refused_in_the_servers_words(
    project: Path, chromium: Callable[..., Browser], troubles: Callable[[Page], Page], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    points = {"whatsit.targets": {"toaster": "toasting:TOASTER"}}
    installed_here(monkeypatch, write_package(tmp_path / "packages", "toasting", CARELESS, points), TARGETS)
    page = troubles(chromium().new_page(locale="en-GB"))
    row = "#targets [data-target='{}']"
    with serving(project) as url:
        page.goto(f"{url}deploy?model=garden")
        expect(page.locator(f"{row.format('frigate')} .target-note")).to_contain_text(
            "takes 224 x 224 pixels only, this model takes 96 x 96", timeout=WAIT
        )
        expect(page.locator(f"{row.format('frigate')} button")).to_be_disabled()
        for target in ("litert", "maixpy", "mediapipe", "toaster"):
            expect(page.locator(f"{row.format(target)} button")).to_be_enabled()
        expect(page.locator(f"{row.format('mediapipe')} .target-note")).to_contain_text("trained with fit Cover")
        expect(page.locator(f"{row.format('toaster')} strong")).to_have_text("Toaster 9")
        expect(page.locator(f"{row.format('toaster')} .target-note")).to_have_text("keep dry")
        with page.expect_download(timeout=WAIT) as download:
            page.locator(f"{row.format('litert')} button").click()
        assert download.value.suggested_filename == "garden-litert.zip"
        page.goto(f"{url}deploy?model=garden&lang=zh")
        expect(page.locator(f"{row.format('frigate')} .target-note")).to_contain_text(
            "只接受 224 x 224 像素", timeout=WAIT
        )
        expect(page.locator(f"{row.format('mediapipe')} .target-note")).to_contain_text("“裁切”")
        expect(page.locator(f"{row.format('toaster')} strong")).to_have_text("Toaster 9")


def test_a_model_from_elsewhere_shows_its_reading_and_takes_another(
    chromium: Callable[..., Browser], troubles: Callable[[Page], Page], tmp_path: Path
) -> None:
    with Project(tmp_path / "things") as made:
        (made.models / "elsewhere.tflite").write_bytes(colour_classifier("-1..1"))
        (made.path / "dataset" / "green").mkdir(parents=True)
        Image.fromarray(square(COLOURS["green"])).save(made.path / "dataset" / "green" / "1.png")
    browser = chromium()
    with serving(tmp_path / "things") as url:
        page = troubles(browser.new_page(locale="en-GB"))
        page.goto(f"{url}deploy?model=elsewhere")
        expect(page.locator("#reading-facts")).to_contain_text("0..1 · a guess", timeout=WAIT)
        expect(page.locator("#reading-guesses")).to_contain_text("The labels class 0, class 1 … are made up")
        page.locator("#normalise").focus()
        page.keyboard.type("-1")
        expect(page.locator("#reading-facts")).to_contain_text("-1..1 · chosen here", timeout=WAIT)
        page.reload()
        expect(page.locator("#normalise")).to_have_value("-1..1", timeout=WAIT)
        for page, fits in every_look(browser, troubles):
            page.goto(f"{url}deploy?model=elsewhere")
            expect(page.locator("#reading")).to_be_visible(timeout=WAIT)
            page.locator("#compare").click()
            expect(page.locator("#tried tr")).not_to_have_count(0, timeout=WAIT)
            fits("reading")
