"""Who may ask, and how programs show the token."""

from collections.abc import Iterator

import httpx
import pytest
from model_server import Serving, serving

import whatsit
from running_server import run_in_thread
from whatsit import DataError
from whatsit.serving.launch import ModelServer, announcement
from whatsit.serving.model_files import all_files
from whatsit.serving.service import Service
from whatsit.web.server import Address

TOKEN = "open-sesame-street"
BOX = "/v1/vision/custom/places"


@pytest.fixture(scope="module")
def guarded(places_file) -> Iterator[Serving]:
    """A server that wants a token."""
    with serving(places_file, token=TOKEN) as started:
        yield started


def test_without_the_token_nothing_is_given_away(guarded: Serving, china: bytes) -> None:
    with guarded.client() as stranger:
        for path in ("/", "/api/v1/models", "/api/v1/openapi.json", "/metrics", "/readyz", "/v2", "/v2/models/places"):
            assert stranger.get(path).status_code == 401
        for path in ("/api/v1/classify", "/v2/models/places/infer"):
            assert stranger.post(path, files={"image": china}).status_code == 401


@pytest.mark.parametrize("path", [BOX, "/v1/vision/custom/list", "/v1/vision/scene", "/v1/vision/face", "/v1/vision/"])
def test_every_route_that_reads_the_token_from_a_form_wants_it(guarded: Serving, china: bytes, path: str) -> None:
    with guarded.client() as stranger:
        for data in ({}, {"api_key": ""}, {"api_key": "wrong"}):
            answer = stranger.post(path, files={"image": china}, data=data)
            assert (answer.status_code, answer.json()["success"]) == (401, False)
        assert stranger.post(path).status_code == 401
        assert stranger.get(path).status_code == 401


def test_the_token_is_a_bearer_or_the_key_of_a_form(guarded: Serving, china: bytes) -> None:
    files = {"image": china}
    with guarded.client(authorization=f"Bearer {TOKEN}") as program:
        assert program.post("/api/v1/classify", files=files).status_code == 200
        assert program.get("/metrics").status_code == 200
        assert program.post(BOX, files=files).status_code == 200
    with guarded.client() as program:
        assert program.post(BOX, files=files, data={"api_key": TOKEN}).status_code == 200
        assert program.post("/v1/vision/custom/list", data={"api_key": TOKEN}).json()["models"] == ["places"]
        assert program.post("/api/v1/classify", files=files, data={"api_key": TOKEN}).status_code == 401


def test_wrong_keys_in_forms_are_counted_like_all_wrong_tokens(places_file, china: bytes) -> None:
    with serving(places_file, token=TOKEN) as started, started.client() as stranger:
        statuses = {stranger.post(BOX, data={"api_key": f"wrong-{number}"}).status_code for number in range(25)}
        assert statuses == {401, 429}
        assert stranger.post(BOX, files={"image": china}, data={"api_key": TOKEN}).status_code == 429


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
def test_a_page_of_another_site_can_do_nothing(running: Serving, china: bytes, origin: str) -> None:
    with running.client(origin=origin) as browser:
        for path in ("/api/v1/classify", BOX, "/v2/models/places/infer"):
            assert browser.post(path, files={"image": china}).status_code == 403
        assert browser.get("/api/v1/models").status_code == 403
        assert browser.options("/api/v1/classify").status_code == 403


def test_another_host_name_is_refused(running: Serving, china: bytes) -> None:
    with running.client(host="evil.example") as browser:
        answer = browser.post("/api/v1/classify", files={"image": china})
        assert answer.status_code == 421 and answer.json()["error"]


def test_a_cookie_without_an_origin_is_not_enough_for_a_change(guarded: Serving, china: bytes) -> None:
    with guarded.client() as browser:
        browser.get("/", params={"token": TOKEN})
        assert browser.get("/api/v1/models").status_code == 200
        assert browser.post("/api/v1/classify", files={"image": china}).status_code == 403
        assert browser.post(BOX, files={"image": china}).status_code == 403
        own = {"origin": guarded.url}
        assert browser.post("/api/v1/classify", files={"image": china}, headers=own).status_code == 200


def test_off_loopback_a_token_is_made_and_said(places_file) -> None:
    server = ModelServer(Service(all_files([str(places_file)], None)), host="0.0.0.0", port=0)
    try:
        said = announcement(["places"], server.address)
        assert server.address.token and f"Authorization: Bearer {server.address.token}" in said
        assert "?token=" not in said
    finally:
        server.close()


def test_the_line_to_try_it_with_names_a_model_where_there_are_several() -> None:
    address = Address("http://127.0.0.1:8080/", 8080, False, True, False, None)
    assert "curl -F image=@picture.jpg http://127.0.0.1:8080/api/v1/classify" in announcement(["one"], address)
    assert "-F model=one" in announcement(["one", "two"], address)


def test_a_short_token_is_refused_and_the_threads_end(places_file) -> None:
    with pytest.raises(DataError, match="token of 5 characters"):
        ModelServer(Service(all_files([str(places_file)], None)), port=0, token="short")


def test_it_speaks_https_with_a_certificate_of_its_own(places_file, tmp_path, china: bytes) -> None:
    pytest.importorskip("cryptography", reason="cryptography is not installed: pip install 'whatsit[tls]'")
    import ssl

    service = Service(all_files([str(places_file)], None))
    server = ModelServer(service, port=0, certificate_folder=tmp_path)
    with run_in_thread(server):
        trusting = ssl.create_default_context(cafile=str(tmp_path / "studio.crt"))
        url = f"https://127.0.0.1:{server.address.port}/api/v1/classify"
        assert httpx.post(url, files={"image": china}, verify=trusting, timeout=60).status_code == 200
        with whatsit.Client(url.partition("/api")[0], certificate=tmp_path / "studio.crt") as client:
            assert client.classify(china)[0].label == "china"
