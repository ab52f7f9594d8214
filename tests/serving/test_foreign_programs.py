"""Programs that were written for other servers get the right label, unchanged."""

import json
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from foreign_openapi import document
from model_server import Serving, serving

HERE = Path(__file__).parent
TOKEN = "open-sesame-street"
INFER = "/v2/models/places/infer"
BOX = "/v1/vision/custom/places"
EXAMPLES = int(os.environ.get("WHATSIT_FUZZ_EXAMPLES", "15"))
"""Of each operation."""


def test_deepstacks_client_finds_the_picture_as_one_box(
    foreign_programs, running: Serving, photographs, places_file
) -> None:
    program = HERE / "deepstack_program.py"
    said = foreign_programs(program, running.url, "places", photographs["china"])
    assert said.splitlines() == ["china 0 0 640 427", "china"]
    with serving(places_file, token=TOKEN) as guarded:
        said = foreign_programs(program, guarded.url, "places", photographs["flower"], TOKEN)
        assert said.splitlines() == ["flower 0 0 640 427", "flower"]


def test_tritons_client_sends_tensors_and_pictures_in_json_and_binary(
    foreign_programs, running: Serving, photographs, tmp_path
) -> None:
    from whatsit import load_image

    batch = np.stack([np.asarray(load_image(photographs[name]).resize((120, 100))) for name in ("flower", "china")])
    np.save(tmp_path / "pixels.npy", batch)
    place = f"127.0.0.1:{running.port}"
    said = foreign_programs(HERE / "triton_program.py", place, "places", photographs["china"], tmp_path / "pixels.npy")
    assert said.splitlines() == [
        "bytes china china",
        "json china",
        "pixels flower china",
        "pixels flower china",
        "refused 404 model 'nothing': no such model; there are: places",
    ]


def test_prometheus_reads_the_metrics(foreign_programs, running: Serving, china: bytes) -> None:
    program = (
        "import sys; from prometheus_client.parser import text_string_to_metric_families as read\n"
        "for family in read(sys.argv[1]):\n"
        "    for one in family.samples: print(one.name, sorted(one.labels.items()), one.value)"
    )
    with running.client() as client:
        client.post("/api/v1/classify", files={"image": china})
        client.post("/api/v1/classify", files={"image": b"no picture"})
        answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    said = foreign_programs("-c", program, answer.text)
    samples = said.splitlines()
    series = "whatsit_answers_total [('label', 'china'), ('model', 'places'), ('state', 'label')]"
    assert any(sample.startswith(series) for sample in samples)
    assert any(s.startswith("whatsit_refused_total [('status', '400')]") for s in samples)
    counted = next(s for s in samples if s.startswith("whatsit_request_seconds_count"))
    highest = next(s for s in samples if "_bucket" in s and "+Inf" in s)
    assert counted.split()[-1] == highest.split()[-1] != "0"
    assert "whatsit_queue_pictures [] 0" in samples


def test_labels_that_prometheus_must_escape_stay_one_line(foreign_programs) -> None:
    from whatsit.serving.metrics import Metrics

    metrics, label = Metrics(), 'a "b" \\ c\nd {e="f"}'
    metrics.answered("things", label, "label")
    program = (
        "from prometheus_client.parser import text_string_to_metric_families as read\n"
        f"print([s.labels['label'] for f in read({metrics.text(0, {})!r}) for s in f.samples if 'answers' in s.name])"
    )
    assert foreign_programs("-c", program).strip() == repr(['a "b" \\ c\\nd {e="f"}'])


def frigate(client, picture: bytes, model: str = "places", key: str = "") -> dict[str, object]:
    """What Frigate's DeepStack detector sends: a JPEG without a name of its own, and a key that may be empty."""
    answer = client.post(f"/v1/vision/custom/{model}", data={"api_key": key}, files={"image": ("image", picture)})
    found: dict[str, object] = answer.json()
    return found


def test_frigates_detector_finds_the_label_with_the_whole_frame_as_its_box(running: Serving, china: bytes) -> None:
    with running.client() as client:
        found = frigate(client, china)
        (box,) = found["predictions"]  # type: ignore[misc]
        assert box["label"] == "china" and box["confidence"] > 0.4
        assert [box[side] for side in ("x_min", "y_min", "x_max", "y_max")] == [0, 0, 640, 427]
        assert frigate(client, b"no picture").get("predictions") is None
        assert frigate(client, china, "nothing")["success"] is False
        two = client.post("/v1/vision/custom/places", files=[("image", china), ("image", china)])
        assert two.status_code == 400 and "expected one picture" in two.json()["error"]


def test_what_is_unknown_or_not_sure_enough_is_no_box(running: Serving, china: bytes) -> None:
    import io

    from PIL import Image

    noise = io.BytesIO()
    Image.effect_noise((200, 200), 120).save(noise, "JPEG")
    with running.client() as client:
        assert frigate(client, noise.getvalue())["predictions"] == []
        scene = client.post("/v1/vision/scene", files={"image": noise.getvalue()}).json()
        assert (scene["label"], scene["confidence"]) == ("unknown", 0.0)
        sure = {"min_confidence": "1"}
        answer = client.post("/v1/vision/custom/places", files={"image": china}, data=sure).json()
        assert (answer["predictions"], answer["count"]) == ([], 0)
        scene = client.post("/v1/vision/scene", files={"image": china}, data=sure).json()
        assert (scene["label"], scene["predictions"]) == ("china", [])


