"""``whatsit.Client``: the same answers as from a model in one's own process."""

from pathlib import Path

import numpy as np
import pytest
from model_server import Serving, Slow, serving

import whatsit


def test_it_answers_as_a_classifier_does(running: Serving, photographs, places_file) -> None:
    classifier = whatsit.Classifier(places_file, threads=1)
    with whatsit.Client(running.url) as client:
        for picture in (photographs["china"], photographs["flower"].read_bytes()):
            answer, expected = client.classify(picture), classifier.classify(picture)
            assert isinstance(answer, whatsit.Predictions)
            assert [one.label for one in answer] == [one.label for one in expected]
            assert answer[0].score == pytest.approx(expected[0].score, abs=1e-5)
            assert answer.unknown == expected.unknown


def test_pictures_in_memory_arrive_as_they_are(running: Serving, photographs) -> None:
    picture = whatsit.load_image(photographs["flower"])
    with whatsit.Client(running.url) as client:
        found = client.classify_many([picture, np.asarray(picture), photographs["china"]])
    assert [answer[0].label for answer in found if not isinstance(answer, whatsit.ImageError)] == [
        "flower", "flower", "china",
    ]  # fmt: skip


def test_a_broken_picture_is_an_image_error(running: Serving, china: bytes) -> None:
    with whatsit.Client(running.url) as client:
        with pytest.raises(whatsit.ImageError, match="not a"):
            client.classify(b"no picture")
        broken, sound = client.classify_many([b"no picture", china])
        assert isinstance(broken, whatsit.ImageError) and not isinstance(sound, whatsit.ImageError)
        with pytest.raises(whatsit.ImageError, match="nothing"):
            client.classify("nothing.jpg")


def test_a_refusal_has_its_status_and_the_reason(running: Serving, china: bytes) -> None:
    with whatsit.Client(running.url) as client:
        with pytest.raises(whatsit.ServerError, match="no such model; there are: places") as refused:
            client.classify(china, model="nothing")
        assert refused.value.status == 404
        assert client.models()[0]["name"] == "places"


def test_a_busy_server_says_when_to_ask_again(monkeypatch: pytest.MonkeyPatch, places_file: Path, china: bytes) -> None:
    from concurrent.futures import ThreadPoolExecutor

    slow = Slow()
    monkeypatch.setattr("whatsit.serving.shelf.load_recogniser", lambda *_: slow)
    with (
        serving(places_file, workers=1, waiting=0) as started,
        ThreadPoolExecutor(1) as others,
        whatsit.Client(started.url) as one,
    ):
        first = others.submit(one.classify, china)
        assert slow.begun.acquire(timeout=30)
        with whatsit.Client(started.url) as client, pytest.raises(whatsit.ServerError, match="busy") as refused:
            client.classify(china)
        assert refused.value.status == 503 and (refused.value.retry_after or 0) >= 1
        slow.go_on.set()
        assert first.result()[0].label == "mug"


def test_a_server_that_was_started_again_is_asked_again(places_file: Path, china: bytes) -> None:
    with serving(places_file) as started:
        client = whatsit.Client(started.url)
        assert client.classify(china)[0].label == "china"
        client._connection.sock.shutdown(2)  # as a server that closes a kept connection
        assert client.classify(china)[0].label == "china"
    with pytest.raises(whatsit.ServerError, match="cannot be reached"):
        client.classify(china)
    client.close()


@pytest.mark.parametrize("address", ["", "127.0.0.1:8080", "ftp://x", "http://", "http://x:y", "http://x/path", None])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(whatsit.ArgumentError, match="expected one such as http://127.0.0.1:8080"):
        whatsit.Client(address)
