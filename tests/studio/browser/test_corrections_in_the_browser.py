"""Corrections by keyboard, in real Chromium: of Live's answer, of a picture that is chosen, and in the Inbox."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from looks import every_look
from playwright.sync_api import Browser, Page, expect

from drawn_pictures import COLOURS, drawn, jpeg
from running_server import run_in_thread
from whatsit.backbones.embedder import PixelEmbedder
from whatsit.cameras import Frame
from whatsit.live.answer import Answer, Stats
from whatsit.live.answer_state import AnswerState
from whatsit.models.prediction import Prediction, Predictions
from whatsit.studio.studio import Studio
from whatsit.studio.watching.doubt import Doubt, Reason
from whatsit.studio.watching.models import TAUGHT
from whatsit.studio.web.server import StudioServer

WAIT = 30_000


@contextmanager
def taught(folder: Path, camera: str) -> Iterator[tuple[Studio, str]]:
    """A studio that was taught red and blue, and its address."""
    studio = Studio(folder / "project", PixelEmbedder(), camera)
    for name in ("red", "blue"):
        added = studio.session.add_class(jpeg(1, COLOURS[name]), name)
        for seed in range(2, 5):
            studio.session.add_sample(jpeg(seed, COLOURS[name]), added.id)
    server = StudioServer(studio, port=0)
    with run_in_thread(server):
        yield studio, server.address.url


def doubt(studio: Studio, *seeds: int) -> None:
    """Keep a frame for each of the seeds."""
    for seed in seeds:
        frame = Frame(np.asarray(drawn(seed, size=(320, 240))), 1_764_251_846.0 + seed, "usb:0")
        items = (Prediction("red", 0.5, 0), Prediction("blue", 0.4, 1))
        answer = Answer(AnswerState.LABEL, "red", 0.5, Predictions(items), frame, Stats())
        studio.inbox.keep(TAUGHT, answer, Doubt(Reason.CLOSE, 1.0))


def test_the_live_answer_and_a_chosen_picture_are_corrected_by_keyboard(
    tmp_path: Path, chromium: Callable[..., Browser], troubles: Callable[[Page], Page]
) -> None:
    (tmp_path / "yellow.jpg").write_bytes(jpeg(7, COLOURS["yellow"], (320, 240)))
    with taught(tmp_path, "synthetic:?object=mug") as (studio, url):
        for page, fits in every_look(chromium(), troubles):
            page.goto(f"{url}live")
            expect(page.locator("#why")).to_be_enabled(timeout=WAIT)
            page.keyboard.press("n")
            expect(page.locator("#held")).to_be_visible(timeout=WAIT)
            expect(page.locator("#correct-labels button")).to_have_count(2)
            fits("corrections")
        page.locator("#correct-label").fill("mug")
        page.keyboard.press("Enter")
        expect(page.locator("#answer-label")).to_have_text("mug", timeout=WAIT)
        assert studio.project.dataset.totals()["mug"] == 1
        page.locator("#correct-label").blur()
        page.keyboard.press("u")
        expect(page.locator("#answer-label")).not_to_have_text("mug", timeout=WAIT)

        page.locator("#picture-file").set_input_files(tmp_path / "yellow.jpg")
        expect(page.locator("#held")).to_be_visible(timeout=WAIT)
        page.keyboard.press("1")
        first = page.locator("#correct-labels button").first.inner_text().removeprefix("1").strip()
        expect(page.locator("#held-label")).to_have_text(first, timeout=WAIT)
        page.keyboard.press("w")
        expect(page.locator("#why-title")).to_contain_text(first, timeout=WAIT)
        expect(page.locator("#why-corrected-image")).to_be_visible()
        fits("why-corrected")
        page.locator("#why-dialog button[value=close]").click()
        page.keyboard.press("u")
        expect(page.locator("#held-label")).not_to_have_text(first, timeout=WAIT)
        page.keyboard.press("Escape")
        expect(page.locator("#held")).to_be_hidden()


def test_the_inbox_is_gone_through_by_keyboard(
    tmp_path: Path, chromium: Callable[..., Browser], troubles: Callable[[Page], Page]
) -> None:
    with taught(tmp_path, "browser:") as (studio, url):
        doubt(studio, 31, 32, 33)
        for page, fits in every_look(chromium(), troubles):
            page.goto(f"{url}inbox")
            expect(page.locator("#correct-labels button")).to_have_count(2, timeout=WAIT)
            fits("inbox")
        first = page.locator("#frame").get_attribute("src")
        page.keyboard.press("ArrowRight")
        expect(page.locator("#frame")).not_to_have_attribute("src", str(first))
        for key, left in (("2", 2), ("0", 1), ("x", 0)):
            page.keyboard.press(key)
            expect(page.locator("#left" if left else "#empty-text")).to_be_visible(timeout=WAIT)
            expect(page.locator("#left")).to_contain_text(str(left), timeout=WAIT)
        assert len(studio.project.dataset.keys("blue")) == 5
        assert len(studio.project.dataset.strangers()) == 1
