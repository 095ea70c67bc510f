"""Bibliographic records: one report each, with where it was read."""

from synth.records.record import Record, Records

__all__ = ["Record", "Records"]
