"""Teaching from pictures: right enough, honest about strangers, and a file that can tell when it was changed."""

import io
import json
import zipfile

import numpy as np
import pytest

from small_models import small_classifier
from whatsit import BackboneChoice, Classifier, DataError, Fit, ImageError, ModelError, find_examples, teach, verify
from whatsit.backbones.backbone import Backbone
from whatsit.heads.strangeness import UnknownRule, class_numbers
from whatsit.imaging.image import load_image
from whatsit.models.taught_model import TaughtModel
from whatsit.tflite.flatbuffer import read_model, write_model
from whatsit.tflite.label_file import parse_labels
from whatsit.tflite.metadata import ModelMetadata, flatbuffer_part, read_files, read_metadata, with_files, with_metadata
from whatsit.tflite.network import Network


@pytest.fixture(scope="module")
def validation(shared_data):
    return find_examples(shared_data / "clothing" / "validation")


def share_right(model, examples):
    answers = Classifier(model).classify_many([picture for picture, _ in examples], top_k=1)
    return np.mean([answer[0].label == label for answer, (_, label) in zip(answers, examples, strict=True)])


class TestClothing:
    def test_ten_kinds_of_clothing_are_told_apart_and_int8_is_within_a_point_of_float32(
        self, taught_clothing, clothing_file, validation
    ):
        int8 = share_right(clothing_file, validation)
        float32 = share_right(taught_clothing.to_tflite("float32"), validation)
        assert int8 >= 0.885
        assert abs(int8 - float32) <= 0.01

    def test_the_file_is_small_and_verifies(self, clothing_file):
        assert clothing_file.stat().st_size < 6_000_000
        assert verify(clothing_file) == []

    def test_five_pictures_a_class_know_their_own_from_strangers(self, shared_data, validation):
        """Ten draws of five shots: unrelated photographs are unknown, pictures of what was taught are not."""
        backbone = Backbone.builtin()
        train = find_examples(shared_data / "clothing" / "train")
        labels = np.array([label for _, label in train])
        strangers = np.stack(list(backbone.embed_many(sorted((shared_data / "photos").glob("*.JPEG")))))
        known = np.stack(list(backbone.embed_many([picture for picture, _ in validation])))
        rejected, accepted = [], []
        for draw in range(10):
            chance = np.random.default_rng(draw)
            chosen = [i for name in np.unique(labels) for i in chance.choice(np.flatnonzero(labels == name), 5, False)]
            shots = np.stack(list(backbone.embed_many([train[i][0] for i in chosen])))
            targets = [train[i][1] for i in chosen]
            rule = UnknownRule.fitted(shots, class_numbers(targets))
            rejected.append(np.mean([rule.judge(e).unknown for e in strangers]))
            accepted.append(np.mean([not rule.judge(e).unknown for e in known]))
        assert np.mean(rejected) >= 0.94
        assert np.mean(accepted) >= 0.93


class TestUnknown:
    def test_a_taught_file_says_unknown_of_what_is_like_nothing_taught(self, taught, patches):
        classifier = Classifier(taught.to_tflite())
        known = [classifier.classify(picture) for picture, _ in patches]
        noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
        stranger = classifier.classify(noise)
        assert stranger.unknown and stranger.strangeness > classifier.threshold == 1
        assert {p.label for p in stranger} == {"china", "flower"}, "the nearest classes stay visible"
        assert np.mean([answer.unknown for answer in known]) <= 0.2

    def test_the_distance_survives_the_merge(self, taught, patches):
        backbone = taught.backbone.open()
        for dtype, tolerance in (("int8", 0.05), ("float32", 0.12)):
            classifier = Classifier(taught.to_tflite(dtype))
            for picture, _ in patches[::6]:
                expected = taught.prototypes.distances(backbone.embed(picture)).min()
                assert classifier.classify(picture).distance == pytest.approx(expected, abs=tolerance)

    def test_a_higher_error_rate_makes_a_narrower_threshold(self, patches):
        choice = BackboneChoice(size=32)
        wide, narrow = (teach(patches, choice, unknown_rate=rate).unknown for rate in (0.0, 0.5))
        assert narrow.limits.limit < wide.limits.limit

    def test_copies_of_one_picture_teach_that_very_picture_as_known_also_in_other_arithmetic_or_saved_again(
        self, photographs
    ):
        model = teach([(path, label) for label, path in photographs.items() for _ in range(3)], BackboneChoice(size=96))
        for dtype in ("int8", "float32"):
            classifier = Classifier(model.to_tflite(dtype))
            for path in photographs.values():
                again = io.BytesIO()
                load_image(path).save(again, "JPEG", quality=90)
                assert not classifier.classify(path).unknown
                assert not classifier.classify(again.getvalue()).unknown

    @pytest.mark.parametrize("rate", [-0.1, 1.0, 5, float("nan")])
    def test_an_error_rate_that_is_none_is_refused(self, patches, rate):
        with pytest.raises(DataError, match="unknown rate"):
            teach(patches, BackboneChoice(size=32), unknown_rate=rate)

    def test_with_one_picture_a_class_there_is_no_threshold_and_nothing_is_unknown(self, patches):
        model = teach([patches[0], patches[-1]], BackboneChoice(size=32))
        assert model.unknown is None
        assert not Classifier(model.to_tflite()).classify(np.zeros((9, 9, 3), np.uint8)).unknown


