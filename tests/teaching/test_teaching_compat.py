"""Files that an earlier version wrote give the answers they gave then."""

import json

import pytest

from whatsit import Classifier, FewShotClassifier, SelfLearnClassifier, TaughtModel, verify


@pytest.fixture(scope="module")
def compat(shared_data):
    folder = shared_data / "compat"
    if not folder.is_dir():
        pytest.skip(f"the files of an earlier version are not in {folder}")
    return folder, json.loads((folder / "expected.json").read_text())


def test_a_feature_file_answers_with_the_same_distances(compat):
    folder, expected = compat
    few = FewShotClassifier.from_file(folder / "few.bin")
    maixpy = SelfLearnClassifier(dual_buff=False)
    assert list(few.labels) == maixpy.load(folder / "few.bin") == expected["few.bin"]["labels"]
    assert few.threshold is not None
    for picture, nearest in expected["few.bin"]["answers"].items():
        found = maixpy.classify(folder / picture)
        assert [index for index, _ in found] == [index for index, _ in nearest]
        assert [away for _, away in found] == pytest.approx([away for _, away in nearest], abs=0.001)
        answer = few.classify(folder / picture)
        assert [(one.index, away) for one, away in zip(answer, answer.distances, strict=True)] == found
        assert not answer.unknown


@pytest.mark.parametrize("name", ["few.tflite", "project/models/small.tflite"])
def test_a_model_answers_with_the_same_scores_and_can_be_written_again(compat, name):
    folder, expected = compat
    model = Classifier(folder / name)
    assert (list(model.labels), model.card.threshold) == (expected[name]["labels"], expected[name]["threshold"])
    assert verify(folder / name) == []
    for picture, told in expected[name]["answers"].items():
        answer = model.classify(folder / picture)
        assert {one.label: one.score for one in answer} == pytest.approx(told["scores"], abs=0.001)
        assert (answer.distance, answer.unknown) == (pytest.approx(told["distance"], abs=0.001), told["unknown"])
    again = Classifier(TaughtModel.from_file(folder / name).to_tflite())
    pictures = [folder / picture for picture in expected[name]["answers"]]
    assert list(again.classify_many(pictures)) == list(model.classify_many(pictures))
