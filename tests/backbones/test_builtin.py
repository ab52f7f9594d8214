"""The built-in networks: made of nothing but the weights' numbers, once, whatever state the cache is in."""

import io
import os
import pickle
import struct
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from whatsit import Backbone, BackboneChoice, Classifier, ModelError
from whatsit.backbones import builtin
from whatsit.backbones.builtin import builtin_model, weights_path
from whatsit.backbones.efficientnet_lite import MULTI_LAYER_BLOCKS, MULTI_LAYER_GAIN
from whatsit.backbones.lite import LITE0
from whatsit.backbones.torch_weights import parse_weights, read_weights
from whatsit.files import cache_folder
from whatsit.tflite.interpreter import Runtime

MAGIC = 0x1950A86A20F9469CFC6C


def legacy_file(described):
    """A file as ``torch.save`` once wrote it, around a pickle given as bytes."""
    first = [pickle.dumps(part, 2) for part in (MAGIC, 1001, {"little_endian": True})]
    return b"".join(first) + described + pickle.dumps(["0"], 2) + struct.pack("<q4f", 4, 1, 2, 3, 4)


class Calls:
    """Pickles to a call of ``function(*arguments)``."""

    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


def described(shape=b"K\x02K\x02", strides=b"K\x02K\x01", storage=b"FloatStorage", offset=b"K\x00"):
    """The pickle of ``{"weight": tensor}``, opcode by opcode as PyTorch writes it."""
    return (
        b"\x80\x02}X\x06\x00\x00\x00weight" b"ctorch._utils\n_rebuild_tensor_v2\n("
        b"(X\x07\x00\x00\x00storagectorch\n" + storage + b"\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04NtQ"
        + offset + b"(" + shape + b"t(" + strides + b"t\x89ccollections\nOrderedDict\n)RtRs."
    )  # fmt: skip


