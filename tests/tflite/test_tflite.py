"""The flatbuffer as data: read, written and cut without loss, and never trusted."""

import tracemalloc

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as peer_schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from hypothesis import given, settings
from hypothesis import strategies as st

from small_models import small_classifier
from whatsit import Backbone, Classifier, DataError, ModelError, WhatsitError
from whatsit.backbones.builtin import builtin_model
from whatsit.tflite.cut import cut_top
from whatsit.tflite.flatbuffer import read_model, write_model
from whatsit.tflite.graph import Graph

FILES = [
    "book/models/cifar10.tflite",
    "book/models/ei-periquito-vs-robot-img-class-int8-quantized-model.lite",
    "book/models/ei-raspi-img-class-int8-quantized-model.tflite",
    "book/models/mobilenet_v2_1.0_224_quant.tflite",
    "tflite/mobilenet_v1_0.25_128_quant.tflite",
    "tflite/mobilenet_v1_0.5_160_quant.tflite",
    "tflite/mobilenet_v1_0.75_192_quant.tflite",
    "tflite/mobilenet_v1_1.0_224_quant_embedding_extractor.tflite",
    "tflite/tf2_mobilenet_v2_1.0_224_ptq.tflite",
]
CLASSIFIERS = [file for file in FILES if "extractor" not in file]


def interpreted(content, *tensors):
    """What LiteRT itself, without whatsit, gives for a picture of noise: the outputs, or the tensors named."""
    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    run = Interpreter(
        model_content=content,
        experimental_preserve_all_tensors=bool(tensors),
        experimental_op_resolver_type=plain,
        num_threads=1,
    )
    run.allocate_tensors()
    (entry,) = run.get_input_details()
    noise = np.random.default_rng(7).integers(0, 256, entry["shape"])
    values = noise / 255 if entry["dtype"] == np.float32 else noise - (128 if entry["dtype"] == np.int8 else 0)
    run.set_tensor(entry["index"], values.astype(entry["dtype"]))
    run.invoke()
    wanted = [d for d in run.get_tensor_details() if d["name"] in tensors] if tensors else run.get_output_details()
    return [run.get_tensor(detail["index"]) for detail in wanted]


def walked(content):
    """(tensors, tensors used, buffers, buffers used, offsets of the data), read by the generated accessors alone."""
    model = peer_schema.Model.GetRootAs(content)
    assert model.SubgraphsLength() == 1
    graph = model.Subgraphs(0)
    used = {*graph.InputsAsNumpy().tolist(), *graph.OutputsAsNumpy().tolist()}
    for number in range(graph.OperatorsLength()):
        operator = graph.Operators(number)
        used |= {*operator.InputsAsNumpy().tolist(), *operator.OutputsAsNumpy().tolist()}
    buffers_used = {graph.Tensors(index).Buffer() for index in range(graph.TensorsLength())}
    buffers_used |= {model.Metadata(index).Buffer() for index in range(model.MetadataLength())}
    offsets = []
    for index in range(model.BuffersLength()):
        table = model.Buffers(index)._tab
        if model.Buffers(index).DataLength():
            offsets.append(table.Vector(table.Offset(4)))
    return (
        set(range(graph.TensorsLength())),
        used - {-1},
        set(range(model.BuffersLength())),
        buffers_used | {0},
        offsets,
    )


def same_again(times, name):
    """A model of ``times`` graphs of ``times`` tensors called ``name``: all one graph and one tensor, pointed at."""
    builder = flatbuffers.Builder()

    def vector(offset):
        builder.StartVector(4, times, 4)
        for _ in range(times):
            builder.PrependUOffsetTRelative(offset)
        return builder.EndVector()

    text = builder.CreateString(name)
    peer_schema.TensorStart(builder)
    peer_schema.TensorAddName(builder, text)
    tensors = vector(peer_schema.TensorEnd(builder))
    peer_schema.SubGraphStart(builder)
    peer_schema.SubGraphAddTensors(builder, tensors)
    graphs = vector(peer_schema.SubGraphEnd(builder))
    peer_schema.ModelStart(builder)
    peer_schema.ModelAddSubgraphs(builder, graphs)
    builder.Finish(peer_schema.ModelEnd(builder), b"TFL3")
    return bytes(builder.Output())


