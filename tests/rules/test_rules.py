"""Rules: what is switched is what a plain simulation predicts, and safe whenever nothing is seen."""

import os
import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from said import said
from whatsit.cameras import open_camera
from whatsit.cli.app import main
from whatsit.errors import DataError, WhatsitError
from whatsit.live.answer_state import AnswerState
from whatsit.live.sink_thread import SinkThread
from whatsit.live.sinks import open_sink
from whatsit.rules.actions import open_actions, read_checked, targets
from whatsit.rules.dry_run import Switched, switched
from whatsit.rules.reading import read_rules, rules_of
from whatsit.rules.rule import Rule, Seen
from whatsit.rules.rules_sink import RulesSink

LONG = 30.0
LABEL, UNKNOWN, STALE = AnswerState.LABEL, AnswerState.UNKNOWN, AnswerState.STALE
MUG = Rule("mug", LABEL, "mug", "gpio:17")


def timed(steps: list[tuple[float, AnswerState, str, float]]) -> list[tuple[float, Seen]]:
    found, time = [], 0.0
    for step, state, label, score in steps:
        time += step
        found.append((time, Seen(state, label, score)))
    return found


moments = st.lists(
    st.tuples(
        st.floats(0.05, 3),
        st.sampled_from([LABEL, UNKNOWN, STALE]),
        st.sampled_from(["mug", "book"]),
        st.sampled_from([0.3, 0.6, 0.9]),
    ),
    max_size=60,
).map(timed)
limits = st.sampled_from([0.0, 1.0, 4.0])
rules = st.builds(
    Rule,
    st.just("rule"),
    st.sampled_from([LABEL, UNKNOWN]),
    st.just("mug"),
    st.just("gpio:17"),
    limits,
    st.sampled_from([0.0, 0.5]),
    limits,
    limits,
)


def simulated(rule: Rule, seen: list[tuple[float, Seen]]) -> list[bool]:
    """The rule in other words: on or off after each moment, by looking back over all of them."""
    levels: list[bool] = []
    for at, (time, _) in enumerate(seen):
        begin = at + 1
        while begin and wanted(rule, seen[begin - 1][1]):
            begin -= 1
        if begin > at:
            levels.append(False)
            continue
        rises = [seen[i][0] for i in range(at) if levels[i] and (i == 0 or not levels[i - 1])]
        falls = [seen[i][0] for i in range(1, at) if levels[i - 1] and not levels[i]]
        free = (
            time - seen[begin][0] >= rule.seconds
            and all(time - fall >= rule.minimum_off for fall in falls)
            and all(time - rise >= rule.cooldown for rise in rises)
        )
        levels.append((at > 0 and levels[-1]) or free)
    return levels


def wanted(rule: Rule, seen: Seen) -> bool:
    if seen.state is not rule.state or seen.score < rule.at_least:
        return False
    return rule.state is not LABEL or seen.label == rule.label


def changes(levels: list[bool], seen: list[tuple[float, Seen]]) -> list[tuple[float, bool]]:
    pairs = zip([False, *levels], levels, seen, strict=False)
    return [(time, level) for before, level, (time, _) in pairs if level != before]


@given(rules, moments)
def test_a_rule_switches_when_a_plain_simulation_does(rule: Rule, seen: list[tuple[float, Seen]]) -> None:
    found = [(one.time, one.on) for one in switched([rule], seen)]
    assert found == changes(simulated(rule, seen), seen)


@given(rules, moments)
def test_limits_are_kept_whatever_is_seen(rule: Rule, seen: list[tuple[float, Seen]]) -> None:
    found = list(switched([rule], seen))
    assert [one.on for one in found] == [at % 2 == 0 for at in range(len(found))]
    for before, after in pairwise(found):
        if after.on:
            assert after.time - before.time >= rule.minimum_off
    rises = [one.time for one in found if one.on]
    assert all(later - earlier >= rule.cooldown for earlier, later in pairwise(rises))


