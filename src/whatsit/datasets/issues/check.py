"""Is this dataset fit to learn from? Everything worth a look, and what to photograph next."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from whatsit.backbones.cache import Embeddable, EmbeddingCache
from whatsit.backbones.embedder import Embedder
from whatsit.datasets.catalogue import Picture, counted
from whatsit.datasets.dataset import Dataset
from whatsit.datasets.dismissed import Judgement
from whatsit.datasets.issues.finding import Action, Finding, Fix, Kind
from whatsit.datasets.issues.label_issues import LabelIssue, label_issues, outliers
from whatsit.datasets.label import UNLABELLED, check_label, twin_key
from whatsit.datasets.scan import ignored
from whatsit.datasets.split import Split
from whatsit.errors import DataError
from whatsit.heads.unknown import normalised
from whatsit.parallel import Progress
from whatsit.validation import first_few

FEWEST = 10
"""Pictures a class needs at least."""
ENOUGH = 30
"""Pictures from which more of the same add little with a frozen backbone."""
_TINY = 32
_BLURRED = 3.0
_MOSTLY = 0.8
_UNBALANCED = 5


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The end of a check."""

    findings: tuple[Finding, ...]
    ready: bool
    """True where nothing stands against training."""
    summary: tuple[str, ...]
    """A few lines for a person: the verdict, the reasons, what to photograph next."""
    doubts: tuple[tuple[str, float], ...] = ()
    """Every labelled picture's key with the doubt in its label, -1..1, the most doubtful first."""

    def as_json(self) -> dict[str, Any]:
        """For ``--json`` and the studio."""
        return {
            "ready": self.ready,
            "summary": list(self.summary),
            "findings": [finding.as_json() for finding in self.findings],
        }


def check(dataset: Dataset, embedder: Embedder | None = None, progress: Progress | None = None) -> CheckReport:
    """Look at all pictures.

    Args:
        dataset: what to check; nothing in it is changed.
        embedder: finds doubtful labels and outliers; without one these two are not looked for.
        progress: called with (done, total) while pictures are embedded.

    Raises:
        DataError: the project's own files cannot be read.
    """
    dataset.refresh()
    pictures = dataset.pictures()
    readable = [p for p in pictures if not p.error]
    labelled = [p for p in readable if p.label != UNLABELLED]
    pairs = dataset.near_copies.all_pairs()
    judged = dataset.judgements.read()
    findings = [*_quality(pictures, dataset, judged), *_copies(readable), *_near_copies(readable, pairs)]
    findings += [*_classes(dataset), *_names(dataset), *_folders(dataset)]
    doubts: list[LabelIssue] = []
    if embedder is not None and labelled:
        cache = EmbeddingCache(dataset.embeddings_folder, embedder)
        unit = cache.embed([Embeddable(p.hash, p.path) for p in labelled], progress)
        for start in range(0, len(unit), 512):  # in place: at ten thousand pictures a copy is 50 MB
            unit[start : start + 512] = normalised(unit[start : start + 512])
        doubts = label_issues(unit, [p.label for p in labelled], _groups(labelled, pairs))
        findings += [_suspect(labelled[d.index], d) for d in doubts if d.is_suspect]
        findings += [_outlier(labelled[at]) for at in outliers(unit, [p.label for p in labelled])]
    by_key = {picture.key: picture for picture in pictures}
    findings = [f for f in findings if Judgement.of(f.kind, [by_key[key] for key in f.pictures]) not in judged]
    ready, summary = _verdict(dataset, findings, len(labelled))
    ranked = tuple((labelled[d.index].key, d.doubt) for d in doubts)
    return CheckReport(tuple(findings), ready, summary, ranked)


def _quality(pictures: Sequence[Picture], dataset: Dataset, judged: Container[Judgement]) -> list[Finding]:
    looks = dataset.looks()
    found: dict[Kind, list[tuple[float, Picture]]] = {}
    for picture in pictures:
        sharpness, dark, bright = looks[picture.hash]
        if picture.error:
            found.setdefault(Kind.UNREADABLE, []).append((0, picture))
            continue
        if min(picture.width, picture.height) < _TINY:
            found.setdefault(Kind.TINY, []).append((min(picture.width, picture.height), picture))
        elif sharpness < _BLURRED:
            found.setdefault(Kind.BLURRED, []).append((sharpness, picture))
        if dark > _MOSTLY:
            found.setdefault(Kind.DARK, []).append((-dark, picture))
        if bright > _MOSTLY:
            found.setdefault(Kind.BRIGHT, []).append((-bright, picture))
    words = {
        Kind.UNREADABLE: "cannot be read and will not be used",
        Kind.TINY: f"smaller than {_TINY} pixels",
        Kind.BLURRED: "blurred",
        Kind.DARK: "almost black",
        Kind.BRIGHT: "almost white",
    }
    result = []
    for kind, said in words.items():
        here = [
            (badness, picture.key)
            for badness, picture in found.get(kind, [])
            if Judgement.of(kind, [picture]) not in judged
        ]
        keys = tuple(key for _, key in sorted(here))
        if keys:
            message = f"{counted(len(keys))} {said}."
            result.append(Finding(kind, keys, message, Fix(Action.DELETE, keys)))
    return result