class TestReadingAndWriting:
    @pytest.mark.parametrize("file", FILES)
    def test_a_model_read_and_written_again_computes_the_same(self, shared_data, file):
        content = (shared_data / file).read_bytes()
        again = write_model(read_model(content))
        for before, after in zip(interpreted(content), interpreted(again), strict=True):
            np.testing.assert_array_equal(before, after)

    @pytest.mark.parametrize("file", FILES[:2])
    def test_writing_is_settled_after_once_and_equal_input_gives_equal_bytes(self, shared_data, file):
        once = write_model(read_model((shared_data / file).read_bytes()))
        assert write_model(read_model(once)) == once

    def test_every_constant_lies_on_a_boundary_of_16_bytes(self, taught, small_model):
        contents = [builtin_model(size=32, dtype=dtype, top=top) for dtype in ("int8", "float32") for top in (0, 1)]
        contents += [taught.to_tflite("int8"), taught.to_tflite("float32"), small_model(), cut_top(small_model())]
        for content in contents:
            offsets = walked(content)[-1]
            assert offsets and all(offset % 16 == 0 for offset in offsets)


class TestTheCut:
    @pytest.mark.parametrize("file", CLASSIFIERS)
    def test_a_cut_model_gives_the_tensor_inside_the_original(self, shared_data, file):
        content = (shared_data / file).read_bytes()
        cut = cut_top(content)
        run = Interpreter(model_content=cut)
        (name,) = (detail["name"] for detail in run.get_output_details())
        (inside,) = interpreted(content, name)
        (given,) = interpreted(cut)
        np.testing.assert_array_equal(given, inside)
        assert inside.size > 3 and inside.std() > 0

    @pytest.mark.parametrize("file", CLASSIFIERS)
    def test_nothing_is_left_of_the_top(self, shared_data, file):
        content = (shared_data / file).read_bytes()
        cut = cut_top(content)
        tensors, used, buffers, buffers_used, offsets = walked(cut)
        assert tensors == used and buffers == buffers_used
        assert all(offset % 16 == 0 for offset in offsets)
        whole, part = read_model(content), read_model(cut)
        weights = sum(len(b.data) for b in part.buffers if b.data is not None)
        overhead = len(content) - sum(len(b.data) for b in whole.buffers if b.data is not None)
        assert len(cut) < weights + overhead + 4096, "the file is its weights and not much more"
        assert len(part.subgraphs[0].operators) < len(whole.subgraphs[0].operators)
        assert not part.metadata, "no labels of another task stay behind"

    def test_a_model_that_ends_in_an_embedding_stays_as_it_is(self, shared_data):
        content = (shared_data / "tflite/mobilenet_v1_1.0_224_quant_embedding_extractor.tflite").read_bytes()
        assert cut_top(content) == content
        assert Backbone.from_file(content).dim == 1024

    def test_a_cut_model_is_not_cut_again(self, shared_data):
        cut = cut_top((shared_data / CLASSIFIERS[4]).read_bytes())
        assert cut_top(cut) == cut

    def test_the_cut_is_before_the_last_matrix(self, small_model):
        content = small_model()
        cut = Backbone.from_file(content)
        assert cut.dim == 3
        picture = np.full((8, 8, 3), (255, 51, 0), np.uint8)
        np.testing.assert_allclose(cut.embed(picture), [1, 0.2, 0], atol=1e-6)

    def test_two_models_that_differ_in_one_weight_have_two_ids(self, small_model):
        assert Backbone.from_file(small_model(size=8)).id == Backbone.from_file(small_model(size=8, seed=1)).id, (
            "the top"
        )
        assert Backbone.from_file(small_model(size=8)).id != Backbone.from_file(small_model(size=16)).id


