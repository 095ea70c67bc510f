"""Reads the files of a review, checks them, and publishes searches: the only code that touches `evidence/`."""

from synth.store.folder import find_root, review_folder, review_names
from synth.store.read import ReviewFiles, check, read_review, read_snapshots, record_faults

__all__ = [
    "ReviewFiles",
    "check",
    "find_root",
    "read_review",
    "read_snapshots",
    "record_faults",
    "review_folder",
    "review_names",
]
