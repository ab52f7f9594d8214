"""An unmodified ``deepstack-sdk`` asks a server: ``python deepstack_program.py URL MODEL PICTURE [KEY]``."""

import sys

from deepstack_sdk import Detection, SceneRecognition, ServerConfig

if __name__ == "__main__":
    url, model, picture, key = (*sys.argv[1:], None)[:4]
    config = ServerConfig(url, api_key=key)
    with open(picture, "rb") as opened:
        content = opened.read()
    for found in Detection(config, name=model).detectObject(content, min_confidence=0.3):
        print(found.label, found.x_min, found.y_min, found.x_max, found.y_max)
    print(SceneRecognition(config).recognizeScene(content).label)
