"""Models as others see them: MediaPipe, in an environment of its own, reads what whatsit writes."""

import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from whatsit import BackboneChoice, Classifier, DataError, Fit, ModelError, find_examples, load_image, teach
from whatsit.tflite.flatbuffer import read_model
from whatsit.tflite.metadata import ModelMetadata, flatbuffer_part, read_files, read_metadata, with_files, with_metadata

CLASSIFY = """
import json, sys
import mediapipe as mp
from mediapipe.tasks.python import BaseOptions
from mediapipe.tasks.python.vision import ImageClassifier, ImageClassifierOptions
options = ImageClassifierOptions(base_options=BaseOptions(model_asset_path=sys.argv[1]), max_results=3)
answers = []
with ImageClassifier.create_from_options(options) as classifier:
    for path in sys.argv[2:]:
        found = classifier.classify(mp.Image.create_from_file(path)).classifications[0].categories
        answers.append([[category.category_name, category.score] for category in found])
print(json.dumps(answers))
"""

READ = """
import glob, importlib.util, json, os, sys
(package,) = importlib.util.find_spec("mediapipe").submodule_search_locations
(found,) = glob.glob(os.path.join(package, "**", "metadata_schema_py_generated.py"), recursive=True)
spec = importlib.util.spec_from_file_location("peer", found)
peer = importlib.util.module_from_spec(spec)
spec.loader.exec_module(peer)
content = open(sys.argv[1], "rb").read()
assert peer.ModelMetadata.ModelMetadataBufferHasIdentifier(content, 0)
root = peer.ModelMetadataT.InitFromObj(peer.ModelMetadata.GetRootAsModelMetadata(content, 0))
(graph,) = root.subgraphMetadata
(entry,), (result,) = graph.inputTensorMetadata, graph.outputTensorMetadata
(unit,) = entry.processUnits
text = lambda value: value.decode() if isinstance(value, bytes) else value
print(json.dumps({
    "name": text(root.name), "description": text(root.description),
    "normalisation": unit.optionsType == peer.ProcessUnitOptions.NormalizationOptions,
    "mean": list(map(float, unit.options.mean)), "std": list(map(float, unit.options.std)),
    "image": entry.content.contentPropertiesType == peer.ContentProperties.ImageProperties,
    "colour": entry.content.contentProperties.colorSpace,
    "output": text(result.name), "labels": [(text(f.name), f.type) for f in result.associatedFiles],
    "files": [text(f.name) for f in root.associatedFiles],
}))
"""


def square(path, folder):
    """The middle of a picture as a square PNG: MediaPipe squashes what is not square, and reads no EXIF."""
    picture = load_image(path)
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    target = folder / f"{path.parent.name}-{path.stem}.png"
    picture.crop((left, top, left + side, top + side)).resize((224, 224), Image.Resampling.BICUBIC).save(target)
    return target


class TestInMediaPipe:
    def test_it_opens_a_taught_int8_file_and_gives_the_same_first_label(
        self, mediapipe, clothing_file, shared_data, tmp_path
    ):
        pictures = [square(path, tmp_path) for path, _ in find_examples(shared_data / "clothing" / "validation")]
        theirs = json.loads(mediapipe("-c", CLASSIFY, clothing_file, *pictures))
        ours = list(Classifier(clothing_file).classify_many(pictures))
        same = [mine[0].label == other[0][0] for mine, other in zip(ours, theirs, strict=True)]
        assert len(same) == 341 and np.mean(same) >= 0.99
        for mine, other in zip(ours, theirs, strict=True):
            assert abs(mine[0].score - other[0][1]) < 0.06

    @pytest.mark.parametrize(("dtype", "io"), [("int8", "uint8"), ("float32", None)])
    def test_it_opens_what_is_taught_from_any_pictures(self, mediapipe, taught, patches, tmp_path, dtype, io):
        (tmp_path / "model.tflite").write_bytes(taught.to_tflite(dtype, io))
        files = [tmp_path / f"{index}.png" for index in range(0, len(patches), 5)]
        for file in files:
            Image.fromarray(patches[int(file.stem)][0]).save(file)
        theirs = json.loads(mediapipe("-c", CLASSIFY, tmp_path / "model.tflite", *files))
        assert [answer[0][0] for answer in theirs] == [patches[int(file.stem)][1] for file in files]

    def test_its_own_schema_reads_our_metadata(self, mediapipe, taught, tmp_path):
        content = taught.to_tflite()
        model = read_model(content)
        (entry,) = (entry for entry in model.metadata if entry.name in (b"TFLITE_METADATA", "TFLITE_METADATA"))
        (tmp_path / "metadata").write_bytes(bytes(model.buffers[entry.buffer].data))
        found = json.loads(mediapipe("-c", READ, tmp_path / "metadata"))
        assert found["normalisation"] and found["image"]
        assert found["mean"] == [127.0] and found["std"] == [128.0] and found["colour"] == 1
        assert found["labels"] == [["labels.txt", 2]] and found["output"] == "score"
        assert set(found["files"]) | {"labels.txt"} == set(read_files(content))


