"""A MaixCAM's self-learning app, unchanged, driven through the page that is its display."""

import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from whatsit.processes import environment

APP = Path(__file__).parents[2] / "maix" / "programs" / "self_learning_app.py"
WAIT = 60_000
CENTRES = {"+Class": (56, 218), "+Sample": (56, 258), "Learn": (56, 298), "Clear": (56, 338), "Exit": (492, 338)}
"""Of the app's buttons, in the display's pixels."""


class App:
    """The app as a process: what it prints, and where its display is."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "whatsit", "maix", "run", str(APP), "--no-open", "--port", "0"]
        self.process = subprocess.Popen(
            [*command, "--camera", "synthetic:?object=mug&fps=10", "--files", str(folder)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment(),
        )  # fmt: skip
        self._lines: queue.Queue[str] = queue.Queue()
        self.reading = threading.Thread(target=self._read)
        self.reading.start()
        self.url = self.says("the display is at").split()[-1]

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self._lines.put(line.strip())

    def says(self, words: str) -> str:
        """The next line with these words in it."""
        while True:
            line = self._lines.get(timeout=60)
            if words in line:
                return line


@contextmanager
def running(folder: Path) -> Iterator[App]:
    app = App(folder)
    try:
        yield app
    finally:
        app.process.kill()
        app.process.wait()
        app.reading.join()


def tap(page: Page, button: str) -> None:
    box = page.locator("#screen").bounding_box()
    assert box is not None
    x, y = CENTRES[button]
    page.mouse.click(box["x"] + x * box["width"] / 552, box["y"] + y * box["height"] / 368)


@pytest.fixture
def page(chromium: Callable[..., Browser], troubles: Callable[[Page], Page]) -> Page:
    return troubles(chromium().new_page(viewport={"width": 1000, "height": 800}))


def test_the_app_is_taught_by_taps_remembers_across_restarts_and_exits(tmp_path: Path, page: Page) -> None:
    with running(tmp_path) as app:
        page.goto(app.url)
        expect(page.locator("#said")).to_have_text("Running", timeout=WAIT)
        for button, classes, samples in (("+Class", 1, 0), ("+Class", 2, 0), ("+Sample", 2, 1), ("Learn", 2, 1)):
            tap(page, button)
            assert app.says(f"{button}: {classes} classes, {samples} samples")
        assert (tmp_path / "root/my_classes.bin").is_file()
        tap(page, "Exit")
        assert app.process.wait(60) == 0
        expect(page.locator("#said")).to_contain_text("The program has ended", timeout=WAIT)
        expect(page.locator("#exit")).to_be_disabled()
    with running(tmp_path) as app:
        page.goto(app.url)
        expect(page.locator("#said")).to_have_text("Running", timeout=WAIT)
        tap(page, "+Class")
        assert app.says("+Class: 3 classes, 1 samples")
        tap(page, "Clear")
        assert app.says("Clear: 0 classes, 0 samples")
        assert not (tmp_path / "root/my_classes.bin").exists()
        page.get_by_role("button", name="Exit the program").click()
        assert app.process.wait(60) == 0


def test_the_display_works_by_keyboard_and_on_every_screen(tmp_path: Path, chromium: Callable[..., Browser]) -> None:
    browser = chromium()
    with running(tmp_path) as app:
        for width, height in ((320, 640), (390, 844), (640, 480), (768, 1024), (844, 390), (1280, 800), (1600, 900)):
            page = browser.new_page(viewport={"width": width, "height": height})
            page.goto(app.url)
            expect(page.locator("#said")).to_have_text("Running", timeout=WAIT)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.close()
        chinese = browser.new_page(locale="zh-CN", color_scheme="dark")
        chinese.goto(app.url)
        expect(chinese.locator("#said")).to_have_text("运行中", timeout=WAIT)
        expect(chinese.locator("html")).to_have_attribute("lang", "zh")
        page = browser.new_page()
        page.goto(app.url)
        expect(page.locator("#said")).to_have_text("Running", timeout=WAIT)
        page.keyboard.press("Tab")
        expect(page.locator("#screen")).to_be_focused()
        for key, times in (("ArrowLeft", (276 - 56) // 8), ("ArrowDown", (218 - 184) // 8)):
            for _ in range(times):
                page.keyboard.press(key)
        page.keyboard.press("Space")
        assert app.says("+Class: 1 classes")
