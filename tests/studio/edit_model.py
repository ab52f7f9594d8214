"""What a person expects of the lesson and the dataset, as a value so simple that it can be seen to be right."""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field

UNLABELLED = "_unlabelled"


@dataclass
class Model:
    """Pictures by a name of their own; undo is the copy that was made before."""

    labels: dict[str, str] = field(default_factory=dict)
    """Picture -> its class: the folder it lies in."""
    empty: set[str] = field(default_factory=set)
    """Classes whose folder has no picture."""
    tests: set[str] = field(default_factory=set)
    """Pictures that were moved to the test split by hand."""
    taught: list[str] = field(default_factory=list)
    """Pictures that are taught, in the order they were added, whether or not they are there."""
    features: list[str] = field(default_factory=list)
    """The labels of features without a picture."""
    features_waiting: int = 0
    loaded: int = 0
    """Loading the same again is an edit too."""
    waiting: set[str] = field(default_factory=set)
    """Pictures that the last learning did not see."""

    def copy(self) -> "Model":
        return deepcopy(self)

    # ---- what is seen

    def shots(self, label: str) -> list[str]:
        """The taught pictures of a class."""
        return [name for name in self.taught if self.labels.get(name) == label]

    def lesson(self) -> dict[str, object]:
        """Pictures of each class, unlabelled samples, and those that wait for the next learning."""
        there = [name for name in self.taught if name in self.labels]
        counts = {label: self.features.count(label) for label in self.features}
        for name in there:
            counts[self.labels[name]] = counts.get(self.labels[name], 0) + 1
        firsts = {self.shots(label)[0] for label in counts if label not in {*self.features, UNLABELLED}}
        return {
            "unlabelled": counts.pop(UNLABELLED, 0),
            "classes": counts,
            "unlearnt": len((self.waiting & set(there)) - firsts) + self.features_waiting,
        }

    def dataset(self) -> dict[str, int]:
        """Pictures of each class."""
        counts = dict.fromkeys(self.empty, 0)
        for label in self.labels.values():
            counts[label] = counts.get(label, 0) + 1
        return counts

    # ---- what is done

    def add(self, name: str, label: str) -> None:
        """A picture that is not taught."""
        self.labels[name] = label
        self.empty.discard(label)

    def teach(self, name: str, label: str) -> None:
        """A picture that is taught; one that starts a class counts at once, others wait for the next learning."""
        if label == UNLABELLED or label in self.features or self.shots(label):
            self.waiting.add(name)
        self.add(name, label)
        self.taught.append(name)

    def remove(self, names: Iterable[str], *, keep_folders: bool) -> None:
        """Delete pictures; Teach removes the folders that this leaves empty, Dataset keeps them."""
        gone = {self.labels.pop(name) for name in list(names)}
        self.empty |= (gone - set(self.labels.values())) if keep_folders else set()

    def relabel(self, names: Iterable[str], label: str, *, keep_folders: bool) -> None:
        """Move pictures to a class."""
        left = set()
        for name in list(names):
            left.add(self.labels[name])
            self.add(name, label)
        self.empty |= (left - set(self.labels.values())) if keep_folders else set()

    def forget(self, names: Iterable[str]) -> None:
        """Delete taught pictures on Teach, which forgets them."""
        names = list(names)
        self.remove(names, keep_folders=False)
        self.taught = [name for name in self.taught if name not in names]

    def load(self) -> None:
        """The lesson is what its feature file says; its pictures stay."""
        seen = self.lesson()
        classes, unlabelled = seen["classes"], seen["unlabelled"]
        assert isinstance(classes, dict) and isinstance(unlabelled, int)
        self.features_waiting = sum(classes.values()) + unlabelled - len(classes)
        self.features = [*classes, *[UNLABELLED] * self.features_waiting]
        self.taught, self.waiting = [], set()
        self.loaded += 1

    def rename(self, old: str, new: str) -> None:
        """A folder gets another name, or its pictures go to the one that has it."""
        self.relabel([name for name, label in self.labels.items() if label == old], new, keep_folders=False)
        if old in self.empty:
            self.empty = (self.empty - {old}) | {new}

    def rename_taught(self, old: str, new: str) -> None:
        """A class of the lesson: its folder where it has pictures, and its features."""
        if self.shots(old):
            self.rename(old, new)
        self.features = [new if label == old else label for label in self.features]

    def forget_class(self, label: str) -> None:
        """What is taught of it; other pictures of the folder stay."""
        self.forget(self.shots(label))
        self.features = [other for other in self.features if other != label]

    def delete_class(self, label: str) -> None:
        """The folder with all its pictures."""
        self.remove([name for name, other in self.labels.items() if other == label], keep_folders=False)
        self.empty.discard(label)

    def clear(self) -> None:
        """Everything taught is forgotten, pictures and all."""
        self.forget([name for name in self.taught if name in self.labels])
        self.features, self.features_waiting = [], 0

    def learn(self) -> None:
        """Nothing waits any more."""
        self.waiting, self.features_waiting = set(), 0

    def bring(self, labels: dict[str, str]) -> None:
        """Import what is not there yet."""
        for name, label in labels.items():
            if name not in self.labels:
                self.add(name, label)