class TestVerify:
    def test_a_fresh_file_of_every_kind_verifies(self, taught):
        for dtype, io_type in (
            ("int8", "uint8"),
            ("int8", "int8"),
            ("int8", "float32"),
            ("float32", None),
            ("dynamic", None),
        ):
            assert verify(taught.to_tflite(dtype, io_type)) == []

    def test_one_flipped_byte_of_the_weights_is_named(self, taught):
        content = bytearray(taught.to_tflite())
        model = read_model(bytes(content))
        weights = max((bytes(b.data) for b in model.buffers if b.data is not None), key=len)
        place = bytes(content).index(weights) + len(weights) // 2
        content[place] ^= 1
        assert any(line.startswith("weights: changed") for line in verify(bytes(content)))

    def test_any_one_flipped_byte_is_found(self, taught):
        content = taught.to_tflite()
        for place in np.random.default_rng(5).integers(0, len(content), 8):
            changed = bytearray(content)
            changed[place] ^= 1
            try:
                assert verify(bytes(changed)), f"byte {place}"
            except ModelError:
                pass

    def test_what_another_processor_rounds_otherwise_is_no_difference(self, taught, monkeypatch):
        content = taught.to_tflite()
        outputs = Network.outputs

        def rounded(self, pixels):
            scores, *others = outputs(self, pixels)
            return scores + shift * np.where(np.arange(len(scores)) == scores.argmax(), -1, 1), *others

        monkeypatch.setattr(Network, "outputs", rounded)
        shift = 0.035
        assert verify(content) == []
        shift = 0.1
        assert any("golden picture 1" in line for line in verify(content))

    def test_a_swapped_label_order_is_named(self, taught):
        content = taught.to_tflite()
        files = read_files(content) | {"labels.txt": b"flower\nchina\n"}
        found = verify(with_files(flatbuffer_part(content), files))
        assert any(line == "labels: flower, china in the metadata, china, flower when made" for line in found)

    def test_a_changed_normalisation_is_named(self, taught):
        content = taught.to_tflite()
        told = read_metadata(content)
        changed = ModelMetadata((127.5,), (127.5,), told.labels, told.files, told.name, told.description)
        found = verify(with_files(with_metadata(content, changed), told.files))
        assert any(line.startswith("normalisation: mean (127.5,)") for line in found)

    @pytest.mark.parametrize(
        "file", ["whatsit.json", "head.npy", "prototypes.npy", "unknown_means.npy", "unknown_spread.npy"]
    )
    def test_a_changed_limit_head_or_prototype_is_named(self, taught, file):
        content = taught.to_tflite()
        files = dict(read_metadata(content).files)
        if file == "whatsit.json":
            card = json.loads(files[file])
            card["unknown"]["limit"] *= 1.01
            files[file] = json.dumps(card).encode()
        else:
            files[file] = files[file][:-1] + bytes([files[file][-1] ^ 1])
        assert any(line.startswith("files inside") for line in verify(with_files(flatbuffer_part(content), files)))

    def test_bytes_changed_in_or_after_the_zip_directory_are_named(self, taught):
        content = taught.to_tflite()
        directory = content.index(b"PK\x01\x02", len(flatbuffer_part(content)))
        places = range(directory, len(content), 11)
        damaged = [content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :] for at in places]
        for changed in (*damaged, content + b"\0", flatbuffer_part(content) + b"\0" + content[directory:]):
            try:
                assert verify(changed)
            except ModelError as error:
                assert "copy " in str(error) or "make it" in str(error)

    def test_a_changed_golden_picture_is_named(self, taught):
        content = taught.to_tflite()
        files = dict(read_files(content))
        files["golden_0.png"] = files["golden_1.png"]
        assert any("golden picture 1" in line for line in verify(with_files(flatbuffer_part(content), files)))
        del files["golden_0.png"]
        assert "golden picture 1: missing" in verify(with_files(flatbuffer_part(content), files))

    @pytest.mark.parametrize("file", ["prototypes.npy", "whatsit.json"])
    def test_a_file_inside_that_is_broken_is_an_error_in_one_line(self, taught, file):
        content = taught.to_tflite()
        for broken in (b"", b"\x93NUMPY nonsense", b"{}", b"[" * 100_000):
            damaged = with_files(flatbuffer_part(content), read_files(content) | {file: broken})
            with pytest.raises(ModelError) as error:
                Classifier(damaged)
            assert "\n" not in str(error.value)

    def test_prototypes_of_another_width_are_refused(self, taught):
        stream = io.BytesIO()
        np.save(stream, np.zeros((2, 7), np.float16))
        content = taught.to_tflite()
        files = read_files(content) | {"prototypes.npy": stream.getvalue()}
        with pytest.raises(ModelError, match="7 features"):
            Classifier(with_files(flatbuffer_part(content), files))

    def test_a_model_that_whatsit_did_not_make_cannot_be_verified(self, small_model):
        with pytest.raises(ModelError, match="not made by whatsit"):
            verify(small_model())

    def test_equal_pictures_give_equal_bytes(self, taught, patches):
        assert teach(patches, BackboneChoice(size=96)).to_tflite() == taught.to_tflite()


