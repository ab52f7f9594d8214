"""An unmodified ``tritonclient[http]`` asks a server: ``python triton_program.py HOST:PORT MODEL PICTURE PIXELS.npy``.

PIXELS is an array of uint8, shape (pictures, height, width, 3).
"""

import base64
import sys
from pathlib import Path

import numpy as np
import tritonclient.http as http
from tritonclient.utils import InferenceServerException

if __name__ == "__main__":
    place, model, picture, pixels = sys.argv[1:]
    client = http.InferenceServerClient(place)
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready(model)
    assert not client.is_model_ready("nothing")
    assert client.get_server_metadata()["name"] == "whatsit"
    metadata = client.get_model_metadata(model)
    assert [one["name"] for one in metadata["outputs"]] == ["scores", "label", "unknown"]

    def said(given, **asked):
        answer = client.infer(model, [given], **asked)
        assert answer.as_numpy("scores").shape == (given.shape()[0], len(metadata["parameters"]["labels"]))
        assert answer.as_numpy("unknown").dtype == np.bool_
        return [label.decode() if isinstance(label, bytes) else label for label in answer.as_numpy("label")]

    content = Path(picture).read_bytes()
    encoded = http.InferInput("image", [2], "BYTES")
    encoded.set_data_from_numpy(np.array([content, content], object))
    print("bytes", *said(encoded, request_id="7"))
    text = http.InferInput("image", [1], "BYTES")
    text.set_data_from_numpy(np.array([base64.b64encode(content)], object), binary_data=False)
    as_json = [http.InferRequestedOutput(name, binary_data=False) for name in ("label", "scores", "unknown")]
    print("json", *said(text, outputs=as_json))
    batch = np.load(pixels)
    for binary in (True, False):
        tensor = http.InferInput("image", list(batch.shape), "UINT8")
        tensor.set_data_from_numpy(batch, binary_data=binary)
        print("pixels", *said(tensor))
    try:
        client.infer("nothing", [encoded])
    except InferenceServerException as error:
        print("refused", error.status(), error.message())
