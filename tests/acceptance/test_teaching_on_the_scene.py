"""The demonstration itself: a few pictures taught, and the camera's later frames named."""

from whatsit.backbones.backbone import Backbone
from whatsit.cameras.demo_scene.scene import EMPTY, Scene
from whatsit.cameras.sources.synthetic import SyntheticCamera
from whatsit.models.prediction import Predictions
from whatsit.teaching.selflearn import SelfLearnClassifier

TAUGHT = ("mug", "plant", "ball")


def test_three_things_taught_with_five_pictures_each_are_named_and_the_empty_place_is_unknown() -> None:
    backbone = Backbone.builtin()
    classifier = SelfLearnClassifier(backbone, dual_buff=False)
    with SyntheticCamera(Scene(seed=1), fps=0) as camera:

        def skip(frames: int) -> None:
            for _ in range(frames):
                camera.read()

        for name in TAUGHT:
            camera.show(name)
            classifier.add_class(camera.read().image, label=name)
        for _ in range(4):
            for name in TAUGHT:
                camera.show(name)
                classifier.add_sample(camera.read().image)
                skip(6)
        classifier.learn()

        def later(name: str, frames: int) -> list[Predictions]:
            camera.show(name)
            answers = []
            for _ in range(frames):
                frame = camera.read()
                assert frame.truth == name
                answers.append(classifier.recognise_pixels(backbone.preprocess.pixels(frame.image)))
            return answers

        right = sum(answer[0].label == name and not answer.unknown for name in TAUGHT for answer in later(name, 200))
        unknown = sum(answer.unknown for answer in later(EMPTY, 200))
    assert right >= 0.95 * 600
    assert unknown >= 0.90 * 200