class TestTheWeightsReader:
    def test_it_reads_a_tensor_of_a_legacy_file(self):
        weights = parse_weights(legacy_file(described()), "x.pth")
        assert weights["weight"].tolist() == [[1, 2], [3, 4]]

    def test_strides_are_honoured(self):
        assert parse_weights(legacy_file(described(strides=b"K\x01K\x02")), "x")["weight"].tolist() == [[1, 3], [2, 4]]

    @pytest.mark.parametrize(
        "program",
        [
            Calls(os.system, "touch broken-in"), Calls(eval, "open('broken-in', 'w')"), Calls(exec, "x = 1"),
            Calls(os.remove, "x"), Calls(subprocess.call, ["touch", "broken-in"]), Calls(getattr, "x", "upper"),
            Calls(__import__, "os"), Calls(np.load, "x.npy", None, True), Calls(io.open, "broken-in", "w"),
            OrderedDict(a=Calls(print, "hello")), np.zeros(3), os.path.join,
        ],
        ids=lambda p: getattr(getattr(p, "function", p), "__name__", type(p).__name__),
    )  # fmt: skip
    def test_a_pickle_that_names_anything_but_tensors_is_refused_and_runs_nothing(self, program, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        for protocol in (0, 2, 4):
            content = legacy_file(pickle.dumps({"weight": program}, protocol))
            with pytest.raises(ModelError, match=r"is not allowed|other than tensors") as error:
                parse_weights(content, "x.pth")
            assert "\n" not in str(error.value)
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize(
        "change",
        [
            {"shape": b"K\x09K\x02"}, {"offset": b"K\x03"}, {"strides": b"K\xffK\xff"}, {"strides": b"K\x01"},
            {"storage": b"HalfStorage"}, {"offset": b"J\xff\xff\xff\xff"}, {"strides": b"J\xff\xff\xff\xffK\x01"},
            {"shape": b"J\xff\xff\xff\x7fJ\xff\xff\xff\x7f", "strides": b"K\x00K\x00"},
        ],
        ids=str,
    )  # fmt: skip
    def test_a_tensor_that_reaches_outside_its_numbers_is_refused(self, change):
        with pytest.raises(ModelError, match="other than tensors"):
            parse_weights(legacy_file(described(**change)), "x.pth")

    def test_truncation_at_every_byte_is_refused(self):
        content = legacy_file(described())
        for length in range(len(content)):
            with pytest.raises(ModelError):
                parse_weights(content[:length], "x.pth")

    def test_another_file_in_the_weights_place_is_refused_by_its_hash_before_it_is_read(self, tmp_path):
        (tmp_path / "w.pth").write_bytes(legacy_file(described()))
        with pytest.raises(ModelError, match=r"SHA-256 .* instead of 579344248a93e230…; reinstall"):
            read_weights(tmp_path / "w.pth", LITE0.variant.sha256)
        with pytest.raises(ModelError, match=r"gone\.pth: the weights cannot be read"):
            read_weights(tmp_path / "gone.pth", LITE0.variant.sha256)


class TestTheNetwork:
    def test_the_first_layer_is_the_convolution_that_numpy_computes(self):
        """An independent float64 computation from the raw weights, batch norm unfolded, on a crop of noise."""
        variant = LITE0.variant
        weights = read_weights(weights_path(variant), variant.sha256)
        picture = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.float64)
        values = np.pad((picture - 127) / 128, ((0, 1), (0, 1), (0, 0)))  # SAME at stride 2: one row below, one right
        kernel = weights["_conv_stem.weight"].astype(np.float64)
        windows = np.lib.stride_tricks.sliding_window_view(values, (3, 3), axis=(0, 1))[::2, ::2]
        convolved = np.einsum("hwcij,ocij->hwo", windows, kernel)
        norm = {
            key: weights[f"_bn0.{key}"].astype(np.float64) for key in ("weight", "bias", "running_mean", "running_var")
        }
        scaled = (convolved - norm["running_mean"]) / np.sqrt(norm["running_var"] + 1e-3) * norm["weight"] + norm[
            "bias"
        ]
        expected = np.clip(scaled, 0, 6)

        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        run = Interpreter(
            model_content=builtin_model(size=32, dtype="float32"), experimental_preserve_all_tensors=True,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )  # fmt: skip
        run.allocate_tensors()
        run.set_tensor(run.get_input_details()[0]["index"], ((picture - 127) / 128).astype(np.float32)[np.newaxis])
        run.invoke()
        stem = next(d for d in run.get_tensor_details() if d["name"] == "_conv_stem")
        np.testing.assert_allclose(run.get_tensor(stem["index"])[0], expected, atol=1e-4)

    @pytest.mark.parametrize("size", [32, 96, 160, 288, 512])
    def test_every_size_builds_and_tells_pictures_apart(self, size, photographs):
        backbone = Backbone.builtin(size=size)
        assert backbone.dim == 1280 and backbone.preprocess.width == size
        china, flower = (backbone.embed(photographs[name]) for name in ("china", "flower"))
        likeness = china @ flower / np.linalg.norm(china) / np.linalg.norm(flower)
        assert np.isfinite(china).all() and likeness < 0.9

    @pytest.mark.parametrize("size", [32, 160, 224])
    def test_int8_follows_float32(self, size, photographs):
        exact, rounded = (Backbone.builtin(size=size, dtype=dtype) for dtype in ("float32", "int8"))
        for path in photographs.values():
            a, b = exact.embed(path), rounded.embed(path)
            assert a @ b / np.linalg.norm(a) / np.linalg.norm(b) > 0.93

    def test_int8_takes_raw_pixels(self):
        taken = Runtime(builtin_model(size=32)).input
        assert taken.dtype == np.uint8 and taken.scale == 1 / 128 and taken.zero_point == 127

    @pytest.mark.parametrize(
        "wrong",
        [{"size": 0}, {"size": 20}, {"size": 544}, {"size": -32}, {"name": "lite9"}, {"dtype": "int4"}, {"blocks": 0}],
        ids=str,
    )
    def test_what_cannot_be_built_is_refused_in_one_line(self, wrong):
        with pytest.raises(ModelError) as error:
            Backbone.builtin(**wrong)
        assert "\n" not in str(error.value) and str(next(iter(wrong.values()))) in str(error.value)

    def test_a_shallower_backbone_is_another_backbone(self, photographs):
        whole, part = Backbone.builtin(size=96), Backbone.builtin(size=96, blocks=11)
        assert part.dim < whole.dim and part.id != whole.id and len(part.content) < len(whole.content)

    def test_a_joined_embedding_is_the_means_of_the_last_blocks_above_and_below(self, photographs):
        picture = next(iter(photographs.values()))
        joined = Backbone.builtin(size=64, dtype="float32", multi_layer=True)
        parts = [Backbone.builtin(size=64, dtype="float32", blocks=blocks).embed(picture) for blocks in range(11, 17)]
        parts = [MULTI_LAYER_GAIN * part for part in parts[-MULTI_LAYER_BLOCKS:]]
        parts.append(Backbone.builtin(size=64, dtype="float32").embed(picture))
        found, at = joined.embed(picture), 0
        for part in parts:  # the last maps are 2 pixels high: the two halves' mean is the whole's
            upper, lower = found[at : at + len(part)], found[at + len(part) : at + 2 * len(part)]
            assert np.allclose((upper + lower) / 2, part, atol=1e-4) and not np.allclose(upper, lower, atol=0.01)
            at += 2 * len(part)
        assert at == len(found)
        assert Backbone.from_id(joined.id).content == joined.content
        int8 = Backbone.builtin(size=64, multi_layer=True).embed(picture)
        assert np.corrcoef(int8, found)[0, 1] > 0.98

    def test_the_two_halves_of_a_joined_embedding_change_places_with_those_of_the_picture(self):
        shades = np.repeat(np.array([[20], [230]], np.uint8), [112, 112], axis=0)
        picture = np.broadcast_to(shades[..., np.newaxis], (224, 224, 3)).copy()
        joined = Backbone.builtin(dtype="float32", multi_layer=True)
        last = slice(joined.dim - 2 * 1280, None)
        upright, turned = (joined.embed_pixels(np.ascontiguousarray(p))[last] for p in (picture, picture[::-1]))
        other_half = np.roll(upright, 1280)
        assert np.linalg.norm(turned - other_half) < np.linalg.norm(turned - upright)

    def test_it_knows_the_photographs_and_int8_costs_under_two_points(self, shared_data):
        photos = sorted((shared_data / "photos").glob("*.JPEG"))
        truth = [photo.stem.split("_", 1)[1].replace("_", " ") for photo in photos]

        def right(model, **settings):
            classifier = Classifier(model, builtin.imagenet_labels(), **settings)
            answers = classifier.classify_many(photos, top_k=1)
            return np.mean([a[0].label.split(" (")[0] == name for a, name in zip(answers, truth, strict=True)])

        int8 = right(builtin_model(top=True), fit="cover")
        backbone = Backbone.builtin()
        network = builtin_model(top=True, dtype="float32")
        float32 = np.mean(
            [
                builtin.imagenet_labels()[int(scores[0].argmax())].split(" (")[0] == name
                for scores, name in zip(_run(network, backbone.preprocess, photos), truth, strict=True)
            ]
        )
        assert int8 >= 0.86
        assert abs(int8 - float32) <= 0.02


