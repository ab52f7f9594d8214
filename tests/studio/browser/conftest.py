"""Chromium, and studios for it to open."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from picture_studio import Untaught, serving
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, Response, sync_playwright

from studio_process import StudioProcess

CHROMIUM = "/usr/bin/chromium"
HERE = Path(__file__).parent
RERUNS = int(os.environ.get("WHATSIT_RERUNS", "2"))  # 0 shows why a test needs its second try


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser and a server on two busy cores can run into a time limit: two more tries, named in the summary."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=RERUNS))


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Untaught]:
    """In a thread of this process, on pixels: for what does not depend on the backbone, or on being a process."""
    with serving(tmp_path / "things", camera="synthetic:") as url:
        yield Untaught(url, tmp_path / "things")


@pytest.fixture
def studio_process(tmp_path: Path) -> Iterator[StudioProcess]:
    """As a user starts it, on the built-in backbone."""
    running = StudioProcess(tmp_path / "things")
    yield running
    running.end()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Playwright, ended with its module: while it runs, no other event loop can run in this thread."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def launch(playwright: Playwright) -> Iterator[Callable[[Path | None], Browser]]:
    """Chromium with a fake camera, which shows ``film`` where one is given: one for all tests of a module that use the
    same, started anew where it crashed."""
    started: dict[Path | None, Browser] = {}

    def start(film: Path | None) -> Browser:
        browser = started.get(film)
        if browser is None or not browser.is_connected():
            arguments = ["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
            if film is not None:
                arguments.append(f"--use-file-for-fake-video-capture={film}")
            browser = started[film] = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        return browser

    yield start
    for browser in started.values():
        browser.close()


@pytest.fixture
def chromium(launch: Callable[[Path | None], Browser]) -> Iterator[Callable[..., Browser]]:
    """A browser that has nothing open, and keeps nothing: a context is a profile of its own."""
    used: list[Browser] = []

    def start(film: Path | None = None) -> Browser:
        used.append(launch(film))
        return used[-1]

    yield start
    for browser in used:
        for context in browser.contexts:
            context.close()


def gone(url: str) -> bool:
    """Whether it is of a picture, which tests move and delete while pages ask for it."""
    return "/dataset/tile/" in url


@pytest.fixture
def troubles() -> Iterator[Callable[[Page], Page]]:
    """Watch a page; at the end it must have logged no error and thrown nothing."""
    found: list[str] = []

    def refused(answer: Response) -> None:
        if answer.status >= 400 and not gone(answer.url):
            found.append(f"{answer.status} {answer.url}")

    def said(message: ConsoleMessage) -> None:
        if message.type == "error" and not gone(message.location["url"]):
            found.append(message.text)

    def watch(page: Page) -> Page:
        page.on("pageerror", lambda error: found.append(str(error)))
        page.on("console", said)
        page.on("response", refused)
        return page

    yield watch
    offline = ("ERR_CONNECTION_REFUSED", "WebSocket connection")  # while a test restarts the server
    assert [trouble for trouble in found if not any(word in trouble for word in offline)] == []
