"""The summary of findings: a table for each procedure and each comparison, and what may be said of each outcome."""

from synth.certainty.summary.build import summary_of_findings
from synth.certainty.summary.comparison_statements import MainResult, main_result
from synth.certainty.summary.enrolment import Enrolment, enrolment_of, unnumbered_reports
from synth.certainty.summary.risks import AbsoluteEffect, AssumedRisk, absolute_effect, assumed_risk
from synth.certainty.summary.statements import harm_statement, statement_of
from synth.certainty.summary.types import (
    SYMBOLS,
    Column,
    ComparisonRow,
    FindingsTable,
    Footnote,
    Seen,
    SingleArmRow,
    Statement,
    SummaryOfFindings,
)

__all__ = [
    "SYMBOLS",
    "AbsoluteEffect",
    "AssumedRisk",
    "Column",
    "ComparisonRow",
    "Enrolment",
    "FindingsTable",
    "Footnote",
    "MainResult",
    "Seen",
    "SingleArmRow",
    "Statement",
    "SummaryOfFindings",
    "absolute_effect",
    "assumed_risk",
    "enrolment_of",
    "harm_statement",
    "main_result",
    "statement_of",
    "summary_of_findings",
    "unnumbered_reports",
]