def _run(content, preprocess, images):
    runtime = Runtime(content)
    for image in images:
        yield runtime.run(preprocess.normalised(preprocess.pixels(image))[np.newaxis])[0]


BUILD = (
    "import sys, time\n"
    "from whatsit.backbones import builtin\n"
    "real = builtin._build\n"
    "def build(*args):\n"
    "    print('built', flush=True)\n"
    "    return real(*args)\n"
    "builtin._build = build\n"
    "print(len(builtin.builtin_model(size=32, dtype='float32')))\n"
)


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("WHATSIT_CACHE", str(folder))
    return folder


class TestTheCache:
    def test_processes_that_start_together_build_once_and_all_work(self, own_cache):
        running = [
            subprocess.Popen([sys.executable, "-c", BUILD], stdout=subprocess.PIPE, text=True, env=_environment())
            for _ in range(3)
        ]
        outputs = [process.communicate()[0].split() for process in running]
        assert [process.returncode for process in running] == [0, 0, 0]
        assert sum(output.count("built") for output in outputs) == 1
        assert len({output[-1] for output in outputs}) == 1

    def test_a_second_start_reads_and_does_not_build(self, own_cache, monkeypatch):
        first = builtin_model(size=32, dtype="float32")
        monkeypatch.setattr(builtin, "_build", None)
        assert builtin_model(size=32, dtype="float32") == first

    @pytest.mark.parametrize("damage", ["emptied", "truncated", "one bit"])
    def test_a_damaged_file_in_the_cache_is_built_again(self, own_cache, damage):
        first = builtin_model(size=32, dtype="float32")
        (file,) = (path for path in own_cache.iterdir() if path.stat().st_size)
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes({"emptied": b"", "truncated": content[:-9], "one bit": content}[damage])
        assert builtin_model(size=32, dtype="float32") == first
        assert len(file.read_bytes()) == len(content) and file.read_bytes() != bytes(content)

    def test_a_cache_that_cannot_be_written_costs_time_and_nothing_else(self, tmp_path, monkeypatch):
        (tmp_path / "a file").touch()
        monkeypatch.setenv("WHATSIT_CACHE", str(tmp_path / "a file" / "cache"))
        assert len(builtin_model(size=32, dtype="float32")) > 10**6

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root may lay a read-only disk over a folder")
    @pytest.mark.parametrize("disk", ["ro", "size=64k"], ids=["read-only", "full"])
    def test_a_read_only_or_full_disk_costs_time_and_nothing_else(self, own_cache, disk):
        own_cache.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", disk, "tmpfs", own_cache], capture_output=True, check=False
        )
        if mounted.returncode:
            pytest.skip(f"this machine allows no mounts: {mounted.stderr.decode().strip()}")
        try:
            assert len(builtin_model(size=32, dtype="float32")) > 10**6
            assert not [path for path in own_cache.iterdir() if path.stat().st_size], "and nothing half-written"
        finally:
            subprocess.run(["umount", own_cache], check=True)

    def test_a_disk_that_fills_up_half_way_leaves_no_half_of_a_file(self, own_cache, monkeypatch):
        def full(_handle):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        assert len(builtin_model(size=32, dtype="float32")) > 10**6
        assert not [path for path in own_cache.iterdir() if path.stat().st_size]

    def test_the_folder_follows_the_desktops_rules(self, monkeypatch, tmp_path):
        monkeypatch.setenv("WHATSIT_CACHE", str(tmp_path / "a"))
        assert cache_folder() == tmp_path / "a"
        monkeypatch.delenv("WHATSIT_CACHE")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "b"))
        assert cache_folder() == tmp_path / "b" / "whatsit"
        monkeypatch.delenv("XDG_CACHE_HOME")
        monkeypatch.setenv("HOME", str(tmp_path / "c"))
        assert cache_folder() == tmp_path / "c" / ".cache" / "whatsit"


def _environment():
    return os.environ | {"PYTHONPATH": str(Path(builtin.__file__).parents[2])}


def test_a_picture_of_one_colour_is_no_trouble():
    picture = Image.new("RGB", (50, 50), "white")
    assert np.isfinite(BackboneChoice(size=32).open().embed(picture)).all()