class TestForeignBackbones:
    def test_a_uint8_mobilenet_becomes_a_backbone(self, shared_data, patches):
        choice = BackboneChoice(str(shared_data / "tflite" / "mobilenet_v1_0.25_128_quant.tflite"))
        model = teach(patches, choice)
        content = model.to_tflite()
        assert verify(content) == [] and share_right(content, patches) == 1
        with pytest.raises(ModelError, match="its float32 weights are not in the file"):
            model.to_tflite("float32")

    def test_a_float_network_becomes_a_backbone_and_is_quantised_on_the_taught_pictures(self, shared_data, patches):
        model = teach(patches, BackboneChoice(str(shared_data / "book/models/cifar10.tflite")))
        for dtype in ("float32", "int8"):
            content = model.to_tflite(dtype)
            assert verify(content) == [] and share_right(content, patches) >= 0.9
        assert len(model.to_tflite("int8")) < 0.6 * len(model.to_tflite("float32"))

    def test_a_backbone_that_is_missing_is_named(self, patches, tmp_path):
        with pytest.raises(ModelError, match=r"gone\.tflite: no such file"):
            teach(patches, BackboneChoice(str(tmp_path / "gone.tflite")))


class TestWhatCannotBeTaught:
    def test_one_class_only_is_refused_before_any_work(self, patches):
        with pytest.raises(DataError, match=r"1 label with pictures \(china\): teaching needs at least 2"):
            teach([example for example in patches if example[1] == "china"])

    def test_nothing_at_all_is_refused(self):
        with pytest.raises(DataError, match="0 label with pictures"):
            teach([])

    @pytest.mark.parametrize("label", ["two\nlines", "", "  ", "a\0b", "a\rb", "a\u2028b", "a\x85b"])
    def test_a_label_that_is_not_one_line_is_refused(self, patches, label):
        with pytest.raises(DataError, match="expected a name on one line") as error:
            teach([*patches, (patches[0][0], label)])
        assert len(str(error.value).splitlines()) == 1

    def test_a_broken_picture_in_the_middle_raises_or_is_left_out_and_told(self, patches):
        examples = [*patches[:5], (b"not a picture", "china"), *patches[5:]]
        with pytest.raises(ImageError):
            teach(examples, BackboneChoice(size=32))
        told, seen = [], []
        model = teach(examples, BackboneChoice(size=32), on_unreadable=told.append, on_picture=lambda: seen.append(1))
        assert model.pictures == 24 and len(told) == 1 and len(seen) == 25

    def test_a_class_whose_pictures_are_all_broken_is_missed(self, patches):
        examples = [(picture if label == "china" else b"broken", label) for picture, label in patches]
        with pytest.raises(DataError, match=r"1 label with pictures \(china\)"):
            teach(examples, BackboneChoice(size=32), on_unreadable=lambda _: None)

    def test_an_empty_folder_and_a_missing_one_say_what_was_expected(self, tmp_path):
        for folder in (tmp_path, tmp_path / "missing"):
            with pytest.raises(DataError, match=r"<label>/\*\.jpg"):
                find_examples(folder)

    @pytest.mark.parametrize(("dtype", "io_type"), [("int4", None), ("int8", "int16"), ("float32", "uint8")])
    def test_a_form_that_does_not_exist_is_refused(self, taught, dtype, io_type):
        with pytest.raises(ModelError) as error:
            taught.to_tflite(dtype, io_type)
        assert "\n" not in str(error.value)


