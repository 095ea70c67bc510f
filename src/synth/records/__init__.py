"""Bibliographic records: one report each, with where it was read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synth.records.record import Record, Records

__all__ = ["Record", "Records"]


def __getattr__(name: str) -> object:
    # On first use: the processes that read PubMed XML need nothing of a review's records, and pandas least of all.
    if name in __all__:
        from synth.records import record

        return getattr(record, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
