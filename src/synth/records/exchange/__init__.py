"""Exchange of references: RIS, NBIB (MEDLINE), BibTeX and CSL-JSON read and written, PubMed XML read."""

from synth.records.exchange.formats import FORMATS, Format, is_xml, read_references, write_references
from synth.records.exchange.holds import HOLDS, Holding, not_held

__all__ = ["FORMATS", "HOLDS", "Format", "Holding", "is_xml", "not_held", "read_references", "write_references"]
