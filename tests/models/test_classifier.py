"""Any classifier, run correctly: the right labels, the right scores, in order, in little memory."""

import io
import threading

import numpy as np
import pytest
from PIL import Image

from small_models import small_classifier
from whatsit import Classifier, DataError, Fit, ImageError, ModelError, Prediction, Predictions, load_image
from whatsit.backbones.builtin import imagenet_labels
from whatsit.tflite.flatbuffer import write_model

EDGE_IMPULSE = [
    "ei-periquito-vs-robot-img-class-int8-quantized-model.lite",
    "ei-raspi-img-class-int8-quantized-model.tflite",
]
BIRDS = ["background", "periquito", "robot"]
CIFAR = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


class TestTheBooksModels:
    @pytest.mark.parametrize("picture", ["Cat03.jpg", "cat_2.jpg"])
    def test_the_books_cat_gets_the_books_five_names_and_figures(self, shared_data, picture):
        book = shared_data / "book"
        classifier = Classifier(book / "models/mobilenet_v2_1.0_224_quant.tflite", book / "models/labels.txt")
        answer = classifier.classify(book / "images" / picture)
        expected = {"tiger cat": 0.37, "Egyptian cat": 0.28, "tabby": 0.17, "lynx": 0.10, "carton": 0.02}
        assert len(classifier.labels) == 1001
        assert [p.label for p in answer] == list(expected)
        assert all(abs(p.score - expected[p.label]) <= 0.04 for p in answer), answer

    @pytest.mark.parametrize("model", EDGE_IMPULSE)
    @pytest.mark.parametrize("name", BIRDS)
    def test_edge_impulse_models_know_the_robot_the_parakeet_and_the_background(self, shared_data, model, name):
        book = shared_data / "book"
        best = Classifier(book / "models" / model, BIRDS).classify(book / "images" / f"{name}.jpg")[0]
        assert best.label == name and best.score > 0.9

    def test_the_cifar_model_says_cat_for_the_cat(self, shared_data):
        book = shared_data / "book"
        classifier = Classifier(book / "models/cifar10.tflite", CIFAR)
        assert classifier.classify(book / "images/cat_1.jpg")[0].label == "cat"

    @pytest.mark.parametrize(
        ("model", "least"),
        [
            ("mobilenet_v1_0.25_128_quant", 0.37), ("mobilenet_v1_0.5_160_quant", 0.58),
            ("mobilenet_v1_0.75_192_quant", 0.7), ("tf2_mobilenet_v2_1.0_224_ptq", 0.83),
        ],
    )  # fmt: skip
    def test_mobilenets_of_every_width_know_photographs(self, shared_data, model, least):
        photos = sorted((shared_data / "photos").glob("*.JPEG"))
        classifier = Classifier(shared_data / "tflite" / f"{model}.tflite")
        truth = [photo.stem.split("_", 1)[1].replace("_", " ") for photo in photos]
        answers = classifier.classify_many(photos, top_k=1)
        right = [answer[0].label.split(",")[0] == name for answer, name in zip(answers, truth, strict=True)]
        assert np.mean(right) >= least


class TestScores:
    def test_a_softmax_is_added_only_where_the_model_has_none(self, small_model):
        picture = np.random.default_rng(3).integers(0, 256, (8, 8, 3), np.uint8)
        with_softmax = Classifier(small_model(softmax=True)).classify(picture)
        without = Classifier(small_model(softmax=False)).classify(picture)
        assert [p.label for p in with_softmax] == [p.label for p in without]
        np.testing.assert_allclose([p.score for p in with_softmax], [p.score for p in without], atol=1e-6)
        assert abs(sum(p.score for p in without) - 1) < 1e-5

    def test_sigmoids_of_a_multi_label_model_are_left_as_they_are(self):
        graph = small_classifier(softmax=False)
        model, logits = graph.model, int(graph.model.subgraphs[0].outputs[0])
        scores = graph.operator("LOGISTIC", [logits], graph.tensor("scores", (1, 3)))
        graph.finish([0], [scores])
        with pytest.raises(ModelError, match="3 sigmoids.*multi-label"):
            Classifier(write_model(model))
        answer = Classifier(write_model(model), multi_label=True).classify(np.zeros((8, 8, 3), np.uint8))
        assert [p.score for p in answer] == [0.5, 0.5, 0.5], "a softmax would make thirds of it"

    def test_more_classes_than_there_are_give_all_of_them(self, small_model):
        assert len(Classifier(small_model()).classify(np.zeros((8, 8, 3), np.uint8), top_k=99)) == 3

    @pytest.mark.parametrize("k", [0, -5])
    def test_no_classes_at_all_is_a_mistake(self, small_model, k):
        with pytest.raises(DataError, match="top_k"):
            Classifier(small_model()).classify(np.zeros((8, 8, 3), np.uint8), top_k=k)

    def test_labels_are_numbered_where_nobody_names_them(self, small_model):
        assert Classifier(small_model()).labels == ("class 0", "class 1", "class 2")

    def test_labels_come_from_a_list_a_file_or_beside_the_model(self, small_model, tmp_path):
        model = tmp_path / "pets.tflite"
        model.write_bytes(small_model())
        (tmp_path / "pets.txt").write_text("0 cat\n1 dog\n2 hen\n")
        expected = ("cat", "dog", "hen")
        assert Classifier(model).labels == expected
        assert Classifier(model.read_bytes(), tmp_path / "pets.txt").labels == expected
        assert Classifier(model.read_bytes(), list(expected)).labels == expected

    def test_the_fit_can_be_chosen_by_name_and_an_unknown_name_is_refused(self, small_model):
        assert Classifier(small_model(), fit="contain").preprocess.fit is Fit.CONTAIN
        with pytest.raises(DataError, match="fit 'zoom'"):
            Classifier(small_model(), fit="zoom")


