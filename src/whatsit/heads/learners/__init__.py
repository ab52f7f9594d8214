"""The learners by name. Packages add more by entry points in the group ``whatsit.learners``."""

from whatsit.heads.learner import Learner
from whatsit.plugins import Table

DEFAULT = "logistic"
"""The learner where none is named."""

LEARNERS: Table[Learner] = Table(
    "whatsit.learners",
    Learner,
    {
        "logistic": "whatsit.heads.learners.logistic:LOGISTIC",
        "centroid": "whatsit.heads.learners.centroid:CENTROID",
    },
)
