"""Listed pictures into a dataset: decode all, decide all splits, then write. Safe to stop and repeat."""

import hashlib
import time
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TypeVar

from whatsit.datasets.arrival import Arrival
from whatsit.datasets.dataset import Dataset
from whatsit.datasets.fingerprint import Fingerprint, fingerprint
from whatsit.datasets.formats.item import Item
from whatsit.datasets.formats.listing import Listing
from whatsit.datasets.formats.report import ImportReport
from whatsit.datasets.formats.source import Source
from whatsit.datasets.label import UNLABELLED, plain_label, safe_file_name
from whatsit.datasets.placement import Newcomer
from whatsit.datasets.skip import Skip
from whatsit.datasets.split import Split
from whatsit.errors import DataError
from whatsit.imaging.image import picture_header
from whatsit.imaging.picture_format import same_format
from whatsit.parallel import Progress

_BATCH_PICTURES = 64
_BATCH_BYTES = 2**24
Wanted = TypeVar("Wanted")


@dataclass(frozen=True, slots=True)
class _Seen:
    item: Item
    hash: str
    suffix: str


def take_in(
    dataset: Dataset,
    source: Source,
    listing: Listing,
    progress: Progress | None = None,
) -> ImportReport:
    """Import what a source lists; the dataset becomes the union of what it had and what the source has.

    The same bytes under one label come in once. Under several labels they come in under each, which the report says and
    the check calls a conflict. A picture counts as present where the dataset has its bytes under as many labels as the
    source has had them so far. So importing again adds nothing, even what was relabelled since. All splits are recorded
    before the first file is written, so an import that was stopped ends the same when it is repeated.

    Args:
        dataset: where the pictures go.
        source: where they are read from.
        listing: what the layout says of each picture, and what it left out.
        progress: called with (done, total).

    Raises:
        ProjectInUseError: another process has the project.
        DataError: the disk is full; what was added by then stays, as an edit that can be undone.
    """
    with dataset.held(), dataset.gathered():
        return _take_in(dataset, source, listing, progress)


def _take_in(
    dataset: Dataset,
    source: Source,
    listing: Listing,
    progress: Progress | None,
) -> ImportReport:
    all_skips, notes = list(listing.skips), list(listing.notes)
    items = _with_plain_labels(dataset, sorted(listing.items, key=lambda item: item.path), notes)
    items = _with_usable_labels(dataset, items, all_skips)
    looked = _look(dataset, source, items, all_skips, progress)
    seen = [replace(s, item=replace(s.item, split=s.item.split or listing.splits.get(s.hash))) for s in looked]
    wanted = _missing(dataset, _once(seen, notes), notes)
    present = len(seen) - len(wanted)
    moment = time.time()
    dataset.remember([Newcomer(s.hash, s.item.label, s.item.split, "", s.item.path, moment) for s in seen])
    _note_splits(dataset, seen, notes)
    added = 0
    done = 0
    for batch in _batches(source, ((one.item.path, one) for one in wanted), all_skips):
        arrivals = [_arrival(one, content) for one, hash_, content in batch if hash_ == one.hash]
        if arrivals:
            dataset.bring_all(arrivals)
        added += len(arrivals)
        done += len(batch)
        for one, hash_, _ in batch:
            if hash_ != one.hash:
                all_skips.append(Skip(one.item.path, "changed while it was imported"))
            elif not same_format(Path(_name(one)).suffix, one.suffix):
                reason = f"wrong ending: it is a {one.suffix[1:]} picture and was renamed"
                notes.append(Skip(one.item.path, reason))
        if progress is not None:
            progress(len(items) + done, len(items) + len(wanted))
    labels = tuple(sorted({s.item.label for s in seen}))
    said = (listing.read_as,) if listing.read_as else ()
    return ImportReport(added, present, labels, tuple(all_skips), said, tuple(notes))


def _name(one: _Seen) -> str:
    return one.item.name or PurePosixPath(one.item.path).name


def _arrival(one: _Seen, content: bytes) -> Arrival:
    return Arrival(content, one.hash, one.item.label, safe_file_name(_name(one), one.suffix))


def _with_plain_labels(dataset: Dataset, items: Sequence[Item], notes: list[Skip]) -> list[Item]:
    """Labels in the Unicode form that the dataset has, without spaces around them."""
    forms = {unicodedata.normalize("NFC", label): label for label in dataset.labels()}
    plain: dict[str, str] = {}
    for label in dict.fromkeys(item.label for item in items):
        form = plain_label(label)
        plain[label] = forms.get(form, form)
        if form != unicodedata.normalize("NFC", label):
            first = next(item.path for item in items if item.label == label)
            notes.append(Skip(first, f"label {label!r} was taken for {form!r}, without the spaces"))
    return [item if item.label == plain[item.label] else replace(item, label=plain[item.label]) for item in items]