class TestTheBuiltinModel:
    def test_it_knows_the_photographs_that_come_with_scikit_learn(self, photographs):
        classifier = Classifier()
        assert classifier.labels == imagenet_labels() and len(set(classifier.labels)) == 1000
        assert classifier.classify(photographs["china"])[0].label == "palace"
        assert classifier.classify(photographs["flower"])[0].label == "daisy"

    def test_all_eight_orientations_give_one_answer(self, photographs):
        turns = {
            1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
            4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90,
            7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
        }  # fmt: skip
        classifier, picture = Classifier(), load_image(photographs["china"]).resize((640, 432))
        for kind, options, tolerance in (("PNG", {}, 0), ("JPEG", {"quality": 95, "subsampling": 0}, 0.03)):
            answers = []
            for orientation, turn in turns.items():
                exif, stream = Image.Exif(), io.BytesIO()
                exif[0x0112] = orientation
                stored = picture if turn is None else picture.transpose(turn)
                stored.save(stream, kind, exif=exif.tobytes(), **options)
                answers.append(classifier.classify(stream.getvalue(), top_k=1)[0])
            assert {answer.label for answer in answers} == {"palace"}
            assert max(a.score for a in answers) - min(a.score for a in answers) <= tolerance

    def test_a_path_bytes_a_picture_and_an_array_get_the_same_answer(self, photographs):
        classifier, path = Classifier(), photographs["china"]
        picture = load_image(path, at_least=448)
        whole = [classifier.classify(image) for image in (path, str(path), path.read_bytes())]
        decoded = [classifier.classify(image) for image in (picture, np.asarray(picture))]
        assert whole[0] == whole[1] == whole[2] and decoded[0] == decoded[1]
        prepared = classifier.classify_pixels(classifier.preprocess.pixels(path))
        assert prepared == whole[0]

    def test_pixels_of_another_size_are_refused_with_both_shapes(self):
        with pytest.raises(ImageError, match=r"shape \(10, 10, 3\) .* expected uint8 of shape \(224, 224, 3\)"):
            Classifier().classify_pixels(np.zeros((10, 10, 3), np.uint8))


def shade(value):
    return np.full((8, 8, 3), value % 256, np.uint8)


