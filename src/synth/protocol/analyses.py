"""The planned analyses: pools, comparisons, priors, and the rules of the ladder."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from synth.protocol.base import Identifier, NonEmpty, Part

Tau2 = Literal["REML", "DL", "PM", "ML", "EB", "HE", "HS", "HSk", "SJ", "PMM"]
IntervalOf = Literal["hartung-knapp-guarded", "hartung-knapp", "t", "normal"]


class Correlation(Part):
    """Correlation of scores before and after where only their SDs are printed: main value and sensitivity grid."""

    main: float = Field(ge=-1, le=1)
    grid: tuple[Annotated[float, Field(ge=-1, le=1)], ...] = Field(strict=False)
    reason: NonEmpty

    @model_validator(mode="after")
    def _in_grid(self) -> Correlation:
        if self.main not in self.grid:
            raise ValueError(f"main {self.main:g} is not in the grid; add it there")
        return self


class ZeroCellRule(Part):
    """What is done with empty cells in a comparison: `add` to which cells, who is left out, and why.

    `to`: "only0" the studies with an empty cell, "all" all studies, "if0all" all studies if any has an empty cell,
    "none". `drop00`: studies in which nobody, or everybody, has the event in both arms are left out.
    """

    add: float = Field(ge=0, le=1)
    to: Literal["only0", "all", "if0all", "none"]
    drop00: bool
    reason: NonEmpty

    @model_validator(mode="after")
    def _does_something(self) -> ZeroCellRule:
        if (self.add == 0) != (self.to == "none"):
            raise ValueError('nothing is added with add: 0 and to: "none" together; else give a number above 0')
        if self.add == 0 and not self.drop00:
            raise ValueError("nothing is added and no study is left out, which is no rule; leave zero_cells out")
        return self


class Comparison(Part):
    """A planned two-arm comparison of an event.

    Without `zero_cells` nothing is added to any count, and a study whose empty cells give no effect blocks the pool.
    """

    id: Identifier
    label: NonEmpty
    event: NonEmpty
    measure: Literal["RR", "OR", "RD"]
    treated: Identifier
    control: Identifier
    fewer_is_better: bool
    zero_cells: ZeroCellRule | None = None


#: What each prior needs; an empirical one may also have `outcome`, `comparators` and `area`.
_NUMBERS_OF = {
    "half-normal": ("scale",),
    "half-cauchy": ("scale",),
    "half-t": ("scale", "df"),
    "uniform": ("upper",),
    "log-normal": ("location", "scale"),
    "empirical": ("measure",),
}


class PriorPlan(Part):
    """A prior of the between-study standard deviation tau, on the analysis scale (ratios: natural logarithms).

    `scale` is that of the distribution: the standard deviation of the normal that is halved, the scale of Cauchy's or
    Student's t (with `df`), the standard deviation of ln tau (with its mean as `location`). "empirical" is a published
    prior, for the measures OR and SMD only, of the kind of `outcome`, `comparators` and `area`.
    """

    distribution: Literal["half-normal", "half-cauchy", "half-t", "uniform", "log-normal", "empirical"]
    scale: float | None = Field(default=None, gt=0)
    df: float | None = Field(default=None, gt=0)
    upper: float | None = Field(default=None, gt=0)
    location: float | None = None
    measure: Literal["OR", "SMD"] | None = None
    outcome: NonEmpty | None = None
    comparators: tuple[NonEmpty, NonEmpty] | None = Field(default=None, strict=False)
    area: NonEmpty | None = None

    @model_validator(mode="after")
    def _own_parts(self) -> PriorPlan:
        needed = _NUMBERS_OF[self.distribution]
        allowed = (*needed, "outcome", "comparators", "area") if self.distribution == "empirical" else needed
        missing = [name for name in needed if name not in self.parts()]
        unknown = [name for name in self.parts() if name not in allowed]
        if missing or unknown:
            found = [*(f"{name} is missing" for name in missing), *(f"{name} is of no use" for name in unknown)]
            raise ValueError(f"{self.distribution} needs {' and '.join(needed)}: {'; '.join(found)}")
        return self

    def parts(self) -> dict[str, object]:
        """What is given besides the distribution."""
        return self.model_dump(exclude_none=True, exclude={"distribution"})


class BayesianPlan(Part):
    """A Bayesian analysis beside the pools of a comparison or of an instrument; it is shown with the prior halved and
    doubled too.
    """

    of: NonEmpty
    prior: PriorPlan
    reason: NonEmpty


class LadderPlan(Part):
    """The numbers by which the ladder climbs: the floors of the method rules, or stricter ones with a reason.

    `pool_from`: independent estimates from which a pool is the main result; `plain_from`: from which it stands without
    a flag; `small_study_from`: from which small-study effects are tested (all three rule 13). `vote_from`: independent
    series from which directions are more than counted (rule 16). `shares_from`: series from which proportions are
    pooled (rule 14).
    """

    pool_from: int = Field(default=3, ge=3)
    plain_from: int = Field(default=5, ge=5)
    vote_from: int = Field(default=5, ge=5)
    shares_from: int = Field(default=3, ge=3)
    small_study_from: int = Field(default=10, ge=10)
    reason: NonEmpty | None = None

    @model_validator(mode="after")
    def _stricter_with_reason(self) -> LadderPlan:
        if self.plain_from < self.pool_from:
            raise ValueError(f"plain_from {self.plain_from} is below pool_from {self.pool_from}")
        floors = {name: field.default for name, field in type(self).model_fields.items() if name != "reason"}
        changed = [name for name, floor in floors.items() if getattr(self, name) != floor]
        if changed and self.reason is None:
            raise ValueError(f"{', '.join(changed)} differ from the method rules; reason must say why")
        return self


class Synthesis(Part):
    """Planned analyses.

    `tau2` names the estimator of the between-study variance of every pool (GENQ needs weights of its own and is not
    offered here), `interval` the test behind its interval. `overlap`: "exclude" blocks pooling wherever shared
    patients cannot be excluded; "declared" trusts the arms' own declarations and needs the reason in `overlap_reason`.
    `ladder` may only be stricter than the method rules.
    What `bayesian` does not name has no Bayesian analysis: there is no prior by default (rule 15).
    """

    tau2: Tau2
    interval: IntervalOf
    level: float = Field(gt=0, lt=1)
    overlap: Literal["exclude", "declared"]
    overlap_reason: NonEmpty
    correlation: Correlation | None = None
    ladder: LadderPlan = LadderPlan()
    comparisons: tuple[Comparison, ...] = Field(default=(), strict=False)
    bayesian: tuple[BayesianPlan, ...] = Field(default=(), strict=False)

    def prior_of(self, identifier: str) -> BayesianPlan | None:
        """The Bayesian analysis of the comparison or instrument of that id; None where none is planned."""
        return next((item for item in self.bayesian if item.of == identifier), None)
