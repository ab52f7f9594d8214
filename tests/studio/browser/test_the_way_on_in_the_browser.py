"""From page to page, and what the pages say when something is in the way, in real Chromium."""

from collections.abc import Callable
from pathlib import Path

from looks import inaccessible, sideways
from picture_studio import scene, serving
from playwright.sync_api import Browser, Page, Route, WebSocketRoute, expect

from running_server import run_in_thread
from whatsit.backbones.embedder import PixelEmbedder
from whatsit.datasets.project import Project
from whatsit.studio.studio import Studio
from whatsit.studio.web.server import StudioServer

WAIT = 30_000
Chromium = Callable[..., Browser]
Watch = Callable[[Page], Page]


def pressed(folder: Path) -> None:
    """A project of two classes, each of one press."""
    with Project(folder) as project:
        for number in range(24):
            label = ("cup", "jug")[number % 2]
            project.dataset.add(scene(number), label, burst=label, time=1_000_000.0 + number)


def test_each_page_leads_to_the_next_and_one_press_a_class_can_be_tested(
    tmp_path: Path, chromium: Chromium, troubles: Watch
) -> None:
    pressed(tmp_path / "things")
    page = troubles(chromium().new_page(locale="en-GB", viewport={"width": 320, "height": 700}))
    with serving(tmp_path / "things", PixelEmbedder()) as url:
        page.goto(f"{url}collect")
        page.locator("#label").fill("cup")
        expect(page.locator("#one-go")).to_be_visible(timeout=WAIT)
        for place in ("check", "train"):
            page.locator("#next").press("Enter")
            expect(page.locator("html")).to_have_attribute("data-page", place, timeout=WAIT)
        expect(page.locator("#splits")).to_contain_text("Untested: no test picture shows cup, jug", timeout=WAIT)
        for width in (320, 844, 1600):
            page.set_viewport_size({"width": width, "height": 390 if width == 844 else 860})
            assert sideways(page) <= 0
        assert inaccessible(page) == []
        # A chart that is a moment too narrow for two numbers has an axis all the same.
        axis = "import('/static/axes.js').then(({ rounded }) => rounded(0.3, 1.2, 1))"
        assert page.evaluate(axis) == {"low": 0, "high": 2, "step": 1, "ticks": [0, 1, 2]}
        page.locator("#hold-out").press("Enter")
        expect(page.locator("#splits")).to_be_hidden(timeout=WAIT)
        for place in ("test", "deploy", "live"):
            page.locator("#next").press("Enter")
            expect(page.locator("html")).to_have_attribute("data-page", place, timeout=WAIT)
        page.locator(".project").press("Enter")
        expect(page.locator("#projects button")).to_have_text(["things"], timeout=WAIT)
        assert sideways(page) <= 0 and inaccessible(page) == []
        # The way from what was taught: the dataset's pictures, without taking them again.
        page.goto(f"{url}?lang=zh")
        page.locator("#more").press("Enter")
        page.locator("#teach-dataset").press("Enter")
        expect(page.locator(".card button.name")).to_have_text(["cup", "jug"], timeout=WAIT)
        expect(page.locator("#next")).to_contain_text("实时查看")


def test_when_the_server_is_gone_no_answer_stays_and_the_page_comes_back(tmp_path: Path, chromium: Chromium) -> None:
    page = chromium().new_page(locale="en-GB")
    camera = "synthetic:?object=mug"
    first = StudioServer(Studio(tmp_path / "things", PixelEmbedder(), camera), port=0)
    with run_in_thread(first):
        page.goto(first.address.url)
        page.locator("#add-class").click()
        expect(page.locator("#answer-label")).to_have_text("class 1", timeout=WAIT)
        page.locator("#camera-button").click()
        page.locator("#camera-address").fill("nowhere:")
        page.locator("#camera-address").press("Enter")
        toast = page.locator("#camera-dialog #toasts .toast")
        expect(toast).to_be_visible(timeout=WAIT)
        box = toast.bounding_box()
        assert box is not None
        over = "([x, y]) => document.elementsFromPoint(x, y)[0]?.closest('dialog')?.id"
        assert page.evaluate(over, [box["x"] + 5, box["y"] + 5]) == "camera-dialog"
    expect(page.locator("#camera-dialog #gone")).to_be_visible(timeout=WAIT)
    page.keyboard.press("Escape")
    expect(page.locator("body > #gone")).to_be_visible(timeout=WAIT)
    expect(page.locator("#answer")).to_be_hidden()
    again = StudioServer(Studio(tmp_path / "things", PixelEmbedder(), camera), port=first.address.port)
    with run_in_thread(again):
        expect(page.locator("#gone")).to_be_hidden(timeout=WAIT)
        expect(page.locator("#answer-label")).to_be_visible(timeout=WAIT)


