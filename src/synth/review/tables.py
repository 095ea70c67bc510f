"""Tables of a review that more than one stage has a part in, for notebooks."""

from __future__ import annotations

import pandas as pd

from synth.certainty.pool_judgements import pool_by_risk_of_bias
from synth.display import TextTable
from synth.records.record import STATUS_WORDS
from synth.review.stages import Stages
from synth.synthesis.by_judgement import ByJudgement
from synth.synthesis.cases import case_table, pseudo_series_table
from synth.synthesis.comparisons import ComparisonAnswer
from synth.synthesis.inconsistencies import inconsistency_table
from synth.synthesis.ladder import Answer
from synth.synthesis.p_values import CombinedP, combine_p_values
from synth.synthesis.published_reviews import agreement_table
from synth.synthesis.swim import reporting_matrix, show_items


class WithTables(Stages):
    """Stages, with tables for notebooks."""

    def show_studied(self) -> TextTable:
        """What was studied of each procedure, for a notebook."""
        rows = [
            {
                "procedure": self.protocol.procedure(name).label,
                "eligible reports": str(item.arms["study_id"].nunique()),
                "patients": str(item.patients),
                "hips": str(item.hips),
                "directions only": ", ".join(item.direction_only["study_id"]) or "none",
                "annex": ", ".join(dict.fromkeys(item.annex["study_id"])) or "none",
            }
            for name, item in self.synthesis.studied.items()
        ]
        return TextTable(pd.DataFrame(rows), "What was studied")

    def show_statuses(self) -> TextTable:
        """What PubMed says of each record that the article or the extraction cites, for a notebook."""
        printed = self.audit.article.references if self.audit.article else ()
        searches = self.searches.of_pubmed
        asked = searches[-1].manifest.date if searches else None
        numbers = {item.record_id: str(item.position) for item in printed if item.record_id}
        studied = dict(zip(self.extraction.studies["record_id"], self.extraction.studies["study_id"], strict=True))
        rows = [
            {
                "record": item.id,
                "authors and year": item.short,
                "cited as": ", ".join(
                    filter(None, (f"article [{numbers[item.id]}]" if item.id in numbers else "", studied.get(item.id)))
                ),
                "PMID": item.pmid or "not seen",
                "status": f"unknown: not found in PubMed on {asked}"
                if asked and item.status == "unknown"
                else STATUS_WORDS[item.status],
                "linked reports": "; ".join(f"{link.type} {link.pmid or link.source or ''}" for link in item.links),
            }
            for item in self.records
            if item.id in numbers or item.id in studied
        ]
        return TextTable(pd.DataFrame(rows), "Status of every cited record", "No record is cited.")

    def show_warnings(self) -> TextTable:
        """What is worth a look in the files and stops nothing, for a notebook."""
        rows = [
            {"place": f"{item.file}:{item.line}", "column": item.column, "warning": item.message}
            for item in self.warnings
        ]
        return TextTable(pd.DataFrame(rows), "Warnings", "The files give no warning.")

    def show_matrix(self) -> TextTable:
        """Which report gives what on which outcome, for a notebook."""
        return reporting_matrix(self.swims).show(self.study_names) if self.swims else TextTable(pd.DataFrame())

    def show_cases(self) -> TextTable:
        """Every single patient, each change beside every published value, for a notebook."""
        return case_table(self.protocol, self.cases)

    def show_pseudo_series(self) -> TextTable:
        """Single patients side by side, for a notebook."""
        return pseudo_series_table(self.protocol, self.cases)

    def show_inconsistencies(self) -> TextTable:
        """What does not fit inside the sources, for a notebook."""
        return inconsistency_table(self.inconsistencies)

    def show_agreement(self) -> TextTable:
        """What published reviews state beside what is seen here, for a notebook."""
        return agreement_table(self.agreement, self.records)

    def show_swim_items(self) -> TextTable:
        """The nine items of SWiM, for a notebook."""
        return show_items(self.swim_items())

    def show_worklist(self) -> TextTable:
        """What is missing of each study, which rung it would unlock, and where it may be found, for a notebook."""
        return self.worklist.show()

    def by_risk_of_bias(self) -> list[ByJudgement]:
        """What each pool hangs on, by the judgements of its studies."""
        answers = (*self.synthesis, *self.synthesis.comparisons)
        return [found for item in answers for found in self.pool_by_judgement(item)]

    def pool_by_judgement(self, answer: Answer | ComparisonAnswer) -> tuple[ByJudgement, ...]:
        """What the pool of one answer hangs on, for each tool; empty where nothing is pooled or appraised."""
        if answer.pooled is None:
            return ()
        result = answer.outcome if isinstance(answer, Answer) else answer.comparison.id
        pool, pool_from = self.synthesis.pools.of(answer), self.protocol.synthesis.ladder.pool_from
        return pool_by_risk_of_bias(pool, self.risk_of_bias, result, pool_from=pool_from)

    def combined_p_values(self) -> list[CombinedP]:
        """P values of each planned comparison combined by Fisher's method; single arms have none (rule 16)."""
        return [combine_p_values(item) for item in self.synthesis.comparisons if item.effects]
