"""Classifying a million pictures: whole parts on disk, resumed by what is there, on one machine or many."""

from whatsit.bulk.progress import Progress, Result
from whatsit.bulk.running import run
from whatsit.bulk.search import Match, Search

__all__ = ["Match", "Progress", "Result", "Search", "run"]
