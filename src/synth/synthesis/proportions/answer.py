"""What is known of one event after one procedure, counted in one unit: the result, its tables and its words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from synth.display import TextTable, html_list, html_table
from synth.effects.proportions import Proportion
from synth.extraction.overlap import Overlap
from synth.synthesis.beta_binomial import BetaBinomial
from synth.synthesis.counts import Count

if TYPE_CHECKING:
    import pandas as pd

    from synth.effects.intervals import Interval
    from synth.synthesis.glmm import GlmmResult

#: No count has a rate; intervals of each series only; a pool of three or four; a pool of five and more.
ProportionStanding = Literal["no rate", "exact only", "few studies", "plain"]

_MODELS = {
    "glmm": "Logistic mixed model (median share)",
    "beta_binomial": "Beta-binomial model (mean share)",
    "together": "Sum, if one share held",
}


@dataclass(frozen=True, kw_only=True, repr=False)
class ProportionAnswer:
    """What is known of one event, after one procedure, counted in one unit.

    Attributes
    ----------
    procedure, event : str
        Ids of the protocol.
    kind : str
        Of the event, as the protocol has it.
    unit : str
        What was counted: "patients", "hips" or "not stated".
    counts : tuple of Count
        Every count, whatever its role; `studies` are those that are eligible and have a rate.
    reason : str
        Why this standing and none above, in a sentence or two.
    standing : {"no rate", "exact only", "few studies", "plain"}
        No count has a rate; each series has its interval and there is no pool; a pool of three or four series; of five
        and more.
    level : float or None
        Of every interval, a proportion; None where no count has one.
    glmm : GlmmResult or None
        The main line: logistic model with a normal random effect. Transformed back it is the median proportion.
    beta_binomial : BetaBinomial or None
        Beside it: the mean proportion.
    together : Proportion or None
        Where no series has an event, or all have it in everyone: the exact interval of the sum, if one share held.
    by_patient : ProportionAnswer or None
        The same by the least favourable counts of patients, beside a pool of hips.
    overlaps : tuple of Overlap
        Pairs with a count whose people may be the same.
    otherwise_counted : tuple of Count
        Counts of the same event in another unit, which are never mixed with these.
    not_reported : tuple of str
        Eligible studies of the procedure that give no count of the event: not seen to have looked, not "none".
    marks : tuple of str
        Short sentences to show beside a pool; those of each model stand with the model.
    """

    procedure: str
    event: str
    kind: str
    unit: str
    counts: tuple[Count, ...]
    reason: str
    standing: ProportionStanding
    level: float | None = None
    glmm: GlmmResult | None = None
    beta_binomial: BetaBinomial | None = None
    together: Proportion | None = None
    by_patient: ProportionAnswer | None = None
    overlaps: tuple[Overlap, ...] = ()
    otherwise_counted: tuple[Count, ...] = ()
    not_reported: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()

    @property
    def studies(self) -> tuple[Count, ...]:
        """The eligible counts that have a rate."""
        return tuple(item for item in self.counts if item.role == "synthesis" and item.proportion is not None)

    @property
    def k(self) -> int:
        """Studies with an eligible count that has a rate."""
        return len({item.study_id for item in self.studies})

    @property
    def added(self) -> str:
        """Events and people of `studies` added up; at most, where some may be counted twice; empty without any."""
        if not self.studies or len({item.unit_of_analysis for item in self.studies}) > 1:
            return ""
        events, total = (sum(getattr(item, name) for item in self.studies) for name in ("events", "total"))
        if self.overlaps or self.k < len(self.studies):
            return f"at most {events} of at most {total} {self.unit}"
        return f"{events} of {total} {self.unit}"

    @property
    def pooled(self) -> tuple[float, Interval] | None:
        """The main line's proportion with its interval, from 0 to 1; None where nothing is pooled."""
        if self.glmm is None:
            return None
        estimate, interval, _ = _median(self.glmm)
        return estimate, interval

    @property
    def all_marks(self) -> tuple[str, ...]:
        """The answer's own marks and those of its models, each with the model's name."""
        models = (("glmm", self.glmm), ("beta_binomial", self.beta_binomial))
        of_models = [f"{_MODELS[name]}: {mark}" for name, model in models if model is not None for mark in model.marks]
        return (*self.marks, *dict.fromkeys(of_models))

    def table(self) -> pd.DataFrame:
        """One row a count, whatever its role: numbers as proportions from 0 to 1, and why there is none."""
        import pandas as pd  # here, so that importing the synthesis stays cheap

        return pd.DataFrame([_numbers(item) for item in self.counts])

    def summary(self) -> pd.DataFrame:
        """One row for each line below the series: model, proportion, interval and prediction interval, from 0 to 1."""
        import pandas as pd  # here, so that importing the synthesis stays cheap

        columns = ["line", "k", "estimate", "low", "high", "prediction_low", "prediction_high"]
        return pd.DataFrame(list(self._lines()), columns=columns)

    def _lines(self) -> Iterator[dict[str, Any]]:
        if self.glmm is not None:
            yield _line(_MODELS["glmm"], self.k, *_median(self.glmm))
        if self.beta_binomial is not None:
            # Its prediction interval takes the estimates as known; the main line's, which does not, is enough.
            yield _line(_MODELS["beta_binomial"], self.k, *self.beta_binomial.natural()[:2], None)
        if self.together is not None:
            yield _line(_MODELS["together"], self.k, self.together.estimate, self.together.interval, None)
        if self.by_patient is not None:
            for line in self.by_patient._lines():
                yield line | {"line": f"{line['line']}, by patient"}

    def show(self) -> TextTable:
        """Series and pool as text, for a notebook."""
        import pandas as pd  # here, so that importing the synthesis stays cheap

        rows = [*map(_cells, self.counts), *map(_summary_cells, self._lines())]
        return TextTable(pd.DataFrame(rows), self._caption)

    @property
    def _caption(self) -> str:
        return f"{self.event} after {self.procedure or 'a procedure'}, counted in {self.unit}"

    def to_dict(self) -> dict[str, Any]:
        """Every result by name, in numbers, texts and lists that JSON holds."""
        names = ("procedure", "event", "kind", "unit", "reason", "standing", "level", "k", "added")
        result: dict[str, Any] = {name: getattr(self, name) for name in names}
        result["counts"] = [_numbers(item) for item in self.counts]
        result["lines"] = list(self._lines())
        result["beta_binomial"] = None if self.beta_binomial is None else self.beta_binomial.to_dict()
        result["overlaps"] = [str(pair) for pair in self.overlaps]
        result["not_reported"] = list(self.not_reported)
        result["otherwise_counted"] = [f"{item.study_id}/{item.arm_id}" for item in self.otherwise_counted]
        return result | {"marks": list(self.all_marks)}

    def explain(self) -> str:
        """How the numbers came about, in a paragraph for a methods section, with citations."""
        parts = [
            "Each proportion has the exact interval of Clopper and Pearson (1934, Biometrika 26:404-413); the score "
            "interval of Wilson (1927, J Am Stat Assoc 22:209-212) stands beside it.",
            self.reason,
        ]
        if self.glmm is not None:
            parts.append(
                "The main line is a logistic model with a normal random effect, fitted to the counts themselves, "
                "without a normal approximation of a proportion and without anything added to a count (see Schwarzer, "
                "Chemaitelly, Abu-Raddad and Ruecker 2019, Res Synth Methods 10:476-483). It gives the median of the "
                "series' true proportions; the beta-binomial model beside it gives their mean. " + self.glmm.explain()
            )
        if self.beta_binomial is not None:
            parts.append(self.beta_binomial.explain())
        return " ".join(parts)

    def _notes(self) -> Iterator[str]:
        yield self.reason
        yield from filter(None, (item.proportion.bound for item in self.studies if item.proportion is not None))
        if self.added and self.k > 1:
            yield f"Added up: {self.added}."
        if self.otherwise_counted:
            others = ", ".join(
                f"{item.study_id}/{item.arm_id} ({item.unit_of_analysis})" for item in self.otherwise_counted
            )
            yield f"Counted otherwise, and never mixed: {others}."
        if self.not_reported:
            yield f"Not reported by {', '.join(self.not_reported)}."
        yield from self.all_marks

    def __repr__(self) -> str:
        return f"ProportionAnswer({self._caption}: {self.standing}, k = {self.k}. {self.reason})"

    def _repr_html_(self) -> str:
        return html_table(self.show().frame, self._caption) + html_list(self._notes())