def _copies(pictures: Sequence[Picture]) -> list[Finding]:
    by_hash: dict[str, list[Picture]] = {}
    for picture in pictures:
        by_hash.setdefault(picture.hash, []).append(picture)
    result = []
    for same in by_hash.values():
        if len(same) < 2:
            continue
        keys = tuple(p.key for p in same)
        labels = sorted({p.label for p in same})
        if len(labels) > 1:
            message = f"The same picture is in {', '.join(labels)}: keep it in one of them."
            result.append(Finding(Kind.CONFLICT, keys, message))
        else:
            message = f"{counted(len(keys))} of {labels[0]} are byte for byte the same."
            result.append(Finding(Kind.EXACT_COPY, keys, message, Fix(Action.DELETE, keys[1:]), labels[0]))
    return result


def _near_copies(pictures: Sequence[Picture], pairs: Iterable[tuple[str, str]]) -> list[Finding]:
    by_hash: dict[str, Picture] = {}
    for picture in pictures:
        by_hash.setdefault(picture.hash, picture)
    result = []
    for one, other in pairs:
        if one not in by_hash or other not in by_hash:
            continue
        kept, copy = sorted((by_hash[one], by_hash[other]), key=lambda p: (-p.width * p.height, p.key))
        keys = (kept.key, copy.key)
        if kept.split != copy.split:
            message = (
                f"Nearly the same picture is in {kept.split.value} and in {copy.split.value}: scores would flatter."
            )
            stray = kept if copy.split is Split.TRAINING else copy
            rest = copy if stray is kept else kept
            fix = Fix(Action.MOVE, (stray.key,), rest.split.value)
            result.append(Finding(Kind.ACROSS_SPLITS, keys, message, fix))
        if kept.label != copy.label:
            message = f"Nearly the same picture is in {kept.label} and in {copy.label}: one label is wrong."
            result.append(Finding(Kind.CONFLICT, keys, message))
        elif kept.split == copy.split:
            message = "Nearly the same picture twice: re-encoded, resized or cropped."
            fix = Fix(Action.DELETE, (copy.key,))
            result.append(Finding(Kind.NEAR_COPY, keys, message, fix, kept.label))
    return result


def _classes(dataset: Dataset) -> list[Finding]:
    counts = {label: splits for label, splits in dataset.counts().items() if label != UNLABELLED}
    totals = {label: sum(splits.values()) for label, splits in counts.items()}
    result = []
    for label, total in totals.items():
        if total < FEWEST:
            message = f"{label} has {counted(total)}, {FEWEST} at least: photograph {FEWEST - total} more."
            result.append(Finding(Kind.SMALL_CLASS, (), message, label=label))
    large = [label for label in counts if totals[label] >= FEWEST]
    empty = {split: [label for label in large if not counts[label][split]] for split in Split}
    fills = dataset.would_fill() if any(empty.values()) else set()  # once: every picture is placed anew for it
    for split, without in empty.items():
        if without:
            all_of_them = len(without) == len(counts)
            which = "No class has a picture" if all_of_them else f"{', '.join(without)}: no picture"
            free = any((label, split) in fills for label in without)
            hint = "split again, or move some there" if free else "splitting again gives none; move some there by hand"
            message = f"{which} in {split.value}: {hint}, or photograph on another day."
            label = without[0] if len(without) == 1 else ""
            fix = Fix(Action.SPLIT_AGAIN, ()) if free else None
            result.append(Finding(Kind.EMPTY_SPLIT, (), message, fix, label, split.value, tuple(without)))
    if totals and min(totals.values()) and max(totals.values()) > _UNBALANCED * min(totals.values()):
        least, most = min(totals, key=lambda c: totals[c]), max(totals, key=lambda c: totals[c])
        message = f"{most} has {totals[most]:,} pictures and {least} {totals[least]:,}: photograph more {least}."
        result.append(Finding(Kind.UNBALANCED, (), message, label=least))
    return result


def _names(dataset: Dataset) -> list[Finding]:
    by_key: dict[str, list[str]] = {}
    result = []
    for label in dataset.labels():
        by_key.setdefault(twin_key(label), []).append(label)
        try:
            check_label(label)
        except DataError as error:
            keys, better = tuple(p.key for p in dataset.pictures(label)), label.strip()
            usable = better and better not in dataset.labels() and keys
            fix = Fix(Action.RENAME, keys, better) if usable else None
            result.append(Finding(Kind.UNUSABLE_NAME, keys, f"{error}.", fix, label))
    for labels in by_key.values():
        twins = sorted(labels, key=lambda label: (-dataset.count(label), label))
        if len(twins) > 1:
            stray = twins[1]
            keys = tuple(p.key for p in dataset.pictures(stray))
            message = f"{twins[0]} and {stray} differ only by case or Unicode form."
            fix = Fix(Action.RELABEL, keys, twins[0]) if keys else None
            result.append(Finding(Kind.TWIN_LABELS, keys, message, fix, stray))
    return result


