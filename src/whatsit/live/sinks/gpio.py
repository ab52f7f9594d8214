"""``gpio:17?on=LABEL``: a pin that is on while a label is the answer."""

from whatsit.live.answer import Answer
from whatsit.live.answer_state import AnswerState
from whatsit.live.controls import Controls
from whatsit.live.sink import SinkKind
from whatsit.live.sinks.gpio_pin import ACTIVE_LOW, ANGLE, REST, SAFE_ON, Output, levels, open_output
from whatsit.live.sinks.wanted_label import check_label, labels_of
from whatsit.plugins import EXTRAS, Address, TextOption

_LABEL = TextOption("on", "the label for which it is on; rules give it in their own words")


class GpioPin:
    """A sink that holds a pin on while one label is the answer, and in its safe state when there is none.

    Args:
        name: for messages.
        output: the pin.
        label: what it is on for.
        on: the level then.
        off: the level for any other answer.
        safe: the level while the answer is stale, and at the end.
    """

    def __init__(self, name: str, output: Output, label: str, on: float, off: float, safe: float) -> None:
        self.name = name
        self._output = output
        self._label = label
        self._on, self._off, self._safe = on, off, safe
        self._controls: Controls | None = None

    def attach(self, controls: Controls) -> None:
        """Know the labels of the model in use."""
        self._controls = controls

    def send(self, answer: Answer) -> None:
        """Set the pin.

        Raises:
            DataError: the model has no such label; the pin is off.
        """
        if answer.state is AnswerState.STALE:
            self._output.set(self._safe)
        else:
            self._output.set(self._on if answer.verdict == (AnswerState.LABEL, self._label) else self._off)
        check_label(self._label, labels_of(self._controls))

    def close(self) -> None:
        """Set the safe state and let go of the pin."""
        self._output.set(self._safe)
        self._output.close()


def from_address(address: Address) -> GpioPin:
    """The sink at ``gpio:PIN?on=LABEL``.

    Raises:
        DataError: no label, no such pin, or it cannot be used.
    """
    label = _LABEL.of(address)
    if label is None:
        raise address.refusal("no label; expected  ?on=LABEL, or a rule that names the pin")
    return GpioPin(address.text, open_output(address), label, *levels(address))


SINK = SinkKind(
    description="a pin that is on while a label is the answer",
    example="gpio:17?on=…",
    options=(_LABEL, ANGLE, REST, ACTIVE_LOW, SAFE_ON),
    requirement=EXTRAS["gpio"],
    page_may_choose=True,
    open=from_address,
)