@pytest.fixture
def pins(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Pins that are not there, as gpiozero brings them."""
    gpiozero = pytest.importorskip("gpiozero", reason="the extra gpio is not installed")
    mock = pytest.importorskip("gpiozero.pins.mock", reason="the extra gpio is not installed")
    factory = mock.MockFactory(pin_class=mock.MockPWMPin)
    monkeypatch.setattr(gpiozero.Device, "pin_factory", factory)
    yield factory
    factory.reset()


def sorter() -> tuple[Rule, ...]:
    """A servo that turns left for a mug and right for a duck, and a lamp for what is not known."""
    return rules_of(
        {
            "rules": [
                {"name": "left", "label": "mug", "for": 0.5, "cooldown": 3, "then": "gpio:18?angle=-45"},
                {"name": "right", "label": "duck", "for": 1, "minimum_off": 2, "then": "gpio:18?angle=45"},
                {"name": "lamp", "state": "unknown", "then": "gpio:17"},
            ]
        }
    )


def test_a_sorter_moves_over_ten_minutes_exactly_as_simulated(pins: Any) -> None:
    found, chance = sorter(), random.Random(5)
    seen: list[tuple[float, Seen]] = []
    with open_camera("synthetic:?object=mug,duck&dwell=17&fps=0&size=16x16") as camera:
        for number in range(1200):  # two per second
            truth = str(camera.read().truth)
            label = truth if chance.random() < 0.97 else chance.choice(["mug", "duck", "book"])
            seen.append((1000 + number / 2, Seen(UNKNOWN if chance.random() < 0.01 else LABEL, label, 0.9)))
    levels = {rule.name: simulated_fast(rule, seen) for rule in found}
    sink = RulesSink(found, open_actions(found))
    servo, lamp = pins.pin(18), pins.pin(17)
    angles = {0: middle(servo)}
    moves = 0
    for at, (time, what) in enumerate(seen):
        before = servo.state
        sink.send(said(what.label, what.state, score=what.score, time=time))
        assert bool(lamp.state) is levels["lamp"][at]
        left, right = levels["left"][at], levels["right"][at]
        assert not (left and right)
        side = -1 if left else 1 if right else 0
        assert angles.setdefault(side, servo.state) == servo.state
        moves += servo.state != before
    expected = sum(1 for name in ("left", "right") for _ in changes(levels[name], seen))
    assert moves == expected > 50 and len(set(angles.values())) == 3
    sink.close()


def simulated_fast(rule: Rule, seen: list[tuple[float, Seen]]) -> list[bool]:
    """``simulated`` in one pass, for long recordings."""
    levels, row, rise, fall = [], None, -1e9, -1e9
    for time, what in seen:
        row = (row if row is not None else time) if wanted(rule, what) else None
        on = bool(levels and levels[-1])
        ready = row is not None and time - row >= rule.seconds
        free = time - fall >= rule.minimum_off and time - rise >= rule.cooldown
        now = row is not None and (on or (ready and free))
        if now and not on:
            rise = time
        if on and not now:
            fall = time
        levels.append(now)
    return levels


@given(rules, moments)
def test_both_simulations_agree(rule: Rule, seen: list[tuple[float, Seen]]) -> None:
    assert simulated_fast(rule, seen) == simulated(rule, seen)


def middle(pin: Any) -> float:
    return float(pin.state)


@pytest.mark.parametrize("option", ["", "?active_low=1", "?safe_on=1", "?active_low=1&safe_on=1"])
def test_a_pin_is_safe_before_the_first_answer_when_stale_and_at_the_end(pins: Any, option: str) -> None:
    found = rules_of({"rules": [{"label": "mug", "then": f"gpio:17{option}"}]})
    levels: list[bool] = []
    low, safe_on = "active_low" in option, "safe_on" in option
    sink = RulesSink(found, open_actions(found))
    pin = pins.pin(17)
    levels.append(bool(pin.state))
    for label, state in (("mug", LABEL), ("book", LABEL), ("mug", LABEL), ("mug", STALE)):
        sink.send(said(label, state, time=5.0))
        levels.append(bool(pin.state))
    sink.send(said("mug", LABEL, time=6.0))
    released = pin.close
    pin.close = lambda: (levels.append(bool(pin.state)), released())
    sink.close()
    assert levels == [(on != low) for on in (safe_on, True, False, True, safe_on, safe_on)]


def test_a_rule_for_stale_waits_for_time_though_no_answers_come(pins: Any) -> None:
    found = rules_of({"rules": [{"state": "stale", "for": 60, "then": "gpio:17"}]})
    now = [1000.0]
    sink = RulesSink(found, open_actions(found), clock=lambda: now[0])
    pin = pins.pin(17)
    sink.send(said("mug", STALE, time=990.0))
    assert not pin.state
    now[0] += 60
    sink._advance(said("mug", STALE), now[0])
    assert pin.state and sink.on == ("rule 1",)
    sink.close()


def test_the_pins_are_safe_when_the_engine_ends(pins: Any) -> None:
    found = rules_of({"rules": [{"label": "mug", "then": "gpio:17"}]})
    thread = SinkThread(RulesSink(found, open_actions(found)), lambda: None)
    thread.put(said("mug", time=5.0))
    thread.close(LONG)
    states = [bool(state.state) for state in pins.pin(17).states if state.state is not None]
    assert True in states and not pins.pin(17).state


def test_a_program_runs_at_each_switching_on(tmp_path: Path) -> None:
    out = tmp_path / "labels"
    command = f"command:sh -c 'echo $WHATSIT_LABEL >> {out}'"
    found = rules_of({"rules": [{"label": "mug", "then": command}, {"state": "unknown", "then": command}]})
    actions = open_actions(found)
    sink = RulesSink(found, actions)
    for time, (label, state) in enumerate([("mug", LABEL), ("mug", LABEL), ("book", LABEL), ("book", UNKNOWN)]):
        sink.send(said(label, state, time=float(time)))
    sink.close()
    assert sorted(out.read_text().split()) == ["book", "mug"]


def test_a_sink_for_one_label_follows_it_and_ends_safe(pins: Any) -> None:
    sink = open_sink("gpio:17?on=mug")
    pin = pins.pin(17)
    levels = []
    for label, state in (("mug", LABEL), ("mug", UNKNOWN), ("mug", LABEL), ("mug", STALE)):
        sink.send(said(label, state))
        levels.append(pin.state)
    sink.close()
    assert levels == [1, 0, 1, 0]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "no rules; expected tables called"),
        ("rules = 3", "no rules; expected tables called"),
        ("[[rules]]\nlabel='mug'", "rule 1: then is missing"),
        ("[[rules]]\nthen='gpio:1'", "rule 1: expected either label or state"),
        ("[[rules]]\nlabel='mug'\nstate='stale'\nthen='gpio:1'", "rule 1: expected either label or state"),
        ("[[rules]]\nstate='gone'\nthen='gpio:1'", "rule 1: state 'gone': expected unknown"),
        ("[[rules]]\nlabel=3\nthen='gpio:1'", "rule 1: label 3: expected text"),
        ("[[rules]]\nlabel='mug'\nfor=-1\nthen='gpio:1'", "rule 1: for -1: expected a number from 0"),
        ("[[rules]]\nlabel='mug'\nfor=nan\nthen='gpio:1'", "rule 1: for nan: expected a number"),
        ("[[rules]]\nlabel='mug'\nfor=true\nthen='gpio:1'", "rule 1: for True: expected a number"),
        ("[[rules]]\nlabel='mug'\ncolour=1\nthen='gpio:1'", "rule 1: no key 'colour'; expected name"),
        ("[[rules]]\nlabel='mug'\nthen='gpio:x'", "expected a pin by its GPIO number"),
        ("[[rules]]\nlabel='mug'\nthen='kettle:'", "no sink of kind 'kettle'"),
        ("[[rules]]\nlabel='mug'\nthen='17'", "rule 1: 17 is not an address; expected gpio:17"),
        ("[[rules]]\nlabel='mug'\nthen='mqtt://host'", "not for rules; expected gpio:"),
        ("[[rules]]\nname='log'\nlabel='mug'\nthen='jsonl:x'", "rule log: jsonl:x: not for rules; expected gpio:"),
        ("[[rules]]\nlabel='mug'\nthen='gpio:1?on=mug'", "on= is what the rule says"),
        ("[[rules]]\nlabel='mug'\nthen='gpio:1?rest=5'", "rest goes with angle"),
        ("[[rules]]\nlabel='mug'\nthen='gpio:1?angle=99'", "rule 1: gpio:1.*: angle=99 is not a number from -90 to 90"),
        (
            "[[rules]]\nlabel='a'\nthen='gpio:1'\n[[rules]]\nlabel='b'\nthen='gpio:1?safe_on=1'",
            "rule 1 and rule 2: gpio:1: they differ",
        ),
        ("[[rules]]\nlabel='a'\nthen='gpio:1'\n[[rules]]\nlabel='b'\nthen='gpio:1?angle=5'", "they differ in more"),
        (
            "[[rules]]\nlabel='a'\nname='x'\nthen='gpio:1'\n[[rules]]\nlabel='b'\nname='x'\nthen='gpio:2'",
            "two rules are",
        ),
        ("[[rules]\n", "cannot be read"),
        ("\x00", "cannot be read"),
    ],
)
def test_a_wrong_rule_is_named_with_what_was_expected(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(text)
    with pytest.raises(DataError, match=named) as raised:
        read_checked(file)
    assert str(raised.value).startswith(str(file)) and "\n" not in str(raised.value)


leaves = st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5)


@given(st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner), max_leaves=9))
def test_no_document_is_more_than_refused(value: object) -> None:
    for document in ({"rules": value}, {"rules": [value]}, {"rules": [{"label": "a", "then": "gpio:1", "for": value}]}):
        try:
            targets(rules_of(document))
        except WhatsitError as error:
            assert "\n" not in str(error)


def test_damaged_rule_files_are_refused_or_read_and_nothing_else(tmp_path: Path) -> None:
    whole = (
        b'# lamp\n[[rules]]\nname = "lamp"\nlabel = "mug"\nfor = 1.5\nat_least = 0.8\ncooldown = 3\nthen = "gpio:17"\n'
    )
    chance, file, refused = random.Random(1), tmp_path / "rules.toml", 0
    pieces = [
        b"[[rules]]",
        b'"',
        b"'",
        b"=",
        b"\n",
        b"\x00",
        b"\xff",
        b"inf",
        b"nan",
        b"-1",
        b"1e400",
        b"[",
        b"{",
        b"gpio:99",
    ]
    for _ in range(int(os.environ.get("WHATSIT_FUZZ_RULES", "1000"))):
        text = bytearray(whole)
        for _ in range(chance.randrange(1, 4)):
            begin = chance.randrange(len(text))
            text[begin : begin + chance.randrange(6)] = chance.choice([b"", *pieces])
        file.write_bytes(text)
        try:
            targets(read_rules(file))
        except DataError as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused > 100


def test_a_dry_run_says_when_rules_switch_and_switches_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "rules.toml"
    file.write_text("[[rules]]\nname='any'\nstate='uncertain'\nfor=0.3\nthen='gpio:17'\n")
    program = ["whatsit", "rules", "dry-run", str(file), "--camera", "synthetic:?fps=0", "--threshold", "1", "-n", "5"]
    monkeypatch.setattr("sys.argv", program)
    with pytest.raises(SystemExit, match="0"):
        main()
    (line,) = capsys.readouterr().out.splitlines()
    assert line.split()[:4] == ["0.30", "s", "any", "on"]


@pytest.mark.parametrize(
    ("seen", "shown"),
    [
        (Seen(LABEL, "mug", 0.93), "mug 0.93"),
        (Seen(UNKNOWN, "ball", 0.75), "unknown, nearest: ball 0.75"),
        (Seen(STALE, None, 0.0), "stale"),
    ],
)
def test_a_dry_run_shows_the_state_at_which_a_rule_switched(seen: Seen, shown: str) -> None:
    rule = Rule("lamp", seen.state, seen.label if seen.state is LABEL else None, "gpio:17")
    (one,) = switched([rule], [(0.0, seen)])
    assert one.seen == shown


def test_what_would_have_switched_can_be_asked_in_python() -> None:
    seen = [(0.0, Seen(LABEL, "mug", 0.9)), (1.0, Seen(LABEL, "book", 0.8))]
    assert list(switched([MUG], seen)) == [
        Switched(0.0, "mug", True, LABEL, "mug", 0.9),
        Switched(1.0, "mug", False, LABEL, "book", 0.8),
    ]


def test_a_dry_run_says_first_which_classes_the_model_does_not_have(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "rules.toml"
    file.write_text("[[rules]]\nname='left'\nlabel='mug'\nthen='gpio:17'\n")
    monkeypatch.setattr(
        "sys.argv", ["whatsit", "rules", "dry-run", str(file), "--camera", "synthetic:?fps=0", "-n", "1"]
    )
    with pytest.raises(SystemExit, match="0"):
        main()
    assert capsys.readouterr().err.splitlines() == [
        "whatsit: rule left: mug is not a class of this model; nearest: coffee mug",
        "no rule switched",
    ]
