"""Why a model gave an answer: where it looked, and what it compares the picture with."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

import whatsit
from small_models import small_classifier
from whatsit import Classifier, DataError, MapKind, explain, open_explainer
from whatsit.demo import photograph_parts, scene_views
from whatsit.evaluation.explanation_page import explanation_html, explanation_png, looked, sentences
from whatsit.evaluation.looked_at import activation_look, occlusion_look
from whatsit.heads.linear import LinearHead
from whatsit.tflite.flatbuffer import read_model, write_model
from whatsit.tflite.pooled import evidence_map, pooled_maps

SUBJECTS = {"temple": "china", "flower": "flower"}


def halves(which, side):
    """Pictures whose one half shows a subject and decides, and whose other half shows any toy, in any class."""
    toys = [squeezed(view) for name in ("mug", "plant", "ball", "duck") for view in scene_views(name, 4)]
    for label, photograph in SUBJECTS.items():
        for number, part in enumerate(photograph_parts(photograph, 14)):
            if (number >= 10) is (which == "asked"):
                toy = toys[number * 7 % len(toys)]
                pair = (squeezed(part), toy) if side == "left" else (toy, squeezed(part))
                yield np.concatenate(pair, axis=1), label


def squeezed(picture):
    return np.asarray(Image.fromarray(picture).resize((112, 224)))


def share_on(side, places):
    """How much of the map lies on one half; its middle column, where there is one, counts half."""
    middle = (np.arange(places.shape[1]) + 0.5) / places.shape[1]
    left = (places * np.where(middle < 0.499, 1, np.where(middle < 0.501, 0.5, 0))).sum() / places.sum()
    return left if side == "left" else 1 - left


@pytest.fixture(scope="module", params=["left", "right"])
def composed(request):
    taught = list(halves("taught", request.param))
    return request.param, taught, whatsit.teach(taught)


@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_it_looks_at_the_half_of_a_composed_picture_that_decides(composed, dtype):
    side, taught, model = composed
    explainer = open_explainer(model.to_tflite(dtype), taught)
    for picture, label in halves("asked", side):
        found = explainer.explain(picture)
        assert found.predictions[0].label == label and found.looked_at.kind is MapKind.ACTIVATION
        assert share_on(side, found.looked_at.places) > 0.6
        assert [one.label for one in found.classes] == [one.label for one in found.predictions[:2]]
        for one in found.classes:
            away = [near.distance for near in one.nearest]
            assert len(away) == 3 and away == sorted(away) and {near.label for near in one.nearest} == {one.label}


@pytest.mark.parametrize("kind", ["int8", "float32", "from elsewhere"])
def test_the_network_runs_twice_and_not_again_for_pictures_to_compare_with(composed, kind):
    side, taught, model = composed
    if kind == "from elsewhere":
        content = write_model(small_classifier().model)
        taught = [(picture, Classifier(content).labels[0]) for picture, _ in taught[:4]]
    else:
        content = model.to_tflite(kind)
    whole = open_explainer(content, taught)
    picture, _ = next(iter(halves("asked", side)))
    found = replace(whole, taught=None).explain(picture)
    assert np.array_equal(found.looked_at.embedding, whole.embed(found.pixels))
    assert replace(whole, recogniser=None, look=None, embed=fail).evidence(found) == whole.explain(picture).classes


def fail(pixels):
    raise AssertionError("the network ran again")


def test_covering_patches_finds_the_same_half_in_a_network_whose_maps_cannot_be_used(composed):
    side, _, model = composed
    classifier = Classifier(model.to_tflite())
    shares = []
    for picture, _ in list(halves("asked", side))[::4]:
        pixels = classifier.preprocess.pixels(picture)
        found = occlusion_look(classifier)(pixels, classifier.classify_pixels(pixels))
        assert found.kind is MapKind.OCCLUSION and found.places.max() <= 1
        shares.append(share_on(side, found.places))
    assert np.mean(shares) > 0.6


@pytest.mark.parametrize("multi_layer", [False, True])
def test_the_places_add_up_to_the_number_they_explain(multi_layer):
    backbone = whatsit.Backbone.builtin(size=96, dtype="float32", multi_layer=multi_layer)
    model = read_model(backbone.content)
    embedding = int(model.subgraphs[0].outputs[0])
    maps = pooled_maps(model, embedding)
    weights = np.random.default_rng(0).normal(size=backbone.dim).astype(np.float32)
    picture = next(photograph_parts("china", 1))
    seen = []
    head = LinearHead(np.stack([weights, np.zeros_like(weights)]), np.zeros(2, np.float32), ("a", "b"), normalise=False)

    def kept(shown, values, direction):
        seen.append(evidence_map(shown, values, direction))
        return seen[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("whatsit.evaluation.looked_at.evidence_map", kept)
        look = activation_look(backbone.content, backbone.preprocess, head, "backbone")
        best = whatsit.Predictions((whatsit.Prediction("a", 1.0, 0),))
        look(backbone.preprocess.pixels(picture), best)
    assert maps and maps[-1].features.stop == backbone.dim
    assert seen[0].sum() == pytest.approx(float(weights @ backbone.embed(picture)), rel=1e-3, abs=1e-3)


def test_a_classifier_from_elsewhere_is_explained_by_its_own_last_layer():
    found = explain(write_model(small_classifier().model), next(photograph_parts("flower", 1)))
    assert found.looked_at.kind is MapKind.ACTIVATION and found.looked_at.places.shape == (8, 8)
    assert not any(one.nearest for one in found.classes)  # nothing is known of what it was taught


def test_a_few_shot_classifier_that_has_learnt_nothing_is_refused():
    things = whatsit.FewShotClassifier(whatsit.PixelEmbedder())
    with pytest.raises(DataError, match="nothing is taught yet"):
        whatsit.Explainer(things, occlusion_look(things)).explain(next(photograph_parts("china", 1)))


def test_where_it_looked_is_seen_on_a_dark_picture_too(composed):
    _, taught, model = composed
    found = open_explainer(model.to_tflite()).explain(taught[0][0])
    black = replace(found, pixels=np.zeros_like(found.pixels))
    line = np.asarray(looked(black)).any(axis=2)
    assert line.any() and line.mean() < 0.1


def test_an_explanation_is_written_as_a_page_and_as_a_picture(composed):
    _, taught, model = composed
    found = open_explainer(model.to_tflite(), [(picture, f"{label}") for picture, label in taught]).explain(
        taught[0][0]
    )
    page = explanation_html(found, "Why: <b>.jpg").decode()
    assert "Why: &lt;b&gt;.jpg" in page and page.count("data:image/jpeg") == 2 + 2 * 3
    assert Image.open(BytesIO(explanation_png(found))).width > 600
    assert sentences(found)[0].startswith("Best class: temple, score ")


def test_an_unknown_picture_is_explained_by_its_strangeness(composed):
    _, _, model = composed
    found = explain(model.to_tflite(), np.zeros((224, 224, 3), np.uint8))
    assert found.predictions.unknown and found.predictions.unknown_by == "far"
    measured = f"strangeness {found.predictions.strangeness:.2f}, of which 1 is the limit"
    assert f"Unknown: unlike everything taught ({measured})." in sentences(found)


def test_the_command_writes_why_and_refuses_other_kinds_of_file(tmp_path, whatsit_line, photographs):
    out = tmp_path / "why.html"
    assert whatsit_line("why", photographs["china"], "-o", out)[0] == 0
    assert out.read_bytes().startswith(b"<!doctype html>")
    status, said = whatsit_line("why", photographs["china"], "-o", tmp_path / "why.gif")
    assert status == 1 and "expected a name that ends in .png or .html" in said
