"""Models that the previous version wrote: they answer the same, verify, and go to every target or are refused."""

import json
import shutil

import pytest

from whatsit import Classifier, ModelError, find_examples, verify
from whatsit.deployment.deploy import deploy, offers
from whatsit.deployment.targets import TARGETS

MODELS = ("few.tflite", "project/models/small.tflite")


@pytest.fixture(scope="module")
def compat(shared_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("compat") / "compat"
    return shutil.copytree(shared_data / "compat", folder)


@pytest.mark.parametrize("model", MODELS)
def test_its_answers_are_what_they_were(compat, model):
    expected = json.loads((compat / "expected.json").read_text())[model]
    classifier = Classifier(compat / model)
    assert list(classifier.labels) == expected["labels"]
    assert classifier.card.threshold == expected["threshold"]
    for picture, told in expected["answers"].items():
        answer = classifier.classify(compat / picture)
        assert {one.label: one.score for one in answer} == pytest.approx(told["scores"], abs=0.01)
        assert answer.distance == pytest.approx(told["distance"], abs=0.002)
        assert answer.unknown == told["unknown"]


@pytest.mark.parametrize("model", MODELS)
def test_it_verifies(compat, model):
    assert verify(compat / model) == []


@pytest.mark.parametrize("target", list(TARGETS))
@pytest.mark.parametrize("model", MODELS)
def test_it_goes_to_each_target_or_is_refused_as_offered(compat, tmp_path, model, target):
    taught = find_examples(compat / "few")
    (offer,) = (offer for offer in offers(compat / model) if offer.name == target)
    if offer.refusal is not None:
        with pytest.raises(ModelError) as refused:
            deploy(compat / model, target, tmp_path / "out", taught=taught)
        assert str(offer.refusal) in str(refused.value) and TARGETS[target].title in str(refused.value)
        assert not (tmp_path / "out").exists()
        return
    made = deploy(compat / model, target, tmp_path / "out", taught=taught)
    assert "classify.py" in made.files
    assert {str(note) for note in offer.notes} <= set(made.notes)


def test_the_model_at_224_goes_everywhere_and_the_one_at_96_to_all_but_frigate(compat):
    assert [offer.name for offer in offers(compat / "few.tflite") if offer.refusal] == []
    assert [offer.name for offer in offers(compat / "project/models/small.tflite") if offer.refusal] == ["frigate"]
