"""What the native routes answer and refuse, over real sockets."""

import base64
import io
import json

import httpx
import pytest
from model_server import Serving, serving
from PIL import Image

import whatsit
from whatsit.serving.service import MOST_PICTURES

JSON = {"content-type": "application/json"}


def best(answer: httpx.Response) -> list[str]:
    """The best label of each picture."""
    assert answer.status_code == 200, answer.text
    return [one["predictions"][0]["label"] for one in answer.json()["answers"]]


def test_a_picture_is_classified_in_each_form_it_can_be_sent_in(running: Serving, china: bytes) -> None:
    text = base64.b64encode(china).decode()
    with running.client() as client:
        path = "/api/v1/classify"
        assert best(client.post(path, files={"image": china})) == ["china"]
        assert best(client.post(path, content=china, headers={"content-type": "image/jpeg"})) == ["china"]
        assert best(client.post(path, json={"image": text})) == ["china"]
        assert best(client.post(path, json={"image": f"data:image/jpeg;base64,{text}"})) == ["china"]


def test_several_pictures_are_answered_in_their_order(running: Serving, china: bytes, photographs) -> None:
    flower = photographs["flower"].read_bytes()
    pictures = [("image", one) for one in (china, flower, flower, china)]
    with running.client() as client:
        assert best(client.post("/api/v1/classify", files=pictures)) == ["china", "flower", "flower", "china"]
        texts = [base64.b64encode(one).decode() for one in (flower, china)]
        assert best(client.post("/api/v1/classify", json={"image": texts})) == ["flower", "china"]


def test_the_answer_is_what_the_classifier_says(running: Serving, china: bytes, places_file) -> None:
    expected = whatsit.Classifier(places_file, threads=1).classify(china)
    with running.client() as client:
        (answer,) = client.post("/api/v1/classify", files={"image": china}).json()["answers"]
    assert [one["label"] for one in answer["predictions"]] == [one.label for one in expected]
    assert answer["predictions"][0]["score"] == pytest.approx(expected[0].score, abs=1e-5)
    assert (answer["state"], answer["unknown"]) == ("label", False)
    assert answer["distance"] == pytest.approx(expected.distance, abs=1e-5)


def test_options_are_fields_or_parts_of_the_address(running: Serving, china: bytes) -> None:
    with running.client() as client:
        asked = {"top_k": "1", "threshold": "1", "model": "places"}
        by_field = client.post("/api/v1/classify", files={"image": china}, data=asked).json()["answers"][0]
        by_address = client.post("/api/v1/classify", files={"image": china}, params=asked).json()["answers"][0]
    assert by_field == by_address
    assert len(by_field["predictions"]) == 1 and by_field["state"] == "uncertain"


def test_what_is_unlike_everything_taught_is_unknown_and_the_nearest_classes_are_said(running: Serving) -> None:
    written = io.BytesIO()
    Image.effect_noise((200, 200), 120).save(written, "PNG")
    with running.client() as client:
        (answer,) = client.post("/api/v1/classify", files={"image": written.getvalue()}).json()["answers"]
    assert (answer["state"], answer["unknown"]) == ("unknown", True)
    assert {one["label"] for one in answer["predictions"]} == {"china", "flower"}


def test_one_broken_picture_among_several_costs_only_its_own_answer(running: Serving, china: bytes) -> None:
    with running.client() as client:
        answer = client.post("/api/v1/classify", files=[("image", b"no picture"), ("image", china)])
    broken, sound = answer.json()["answers"]
    assert answer.status_code == 200 and "not a" in broken["error"]
    assert sound["predictions"][0]["label"] == "china"