class TestBrokenModels:
    @pytest.mark.parametrize("content", [b"", b"TFL3", b"\x1c\0\0\0TFL3", b"hello, I am a picture", bytes(1000)])
    def test_what_is_no_model_is_refused_in_one_line(self, tmp_path, content):
        (tmp_path / "x.tflite").write_bytes(content)
        for opened in (Classifier, Backbone.from_file):
            with pytest.raises(ModelError, match=r"x\.tflite: ") as error:
                opened(tmp_path / "x.tflite")
            assert "\n" not in str(error.value)

    def test_a_missing_model_a_folder_and_a_path_with_a_zero_are_refused_in_one_line(self, tmp_path):
        for path, reason in ((tmp_path / "no.tflite", "no such"), (tmp_path, "not a file"), ("a\0b.tflite", "no such")):
            with pytest.raises(ModelError, match=reason) as error:
                Classifier(path)
            assert "\n" not in str(error.value)

    def test_a_file_too_large_for_a_model_is_not_read(self, tmp_path):
        with (tmp_path / "huge.tflite").open("wb") as stream:
            stream.truncate(2**36)
        with pytest.raises(ModelError, match=r"68,719,476,736 bytes, more than the 1,073,741,824 allowed"):
            Classifier(tmp_path / "huge.tflite")

    def test_truncation_at_every_byte_of_a_small_model_is_noticed(self, small_model):
        content = small_model()
        for length in range(len(content)):
            with pytest.raises(ModelError):
                read_model(content[:length])

    # In a process of its own, because what is tested is that it does not die.
    DAMAGE = (
        "import random, sys\n"
        "import numpy as np\n"
        "from whatsit import Classifier, WhatsitError\n"
        "content, damage = open(sys.argv[1], 'rb').read(), sys.argv[2]\n"
        "opened = refused = 0\n"
        "for seed in range(int(sys.argv[3])):\n"
        "    print('seed', seed, file=sys.stderr, flush=True)\n"
        "    chance, data = random.Random(seed), bytearray(content)\n"
        "    if damage == 'truncated':\n"
        "        del data[chance.randrange(len(data)):]\n"
        "    else:\n"
        "        for _ in range(chance.choice([1, 2, 8, 64])):\n"
        "            place = chance.randrange(len(data)) if chance.random() < 0.3 else -1 - chance.randrange(4000)\n"
        "            data[place] = chance.choice([0, 1, 127, 128, 255, chance.randrange(256)])\n"
        "    try:\n"
        "        classifier = Classifier(bytes(data), threads=1)\n"
        "        p = classifier.preprocess\n"
        "        classifier.classify_pixels(np.zeros((p.height, p.width, p.channels), np.uint8))\n"
        "        opened += 1\n"
        "    except WhatsitError as error:\n"
        "        assert '\\n' not in str(error), error\n"
        "        refused += 1\n"
        "print(opened, refused)\n"
    )

    @pytest.mark.parametrize("file", [CLASSIFIERS[0], CLASSIFIERS[1], CLASSIFIERS[4]])
    @pytest.mark.parametrize("damage", ["truncated", "corrupt"])
    def test_damaged_models_never_end_the_process(self, shared_data, run_python, file, damage):
        done = run_python(self.DAMAGE, shared_data / file, damage, 60)
        assert done.returncode == 0, done.stderr[-2000:]
        _opened, refused = map(int, done.stdout.split())
        assert refused == 60 if damage == "truncated" else refused > 5

    def test_a_damaged_taught_model_never_ends_the_process(self, taught, tmp_path, run_python):
        (tmp_path / "taught.tflite").write_bytes(taught.to_tflite())
        done = run_python(self.DAMAGE, tmp_path / "taught.tflite", "corrupt", 40)
        assert done.returncode == 0, done.stderr[-2000:]

    @settings(deadline=None, max_examples=300)
    @given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=20))
    def test_reading_damaged_bytes_gives_a_model_or_a_model_error(self, damage):
        content = bytearray(write_model(small_classifier().model))
        for place, value in damage:
            content[place % len(content)] = value
        try:
            cut_top(bytes(content))
        except ModelError as error:
            assert "\n" not in str(error)

    def test_a_graph_that_feeds_on_itself_is_refused(self):
        graph = small_classifier()
        subgraph = graph.model.subgraphs[0]
        subgraph.operators[-1].inputs = subgraph.operators[-1].outputs
        with pytest.raises(ModelError, match="before it is computed"):
            Classifier(write_model(graph.model))

    def test_a_graph_that_lists_no_inputs_is_refused(self):
        graph = small_classifier()
        graph.model.subgraphs[0].inputs = None
        with pytest.raises(ModelError, match="one graph with one input"):
            cut_top(write_model(graph.model))

    @pytest.mark.parametrize("announced", ["objects", "text"])
    def test_a_small_file_that_announces_more_than_fits_in_memory_is_refused_before_it_is_unpacked(self, announced):
        content = same_again(2_000, b"") if announced == "objects" else same_again(20, b"n" * 1_000_000)
        tracemalloc.start()
        try:
            with pytest.raises(ModelError, match=r"(objects|items) announced"):
                read_model(content)
            assert tracemalloc.get_traced_memory()[1] < 100_000_000
        finally:
            tracemalloc.stop()


