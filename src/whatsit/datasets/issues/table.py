"""The table of issues: what a check looks for, in the order of its report."""

from whatsit.datasets.issues.across_splits import ACROSS_SPLITS
from whatsit.datasets.issues.blurred import BLURRED
from whatsit.datasets.issues.conflicting_copies import CONFLICTING_COPIES
from whatsit.datasets.issues.damaged_record import DAMAGED_RECORD
from whatsit.datasets.issues.duplicate import DUPLICATE
from whatsit.datasets.issues.empty_split import EMPTY_SPLIT
from whatsit.datasets.issues.exposure import BRIGHT, DARK
from whatsit.datasets.issues.ignored_file import IGNORED_FILE
from whatsit.datasets.issues.mislabelled import MISLABELLED
from whatsit.datasets.issues.near_copies import NEAR_COPIES
from whatsit.datasets.issues.outlier import OUTLIER
from whatsit.datasets.issues.small_class import SMALL_CLASS
from whatsit.datasets.issues.tiny import TINY
from whatsit.datasets.issues.twin_labels import TWIN_LABELS
from whatsit.datasets.issues.unbalanced import UNBALANCED
from whatsit.datasets.issues.unreadable import UNREADABLE
from whatsit.datasets.issues.unusable_name import UNUSABLE_NAME

ISSUES = (
    UNREADABLE,
    TINY,
    BLURRED,
    DARK,
    BRIGHT,
    DUPLICATE,
    CONFLICTING_COPIES,
    ACROSS_SPLITS,
    NEAR_COPIES,
    SMALL_CLASS,
    EMPTY_SPLIT,
    UNBALANCED,
    UNUSABLE_NAME,
    TWIN_LABELS,
    IGNORED_FILE,
    DAMAGED_RECORD,
    MISLABELLED,
    OUTLIER,
)
"""One row for each ``Kind``."""
