"""The pictures of a review; matplotlib is imported when the first one is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synth.display import TextTable
from synth.review.tables import WithTables
from synth.synthesis.comparisons import ComparisonAnswer
from synth.synthesis.ladder import Answer

if TYPE_CHECKING:
    from synth.plots.drawing import Drawing
    from synth.plots.pool_pictures import PoolPictures, Subject
    from synth.synthesis.sensitivity import PoolChecks


class WithPictures(WithTables):
    """Stages and tables, with pictures."""

    def forest(self, answer: Answer | ComparisonAnswer) -> Drawing:
        """The forest plot of an answer or of a comparison.

        Raises
        ------
        MethodError
            If it has no estimate to draw.
        """
        from synth.plots.answers import forest_of
        from synth.plots.risk_of_bias import panel_of

        shown = answer.effects if isinstance(answer, ComparisonAnswer) else answer.changes
        result = answer.comparison.id if isinstance(answer, ComparisonAnswer) else answer.outcome
        found = panel_of(self.risk_of_bias, [item.study_id for item in shown], result)
        panel, judgements = found if found is not None else (None, {})
        return forest_of(answer, self.protocol, self.study_names, panel=panel, judgements=judgements)

    def traffic_lights(self) -> tuple[Drawing, ...]:
        """The judgements of each study, a picture for each tool of `risk_of_bias`."""
        from synth.plots.risk_of_bias import traffic_lights_of

        return traffic_lights_of(self.risk_of_bias, self.study_names, self._results)

    def judgement_summaries(self) -> tuple[Drawing, ...]:
        """How often each judgement was made, a picture for each tool of `risk_of_bias`."""
        from synth.plots.risk_of_bias import summaries_of

        return summaries_of(self.risk_of_bias, self.study_names, self._results)

    def harvest(self, procedure: str) -> Drawing | None:
        """The directions of a procedure as a harvest plot; None where none was seen."""
        from synth.plots.swim_pictures import harvest_of

        shown = [item for item in self.swims if item.procedure == procedure and item.seen]
        return harvest_of(shown, self.study_names) if shown else None

    def directions(self, procedure: str) -> Drawing | None:
        """Every report of a procedure by every outcome; None where it has no report."""
        from synth.plots.swim_pictures import directions_of

        return directions_of([item for item in self.swims if item.procedure == procedure], self.study_names)

    @property
    def _results(self) -> dict[str, str]:
        """Names of what a tool for results can appraise."""
        outcomes = {item.id: item.label for item in self.protocol.outcomes}
        return outcomes | {item.id: item.label for item in self.protocol.synthesis.comparisons}

    def flow_diagram(self) -> Drawing:
        """The PRISMA flow."""
        from synth.plots.flow import flow_of

        return flow_of(self.screening.flow)

    def years(self) -> Drawing | TextTable:
        """Hits by year of publication; all records where PubMed has not been searched.

        A table that says so where there is no record.
        """
        from synth.plots.years import years_plot

        counts = self.searches.per_year()
        if counts.empty:
            return TextTable(counts, empty="No records.")
        return years_plot(counts, "Hits" if self.searches.of_pubmed else "Records")

    def forests(self) -> list[Drawing]:
        """The forest plot of every answer with more than one series, and of every comparison with a study."""
        drawn: list[Answer | ComparisonAnswer] = [item for item in self.synthesis if len(item.changes) > 1]
        drawn += [item for item in self.synthesis.comparisons if item.effects]
        return [self.forest(item) for item in drawn]

    def slope(self, answer: Answer) -> Drawing | None:
        """Scores before and after of an answer, series and single patients; None where it has none."""
        from synth.plots.slopes.of_answer import slopes_of

        return slopes_of(answer, self.protocol, self.study_names)

    def slopes(self) -> list[Drawing]:
        """Scores before and after, series and single patients, of every answer that has them."""
        drawn = map(self.slope, self.synthesis)
        return [drawing for drawing in drawn if drawing is not None]

    def pool_pictures(self, checks: PoolChecks) -> PoolPictures:
        """The pictures of one pool."""
        from synth.plots.pool_pictures import pictures_of

        years = {study: self.records[record].year for study, record in self._record_ids.items()}
        return pictures_of(checks, self.study_names, years)

    def pictures(self, subject: Subject) -> list[Drawing]:
        """The pictures of every pool, as far as its studies give them a meaning.

        Parameters
        ----------
        subject : {"models", "single studies", "small studies", "characteristics"}

        Raises
        ------
        MethodError
            If there is no such subject.
        """
        return [drawing for item in self.synthesis.pools for drawing in self.pool_pictures(item).of(subject)]

    def direction_pictures(self) -> list[Drawing]:
        """The harvest plot and the effect direction plot of every procedure with a report."""
        drawn = [draw(item.id) for item in self.protocol.procedures for draw in (self.harvest, self.directions)]
        return [drawing for drawing in drawn if drawing is not None]

    def albatrosses(self) -> list[Drawing]:
        """The albatross plot of every planned comparison that has one; single arms have none (rule 16)."""
        from synth.plots.albatross_comparison import albatross_of

        drawn = [albatross_of(item, self.protocol, self.study_names) for item in self.synthesis.comparisons]
        return [drawing for drawing in drawn if drawing is not None]
