"""Chromium, and studios for it to open."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
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
def studio(tmp_path: Path) -> Iterator[StudioProcess]:
    """A studio on a project nobody has taught."""
    running = StudioProcess(tmp_path / "things")
    yield running
    running.end()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Playwright, ended with its module: while it runs, no other event loop can run in this thread."""
    with sync_playwright() as running:
        yield running


@pytest.fixture
def chromium(playwright: Playwright) -> Iterator[Callable[..., Browser]]:
    """Start Chromium with a fake camera, which shows ``film`` where one is given."""
    with ExitStack() as started:

        def start(film: Path | None = None) -> Browser:
            arguments = ["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
            if film is not None:
                arguments.append(f"--use-file-for-fake-video-capture={film}")
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
            started.callback(browser.close)
            return browser

        yield start


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
