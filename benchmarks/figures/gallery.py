"""How soon a gallery of ten thousand pictures shows, over an empty one:  python -m benchmarks.figures.gallery

Needs Playwright and Chromium. Both pages are opened in turn, from the navigation until their first tile has its
picture, or until the empty page says so; the ratio of the medians is what counts.
"""

import io
import statistics
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from whatsit.backbones.embedder import PixelEmbedder
from whatsit.studio.studio import Studio
from whatsit.studio.web.server import StudioServer

PICTURES = 10_000
ROUNDS = 9
ALLOWED_RATIO = 2.0
CHROMIUM = "/usr/bin/chromium"
_SHOWN = """selector => new Promise((shown) => {
  const look = () => {
    const found = document.querySelector(selector);
    if (found && found.offsetParent && (found.tagName !== "IMG" || (found.complete && found.naturalWidth))) {
      shown(performance.now());
    } else requestAnimationFrame(look);
  };
  look();
})"""


def make_pictures(folder: Path) -> None:
    """Ten classes of small pictures of one colour; a number behind the end of each makes it another file."""
    for label in range(10):
        file = io.BytesIO()
        Image.new("RGB", (48, 36), (25 * label, 90, 60)).save(file, "JPEG")
        (folder / "dataset" / f"class {label}").mkdir(parents=True)
        for number in range(PICTURES // 10):
            path = folder / "dataset" / f"class {label}" / f"{number}.jpg"
            path.write_bytes(file.getvalue() + number.to_bytes(4, "big"))


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address of a studio on ``folder``."""
    server = StudioServer(Studio(folder, PixelEmbedder(), "synthetic:?object=mug"), port=0)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server.address.url
    finally:
        server.stop()
        thread.join()


def milliseconds(browser: Browser, url: str, selector: str) -> float:
    """From the navigation until ``selector`` is on the screen, in a window that has cached nothing."""
    context = browser.new_context(viewport={"width": 1280, "height": 820})
    page = context.new_page()
    page.goto(f"{url}dataset", wait_until="commit")
    result = float(page.evaluate(_SHOWN, selector))
    context.close()
    return result


def main() -> None:
    full: list[float] = []
    empty: list[float] = []
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        make_pictures(folder / "full")
        urls = [opened.enter_context(serving(folder / name)) for name in ("empty", "full")]
        browser = opened.enter_context(sync_playwright()).chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"]
        )
        for _ in range(ROUNDS):
            empty.append(milliseconds(browser, urls[0], "#empty"))
            full.append(milliseconds(browser, urls[1], ".tile img[src]"))
        browser.close()
    ratio = statistics.median(full) / statistics.median(empty)
    print(f"empty {statistics.median(empty):.0f} ms, {PICTURES:,} pictures {statistics.median(full):.0f} ms")
    print(f"ratio {ratio:.2f}, at most {ALLOWED_RATIO}")
    if "--check" in sys.argv and ratio > ALLOWED_RATIO:
        raise SystemExit("missed")


if __name__ == "__main__":
    main()
