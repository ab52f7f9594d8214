"""Rules for classes that the model does not have are said when they are put to work, with the nearest classes."""

import logging
from types import SimpleNamespace

import pytest

from whatsit.live.answer_state import AnswerState
from whatsit.live.controls import ControllingSink
from whatsit.rules.missing_label import missing_labels
from whatsit.rules.rule import Rule
from whatsit.rules.rules_sink import RulesSink

LEFT = Rule("left", AnswerState.LABEL, "mug", "gpio:18")
LAMP = Rule("lamp", AnswerState.UNKNOWN, None, "gpio:17")
MANY = tuple(f"thing {number}" for number in range(20))


@pytest.mark.parametrize(
    ("wanted", "labels", "said"),
    [
        ("mug", ("coffee mug", "cup"), "nearest: coffee mug"),
        ("mug", ("Mug", "mug shot", "cup"), "nearest: Mug, mug shot"),
        ("bottel", ("bottle", "cup"), "nearest: bottle"),
        ("duck", ("coffee mug", "cup"), "it has coffee mug, cup"),
        ("duck", MANY, "none of its 20 is called alike"),
        ("a\nb\x1b", ("cup",), "it has cup"),
    ],
)
def test_the_nearest_classes_are_named(wanted: str, labels: tuple[str, ...], said: str) -> None:
    rule = Rule("left", AnswerState.LABEL, wanted, "gpio:18")
    (line,) = missing_labels([rule, LAMP], labels)
    assert line.startswith("rule left: ") and line.endswith(f" is not a class of this model; {said}")
    assert line.isprintable()


def test_nothing_is_said_of_classes_that_are_there_or_before_any_was_taught() -> None:
    assert missing_labels([LEFT, LAMP], ("mug", "duck")) == missing_labels([LEFT, LAMP], ()) == ()


def test_many_such_rules_are_counted() -> None:
    rules = [Rule(f"rule {number}", AnswerState.LABEL, "mug", "gpio:17") for number in range(1, 31)]
    lines = missing_labels(rules, ("cup",))
    assert lines[0].startswith("rule 1: mug is not") and lines[8:] == (
        "22 more rules wait for classes that this model does not have",
    )


def test_live_rules_say_it_at_the_start_and_again_for_another_model(caplog: pytest.LogCaptureFixture) -> None:
    sink = RulesSink([LEFT], {})
    assert isinstance(sink, ControllingSink), "what the engine and the studio attach"
    controls = SimpleNamespace(recogniser=SimpleNamespace(labels=("coffee mug",)))
    with caplog.at_level(logging.WARNING):
        sink.attach(controls)  # type: ignore[arg-type]  # all that is asked of it
        sink.attach(controls)  # type: ignore[arg-type]
        controls.recogniser = SimpleNamespace(labels=("mug",))
        sink._compare()
        controls.recogniser = SimpleNamespace(labels=("cup",))
        sink._compare()
    sink.close()
    assert [record.getMessage() for record in caplog.records] == [
        "rule left: mug is not a class of this model; nearest: coffee mug",
        "rule left: mug is not a class of this model; it has cup",
    ]
