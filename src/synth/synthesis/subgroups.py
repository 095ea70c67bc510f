"""Subgroups: a summary in each group, and whether groups differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from synth.errors import MethodError
from synth.synthesis.fitting import Method, Test
from synth.synthesis.models import (
    DEFAULT_LEVEL,
    DEFAULT_TAU2,
    MetaAnalysis,
    common_effect,
    default_test,
    meta_regression,
    random_effects,
)
from synth.synthesis.moderators import lack_of
from synth.synthesis.studies import study_arrays, study_names

if TYPE_CHECKING:
    import pandas as pd


_GIVEN = "tau2 was given and not estimated: its uncertainty is in no interval"


@dataclass(frozen=True, kw_only=True, eq=False)
class Subgroups:
    """A model in each group, and the test that the groups have one mean.

    Attributes
    ----------
    models : dict of MetaAnalysis
        By group, sorted; each with a tau2 of its own, or, with a common tau2, given the one of all groups.
    tau2 : {"separate", "common"}
    q_between, q_between_p : float
        Chi-squared, or F where `q_between_df2` is given.
    q_between_df : int
        Groups less one.
    q_between_df2 : int or None
        Denominator's degrees of freedom of F: the test of one meta-regression with a common tau2.
    joint : MetaAnalysis or None
        That meta-regression; None with separate tau2.
    """

    models: dict[str, MetaAnalysis]
    tau2: Literal["separate", "common"]
    q_between: float | None
    q_between_df: int
    q_between_df2: int | None
    q_between_p: float | None
    joint: MetaAnalysis | None

    @property
    def marks(self) -> tuple[str, ...]:
        """Short sentences to show beside the result."""
        found = [f"{name}: {mark}" for name, model in self.models.items() for mark in model.marks]
        if self.joint is not None:
            # Each group was given the tau2 of all; that is no value from outside.
            found = [mark for mark in found if not mark.endswith(_GIVEN)]
            found.append(f"tau2 is common to the groups: {self.joint.method} over all studies")
        caution = "a difference between subgroups is an observation across studies, not a comparison within them"
        if self.q_between is None:
            found.insert(0, "no test between groups: a mean, or a difference of means, has a standard error of 0")
        return (caution, *found)

    def table(self) -> pd.DataFrame:
        """One row a group: k, estimate, interval, tau2, I2."""
        import pandas as pd  # here, so that importing the synthesis stays cheap

        rows = [
            {
                "k": model.k,
                "estimate": model.estimate,
                "low": model.low[0],
                "high": model.high[0],
                "tau2": model.tau2,
                "i2": model.i2,
            }
            for model in self.models.values()
        ]
        return pd.DataFrame(rows, index=pd.Index(self.models, name="group"))

    def summary(self) -> pd.DataFrame:
        """One row: the test between groups."""
        import pandas as pd  # here, so that importing the synthesis stays cheap

        return pd.DataFrame([self._test()])

    def _test(self) -> dict[str, Any]:
        return {
            "tau2": self.tau2,
            "q_between": self.q_between,
            "q_between_df": self.q_between_df,
            "q_between_df2": self.q_between_df2,
            "q_between_p": self.q_between_p,
        }

    def to_dict(self) -> dict[str, Any]:
        """Every result by name."""
        models = {name: model.to_dict() for name, model in self.models.items()}
        joint = None if self.joint is None else self.joint.to_dict()
        return {**self._test(), "models": models, "joint": joint, "marks": list(self.marks)}

    def explain(self) -> str:
        """How it was computed, in a paragraph for a methods section, with citations."""
        shown = self.joint or max(self.models.values(), key=lambda model: model.k)
        whose = "Together" if self.joint is not None else "For the largest"
        if self.tau2 == "common":
            how = "one meta-regression with a between-study variance common to all groups, by its omnibus test"
        else:
            how = (
                "the sum of squared distances of the groups' means from their own mean, over the squared standard "
                "errors of the test in use"
            )
        return (
            f"Studies stood in {len(self.models)} subgroups, each summarised by itself. "
            f"{whose}: {shown.explain()} Subgroups "
            f"were compared through {how} (Borenstein, Hedges, Higgins and Rothstein 2009, Introduction to "
            "Meta-Analysis, chapter 19)."
        )

    def _repr_html_(self) -> str:
        return str(self.table().to_html()) + str(self.summary().to_html(index=False))


def subgroups(
    estimates: ArrayLike,
    variances: ArrayLike,
    groups: Sequence[object],
    *,
    tau2: Literal["separate", "common"] = "separate",
    method: Method = DEFAULT_TAU2,
    test: Test | None = None,
    level: float = DEFAULT_LEVEL,
    labels: Sequence[str] | None = None,
) -> Subgroups:
    """A summary in each group of studies, and a test between groups.

    Parameters
    ----------
    estimates, variances, method, test, level, labels
        As for `random_effects`; method "common" for common-effect models.
    groups : sequence, shape (k,)
        The group of each study; at least two groups.
    tau2 : {"separate", "common"}
        Whether each group has a between-study variance of its own. A common one needs fewer studies a group.

    Raises
    ------
    MethodError
        As for `random_effects`; if a study has no group, or there is one group only.
    """
    if tau2 not in ("separate", "common"):
        raise MethodError(f"tau2 of subgroups {tau2!r}: 'separate' or 'common' is expected")
    test = test or default_test(method)
    y, v = study_arrays(estimates, variances, labels, zero_variances=True)
    names = study_names(labels, len(y))
    texts = _groups(groups, names)
    joint = None
    if tau2 == "common":
        joint = meta_regression(y, v, {"group": texts}, method=method, test=test, level=level, labels=names)
    models: dict[str, MetaAnalysis] = {}
    for group in sorted(set(texts)):
        which = np.array([text == group for text in texts])
        own = [name for name, inside in zip(names, which, strict=True) if inside]
        if method == "common":
            models[group] = common_effect(y[which], v[which], test=test, level=level, labels=own)
        else:
            known = None if joint is None else joint.tau2
            models[group] = random_effects(
                y[which], v[which], method=method, test=test, level=level, labels=own, tau2=known
            )
    return _compared(models, tau2, joint)


def _groups(groups: object, names: Sequence[str]) -> list[str]:
    if not isinstance(groups, Iterable) or isinstance(groups, str | bytes | Mapping):
        raise MethodError(f"groups {groups!r}: a sequence with the group of each study is expected")
    given = list(groups)
    if len(given) != len(names):
        raise MethodError(f"{len(given)} groups for {len(names)} estimates: one for each is expected")
    for group, name in zip(given, names, strict=True):
        if lack_of(group):
            raise MethodError(f"{name}: no group; a group for each study is expected")
    texts = [str(group) for group in given]
    if len(set(texts)) < 2:
        raise MethodError(f"one group ({texts[0] if texts else 'none'}): at least two groups are expected")
    return texts


def _compared(
    models: dict[str, MetaAnalysis], tau2: Literal["separate", "common"], joint: MetaAnalysis | None
) -> Subgroups:
    if joint is not None:
        statistic, df, df2, p_value = joint.q_m, joint.q_m_df, joint.q_m_df2, joint.q_m_p
    else:
        statistic, df, df2 = _between(models), len(models) - 1, None
        p_value = None if statistic is None else float(chdtrc(df, statistic))
    return Subgroups(
        models=models,
        tau2=tau2,
        q_between=statistic,
        q_between_df=df,
        q_between_df2=df2,
        q_between_p=p_value,
        joint=joint,
    )


def _between(models: dict[str, MetaAnalysis]) -> float | None:
    """Q of the groups' means; none where a mean has a standard error of 0."""
    variances = np.array([model.standard_error**2 for model in models.values()])
    if not np.all(variances > 0):
        return None
    return common_effect([model.estimate for model in models.values()], variances).q_e