class TestReading:
    def test_what_is_written_is_read_again(self, small_model):
        made = ModelMetadata((1.0, 2.0, 3.0), (4.0, 5.0, 6.0), ("a", "b b", "ü"), {"labels.txt": b""}, "name", "told")
        content = with_files(with_metadata(small_model(), made), {"labels.txt": "a\nb b\nü\n".encode()})
        found = read_metadata(content)
        assert (found.mean, found.std, found.labels) == (made.mean, made.std, made.labels)
        assert (found.name, found.description) == ("name", "told")
        assert flatbuffer_part(content) == with_metadata(small_model(), made)

    def test_googles_files_are_read_with_their_labels_and_normalisation(self, shared_data):
        found = read_metadata((shared_data / "tflite/mobilenet_v1_0.25_128_quant.tflite").read_bytes())
        assert found.mean == found.std == (127.5,) and len(found.labels) == 1001 and found.labels[0] == "background"

    def test_a_model_without_metadata_says_nothing(self, small_model):
        assert read_metadata(small_model()) == ModelMetadata()

    def test_metadata_that_names_labels_the_file_lacks_is_a_truncated_file(self, small_model):
        content = with_metadata(small_model(), ModelMetadata((0.0,), (1.0,), ("a", "b", "c")))
        with pytest.raises(ModelError, match=r"names labels\.txt, but the file ends without it"):
            Classifier(content)

    def test_files_that_would_unpack_without_end_are_refused(self, small_model):
        stream = io.BytesIO(small_model())
        with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("labels.txt", bytes(2**27))
        with pytest.raises(ModelError, match="too much to open"):
            read_files(stream.getvalue())
        with pytest.raises(ModelError, match="100 files"):
            read_files(with_files(small_model(), {str(number): b"" for number in range(100)}))

    def test_a_label_file_inside_may_be_of_either_style(self, small_model):
        for text in (b"cat\ndog\nhen\n", b"0 cat\n1 dog\n2 hen\n"):
            content = with_files(small_model(), {"labels.txt": text})
            assert Classifier(content).labels == ("cat", "dog", "hen")

    @pytest.mark.parametrize(
        ("file", "content"),
        [
            ("labels.json", b"[" * 200_000), ("labels.json", b'{"0": "cat", "' + b"9" * 5000 + b'": "dog"}'),
            ("labels.txt", b"\xff" * 1000), ("labels.txt", b"x\n" * 100_001), ("labels.txt", b"cat\0dog"),
            ("labels.pbtxt", b"item {" * 50_000 + b"}"), ("labels.txt", b""),
        ],
    )  # fmt: skip
    def test_a_label_file_inside_that_is_none_is_refused_by_its_name_in_one_line(self, small_model, file, content):
        with pytest.raises(DataError, match=r"labels\.|labels inside model") as refused:
            Classifier(with_files(small_model(), {file: content}))
        assert "\n" not in str(refused.value) and len(str(refused.value)) < 400

    def test_labels_with_control_characters_never_reach_the_terminal(self, small_model, tmp_path, run_python):
        (tmp_path / "model.tflite").write_bytes(
            with_files(small_model(), {"labels.txt": "\x1b[31mcat\x07\ndog\u202e\nhen\n".encode()})
        )
        Image.new("RGB", (40, 30)).save(tmp_path / "a.png")
        model = str(tmp_path / "model.tflite")
        for command in (("classify", str(tmp_path / "a.png"), "--model", model), ("inspect", model)):
            done = run_python("from whatsit.cli.app import main; main()", *command)
            assert done.returncode == 0 and "cat" in done.stdout, done.stderr
            assert not {"\x1b", "\x07", "\u202e"} & set(done.stdout)


def test_a_head_taught_with_squash_travels_with_its_fit(patches):
    content = teach(patches, BackboneChoice(size=32, fit=Fit.SQUASH)).to_tflite()
    assert Classifier(content).preprocess.fit is Fit.SQUASH