def test_a_picture_on_its_side_has_the_box_that_a_viewer_sees(running: Serving, photographs) -> None:
    import io

    from PIL import Image

    written = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.open(photographs["china"]).rotate(90, expand=True).save(written, "JPEG", exif=exif)
    with running.client() as client:
        (box,) = frigate(client, written.getvalue())["predictions"]  # type: ignore[misc]
    assert (box["label"], box["x_max"], box["y_max"]) == ("china", 640, 427)


def test_schemathesis_finds_no_answer_that_the_document_does_not_say(
    foreign_programs, running: Serving, tmp_path
) -> None:
    foreign_programs(
        "-m", "schemathesis.cli", "run", f"{running.url}/api/v1/openapi.json",
        # That text is a picture no schema can say.
        "--exclude-checks", "positive_data_acceptance",
        "--continue-on-failure", "--max-examples", EXAMPLES, "--seed", 1, "--no-color", "--generation-database", "none",
        cwd=tmp_path,  # it leaves files where it runs
    )  # fmt: skip


def test_schemathesis_brings_no_route_of_another_protocol_down(
    foreign_programs, running: Serving, tmp_path, china: bytes
) -> None:
    (tmp_path / "others.json").write_text(json.dumps(document()))
    foreign_programs(
        "-m", "schemathesis.cli", "run", tmp_path / "others.json", "--url", running.url,
        "--checks", "not_a_server_error", "--continue-on-failure", "--max-examples", EXAMPLES, "--seed", 1,
        "--no-color", "--generation-database", "none", cwd=tmp_path,
    )  # fmt: skip
    with running.client() as client:
        assert client.post(BOX, files={"image": china}).json()["predictions"][0]["label"] == "china"


def tensor(**changes: object) -> dict[str, object]:
    return {"name": "image", "datatype": "UINT8", "shape": [1, 1, 1, 3], "data": [1, 2, 3]} | changes


def asked(*inputs: object, **more: object) -> bytes:
    return json.dumps({"inputs": inputs, **more}).encode()


HOSTILE = [
    b"", b"{", b"[]", b"null", b"[" * 100_000, b'{"inputs":1}', asked(), asked(1), asked(tensor(), tensor()),
    asked(tensor(shape=[])), asked(tensor(shape=[1, 2**31, 2**31, 3])), asked(tensor(shape=[-1, 1, 1, 3])),
    asked(tensor(shape=[1, 1, 1, 4])), asked(tensor(shape=[1.0, 1, 1, 3])), asked(tensor(shape=[2, 1, 1, 3])),
    asked(tensor(shape=[True, 1, 1, 3])), asked(tensor(data=[1, 2, 256])), asked(tensor(data=[1, 2, -1])),
    asked(tensor(data=[1, 2, "3"])), asked(tensor(data=[1, 2])), asked(tensor(data=[[[]]])), asked(tensor(data=None)),
    asked(tensor(data=[1, 2, 3, 4])), asked(tensor(datatype="FP32")), asked(tensor(datatype=7)),
    asked(tensor(datatype="BYTES", shape=[1], data=["-"])), asked(tensor(datatype="BYTES", shape=[1], data=["AAAA"])),
    asked(tensor(datatype="BYTES", shape=[2], data=["AAAA"])), asked(tensor(datatype="BYTES", shape=[1], data=[1])),
    asked(tensor(datatype="BYTES", shape=[65], data=["AAAA"] * 65)), asked(tensor(parameters={"binary_data_size": 9})),
    asked(tensor(data={})), asked(tensor(), outputs=[{"name": "nothing"}]),
    asked(tensor(), outputs=7), asked(tensor(), outputs=[7]),
    asked(tensor(), outputs=[{"name": "label", "parameters": {"classification": 3}}]),
]  # fmt: skip


def test_what_does_not_follow_the_protocol_is_refused_in_one_line(running: Serving) -> None:
    with running.client() as client:
        for body in HOSTILE:
            answer = client.post(INFER, content=body)
            assert answer.status_code == 400, (body[:100], answer.text)
            assert answer.json()["error"].isprintable()
        sound = client.post(INFER, content=asked(tensor(), id="7"))
        assert sound.status_code == 200 and sound.json()["id"] == "7"
        assert client.post("/v2/models/places/versions/2/infer", content=asked(tensor())).status_code == 404


@pytest.mark.parametrize("length", ["", "-1", "x", "99999999", "²", "1" * 5000, "5"])
def test_a_wrong_length_of_the_json_is_refused(running: Serving, length: str) -> None:
    with running.client() as client:
        headers = {"inference-header-content-length": length.encode("utf-8")}
        assert client.post(INFER, content=asked(tensor()), headers=headers).status_code == 400  # type: ignore[arg-type]


@pytest.mark.parametrize("behind", [b"", b"\x01", struct.pack("<I", 9) + b"1", struct.pack("<I", 0), b"\xff" * 8])
def test_broken_binary_elements_are_refused(running: Serving, behind: bytes) -> None:
    head = asked({"name": "image", "datatype": "BYTES", "shape": [1], "parameters": {"binary_data_size": len(behind)}})
    headers = {"inference-header-content-length": str(len(head))}
    with running.client() as client:
        assert client.post(INFER, content=head + behind, headers=headers).status_code == 400


def test_one_bad_picture_of_a_batch_refuses_the_batch(running: Serving, china: bytes) -> None:
    elements = [china, b"no picture"]
    behind = b"".join(struct.pack("<I", len(one)) + one for one in elements)
    head = asked({"name": "image", "datatype": "BYTES", "shape": [2], "parameters": {"binary_data_size": len(behind)}})
    with running.client() as client:
        headers = {"inference-header-content-length": str(len(head))}
        answer = client.post(INFER, content=head + behind, headers=headers)
    assert answer.status_code == 400 and "not a" in answer.json()["error"]