class TestLabels:
    @pytest.mark.parametrize(
        "names", [("0 zero", "1 one"), ("ünïcode 猫", "<b>bold</b>"), (" led", "trail "), ("a,b", "'c'")]
    )
    def test_labels_come_back_as_they_were_taught(self, patches, names):
        chosen = dict(zip(("china", "flower"), names, strict=True))
        model = teach([(picture, chosen[label]) for picture, label in patches[::4]], BackboneChoice(size=32))
        content = model.to_tflite()
        assert set(Classifier(content).labels) == set(names) and verify(content) == []

    def test_label_files_read_the_two_styles_all_the_same(self):
        assert parse_labels(b"0 zero\n1 one\n", "x") == ("zero", "one")

    def test_hidden_and_unlabelled_folders_are_passed_over(self, photographs, tmp_path):
        for folder in ("cat", "dog/deeper", "_unlabelled", ".hidden"):
            (tmp_path / folder).mkdir(parents=True)
            (tmp_path / folder / "1.jpg").write_bytes(photographs["china"].read_bytes())
        (tmp_path / "cat" / "notes.txt").touch()
        assert [label for _, label in find_examples(tmp_path)] == ["cat", "dog"]


def test_a_head_goes_into_the_smallest_of_graphs(tmp_path, patches):
    """A backbone of three numbers, the mean colour: enough for a grey sky and a flower, float32 and int8."""
    (tmp_path / "colour.tflite").write_bytes(write_model(small_classifier(size=16).model))
    model = teach(patches, BackboneChoice(str(tmp_path / "colour.tflite"), fit=Fit.SQUASH))
    for dtype in ("float32", "int8"):
        content = model.to_tflite(dtype)
        assert verify(content) == [] and share_right(content, patches) >= 0.7


def test_the_file_is_a_model_and_a_zip_at_once(taught):
    with zipfile.ZipFile(io.BytesIO(taught.to_tflite())) as archive:
        assert archive.testzip() is None
        assert {"labels.txt", "whatsit.json", "prototypes.npy", "golden_0.png"} <= set(archive.namelist())


@pytest.fixture(scope="module")
def oblong():
    """Wide pictures that differ only at their ends, which cover cuts off."""
    random = np.random.default_rng(0)
    found = []
    for number in range(24):
        picture = random.integers(0, 60, (64, 192, 3), np.uint8)
        if number % 3 == 0:
            picture[16:48, :40] = (250, 200, 40)
            picture[16:48, -40:] = (40, 200, 250)
        found.append((picture, "marked" if number % 3 == 0 else "plain"))
    return found


@pytest.fixture(scope="module")
def chosen(oblong):
    return teach(oblong)


class TestChoosing:
    def test_on_oblong_pictures_the_fit_that_shows_the_difference_is_chosen_and_said_in_the_file(self, oblong, chosen):
        selection = chosen.selection
        assert selection.fit is not Fit.COVER and chosen.preprocess.fit is selection.fit
        assert dict(selection.fits).keys() == set(Fit) and "fits compared" in selection.text
        content = chosen.to_tflite()
        card = json.loads(read_files(content)["whatsit.json"])
        assert (card["fit"], card["selection"]["fit"]) == (selection.fit, selection.fit)
        assert share_right(content, oblong) == 1 and verify(content) == []

    def test_int8_and_float32_of_a_chosen_model_agree(self, oblong, chosen):
        int8, float32 = (Classifier(chosen.to_tflite(dtype)) for dtype in ("int8", "float32"))
        for picture, _ in oblong[:6]:
            scores = [{p.label: p.score for p in model.classify(picture)} for model in (int8, float32)]
            assert scores[0] == pytest.approx(scores[1], abs=0.15)

    def test_a_fit_named_by_hand_wins(self, oblong):
        model = teach(oblong, fit="cover")
        assert model.preprocess.fit is Fit.COVER and model.selection.fits == ()

    def test_square_pictures_are_not_compared_under_other_fits(self, oblong):
        square = [(picture[:, 64:128], label) for picture, label in oblong]
        assert teach(square).selection.fits == ()

    def test_a_chosen_model_is_exported_again_with_what_was_chosen(self, chosen, tmp_path):
        chosen.save(tmp_path / "a.tflite")
        assert TaughtModel.from_file(tmp_path / "a.tflite").selection == chosen.selection