def _median(model: GlmmResult) -> tuple[float, Interval, Interval | None]:
    """Proportion, interval and prediction interval of a model without moderators."""
    found = model.natural()
    assert found.low is not None
    assert found.high is not None
    interval = float(found.low[0]), float(found.high[0])
    prediction = None
    if found.prediction_low is not None and found.prediction_high is not None:
        prediction = float(found.prediction_low[0]), float(found.prediction_high[0])
    return float(found.estimates[0]), interval, prediction


def _line(name: str, k: int, estimate: float, interval: Interval, prediction: Interval | None) -> dict[str, Any]:
    low, high = prediction or (None, None)
    limits = {"low": interval[0], "high": interval[1], "prediction_low": low, "prediction_high": high}
    return {"line": name, "k": k, "estimate": estimate} | limits


def _numbers(item: Count) -> dict[str, Any]:
    found = item.proportion
    low, high = found.interval if found is not None else (None, None)
    score_low, score_high = found.score_interval if found is not None else (None, None)
    return {
        "study": item.study_id,
        "arm": item.arm_id,
        "role": item.role,
        "events": item.events,
        "total": item.total,
        "unit": item.unit_of_analysis,
        "proportion": None if found is None else found.estimate,
        "low": low,
        "high": high,
        "score_low": score_low,
        "score_high": score_high,
        "reason": item.reason,
    }


def _cells(item: Count) -> dict[str, str]:
    found = item.proportion
    behind = f" ({item.patients} patients)" if item.patients else ""
    return {
        "series": f"{item.study_id}/{item.arm_id}",
        "count": f"{item.events} of {item.total} {item.unit_of_analysis}{behind}",
        "share and interval": item.reason if found is None else _share(found.estimate, found.interval),
        "beside it": "none" if found is None else f"score interval {_span(found.score_interval)}",
        "role": item.role,
    }


def _summary_cells(line: dict[str, Any]) -> dict[str, str]:
    prediction = "none"
    if line["prediction_low"] is not None:
        prediction = f"prediction interval {_span((line['prediction_low'], line['prediction_high']))}"
    return {
        "series": line["line"],
        "count": f"{line['k']} series",
        "share and interval": _share(line["estimate"], (line["low"], line["high"])),
        "beside it": prediction,
        "role": "pooled" if line["line"] != _MODELS["together"] else "exact interval of the sum",
    }


def _share(estimate: float, interval: Interval) -> str:
    return f"{100 * estimate:.1f}% ({_span(interval)})"


def _span(interval: Interval) -> str:
    return f"{100 * interval[0]:.1f}% to {100 * interval[1]:.1f}%"
