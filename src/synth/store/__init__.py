"""Reads the files of a review and checks them: the only code that touches `evidence/`."""

from synth.store.folder import find_root, review_folder, review_names
from synth.store.read import ReviewFiles, check, read_review

__all__ = ["ReviewFiles", "check", "find_root", "read_review", "review_folder", "review_names"]
