"""A row of the table of issues: a kind of finding, how it is found, and whether it stands against training."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from whatsit.datasets.catalogue import Picture, counted
from whatsit.datasets.issues.dismissed import Dismissal
from whatsit.datasets.issues.examination import Examination
from whatsit.datasets.issues.finding import Action, Finding, Fix, Kind


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that can be wrong with a dataset."""

    kind: Kind
    find: Callable[[Examination], Iterable[Finding]]
    blocks_above: float | None = None
    """The dataset is not ready to train where more than this fraction of its labelled pictures are affected: 0 for a
    single one, None for never."""

    def blocks(self, amount: int, labelled: int) -> bool:
        """True where ``amount`` findings among ``labelled`` pictures stand against training."""
        return self.blocks_above is not None and amount > self.blocks_above * labelled


def one_finding(
    kind: Kind, examination: Examination, found: Iterable[tuple[float, Picture]], message: str
) -> list[Finding]:
    """One finding for all of ``found``, to be deleted; none where there are no pictures.

    Args:
        kind: a kind in ``finding.EACH``.
        examination: knows which of them a person dismissed; these are left out.
        found: each picture with a number that sorts it, the worst lowest.
        message: what is said after the number of pictures.
    """
    left = [
        (number, picture.key) for number, picture in found if Dismissal.of(kind, [picture]) not in examination.dismissed
    ]
    keys = tuple(key for _, key in sorted(left))
    return [Finding(kind, keys, f"{counted(len(keys))} {message}.", Fix(Action.DELETE, keys))] if keys else []
