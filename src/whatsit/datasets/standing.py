"""Which lesson counts and which edit can be undone, followed edit by edit: a long history is not read for each."""

from collections.abc import Callable, Sequence

from whatsit.datasets.edit import Edit, EditKind


class Standing:
    """What the edits that no later part can join come to, kept for the next look.

    Args:
        read: the edit with a number; None where it is damaged or gone.
    """

    def __init__(self, read: Callable[[int], Edit | None]) -> None:
        self._read = read
        self._followed = 0
        """The latest edit that is taken into account."""
        self._lesson: int | None = None
        self._undoable: list[int] = []

    def after(self, numbers: Sequence[int]) -> tuple[int | None, int | None]:
        """The version of the lesson and the number of the undoable edit, after these edits, in their order."""
        if not numbers:
            return None, None
        newest = numbers[-1]
        if newest <= self._followed:  # files were taken away by hand
            self._followed, self._lesson, self._undoable = 0, None, []
        for number in numbers:
            if self._followed < number < newest:
                self._follow(number)
        edit = self._read(newest)
        if edit is None:
            return self._lesson, self._last(numbers[0])
        lesson = self._lesson if edit.lesson is None else edit.lesson[1]
        if edit.kind is EditKind.FORGET:
            return lesson, None
        if edit.undoes or edit.is_nothing:
            return lesson, self._last(numbers[0], edit.undoes)
        return lesson, newest

    def _follow(self, number: int) -> None:
        self._followed = number
        edit = self._read(number)
        if edit is None:
            return
        if edit.lesson is not None:
            self._lesson = edit.lesson[1]
        if edit.kind is EditKind.FORGET:
            self._undoable.clear()
        elif edit.undoes:
            if edit.undoes in self._undoable[-1:]:
                self._undoable.pop()
            elif edit.undoes in self._undoable:
                self._undoable.remove(edit.undoes)
        elif not edit.is_nothing:
            self._undoable.append(number)

    def _last(self, oldest: int, undone: int = 0) -> int | None:
        """The latest that is there, but for one that the newest edit undoes."""
        for number in reversed(self._undoable):
            if number < oldest:
                return None
            if number != undone and self._read(number) is not None:
                return number
        return None
