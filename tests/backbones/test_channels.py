"""Which channels a narrower network keeps: those with the largest gain, the same ones wherever outputs are added."""

import numpy as np
import pytest

from whatsit.backbones.builtin import weights_path
from whatsit.backbones.channels import channel_plan, narrow_count
from whatsit.backbones.efficientnet_lite import build
from whatsit.backbones.lite import LITE0
from whatsit.backbones.torch_weights import read_weights
from whatsit.tflite.flatbuffer import write_model
from whatsit.tflite.merge import tensor_names
from whatsit.tflite.multiply_adds import multiply_adds

VARIANT = LITE0.variant


@pytest.fixture(scope="module")
def weights():
    return read_weights(weights_path(VARIANT), VARIANT.sha256)


@pytest.mark.parametrize(("channels", "width", "expected"), [
    (40, 1.0, 40), (40, 0.5, 24), (16, 0.35, 8), (24, 0.75, 24), (1152, 0.5, 576), (8, 0.1, 8), (4, 0.5, 4),
])  # fmt: skip
def test_numbers_of_channels_are_multiples_of_eight_near_the_share(channels, width, expected):
    assert narrow_count(channels, width) == expected


def test_the_channels_with_the_largest_gain_stay_in_their_order(weights):
    gains = weights["_blocks.3._bn1.weight"].copy()
    gains[[5, 100, 60]] = [-50, 70, 60]
    plan = channel_plan(VARIANT, {**weights, "_blocks.3._bn1.weight": gains}, 0.1)
    kept = plan.layers["_blocks.3._depthwise_conv"].outputs
    assert len(kept) == 16 and {5, 60, 100} <= set(kept) and list(kept) == sorted(kept)
    assert plan.layers["_blocks.3._expand_conv"].outputs is kept is plan.layers["_blocks.3._project_conv"].inputs


def test_blocks_that_add_to_one_stream_keep_the_same_channels_and_the_next_ones_read_them(weights):
    layers = channel_plan(VARIANT, weights, 0.5).layers
    for stage in VARIANT.stages:
        outputs = [list(layers[f"_blocks.{index}._project_conv"].outputs) for index in stage]
        assert all(one == outputs[0] for one in outputs)
        for index in stage[1:]:
            assert list(layers[f"_blocks.{index}._expand_conv"].inputs) == outputs[0]
    assert list(layers["_blocks.0._depthwise_conv"].outputs) == list(layers["_conv_stem"].outputs)


@pytest.mark.parametrize("blocks", [None, 11, 4])
@pytest.mark.parametrize("width", [0.75, 0.5, 0.35])
def test_the_narrow_weights_build_a_network_whose_multiply_adds_fall_with_the_square_of_the_width(
    weights, width, blocks
):
    plan = channel_plan(VARIANT, weights, width, blocks)
    narrow = write_model(build(VARIANT, plan.narrowed(weights), 64, blocks=blocks))
    whole = write_model(build(VARIANT, weights, 64, blocks=blocks))
    assert width**2 * 0.8 < multiply_adds(narrow) / multiply_adds(whole) < width**2 * 1.8
    assert len(plan.embedding) == (
        1280 if blocks is None else len(plan.layers[f"_blocks.{blocks - 1}._project_conv"].outputs)
    )


def test_streams_that_happen_to_be_equally_wide_are_not_added_to_each_other(weights):
    narrow = channel_plan(VARIANT, weights, 0.1).narrowed(weights)
    assert narrow["_conv_stem.weight"].shape[0] == narrow["_blocks.0._project_conv.weight"].shape[0] == 8
    graph = build(VARIANT, narrow, 32)
    added = [name for name in tensor_names(graph) if name.endswith("add")]
    assert added == [f"_blocks.{index}.add" for stage in VARIANT.stages for index in stage[1:]]


def test_width_one_keeps_every_weight_as_it_is(weights):
    same = channel_plan(VARIANT, weights, 1.0).narrowed(weights)
    assert all(np.array_equal(same[name], weights[name]) for name in same)
    assert {name for name in weights if not name.startswith("_fc") and "num_batches" not in name} == set(same)