def test_a_connection_that_went_without_a_word_is_noticed_and_made_anew(tmp_path: Path, chromium: Chromium) -> None:
    page = chromium().new_page(locale="en-GB")
    silent = [True]

    def between(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        server.on_message(lambda message: None if silent[0] and said(message) else socket.send(message))

    def said(message: str | bytes) -> bool:
        return isinstance(message, bytes) or '"hello"' not in message

    def hasty(route: Route) -> None:
        script = route.fetch()
        assert "BEAT = 4000" in script.text()
        route.fulfill(response=script, body=script.text().replace("BEAT = 4000", "BEAT = 500"))

    page.route_web_socket("**/ws", between)
    page.route("**/static/socket.js", hasty)
    with serving(tmp_path / "things", PixelEmbedder()) as url:
        page.goto(url)
        expect(page.locator("#gone")).to_be_visible(timeout=WAIT)
        silent[0] = False
        expect(page.locator("#gone")).to_be_hidden(timeout=WAIT)


def test_an_import_that_ends_before_its_page_knows_that_it_began_shows_its_report(
    tmp_path: Path, chromium: Chromium, troubles: Watch
) -> None:
    (tmp_path / "1.jpg").write_bytes(scene(1))
    page = troubles(chromium().new_page(locale="en-GB"))

    def late(route: Route) -> None:
        answer = route.fetch()
        while page.request.get(f"{url}api/dataset/import").json()["state"] == "running":
            pass
        route.fulfill(response=answer)

    with serving(tmp_path / "things", PixelEmbedder(), "browser:") as url:
        page.route("**/finish", late)
        page.goto(f"{url}dataset")
        page.locator("#files").set_input_files(tmp_path / "1.jpg")
        page.locator("#upload-field").fill("cup")
        page.keyboard.press("Enter")
        expect(page.locator("#upload-report")).to_contain_text("1 picture added", timeout=WAIT)


def test_an_import_goes_on_over_a_reload_and_an_upload_is_not_lost_without_a_warning(
    tmp_path: Path, chromium: Chromium, troubles: Watch
) -> None:
    (tmp_path / "1.jpg").write_bytes(scene(1))
    page = troubles(chromium().new_page(locale="en-GB"))
    with serving(tmp_path / "things", PixelEmbedder(), "browser:") as url:
        page.goto(f"{url}dataset")
        page.evaluate("sessionStorage.setItem('importing', 'yes')")
        running = {"state": "running", "done": 0, "total": 0, "error": "", "report": None}
        page.route("**/api/dataset/import", lambda route: route.fulfill(json=running))
        page.reload()
        expect(page.locator("#upload-sending")).to_be_visible(timeout=WAIT)
        page.unroute("**/api/dataset/import")
        ask = {"headers": {"origin": url.rstrip("/")}}
        upload = page.request.post(f"{url}api/dataset/upload", **ask).json()["id"]
        part = f"{url}api/dataset/upload/{upload}?path=cup/1.jpg&at=0"
        page.request.post(part, data=scene(2), **ask)
        page.request.post(f"{url}api/dataset/upload/{upload}/finish", data={"label": ""}, **ask)
        expect(page.locator("#upload-report")).to_contain_text("1 picture added", timeout=WAIT)
        page.locator("#upload-cancel").press("Enter")
        page.route("**/api/dataset/upload/*", lambda _: None)  # a file that is on its way for ever
        page.locator("#files").set_input_files(tmp_path / "1.jpg")
        page.locator("#upload-field").press("Enter")
        expect(page.locator("#upload-sending")).to_be_visible(timeout=WAIT)
        warns = """() => { const leaving = new Event("beforeunload", { cancelable: true });
          dispatchEvent(leaving); return leaving.defaultPrevented; }"""
        assert page.evaluate(warns)
        page.locator("#upload-cancel").press("Enter")
        assert not page.evaluate(warns)
        page.unroute_all()
