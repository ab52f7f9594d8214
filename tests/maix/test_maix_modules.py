"""MaixPy's modules by themselves: pictures, text, touches, time, and the files that say what a network is."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from small_models import small_classifier
from whatsit.errors import ArgumentError, ModelError, WhatsitError
from whatsit.maix import err, image, nn, time
from whatsit.maix.device import Device
from whatsit.maix.files import device_files, here
from whatsit.maix.mud import read_mud
from whatsit.tflite.flatbuffer import write_model

RED = (255, 0, 0)


def test_a_picture_is_fitted_as_maixpy_names_it() -> None:
    wide = image.Image(80, 40, bg=image.COLOR_WHITE)
    contained = wide.resize(40, 40, image.Fit.FIT_CONTAIN).rgb()
    assert (contained[0].max(), contained[20].min()) == (0, 255)  # black above, the picture in the middle
    assert wide.resize(40, 40, image.Fit.FIT_COVER).rgb().min() == 255
    assert wide.resize(40, 40).rgb().min() == 255
    assert wide.resize(40, -1).size() == (40, 20)
    assert wide.crop(10, 10, 5, 6).size() == (5, 6)
    with pytest.raises(ArgumentError, match=r"crop \(70, 0, 20, 5\): not inside 80 x 40"):
        wide.crop(70, 0, 20, 5)


def test_shapes_and_text_are_drawn_where_they_should_be() -> None:
    img = image.Image(100, 60)
    img.draw_rect(10, 10, 20, 10, image.COLOR_RED, thickness=-1)
    assert (img.rgb()[10:20, 10:30] == RED).all() and (img.rgb() == RED).all(axis=2).sum() == 200
    img.draw_line(0, 59, 99, 59, image.COLOR_GREEN).draw_circle(80, 20, 5, image.COLOR_BLUE, thickness=-1)
    assert tuple(img.rgb()[59, 50]) == (0, 255, 0) and tuple(img.rgb()[20, 80]) == (0, 0, 255)
    size = image.string_size("mug", scale=2)
    assert size.width() > image.string_size("mug").width() and size[1] == size.height()
    blank = image.Image(200, 100)
    written = blank.copy().draw_string(50, 40, "mug", image.COLOR_WHITE, scale=2)
    rows, columns = np.nonzero(written.rgb().any(axis=2))
    assert columns.min() >= 50 and columns.max() < 50 + size.width() and 40 <= rows.min() < 40 + size.height()
    assert not blank.rgb().any()
    lines = [image.Image(60, 200).draw_string(0, 0, "m" * 20, wrap=wrap) for wrap in (False, True)]
    one, several = (img.rgb().any(axis=(1, 2)).sum() for img in lines)
    assert several > 2 * one


def test_formats_change_the_order_in_memory_and_not_the_picture() -> None:
    array = np.zeros((4, 5, 3), np.uint8)
    array[..., 0] = 200  # blue, as OpenCV has it
    img = image.cv2image(array)
    assert img.format() is image.Format.FMT_BGR888 and (img.rgb() == (0, 0, 200)).all()
    assert (image.image2cv(img) == array).all()
    assert (image.image2cv(img.to_format(image.Format.FMT_RGB888), ensure_bgr=False) == (0, 0, 200)).all()
    grey = img.to_format(image.Format.FMT_GRAYSCALE)
    assert image.image2cv(grey, ensure_bgr=False).shape == (4, 5)
    assert image.cv2image(np.full((4, 5), 9, np.uint8)).format() is image.Format.FMT_GRAYSCALE


def test_a_picture_that_cannot_be_read_is_none_and_one_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    assert image.load(tmp_path / "none.jpg") is None
    img = image.Image(8, 8)
    img.save(tmp_path / "a.png")
    again = image.load(tmp_path / "a.png")
    assert again is not None and again.size() == (8, 8)
    with pytest.raises(ArgumentError, match="expected a name that ends in"):
        img.save(tmp_path / "a.txt")


def test_a_font_is_loaded_by_name() -> None:
    assert image.load_font("none", "/none.ttf") is err.Err.ERR_NOT_FOUND
    assert image.set_default_font("none") is err.Err.ERR_NOT_FOUND
    with pytest.raises(ArgumentError, match="font 'none': not loaded"):
        image.string_size("a", font="none")


def test_a_tap_between_two_readings_is_seen_and_moves_are_not_queued() -> None:
    device = Device()
    assert device.touched() == (0, 0, False)
    device.touch(10, 20, True)
    device.touch(10, 20, False)
    assert [device.touched() for _ in range(3)] == [(10, 20, True), (10, 20, False), (10, 20, False)]
    for x in range(50):
        device.touch(x, 900, True)
    assert device.wait_for_touch(0)
    assert device.touched() == (49, device.height - 1, True)
    assert not device.wait_for_touch(0)


def test_the_newest_picture_is_shown_and_each_once() -> None:
    device = Device()
    assert device.shown_after(0, 0) is None
    device.show(b"first")
    device.show(b"second")
    assert device.shown_after(0, 0) == (2, b"second")
    assert device.shown_after(2, 0) is None


def test_the_devices_folders_lie_in_a_folder_while_a_program_runs(tmp_path: Path) -> None:
    before = os.stat
    with device_files(tmp_path):
        Path("/root/models").mkdir()
        with open("/root/models/a.txt", "w") as file:
            file.write("x")
        assert os.path.exists("/root/models/a.txt") and os.listdir("/root/models") == ["a.txt"]
        assert here("/root/../etc/passwd") == "/root/../etc/passwd"
        os.remove("/root/models/a.txt")
        assert not Path("/root/models/a.txt").exists()
        assert Path(__file__).is_file()
    assert (tmp_path / "root/models").is_dir() and os.stat is before


def test_frames_a_second_and_pauses() -> None:
    time.fps_set_buff_len(3)
    time.fps_start()
    time.sleep_ms(1)
    assert 0 < time.fps() < 1000
    assert time.ticks_diff(time.ticks_s() - 1) >= 1 and time.ticks_ms() <= time.ticks_us() / 1000 + 1


def test_codes_have_words_and_can_be_raised() -> None:
    err.check_raise(err.Err.ERR_NONE)
    with pytest.raises(err.Exception, match="saving: not found"):
        err.check_raise(err.Err.ERR_NOT_FOUND, "saving")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", r"expected \[basic\] with model = FILE"),
        ("[basic]\nmodel = a.cvimodel", "names a.cvimodel, which only its board runs"),
        ("[basic]\nmodel = ../a.tflite", "expected the name of a .tflite in the same folder"),
        ("[basic]\nmodel = a.tflite\n[extra]\nmodel_type = yolo", "model_type = yolo: expected classifier"),
        ("[basic]\nmodel = a.tflite\n[extra]\ninput_type = hsv", "input_type = hsv: expected rgb or bgr"),
        ("[basic]\nmodel = a.tflite\n[extra]\nmean = 1\nscale = 0", "mean and scale: expected one or three numbers"),
        ("[basic]\nmodel = a.tflite\n[extra]\nlabels = ../x.txt", "expected the name of a file in the same folder"),
        ("[basic\nmodel", "no .mud file that can be read"),
        ("[basic]\nmodel = a.tflite\n[basic]\nmodel = b.tflite", "no .mud file that can be read"),
    ],
)
def test_a_mud_file_that_makes_no_sense_is_refused_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "a.mud"
    file.write_text(text)
    with pytest.raises(ModelError, match=says) as caught:
        read_mud(file, "classifier")
    assert "\n" not in str(caught.value)


def test_a_mud_file_says_order_normalisation_and_labels(tmp_path: Path) -> None:
    (tmp_path / "a.mud").write_text(
        "[basic]\nmodel = a.tflite\n[extra]\nmodel_type = classifier\ninput_type = bgr\nmean = 127.5\nscale = 0.5\n"
        "labels = labels.txt\n"
    )
    mud = read_mud(tmp_path / "a.mud", "classifier")
    assert (mud.bgr, mud.normalise, mud.labels) == (True, ([127.5], [2.0]), tmp_path / "labels.txt")


def test_a_classifier_gives_every_class_best_first_and_takes_only_its_format(tmp_path: Path) -> None:
    (tmp_path / "a.tflite").write_bytes(write_model(small_classifier(classes=3, size=8).model))
    (tmp_path / "a.mud").write_text("[basic]\nmodel = a.tflite\n[extra]\ninput_type = bgr\nlabels = cup, jug, pan\n")
    classifier = nn.Classifier(str(tmp_path / "a.mud"))
    assert classifier.labels == ["cup", "jug", "pan"] and classifier.input_size() == (8, 8)
    shade = np.zeros((8, 8, 3), np.uint8)
    shade[..., 0] = 250
    answer = classifier.classify(image.cv2image(shade))
    assert sorted(index for index, _ in answer) == [0, 1, 2] and answer == sorted(answer, key=lambda one: -one[1])
    swapped = nn.Classifier(str(tmp_path / "a.tflite"))
    assert swapped.classify(np.ascontiguousarray(shade)) == answer  # what the network sees is the same bytes
    with pytest.raises(ArgumentError, match="a picture of FMT_RGB888: the network takes FMT_BGR888"):
        classifier.classify(image.Image(8, 8))
    with pytest.raises(ArgumentError, match="no model is loaded: call load first"):
        nn.Classifier().classify(image.Image(8, 8))
    assert nn.Classifier().load(str(tmp_path / "a.mud")) is err.Err.ERR_NONE


def test_features_of_another_network_are_refused_with_the_way_out(tmp_path: Path) -> None:
    content = b"\0" + (1).to_bytes(4, "little") + bytes(4) + (1000).to_bytes(4, "little") + b"\1mug\0" + bytes(4000)
    (tmp_path / "my_classes.bin").write_bytes(content)  # a MaixCAM's: 1000 floats a feature
    classifier = nn.SelfLearnClassifier(str(tmp_path / "not here.mud"))
    with pytest.raises(WhatsitError, match="1000 floats per feature, but the backbone gives 1280") as caught:
        classifier.load(tmp_path / "my_classes.bin")
    assert "load it with that one, or teach anew" in str(caught.value)
    with pytest.raises(ModelError, match="no such file"):
        nn.SelfLearnClassifier(tmp_path / "none.tflite")
    assert classifier.save(tmp_path / "no folder" / "a.bin") is err.Err.ERR_ARGS
    classifier.add_class(image.Image.of(Pillow.new("RGB", (300, 200), RED)))
    assert classifier.save(tmp_path / "own.bin", ["mug"]) is err.Err.ERR_NONE
    assert classifier.load(tmp_path / "own.bin") == ["mug"]