REFUSED = {
    "no picture": (400, {"files": {"image": b"no picture"}}),
    "an empty picture": (400, {"files": {"image": b""}}),
    "nothing at all": (415, {}),
    "a form without a file": (400, {"files": {"image": (None, "x.jpg")}}),
    "another field": (400, {"files": {"image": b"x", "picture": b"x"}}),
    "an option that is not known": (400, {"files": {"image": b"x"}, "data": {"topk": "3"}}),
    "top_k out of range": (400, {"files": {"image": b"x"}, "data": {"top_k": "0"}}),
    "threshold out of range": (400, {"files": {"image": b"x"}, "data": {"threshold": "nan"}}),
    "no such model": (404, {"files": {"image": b"x"}, "data": {"model": "../places"}}),
    "text": (415, {"content": b"hello", "headers": {"content-type": "text/plain"}}),
    "what curl says of --data-binary": (415, {"content": b"x", "headers": {"content-type": "application/x-www-form"}}),
    "compressed": (415, {"content": b"x", "headers": {"content-type": "image/jpeg", "content-encoding": "gzip"}}),
    "broken JSON": (400, {"content": b"{", "headers": JSON}),
    "deep JSON": (400, {"content": b"[" * 100_000, "headers": JSON}),
    "a list": (400, {"content": b"[]", "headers": JSON}),
    "no base64": (400, {"json": {"image": "-"}}),
    "a number as a picture": (400, {"json": {"image": 5}}),
    "a model that is no text": (400, {"json": {"image": "AAAA", "model": ["places"]}}),
    "too many pictures": (413, {"json": {"image": ["AAAA"] * (MOST_PICTURES + 1)}}),
    "JSON of many values": (413, {"content": b'{"image":[' + b"1," * 4_000_000 + b"1]}", "headers": JSON}),
    "a form without a boundary": (400, {"content": b"x", "headers": {"content-type": "multipart/form-data"}}),
    "a form that ends early": (
        400,
        {"content": b"--b\r\n", "headers": {"content-type": "multipart/form-data; boundary=b"}},
    ),
    "too large": (413, {"content": b"x" * (33 * 2**20), "headers": {"content-type": "image/jpeg"}}),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_answered_is_refused_in_one_line(running: Serving, what: str) -> None:
    status, request = REFUSED[what]
    with running.client() as client:
        answer = client.post("/api/v1/classify", **request)  # type: ignore[arg-type]
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error.isprintable() and 10 < len(error) < 600


def test_an_option_with_two_values_is_refused(running: Serving, china: bytes) -> None:
    files = {"image": china}
    with running.client() as client:
        twice = client.post("/api/v1/classify", files=files, data={"top_k": ["1", "2"]})
        two = client.post("/api/v1/classify", files=files, data={"top_k": "1"}, params={"top_k": "2"})
        same = client.post("/api/v1/classify", files=files, data={"top_k": "1"}, params={"top_k": "1"})
    assert (twice.status_code, two.status_code, same.status_code) == (400, 400, 200)
    assert "given twice" in twice.json()["error"] and "in the address" in two.json()["error"]


def test_a_picture_that_cannot_be_read_is_told_apart_from_a_wrong_request(running: Serving) -> None:
    with running.client() as client:
        assert client.post("/api/v1/classify", files={"image": b"no picture"}).json()["kind"] == "picture"
        assert "kind" not in client.post("/api/v1/classify", json={}).json()


def test_without_a_name_a_server_of_several_models_asks_which(places_file, china: bytes) -> None:
    with serving(places_file, f"other={places_file}") as started, started.client() as client:
        refused = client.post("/api/v1/classify", files={"image": china})
        assert refused.status_code == 400 and "places, other" in refused.json()["error"]
        assert best(client.post("/api/v1/classify", files={"image": china}, data={"model": "other"})) == ["china"]


def test_a_model_says_what_it_is_once_it_is_loaded(places_file, china: bytes) -> None:
    with serving(places_file) as started, started.client() as client:
        (before,) = client.get("/api/v1/models").json()["models"]
        client.post("/api/v1/classify", files={"image": china})
        (after,) = client.get("/api/v1/models").json()["models"]
    assert (before["state"], before["labels"]) == ("not loaded", None)
    assert (after["state"], after["labels"], after["width"]) == ("loaded", ["china", "flower"], 96)


def test_the_document_of_the_routes_has_examples_of_every_answer(running: Serving) -> None:
    with running.client() as client:
        document = client.get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    for path in document["paths"].values():
        for operation in path.values():
            assert operation["operationId"]
            assert all(answer["content"]["application/json"]["example"] for answer in operation["responses"].values())


def test_features_that_were_taught_are_served_too(china: bytes, photographs, tmp_path) -> None:
    things = whatsit.FewShotClassifier(whatsit.BackboneChoice(size=96))
    for label, path in photographs.items():
        things.add(path, label)
    things.save(tmp_path / "things.bin")
    with serving(tmp_path / "things.bin") as started, started.client() as client:
        assert best(client.post("/api/v1/classify", files={"image": china})) == ["china"]


def test_what_is_not_there_is_said_in_json(running: Serving) -> None:
    with running.client() as client:
        assert client.get("/nothing").status_code == 404
        assert "openapi" in client.get("/nothing").json()["error"]
        assert client.get("/api/v1/classify").status_code == 405
        assert json.loads(client.delete("/api/v1/models").text)["error"]


def test_it_is_alive_and_ready(running: Serving) -> None:
    with running.client() as client:
        assert client.get("/healthz").text == client.get("/readyz").text == "ok\n"
        assert "places" in client.get("/").text