def _with_usable_labels(dataset: Dataset, items: Sequence[Item], skips: list[Skip]) -> list[Item]:
    problems: dict[str, str] = {}
    usable: list[str] = []
    # Of twin labels the one with more pictures is kept: the other is probably a typing error.
    for label, _ in Counter(item.label for item in items).most_common():
        try:
            dataset.check_new_label(label, beside=usable)
            usable.append(label)
        except DataError as error:
            problems[label] = str(error)
    skips += [Skip(item.path, problems[item.label]) for item in items if item.label in problems]
    return [item for item in items if item.label not in problems]


def _look(
    dataset: Dataset, source: Source, items: Sequence[Item], skips: list[Skip], progress: Progress | None
) -> Iterator[_Seen]:
    done = 0
    with ThreadPoolExecutor(2) as pool:
        for batch in _batches(source, ((item.path, item) for item in items), skips):
            known = dataset.fingerprint_errors([hash_ for _, hash_, _ in batch])
            new = {hash_: content for _, hash_, content in batch if hash_ not in known}
            made: dict[str, Fingerprint] = dict(zip(new, pool.map(fingerprint, new.values()), strict=True))
            dataset.index.put_fingerprints(made.items())
            known |= {hash_: print_.error for hash_, print_ in made.items()}
            for item, hash_, content in batch:
                if known[hash_]:
                    skips.append(Skip(item.path, f"unreadable picture: {known[hash_]}"))
                else:
                    yield _Seen(item, hash_, picture_header(content).suffix)
            done += len(batch)
            if progress is not None:
                progress(done, 2 * len(items))


def _batches(
    source: Source, wanted: Iterable[tuple[str, Wanted]], skips: list[Skip]
) -> Iterator[list[tuple[Wanted, str, bytes]]]:
    """What is at each path, read: for each what it was wanted for, its SHA-256 and its bytes."""
    batch: list[tuple[Wanted, str, bytes]] = []
    size = 0
    for path, one in wanted:
        try:
            content = source.read(path)
        except DataError as error:
            skips.append(Skip(path, str(error)))
            continue
        batch.append((one, hashlib.sha256(content).hexdigest(), content))
        size += len(content)
        if len(batch) == _BATCH_PICTURES or size > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _once(seen: Sequence[_Seen], notes: list[Skip]) -> list[_Seen]:
    """Each content once under each of its labels."""
    first: dict[tuple[str, str], _Seen] = {}
    by_hash: dict[str, list[_Seen]] = {}
    for one in seen:
        kept = first.setdefault((one.hash, one.item.label), one)
        if kept is one:
            if one.item.label != UNLABELLED:
                by_hash.setdefault(one.hash, []).append(one)
        else:
            said = f"byte for byte another picture of its label, which was taken once: {kept.item.path}"
            notes.append(Skip(one.item.path, said))
    for same in by_hash.values():
        for one, other in zip(same, (*same[1:], same[0]), strict=True):
            if one is not other:
                said = f"byte for byte {other.item.path}, which is {other.item.label!r}"
                notes.append(Skip(one.item.path, f"conflict, kept under both labels: {said}"))
    return list(first.values())


def _missing(dataset: Dataset, seen: Sequence[_Seen], notes: list[Skip]) -> list[_Seen]:
    held = dataset.contents()
    in_all = Counter[str]()
    where: dict[str, str] = {}
    for (hash_, label), count in held.items():
        in_all[hash_] += count
        where[hash_] = label
    asked = Counter[str]()
    missing: list[_Seen] = []
    for one in seen:
        asked[one.hash] += 1
        if (one.hash, one.item.label) in held:
            continue
        if in_all[one.hash] >= asked[one.hash]:
            notes.append(Skip(one.item.path, f"present already as {where[one.hash]!r}, which was kept"))
            continue
        missing.append(one)
        in_all[one.hash] += 1
        where.setdefault(one.hash, one.item.label)
    return missing


def _note_splits(dataset: Dataset, seen: Sequence[_Seen], notes: list[Skip]) -> None:
    splits = dataset.splits({one.hash for one in seen if one.item.split is not None})
    for one in seen:
        said: Split | None = one.item.split
        if said is not None and splits[one.hash] != said:
            split = splits[one.hash].value
            notes.append(Skip(one.item.path, f"its bytes are in {split} already; {said.value} was not taken"))