class TestModelsThatAreNoClassifiers:
    def test_an_embedding_extractor_says_what_it_is_unless_labels_say_otherwise(self, shared_data):
        content = (shared_data / "tflite/mobilenet_v1_1.0_224_quant_embedding_extractor.tflite").read_bytes()
        for model in (content, builtin_model(size=32)):
            with pytest.raises(ModelError, match=r"ends in (1024|1280) features .* not in class scores") as error:
                Classifier(model)
            assert "\n" not in str(error.value)
        assert len(Classifier(content, [str(index) for index in range(1024)]).labels) == 1024

    def test_a_picture_to_picture_model_is_refused(self):
        graph = Graph()
        picture = graph.tensor("picture", (1, 8, 8, 3))
        graph.operator("RELU", [picture], graph.tensor("out", (1, 8, 8, 3)))
        with pytest.raises(ModelError, match=r"output of shape \[1, 8, 8, 3\], a segmenter"):
            Classifier(write_model(graph.finish([picture], [picture + 1])))

    def test_a_model_of_a_dynamic_picture_size_says_so(self):
        graph = small_classifier()
        graph.model.subgraphs[0].tensors[0].shapeSignature = np.array([1, -1, -1, 3], np.int32)
        for opened in (Classifier, Backbone.from_file):
            with pytest.raises(ModelError, match=r"dynamic shape \[1, -1, -1, 3\]; export it again"):
                opened(write_model(graph.model))

    def test_a_free_number_of_pictures_a_run_does_no_harm(self):
        graph = small_classifier()
        graph.model.subgraphs[0].tensors[0].shapeSignature = np.array([-1, 8, 8, 3], np.int32)
        assert len(Classifier(write_model(graph.model)).classify(np.zeros((9, 9, 3), np.uint8))) == 3

    @pytest.mark.parametrize("shape", [(1, 8, 8, 4), (100, 8, 8, 3), (1, 192)])
    def test_an_input_that_is_no_picture_is_named(self, shape):
        graph = Graph()
        picture = graph.tensor("picture", shape)
        axes = graph.constant("axes", np.arange(1, len(shape) - 1, dtype=np.int32))
        out = graph.tensor("out", (shape[0], shape[-1]))
        graph.operator("MEAN", [picture, axes], out, table="ReducerOptions", keepDims=False)
        with pytest.raises(ModelError, match=r"expected one picture|a batch of 1"):
            Classifier(write_model(graph.finish([picture], [out])))

    def test_two_inputs_are_refused(self):
        graph = Graph()
        pictures = [graph.tensor(name, (1, 8, 8, 3)) for name in "ab"]
        graph.operator("ADD", pictures, graph.tensor("sum", (1, 8, 8, 3)), table="AddOptions")
        for opened in (Classifier, Backbone.from_file):
            with pytest.raises(ModelError, match="input"):
                opened(write_model(graph.finish(pictures, [2])))

    def test_scores_that_are_not_numbers_are_an_error_and_not_an_answer(self):
        graph = small_classifier()
        graph.model.buffers[2].data = np.full(9, np.nan, np.float32).view(np.uint8)
        with pytest.raises(ModelError, match="not finite"):
            Classifier(write_model(graph.model)).classify(np.full((8, 8, 3), 9, np.uint8))

    def test_a_wrong_number_of_labels_is_told_with_both_numbers(self, small_model):
        with pytest.raises(DataError, match="the labels given: 2 labels for a model of 3 classes"):
            Classifier(small_model(), labels=["cat", "dog"])

    def test_errors_of_models_are_whatsit_errors(self):
        assert issubclass(ModelError, WhatsitError) and issubclass(DataError, WhatsitError)
