"""The article under audit: what it claims, what it cites, and what was found for each."""

from __future__ import annotations

from synth.audit.claims import Audit, Basis, Claim, Claims, Support, check, open_audit
from synth.audit.references import Article, CitationStatus, PrintedReference, ReferenceKind, Section

__all__ = [
    "Article",
    "Audit",
    "Basis",
    "CitationStatus",
    "Claim",
    "Claims",
    "PrintedReference",
    "ReferenceKind",
    "Section",
    "Support",
    "check",
    "open_audit",
]
