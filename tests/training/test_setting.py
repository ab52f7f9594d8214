"""A setting is declared once, in Design: everything else is made from there."""

import copy
import pickle
import re
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from whatsit.cli.app import app
from whatsit.errors import DataError, SettingError
from whatsit.imaging.preprocess import Fit
from whatsit.studio.pages.shared.i18n import Languages
from whatsit.training.design import Design, TrainingMode

ROOT = Path(__file__).parents[2]
NAMES = [setting.name for setting in Design.schema()]


def test_every_field_of_a_design_is_a_setting_with_its_default():
    design = Design()
    assert list(design.__dataclass_fields__) == NAMES
    values = design.to_dict()
    assert {setting.name: setting.default for setting in Design.schema() if setting.default is not None} == values


def test_every_setting_is_an_option_of_train_with_its_text():
    said = CliRunner().invoke(app, ["train", "--help"], env={"COLUMNS": "200", "TERM": "dumb"}).output
    flat = re.sub(r"[\s│]+", " ", said)
    for setting in Design.schema():
        assert f"--{setting.name.replace('_', '-')}" in said
        assert setting.about.text in flat


def test_every_setting_has_words_in_every_language():
    for language in Languages().values():
        for setting in Design.schema():
            assert f"design.{setting.name}" in language.messages
            assert all(f"design.{setting.name}.{choice}" in language.messages for choice in setting.choices)
            if setting.about.advanced and setting.kind != "flag":
                assert f"design.{setting.name}_hint" in language.messages


def test_the_documented_table_is_the_designs():
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        from design_table import PAGE, with_table
    finally:
        sys.path.pop(0)
    assert PAGE.read_text() == with_table(PAGE.read_text()), "run  python tools/design_table.py"


def test_a_refused_setting_says_which_as_fields_and_outlives_a_pickle():
    with pytest.raises(SettingError) as caught:
        Design(dropout=1.5)
    for error in (caught.value, pickle.loads(pickle.dumps(caught.value)), copy.copy(caught.value)):
        assert (error.field, error.value, error.expected) == ("dropout", 1.5, "0 to 0.9")
        assert str(error) == "dropout 1.5: expected 0 to 0.9"
        assert error.named("--dropout") == "--dropout 1.5: expected 0 to 0.9"
    assert isinstance(caught.value, DataError) and isinstance(caught.value, ValueError)


def test_words_and_paths_are_taken_as_enums_and_text(tmp_path):
    design = Design(mode="frozen", fit="squash", backbone=tmp_path / "mine.tflite")  # type: ignore[arg-type]
    assert (design.mode, design.fit) == (TrainingMode.FROZEN, Fit.SQUASH)
    assert design.backbone == str(tmp_path / "mine.tflite")
    with pytest.raises(SettingError, match="fit 'sqash': expected one of cover, contain, squash"):
        Design(fit="sqash")  # type: ignore[arg-type]


def test_defaults_that_depend_on_the_mode_follow_it():
    designs = [Design(mode=mode) for mode in TrainingMode]
    assert [design.most_epochs for design in designs] == [60, 6, 40]
    assert [design.rate for design in designs] == [1e-3, 3e-4, 3e-3]
    assert [design.stop_after for design in designs] == [10, None, None]
    assert Design(mode=TrainingMode.SCRATCH, epochs=3).most_epochs == 3


def test_another_mode_or_backbone_drops_what_belonged_to_the_one_before(tmp_path):
    before = Design(blocks=5, epochs=9, seed=4)
    assert before.revised({"mode": "scratch"}) == Design(mode=TrainingMode.SCRATCH, blocks=5, seed=4)
    assert before.revised({"backbone": "lite1"}) == Design(backbone="lite1", epochs=9, seed=4)
    file = str(tmp_path / "mine.tflite")
    assert Design(size=96).revised({"backbone": file}).size == Design().size
    with pytest.raises(
        SettingError, match="mixup True: expected no value in mode frozen; only fine-tune and scratch use"
    ):
        before.revised({"mixup": True})