def _folders(dataset: Dataset) -> list[Finding]:
    result = []
    if unused := ignored(dataset.root):
        message = (
            f"Not used: {first_few(unused)}; only JPEG, PNG and WebP files count that lie in the folder of their class."
        )
        result.append(Finding(Kind.IGNORED, (), message, details=tuple(unused)))
    for path, damaged, helps in (
        (dataset.records.path, dataset.records.unreadable(), "or  whatsit dataset rebuild  writes it anew."),
        (dataset.judgements.path, dataset.judgements.unreadable(), "or judge those findings again."),
    ):
        if damaged:
            where = first_few([str(line) for line in damaged])
            message = f"{path.name}: line {where} cannot be read. What is known beside it is kept; correct it, {helps}"
            details = tuple(f"{path.name}:{line}" for line in damaged)
            result.append(Finding(Kind.DAMAGED_RECORD, (), message, details=details))
    return result


def _groups(pictures: Sequence[Picture], pairs: Iterable[tuple[str, str]]) -> list[int]:
    first: dict[str, str] = {picture.hash: picture.hash for picture in pictures}

    def root(hash_: str) -> str:
        while first[hash_] != hash_:
            hash_ = first[hash_]
        return hash_

    for one, other in pairs:
        if one in first and other in first:
            first[root(one)] = root(other)
    number = {hash_: at for at, hash_ in enumerate(first)}
    return [number[root(picture.hash)] for picture in pictures]


def _suspect(picture: Picture, doubt: LabelIssue) -> Finding:
    message = f"Labelled {picture.label}, looks like {doubt.instead}."
    fix = Fix(Action.RELABEL, (picture.key,), doubt.instead)
    return Finding(Kind.SUSPECT_LABEL, (picture.key,), message, fix, picture.label)


def _outlier(picture: Picture) -> Finding:
    message = f"Unlike every other picture; does it belong to {picture.label}?"
    return Finding(Kind.OUTLIER, (picture.key,), message, Fix(Action.DELETE, (picture.key,)), picture.label)


_BLOCKING = (Kind.UNREADABLE, Kind.CONFLICT, Kind.ACROSS_SPLITS, Kind.SMALL_CLASS, Kind.TWIN_LABELS, Kind.UNUSABLE_NAME)
_MANY_DOUBTS = 0.2
"""Part of the labels. Pictures that are hard to tell are doubted too, however right their labels."""


def stands_against(amounts: Mapping[Kind, int], labelled: int) -> list[Kind]:
    """The kinds of findings that keep a dataset of so many ``labelled`` pictures from being ready."""
    against = [kind for kind in _BLOCKING if amounts.get(kind)]
    if amounts.get(Kind.SUSPECT_LABEL, 0) > _MANY_DOUBTS * labelled:
        against.append(Kind.SUSPECT_LABEL)
    return against


def _verdict(dataset: Dataset, findings: Sequence[Finding], labelled: int) -> tuple[bool, tuple[str, ...]]:
    labels = dataset.labels()
    amounts: dict[Kind, int] = {}
    for finding in findings:
        amounts[finding.kind] = amounts.get(finding.kind, 0) + finding.amount
    suspects = amounts.get(Kind.SUSPECT_LABEL, 0)
    against = [f"{amounts[kind]:,} x {kind.value}" for kind in stands_against(amounts, labelled)]
    if len(labels) < 2:
        against.insert(0, f"{len(labels) or 'no'} class, a classifier needs 2")
    ready = not against
    classes = "1 class" if len(labels) == 1 else f"{len(labels)} classes"
    lines = [f"{counted(labelled)} in {classes}: {'ready to train' if ready else 'not ready yet'}."]
    lines += [f"Against it: {', '.join(against)}."] if against else []
    totals = {label: sum(dataset.counts()[label].values()) for label in labels}
    wanted = sorted((label for label in labels if totals[label] < ENOUGH), key=lambda c: (totals[c], c))
    if len(labels) < 2:
        lines.append("Photograph next: something else to tell it from.")
    elif wanted:
        needs = ", ".join(f"{ENOUGH - totals[label]} more of {label}" for label in wanted[:5])
        lines.append(f"Photograph next: {needs}.")
    elif suspects:
        many = "doubtful label" if suspects == 1 else f"{suspects:,} doubtful labels"
        lines.append(f"No class needs more pictures; look at the {many}: some may be wrong.")
    else:
        lines.append("No class needs more pictures; other light, backgrounds and distances always help.")
    return ready, tuple(lines)