class TestManyPictures:
    def test_answers_come_in_the_order_of_the_pictures(self, small_model):
        classifier = Classifier(small_model())
        pictures = [np.random.default_rng(n).integers(0, 256, (8 + n, 9, 3), np.uint8) for n in range(200)]
        assert list(classifier.classify_many(pictures, top_k=3)) == [classifier.classify(p, top_k=3) for p in pictures]

    def test_an_endless_stream_is_read_only_a_little_ahead(self, small_model):
        drawn = []

        def stream():
            while True:
                drawn.append(len(drawn))
                yield shade(len(drawn))

        answers = Classifier(small_model()).classify_many(stream())
        for answered in range(1, 300):
            assert len(next(answers)) == 3
            assert len(drawn) - answered < 64
        answers.close()

    def test_stopping_early_stops_the_threads(self, small_model):
        before = set(threading.enumerate())
        answers = Classifier(small_model()).classify_many(shade(n) for n in range(10_000))
        next(answers)
        assert set(threading.enumerate()) - before
        answers.close()
        assert not set(threading.enumerate()) - before

    def test_threads_stop_when_the_caller_fails(self, small_model):
        before = set(threading.enumerate())

        def stream():
            yield from (shade(n) for n in range(50))
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            list(Classifier(small_model()).classify_many(stream()))
        assert not set(threading.enumerate()) - before

    def test_a_broken_picture_raises_at_its_place(self, small_model):
        answers = Classifier(small_model()).classify_many([shade(1), shade(2), b"broken", shade(3)])
        assert len(next(answers)) == len(next(answers)) == 3
        with pytest.raises(ImageError):
            next(answers)

    def test_a_broken_picture_can_be_returned_at_its_place_and_the_rest_go_on(self, small_model, tmp_path):
        pictures = [shade(1), b"broken", shade(2), tmp_path / "missing.jpg", shade(3)]
        answers = list(Classifier(small_model()).classify_many(pictures, errors="return"))
        assert [type(answer) for answer in answers] == [Predictions, ImageError, Predictions, ImageError, Predictions]
        assert "missing.jpg: no such file" in str(answers[3])

    def test_no_pictures_give_no_answers(self, small_model):
        assert list(Classifier(small_model()).classify_many([])) == []

    def test_several_threads_may_share_a_classifier(self, small_model):
        classifier = Classifier(small_model())
        expected = [classifier.classify(shade(n)) for n in range(64)]
        found = {}

        def work(start):
            for n in range(start, 64, 4):
                found[n] = classifier.classify(shade(n))

        threads = [threading.Thread(target=work, args=(start,)) for start in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [found[n] for n in range(64)] == expected

    def test_memory_stays_level_however_many_pictures(self, photographs, tmp_path, run_python, small_model):
        (tmp_path / "small.tflite").write_bytes(small_model())
        source = (
            "import sys, pathlib, itertools\n"
            "import numpy as np\n"
            "from whatsit.models.classifier import Classifier\n"
            "def peak():\n"
            "    return int(pathlib.Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0]) // 1024\n"
            "picture = pathlib.Path(sys.argv[2])\n"
            "def images(count):\n"
            "    return (np.zeros((1000, 1000, 3), np.uint8) for _ in range(count))\n"
            "classifier = Classifier(sys.argv[1])\n"
            "sum(1 for _ in classifier.classify_many(images(40)))\n"
            "before = peak()\n"
            "sum(1 for _ in classifier.classify_many(images(400)))\n"
            "print(peak() - before)\n"
        )
        done = run_python(source, tmp_path / "small.tflite", photographs["china"])
        assert done.returncode == 0, done.stderr
        assert int(done.stdout) < 40, "400 pictures of 3 MB each"


class TestInANotebook:
    def test_an_answer_shows_the_picture_and_a_bar_for_every_class(self, small_model):
        html = Classifier(small_model(), ["cat", "dog", "hen"]).classify(shade(9))._repr_html_()
        assert 'src="data:image/jpeg;base64,' in html
        assert all(label in html for label in ("cat", "dog", "hen")) and html.count("%</td>") == 3

    def test_labels_are_text_and_never_markup(self, small_model):
        labels = ["<script>alert(1)</script>", '"><img src=x onerror=y>', "a & b"]
        classifier = Classifier(small_model(), labels)
        for html in (classifier.classify(shade(9))._repr_html_(), classifier._repr_html_()):
            assert "<script" not in html and "<img src=x" not in html
            assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html and "a &amp; b" in html

    def test_an_unknown_picture_says_so_beside_its_nearest_classes(self):
        html = Predictions((Prediction("cat", 0.9, 0),), True, 0.9, strangeness=1.25, unknown_by="far")._repr_html_()
        assert "<b>unknown</b>: unlike everything taught (strangeness 1.25)" in html and "cat" in html

    def test_a_picture_that_is_gone_by_now_leaves_the_bars(self, small_model, tmp_path):
        Image.fromarray(shade(5)).save(tmp_path / "x.png")
        answer = Classifier(small_model()).classify(tmp_path / "x.png")
        (tmp_path / "x.png").unlink()
        assert "<img" not in answer._repr_html_() and "class 0" in answer._repr_html_()

    def test_a_list_of_many_answers_shows_without_holding_their_pictures(self, small_model):
        answers = list(Classifier(small_model()).classify_many([shade(1), shade(2)]))
        assert all(answer.image is None for answer in answers)
